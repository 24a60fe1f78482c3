"""Room on the GPU for models that ComfyUI does not manage itself."""

from __future__ import annotations

import comfy.model_management


def make_room(size: int) -> None:
    """Lets ComfyUI unload its own models until `size` bytes are free."""
    device = comfy.model_management.get_torch_device()
    comfy.model_management.free_memory(size, device)
