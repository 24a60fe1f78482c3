"""`make eval-quality`: how often each check of the quality gate is wrong, with the shipped limits.

Prints the Markdown table of the README, of some checks with `CHECKS='blur text'`. What is
shown to the checks stands in trials.py. The model files are the embedded server's
(`python driver/models.py pull demo`).

    false alarms   good pictures that the check would stop, of all good ones
    missed         harmed pictures that it would let pass, by harm
    ms             processor time for a picture of 1024 pixels, on one thread
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from PIL import Image

from driver.places import MODELS, PROMPTS, ROOT
from stockwright.core.likeness import hamming
from stockwright.core.quality import load_quality, read_quality
from stockwright.engine.faces.detection import find_detector
from stockwright.engine.quality.gate import Gate, Verdict
from stockwright.engine.quality.hashing import phash

from . import harm, pictures
from .trials import Trial, seen, trials

FOLDER = ROOT / ".eval" / "quality"
EVERY = 8
"""Of the good pictures each so manieth is harmed."""
MODEL_FOLDERS = ("nsfw_detection", "face_detection")
LARGE = "embedding_example-1"
"""A picture of 1024 pixels, to measure time."""


class Examined:
    """One check of the gate by itself."""

    def __init__(self, check: str, folders: Mapping[str, list[Path]], scratch: Path) -> None:
        shipped = load_quality([PROMPTS])
        self.settings = read_quality(shipped)[check]
        nothing = {name: {"check": "off"} for name in shipped}
        self._bare = Gate(nothing, folders)
        self._gate = Gate(nothing | {check: shipped[check] | {"check": "reject"}}, folders)
        if self._gate.missing:
            sys.exit(f"{check}: {self._gate.missing[check]}")
        self._check, self._file = check, scratch / "picture.png"

    def stops(self, picture: Image.Image) -> bool:
        picture.save(self._file, compress_level=1)
        verdict = self._examined(self._gate, picture)
        assert not verdict.not_done, verdict.not_done
        return self._check in verdict.reasons

    def milliseconds(self, picture: Image.Image) -> float:
        """Of the processor for this check: the least of three, without reading and hashing."""
        picture.save(self._file, compress_level=1)
        checked, bare = (
            min(_spent(lambda: self._examined(gate, picture)) for _ in range(3))  # noqa: B023
            for gate in (self._gate, self._bare)
        )
        return 1000 * (checked - bare)

    def _examined(self, gate: Gate, picture: Image.Image) -> Verdict:
        return gate.examine(self._file, size=picture.size, people=False)


def _spent(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def main(asked: Sequence[str]) -> None:
    folders = {name: [MODELS / name] for name in MODEL_FOLDERS}
    photos = pictures.photos(FOLDER)
    print("| check | limit | false alarms | missed | ms |", "|---|---|---|---|---|", sep="\n")
    for trial in trials(photos, find_detector(folders["face_detection"])):
        if not asked or trial.check in asked:
            with tempfile.TemporaryDirectory() as scratch:
                print(_row(trial, Examined(trial.check, folders, Path(scratch))), flush=True)
    if not asked or "duplicate" in asked:
        print(_duplicates(photos))


def _row(trial: Trial, examined: Examined) -> str:
    alarms = [name for name, path in trial.good.items() if examined.stops(seen(path))]
    print(f"{trial.check}: false alarms {alarms}", file=sys.stderr, flush=True)
    missed: dict[str, list[bool]] = {}
    if trial.harms:
        every = 1 if len(trial.good) < 100 else EVERY
        for what, _, picture in trial.harmed(every):
            missed.setdefault(what, []).append(not examined.stops(picture))
    if trial.bad:
        missed[trial.bad_are] = [not examined.stops(seen(path)) for path in trial.bad.values()]
    told = "; ".join(f"{what} {sum(f)} of {len(f)}" for what, f in missed.items())
    limits = ", ".join(
        f"{key} {value:g}" for key, value in examined.settings.limits.items() if key != "from"
    )
    wrong = f"{len(alarms)} of {len(trial.good)}"
    spent = examined.milliseconds(pictures.thumbnail(LARGE))
    return f"| {trial.check} | {limits} | {wrong} | {told or 'not tried'} | {spent:.0f} |"


def _duplicates(photos: Mapping[str, Path]) -> str:
    """Pairs of the templates' pictures may be one picture before and after: those of one name but
    for the number are left out, and those of other names that show the same."""
    within = read_quality(load_quality([PROMPTS]))["duplicate"]["within"]
    good = {name: seen(path) for name, path in (dict(pictures.good()) | photos).items()}
    hashes = {name: phash(picture) for name, picture in good.items()}
    pairs = [(a, b) for a, b in combinations(hashes, 2) if not pictures.same_motif(a, b)]
    alarms = [(a, b) for a, b in pairs if hamming(hashes[a], hashes[b]) <= within]
    print(f"duplicate: false alarms {alarms}", file=sys.stderr)
    told = "; ".join(
        f"{what} {sum(hamming(hashes[n], phash(make(p))) > within for n, p in good.items())}"
        f" of {len(good)}"
        for what, make in _ALIKE.items()
    )
    return f"| duplicate | within {within:g} | {len(alarms)} of {len(pairs)} pairs | {told} | |"


def _cut(picture: Image.Image, share: float) -> Image.Image:
    x, y = (round(side * share) for side in picture.size)
    return picture.crop((x, y, picture.width - x, picture.height - y))


_ALIKE = {
    "JPEG quality 40": lambda picture: harm.squeezed(picture, 40),
    "half size": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "noise 10": lambda picture: harm.noisy(picture, 10),
    "edges of 2 % cut": lambda picture: _cut(picture, 0.02),
    "edges of 4 % cut": lambda picture: _cut(picture, 0.04),
}


if __name__ == "__main__":
    main(sys.argv[1:])
