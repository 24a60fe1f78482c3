"""Load Person Photos: a folder of a person's pictures, for training and as references."""

from __future__ import annotations

from pathlib import Path

import folder_paths
import torch
from comfy_api.latest import io

from ..core import names
from ..core.errors import PersonPhotosInvalid, StockwrightError
from ..engine.person_photos import (
    REFERENCE,
    WHERE,
    find_photos,
    load_square,
    parse_captions,
    read_captions,
)
from .folders import stamps
from .types import CATEGORY, search_words


class LoadPersonPhotos(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.PERSON_PHOTOS,
            display_name="Load Person Photos",
            category=CATEGORY,
            **search_words(names.PERSON_PHOTOS),
            description="Loads the pictures of a person from a folder below ComfyUI's input "
            "folder, each with its caption: for training a LoRA, or as references for PhotoMaker.",
            inputs=[
                io.String.Input(
                    "folder",
                    default="",
                    placeholder="my-photos",
                    tooltip="A folder below the input folder. It cannot lead out of it.",
                ),
                io.String.Input(
                    "captions",
                    multiline=True,
                    default="",
                    placeholder='{"1.png": "photo of ohwx woman, smiling"}',
                    tooltip="A caption for each file, as a JSON object. Left empty, they are read "
                    "from files beside the pictures: 1.txt for 1.png.",
                ),
                io.Int.Input(
                    "size",
                    default=1024,
                    min=64,
                    max=2048,
                    step=8,
                    tooltip="Both sides of the pictures in pixels: the middle of each is scaled "
                    "to it. Train LoRA needs them all of one size.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="images",
                    is_output_list=True,
                    tooltip="The pictures one by one, for Make Training Dataset.",
                ),
                io.String.Output(
                    display_name="captions",
                    is_output_list=True,
                    tooltip="Their captions, for the texts of Make Training Dataset.",
                ),
                io.Image.Output(
                    display_name="references",
                    tooltip="The same pictures as one batch of 512 px, for PhotoMaker Encode "
                    "Photos.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, folder: str | None = None, captions: str | None = None) -> bool | str:
        try:
            if folder is not None:  # None: linked, and known only when it runs
                find_photos(_place(folder))
            if captions and captions.strip():
                parse_captions(captions)
        except StockwrightError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, folder: str | None = None, **others: object) -> str:
        try:
            photos = find_photos(_place(folder or ""))
        except StockwrightError as error:
            return str(error)  # `execute` reports it
        return stamps([*photos, *(photo.with_suffix(".txt") for photo in photos)])

    @classmethod
    def execute(cls, folder: str, captions: str, size: int) -> io.NodeOutput:
        photos = find_photos(_place(folder))
        told = read_captions(photos, captions)
        references = torch.cat([load_square(photo, REFERENCE) for photo in photos])
        return io.NodeOutput([load_square(photo, size) for photo in photos], told, references)


def _place(folder: str) -> Path:
    """Raises PersonPhotosInvalid for a folder that is none below the input folder."""
    root = Path(folder_paths.get_input_directory()).resolve()
    place = (root / folder.strip()).resolve()
    if not folder.strip() or place == root or not place.is_relative_to(root):
        raise PersonPhotosInvalid(
            "the folder must be one below the input folder",
            where=f"{WHERE}, folder",
            hint="Write its name, such as my-photos for input/my-photos.",
        )
    return place
