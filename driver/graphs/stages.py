"""Which texts of a graph are the job's: those of its first sampler.

A sampler that continues the picture of another one (a refiner, a second pass at a larger size)
gets the job's texts too, since it paints the same picture. Samplers that each begin a picture must
have the same texts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .links import named
from .model import ApiGraph, ObjectInfo, shown
from .samplers import conditioning, every_sampler, samplers
from .texts import Encoder, encoders

Text = tuple[str, str]
"""(node id, input) of a text."""

_POSITIVE = ("positive", "conditioning", "cond1")
_NEGATIVE = ("negative", "cond2")
_SHOWN = 40


@dataclass(frozen=True)
class Texts:
    """Places of the prompt and the negative. `notes` say what a person may not expect, `problems`
    what keeps the places from being certain."""

    prompt: tuple[Text, ...]
    negative: tuple[Text, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def job_texts(
    api: ApiGraph, info: ObjectInfo, told: Collection[str], fixed: Collection[Text]
) -> Texts:
    """`told` are the parts of a job, `prompt` and `negative`, that a person gave a place; `fixed`
    are texts that stay as they are. A negative that is not certain keeps its own text."""
    places = samplers(api, info)
    stages = {sampler: _sides(api, info, sampler) for sampler in places}
    firsts = [sampler for sampler, place in places.items() if place == 1]
    positive, negative = (_Side(api, field, firsts, fixed) for field in ("prompt", "negative"))
    prompts: tuple[Text, ...] = ()
    negatives: tuple[Text, ...] = ()
    if "prompt" not in told:
        if not stages:
            positive.problems.append(
                "no sampler stands in front of a node that takes pictures: a muted or bypassed one"
                " does not count"
            )
        prompts = positive.texts({i: found for i, (found, _) in stages.items()})
    if "negative" not in told:
        negatives = negative.texts({i: found for i, (_, found) in stages.items()})
    notes = [
        f"No text stands behind {named(api, i)}: the jobs' texts do not reach it."
        for i in every_sampler(api, info)
        if i not in stages
    ]
    notes += positive.notes + negative.notes
    problems = [*positive.problems, *negative.problems]
    if negative.problems and not positive.problems:
        notes += [f"The negative keeps its own text: {why}." for why in negative.problems]
        problems = []
    for node_id in dict.fromkeys(text[0] for text in prompts if text in negatives):
        problems.append(f"{named(api, node_id)} is both the prompt and the negative")
    return Texts(prompts, negatives, tuple(notes), tuple(dict.fromkeys(problems)))


class _Side:
    """Prompt or negative of all samplers."""

    def __init__(
        self, api: ApiGraph, field: str, firsts: list[str], fixed: Collection[Text]
    ) -> None:
        self._api, self._field, self._firsts, self._fixed = api, field, firsts, fixed
        self.notes: list[str] = []
        self.problems: list[str] = []

    def texts(self, found: dict[str, list[Encoder]]) -> tuple[Text, ...]:
        """The places of the field, none where they are not certain; `found` are the encoders of
        each sampler."""
        texts: list[Text] = []
        for sampler in self._firsts:
            texts += self._first(sampler, found[sampler])
        values = {self._value(text) for text in texts}
        # An encoder may have several texts, one for each language model.
        if len({frozenset(e.values(self._api) for e in found[i]) for i in self._firsts}) > 1:
            listed = ", ".join(self._listed(e) for i in self._firsts for e in found[i])
            self.problems.append(f"{len(self._firsts)} samplers have different texts: {listed}")
        for sampler in (i for i in found if i not in self._firsts):
            texts += self._later(sampler, found[sampler], values)
        free = tuple(dict.fromkeys(text for text in texts if text not in self._fixed))
        self.notes += [
            f"{named(self._api, text[0])}, {text[1]} is set: every picture gets it in place of the"
            f" {self._field} that the manifest lists."
            for text in dict.fromkeys(texts)
            if text in self._fixed
        ]
        if self._field == "prompt" and texts and not free:
            self.problems.append("the text of the prompt is set, and no place is left for the jobs")
        return () if self.problems else free

    def _first(self, sampler: str, found: list[Encoder]) -> Iterator[Text]:
        if not found and self._field == "prompt":
            self.problems.append(f"no text stands behind {named(self._api, sampler)}")
        self.problems += [encoder.unsure for encoder in found if encoder.unsure]
        if len({encoder.values(self._api) for encoder in found}) > 1:
            listed = ", ".join(map(self._listed, found))
            whose = f"the {self._field} of {named(self._api, sampler)}"
            self.problems.append(f"{whose} comes from {len(found)} texts: {listed}")
        for encoder in found:
            yield from encoder.texts

    def _later(self, sampler: str, found: list[Encoder], values: set[str]) -> Iterator[Text]:
        for encoder in found:
            if encoder.unsure or len(found) > 1:
                whose = f"{named(self._api, encoder.node_id)} behind {named(self._api, sampler)}"
                self.notes.append(f"{whose} keeps its own text.")
                continue
            own = [text for text in encoder.texts if text not in self._fixed]
            if not values >= {self._value(text) for text in own}:
                title, text = named(self._api, encoder.node_id), self._text(encoder)
                self.notes.append(f"{title} gets the job's {self._field} too, in place of {text}.")
            yield from own

    def _listed(self, encoder: Encoder) -> str:
        return f"{named(self._api, encoder.node_id)} {self._text(encoder)}"

    def _text(self, encoder: Encoder) -> str:
        return shown(" / ".join(encoder.values(self._api)), _SHOWN)

    def _value(self, text: Text) -> str:
        return str(self._api[text[0]]["inputs"].get(text[1], ""))


def _sides(api: ApiGraph, info: ObjectInfo, sampler: str) -> tuple[list[Encoder], list[Encoder]]:
    """The encoders of a sampler's positive and of its negative conditioning."""
    links = dict(conditioning(api, info, sampler))
    if len(links) == 1:
        return encoders(api, info, next(iter(links.values()))), []
    positive, negative = (
        {e.node_id: e for n in names if n in links for e in encoders(api, info, links[n])}
        for names in (_POSITIVE, _NEGATIVE)
    )
    if "cond2" in links:  # a guider's middle conditioning may be either one
        negative = {i: e for i, e in negative.items() if i not in positive}
    return list(positive.values()), list(negative.values())
