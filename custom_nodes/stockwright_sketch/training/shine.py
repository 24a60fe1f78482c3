"""Lamplight over a finished room."""

from __future__ import annotations

import functools

from PIL import Image, ImageChops

from .solids import Scene

_WARM = (255, 190, 100)


@functools.cache
def _halo(side: int) -> Image.Image:
    """A round spot that fades out, in the warm colour of a lamp."""
    fading = Image.radial_gradient("L").resize((side, side))
    power = fading.point(lambda value: round(max(0, 178 - value) ** 2 / 178**2 * 210))
    return Image.merge("RGB", [power.point(lambda v, c=c: v * c // 255) for c in _WARM])


def shine(scene: Scene) -> None:
    """Halos around the lamps that the scene collected: those in view, four at most."""
    image = scene.image
    seen = [lamp for lamp in scene.lit if -20 < lamp[0] < image.width + 20]
    for x, y, pixels in seen[:4]:
        side = max(48, min(150, round(pixels * 2.2 / 16) * 16))
        left, top = round(x - side / 2), round(y - side / 2)
        area = (max(0, left), max(0, top), min(image.width, left + side),
                min(image.height, top + side))  # fmt: skip
        if area[2] - area[0] < 2 or area[3] - area[1] < 2:
            continue
        spot = _halo(side).crop((area[0] - left, area[1] - top, area[2] - left, area[3] - top))
        image.paste(ImageChops.screen(image.crop(area), spot), area[:2])
