"""Building sites, power and industry."""

from __future__ import annotations

import math

from PIL import ImageDraw

from .buildings import Painter, door, gable
from .looks import WHITE, Colour, mix, shade
from .paint import box, polygon
from .stage import Spot, Stage

STEEL: Colour = (150, 158, 168)
YELLOW: Colour = (248, 190, 40)


def frame(stage: Stage, spot: Spot) -> None:
    """A bare concrete building: slabs and pillars, nothing between them."""
    tone: Colour = (176, 174, 168)
    rows = max(3, round(spot.tall / 30))
    high = spot.tall / rows
    stage.block(spot, (112, 116, 122), storeys=rows)
    for row in range(rows + 1):
        y = spot.top + high * row
        box(stage.image, spot.left - 4, y - 4, spot.right + 4, y + 4, tone)
    for pillar in range(5):
        x = spot.left + spot.wide * pillar / 4
        box(stage.image, x - 4, spot.top - 14, x + 4, spot.y, shade(tone, 0.92))


def crane(stage: Stage, spot: Spot) -> None:
    """A yellow tower crane."""
    draw = ImageDraw.Draw(stage.image)
    x, top = spot.x, spot.top
    reach = spot.wide
    for start, end, width in (
        ((x - 5, spot.y), (x - 5, top - 14), 3),
        ((x + 5, spot.y), (x + 5, top - 14), 3),
        ((x - reach * 0.35, top), (x + reach, top), 6),
        ((x, top - 24), (x + reach * 0.9, top), 2),
        ((x, top - 24), (x - reach * 0.32, top), 2),
    ):
        draw.line((*start, *end), fill=YELLOW, width=width)
    y = spot.y
    while y - 12 > top:
        draw.line((x - 5, y, x + 5, y - 12), fill=shade(YELLOW, 0.8), width=2)
        y -= 12
    box(stage.image, x - reach * 0.35, top, x - reach * 0.22, top + 15, (110, 110, 116))
    hook = x + reach * 0.72
    draw.line((hook, top, hook, top + 36), fill=(60, 60, 66), width=2)
    box(stage.image, hook - 12, top + 36, hook + 12, top + 46, (196, 92, 66))


def turbine(stage: Stage, spot: Spot) -> None:
    """A white wind turbine with three blades."""
    top = spot.top
    post = [(spot.x - 4, spot.y), (spot.x + 4, spot.y), (spot.x + 2, top), (spot.x - 2, top)]
    polygon(stage.image, post, (244, 246, 248))
    start, length = stage.generator.uniform(0, 2.1), spot.tall * 0.55
    for blade in range(3):
        angle = start + blade * 2 * math.pi / 3
        dx, dy = math.cos(angle), math.sin(angle)
        tip = (spot.x + dx * length, top + dy * length)
        root = [(spot.x - dy * 4, top + dx * 4), (spot.x + dy * 4, top - dx * 4)]
        polygon(stage.image, [*root, tip], (252, 252, 252))
    box(stage.image, spot.x - 5, top - 5, spot.x + 5, top + 5, (200, 206, 212), round_=5)


def panels(stage: Stage, spot: Spot) -> None:
    """One row of tilted blue solar panels."""
    rise = spot.tall
    number = max(3, round(spot.wide / 34))
    wide = spot.wide / number
    for panel in range(number):
        x = spot.left + wide * panel
        lean = rise * 0.25
        quad = [
            (x + 2, spot.y - rise * 0.2),
            (x + wide - 2, spot.y - rise * 0.2),
            (x + wide - 2 + lean, spot.top),
            (x + 2 + lean, spot.top),
        ]
        polygon(stage.image, quad, (32, 66, 150))
        draw = ImageDraw.Draw(stage.image)
        grid = mix((32, 66, 150), WHITE, 0.55)
        draw.line((*quad[0], *quad[1], *quad[2], *quad[3], *quad[0]), fill=WHITE, width=2)
        half = (quad[0][1] + quad[3][1]) / 2
        draw.line((x + 2 + lean / 2, half, x + wide - 2 + lean / 2, half), fill=grid, width=2)
        middle = x + wide / 2
        draw.line((middle, quad[0][1], middle + lean, spot.top), fill=grid, width=2)
        box(stage.image, middle - 2, spot.y - rise * 0.2, middle + 2, spot.y, STEEL)


def cooling(stage: Stage, spot: Spot) -> None:
    """A cooling tower: a pale waisted tube with steam."""
    steam = mix(WHITE, stage.light.sky[0], 0.1)
    for puff in range(4):
        size = spot.wide * (0.2 + puff * 0.06)
        x, y = spot.x + puff * 9, spot.top - puff * 15 - 4
        box(stage.image, x - size, y - size, x + size, y + size, steam, round_=size)
    outline = [(0.5, 0.0), (0.4, 0.3), (0.31, 0.65), (0.31, 0.85), (0.35, 1.0)]
    right = [(spot.x + spot.wide * part, spot.y - spot.tall * up) for part, up in outline]
    left = [(spot.x - spot.wide * part, spot.y - spot.tall * up) for part, up in outline]
    polygon(stage.image, [*left, *reversed(right)], (206, 206, 202))
    dark = [(spot.x + spot.wide * part * 0.3, spot.y - spot.tall * up) for part, up in outline]
    polygon(stage.image, [*dark, *reversed(right)], (170, 172, 174))
    half = spot.wide * 0.32
    rim = spot.y - spot.tall * 0.93
    box(stage.image, spot.x - half, rim, spot.x + half, rim + spot.tall * 0.07, (204, 60, 54))


def refinery(stage: Stage, spot: Spot) -> None:
    """Round tanks, silver columns and pipes."""
    draw = ImageDraw.Draw(stage.image)
    for number, factor in enumerate((0.75, 1.0, 0.6)):
        x = spot.left + spot.wide * (0.46 + number * 0.14)
        top = spot.y - spot.tall * factor
        box(stage.image, x - 11, top, x + 11, spot.y, (206, 212, 218), round_=10)
        box(stage.image, x + 3, top + 6, x + 11, spot.y, (160, 168, 178))
        for ring in range(3):
            y = top + (spot.y - top) * (0.25 + ring * 0.22)
            box(stage.image, x - 14, y, x + 14, y + 4, (208, 84, 50))
    flare = spot.right - spot.wide * 0.08
    draw.line((flare, spot.y, flare, spot.top - 6), fill=STEEL, width=5)
    draw.ellipse((flare - 7, spot.top - 30, flare + 9, spot.top - 4), fill=(252, 150, 40))
    for y in (spot.y - spot.tall * 0.2, spot.y - spot.tall * 0.34):
        draw.line((spot.left + 30, y, spot.right, y), fill=(230, 180, 50), width=5)
    for tank in range(2):
        x, half = spot.left + spot.wide * (0.13 + tank * 0.22), spot.wide * 0.115
        top = spot.y - spot.tall * 0.42
        draw.ellipse((x - half, top - 10, x + half, top + 12), fill=(232, 236, 238))
        box(stage.image, x - half, top, x + half, spot.y, (216, 222, 226))
        box(stage.image, x + half * 0.4, top, x + half, spot.y, (176, 184, 192))


def barn(stage: Stage, spot: Spot) -> None:
    """A red barn with a white cross on its door and a silo."""
    red: Colour = (178, 52, 46)
    silo = spot.right + 14
    box(stage.image, silo - 14, spot.top - 34, silo + 14, spot.y, (200, 206, 212), round_=13)
    box(stage.image, silo + 4, spot.top - 22, silo + 14, spot.y, (164, 172, 182))
    stage.block(spot, red, kind="wood", depth=0.4)
    gable(stage, spot, spot.tall * 0.6, red, (112, 112, 120), depth=0.4)
    half, top = spot.wide * 0.22, spot.y - spot.tall * 0.68
    box(stage.image, spot.x - half, top, spot.x + half, spot.y, WHITE)
    box(stage.image, spot.x - half + 4, top + 4, spot.x + half - 4, spot.y, shade(red, 0.8))
    draw = ImageDraw.Draw(stage.image)
    draw.line((spot.x - half, top, spot.x + half, spot.y), fill=WHITE, width=4)
    draw.line((spot.x + half, top, spot.x - half, spot.y), fill=WHITE, width=4)
    box(stage.image, spot.x - 9, spot.top - 22, spot.x + 9, spot.top - 4, WHITE)
    box(stage.image, spot.x - 6, spot.top - 19, spot.x + 6, spot.top - 7, (60, 40, 40))


def servers(stage: Stage, spot: Spot) -> None:
    """A data center: a dark hall without windows, bands of light, coolers on its roof."""
    tone: Colour = (62, 70, 84)
    for cooler in range(5):
        x = spot.left + spot.wide * (cooler + 0.5) / 5
        unit = Spot(x, spot.top + 2, spot.wide * 0.14, 20, None)
        stage.block(unit, (206, 212, 216), depth=0.1)
        box(stage.image, x - 6, unit.top + 4, x + 6, unit.top + 15, (90, 100, 110), round_=5)
    stage.block(spot, tone, depth=0.4, roof=(150, 156, 162))
    band = stage.generator.choice(((40, 200, 240), (60, 220, 150), (80, 140, 255)))
    for place in range(11):
        x = spot.left + spot.wide * (place + 0.5) / 11
        box(stage.image, x - 2, spot.top + 10, x + 2, spot.y - 10, shade(tone, 0.7))
        if place % 2:
            box(stage.image, x - 2, spot.top + 10, x + 2, spot.y - 10, band)
    box(stage.image, spot.left, spot.top + 4, spot.right, spot.top + 9, band)
    door(stage, spot.x, spot.y, 22, 26, (190, 200, 208))


PAINTERS: dict[str, Painter] = {
    "frame": frame,
    "crane": crane,
    "turbine": turbine,
    "panels": panels,
    "cooling": cooling,
    "refinery": refinery,
    "barn": barn,
    "servers": servers,
}
