"""Buildings that are known by one sign: a clock, a cross, columns, a dome, towers."""

from __future__ import annotations

from PIL import ImageDraw

from .buildings import ROOF, SLATE, Painter, door, gable, pitched, windows
from .looks import WHITE, Colour, mix, shade
from .paint import box, polygon
from .stage import LIT, Spot, Stage

RED: Colour = (222, 44, 48)
GOLD: Colour = (240, 196, 70)


def disc(stage: Stage, x: float, y: float, radius: float, colour: Colour) -> None:
    around = (x - radius, y - radius, x + radius, y + radius)
    ImageDraw.Draw(stage.image).ellipse(around, fill=colour)


def clock(stage: Stage, x: float, y: float, radius: float) -> None:
    disc(stage, x, y, radius, (70, 60, 56))
    disc(stage, x, y, radius - 2.5, LIT if stage.light.lamps else WHITE)
    draw = ImageDraw.Draw(stage.image)
    draw.line((x, y, x, y - radius * 0.65), fill=(40, 40, 44), width=3)
    draw.line((x, y, x + radius * 0.5, y + 2), fill=(40, 40, 44), width=3)


def cross(stage: Stage, x: float, y: float, arm: float, colour: Colour) -> None:
    thick = arm * 0.36
    box(stage.image, x - arm, y - thick, x + arm, y + thick, colour)
    box(stage.image, x - thick, y - arm, x + thick, y + arm, colour)


def flag(stage: Stage, x: float, y: float, high: float, colour: Colour) -> None:
    box(stage.image, x - 1.5, y - high, x + 1.5, y, (196, 200, 206))
    box(stage.image, x + 1, y - high, x + 22, y - high + 14, colour)


def columns(stage: Stage, spot: Spot, number: int, colour: Colour) -> None:
    """A portico: dark behind, pale columns, a beam and a pediment."""
    behind = shade(LIT, 0.9) if stage.light.lamps else shade(colour, 0.5)
    box(stage.image, spot.left, spot.top, spot.right, spot.y, behind)
    step = spot.wide / number
    for column in range(number):
        x = spot.left + step * (column + 0.5)
        box(stage.image, x - step * 0.27, spot.top, x + step * 0.27, spot.y, colour)
        box(stage.image, x + step * 0.12, spot.top, x + step * 0.27, spot.y, shade(colour, 0.84))
    rise = spot.wide * 0.17
    box(stage.image, spot.left - 5, spot.top - 8, spot.right + 5, spot.top + 3, colour)
    ends = [(spot.left - 9, spot.top - 8), (spot.right + 9, spot.top - 8)]
    polygon(stage.image, [*ends, (spot.x, spot.top - 8 - rise)], shade(colour, 0.82))
    inner = [(spot.left + 8, spot.top - 11), (spot.right - 8, spot.top - 11)]
    polygon(stage.image, [*inner, (spot.x, spot.top - 4 - rise)], shade(colour, 0.96))
    for stair in range(3):
        y = spot.y + stair * 4
        out = 5 + stair * 6
        tone = shade(colour, 1.05 - stair * 0.09)
        box(stage.image, spot.left - out, y - 1, spot.right + out, y + 4, tone)


def school(stage: Stage, spot: Spot) -> None:
    """Two wide storeys, a middle gable with a clock, a flag."""
    wall = spot.colour or mix(stage.material.wall, (222, 140, 84), 0.35)
    stage.block(spot, wall, kind=stage.material.texture, storeys=2)
    pitched(stage, spot, 20, ROOF)
    windows(stage, spot.left, spot.top + 4, spot.right, spot.y - 4, 8, 2, frame=WHITE)
    front = Spot(spot.x, spot.y, spot.wide * 0.3, spot.tall * 1.18, None)
    flag(stage, spot.x, front.top - 26, 34, (52, 104, 200))
    stage.block(front, shade(wall, 1.08), depth=0.1)
    gable(stage, front, 36, shade(wall, 1.08), ROOF, depth=0.15)
    clock(stage, spot.x, front.top + 2, 15)
    door(stage, spot.x, spot.y, front.wide * 0.45, spot.tall * 0.45, (60, 110, 160))


def bank(stage: Stage, spot: Spot) -> None:
    """A stone front with columns and a gold coin in the pediment."""
    wall = mix(stage.facade(spot), (232, 222, 200), 0.6)
    stage.block(spot, shade(wall, 0.9), depth=0.35, storeys=2)
    inner = spot._replace(wide=spot.wide * 0.9, tall=spot.tall * 0.84)
    columns(stage, inner, 6, wall)
    disc(stage, spot.x, inner.top - 17, 11, shade(GOLD, 0.75))
    disc(stage, spot.x, inner.top - 18, 9, GOLD)


def museum(stage: Stage, spot: Spot) -> None:
    """A dome over columns and two wings with long banners."""
    wall = stage.facade(spot)
    green: Colour = stage.generator.choice(((110, 170, 150), (214, 170, 80), (120, 140, 170)))
    radius = spot.wide * 0.2
    centre = spot.top - spot.tall * 0.3
    drum = (spot.x - radius, centre - 2, spot.x + radius, spot.top + 4)
    round_top = (drum[0] - 3, centre - radius, drum[2] + 3, centre + radius)
    ImageDraw.Draw(stage.image).pieslice(round_top, 180, 360, fill=green)
    box(stage.image, *drum, shade(wall, 0.92))
    box(stage.image, spot.x - 3, centre - radius - 14, spot.x + 3, centre - radius, GOLD)
    stage.block(spot, wall, kind=stage.material.texture, depth=0.35, storeys=2)
    windows(stage, spot.left, spot.top + 8, spot.right, spot.y - 8, 8, 1, fill=0.5)
    columns(stage, spot._replace(wide=spot.wide * 0.46, tall=spot.tall * 0.86), 5, shade(wall, 1.1))
    tone = stage.generator.choice((RED, (120, 50, 150), (40, 90, 180)))
    for x in (spot.left + spot.wide * 0.14, spot.right - spot.wide * 0.14):
        box(stage.image, x - 8, spot.top + 6, x + 8, spot.y - 12, tone)


def campus(stage: Stage, spot: Spot) -> None:
    """Long wings with arches and a tall clock tower."""
    wall = spot.colour or mix(stage.material.wall, (196, 110, 84), 0.4)
    stage.block(spot, wall, kind=stage.material.texture, storeys=3)
    pitched(stage, spot, 24, SLATE)
    windows(stage, spot.left, spot.top + 2, spot.right, spot.y - 26, 9, 2, frame=WHITE)
    step = spot.wide / 9
    for arch in range(9):
        x = spot.left + step * (arch + 0.5)
        box(stage.image, x - 7, spot.y - 24, x + 7, spot.y, shade(wall, 0.45), round_=6)
    tower = Spot(spot.x, spot.y, spot.wide * 0.2, spot.tall * 1.75, None)
    stage.block(tower, shade(wall, 1.1), depth=0.1)
    points = [(tower.left - 4, tower.top), (tower.right + 4, tower.top)]
    polygon(stage.image, [*points, (tower.x, tower.top - tower.wide * 0.9)], (84, 150, 130))
    clock(stage, tower.x, tower.top + 18, 13)
    door(stage, tower.x, tower.y, tower.wide * 0.5, spot.tall * 0.4, (90, 60, 50))


def hospital(stage: Stage, spot: Spot) -> None:
    """White storeys of windows and a big red cross."""
    wall = mix(stage.material.wall, (250, 252, 252), 0.72)
    rows = max(3, round(spot.tall / 24))
    stage.block(spot, wall, storeys=rows, depth=0.35)
    windows(stage, spot.left, spot.top + 4, spot.right, spot.y - 20, 8, rows)
    front = Spot(spot.x, spot.y, spot.wide * 0.34, spot.tall * 1.22, None)
    stage.block(front, WHITE, depth=0.1)
    cross(stage, front.x, front.top + front.wide * 0.46, front.wide * 0.36, RED)
    glass = LIT if stage.light.lamps else (120, 190, 210)
    box(stage.image, front.left + 6, spot.y - 26, front.right - 6, spot.y, glass)
    box(stage.image, front.left - 8, spot.y - 32, front.right + 8, spot.y - 24, RED)


def clinic(stage: Stage, spot: Spot) -> None:
    """A low front with a wide glass door and a cross over it: green for a pharmacy."""
    wall = mix(stage.facade(spot), WHITE, 0.5)
    tone = spot.colour or RED
    stage.block(spot._replace(colour=None), wall, kind=stage.material.texture)
    glass = LIT if stage.light.lamps else (140, 200, 216)
    middle = spot.y - spot.tall * 0.5
    box(stage.image, spot.left + 8, middle, spot.right - 8, spot.y - 3, glass)
    for share in (0.18, 0.34, 0.5, 0.66, 0.82):
        x = spot.left + spot.wide * share
        box(stage.image, x - 2, middle, x + 2, spot.y, WHITE)
    box(stage.image, spot.left - 8, middle - 12, spot.right + 8, middle, tone)
    arm = spot.tall * 0.23
    centre = spot.top + spot.tall * 0.14
    box(stage.image, spot.x - arm * 1.4, centre - arm * 1.4, spot.x + arm * 1.4, middle - 12, WHITE)
    cross(stage, spot.x, centre - arm * 0.1, arm, tone)


def hotel(stage: Stage, spot: Spot) -> None:
    """Storeys of warm windows, a row of stars on the roof, an awning and a red carpet."""
    wall = mix(stage.facade(spot), (246, 216, 170), 0.4)
    rows = max(4, round(spot.tall / 24))
    stage.block(spot, wall, storeys=rows, kind=stage.material.texture)
    windows(stage, spot.left, spot.top + 3, spot.right, spot.y - 30, 5, rows - 1, frame=WHITE)
    box(stage.image, spot.left - 5, spot.top - 4, spot.right + 5, spot.top + 5, shade(wall, 0.7))
    for star in range(5):
        x = spot.x + (star - 2) * 19
        points = [(x, -22), (x + 3, -14), (x + 9, -13), (x + 5, -9), (x + 6, -2), (x, -6)]
        left = [(2 * x - px, py) for px, py in reversed(points)]
        polygon(stage.image, [(px, py + spot.top - 4) for px, py in (*points, *left)], GOLD)
    carpet = [(spot.x - 9, spot.y), (spot.x + 9, spot.y), (spot.x + 24, 256), (spot.x - 24, 256)]
    polygon(stage.image, carpet, (196, 36, 44))
    door(stage, spot.x, spot.y, 26, 24, (170, 120, 60))
    box(stage.image, spot.x - 32, spot.y - 36, spot.x + 32, spot.y - 24, (176, 30, 42), round_=4)


def church(stage: Stage, spot: Spot) -> None:
    """A nave with a high steeple and a cross on it."""
    wall = mix(stage.facade(spot), WHITE, 0.35)
    stage.block(spot, wall, depth=0.4, kind=stage.material.texture)
    gable(stage, spot, spot.tall * 0.7, wall, SLATE, depth=0.4)
    tower = Spot(spot.x, spot.y, spot.wide * 0.4, spot.tall * 1.7, None)
    stage.block(tower, shade(wall, 1.06), depth=0.12)
    tip = tower.top - spot.tall * 1.0
    points = [(tower.left - 4, tower.top), (tower.right + 4, tower.top), (tower.x, tip)]
    polygon(stage.image, points, (96, 84, 104))
    box(stage.image, tower.x - 2, tip - 18, tower.x + 2, tip + 3, GOLD)
    box(stage.image, tower.x - 8, tip - 13, tower.x + 8, tip - 9, GOLD)
    for y in (tower.top + 8, tower.top + tower.tall * 0.4):
        box(stage.image, tower.x - 6, y, tower.x + 6, y + 22, (60, 70, 104), round_=6)
    box(stage.image, tower.x - 10, spot.y - 32, tower.x + 10, spot.y, (110, 70, 46), round_=9)


def castle(stage: Stage, spot: Spot) -> None:
    """Battlements and round towers with pointed roofs."""
    wall = mix(stage.facade(spot), (206, 190, 164), 0.5)
    roof = stage.generator.choice(((64, 96, 170), (190, 76, 64), (110, 80, 140)))
    stage.block(spot, wall, kind="stone")
    for tooth in range(9):
        x = spot.left + spot.wide * (tooth + 0.25) / 9
        box(stage.image, x, spot.top - 9, x + spot.wide / 18, spot.top + 1, wall)
    towers = ((spot.left, 1.4), (spot.right, 1.4), (spot.x - 24, 1.9), (spot.x + 24, 1.7))
    for x, factor in towers:
        top, half = spot.y - spot.tall * factor, spot.wide * 0.085
        box(stage.image, x - half, top, x + half, spot.y, shade(wall, 1.06))
        box(stage.image, x + half * 0.4, top, x + half, spot.y, shade(wall, 0.84))
        points = [(x - half - 5, top + 2), (x + half + 5, top + 2), (x, top - half * 3)]
        polygon(stage.image, points, roof)
        box(stage.image, x - 3, top + 12, x + 3, top + 26, (60, 56, 70))
    box(stage.image, spot.x - 14, spot.y - 38, spot.x + 14, spot.y + 12, (84, 56, 40), round_=13)


def pagoda(stage: Stage, spot: Spot) -> None:
    """Three storeys, each under a wide curved roof."""
    red: Colour = (186, 52, 44)
    storeys = 3
    for storey in range(storeys):
        wide = spot.wide * (1 - storey * 0.24)
        y = spot.y - spot.tall * storey / storeys
        high = spot.tall / storeys
        level = Spot(spot.x, y, wide * 0.66, high, None)
        stage.block(level, red, depth=0.12)
        box(stage.image, level.left + 8, y - high * 0.5, level.right - 8, y, LIT)
        roof = [(spot.x - wide / 2, y - high * 0.78), (spot.x + wide / 2, y - high * 0.78)]
        upper = [(spot.x + wide * 0.26, y - high * 1.14), (spot.x - wide * 0.26, y - high * 1.14)]
        polygon(stage.image, [*roof, *upper], (52, 76, 84))
        box(stage.image, *roof[0], spot.x + wide / 2, y - high * 0.7, GOLD)
    box(stage.image, spot.x - 3, spot.top - 30, spot.x + 3, spot.top, GOLD)


PAINTERS: dict[str, Painter] = {
    "school": school,
    "bank": bank,
    "museum": museum,
    "campus": campus,
    "hospital": hospital,
    "clinic": clinic,
    "hotel": hotel,
    "church": church,
    "castle": castle,
    "pagoda": pagoda,
}
