"""Which models made a run's pictures: files with their hashes, as far as this machine can tell.

by                 the hash is that of
-----------------  ----------------------------------------------------------------
this file          the file in a model folder of this machine, read or as it was put there
models.yaml        the file that the manifest has under this name: the server is elsewhere
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .events import Notice, Report
from .hashing import file_sha256
from .ledger import Ledger
from .weights import folders, manifest
from .weights.folders import Layout
from .weights.lockfile import Lock
from .weights.manifest import Manifest


@dataclass(frozen=True, slots=True)
class HashedModel:
    file: str
    sha256: str
    """Empty where it is not known."""
    by: str


def settle_models(
    ledger: Ledger, files: Sequence[str], comfyui: Path | None, report: Report, *, here: bool
) -> None:
    """Writes the models of a run into its ledger, once: a large file takes its time. `here`: the
    server is on this machine, the embedded one or that of the folder `comfyui`."""
    told: list[dict[str, str]] = ledger.settled("models") or []
    known = {model["file"]: model for model in told}
    new = [file for file in files if file not in known]
    if not new and len(known) == len(files):
        return
    layout = None
    if here:
        layout = folders.embedded() if comfyui is None else folders.of(comfyui)
        if new:
            report(Notice(f"Reading {', '.join(new)}, for the SHA-256 in the report"))
    for model in hashed(new, layout, manifest.load(), Lock()):
        known[model.file] = asdict(model)
    ledger.settle("models", [known[file] for file in files])


def hashed(
    files: Iterable[str], layout: Layout | None, manifest: Manifest, lock: Lock
) -> list[HashedModel]:
    """Each model file, by its name as a node has it. `layout`: the folders of the server that
    painted, if it is on this machine."""
    return [_hashed(file, layout, manifest, lock) for file in files]


def _hashed(file: str, layout: Layout | None, manifest: Manifest, lock: Lock) -> HashedModel:
    path = _find(file, layout) if layout else None
    if path is not None:
        put = lock.file(path) if lock.is_as_put(path) else None
        return HashedModel(file, put[0] if put else file_sha256(path), "this file")
    named = Path(file.replace("\\", "/")).name
    known = [m.sha256 for m in manifest.models.values() if m.file == named and not m.converted]
    return (
        HashedModel(file, known[0], "models.yaml")
        if known and known[0]
        else (HashedModel(file, "", ""))
    )


def _find(file: str, layout: Layout) -> Path | None:
    places = (folder / file for name in layout.names() for folder in layout.folders(name))
    return next((place for place in places if place.is_file()), None)
