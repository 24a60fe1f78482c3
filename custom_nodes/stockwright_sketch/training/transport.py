"""Rails, ports and airports."""

from __future__ import annotations

from PIL import ImageDraw

from .buildings import Painter, windows
from .landmarks import clock
from .looks import WHITE, shade
from .paint import SIDE, box, polygon
from .stage import LIT, TONES, Spot, Stage


def rails(stage: Stage, spot: Spot) -> None:
    """A railway track across the picture."""
    box(stage.image, 0, spot.top, SIDE, spot.y, (150, 140, 130))
    for sleeper in range(17):
        box(stage.image, sleeper * 16, spot.top + 3, sleeper * 16 + 7, spot.y - 3, (104, 78, 60))
    for y in (spot.top + spot.tall * 0.28, spot.top + spot.tall * 0.72):
        box(stage.image, 0, y - 2, SIDE, y + 2, (206, 210, 216))


def station(stage: Stage, spot: Spot) -> None:
    """A hall with a great glass arch and a clock."""
    wall = stage.facade(spot)
    stage.block(spot, wall, kind=stage.material.texture, storeys=1)
    draw = ImageDraw.Draw(stage.image)
    half = spot.wide * 0.3
    top = spot.top - spot.tall * 0.42
    arch = (spot.x - half, top, spot.x + half, top + half * 2)
    grown = (arch[0] - 9, arch[1] - 9, arch[2] + 9, arch[3] + 9)
    draw.pieslice(grown, 180, 360, fill=shade(wall, 0.84))
    box(stage.image, grown[0], top + half - 1, grown[2], spot.y, shade(wall, 0.84))
    draw.pieslice(arch, 180, 360, fill=stage.pane())
    box(stage.image, arch[0], top + half, arch[2], spot.y - 4, stage.pane())
    for bar in range(-2, 3):
        x = spot.x + bar * half * 0.38
        box(stage.image, x - 2, top + abs(bar) * half * 0.2, x + 2, spot.y, (90, 100, 112))
    box(stage.image, arch[0], top + half - 3, arch[2], top + half + 3, (90, 100, 112))
    clock(stage, spot.x, top + half * 0.5, 17)
    for x in (spot.left + 2, spot.right - spot.wide * 0.19):
        windows(stage, x, spot.top + 8, x + spot.wide * 0.17, spot.y - 6, 2, 1, frame=WHITE)


def containers(stage: Stage, spot: Spot) -> None:
    """A stack of coloured containers, three or four high."""
    levels, number = stage.generator.choice((3, 4)), max(1, round(spot.wide / 46))
    wide, high = spot.wide / number, spot.tall / levels
    for column in range(number):
        height = levels - (stage.generator.random() < 0.4)
        for level in range(height):
            x, y = spot.left + wide * (column + 0.5), spot.y - high * level
            tone = stage.generator.choice(TONES)
            stage.block(Spot(x, y, wide - 2, high - 1, None), tone, depth=0.12)
            ribs = 6
            for rib in range(1, ribs):
                rx = x - wide / 2 + wide * rib / ribs
                box(stage.image, rx - 1, y - high + 4, rx + 1, y - 4, shade(tone, 0.8))


def gantry(stage: Stage, spot: Spot) -> None:
    """A red port crane on four legs with a long arm."""
    tone = spot.colour or (214, 60, 50)
    draw = ImageDraw.Draw(stage.image)
    left, right, top = spot.x - spot.wide * 0.22, spot.x + spot.wide * 0.22, spot.top
    for x in (left, right):
        draw.line((x, spot.y, x, top), fill=tone, width=7)
    draw.line((left, spot.y - spot.tall * 0.4, right, spot.y - spot.tall * 0.4), fill=tone, width=6)
    draw.line((spot.left, top, spot.right, top), fill=tone, width=8)
    draw.line((spot.left, top, spot.x, top - 32), fill=shade(tone, 0.8), width=3)
    draw.line((spot.right, top, spot.x, top - 32), fill=shade(tone, 0.8), width=3)
    box(stage.image, right, top - 4, right + 22, top + 14, WHITE)


def terminal(stage: Stage, spot: Spot) -> None:
    """A long glass hall with a curved roof and a control tower."""
    x = spot.right - spot.wide * 0.12
    top = spot.y - spot.tall * 2.1
    polygon(stage.image, [(x - 6, top), (x + 6, top), (x + 9, spot.y), (x - 9, spot.y)], WHITE)
    cab = [(x - 20, top - 22), (x + 20, top - 22), (x + 13, top + 4), (x - 13, top + 4)]
    polygon(stage.image, cab, LIT if stage.light.lamps else (60, 120, 170))
    box(stage.image, x - 22, top - 27, x + 22, top - 20, (226, 230, 234))
    draw = ImageDraw.Draw(stage.image)
    draw.pieslice((spot.left, spot.top - 18, spot.right, spot.y + spot.tall), 180, 360, fill=WHITE)
    hall = spot._replace(tall=spot.tall * 0.62)
    stage.block(hall, (222, 228, 232), depth=0.3)
    windows(stage, hall.left, hall.top, hall.right, hall.y, 9, 1, fill=0.84)


def hull(stage: Stage, spot: Spot) -> None:
    """A cargo ship with containers on its deck."""
    deck = spot.y - spot.tall * 0.36
    number, high = 6, spot.tall * 0.2
    wide = spot.wide * 0.66 / number
    for column in range(number):
        for level in range(stage.generator.choice((2, 3))):
            x, y = spot.left + spot.wide * 0.1 + wide * column, deck - high * level
            box(stage.image, x, y - high, x + wide - 2, y - 1, stage.generator.choice(TONES))
    house = spot.right - spot.wide * 0.22
    box(stage.image, house, deck - high * 4, house + spot.wide * 0.15, deck, WHITE)
    windows(stage, house, deck - high * 3.8, house + spot.wide * 0.15, deck - high * 2.6, 3, 1)
    tone = stage.generator.choice(((160, 44, 44), (36, 60, 110), (50, 60, 66)))
    ends = [(spot.left, deck), (spot.right, deck)]
    keel = [(spot.right - spot.wide * 0.05, spot.y), (spot.left + spot.wide * 0.1, spot.y)]
    polygon(stage.image, [*ends, *keel], tone)
    box(stage.image, spot.left + 4, deck, spot.right - 2, deck + 5, WHITE)


def train(stage: Stage, spot: Spot) -> None:
    """A modern train of three cars on its track."""
    tone = spot.colour or stage.generator.choice(((206, 50, 50), (40, 100, 190), (40, 150, 100)))
    for car in range(3):
        x = spot.left + spot.wide * car * 0.5
        nose = [(x, spot.y - spot.tall), (x + spot.wide * 0.48, spot.y - spot.tall)]
        slope = spot.wide * 0.09 if car == 0 else 0.0
        nose[0] = (x + slope, nose[0][1])
        polygon(stage.image, [*nose, (x + spot.wide * 0.48, spot.y), (x, spot.y)], WHITE)
        box(stage.image, x, spot.y - spot.tall * 0.3, x + spot.wide * 0.48, spot.y, tone)
        top = spot.y - spot.tall * 0.84
        windows(stage, x + slope, top, x + spot.wide * 0.48, top + spot.tall * 0.42, 4, 1, fill=0.8)
    box(stage.image, spot.left + 6, spot.y, spot.left + spot.wide * 1.5, spot.y + 4, (50, 52, 58))


PAINTERS: dict[str, Painter] = {
    "rails": rails,
    "station": station,
    "containers": containers,
    "gantry": gantry,
    "hull": hull,
    "train": train,
    "terminal": terminal,
}
