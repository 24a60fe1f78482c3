"""Restores a face whose real look is known with each file of a face model; a program of its own.

    python -m stockwright.engine.faces.selfcheck --out FOLDER --detection FOLDER…
        [--identity FILE] FILE…

A portrait is shrunk and stored badly, restored, and compared with what it was. FOLDER gets
`report.json`, a list with a mapping for each FILE (see `Finding`), and a picture of each: the real
face, the spoilt one, the restored one. Status 0: all were compared; 3: nothing finds faces here,
and `report.json` is a mapping of `where`, `what` and `hint`.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ...core.errors import FaceDetectionUnavailable, StockwrightError
from .alignment import Similarity, aligned, to_template
from .detection import Detector, Face, find_detector
from .identity import Identity
from .restorers import load_restorer
from .restoring import Restore, Settings, restore_faces
from .sharpness import sharpness

PORTRAIT = Path(__file__).with_name("portrait.jpg")

UNABLE = 3
_LARGER, _WORSE, _QUALITY = 2, 4, 50
"""The portrait is made larger, then its copy shrunk by so much and stored as such a JPEG."""
_SHARPER = 0.03


@dataclass(frozen=True)
class Finding:
    """What became of the face; pairs are before and after the restoration."""

    file: str
    good: bool = False
    reason: str = ""
    """Why it is not good."""
    name: str = ""
    psnr: tuple[float, float] | None = None
    """In decibels, within the face: how near its pixels are to the real ones."""
    sharpness: tuple[float, float] | None = None
    distance: tuple[float, float] | None = None
    """From the real face, by dlib's network: below 0.6 it is the same person."""
    seconds: float | None = None


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--detection", type=Path, nargs="+", required=True)
    parser.add_argument("--identity", type=Path)
    args = parser.parse_args(argv)
    try:
        detector = find_detector(args.detection)
    except FaceDetectionUnavailable as error:
        _report(args.out, {"where": error.where, "what": error.what, "hint": error.hint})
        return UNABLE
    identity = Identity(args.identity) if args.identity else None
    findings: list[Finding] = []
    for file in args.files:
        print(f"restoring a face with {file.name}", flush=True)
        try:
            restorer = load_restorer(file)
            finding = compare(restorer, detector, identity, args.out / f"{file.stem}.png")
            findings.append(Finding(**asdict(finding) | {"file": str(file), "name": restorer.name}))
        except StockwrightError as error:
            findings.append(Finding(str(file), reason=str(error)))
    _report(args.out, [asdict(finding) for finding in findings])
    return 0


def _report(folder: Path, content: object) -> None:
    (folder / "report.json").write_text(json.dumps(content, indent=1), "utf-8")


def compare(
    restore: Restore, detector: Detector, identity: Identity | None, sheet: Path
) -> Finding:
    """Restores the spoilt portrait and writes the sheet of three faces."""
    real, spoilt = portraits()
    began = time.monotonic()
    done = restore_faces(spoilt[None], detector, restore, Settings(sharp=1, most=1), _nothing)
    seconds = time.monotonic() - began
    restored = done.pictures[0]
    (face, *_), found = detector(_pixels(real)), detector(_pixels(restored))
    if not done.counts[0] or not found:
        return Finding("", reason="no face is found in the restored picture", seconds=seconds)
    where = to_template(face.points)
    _write_sheet([real, spoilt, restored], where, sheet)
    inside = done.masks[0] > 0.5
    sharp = [sharpness(one.permute(2, 0, 1), where) for one in (spoilt, restored)]
    far = _distances(identity, face, [real, spoilt, restored]) if identity else None
    near = [_psnr(one[inside], real[inside]) for one in (spoilt, restored)]
    reason = _fault((sharp[0], sharp[1]), far)
    return Finding(
        "", not reason, reason, "", (near[0], near[1]), (sharp[0], sharp[1]), far, seconds
    )


def _fault(sharp: tuple[float, float], far: tuple[float, float] | None) -> str:
    if sharp[1] < sharp[0] + _SHARPER:
        return "the restored face is not sharper"
    if far and far[1] > far[0]:
        return "the restored face is less like the real one than the spoilt one was"
    return ""


def _nothing(done: float) -> None:
    del done


def portraits() -> tuple[torch.Tensor, torch.Tensor]:
    """The portrait as it is and spoilt, (height, width, 3) in [0, 1]."""
    image = Image.open(PORTRAIT).convert("RGB")
    image = image.resize((image.width * _LARGER, image.height * _LARGER), Image.Resampling.LANCZOS)
    small = image.resize((image.width // _WORSE, image.height // _WORSE), Image.Resampling.BOX)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_QUALITY)
    spoilt = Image.open(buffer).resize(image.size, Image.Resampling.BICUBIC)
    real, worse = (torch.from_numpy(np.array(one)).float() / 255 for one in (image, spoilt))
    return real, worse


def _pixels(picture: torch.Tensor) -> np.ndarray:
    return (picture * 255).round().byte().numpy()


def _psnr(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(-10 * torch.log10(torch.mean((one - other) ** 2).clamp(min=1e-10)))


def _distances(
    identity: Identity, face: Face, pictures: Sequence[torch.Tensor]
) -> tuple[float, float]:
    real, *others = (identity.vector(one.permute(2, 0, 1), face) for one in pictures)
    before, after = (float(torch.dist(real, other)) for other in others)
    return before, after


def _write_sheet(pictures: Sequence[torch.Tensor], where: Similarity, sheet: Path) -> None:
    faces = [aligned(one.permute(2, 0, 1), where).clamp(0, 1) for one in pictures]
    Image.fromarray(_pixels(torch.cat(faces, 2).permute(1, 2, 0))).save(sheet)


if __name__ == "__main__":
    sys.exit(main())
