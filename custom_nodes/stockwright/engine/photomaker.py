"""PhotoMaker shown several photos: one text for each, and what comes of them as one.

PhotoMaker puts a person in place of the word behind which its own stands: `photo of a woman
photomaker`. Several photos take as many places, one behind another (the stacked embedding of Li et
al., "PhotoMaker: Customizing Realistic Human Photos via Stacked ID Embedding", 2023). ComfyUI's
PhotoMaker Encode (0.3.75) fills one place from the first picture of a batch and heeds no other. So
it is called once for each photo, with texts that differ only in where its own word stands, which it
leaves out:

    photo of a woman photomaker woman woman      fills the first place
    photo of a woman woman photomaker woman      the second
    photo of a woman woman woman photomaker      the third
"""

from __future__ import annotations

from collections.abc import Sequence

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
    before, kind, after = words[: at - 1], words[at - 1], words[at + 1 :]
    texts: list[tuple[str, int]] = []
    for photo in range(photos):
        places = [kind] * (photo + 1) + [PHOTOMAKER] + [kind] * (photos - photo - 1)
        texts.append((" ".join([*before, *places, *after]), at + photo))
    return texts


def check_places(text: tuple[str, int], word_ids: Sequence[int]) -> None:
    """PhotoMaker counts words, and takes them for tokens.

    Args:
        text: the first of `spread`.
        word_ids: of CLIP's tokens of the text, which of its words each is of, from 1.

    Raises PersonPhotosInvalid for a word up to the person that is not one token.
    """
    words, place = text
    for number, word in enumerate(words.split(" ")[:place], start=1):
        if word_ids.count(number) != 1:
            raise PersonPhotosInvalid(
                f"{word!r} is not one token of CLIP's: the photos would take wrong places",
                where=WHERE,
                hint="Begin with plain words and single spaces, such as "
                f'"photo of a woman {PHOTOMAKER} , …"; the rest of the wish comes behind.',
            )


def stacked(encoded: Sequence[torch.Tensor], places: Sequence[int]) -> torch.Tensor:
    """Of the embeddings of all texts (1, tokens, values) the first, with each photo's place."""
    found = encoded[0].clone()
    for one, place in zip(encoded, places, strict=True):
        found[:, place] = one[:, place]
    return found
