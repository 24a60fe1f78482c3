"""Load Prompt LLM and Write Theme Prompts: from a theme to jobs."""

from __future__ import annotations

import hashlib

import comfy.model_management
import comfy.utils
import folder_paths
from comfy_api.latest import io

from ..core import names
from ..core.errors import StockwrightError, ThemeInvalid
from ..core.jobs import Job
from ..core.kinds import Kind, load_kinds, parse_kinds
from ..core.planning import plan
from ..core.themes import Theme, load_themes, parse_theme
from ..core.wording import load_wording
from ..engine.llm import PromptLLM as LLM
from .folders import fingerprint, llm_files, prompt_folders
from .types import CATEGORY, Jobs, PromptLLM, search_words

NO_MODEL = "put a GGUF file into models/llm"
MAX_COUNT = 100_000
MAX_SEED = 2**53 - 1
"""The largest seed that the canvas, which counts in doubles, keeps exactly."""


class LoadPromptLLM(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.LOAD_LLM,
            display_name="Load Prompt LLM",
            category=CATEGORY,
            **search_words(names.LOAD_LLM),
            description="A language model that names what the pictures show. "
            "It is loaded when it is first asked.",
            inputs=[
                io.Combo.Input(
                    "model",
                    options=llm_files() or [NO_MODEL],
                    tooltip="A GGUF file of the folder models/llm.",
                ),
                io.Int.Input(
                    "context_length",
                    default=2048,
                    min=256,
                    max=131072,
                    tooltip="How much text the model reads at once, in tokens. 2048 is enough for "
                    "most themes.",
                ),
                io.Int.Input(
                    "gpu_layers",
                    default=-1,
                    min=-1,
                    max=1000,
                    tooltip="How many layers go to the GPU. -1 puts all of them there, 0 none.",
                ),
                io.Int.Input(
                    "threads",
                    default=0,
                    min=0,
                    max=256,
                    tooltip="Of the processor. 0 takes half of its logical cores.",
                ),
                io.Boolean.Input(
                    "keep_loaded",
                    default=False,
                    tooltip="On keeps the model for the next run. Off frees its memory before the "
                    "pictures are sampled.",
                ),
            ],
            outputs=[
                PromptLLM.Output(
                    display_name="llm", tooltip="The language model, for Write Theme Prompts."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, model: str | None = None) -> bool | str:
        if model is None or model in (files := llm_files()):  # None: linked
            return True
        have = ", ".join(files) or "nothing"
        return f"there is no {model!r} in the llm model folder, which holds {have}"

    @classmethod
    def fingerprint_inputs(cls, model: str | None = None, **others: object) -> str:
        """Of the files: another one may take a name. All of them count for a linked model."""
        return fingerprint(names.LLM_FOLDER, llm_files() if model is None else [model])

    @classmethod
    def execute(
        cls, model: str, context_length: int, gpu_layers: int, threads: int, keep_loaded: bool
    ) -> io.NodeOutput:
        path = folder_paths.get_full_path_or_raise(names.LLM_FOLDER, model)
        return io.NodeOutput(LLM(path, context_length, gpu_layers, threads, keep_loaded))


class WriteThemePrompts(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.WRITE_PROMPTS,
            display_name="Write Theme Prompts",
            category=CATEGORY,
            **search_words(names.WRITE_PROMPTS),
            description="Writes a theme's jobs: one prompt for each picture, "
            "as many of each kind as its share says.",
            inputs=[
                PromptLLM.Input("llm", tooltip="The language model, from Load Prompt LLM."),
                io.String.Input(
                    "theme",
                    multiline=True,
                    default="Trainings and Education",
                    tooltip="What the pictures are about: the name of a theme, any other text, or "
                    "a theme written as YAML.",
                ),
                io.String.Input(
                    "kinds",
                    multiline=True,
                    default="interiors=60, exteriors=20, items=20",
                    tooltip="Kinds of pictures with their shares, such as interiors=60, items=40. "
                    "Or kinds written as YAML.",
                ),
                io.Int.Input(
                    "count", default=10, min=1, max=MAX_COUNT, tooltip="How many jobs to write."
                ),
                io.Int.Input(
                    "seed",
                    default=1,
                    min=0,
                    max=MAX_SEED,
                    control_after_generate=True,
                    tooltip="Another seed gives other subjects and other pictures.",
                ),
                io.String.Input(
                    "exclude",
                    multiline=True,
                    default="",
                    optional=True,
                    placeholder="Subjects to leave out, one a line",
                    tooltip="Subjects that must not come, one a line: for example those of "
                    "earlier runs.",
                ),
            ],
            outputs=[
                Jobs.Output(display_name="jobs", tooltip="The jobs, for Stockwright Batch."),
                io.String.Output(
                    display_name="prompts",
                    is_output_list=True,
                    tooltip="Only the prompts, one for each job.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, theme: str | None = None, kinds: str | None = None) -> bool | str:
        try:
            if theme is not None:
                _theme(theme)
            if kinds is not None:
                _kinds(kinds)
        except StockwrightError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(
        cls, theme: str | None = None, kinds: str | None = None, **others: object
    ) -> str:
        """Of the definitions in the files: a designer edits them while the server runs. All of
        them count for a linked text."""
        folders = prompt_folders()
        try:
            read = (
                load_themes(folders) if theme is None else _theme(theme),
                load_kinds(folders) if kinds is None else _kinds(kinds),
                load_wording(folders),
            )
        except StockwrightError as error:
            return str(error)  # `execute` reports it
        return hashlib.sha256(repr(read).encode()).hexdigest()

    @classmethod
    def execute(
        cls, llm: LLM, theme: str, kinds: str, count: int, seed: int, exclude: str = ""
    ) -> io.NodeOutput:
        bar = comfy.utils.ProgressBar(count)

        def on_progress(done: int, total: int) -> None:
            comfy.model_management.throw_exception_if_processing_interrupted()
            bar.update_absolute(done, total)

        llm.open(_make_room)
        try:
            jobs = plan(
                _theme(theme),
                _kinds(kinds),
                count,
                seed,
                llm,
                wording=load_wording(prompt_folders()),
                exclude=exclude.splitlines(),
                on_progress=on_progress,
            )
        finally:
            if not llm.keep_loaded:
                llm.close()
        return io.NodeOutput(jobs, [job.prompt for job in jobs], ui=_ui(jobs))


def _theme(text: str) -> Theme:
    if not text.strip():
        raise ThemeInvalid("the theme is empty", where="Write Theme Prompts, field theme")
    return parse_theme(text, load_themes(prompt_folders()))


def _kinds(text: str) -> tuple[Kind, ...]:
    return parse_kinds(text, load_kinds(prompt_folders()))


def _make_room(size: int) -> None:
    device = comfy.model_management.get_torch_device()
    comfy.model_management.free_memory(size, device)


def _ui(jobs: tuple[Job, ...]) -> dict[str, list[object]]:
    return {
        names.UI_JOBS: [job.to_dict() for job in jobs],
        "text": [f"{job.kind}: {job.prompt}" for job in jobs],
    }
