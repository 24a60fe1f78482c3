from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from . import layout


class SketchExtension(ComfyExtension):
    # Not in on_load: ComfyUI 0.3.75 declares that method but does not call it.
    def __init__(self) -> None:
        layout.register()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return []
