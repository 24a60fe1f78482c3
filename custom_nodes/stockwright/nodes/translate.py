"""Translate Prompt: prompts in any language into English, which the models read."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import comfy.model_management
import comfy.utils
import folder_paths
from comfy_api.latest import io

from ..core import names
from ..core.errors import StockwrightError
from ..core.glossary import load_glossary
from ..core.languages import AUTO, check_language
from ..engine.handles import LanguageModel
from ..engine.settings import find_yandex
from ..engine.translation import SERVICES, Translator, choose
from .folders import prompt_folders
from .memory import make_room
from .rewriting import job_outputs, jobs_of, prompt_input, rewritten
from .types import CATEGORY, PromptLLM, search_words

_SLICE = 0.25
"""Seconds after which a wait looks whether the run was interrupted."""


class TranslatePrompt(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.TRANSLATE_PROMPT,
            display_name="Translate Prompt",
            category=CATEGORY,
            **search_words(names.TRANSLATE_PROMPT),
            description="Puts prompts into English, which the image models read. English text and "
            "prompt syntax stay as they are.",
            inputs=[
                prompt_input("What to translate: text, or a link that carries jobs."),
                io.String.Input(
                    "source",
                    default=AUTO,
                    tooltip="The language of the text: auto, or a code such as ru, uk or de. Auto "
                    "takes text in Latin letters for English, so name German or French here.",
                ),
                io.Combo.Input(
                    "service",
                    options=list(SERVICES),
                    tooltip="What translates. Auto takes Yandex Translate if the server has a key "
                    "for it, and the language model if not.",
                ),
                PromptLLM.Input(
                    "llm",
                    optional=True,
                    tooltip="The language model, from Load Prompt LLM or Connect Prompt LLM. It "
                    "must know the language: the small model that comes along knows only English.",
                ),
            ],
            outputs=job_outputs(),
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, source: str | None = None) -> bool | str:
        try:
            check_language(AUTO if source is None else source)  # None: linked
        except StockwrightError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, **inputs: object) -> str:
        """Of the glossary: a designer edits it while the server runs."""
        try:
            terms = load_glossary(prompt_folders()).terms
        except StockwrightError as error:
            return str(error)  # `execute` reports it
        return hashlib.sha256(repr(sorted(terms.items())).encode()).hexdigest()

    @classmethod
    def execute(
        cls, prompt: object, source: str, service: str, llm: LanguageModel | None = None
    ) -> io.NodeOutput:
        jobs = jobs_of(prompt)
        bar = comfy.utils.ProgressBar(len(jobs))

        def on_progress(done: int, total: int) -> None:
            comfy.model_management.throw_exception_if_processing_interrupted()
            bar.update_absolute(done, total)

        texts = [job.prompt for job in jobs]
        try:
            prompts = translator(service, llm).translate(texts, source, on_progress)
        finally:
            if llm is not None and not llm.keep_loaded:
                llm.close()
        return rewritten(jobs, prompts)


def translator(service: str, llm: LanguageModel | None) -> Translator:
    """What translates with a service of SERVICES, and this server's glossary and key.

    Whoever gives a language model closes it.
    """
    # ComfyUI gives out no file of this folder over HTTP.
    folder = Path(folder_paths.get_system_user_directory("stockwright"))
    return Translator(
        lambda: choose(service, lambda: find_yandex(folder, os.environ, _pause), llm, make_room),
        folder,
        load_glossary(prompt_folders()),
    )


def _pause(seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        comfy.model_management.throw_exception_if_processing_interrupted()
        time.sleep(min(left, _SLICE))
