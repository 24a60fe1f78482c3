"""What is tried of each check: good pictures, which should pass, and harmed ones, which should not.

`seen` below is the picture at a longer side of at most 512 pixels, as harm was measured for it.
Those with a side below SMALLEST then are left out, since most checks do not look at them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from stockwright.engine.faces.detection import Detector

from . import harm, pictures

SMALLEST = 300
"""Pixels: `from` in quality.yaml."""

Maker = Callable[[Image.Image, int], Image.Image]
"""Harms a picture; the number tells pictures apart."""


@dataclass(frozen=True)
class Trial:
    check: str
    good: Mapping[str, Path]
    harms: Mapping[str, Maker]
    """What each does, in words for the table."""
    bad: Mapping[str, Path]
    """Pictures that are bad as they are."""
    bad_are: str = ""

    def harmed(self, every: int) -> Iterator[tuple[str, str, Image.Image]]:
        """(harm, name, picture) for each `every`-th good picture."""
        for place, (name, path) in enumerate(list(self.good.items())[::every]):
            picture = seen(path)
            for what, make in self.harms.items():
                yield what, name, make(picture, place)


def seen(path: Path) -> Image.Image:
    picture = pictures.opened(path)
    picture.thumbnail((512, 512), Image.Resampling.LANCZOS)
    return picture


def trials(photos: Mapping[str, Path], detect: Detector) -> list[Trial]:
    """Of all checks but `file`, `size` and `duplicate`, which have no pictures to be wrong about
    or are tried in pairs."""
    good = _large(dict(pictures.good()) | photos)
    bare = {name: path for name, path in good.items() if not pictures.is_written(name)}
    badges = [(n, p) for n, p in good.items() if n.startswith("api_")]
    with_faces = {n: p for n, p in good.items() if n in pictures.LABELS["faces"]}
    without = {n: p for n, p in good.items() if n in pictures.LABELS["no_faces"]}
    return [
        Trial("flat", good, _FLAT, {}),
        Trial("blur", good, _BLUR, {}),
        Trial("noise", good, _NOISE, {}),
        Trial("nsfw", good, {}, {}),
        Trial("text", bare, _TEXT, dict(badges[::3]), "thumbnails with a badge"),
        Trial("people", without, {}, with_faces, "pictures with a face"),
        Trial("deformed", with_faces, _deformities(detect), {}),
    ]


def _large(found: Mapping[str, Path]) -> dict[str, Path]:
    return {name: path for name, path in found.items() if min(seen(path).size) >= SMALLEST}


_FLAT: dict[str, Maker] = {
    "8 % of contrast": lambda picture, _: harm.faded(picture, 0.08),
    "one colour": lambda picture, _: Image.new("RGB", picture.size, (90, 120, 160)),
    "black with noise": lambda p, _: harm.noisy(Image.new("RGB", p.size), 4),
}
_BLUR: dict[str, Maker] = {
    "blur 1.5 px": lambda picture, _: harm.blurred(picture, 1.5),
    "blur 2 px": lambda picture, _: harm.blurred(picture, 2),
    "blur 3 px": lambda picture, _: harm.blurred(picture, 3),
    "moved 15 px": lambda picture, n: harm.moved(picture, 15, n % 2),
    "enlarged 4 times": lambda picture, _: harm.enlarged(picture, 4),
    "JPEG quality 10": lambda picture, _: harm.squeezed(picture, 10),
}
_NOISE: dict[str, Maker] = {
    "noise 5": lambda picture, _: harm.noisy(picture, 5),
    "noise 10": lambda picture, _: harm.noisy(picture, 10),
    "noise 20": lambda picture, _: harm.noisy(picture, 20),
    "soft noise 10": lambda picture, _: harm.noisy(picture, 10, spread=1),
    "soft noise 20": lambda picture, _: harm.noisy(picture, 20, spread=1),
}
_TEXT: dict[str, Maker] = {
    "words": harm.lettered,
    "garbled letters": harm.garbled,
    "watermark, 35 %": harm.watermarked,
    "watermark, 20 %": lambda picture, n: harm.watermarked(picture, n, 0.2),
    "signature": harm.signed,
}


def _deformities(detect: Detector) -> dict[str, Maker]:
    import numpy as np

    def largest(picture: Image.Image) -> tuple[tuple[tuple[float, float], ...], float]:
        face = detect(np.array(picture))[0]
        return face.points, face.size

    def swirl(picture: Image.Image, _: int) -> Image.Image:
        points, size = largest(picture)
        return harm.swirled(picture, points[2], 0.35 * size)

    def eye(picture: Image.Image, number: int) -> Image.Image:
        points, size = largest(picture)
        return harm.warped(picture, points[number % 2], 0.14 * size, (0, -0.16 * size))

    def mouth(picture: Image.Image, number: int) -> Image.Image:
        points, size = largest(picture)
        middle = ((points[3][0] + points[4][0]) / 2, (points[3][1] + points[4][1]) / 2)
        side = 0.18 * size * (1 if number % 2 else -1)
        return harm.warped(picture, middle, 0.2 * size, (side, 0))

    return {"face turned in itself": swirl, "an eye too high": eye, "mouth aside": mouth}
