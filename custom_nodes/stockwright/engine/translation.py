"""Prompts into English: what is words goes to a service, syntax stays letter for letter.

The services: `yandex.Yandex` and `interpreter.Interpreter`, a language model. Whatever one of them
has translated is kept in a file, batch by batch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from ..core.errors import TranslationUnavailable
from ..core.glossary import Glossary
from ..core.languages import AUTO, RUSSIAN, check_language, is_latin, source_language
from ..core.syntax import plain, split
from .dictionary import Dictionary, Phrase
from .handles import LanguageModel
from .interpreter import Interpreter
from .yandex import Yandex

log = logging.getLogger(__name__)

FILE = "translations.sqlite"
YANDEX, LANGUAGE_MODEL = "yandex", "language model"
SERVICES = (AUTO, YANDEX, LANGUAGE_MODEL)
"""AUTO is Yandex Translate where there is a key for it, else the language model."""

_HOW_YANDEX = (
    "Set YANDEX_TRANSLATE_KEY where ComfyUI's server is started, or write yandex_key into "
    "translate.yaml in the folder user/__stockwright of the server."
)
_HOW_MODEL = "Link Load Prompt LLM or Connect Prompt LLM to the input llm."


class Service(Protocol):
    """What translates."""

    @property
    def title(self) -> str:
        """What it is called in errors."""
        ...

    @property
    def name(self) -> str:
        """Tells its translations from those of others."""
        ...

    def batches(self, phrases: Sequence[Phrase]) -> Iterator[list[Phrase]]:
        """The phrases, as they are asked for: each batch is stored before the next one begins."""
        ...

    def translate(self, phrases: Sequence[Phrase]) -> list[str]:
        """One text for each phrase of a batch, "" for one that it cannot translate."""
        ...


class Translator:
    """Translates with one service, and asks it for nothing a second time.

    Args:
        find: gives the service. It is called when there is something to translate, and not before:
            English texts pass also where no service is set up.
        folder: where the file of translations is.
    """

    def __init__(self, find: Callable[[], Service], folder: Path, glossary: Glossary) -> None:
        self.find = find
        self.folder = folder
        self.glossary = glossary

    def translate(
        self,
        texts: Sequence[str],
        source: str = AUTO,
        report: Callable[[int, int], None] | None = None,
    ) -> list[str]:
        """The texts in English, in their order. English ones are given back as they came.

        Args:
            texts: prompts, names or wishes. Each phrase between commas is translated by itself.
            source: AUTO, or the language code of all that is not English.
            report: called with the phrases translated by now and all that there are to translate.

        Raises:
            TranslationInvalid: a source that is no language code, or a phrase that is too long.
            TranslationUnavailable: the service does not give what it should.
        """
        code = check_language(source)
        pieces = [split(text) for text in texts]
        found: dict[str, Phrase] = {}
        for piece in (piece for line in pieces for piece in line if piece.is_phrase):
            if piece.text not in found:
                language = source_language(piece.text, code)
                if language is not None:
                    found[piece.text] = self._phrase(piece.text, language)
        english = self._look_up(list(found.values()), report)
        words = {text: english[phrase] for text, phrase in found.items()}
        return [
            "".join(words.get(p.text, p.text) if p.is_phrase else p.text for p in line)
            for line in pieces
        ]

    def _phrase(self, text: str, language: str) -> Phrase:
        # The glossary is a Russian one.
        return Phrase(text, language, self.glossary.pairs_in(text) if language == RUSSIAN else ())

    def _look_up(
        self, phrases: list[Phrase], report: Callable[[int, int], None] | None
    ) -> dict[Phrase, str]:
        if not phrases:
            return {}
        service = self.find()
        dictionary = Dictionary(self.folder / FILE, service.name)
        english = dictionary.read(phrases)
        missing = [phrase for phrase in phrases if phrase not in english]
        for batch in service.batches(missing):
            english |= _ask(service, dictionary, batch)
            if report:
                report(len(english), len(phrases))
        return english


def choose(
    service: str,
    yandex: Callable[[], Yandex | None],
    model: LanguageModel | None,
    make_room: Callable[[int], None] | None = None,
) -> Service:
    """The service of one of the names of SERVICES.

    Args:
        yandex: gives Yandex Translate, if there is a key for it.
        model: the language model, if one is linked.
        make_room: called with a number of bytes before that fills a GPU.

    Raises:
        TranslationUnavailable: it is not set up.
    """
    if service != LANGUAGE_MODEL and (found := yandex()):
        return found
    if service != YANDEX and model is not None:
        return Interpreter(model, make_room)
    hints = {YANDEX: _HOW_YANDEX, LANGUAGE_MODEL: _HOW_MODEL}
    raise TranslationUnavailable(
        "there is text to translate, and no service is set up",
        where="Translate Prompt",
        hint=hints.get(service, f"{_HOW_YANDEX} Or: {_HOW_MODEL}"),
    )


def _ask(service: Service, dictionary: Dictionary, batch: list[Phrase]) -> dict[Phrase, str]:
    with dictionary.page(batch) as (english, page):
        missing = [phrase for phrase in batch if phrase not in english]
        if missing:
            answers = map(plain, service.translate(missing))
            said = {p: text for p, text in zip(missing, answers, strict=True) if text}
            page.put(said)
            english |= said
    if lacking := [phrase.text for phrase in batch if phrase not in english]:
        raise TranslationUnavailable(
            f"no English text came for {', '.join(repr(text[:60]) for text in lacking[:3])}",
            where=service.title,
            hint="Write it in English or in other words, or take another service.",
        )
    for phrase in missing:
        if not is_latin(english[phrase]):
            log.warning("not all of %r is in English: %r", phrase.text, english[phrase])
    return english
