"""Everyday buildings. A painter gets the stage and the spot of the building's front."""

from __future__ import annotations

from collections.abc import Callable

from .looks import WHITE, Colour, mix, shade
from .paint import Point, box, polygon
from .stage import LIT, Spot, Stage

Painter = Callable[[Stage, Spot], None]

ROOF: Colour = (168, 76, 58)
SLATE: Colour = (92, 98, 112)


def windows(
    stage: Stage,
    left: float,
    top: float,
    right: float,
    bottom: float,
    columns: int,
    rows: int,
    *,
    fill: float = 0.6,
    frame: Colour | None = None,
) -> None:
    """A grid of windows in that area; fill is the share of a cell that is glass."""
    wide, high = (right - left) / columns, (bottom - top) / rows
    for row in range(rows):
        for column in range(columns):
            x = left + wide * (column + (1 - fill) / 2)
            y = top + high * (row + (1 - fill) / 2)
            if frame:
                box(stage.image, x - 2, y - 2, x + wide * fill + 2, y + high * fill + 2, frame)
            box(stage.image, x, y, x + wide * fill, y + high * fill, stage.pane())


def door(stage: Stage, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
    box(stage.image, x - wide / 2 - 2, y - high - 2, x + wide / 2 + 2, y, shade(colour, 0.6))
    inside = LIT if stage.light.lamps else colour
    box(stage.image, x - wide / 2, y - high, x + wide / 2, y, inside)
    box(stage.image, x - 1, y - high, x + 1, y, shade(colour, 0.6))


def pitched(stage: Stage, spot: Spot, rise: float, colour: Colour, depth: float = 0.3) -> None:
    """A roof with its ridge along the front; spot is the wall under it."""
    out = spot.wide * 0.04
    left, right, top = spot.left - out, spot.right + out, spot.top
    ridge = [stage.deep((x, top - rise), depth / 2) for x in (left + out, right - out)]
    vanish = stage.view.vanish
    if not left <= vanish <= right:
        x, end = (spot.left, ridge[0]) if vanish < left else (spot.right, ridge[1])
        gable = [(x, top), stage.deep((x, top), depth), end]
        polygon(stage.image, gable, shade(stage.facade(spot), 0.66))
    polygon(stage.image, [(left, top + 3), (right, top + 3), ridge[1], ridge[0]], colour)


def gable(
    stage: Stage, spot: Spot, rise: float, wall: Colour, colour: Colour, depth: float = 0.3
) -> None:
    """A roof with its ridge into the depth: a triangle over the front."""
    peak: Point = (spot.x, spot.top - rise)
    sides = [(spot.left - 4, spot.top + 2), (spot.right + 4, spot.top + 2)]
    if stage.view.vanish < spot.x:
        sides.reverse()
    for end, tone in zip(sides, (0.8, 1.0), strict=True):
        slope = [end, peak, stage.deep(peak, depth), stage.deep(end, depth)]
        polygon(stage.image, slope, shade(colour, tone))
    polygon(stage.image, [sides[0], peak, sides[1]], shade(colour, 0.75))
    inner = [(spot.left + 2, spot.top + 2), (spot.x, peak[1] + 7), (spot.right - 2, spot.top + 2)]
    polygon(stage.image, inner, wall)


def office(stage: Stage, spot: Spot) -> None:
    """A glass tower with a grid of panes."""
    tone = mix(spot.colour or (70, 130, 190), stage.material.wall, 0.2 if spot.colour else 0.35)
    frame = mix(tone, WHITE, 0.55)
    rows, columns = max(5, round(spot.tall / 13)), max(3, round(spot.wide / 14))
    depth = 0.28 * min(1.0, spot.wide / 90)
    stage.block(spot, frame, depth=depth, storeys=rows, roof=(190, 194, 200))
    wide, high = spot.wide / columns, spot.tall / rows
    for row in range(rows):
        for column in range(columns):
            x, y = spot.left + wide * column, spot.top + high * row
            glass = mix(tone, stage.light.sky[1], 0.5 * (1 - row / rows))
            if stage.light.lamps:
                glass = LIT if stage.generator.random() < 0.55 else shade(tone, 0.5)
            box(stage.image, x + 1, y + 1, x + wide - 1, y + high - 1, glass)
    low = spot.y - min(18.0, high * 1.4)
    box(stage.image, spot.left, low, spot.right, spot.y, shade(tone, 0.45))
    middle = spot.wide * 0.22
    box(stage.image, spot.x - middle, low - 4, spot.x + middle, low + 1, WHITE)
    box(stage.image, spot.x - middle * 0.6, low + 1, spot.x + middle * 0.6, spot.y, LIT)


def apartments(stage: Stage, spot: Spot) -> None:
    """Storeys of windows with coloured balconies."""
    wall = stage.facade(spot)
    rows, columns = max(4, round(spot.tall / 24)), max(3, round(spot.wide / 30))
    stage.block(spot, wall, storeys=rows, kind=stage.material.texture)
    names = ((224, 120, 64), (80, 150, 190), (232, 190, 80), (200, 84, 80))
    accent = stage.generator.choice(names)
    wide, high = spot.wide / columns, spot.tall / rows
    for row in range(rows):
        for column in range(columns):
            x, y = spot.left + wide * column, spot.top + high * row
            box(stage.image, x + 5, y + 5, x + wide - 5, y + high - 3, stage.pane())
            if row < rows - 1:
                box(stage.image, x + 2, y + high * 0.58, x + wide - 2, y + high * 0.95, accent)
    door(stage, spot.x, spot.y, 16, high * 0.85, (120, 80, 60))


def house(stage: Stage, spot: Spot) -> None:
    """Walls, a steep roof, a chimney and a door."""
    wall = stage.facade(spot)
    roof = stage.generator.choice((ROOF, SLATE, (130, 84, 60), (190, 96, 60)))
    stage.block(spot, wall, kind=stage.material.texture)
    rise = spot.tall * 0.75
    chimney = spot.x + spot.wide * 0.25
    box(stage.image, chimney, spot.top - rise, chimney + 12, spot.top, (150, 90, 74))
    pitched(stage, spot, rise, roof)
    third = spot.wide / 3
    for x in (spot.left, spot.right - third):
        windows(stage, x, spot.top + 6, x + third, spot.y - 6, 1, 1, fill=0.66, frame=WHITE)
    door(stage, spot.x, spot.y, third * 0.5, spot.tall * 0.62, (150, 84, 52))


def shop(stage: Stage, spot: Spot) -> None:
    """A display window and a door under a striped awning."""
    wall = stage.facade(spot)
    stage.block(spot, wall, kind=stage.material.texture, storeys=2)
    middle = spot.y - spot.tall * 0.52
    windows(stage, spot.left, spot.top + 4, spot.right, middle - 16, 4, 1, frame=WHITE)
    glass = LIT if stage.light.lamps else mix(stage.light.sky[1], (120, 170, 200), 0.35)
    box(stage.image, spot.left + 7, middle, spot.right - 7, spot.y - 7, glass)
    door(stage, spot.x, spot.y, spot.wide * 0.17, spot.tall * 0.4, (110, 150, 170))
    tones = ((210, 58, 54), (52, 140, 96), (56, 104, 190), (232, 140, 48), (150, 80, 170))
    awning(stage, spot.left, spot.right, middle - 14, 26, stage.generator.choice(tones))


def awning(
    stage: Stage, left: float, right: float, top: float, high: float, colour: Colour
) -> None:
    stripes = max(5, round((right - left) / 14)) | 1
    wide = (right - left) / stripes
    for stripe in range(stripes):
        x = left + wide * stripe
        tone = WHITE if stripe % 2 else colour
        lean = [(x, top), (x + wide, top), (x + wide, top + high), (x, top + high)]
        polygon(stage.image, lean, tone)
        box(stage.image, x, top + high - 5, x + wide, top + high + 5, tone, round_=4)


def factory(stage: Stage, spot: Spot) -> None:
    """A saw-tooth roof and smoking chimneys."""
    wall = spot.colour or mix(stage.material.wall, (176, 104, 84), 0.45)
    for place in stage.generator.sample((0.2, 0.42, 0.66, 0.84), stage.generator.choice((2, 3))):
        x, top = spot.left + spot.wide * place, spot.top - spot.tall * 1.15
        for puff in range(4):
            size = 7 + puff * 4
            cx, cy = x + puff * 11, top - 4 - puff * 8
            tone = mix((208, 210, 214), stage.light.sky[0], 0.15 * puff)
            box(stage.image, cx - size, cy - size, cx + size, cy + size, tone, round_=size)
        chimney = [(x - 6, top), (x + 6, top), (x + 9, spot.top + 8), (x - 9, spot.top + 8)]
        polygon(stage.image, chimney, (172, 88, 70))
        box(stage.image, x - 7, top + 8, x + 7, top + 16, WHITE)
    stage.block(spot, wall, kind=stage.material.texture)
    teeth, rise = 4, spot.tall * 0.36
    wide = spot.wide / teeth
    for tooth in range(teeth):
        x = spot.left + wide * tooth
        polygon(
            stage.image,
            [(x, spot.top + 1), (x, spot.top - rise), (x + wide, spot.top + 1)],
            shade(wall, 0.7),
        )
        box(stage.image, x, spot.top - rise, x + 5, spot.top, stage.pane())
    windows(stage, spot.left, spot.top + 6, spot.right, spot.y - 18, 6, 1)
    box(stage.image, spot.x - 20, spot.y - 30, spot.x + 20, spot.y, (86, 100, 116))


def depot(stage: Stage, spot: Spot) -> None:
    """A long low hall with big roller doors."""
    wall = spot.colour or mix(stage.material.wall, (208, 216, 224), 0.5)
    stage.block(spot, wall, depth=0.35, roof=(206, 210, 214), kind=stage.material.texture)
    tone = stage.generator.choice(((52, 104, 190), (226, 120, 40), (40, 140, 110)))
    box(stage.image, spot.left, spot.top, spot.right, spot.top + spot.tall * 0.22, tone)
    doors = 4
    wide = spot.wide / doors
    for number in range(doors):
        x, top = spot.left + wide * number, spot.top + spot.tall * 0.4
        box(stage.image, x + 7, top, x + wide - 7, spot.y, (92, 100, 112))
        lines = 5
        for line in range(lines):
            y = top + (spot.y - top) * line / lines
            box(stage.image, x + 9, y + 2, x + wide - 9, y + 6, (176, 184, 192))


def glasshall(stage: Stage, spot: Spot) -> None:
    """A modern low building: bands of glass, a flat roof that stands out, a bright entrance."""
    stage.block(spot, WHITE, depth=0.35, storeys=3, roof=(214, 218, 220))
    windows(stage, spot.left, spot.top + 10, spot.right, spot.y, 7, 2, fill=0.84)
    box(stage.image, spot.left - 8, spot.top - 4, spot.right + 8, spot.top + 7, (240, 242, 244))
    half = spot.wide * 0.13
    front = Spot(spot.x, spot.y, half * 2, spot.tall * 1.18, spot.colour)
    stage.block(front, spot.colour or stage.material.accent, depth=0.1)
    windows(stage, front.left, front.y - 34, front.right, front.y, 2, 1, fill=0.86)


def mall(stage: Stage, spot: Spot) -> None:
    """A wide front of coloured panels with a huge glass entrance."""
    stage.block(spot, mix(stage.material.wall, WHITE, 0.3), depth=0.35)
    tones = ((236, 92, 92), (250, 186, 70), (88, 180, 130), (80, 140, 220), (170, 100, 200))
    step = spot.wide / 6
    for panel in range(6):
        x = spot.left + step * panel
        tone = tones[(panel + stage.generator.randrange(5)) % 5]
        box(stage.image, x + 4, spot.top + 8, x + step - 4, spot.top + spot.tall * 0.42, tone)
    low = spot.y - spot.tall * 0.46
    windows(stage, spot.left, low, spot.right, spot.y, 7, 1, fill=0.84)
    front = Spot(spot.x, spot.y, spot.wide * 0.36, spot.tall * 1.3, None)
    stage.block(front, WHITE, depth=0.1)
    windows(stage, front.left, front.top + 36, front.right, front.y, 3, 3, fill=0.86)
    stage.put("1f6cd-fe0f", front.x, front.top + 40, 42)
    awning(stage, front.left, front.right, front.y - 36, 8, (222, 62, 82))


PAINTERS: dict[str, Painter] = {
    "office": office,
    "apartments": apartments,
    "house": house,
    "shop": shop,
    "factory": factory,
    "depot": depot,
    "glasshall": glasshall,
    "mall": mall,
}
