"""Save Stock Image: files named by job, with their hashes in the UI output."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import folder_paths
import torch
from comfy.cli_args import args
from comfy_api.latest import io

from ..core import names
from ..core.errors import JobInvalid
from ..core.jobs import Job, slug
from ..engine.images import ImageFormat, WrittenImage, to_pixels, write_image
from .types import CATEGORY, Jobs, search_words


class SaveStockImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.SAVE_IMAGE,
            display_name="Save Stock Image",
            category=CATEGORY,
            **search_words(names.SAVE_IMAGE),
            description="Saves each picture under its job's theme, kind and subject, "
            "with the graph inside the file.",
            inputs=[
                io.Image.Input("images", tooltip="The pictures, in the order of their jobs."),
                Jobs.Input(
                    "jobs",
                    tooltip="The jobs output of the Stockwright Batch that made these pictures.",
                ),
                io.String.Input(
                    "folder",
                    default="stockwright",
                    tooltip="A folder below ComfyUI's output folder.",
                ),
                io.Combo.Input(
                    "format",
                    options=ImageFormat,
                    default=ImageFormat.PNG,
                    tooltip="PNG keeps every pixel; JPEG and WebP files are smaller.",
                ),
                io.Int.Input(
                    "quality",
                    default=95,
                    min=1,
                    max=100,
                    display_mode=io.NumberDisplay.slider,
                    tooltip="Of JPEG and WebP files, from 1 to 100. PNG does not use it.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, folder: str | None = None) -> bool | str:
        try:
            _folder(folder or "")
        except JobInvalid as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls, images: torch.Tensor, jobs: tuple[Job, ...], folder: str, format: str, quality: int
    ) -> io.NodeOutput:
        if len(images) != len(jobs):
            raise JobInvalid(
                f"there are {len(images)} pictures and {len(jobs)} jobs",
                where="Save Stock Image",
                hint="Link the jobs output of the Stockwright Batch that made these pictures.",
            )
        base, image_format = _folder(folder), ImageFormat(format)
        graphs = _graphs(cls.hidden)

        def save(item: tuple[torch.Tensor, Job]) -> WrittenImage:
            image, job = item
            try:
                pixels = to_pixels(image[..., :3].float().cpu().numpy())
            except ValueError as error:
                raise JobInvalid(str(error), where=f"job {job.id}") from error
            path = base / slug(job.theme) / slug(job.kind) / f"{slug(job.subject)}-{job.id}"
            path = path.with_name(path.name + image_format.suffix)
            return write_image(
                pixels, path, image_format, quality, graphs | {"stockwright": job.to_dict()}
            )

        # Pillow's encoders release the GIL.
        with ThreadPoolExecutor(min(len(jobs), os.cpu_count() or 1)) as pool:
            written = list(pool.map(save, zip(images, jobs, strict=True)))
        output = Path(folder_paths.get_output_directory())
        files = [_entry(w, job, output) for w, job in zip(written, jobs, strict=True)]
        previews = [{k: f[k] for k in ("filename", "subfolder", "type")} for f in files]
        return io.NodeOutput(ui={"images": previews, names.UI_FILES: files})


def _entry(written: WrittenImage, job: Job, output: Path) -> dict[str, Any]:
    return {
        "job": job.id,
        "subject": job.subject,
        "filename": written.path.name,
        "subfolder": written.path.parent.relative_to(output).as_posix(),
        "type": "output",
        "width": written.width,
        "height": written.height,
        "bytes": written.size,
        "sha256": written.sha256,
    }


def _folder(folder: str) -> Path:
    output = Path(folder_paths.get_output_directory())
    chosen = Path(os.path.normpath(output / folder.strip()))
    if not chosen.is_relative_to(output):
        raise JobInvalid(
            f"{folder!r} leads out of the output folder",
            where="Save Stock Image, field folder",
            hint="Name a folder below ComfyUI's output folder.",
        )
    return chosen


def _graphs(hidden: Any) -> dict[str, Any]:
    """The API graph and the canvas graph of this run, as far as the client sent them and the
    server's --disable-metadata allows."""
    graphs: dict[str, Any] = {}
    if args.disable_metadata:
        return graphs
    if hidden.prompt is not None:
        graphs["prompt"] = hidden.prompt
    if workflow := (hidden.extra_pnginfo or {}).get("workflow"):
        graphs["workflow"] = workflow
    return graphs
