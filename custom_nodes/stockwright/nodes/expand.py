"""Expand Prompt: goes on with prompts by a model that was trained on prompts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import comfy.model_management
import comfy.utils
from comfy_api.latest import io

from ..core import names
from ..core.checking import BUDGET
from ..core.errors import ExpanderUnavailable, JobInvalid
from ..core.forbidden import PEOPLE, Forbidden
from ..engine import hub
from ..engine.causal import PromptModel
from ..engine.expansion import Limits, Writer, expand
from ..engine.llm import PromptLLM as LLM
from .folders import expansion_folders, prompt_folders, stamps
from .memory import make_room, make_room_for_text
from .rewriting import job_outputs, jobs_of, prompt_input, rewritten
from .tokens import count_tokens
from .types import CATEGORY, MAX_SEED, PromptLLM, search_words

HUB_MODEL = "RamAnanth1/distilgpt2-sd-prompts"
_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


class ExpandPrompt(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.EXPAND_PROMPT,
            display_name="Expand Prompt",
            category=CATEGORY,
            **search_words(names.EXPAND_PROMPT),
            description="Goes on with prompts, as a model that was trained on prompts would. "
            "The prompt itself stays as it is.",
            inputs=_inputs(),
            outputs=job_outputs(),
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(
        cls, prompt: object = None, model: str | None = None, hub_name: str | None = None
    ) -> bool | str:
        try:
            if prompt is not None:  # a link is known only when it runs
                jobs_of(prompt)
        except JobInvalid as error:
            return str(error)
        if hub_name and hub_name.strip():
            if not _HUB_NAME.fullmatch(hub_name.strip()):
                return f"hub_name is not such as OWNER/NAME: {hub_name!r}"
        elif model is not None and model not in _choices():
            have = ", ".join(_choices())
            return f"there is no {model!r} in models/{names.EXPANSION_FOLDER}. Choose from: {have}"
        return True

    @classmethod
    def fingerprint_inputs(
        cls, model: str | None = None, hub_name: str | None = None, **others: object
    ) -> str:
        """Of the files: a designer edits what is forbidden while the server runs."""
        chosen = expansion_folders().get(_short((hub_name or "").strip() or model or ""))
        files = sorted(chosen.iterdir()) if chosen else []
        return stamps([*files, *(folder / "forbidden.yaml" for folder in prompt_folders())])

    @classmethod
    def execute(
        cls,
        prompt: object,
        model: str,
        length: int,
        temperature: float,
        seed: int,
        keep_loaded: bool,
        llm: object = None,
        hub_name: str = "",
    ) -> io.NodeOutput:
        jobs = jobs_of(prompt, seed)
        forbidden = Forbidden.load(prompt_folders())
        bar = comfy.utils.ProgressBar(len(jobs))
        prompts: list[str] = []
        with _writer(llm, hub_name.strip() or model, keep_loaded) as writer:
            for job in jobs:
                comfy.model_management.throw_exception_if_processing_interrupted()
                limits = Limits(length, count_tokens, _forbids(forbidden, job.prompt))
                # Both seeds count: the job's, so that it gets the same in any batch.
                mixed = (job.seed + seed) % 2**64
                text = expand(job.prompt, writer, limits, seed=mixed, temperature=temperature)
                prompts.append(text)
                bar.update(1)
        return rewritten(jobs, prompts)


def _inputs() -> list[io.Input]:
    return [
        prompt_input("The prompts to go on with: a text, a JSON list of jobs, or a link of jobs."),
        io.Combo.Input(
            "model",
            options=_choices(),
            tooltip="A folder of models/prompt_expansion, or a model of huggingface.co, which is "
            "fetched when it is first used.",
        ),
        io.Int.Input(
            "length",
            default=40,
            min=1,
            max=BUDGET,
            tooltip="How much may be added, in CLIP tokens. A prompt never gets longer than 75.",
        ),
        io.Float.Input(
            "temperature",
            default=0.9,
            min=0.1,
            max=2.0,
            step=0.05,
            tooltip="How freely the model chooses. Less is more usual, more is more surprising.",
        ),
        io.Int.Input(
            "seed",
            default=1,
            min=0,
            max=MAX_SEED,
            control_after_generate=True,
            tooltip="Another seed gives other words. Each job's own seed counts as well.",
        ),
        io.Boolean.Input(
            "keep_loaded",
            default=False,
            tooltip="On keeps the model for the next run. Off frees its memory before the "
            "pictures are sampled.",
        ),
        PromptLLM.Input(
            "llm",
            optional=True,
            tooltip="Goes on with the prompts in place of the model: a GGUF model, from Load "
            "Prompt LLM.",
        ),
        io.String.Input(
            "hub_name",
            default="",
            optional=True,
            placeholder="OWNER/NAME",
            tooltip="Another model of huggingface.co, such as OWNER/NAME, in place of the model.",
        ),
    ]


def _choices() -> list[str]:
    return [*expansion_folders(), HUB_MODEL]


def _short(name: str) -> str:
    return name.rpartition("/")[2]


@contextmanager
def _writer(llm: object, model: str, keep_loaded: bool) -> Iterator[Writer]:
    if llm is None:
        device = comfy.model_management.text_encoder_device()
        handle = PromptModel(str(_folder(model)), str(device), keep_loaded)
        writer: Writer = handle
        room = make_room_for_text
    elif isinstance(llm, LLM):
        handle, writer, room = llm, llm.complete, make_room
    else:
        raise ExpanderUnavailable(
            "only a GGUF model can go on with a prompt",
            where="Expand Prompt, input llm",
            hint="Link Load Prompt LLM to it, or nothing.",
        )
    handle.open(room)
    try:
        yield writer
    finally:
        if not handle.keep_loaded:
            handle.close()
            comfy.model_management.soft_empty_cache()


def _folder(model: str) -> Path:
    """Of a model's files: put there by hand, or the hub's."""
    there = expansion_folders().get(_short(model))
    return there or hub.fetch(model, f"models/{names.EXPANSION_FOLDER}/{_short(model)}")


def _forbids(forbidden: Forbidden, prompt: str) -> Callable[[str], bool]:
    """What must not be added. People may come to people, and to no other prompt."""
    people = any(forbidden.reason(phrase) == PEOPLE for phrase in prompt.split(","))
    return lambda text: forbidden.reason(text, people=people) is not None
