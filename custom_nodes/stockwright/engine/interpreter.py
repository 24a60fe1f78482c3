"""A language model as a translator: one line of English for one phrase, under a grammar.

Small models know no Russian and write something all the same. So a model is first tried with a few
words whose translation is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..core.asking import Ask
from ..core.errors import TranslationUnavailable
from ..core.languages import RUSSIAN, is_latin
from ..core.syntax import plain
from .dictionary import Phrase
from .handles import LanguageModel

GRAMMAR = 'root ::= [A-Za-z0-9] [A-Za-z0-9 ,.\'%&/-]* "\\n"\n'
TEMPERATURES = (0.0, 0.4, 0.8)
"""Of the first try, and of the next ones for what the tries before did not translate."""
BATCH = 8

_SYSTEM = "You translate phrases of image prompts into English. Answer with the translation alone."
_EXAMPLES = (
    ("старая деревянная лодка на песке", "old wooden boat on the sand"),
    ("мягкий утренний свет", "soft morning light"),
    ("учитель пишет на доске", "teacher writing on a board"),
    ("стеклянная ваза для тюльпанов", "glass vase for tulips"),
)
_KNOWN = (("больница", "hospital"), ("красный стул", "chair"), ("зимний лес", "forest"))
"""Phrases, and a word that their translation must have."""

_able: set[str] = set()
"""Models that have shown that they know Russian, while this process runs."""


@dataclass(frozen=True)
class Interpreter:
    """The service.

    Attributes:
        make_room: called with a number of bytes before a GPU is filled.
    """

    model: LanguageModel
    make_room: Callable[[int], None] | None = None

    title = "language model"

    @property
    def name(self) -> str:
        return f"{self.title}: {self.model.fingerprint}"

    def batches(self, phrases: Sequence[Phrase]) -> Iterator[list[Phrase]]:
        for start in range(0, len(phrases), BATCH):
            yield list(phrases[start : start + BATCH])

    def translate(self, phrases: Sequence[Phrase]) -> list[str]:
        """One English text for each phrase; "" where the model has written nothing that may be one.

        Raises:
            TranslationUnavailable: the model knows no Russian, and some phrase is in it.
            LLMUnavailable: the model cannot be used.
        """
        self.model.open(self.make_room)
        if any(phrase.source == RUSSIAN for phrase in phrases):
            self._try_out()
        return self._answers(phrases)

    def _try_out(self) -> None:
        if self.name in _able:
            return
        said = self._answers([Phrase(text, RUSSIAN) for text, _ in _KNOWN])
        for (text, word), answer in zip(_KNOWN, said, strict=True):
            if word not in answer.lower():
                raise TranslationUnavailable(
                    f"does not know Russian: asked for {text!r}, which is {word}, "
                    f"it says {answer[:60]!r}",
                    where=self.title,
                    hint="Link a larger one, of 3 billion parameters or more and for several "
                    "languages, such as Qwen2.5-7B-Instruct. Or take Yandex Translate.",
                )
        _able.add(self.name)

    def _answers(self, phrases: Sequence[Phrase]) -> list[str]:
        found: dict[Phrase, str] = {}
        for seed, temperature in enumerate(TEMPERATURES):
            missing = [phrase for phrase in phrases if phrase not in found]
            if not missing:
                break
            answers = self.model([_put(phrase, temperature, seed) for phrase in missing])
            for phrase, lines in zip(missing, answers, strict=True):
                text = plain(" ".join(lines))
                if _may_be(text, phrase.text):
                    found[phrase] = text
        return [found.get(phrase, "") for phrase in phrases]


def _put(phrase: Phrase, temperature: float, seed: int) -> Ask:
    examples = (*_EXAMPLES, *phrase.pairs)
    return Ask(
        system=_SYSTEM,
        turns=tuple((_question(text), f"{english}\n") for text, english in examples),
        question=_question(phrase.text),
        opening="",
        grammar=GRAMMAR,
        max_tokens=16 + len(phrase.text),
        temperature=temperature,
        seed=seed,
        lines=0,
    )


def _question(text: str) -> str:
    return f"Translate into English: {text}"


def _may_be(text: str, original: str) -> bool:
    return bool(text) and is_latin(text) and len(text) <= 20 + 4 * len(original)
