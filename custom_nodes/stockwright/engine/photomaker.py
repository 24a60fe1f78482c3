"""PhotoMaker shown several photos: one text for each, and what comes of them as one.

PhotoMaker puts a person in place of the word behind which its own stands: `photo of a woman
photomaker`. Several photos take as many places, one behind another (the stacked embedding of Li et
al., "PhotoMaker: Customizing Realistic Human Photos via Stacked ID Embedding", 2023). ComfyUI's
PhotoMaker Encode (0.3.75) fills one place from the first picture of a batch and heeds no other. So
it is called once for each photo:

    photo of a woman photomaker , on the Moon                fills the first place
    photo of a woman woman photomaker , on the Moon          the second
    photo of a woman woman woman photomaker , on the Moon    the third

The last text is the prompt, and gets the places of the others: what CLIP makes of a token depends
only on it and on those before it, which are the same in all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from ..core.errors import PersonPhotosInvalid
from ..core.people import PHOTOMAKER

WHERE = "PhotoMaker Encode Photos"


def spread(text: str, photos: int) -> list[tuple[str, int]]:
    """A text for each photo, and the token whose place it takes; 0 is the one before the text.

    Raises PersonPhotosInvalid where the word is missing, or nothing stands before it.
    """
    words = text.split(" ")
    at = words.index(PHOTOMAKER) if PHOTOMAKER in words else 0
    if not at or not words[at - 1]:
        raise PersonPhotosInvalid(
            f"the text has no {PHOTOMAKER!r} between spaces, behind what the person is",
            where=WHERE,
            hint=f'Such as "photo of a woman {PHOTOMAKER} , on the Moon".',
        )
    before, kind, after = words[:at], words[at - 1], words[at:]
    return [(" ".join([*before, *[kind] * n, *after]), at + n) for n in range(photos)]


def check_places(text: str, place: int, count: Callable[[str], int]) -> None:
    """PhotoMaker counts words, and takes them for tokens.

    Args:
        text, place: one of `spread`.
        count: CLIP's tokens of a text, without those around it.

    Raises PersonPhotosInvalid where a word up to the person is not one token.
    """
    before = " ".join(text.split(" ")[:place])
    if count(before) != place:
        raise PersonPhotosInvalid(
            f"{before!r} are {place} words and {count(before)} tokens of CLIP's: the photos would"
            " take wrong places",
            where=WHERE,
            hint="Begin with plain words and single spaces, such as "
            f'"photo of a woman {PHOTOMAKER} , …"; the rest of the wish comes behind.',
        )


def stacked(encoded: Sequence[torch.Tensor], places: Sequence[int]) -> torch.Tensor:
    """Of the embeddings of all texts (1, tokens, values) the last, with each photo's place."""
    found = encoded[-1].clone()
    for one, place in zip(encoded, places, strict=True):
        found[:, place] = one[:, place]
    return found
