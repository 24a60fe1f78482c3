"""Networks that restore an aligned face, from files, by spandrel.

GFPGAN, RestoreFormer and, where spandrel_extra_arches is installed, CodeFormer. All three take and
give RGB in [-1, 1] at 512 pixels, as their authors' own programs call them. They are called without
spandrel's wrapper, which cuts GFPGAN's and CodeFormer's answers off at 0, and lets GFPGAN add noise
that is new each time; here it adds the noise that is stored in its file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...core.errors import FaceModelInvalid, FaceRestorationFailed

ENDINGS = (".safetensors", ".pth")
Call = Callable[[nn.Module, torch.Tensor], torch.Tensor]

CALLS: Mapping[str, Call] = {
    "GFPGAN": lambda network, x: network(x, return_rgb=False, randomize_noise=False)[0],
    "RestoreFormer": lambda network, x: network(x)[0],
    # Its authors' default: as much of the picture as of what the network knows of faces.
    "CodeFormer": lambda network, x: network(x, weight=0.5)[0],
}
"""How each architecture is called: (n, 3, 512, 512) RGB in [-1, 1] to the same."""


@dataclass(frozen=True)
class Restorer:
    """A loaded network; whoever moves `network` to another device or dtype moves the restorer."""

    name: str
    network: nn.Module
    call: Call
    takes_bf16: bool = False

    def __call__(self, faces: torch.Tensor) -> torch.Tensor:
        """Restored faces for faces (n, 3, 512, 512), both RGB in [0, 1], float32.

        The same faces give the same result. Raises FaceRestorationFailed for NaN, infinity or
        another shape.
        """
        weight = next(self.network.parameters())
        with torch.inference_mode():
            signed = (faces.float() * 2 - 1).to(weight.device, weight.dtype)
            given = self.call(self.network, signed)
        if given.shape != faces.shape:
            raise FaceRestorationFailed(
                f"it gave {tuple(given.shape)} for faces of {tuple(faces.shape)}",
                where=f"face model {self.name}",
                hint="Take another file in Load Face Model.",
            )
        if not torch.isfinite(given).all():
            raise FaceRestorationFailed(
                f"it gave values that are no numbers, in {weight.dtype} on {weight.device}",
                where=f"face model {self.name}",
                hint="Fetch the file again, or start ComfyUI with --force-fp32.",
            )
        return ((given.float() + 1) / 2).clamp(0, 1).to(faces.device)


def load_restorer(path: Path) -> Restorer:
    """The network of a file, on the processor, in float32.

    Raises:
        FaceModelInvalid: it is missing or broken, holds code, or is no network that restores faces.
    """
    from spandrel import ModelLoader, UnsupportedModelError

    weights = _read(path)
    try:
        loaded = ModelLoader(registry=_registry()).load_from_state_dict(weights)
    except UnsupportedModelError as error:
        raise _no_face_model("of a kind that is not known", path) from error
    except (RuntimeError, KeyError, ValueError, AttributeError) as error:
        raise FaceModelInvalid(f"its weights do not fit together: {error}", where=str(path)) from (
            error
        )
    kind = str(loaded.architecture.id)
    if kind not in CALLS:
        raise _no_face_model(f"a {kind}", path)
    network = loaded.model.float().eval().requires_grad_(False)
    return Restorer(f"{kind} ({path.name})", network, CALLS[kind], loaded.supports_bfloat16)


def _no_face_model(what: str, path: Path) -> FaceModelInvalid:
    extra = "" if "CodeFormer" in _registry() else " with spandrel_extra_arches installed"
    return FaceModelInvalid(
        f"it is {what}, and no network that restores faces",
        where=str(path),
        hint=f"GFPGAN and RestoreFormer can be used, and CodeFormer{extra}.\n"
        "Fetch GFPGAN: python driver/models.py pull gfpgan",
    )


def _registry() -> Any:
    """The architectures that spandrel knows, and the extra ones if they are installed."""
    from spandrel import MAIN_REGISTRY

    registry = MAIN_REGISTRY.copy()
    try:
        from spandrel_extra_arches import EXTRA_REGISTRY
    except ImportError:  # the user has not installed them
        return registry
    # ComfyUI may have put them into the main registry already.
    registry.add(*(extra for extra in EXTRA_REGISTRY if extra.architecture.id not in registry))
    return registry


def _read(path: Path) -> dict[str, Any]:
    """The tensors of a file by their names. A .pth is opened by weights-only loading, which builds
    tensors and runs nothing."""
    try:
        if path.suffix.lower() == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise FaceModelInvalid(
            "the file is not there",
            where=str(path),
            hint="Fetch GFPGAN: python driver/models.py pull gfpgan",
        ) from error
    except Exception as error:
        raise FaceModelInvalid(
            f"it cannot be read as weights: {error}",
            where=str(path),
            hint="Take a .safetensors file, or a .pth that holds weights and nothing else.",
        ) from error
    for part in ("params_ema", "params", "state_dict"):
        if isinstance(loaded, dict) and isinstance(loaded.get(part), dict):
            return loaded[part]
    if isinstance(loaded, dict) and all(isinstance(v, torch.Tensor) for v in loaded.values()):
        return loaded
    raise FaceModelInvalid("it holds no weights under a name that is known", where=str(path))
