"""Small upscale models, in spandrel's own wrapping."""

from __future__ import annotations

from typing import Any

import torch
from spandrel import MAIN_REGISTRY, ImageModelDescriptor, ModelTiling
from torch import nn

from stockwright.engine.enlarging import Host

RADIUS = 3
"""How far `Convolutions` looks around, in pixels."""


class Convolutions(nn.Module):
    """Random, the same for the same seed; three layers of 3x3."""

    def __init__(self, scale: int, channels: int = 3, seed: int = 5) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, channels * scale**2, 3, padding=1),
            nn.PixelShuffle(scale),
            nn.Sigmoid(),
        )
        for weights in self.parameters():
            nn.init.normal_(weights.requires_grad_(False), std=0.3, generator=generator)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.layers(pictures)


class Model(ImageModelDescriptor[nn.Module]):
    """Takes down what it is called with."""

    def __init__(
        self,
        network: nn.Module,
        scale: int = 2,
        channels: int = 3,
        out: int | None = None,
        tiling: ModelTiling = ModelTiling.SUPPORTED,
        **more: Any,
    ) -> None:
        super().__init__(
            network,
            network.state_dict(),
            architecture=MAIN_REGISTRY.architectures()[0],
            purpose="SR",
            tags=[],
            supports_half=False,
            supports_bfloat16=True,
            scale=scale,
            input_channels=channels,
            output_channels=out or channels,
            tiling=tiling,
            **more,
        )
        self.seen: list[tuple[int, ...]] = []
        """The shapes of its calls: pictures, channels, height, width."""

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        self.seen.append(tuple(image.shape))
        return super().__call__(image)


class Enlarging(nn.Module):
    """Nearest neighbours, and a random level for each call where `levels` are wanted."""

    def __init__(self, scale: int = 2, levels: bool = False, limit: float = float("inf")) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1), requires_grad=False)
        self.scale = scale
        self.limit = limit
        self.error: Exception = torch.cuda.OutOfMemoryError("CUDA out of memory")
        self.levels = torch.Generator().manual_seed(1) if levels else None

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        count, _, height, width = pictures.shape
        if count * height * width > self.limit:
            raise self.error
        large = nn.functional.interpolate(pictures, scale_factor=self.scale, mode="nearest")
        if self.levels is None:
            return large
        return large + torch.rand(count, 1, 1, 1, generator=self.levels) / 5


class Told:
    """A machine with so much memory, and what it was told."""

    def __init__(self, memory: float = 1e12, precision: torch.dtype = torch.float32) -> None:
        self.progress: list[float] = []
        self.released = 0
        cpu = torch.device("cpu")
        self.host = Host(cpu, cpu, precision, lambda: int(memory), self._release, self._progress)

    def _release(self) -> None:
        self.released += 1

    def _progress(self, done: float) -> None:
        self.progress.append(done)
