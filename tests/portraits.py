"""Photos of one person for tests: real ones, and what a camera would have made of the same moment
from another place, in other light."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from driver import places
from driver.avatars import intake
from driver.avatars.intake_worker import Folders, Worker
from stockwright.core.portraits import Intake
from tests import faces

MODELS = {
    "face_detection": [places.MODELS / "face_detection"],
    "face_identity": [places.ROOT / ".embedded" / "base" / "models" / "face_identity"],
}


@contextmanager
def one_process(settings: Intake) -> Generator[None]:
    """Intakes by these settings share a process: it loads for seconds. Others start their own."""

    def shared(given: Intake, folders: Folders) -> AbstractContextManager[Worker]:
        ours = (given, folders) == (settings, MODELS)
        return nullcontext(worker) if ours else Worker(given, folders)

    with Worker(settings, MODELS) as worker, pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "Worker", shared)
        yield


@dataclass(frozen=True)
class Shot:
    """`zoom` into the picture, shifted by parts of it, turned by degrees, with other light."""

    zoom: float = 1.0
    right: float = 0.0
    down: float = 0.0
    turned: float = 0.0
    light: float = 1.0
    contrast: float = 1.0
    warmth: float = 0.0

    def of(self, photo: Image.Image) -> Image.Image:
        width, height = photo.width / self.zoom, photo.height / self.zoom
        x = (photo.width - width) / 2 + self.right * photo.width
        y = (photo.height - height) / 2 + self.down * photo.height
        turned = photo.rotate(self.turned, Image.Resampling.BICUBIC, fillcolor=(120, 120, 120))
        part = turned.crop((int(x), int(y), int(x + width), int(y + height)))
        part = ImageEnhance.Contrast(ImageEnhance.Brightness(part).enhance(self.light)).enhance(
            self.contrast
        )
        gains = (1 + self.warmth, 1.0, 1 - self.warmth)
        return Image.merge(
            "RGB",
            [
                band.point(lambda v, g=g: min(255, round(v * g)))
                for band, g in zip(part.split(), gains, strict=True)
            ],
        )


SHOTS = (
    Shot(),
    Shot(1.15, -0.05, -0.05, 4, 0.9),
    Shot(1.3, 0.04, -0.1, -5, 1.1),
    Shot(1.5, 0.0, -0.16, 7, 0.95, warmth=0.05),
    Shot(1.2, 0.03, -0.06, -9, 0.8, warmth=-0.05),
    Shot(1.4, -0.08, -0.12, 10, 1.05, 1.1),
    Shot(1.1, 0.03, 0.02, -12, 0.85, 0.9),
)


def photos(folder: Path, names: tuple[str, ...] = ("obama", "obama-later")) -> list[Path]:
    """Ten photos of one person as JPEG files."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    for name in names:
        photo = faces.photo(name)
        for number, shot in enumerate(SHOTS[: 10 // len(names)]):
            made.append(folder / f"{name}-{number}.jpg")
            shot.of(photo).save(made[-1], quality=95)
    return made
