"""Connect Prompt LLM: a language model that runs on a server of its own."""

from __future__ import annotations

import comfy.model_management
from comfy_api.latest import io

from ..core import names
from ..core.addresses import LLM_KEY, check_key_variable, llm_address
from ..core.errors import StockwrightError
from ..engine.remote import RemoteLLM
from .types import CATEGORY, PromptLLM, search_words


class ConnectPromptLLM(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.CONNECT_LLM,
            display_name="Connect Prompt LLM",
            category=CATEGORY,
            **search_words(names.CONNECT_LLM),
            description="A language model on a server, such as llama-server, vLLM or Ollama, "
            "that names what the pictures show.",
            inputs=[
                io.String.Input(
                    "url",
                    default="http://127.0.0.1:8080",
                    tooltip="The server's address. ComfyUI's server makes the connection. "
                    "Never put a key in here.",
                ),
                io.String.Input(
                    "model",
                    default="",
                    tooltip="The model's name, as the server calls it. Empty takes the first one "
                    "that the server names.",
                ),
                io.Int.Input(
                    "parallel",
                    default=4,
                    min=1,
                    max=64,
                    tooltip="How many requests are sent at once. A server with several slots "
                    "answers them together.",
                ),
                io.Int.Input(
                    "timeout",
                    default=120,
                    min=1,
                    max=3600,
                    tooltip="Seconds to wait for an answer. The first one is slow while the "
                    "server loads its model.",
                ),
                io.String.Input(
                    "key_variable",
                    default=LLM_KEY,
                    tooltip="The environment variable of ComfyUI's server that holds the key, if "
                    f"the model needs one. Its name begins with {LLM_KEY}.",
                ),
            ],
            outputs=[
                PromptLLM.Output(
                    display_name="llm", tooltip="The language model, for Write Theme Prompts."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, url: str | None = None, key_variable: str | None = None) -> bool | str:
        try:
            if url is not None:  # None: linked
                llm_address(url)
            if key_variable is not None:
                check_key_variable(key_variable)
        except StockwrightError as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls, url: str, model: str, parallel: int, timeout: int, key_variable: str
    ) -> io.NodeOutput:
        interrupted = comfy.model_management.throw_exception_if_processing_interrupted
        return io.NodeOutput(
            RemoteLLM(url, model.strip(), parallel, timeout, key_variable, interrupted)
        )
