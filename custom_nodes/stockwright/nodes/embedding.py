"""Describe Pictures: what pictures show, as vectors by which the driver finds near-duplicates."""

from __future__ import annotations

from typing import Any

import comfy.model_management
import torch
from comfy_api.latest import io

from ..core import names
from ..core.errors import JobInvalid
from ..core.jobs import Job
from ..engine.embedding import WHERE, describe
from .types import CATEGORY, Jobs, search_words


class DescribePictures(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.PICTURE_EMBEDDING,
            display_name="Describe Pictures",
            category=CATEGORY,
            **search_words(names.PICTURE_EMBEDDING),
            description="Tells what each picture shows as a vector of a CLIP-vision model. "
            "submit.py adds this node itself, and finds near-duplicates by it.",
            inputs=[
                io.Image.Input("images", tooltip="The finished pictures."),
                io.ClipVision.Input("clip_vision", tooltip="From Load CLIP Vision."),
                Jobs.Input(
                    "jobs",
                    optional=True,
                    tooltip="The jobs of these pictures, as Save Stock Image takes them. Without "
                    "jobs the vectors bear no names.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls, images: torch.Tensor, clip_vision: Any, jobs: tuple[Job, ...] | None = None
    ) -> io.NodeOutput:
        if jobs is not None and len(images) != len(jobs):
            raise JobInvalid(
                f"there are {len(images)} pictures and {len(jobs)} jobs",
                where=WHERE,
                hint="Link the jobs that Save Stock Image gets with these pictures.",
            )

        def encode(picture: torch.Tensor) -> torch.Tensor:
            comfy.model_management.throw_exception_if_processing_interrupted()
            # Without a crop: what differs may lie at the border of a wide picture.
            return clip_vision.encode_image(picture, crop=False)["image_embeds"]

        ids = [job.id for job in jobs] if jobs is not None else [""] * len(images)
        vectors = describe(images, encode)
        told = [{"job": i, "vector": vector} for i, vector in zip(ids, vectors, strict=True)]
        return io.NodeOutput(ui={names.UI_EMBEDDINGS: told})
