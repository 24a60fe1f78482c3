"""The user's own manifest: entries added to and taken out of `models.yaml` in the embedded place.

People edit that file too, so what they wrote, comments included, stays as it is.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, cast

import yaml

from driver.errors import HostUntrusted, ManifestInvalid
from driver.weights import manifest, sources
from driver.weights.lockfile import write
from driver.weights.manifest import PICKLES, Manifest, Model
from driver.weights.sources import Web

_HEAD = """\
# Your own models; the keys are explained at the head of Stockwright's workflows/models.yaml.
# `trust: true` means that this host may be fetched from.
models:
"""


def add(
    known: Manifest, name: str, address: str, folder: str, file: str | None, *, trust: bool
) -> Model:
    """Add an entry. Raises ManifestInvalid or HostUntrusted, and then nothing has changed."""
    if name in known.models:
        raise ManifestInvalid(
            f"there is a model {name!r} already, from {known.models[name].address}",
            hint="Give it another name.",
        )
    if name in known.groups:
        raise ManifestInvalid(f"{name!r} is the name of a group", hint="Give it another name.")
    try:
        source = sources.parse(address)
    except ValueError as error:
        raise ManifestInvalid(str(error), where=name) from error
    entry: dict[str, Any] = {
        "name": name,
        "file": file or _file(sources.file_name(source)),
        "folder": folder,
        "source": address,
    }
    if isinstance(source, Web) and source.host not in known.hosts:
        if not trust:
            raise HostUntrusted(
                f"the manifest names no model of {source.host}",
                where=name,
                hint="Add --trust if you trust this host and the file at its address.",
            )
        entry["trust"] = True
    before = _text()
    dumped = yaml.safe_dump([entry], sort_keys=False, allow_unicode=True)
    after = before.rstrip() + "\n" + "".join(f"  {line}\n" for line in dumped.splitlines())
    return _replace(after, {*_names(before), name})[name]


def remove(name: str) -> None:
    """Take out an entry that is there. Raises ManifestInvalid, and then nothing has changed."""
    text = _text()
    lines = text.splitlines(keepends=True)
    root = cast(yaml.MappingNode, yaml.compose(text, yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]
    for key, value in cast(list[tuple[yaml.ScalarNode, yaml.SequenceNode]], root.value):
        items = cast(list[yaml.MappingNode], value.value) if key.value == "models" else []
        begins = [*(item.start_mark.line for item in items), len(lines)]
        for item, begin, end in zip(items, begins, begins[1:], strict=False):
            if ("name", name) in [(field.value, content.value) for field, content in item.value]:
                while not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#"):
                    end -= 1  # what stands before the next entry stays
                _replace("".join(lines[:begin] + lines[end:]), {*_names(text)} - {name})
                return


def _text() -> str:
    path = manifest.own_file()
    return path.read_text("utf-8") if path.exists() else _HEAD


def _names(text: str) -> set[str]:
    return {*manifest.parse(text, str(manifest.own_file()), own=True)}


def _replace(text: str, names: set[str]) -> dict[str, Model]:
    """Write the file, once it is sure that it holds the entries of these names."""
    path = manifest.own_file()
    try:
        models = manifest.parse(text, str(path), own=True)
    except ManifestInvalid as error:
        if not path.exists() or "not YAML" not in error.what:
            raise
        models = {}
    if models.keys() != names:
        raise ManifestInvalid(
            "its layout does not let an entry be added or taken out",
            where=str(path),
            hint="Change it by hand, or make `models` the last key, with one line for each key.",
        )
    write(path, text)
    return models


def _file(name: str) -> str:
    path = PurePosixPath(name)
    return f"{path.stem}.safetensors" if path.suffix.lower() in PICKLES else name
