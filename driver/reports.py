"""What a run leaves besides its pictures: manifests and contact sheets, made from the ledger.

`manifest.csv` and `manifest.jsonl` have one row a finished picture with all of its job, its file
(relative to the run folder), pixels, bytes, SHA-256 and the checkpoint that painted it;
`failed.jsonl` has the jobs that were given up, with the reason. `contact-sheet.jpg` shows the
pictures by theme and kind; pools that do not fit go on in `contact-sheet-2.jpg` and so on.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from .collect import FORMATS, write_file
from .ledger import Entry, JobState, Ledger
from .lettering import cut, font

THUMB, GAP, CAPTION, HEADING, COLUMNS = 224, 16, 36, 52, 5
PAGE_ROWS = 40
_INK, _SOFT, _PAPER, _FRAME = "#1c1e21", "#62666d", "#ffffff", "#e6e8eb"


def write_manifests(ledger: Ledger, folder: Path) -> None:
    """Writes the manifests and the list of failed jobs anew."""
    checkpoint = ledger.settled("checkpoint") or ""
    rows = [_row(e, checkpoint) for e in ledger.entries() if e.state is JobState.DONE]
    table = io.StringIO()
    if rows:
        writer = csv.DictWriter(table, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"axes": _in_a_cell(row["axes"])} for row in rows)
    # The signature lets spreadsheets read it as UTF-8.
    write_file(folder / "manifest.csv", table.getvalue().encode("utf-8-sig"))
    write_file(folder / "manifest.jsonl", _lines(rows))
    failed = [
        entry.job.to_dict() | {"error": entry.error}
        for entry in ledger.entries()
        if entry.state is JobState.FAILED
    ]
    if failed:
        write_file(folder / "failed.jsonl", _lines(failed))
    else:
        (folder / "failed.jsonl").unlink(missing_ok=True)


def _row(entry: Entry, checkpoint: str) -> dict[str, Any]:
    assert entry.file is not None
    file = entry.file
    made: dict[str, Any] = {"file": file.path, "width": file.width, "height": file.height}
    made |= {"bytes": file.size, "sha256": file.sha256, "checkpoint": checkpoint}
    job = entry.job
    return job.to_dict() | {"origin": job.origin, "axes": dict(job.axes)} | made


def _in_a_cell(axes: dict[str, str]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in axes.items())


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def write_sheets(ledger: Ledger, folder: Path) -> list[Path]:
    """Draws the contact sheet anew. Returns its pages."""
    entries = [entry for entry in ledger.entries() if entry.state is JobState.DONE]
    # A theme's kinds stay together even where failed jobs were replaced later.
    order = {key: n for n, key in enumerate(dict.fromkeys(map(_heading, entries)))}
    entries.sort(key=lambda entry: order[_heading(entry)])
    pages: list[Path] = []
    checkpoint = ledger.settled("checkpoint")
    foot = f"painted by {checkpoint}" if checkpoint else ""  # none had a part in enlarging
    for number, page in enumerate(_pages(entries), 1):
        path = folder / ("contact-sheet.jpg" if number == 1 else f"contact-sheet-{number}.jpg")
        buffer = io.BytesIO()
        _draw_page(page, folder, foot).save(buffer, "JPEG", quality=90, subsampling=0)
        write_file(path, buffer.getvalue())
        pages.append(path)
    for old in set(folder.glob("contact-sheet*.jpg")) - set(pages):
        old.unlink()
    return pages


def _heading(entry: Entry) -> tuple[str, str]:
    return entry.job.theme, entry.job.kind


def _pages(entries: list[Entry]) -> Iterator[list[list[Entry]]]:
    """Rows of up to COLUMNS pictures of one theme and kind, PAGE_ROWS rows a page."""
    rows: list[list[Entry]] = []
    for _, group in groupby(entries, _heading):
        members = list(group)
        rows += [members[i : i + COLUMNS] for i in range(0, len(members), COLUMNS)]
    for start in range(0, len(rows), PAGE_ROWS):
        yield rows[start : start + PAGE_ROWS]


def _draw_page(rows: list[list[Entry]], folder: Path, foot: str) -> Image.Image:
    columns = max(max(map(len, rows)), 3)
    headed = [n == 0 or _heading(row[0]) != _heading(rows[n - 1][0]) for n, row in enumerate(rows)]
    height = GAP + sum(THUMB + CAPTION + GAP + HEADING * head for head in headed) + CAPTION
    sheet = Image.new("RGB", (GAP + columns * (THUMB + GAP), height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    title, small = font(24), font(15)
    shown = [entry for row in rows for entry in row]
    # Decoding is nearly all of the work, and does not hold the interpreter.
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 4)) as pool:
        made = pool.map(partial(_thumbnail, folder=folder), shown)
        thumbs = {entry.job.id: thumb for entry, thumb in zip(shown, made, strict=True)}
    y = GAP
    for row, head in zip(rows, headed, strict=True):
        if head:
            theme, kind = _heading(row[0])
            draw.text((GAP, y + 8), theme, fill=_INK, font=title)
            draw.text((GAP + draw.textlength(theme, title) + 12, y + 15), kind, _SOFT, small)
            y += HEADING
        for n, entry in enumerate(row):
            x = GAP + n * (THUMB + GAP)
            draw.rectangle((x, y, x + THUMB - 1, y + THUMB - 1), fill=_FRAME)
            thumb = thumbs[entry.job.id]
            at = (x + (THUMB - thumb.width) // 2, y + (THUMB - thumb.height) // 2)
            sheet.paste(thumb, at)
            draw.text((x, y + THUMB + 6), cut(draw, entry.job.subject, small, THUMB), _INK, small)
        y += THUMB + CAPTION + GAP
    draw.text((GAP, y), foot, fill=_SOFT, font=small)
    return sheet


def _thumbnail(entry: Entry, folder: Path) -> Image.Image:
    assert entry.file is not None
    try:
        with Image.open(folder / entry.file.path, formats=list(FORMATS)) as image:
            image.draft("RGB", (THUMB, THUMB))
            return ImageOps.contain(image.convert("RGB"), (THUMB, THUMB))
    except OSError:  # moved away by a person: its place stays empty
        return Image.new("RGB", (1, 1), _FRAME)
