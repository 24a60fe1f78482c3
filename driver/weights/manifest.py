"""The model manifests: `workflows/models.yaml`, and the user's own beside the embedded server.

Both have one key, `models`, a list of entries; the shipped file's head explains them. An entry of
the user's own file takes the place of a shipped one of the same name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

import yaml

from driver import places
from driver.errors import ManifestInvalid, ModelUnknown
from driver.weights import sources
from driver.weights.sources import Source, Web

READY = (".safetensors", ".gguf", ".onnx", ".json")
"""Kinds of file that are used as they are."""
PICKLES = (".pth", ".pt", ".ckpt", ".bin")
"""Kinds of file that are converted first, since loading one may run what is in it."""

_REQUIRED = {"name", "file", "folder", "source"}
_OPTIONAL = {"size", "sha256", "licence", "commercial", "groups", "graphs", "take", "tensors"}
_OWN = frozenset({"trust"})
_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    file: str
    """Its name in the model folder, always of a kind in READY."""
    folder: str
    """The model folder as ComfyUI names it."""
    address: str
    source: Source
    size: int | None
    """Bytes of the source's file, exactly; None where unknown."""
    about: int | None
    """Bytes, roughly, where the exact size is unknown."""
    sha256: str | None
    """Of the source's file."""
    licence: str
    commercial: bool | None
    groups: tuple[str, ...]
    graphs: tuple[str, ...]
    take: str | None
    """The part of a converted file that is kept."""
    tensors: str | None
    """Path in the same package: what a TensorFlow.js file holds."""
    own: bool
    trust: bool

    @property
    def converted(self) -> bool:
        return PurePosixPath(sources.file_name(self.source)).suffix.lower() in PICKLES


@dataclass(frozen=True, slots=True)
class Manifest:
    models: Mapping[str, Model]

    @property
    def groups(self) -> list[str]:
        named = dict.fromkeys(group for model in self.models.values() for group in model.groups)
        return [*named, "all"]

    @property
    def hosts(self) -> set[str]:
        """Hosts that are fetched from without a further word."""
        return {
            model.source.host
            for model in self.models.values()
            if isinstance(model.source, Web) and (model.trust or not model.own)
        }

    def select(self, names: Iterable[str]) -> list[Model]:
        """The models of these names and groups, each once. Raises ModelUnknown."""
        chosen: dict[str, Model] = {}
        for name in names:
            if name in self.models:
                chosen[name] = self.models[name]
                continue
            if name not in self.groups:
                raise ModelUnknown(f"there is no model or group {name!r}", hint=self._near(name))
            chosen |= {
                model.name: model
                for model in self.models.values()
                if name in model.groups or (name == "all" and model.groups)
            }
        return list(chosen.values())

    def _near(self, name: str) -> str:
        near = difflib.get_close_matches(name, [*self.models, *self.groups], n=3)
        if near:
            return f"Did you mean {' or '.join(near)}?"
        return f"Groups: {', '.join(self.groups)}. Models: {', '.join(self.models)}."


def shipped_file() -> Path:
    return places.WORKFLOWS / "models.yaml"


def own_file() -> Path:
    return places.EMBEDDED / "models.yaml"


def load() -> Manifest:
    """Both manifests. Raises ManifestInvalid, which names the file, the entry and the key."""
    models = read(shipped_file(), own=False)
    if own_file().exists():
        models |= read(own_file(), own=True)
    return Manifest(models)


def read(path: Path, *, own: bool) -> dict[str, Model]:
    try:
        return parse(path.read_text("utf-8"), str(path), own=own)
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestInvalid(str(error), where=str(path)) from error


def parse(text: str, where: str, *, own: bool) -> dict[str, Model]:
    try:
        data: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ManifestInvalid(f"not YAML: {error}", where=where) from error
    top = cast(dict[str, object], data) if isinstance(data, dict) else {}
    entries = top.get("models", ...)
    if entries is None:
        return {}
    if not isinstance(entries, list):
        raise ManifestInvalid("it has no list `models`", where=where)
    found: dict[str, Model] = {}
    for number, entry in enumerate(cast(list[object], entries), 1):
        if not isinstance(entry, dict):
            raise ManifestInvalid("it is not a mapping", where=f"{where}, entry {number}")
        fields = cast(dict[str, Any], entry)
        place = f"{where}, {fields.get('name', f'entry {number}')}"
        try:
            model = _model(fields, own=own)
        except (ValueError, TypeError) as error:
            raise ManifestInvalid(str(error), where=place) from error
        if model.name in found:
            raise ManifestInvalid("another entry has this name", where=place)
        found[model.name] = model
    return found


def _model(fields: dict[str, Any], *, own: bool) -> Model:
    allowed = _REQUIRED | _OPTIONAL | (_OWN if own else frozenset[str]())
    for key in fields.keys() - allowed:
        near = difflib.get_close_matches(str(key), allowed, n=1)
        raise ValueError(f"unknown key {key!r}" + (f": {near[0]}?" if near else ""))
    for key in sorted(_REQUIRED - fields.keys()):
        raise ValueError(f"the key {key!r} is missing")
    text = {key: _text(fields, key) for key in ("name", "file", "folder", "source")}
    source = sources.parse(text["source"])
    size, about = _size(fields.get("size"))
    model = Model(
        name=_matching("name", text["name"], r"[a-z0-9][a-z0-9._-]*"),
        file=_plain_file(text["file"]),
        folder=_matching("folder", text["folder"], r"[A-Za-z0-9_][A-Za-z0-9_-]*"),
        address=text["source"],
        source=source,
        size=size,
        about=about,
        sha256=_sha256(fields.get("sha256")),
        licence=_text(fields, "licence", "unknown"),
        commercial=_bool(fields, "commercial"),
        groups=_texts(fields, "groups"),
        graphs=_texts(fields, "graphs"),
        take=_text(fields, "take", "") or None,
        tensors=_text(fields, "tensors", "") or None,
        own=own,
        trust=_bool(fields, "trust") or False,
    )
    if model.folder == "custom_nodes":
        raise ValueError("'folder': custom_nodes is for programs, not for models")
    if model.name in ("all", *model.groups):
        raise ValueError("'name' is that of a group")
    if model.converted and not model.file.endswith(".safetensors"):
        raise ValueError("'file' has to end with .safetensors: the source's file is converted")
    if (model.take or model.tensors) and not model.converted:
        raise ValueError("'take' and 'tensors' are for files that are converted")
    return model


def _text(fields: dict[str, Any], key: str, default: str | None = None) -> str:
    value = fields.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise ValueError(f"{key!r} is not a text: {value!r}")
    return value


def _texts(fields: dict[str, Any], key: str) -> tuple[str, ...]:
    value = fields.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, str) for v in cast(list[Any], value)):
        raise ValueError(f"{key!r} is not a list of texts: {value!r}")
    return tuple(cast(list[str], value))


def _bool(fields: dict[str, Any], key: str) -> bool | None:
    value = fields.get(key)
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{key!r} is neither yes nor no: {value!r}")
    return value


def _matching(key: str, value: str, pattern: str) -> str:
    if not re.fullmatch(pattern, value):
        raise ValueError(f"{key!r} holds characters that it must not: {value!r}")
    return value


def _plain_file(value: str) -> str:
    if not re.fullmatch(r"[\w][\w.+ ()-]*", value) or len(value.encode()) > 200:
        raise ValueError(f"'file' is not a plain file name: {value!r}")
    if not value.lower().endswith(READY):
        raise ValueError(f"'file' ends with none of {', '.join(READY)}: {value!r}")
    return value


def _sha256(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value.lower()):
        raise ValueError(f"'sha256' is not 64 hexadecimal digits: {value!r}")
    return value.lower()


def _size(value: object) -> tuple[int | None, int | None]:
    """Exact bytes from a number; rough ones from a text such as `about 4.7 GB`."""
    if value is None:
        return None, None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value, None
    if found := re.fullmatch(r"about (\d+(?:\.\d+)?) (KB|MB|GB)", str(value)):
        return None, round(float(found[1]) * _UNITS[found[2]])
    raise ValueError(f"'size' is neither a number of bytes nor such as `about 4.7 GB`: {value!r}")
