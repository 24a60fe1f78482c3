"""Picture Job: what existing pictures show, as jobs that Save Stock Image can name them by."""

from __future__ import annotations

import torch
from comfy_api.latest import io

from ..core import names
from ..core.errors import JobInvalid
from ..core.sources import Maker
from ..engine.existing import jobs_of
from .types import CATEGORY, Jobs, search_words


class PictureJob(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.PICTURE_JOB,
            display_name="Picture Job",
            category=CATEGORY,
            **search_words(names.PICTURE_JOB),
            description="Says what existing pictures show, so that Save Stock Image "
            "can name and label them.",
            inputs=[
                io.Image.Input(
                    "images",
                    tooltip="Pictures that no prompt of ours has painted, "
                    "such as those of Load Image.",
                ),
                io.String.Input(
                    "theme",
                    default="",
                    tooltip="What the pictures are about, for their folder and their keywords.",
                ),
                io.String.Input(
                    "kind",
                    default="",
                    tooltip="What sort of pictures they are, such as interiors.",
                ),
                io.String.Input(
                    "subject",
                    default="picture",
                    tooltip="What is to be seen, for the title and the name of the file.",
                ),
                io.Combo.Input(
                    "made_by",
                    options=Maker,
                    default=Maker.PERSON,
                    optional=True,
                    tooltip="Who made the pictures before they were enhanced, for the AI label: "
                    "a person's is edited with AI, an AI model's is created with it.",
                ),
            ],
            outputs=[
                Jobs.Output(
                    display_name="jobs",
                    tooltip="One job for each picture, for Save Stock Image.",
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, subject: str | None = None) -> bool | str:
        if subject is not None and not subject.strip():
            return str(_no_subject())
        return True

    @classmethod
    def execute(
        cls,
        images: torch.Tensor,
        theme: str,
        kind: str,
        subject: str,
        made_by: str = Maker.PERSON,
    ) -> io.NodeOutput:
        if not subject.strip():  # a link is known only when it runs
            raise _no_subject()
        source = Maker(made_by).source
        return io.NodeOutput(
            jobs_of(images, theme=theme, kind=kind, subject=subject, source=source)
        )


def _no_subject() -> JobInvalid:
    return JobInvalid(
        "the subject is empty",
        where="Picture Job, field subject",
        hint="Write what the pictures show, such as: antique globe on a desk.",
    )
