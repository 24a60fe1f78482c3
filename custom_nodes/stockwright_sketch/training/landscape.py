"""Land, water and plants. A painter gets the stage and the spot of the thing's foot."""

from __future__ import annotations

from PIL import ImageDraw, ImageOps

from .buildings import Painter
from .looks import BLACK, WHITE, Colour, mix, shade
from .paint import SIDE, box, gradient, polygon
from .stage import LEAF, Spot, Stage

WATER: Colour = (58, 138, 196)
SOIL: Colour = (150, 108, 72)


def bush(stage: Stage, spot: Spot) -> None:
    """A round crown; the lower part is darker."""
    draw = ImageDraw.Draw(stage.image)
    tone = spot.colour or shade(LEAF, stage.generator.uniform(0.8, 1.15))
    draw.ellipse((spot.left, spot.top, spot.right, spot.y), fill=shade(tone, 0.74))
    lower = spot.y - spot.tall * 0.2
    draw.ellipse((spot.left, spot.top, spot.right - spot.wide * 0.1, lower), fill=tone)


def pine(stage: Stage, spot: Spot) -> None:
    """Three dark green tiers on a trunk."""
    box(stage.image, spot.x - 4, spot.y - spot.tall * 0.2, spot.x + 4, spot.y, (106, 74, 50))
    tone = spot.colour or shade((44, 112, 70), stage.generator.uniform(0.8, 1.2))
    for tier in range(3):
        low = spot.y - spot.tall * (0.12 + 0.26 * tier)
        half = spot.wide / 2 * (1 - tier * 0.24)
        peak = (spot.x, low - spot.tall * 0.42)
        polygon(stage.image, [(spot.x - half, low), (spot.x + half, low), peak], shade(tone, 0.8))
        polygon(stage.image, [(spot.x - half, low), (spot.x + half * 0.2, low), peak], tone)


def mountain(stage: Stage, spot: Spot) -> None:
    """A peak with snow and a dark side."""
    haze = stage.light.sky[1]
    tone = mix(spot.colour or (104, 118, 138), haze, 0.15)
    peak = (spot.x + spot.wide * stage.generator.uniform(-0.1, 0.1), spot.top)
    left, right = (spot.left, spot.y), (spot.right, spot.y)
    polygon(stage.image, [left, peak, right], tone)
    ridge = (spot.x + spot.wide * 0.06, spot.y)
    polygon(stage.image, [ridge, peak, right], shade(tone, 0.78))

    def down(end: tuple[float, float], share: float) -> tuple[float, float]:
        return peak[0] + (end[0] - peak[0]) * share, peak[1] + (end[1] - peak[1]) * share

    snow = [down(left, 0.34), peak, down(right, 0.34)]
    zigzag = [
        down((spot.x + spot.wide * part, spot.y), 0.26 + up)
        for part, up in ((0.24, -0.03), (0.08, 0.12), (-0.08, -0.02), (-0.2, 0.13))
    ]
    polygon(stage.image, [*snow, *zigzag], (246, 248, 252))


def hill(stage: Stage, spot: Spot) -> None:
    tone = mix(spot.colour or (108, 170, 84), stage.light.sky[1], 0.12)
    draw = ImageDraw.Draw(stage.image)
    draw.ellipse((spot.left, spot.top, spot.right, spot.y + spot.tall), fill=tone)


def sea(stage: Stage, spot: Spot) -> None:
    """Water from the horizon down to the spot's foot, with pale stripes."""
    top, high = round(stage.view.horizon), round(spot.y - stage.view.horizon)
    if high < 2:
        return
    far = mix(WATER, stage.light.sky[1], 0.45)
    water = gradient(far, spot.colour or WATER, SIDE, high)
    stage.image.paste(water, (0, top))
    for _ in range(9):
        y = top + high * stage.generator.uniform(0.08, 0.95)
        x, wide = stage.generator.uniform(0, 240), stage.generator.uniform(14, 46)
        box(stage.image, x, y, x + wide, y + 2, mix(WATER, WHITE, 0.5))


def surf(stage: Stage, spot: Spot) -> None:
    """The white edge between sea and beach."""
    draw = ImageDraw.Draw(stage.image)
    for wave in range(6):
        x = wave * 52 + stage.generator.uniform(-10, 10)
        draw.ellipse((x - 40, spot.y - 9, x + 36, spot.y + 5), fill=mix(WATER, WHITE, 0.4))
    draw.line((0, spot.y + 2, SIDE, spot.y + 2), fill=WHITE, width=5)


def lake(stage: Stage, spot: Spot) -> None:
    """A pool of water with a reflection of what stands behind it."""
    draw = ImageDraw.Draw(stage.image)
    area = (spot.left, spot.top, spot.right, spot.y)
    draw.ellipse((area[0] - 5, area[1] - 4, area[2] + 5, area[3] + 5), fill=(214, 204, 170))
    draw.ellipse(area, fill=mix(WATER, stage.light.sky[1], 0.2))
    inner = (spot.x - spot.wide * 0.3, spot.top + spot.tall * 0.35, spot.x, spot.top + 4)
    box(stage.image, inner[0], inner[1], inner[2], inner[1] + 3, mix(WATER, WHITE, 0.6))


def river(stage: Stage, spot: Spot) -> None:
    """A winding band of water from the horizon to the lower edge."""
    left, right = [], []
    bend = stage.generator.choice((-1, 1))
    sways = ((0.0, 0.0), (0.4, 0.5), (0.9, -0.35), (1.4, 0.3), (2.0, -0.1))
    for depth, sway in sways:
        x = spot.x + bend * sway * 90 * (0.4 + depth * 0.5)
        half = spot.wide * (0.05 + 0.26 * depth)
        left.append((x - half, stage.ground(depth)))
        right.append((x + half, stage.ground(depth)))
    wider = [(x - 6, y) for x, y in left] + [(x + 6, y) for x, y in reversed(right)]
    polygon(stage.image, wider, (196, 196, 140))
    polygon(stage.image, [*left, *reversed(right)], mix(WATER, stage.light.sky[1], 0.15))


def path(stage: Stage, spot: Spot) -> None:
    """A way from the spot's foot to the lower edge; pale gravel unless the place says."""
    tone = spot.colour or (222, 206, 176)
    low = spot.wide * 1.5
    near = [(spot.x + low, SIDE), (spot.x - low, SIDE)]
    far = [(spot.x - spot.wide * 0.4, spot.y), (spot.x + spot.wide * 0.4, spot.y)]
    polygon(stage.image, [*far, *near], tone)


def rows(stage: Stage, spot: Spot) -> None:
    """Rows of plants that run to the horizon; the colour is the plants'."""
    top, bottom = stage.ground(0.05), SIDE
    stage.image.paste(
        gradient(mix(SOIL, WHITE, 0.2), SOIL, SIDE, round(bottom - top)), (0, round(top))
    )
    tone = spot.colour or (112, 172, 70)
    middle, step = spot.x, spot.wide
    for row in range(-9, 10):
        low = middle + row * step * 2.6
        polygon(
            stage.image,
            [(middle + row * step * 0.2, top), (low + step * 1.5, bottom), (low, bottom)],
            shade(tone, 0.9 + 0.15 * (row % 2)),
        )


def bed(stage: Stage, spot: Spot) -> None:
    """A flower bed with round blossoms in two colours."""
    box(stage.image, spot.left, spot.top, spot.right, spot.y, (70, 124, 60), round_=spot.tall / 2)
    tones = ((236, 76, 96), (250, 206, 70), (186, 96, 210), (250, 150, 190), (250, 250, 244))
    pair = stage.generator.sample(tones, 2)
    draw = ImageDraw.Draw(stage.image)
    for number in range(max(6, round(spot.wide / 5))):
        x = stage.generator.uniform(spot.left + 4, spot.right - 4)
        y = stage.generator.uniform(spot.top + 2, spot.y - 4)
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=pair[number % 2])


def hedge(stage: Stage, spot: Spot) -> None:
    stage.block(spot, spot.colour or (66, 132, 62), depth=0.12, roof=(112, 176, 92))


def reflect(stage: Stage, y: float, power: float) -> None:
    """Mirrors what is above y in what is below, as wet ground or still water does."""
    row, high = round(y), SIDE - round(y)
    if high < 4 or row < 4:
        return
    above = stage.image.crop((0, max(0, row - round(high * 1.6)), SIDE, row))
    mirrored = ImageOps.flip(above).resize((SIDE, high))
    fade = gradient(mix(BLACK, WHITE, power), mix(BLACK, WHITE, power / 2), SIDE, high)
    stage.image.paste(mirrored, (0, row), fade.convert("L"))


PAINTERS: dict[str, Painter] = {
    "bush": bush,
    "pine": pine,
    "mountain": mountain,
    "hill": hill,
    "sea": sea,
    "surf": surf,
    "lake": lake,
    "river": river,
    "path": path,
    "rows": rows,
    "bed": bed,
    "hedge": hedge,
}
