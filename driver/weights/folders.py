"""The model folders of one ComfyUI, as it would find them itself.

Its own are `models/<name>` (a few names have an older one beside them). `extra_model_paths.yaml`
beside its main.py, and files like it, add more: behind the own ones, or before them where
`is_default` is set. The first folder of a name is where new files go.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from driver import places
from driver.errors import ManifestInvalid, ModelUnknown
from driver.weights.manifest import Model

_LEGACY = {"unet": "diffusion_models", "clip": "text_encoders"}
_OWN: dict[str, tuple[str, ...]] = {
    "checkpoints": ("checkpoints",),
    "clip_vision": ("clip_vision",),
    "controlnet": ("controlnet", "t2i_adapter"),
    "diffusion_models": ("unet", "diffusion_models"),
    "embeddings": ("embeddings",),
    "loras": ("loras",),
    "photomaker": ("photomaker",),
    "text_encoders": ("text_encoders", "clip"),
    "upscale_models": ("upscale_models",),
    "vae": ("vae",),
}
"""ComfyUI's names whose folders come before those of extra_model_paths.yaml."""


@dataclass(frozen=True, slots=True)
class Layout:
    comfyui: Path
    """The folder with its main.py, whose Python converts."""
    models: Path
    named: dict[str, list[tuple[Path, bool]]]
    """What extra_model_paths files name: folder and whether it is the default."""

    def folders(self, name: str) -> list[Path]:
        """Where ComfyUI looks for files of the model folder `name`, in order."""
        name = _LEGACY.get(name, name)
        own = [self.models / folder for folder in _OWN.get(name, ())]
        found = list(own)
        for folder, default in self.named.get(name, []):
            if default:
                found = [folder, *(other for other in found if other != folder)]
            elif folder not in found:
                found.append(folder)
        if not own:  # a node pack registers its folder after the files were read
            found.append(self.models / name)
        return list(dict.fromkeys(found))

    def names(self) -> list[str]:
        """All model folders that there may be files in."""
        on_disk = [folder.name for folder in _subfolders(self.models)]
        known = [*_OWN, *self.named, *on_disk]
        names = {_LEGACY.get(name, name) for name in known}
        return sorted(names - {"configs", "custom_nodes", "t2i_adapter"})

    def find(self, model: Model) -> Path | None:
        """The file that ComfyUI would load."""
        places = [folder / model.file for folder in self.folders(model.folder)]
        return next((place for place in places if place.is_file()), None)

    def target(self, model: Model, into: Path | None = None) -> Path:
        """Where a new file goes: the first folder, or the first that lies in `into`."""
        folders = self.folders(model.folder)
        inside = [folder for folder in folders if into is None or _within(folder, into)]
        if not inside:
            raise ModelUnknown(
                f"no folder of {model.folder!r} lies in {into}",
                where=model.name,
                hint="There are: " + ", ".join(map(str, folders)),
            )
        return inside[0] / model.file


def embedded(extra: Sequence[Path] = ()) -> Layout:
    return _layout(places.COMFYUI, places.MODELS, extra)


def of(comfyui: Path, extra: Sequence[Path] = ()) -> Layout:
    """The folders of a ComfyUI of the user's own. Raises ModelUnknown if it is none."""
    comfyui = comfyui.expanduser().absolute()
    if not (comfyui / "main.py").is_file():
        raise ModelUnknown(
            "there is no main.py in it",
            where=str(comfyui),
            hint="Give the folder of a ComfyUI, the one that holds its main.py.",
        )
    return _layout(comfyui, comfyui / "models", extra)


def _layout(comfyui: Path, models: Path, extra: Sequence[Path]) -> Layout:
    usual = comfyui / "extra_model_paths.yaml"
    named: dict[str, list[tuple[Path, bool]]] = {}
    for file in [*([usual] if usual.is_file() else []), *extra]:
        for name, folder, default in _read(file):
            named.setdefault(name, []).append((folder, default))
    return Layout(comfyui, models, named)


def _read(file: Path) -> list[tuple[str, Path, bool]]:
    try:
        data: object = yaml.safe_load(file.read_text("utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ManifestInvalid(str(error), where=str(file)) from error
    if not isinstance(data, dict):
        raise ManifestInvalid("it is not a mapping", where=str(file))
    found: list[tuple[str, Path, bool]] = []
    for title, section in cast(dict[Any, Any], data).items():
        if section is None:
            continue
        if not isinstance(section, dict):
            raise ManifestInvalid("it is not a mapping", where=f"{file}, {title}")
        fields = dict(cast(dict[Any, Any], section))
        default = bool(fields.pop("is_default", False))
        base = Path(os.path.expandvars(str(fields.pop("base_path", "") or ""))).expanduser()
        for name, lines in fields.items():
            for line in filter(None, str(lines).split("\n")):
                place = os.path.normpath(file.absolute().parent / base / line)
                found.append((_LEGACY.get(str(name), str(name)), Path(place), default))
    return found


def _subfolders(folder: Path) -> list[Path]:
    return [item for item in folder.iterdir() if item.is_dir()] if folder.is_dir() else []


def _within(folder: Path, outer: Path) -> bool:
    return folder.resolve().is_relative_to(outer.expanduser().resolve())
