"""What is there of a model on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from driver.weights import formats
from driver.weights.folders import Layout
from driver.weights.lockfile import Lock
from driver.weights.manifest import Manifest, Model
from driver.weights.sources import file_name


class Kind(StrEnum):
    CHECKED = "there"
    """Its hash was right when it was put there, and it has not been touched since."""
    UNCHECKED = "there, hash not checked"
    PARTIAL = "begun"
    BROKEN = "broken"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class State:
    kind: Kind
    path: Path
    """Where it is, or where it would be put."""
    size: int | None = None
    """Bytes that are there."""
    reason: str = ""

    @property
    def usable(self) -> bool:
        return self.kind in (Kind.CHECKED, Kind.UNCHECKED)


def part_in(folder: Path, model: Model) -> Path:
    """Where the unfinished download of its file lies: no loader lists such a name."""
    name = file_name(model.source) if model.converted else model.file
    return folder / f".{name}.part"


def look(model: Model, layout: Layout, lock: Lock) -> State:
    """Reads the file's header, not the whole of it."""
    path = layout.find(model)
    if path is None:
        target = layout.target(model)
        parts = [part_in(folder, model) for folder in layout.folders(model.folder)]
        begun = next((part for part in parts if part.is_file()), None)
        if begun is not None and (size := begun.stat().st_size):
            return State(Kind.PARTIAL, target, size)
        return State(Kind.MISSING, target)
    try:
        size = path.stat().st_size
        reason = _wrong_size(model, size) or formats.fault(path)
    except OSError as error:
        return State(Kind.BROKEN, path, None, str(error))
    if reason:
        return State(Kind.BROKEN, path, size, reason)
    return State(Kind.CHECKED if lock.is_as_put(path) else Kind.UNCHECKED, path, size)


def expected_sha256(model: Model, path: Path, lock: Lock) -> str | None:
    """What the file at `path` has to have, as far as anybody said."""
    if model.converted:
        put = lock.file(path)
        return put[0] if put else None
    before = lock.source(model.address)
    return model.sha256 or (before[0] if before else None)


def others(manifest: Manifest, layout: Layout) -> Iterator[Path]:
    """Files in the model folders that a loader would take and the manifest does not have."""
    known = {layout.find(model) for model in manifest.models.values()}
    seen: set[Path] = set()
    for name in layout.names():
        for folder in layout.folders(name):
            for path in sorted(folder.rglob("*")):
                model = formats.is_model(path) or formats.is_pickle(path)
                if model and path.is_file() and path not in known and path not in seen:
                    seen.add(path)
                    yield path


def _wrong_size(model: Model, size: int) -> str | None:
    if model.converted or model.size in (None, size):
        return None
    return f"it has {size} bytes and should have {model.size}"
