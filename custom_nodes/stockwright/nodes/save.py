"""Save Stock Image: files named by job, labelled, and written while the graph goes on."""

from __future__ import annotations

import json
import threading
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import comfy.model_management
import folder_paths
import torch
from comfy.cli_args import args
from comfy_api.latest import io

from ..core import names
from ..core.errors import JobInvalid, StockwrightError
from ..core.jobs import Job, slug
from ..core.keywords import FILE, Languages, Vocabulary, check_words, describe
from ..engine.saving.formats import ImageFormat
from ..engine.saving.label import Details, Label, make_label
from ..engine.saving.owner import Owner, read_owner
from ..engine.saving.picture import Shape, check_size, tasks
from .folders import prompt_folders, stamps
from .saving import WRITER, place_of
from .types import CATEGORY, Jobs, search_words

_words_lock = threading.Lock()


class SaveStockImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.SAVE_IMAGE,
            display_name="Save Stock Image",
            category=CATEGORY,
            **search_words(names.SAVE_IMAGE),
            description="Saves each picture under its job's theme, kind and subject, with title, "
            "keywords, the AI label and the graph inside the file.",
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
                io.Int.Input(
                    "dpi",
                    default=300,
                    min=1,
                    max=2400,
                    optional=True,
                    tooltip="Resolution for print, in pixels an inch. It changes no pixel.",
                ),
                io.Combo.Input(
                    "details",
                    options=Details,
                    default=Details.ALL,
                    optional=True,
                    tooltip="What the file tells beside its description. all: the job and the "
                    "graph too. no graph: only creator and copyright. anonymous: nothing that "
                    "leads to a person or a server. Title and keywords stay: they are made of "
                    "theme, kind and subject, which for your own pictures may be names of folders "
                    "and files.",
                ),
                io.Combo.Input(
                    "language",
                    options=Languages,
                    default=Languages.ENGLISH,
                    optional=True,
                    tooltip="Of the title, description and keywords in the file.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, folder: str | None = None) -> bool | str:
        try:
            _folder(folder or "")
            _owner()
            _check_words()
        except StockwrightError as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls,
        images: torch.Tensor,
        jobs: tuple[Job, ...],
        folder: str,
        format: str,
        quality: int,
        dpi: int = 300,
        details: str = Details.ALL,
        language: str = Languages.ENGLISH,
    ) -> io.NodeOutput:
        if len(images) != len(jobs):
            raise JobInvalid(
                f"there are {len(images)} pictures and {len(jobs)} jobs",
                where="Save Stock Image",
                hint="Link the jobs output of the Stockwright Batch that made these pictures.",
            )
        height, width = images.shape[1:3]
        check_size(width, height, ImageFormat(format))
        told, owner, base = Details(details), _owner(), _folder(folder)
        if args.disable_metadata and told is Details.ALL:
            told = Details.NO_GRAPH
        signer = None if told is Details.ANONYMOUS else owner.credentials
        shape = Shape(ImageFormat(format), quality, dpi, signer)
        graphs = _graphs(cls.hidden) if told is Details.ALL else {}
        paths = [_path(base, job, shape.format) for job in jobs]
        labels = [partial(_label, job, Languages(language), told, owner, graphs) for job in jobs]
        work, held = tasks(images, [job.id for job in jobs], paths, labels, shape)
        interrupted = comfy.model_management.throw_exception_if_processing_interrupted
        ticket = WRITER.submit(work, held, interrupted)
        files = [
            _entry(path, job) | {"width": width, "height": height, "ticket": ticket}
            for path, job in zip(paths, jobs, strict=True)
        ]
        previews = [{k: f[k] for k in ("filename", "subfolder", "type")} for f in files]
        return io.NodeOutput(ui={"images": previews, names.UI_FILES: files})


def _path(base: Path, job: Job, image_format: ImageFormat) -> Path:
    folder = base / slug(job.theme) / slug(job.kind)
    return folder / f"{slug(job.subject)}-{job.id}{image_format.suffix}"


def _entry(path: Path, job: Job) -> dict[str, Any]:
    output = Path(folder_paths.get_output_directory())
    return {
        "job": job.id,
        "subject": job.subject,
        "filename": path.name,
        "subfolder": path.parent.relative_to(output).as_posix(),
        "type": "output",
    }


def _folder(folder: str) -> Path:
    chosen = place_of(folder)
    if not chosen.is_relative_to(folder_paths.get_output_directory()):
        raise JobInvalid(
            f"{folder!r} leads out of the output folder",
            where="Save Stock Image, field folder",
            hint="Name a folder below ComfyUI's output folder.",
        )
    return chosen


def _owner() -> Owner:
    # ComfyUI gives out no file of this folder over HTTP.
    return read_owner(Path(folder_paths.get_system_user_directory("stockwright")))


def _label(
    job: Job, languages: Languages, details: Details, owner: Owner, graphs: dict[str, str]
) -> Label:
    words = describe(job, _vocabulary(), languages)
    return make_label(job, words, details, owner, graphs)


def _check_words() -> None:
    """Of keywords.yaml alone, which a person writes: all words together take too long here."""
    files = [folder / FILE for folder in prompt_folders()]
    _checked_words(tuple(files), stamps(files))


@lru_cache(maxsize=1)
def _checked_words(files: tuple[Path, ...], stamp: str) -> None:
    check_words(files)


def _vocabulary() -> Vocabulary:
    """Of the files as they are now; read again only where one has changed. It takes a while, and
    so is not asked for in the thread that runs the graph."""
    folders = tuple(prompt_folders())
    files = [path for folder in folders for path in sorted(folder.glob("*.yaml"))]
    files += [path for folder in folders for path in sorted(folder.glob("themes/*"))]
    with _words_lock:
        return _read_vocabulary(folders, stamps(files))


@lru_cache(maxsize=1)
def _read_vocabulary(folders: tuple[Path, ...], stamp: str) -> Vocabulary:
    return Vocabulary.load(folders)


def _graphs(hidden: Any) -> dict[str, str]:
    """The API graph and the canvas graph of this run as JSON, as far as the client sent them."""
    graphs: dict[str, Any] = {}
    if hidden.prompt is not None:
        graphs["prompt"] = hidden.prompt
    if workflow := (hidden.extra_pnginfo or {}).get("workflow"):
        graphs["workflow"] = workflow
    return {name: json.dumps(graph, ensure_ascii=True) for name, graph in graphs.items()}
