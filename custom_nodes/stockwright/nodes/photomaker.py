"""PhotoMaker Encode Photos: a prompt with the person of several photos."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import io

from ..core import names
from ..core.errors import PersonPhotosInvalid
from ..engine.photomaker import WHERE, check_places, spread, stacked
from .types import CATEGORY, search_words


class PhotoMakerEncodePhotos(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.PHOTOMAKER_ENCODE,
            display_name="PhotoMaker Encode Photos",
            category=CATEGORY,
            **search_words(names.PHOTOMAKER_ENCODE),
            description="A prompt with the person of all these photos. ComfyUI's own PhotoMaker "
            "Encode looks at the first photo only.",
            inputs=[
                io.Photomaker.Input("photomaker", tooltip="From Load PhotoMaker."),
                io.Image.Input("image", tooltip="Photos of one person, four at best."),
                io.Clip.Input("clip", tooltip="That of an SDXL checkpoint."),
                io.String.Input(
                    "text",
                    multiline=True,
                    default="photo of a woman photomaker , on the Moon",
                    tooltip="The word photomaker between spaces, right behind what the person is.",
                ),
            ],
            outputs=[
                io.Conditioning.Output(
                    display_name="conditioning", tooltip="For the positive input of a guider."
                )
            ],
        )

    @classmethod
    def execute(cls, photomaker: Any, image: torch.Tensor, clip: Any, text: str) -> io.NodeOutput:
        # Here: a ComfyUI without this experimental node has all the others of the pack.
        from comfy_extras.nodes_photomaker import PhotoMakerEncode

        texts = spread(text, len(image))

        def chunks(words: str) -> list[Any]:
            return next(iter(clip.tokenize(words, return_word_ids=True).values()))

        # Tokens around a text, and those that fill it up, are of no word.
        check_places(*texts[-1], lambda words: sum(token[2] > 0 for token in chunks(words)[0]))
        if len(chunks(texts[-1][0])) > 1:
            raise PersonPhotosInvalid(
                f"the text is longer than the 75 tokens that PhotoMaker reads; {len(image)} photos"
                f" take {len(image)} of them",
                where=WHERE,
                hint="Write it in fewer words, or show fewer photos.",
            )
        found: list[torch.Tensor] = []
        told: dict[str, Any] = {}
        for photo, (words, _) in zip(image.split(1), texts, strict=True):
            [[encoded, told]] = PhotoMakerEncode.execute(photomaker, photo, clip, words).args[0]
            found.append(encoded)
        return io.NodeOutput([[stacked(found, [place for _, place in texts]), told]])
