"""Room on the GPU for models that ComfyUI does not manage itself."""

from __future__ import annotations

import comfy.model_management


def make_room(size: int) -> None:
    """Lets ComfyUI unload its own models until `size` bytes are free."""
    device = comfy.model_management.get_torch_device()
    comfy.model_management.free_memory(size, device)


def make_room_for_text(size: int) -> None:
    """The same where ComfyUI puts what reads text: that may be the CPU."""
    device = comfy.model_management.text_encoder_device()
    comfy.model_management.free_memory(size, device)
