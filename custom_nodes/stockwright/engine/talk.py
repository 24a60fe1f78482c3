"""An `Ask` as the tokens of a chat, in the template that a GGUF file carries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..core.asking import Ask


class Talk:
    """Writes asks for one model of llama-cpp-python."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._formatter = _formatter(model)

    def pieces(self, ask: Ask) -> list[list[int]]:
        """The tokens, cut where what other calls share ends: the system text with the worked
        examples, the question, the opening of the answer. None of them is empty."""
        head, bare = self._head(ask), self._head(replace(ask, question=""))
        shared = 0
        while shared < min(len(head), len(bare)) and head[shared] == bare[shared]:
            shared += 1
        opening = self._tokenize(ask.opening, add_bos=False) if ask.opening else []
        return [piece for piece in (head[:shared], head[shared:], opening) if piece]

    def _head(self, ask: Ask) -> list[int]:
        from jinja2 import TemplateError

        if self._formatter is None:
            return self._tokenize(_plain(ask), special=True)
        talk = [
            {"role": role, "content": text}
            for question, answer in ask.turns
            for role, text in (("user", question), ("assistant", answer.rstrip("\n")))
        ]
        talk.append({"role": "user", "content": ask.question})
        try:
            written = self._formatter(messages=[{"role": "system", "content": ask.system}, *talk])
        except TemplateError:
            # Some models' templates refuse a system role.
            talk[0] = {"role": "user", "content": f"{ask.system}\n\n{talk[0]['content']}"}
            written = self._formatter(messages=talk)
        return self._tokenize(written.prompt, add_bos=not written.added_special, special=True)

    def _tokenize(self, text: str, **how: bool) -> list[int]:
        return self._model.tokenize(text.encode(), **how)


def _formatter(model: Any) -> Any:
    """None for a model without a template."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = model.metadata.get("tokenizer.chat_template")
    if not template:
        return None
    return Jinja2ChatFormatter(
        template=template,
        eos_token=_piece(model, model.token_eos()),
        bos_token=_piece(model, model.token_bos()),
    )


def _piece(model: Any, token: int) -> str:
    return model.detokenize([token], special=True).decode() if token >= 0 else ""


def _plain(ask: Ask) -> str:
    turns = "".join(f"{question}\n{answer}\n" for question, answer in ask.turns)
    return f"{ask.system}\n\n{turns}{ask.question}\n"
