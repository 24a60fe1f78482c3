"""The gate of a run: its checks, its models and its workers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..events import Report
from ..ledger import Ledger
from ..order import Order
from ..weights import folders
from .examining import QualityGate
from .near import Near, earlier_looks
from .quality import Quality
from .worker import Vectors, quality_checks
from .workers import Workers


def quality_gate(
    quality: Quality,
    order: Order,
    folder: Path,
    comfyui: Path | None,
    ledger: Ledger,
    report: Report,
    *,
    person: Vectors = (),
) -> QualityGate:
    """The gate of a run in `folder`. Its models are those of the embedded server's folders, or of
    the ComfyUI in `comfyui`. `person`: whose pictures these are."""
    layout = folders.embedded() if comfyui is None else folders.of(comfyui)
    models = {name: layout.folders(name) for name in layout.names()}
    near = Near(quality.duplicate)
    if order.themes:  # pictures that are there look like themselves, wherever they lie
        near.remember(earlier_looks(folder))
    workers = Workers(partial(quality_checks, quality.complete, models, person))
    return QualityGate(
        ledger, folder, report, workers=workers, near=near, people=order.wants_people
    )
