"""Captions of crops: `avatars/captions.yaml`, whose head says what they are for."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stockwright.core.definitions import Definition, read_text
from stockwright.core.errors import IntakeInvalid
from stockwright.core.people import TRIGGER
from stockwright.core.portraits import Describing, Looks

from ..places import PROMPTS

FILE = PROMPTS / "avatars" / "captions.yaml"

_OTHER = "other"
_LIGHTS = ("soft", "side", "dim", "bright")
_VIEWS = ("front", "left", "right", "up", "down")
_PLACES = ("plain", "blurred", "busy")
_WITHOUT_CLOTHES = "face"
"""The framing that ends at the chin."""
_FIELDS = ("{person}", "{colour}")

_LISTS = ("framings", "view", "light", "place", "place_colour", "clothes", "colourless")
_MOST = 8
"""Phrases; a prompt of more has no room for them."""

_PHRASE = re.compile(r"[a-z]+([ -][a-z]+){0,5}")

_Lists = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Captions:
    """What can be said, by what is to be said."""

    framings: _Lists
    view: _Lists
    light: _Lists
    place: _Lists
    place_colour: _Lists
    clothes: tuple[str, ...]
    colourless: tuple[str, ...]
    system: str
    question: str
    phrases: int
    never: frozenset[str]

    def describing(self, url: str) -> Describing:
        """What a language model at this address is asked of a crop."""
        return Describing(url, self.system, self.question, self.phrases)

    def without(self, name: str) -> Captions:
        """These, with nothing of a person's name in what a language model says."""
        return replace(self, never=self.never | frozenset(_words(name)))

    def of(
        self, photo: str, framing: str, looks: Looks, word: str, seen: Sequence[str] = ()
    ) -> str:
        """The caption of a crop. One photo (its SHA-256) and framing always have the same.

        Args:
            seen: phrases of a language model, in place of those for clothes, light and place; what
                they say of the person is left out.
        """
        seen = [phrase for phrase in dict.fromkeys(seen) if self._fits(phrase)]
        chance = random.Random(f"{photo}/{framing}")
        framings = self.framings.get(framing) or self.framings[_OTHER]
        said = [chance.choice(framings).replace("{person}", f"{TRIGGER} {word}")]
        if looks.colourless:
            said.append(chance.choice(self.colourless))
        if looks.clothes and framing != _WITHOUT_CLOTHES and not seen:
            said.append(chance.choice(self.clothes).replace("{colour}", looks.clothes))
        # The first words stay first: they say who it is. The others have no fixed place.
        others = [chance.choice(self.view[looks.view]), *seen]
        if not seen:
            others.append(chance.choice(self.light[looks.light]))
        if looks.place and not seen:
            kinds = self.place_colour if looks.place_colour else self.place
            words = chance.choice(kinds[looks.place])
            others.append(words.replace("{colour}", looks.place_colour))
        chance.shuffle(others)
        return ", ".join([*said, *others])

    def of_anyone(self, word: str) -> list[str]:
        """How pictures of any such person may be called, without the trigger word."""
        texts = [text for name in sorted(self.framings) for text in self.framings[name]]
        return [text.replace("{person}", word) for text in texts]

    def _fits(self, phrase: str) -> bool:
        """Whether it is some plain words, and not about the person."""
        plain = _PHRASE.fullmatch(phrase) is not None
        return plain and self.never.isdisjoint(_words(phrase))


def load_captions(file: Path = FILE) -> Captions:
    """Raises IntakeInvalid."""
    values = Definition.read(read_text(file, IntakeInvalid), str(file), IntakeInvalid)
    values.only((*_LISTS, "describing"))
    describing = values.inner("describing")
    describing.only(("system", "question", "phrases", "never"))
    phrases = describing.number("phrases")
    if phrases not in range(1, _MOST + 1):
        raise IntakeInvalid(f"is not 1 to {_MOST}", where=describing.at("phrases"))
    framings = values.inner("framings")
    found = Captions(
        framings=_lists(framings, sorted({*framings.values, _OTHER})),
        view=_lists(values.inner("view"), _VIEWS),
        light=_lists(values.inner("light"), _LIGHTS),
        place=_lists(values.inner("place"), _PLACES),
        place_colour=_lists(values.inner("place_colour"), _PLACES),
        clothes=_list(values, "clothes"),
        colourless=_list(values, "colourless"),
        system=describing.text("system"),
        question=describing.text("question"),
        phrases=int(phrases),
        never=frozenset(_list(describing, "never")),
    )
    for name, texts in found.framings.items():
        if without := [text for text in texts if _FIELDS[0] not in text]:
            raise IntakeInvalid(
                f"{without[0]!r} does not say {_FIELDS[0]}", where=framings.at(name)
            )
    return found


def _words(phrase: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", phrase.casefold())


def _lists(values: Definition, names: Sequence[str]) -> _Lists:
    values.only(names)
    return {name: _list(values, name) for name in names}


def _list(values: Definition, name: str) -> tuple[str, ...]:
    texts = values.texts(name)
    if not texts:
        raise IntakeInvalid("is missing", where=values.at(name))
    for text in texts:
        for field in _FIELDS:
            text = text.replace(field, "")
        if "{" in text or "}" in text:
            raise IntakeInvalid(
                f"{text!r} has braces that mean nothing",
                where=values.at(name),
                hint=f"Known: {', '.join(_FIELDS)}. Put text with braces into quotes.",
            )
    return texts
