"""A pack for tests: nodes that fail in chosen ways."""

from __future__ import annotations

from typing import Any


async def comfy_entrypoint() -> Any:
    import nodes
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

    trainer = nodes.NODE_CLASS_MAPPINGS["TrainLoraNode"]
    train = trainer.execute.__func__

    def execute(cls: Any, *args: Any, **inputs: Any) -> Any:
        """Out of memory for rank 3, until a training is as small as can be; in bf16 even then."""
        small = inputs["gradient_checkpointing"][0] and inputs["batch_size"][0] == 1
        if inputs["rank"][0] == 3 and not (small and inputs["training_dtype"][0] == "fp32"):
            raise torch.OutOfMemoryError("Allocation on device")
        return train(cls, *args, **inputs)

    trainer.execute = classmethod(execute)

    class Faults(ComfyExtension):
        async def get_node_list(self) -> list[type[io.ComfyNode]]:
            return [OutOfMemoryAbove]

    return Faults()
