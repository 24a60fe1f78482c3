"""Which texts of a graph are the job's: those of its first sampler.

A sampler that continues the picture of another one (a refiner, a second pass at a larger size)
gets the job's texts too, since it paints the same picture. Samplers that each begin a picture must
have the same texts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .links import Output, first_samplers, links_of_type, named, samplers
from .model import ApiGraph, ObjectInfo
from .texts import CONDITIONING, Encoder, encoders

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
    are texts that stay as they are."""
    stages = {sampler: _sides(api, info, sampler) for sampler in samplers(api, info)}
    firsts = first_samplers(api, info)
    side = _Side(api, firsts, fixed)
    prompt: tuple[Text, ...] = ()
    negative: tuple[Text, ...] = ()
    if "prompt" not in told:
        if not stages:
            side.problems.append("no sampler stands in front of a node that takes pictures")
        prompt = side.texts("prompt", {i: positive for i, (positive, _) in stages.items()})
    if "negative" not in told:
        negative = side.texts("negative", {i: negative for i, (_, negative) in stages.items()})
    for node_id in dict.fromkeys(text[0] for text in prompt if text in negative):
        side.problems.append(f"{named(api, node_id)} is both the prompt and the negative")
    return Texts(prompt, negative, tuple(side.notes), tuple(dict.fromkeys(side.problems)))


class _Side:
    """Prompt or negative of all samplers."""

    def __init__(self, api: ApiGraph, firsts: list[str], fixed: Collection[Text]) -> None:
        self._api, self._firsts, self._fixed = api, firsts, fixed
        self.notes: list[str] = []
        self.problems: list[str] = []

    def texts(self, field: str, found: dict[str, list[Encoder]]) -> tuple[Text, ...]:
        """The places of a field; `found` are the encoders of each sampler."""
        texts: list[Text] = []
        before = len(self.problems)
        for sampler in self._firsts:
            texts += self._first(field, sampler, found[sampler])
        values = {self._value(text) for text in texts}
        # An encoder may have several texts, one for each language model.
        if len({frozenset(e.values(self._api) for e in found[i]) for i in self._firsts}) > 1:
            shown = ", ".join(
                f"{named(self._api, e.node_id)} {_short(e.values(self._api))}"
                for i in self._firsts
                for e in found[i]
            )
            self.problems.append(f"{len(self._firsts)} samplers have different texts: {shown}")
        for sampler in (i for i in found if i not in self._firsts):
            texts += self._later(field, sampler, found[sampler], values)
        free = tuple(dict.fromkeys(text for text in texts if text not in self._fixed))
        if field == "prompt" and texts and not free:
            self.problems.append("the text of the prompt is set, and no place is left for the jobs")
        return free if len(self.problems) == before else ()

    def _first(self, field: str, sampler: str, found: list[Encoder]) -> Iterator[Text]:
        if not found and field == "prompt":
            self.problems.append(f"no text stands behind {named(self._api, sampler)}")
        for encoder in found:
            if encoder.unsure:
                self.problems.append(encoder.unsure)
        if len({encoder.values(self._api) for encoder in found}) > 1:
            shown = ", ".join(
                f"{named(self._api, e.node_id)} {_short(e.values(self._api))}" for e in found
            )
            self.problems.append(
                f"the {field} of {named(self._api, sampler)} comes from {len(found)} texts: {shown}"
            )
        for encoder in found:
            yield from encoder.texts

    def _later(
        self, field: str, sampler: str, found: list[Encoder], values: set[str]
    ) -> Iterator[Text]:
        for encoder in found:
            title = named(self._api, encoder.node_id)
            if encoder.unsure or len(found) > 1:
                self.notes.append(f"{title} behind {named(self._api, sampler)} keeps its own text.")
                continue
            own = [text for text in encoder.texts if text not in self._fixed]
            if not values >= {self._value(text) for text in own}:
                shown = _short(encoder.values(self._api))
                self.notes.append(f"{title} gets the job's {field} too, in place of {shown}.")
            yield from own

    def _value(self, text: Text) -> str:
        return str(self._api[text[0]]["inputs"].get(text[1], ""))


def _sides(api: ApiGraph, info: ObjectInfo, sampler: str) -> tuple[list[Encoder], list[Encoder]]:
    """The encoders of a sampler's positive and of its negative conditioning."""
    links = dict(_conditioning(api, info, sampler))
    if len(links) == 1:
        return encoders(api, info, next(iter(links.values()))), []
    positive, negative = (
        {e.node_id: e for n in names if n in links for e in encoders(api, info, links[n])}
        for names in (_POSITIVE, _NEGATIVE)
    )
    if "cond2" in links:  # a guider's middle conditioning may be either one
        negative = {i: e for i, e in negative.items() if i not in positive}
    return list(positive.values()), list(negative.values())


def _conditioning(api: ApiGraph, info: ObjectInfo, sampler: str) -> list[tuple[str, Output]]:
    """Links of a sampler, or else of its guider, that carry conditioning."""
    node_ids, seen = [sampler], set[str]()
    while node_ids:
        node_id = node_ids.pop(0)
        if node_id in seen:
            continue
        seen.add(node_id)
        if links := links_of_type(api, info, node_id, CONDITIONING):
            return links
        node_ids += [output[0] for _, output in links_of_type(api, info, node_id, "GUIDER")]
    return []


def _short(values: tuple[str, ...]) -> str:
    text = " / ".join(values)
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…")
