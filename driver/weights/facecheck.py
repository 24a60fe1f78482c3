"""`models.py check`: a known face restored with each face model, in the server's own Python."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from driver import places
from driver.errors import ModelUnknown, SetupFailed
from driver.host import commands
from driver.weights import remote
from driver.weights.folders import Layout
from stockwright.core import names

_PROGRAM = "stockwright.engine.faces.selfcheck"
_ENDINGS = (".safetensors", ".pth")
_UNABLE = 3


def check(layout: Layout, python: Path, out: Path, tick: commands.Tick) -> int:
    """Print what each file of the face models' folder makes of a face; how many are no good.

    `out` gets a picture of each. Raises ModelUnknown if there is no file, and SetupFailed where
    `python` cannot restore faces.
    """
    folders = layout.folders(names.FACE_RESTORATION_FOLDER)
    files = sorted(f for place in folders for f in _files(place) if f.suffix in _ENDINGS)
    if not files:
        raise ModelUnknown(
            "there is no face model to check",
            where=", ".join(map(str, folders)),
            hint=f"`{remote.COMMAND} pull gfpgan` fetches one.",
        )
    out.mkdir(parents=True, exist_ok=True)
    findings = _findings(layout, python, files, out, tick)
    _print(findings)
    print(f"The real face, the spoilt one and the restored one: {out}/*.png")
    return sum(not finding["good"] for finding in findings)


def _files(folder: Path) -> list[Path]:
    return [item for item in folder.iterdir() if item.is_file()] if folder.is_dir() else []


def _findings(
    layout: Layout, python: Path, files: list[Path], out: Path, tick: commands.Tick
) -> list[dict[str, Any]]:
    line = [str(python), "-m", _PROGRAM, *map(str, files), "--out", str(out)]
    folders = layout.folders("face_identity")
    identity = [f for place in folders for f in _files(place) if f.suffix == ".safetensors"]
    line += ["--identity", str(identity[0])] if identity else []
    line += ["--detection", *map(str, layout.folders(names.FACE_DETECTION_FOLDER))]
    found = os.pathsep.join(filter(None, [str(places.CUSTOM_NODES), os.environ.get("PYTHONPATH")]))
    report = out / "report.json"
    try:
        commands.run(line, "restoring faces", tick, env={"PYTHONPATH": found})
    except commands.CommandFailed as failed:
        if failed.status == _UNABLE:
            raise ModelUnknown(**json.loads(report.read_text("utf-8"))) from failed
        raise SetupFailed(
            f"it cannot restore faces. Its last lines:\n{failed.tail()}",
            where=str(python),
            hint="Name the Python that runs ComfyUI: --python PATH",
        ) from failed
    return json.loads(report.read_text("utf-8"))


def _print(findings: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    columns = ("file", "network", "PSNR, dB", "sharpness", "distance", "seconds", "verdict")
    for column in columns:
        table.add_column(column, overflow="fold")
    for one in findings:
        table.add_row(
            Path(one["file"]).name,
            one["name"].partition(" (")[0],
            _pair(one["psnr"], 1),
            _pair(one["sharpness"], 2),
            _pair(one["distance"], 2),
            "" if one["seconds"] is None else f"{one['seconds']:.1f}",
            "good" if one["good"] else f"BAD: {one['reason']}",
        )
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 240
    console.print(table)


def _pair(values: list[float] | None, digits: int) -> str:
    return "" if values is None else " to ".join(f"{value:.{digits}f}" for value in values)
