"""A pack for tests: nodes that fail in chosen ways."""

from __future__ import annotations

from typing import Any


async def comfy_entrypoint() -> Any:
    import torch
    from comfy_api.latest import ComfyExtension, io

    class OutOfMemoryAbove(io.ComfyNode):
        """Passes up to `limit` pictures on, and is out of memory for more."""

        @classmethod
        def define_schema(cls) -> io.Schema:
            return io.Schema(
                node_id="TestOutOfMemoryAbove",
                inputs=[io.Image.Input("images"), io.Int.Input("limit", default=1)],
                outputs=[io.Image.Output()],
            )

        @classmethod
        def execute(cls, images: Any, limit: int) -> io.NodeOutput:
            if len(images) > limit:
                raise torch.OutOfMemoryError("Allocation on device")
            return io.NodeOutput(images)

    class Faults(ComfyExtension):
        async def get_node_list(self) -> list[type[io.ComfyNode]]:
            return [OutOfMemoryAbove]

    return Faults()
