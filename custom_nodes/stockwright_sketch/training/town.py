"""Blocks, streets and squares of a town, and what stands on them."""

from __future__ import annotations

from PIL import ImageDraw

from .buildings import Painter, awning, door, gable, office, windows
from .landmarks import flag
from .looks import WHITE, Colour, mix, shade
from .paint import SIDE, box, glow, polygon
from .stage import LIT, TONES, Spot, Stage


def skyline(stage: Stage, spot: Spot) -> None:
    """Many towers of different heights, the far ones pale."""
    generator = stage.generator
    for layer, (number, factor) in enumerate(((9, 0.8), (6, 1.0))):
        for tower in range(number):
            x = spot.left + spot.wide * (tower + generator.uniform(0.3, 0.7)) / number
            tall = spot.tall * factor * generator.uniform(0.45, 1.0)
            wide = spot.wide / number * generator.uniform(0.7, 1.0)
            tone = generator.choice(((70, 120, 176), (110, 134, 160), (60, 96, 140)))
            if layer:
                office(stage, Spot(x, spot.y, wide, tall, tone))
            else:
                pale = mix(tone, stage.light.sky[1], 0.5)
                box(stage.image, x - wide / 2, spot.y - tall, x + wide / 2, spot.y, pale)
                box(stage.image, x - 1, spot.y - tall - 16, x + 1, spot.y - tall, pale)


def town(stage: Stage, spot: Spot) -> None:
    """Small pale blocks towards the horizon."""
    generator = stage.generator
    rows = 4 if stage.view.aerial else 1
    for row in range(rows):
        y = stage.ground(0.12 + row * 0.16) if rows > 1 else spot.y
        for place in range(9):
            x = SIDE * (place + generator.uniform(0.2, 0.8)) / 9
            tall = spot.tall * generator.uniform(0.5, 1.0) * (0.7 + row * 0.15)
            tone = mix(
                generator.choice(((214, 200, 180), (190, 196, 204), (206, 150, 120))),
                stage.light.sky[1],
                0.35 - row * 0.06,
            )
            block = Spot(x, y, 26 + row * 3, tall, None)
            stage.block(block, tone, depth=0.1, roof=shade(tone, 1.12))
            if stage.light.lamps:
                windows(stage, block.left, block.top, block.right, y, 3, 2)


def townhouses(stage: Stage, spot: Spot) -> None:
    """A row of narrow houses in many colours, each with a gable."""
    tones = [(232, 178, 96), (210, 104, 84), (236, 214, 160), (128, 168, 150), (226, 150, 140)]
    stage.generator.shuffle(tones)
    wide = spot.wide / 5
    for number, tone in enumerate(tones):
        tall = spot.tall * stage.generator.uniform(0.85, 1.05)
        one = Spot(spot.left + wide * (number + 0.5), spot.y, wide, tall, None)
        stage.block(one, tone, depth=0.15)
        gable(stage, one, wide * 0.6, tone, (170, 80, 62), depth=0.15)
        windows(stage, one.left, one.top + 4, one.right, one.y - 24, 2, 3, frame=WHITE)
        door(stage, one.x, one.y, 13, 22, (120, 74, 50))


def walls(stage: Stage, spot: Spot) -> None:
    """Rows of shop fronts on both sides of a street that runs to the horizon."""
    tones = [(226, 170, 110), (196, 104, 84), (232, 220, 190), (130, 160, 170), (216, 150, 150)]
    stage.generator.shuffle(tones)
    horizon, middle = stage.view.horizon, stage.view.vanish if stage.view.aerial else 128.0
    high = spot.tall
    for side in (-1, 1):
        near = 1.5
        for number in range(4):
            far = near * 0.58
            tone = shade(tones[(number + side) % 5], 0.8 if side > 0 else 1.05)

            def at(scale: float, up: float, side: int = side) -> tuple[float, float]:
                return middle + side * 92 * scale, horizon + 46 * scale - up * high * scale

            polygon(stage.image, [at(near, 0), at(near, 1), at(far, 1), at(far, 0)], tone)
            bands = ((0.62, 0.82), (0.4, 0.56), (0.06, 0.24))
            for low, upper in bands:
                for start, end in ((0.12, 0.42), (0.58, 0.88)):
                    one, two = near + (far - near) * start, near + (far - near) * end
                    quad = [at(one, low), at(one, upper), at(two, upper), at(two, low)]
                    polygon(stage.image, quad, stage.pane())
            shelter = [at(near, 0.34), at(far, 0.34), at(far, 0.26), at(near, 0.26)]
            out = [(px - side * 14 * near, py) for px, py in (shelter[3], shelter[2])]
            colour = stage.generator.choice(((212, 60, 56), (50, 130, 90), (236, 170, 60)))
            polygon(stage.image, [shelter[0], shelter[1], out[1], out[0]], colour)
            near = far


def stalls(stage: Stage, spot: Spot) -> None:
    """A market stall: a striped awning, crates of fruit."""
    tone = stage.generator.choice(TONES[:5])
    for x in (spot.left + 4, spot.right - 4):
        box(stage.image, x - 2, spot.top + 10, x + 2, spot.y, (110, 80, 56))
    dark = shade(LIT, 0.8) if stage.light.lamps else (104, 84, 70)
    box(stage.image, spot.left + 6, spot.top + 20, spot.right - 6, spot.y - 20, dark)
    box(stage.image, spot.left, spot.y - spot.tall * 0.36, spot.right, spot.y, (176, 124, 76))
    fruits = ((226, 60, 50), (250, 150, 40), (110, 180, 60), (250, 214, 70), (140, 70, 150))
    crates = 4
    wide = spot.wide / crates
    for crate in range(crates):
        x, y = spot.left + wide * crate, spot.y - spot.tall * 0.44
        box(stage.image, x + 2, y, x + wide - 2, y + 13, stage.generator.choice(fruits), round_=6)
    awning(stage, spot.left - 6, spot.right + 6, spot.top, spot.tall * 0.24, tone)


def parasol(stage: Stage, spot: Spot) -> None:
    """A parasol over a round table with two chairs."""
    tone = spot.colour or stage.generator.choice(((216, 60, 54), (240, 230, 206), (44, 130, 100)))
    box(stage.image, spot.x - 2, spot.top + 8, spot.x + 2, spot.y, (120, 90, 66))
    low = spot.top + spot.tall * 0.34
    polygon(stage.image, [(spot.left, low), (spot.x, spot.top), (spot.right, low)], tone)
    part = spot.wide * 0.17
    polygon(
        stage.image,
        [(spot.x - part, low), (spot.x, spot.top), (spot.x + part, low)],
        mix(tone, WHITE, 0.6),
    )
    table = spot.y - spot.tall * 0.3
    box(stage.image, spot.x - part * 1.5, table, spot.x + part * 1.5, table + 5, (250, 248, 240))
    for side in (-1, 1):
        x = spot.x + side * spot.wide * 0.4
        box(stage.image, x - 3, table - 12, x + 3, spot.y, (124, 84, 56))
        inner = x - side * 14
        box(stage.image, min(x, inner), table + 8, max(x, inner), table + 13, (150, 104, 70))
        box(stage.image, inner - 2, table + 8, inner + 2, spot.y, (124, 84, 56))


def podium(stage: Stage, spot: Spot) -> None:
    """An open air stage: a dark arched shell with coloured lights."""
    draw = ImageDraw.Draw(stage.image)
    shell = (spot.left, spot.top, spot.right, spot.y + spot.tall)
    draw.pieslice(shell, 180, 360, fill=(226, 230, 236))
    draw.pieslice(
        (shell[0] + 14, shell[1] + 14, shell[2] - 14, shell[3] - 14), 180, 360, fill=(52, 40, 84)
    )
    for beam, tone in enumerate(((236, 90, 160), (90, 180, 250), (250, 210, 80))):
        x = spot.left + spot.wide * (0.3 + beam * 0.2)
        polygon(stage.image, [(x, spot.top + 22), (x - 18, spot.y), (x + 14, spot.y)], tone)
    stage.block(Spot(spot.x, spot.y + 10, spot.wide, 16, None), (70, 62, 70), depth=0.1)
    flag(stage, spot.left, spot.y, spot.tall * 1.1, (236, 90, 90))
    flag(stage, spot.right, spot.y, spot.tall * 1.1, (90, 150, 230))


def railing(stage: Stage, spot: Spot) -> None:
    """A white balustrade across the picture."""
    for post in range(14):
        x = post * 20 + 4
        box(stage.image, x, spot.top, x + 7, spot.y, (246, 244, 238))
    box(stage.image, 0, spot.top - 5, SIDE, spot.top + 3, WHITE)
    box(stage.image, 0, spot.y - 3, SIDE, spot.y + 4, (224, 222, 216))


def lamp(stage: Stage, spot: Spot) -> None:
    """A street lamp; it shines when lamps are on."""
    box(stage.image, spot.x - 2, spot.top + 8, spot.x + 2, spot.y, (56, 60, 68))
    lit = stage.light.lamps
    if lit:
        glow(stage.image, spot.x, spot.top + 4, 16, LIT, 0.6)
    box(
        stage.image,
        spot.x - 7,
        spot.top - 5,
        spot.x + 7,
        spot.top + 10,
        LIT if lit else (236, 238, 234),
        round_=7,
    )


def bench(stage: Stage, spot: Spot) -> None:
    tone: Colour = (150, 98, 58)
    stage.shadow(spot.x, spot.y, spot.wide, spot.tall)
    for x in (spot.left + 5, spot.right - 5):
        box(stage.image, x - 3, spot.top, x + 3, spot.y, (60, 62, 66))
    for low, high in ((0.0, 0.2), (0.26, 0.44), (0.55, 0.75)):
        top = spot.top + spot.tall * low
        box(stage.image, spot.left, top, spot.right, spot.top + spot.tall * high, tone)


def statue(stage: Stage, spot: Spot) -> None:
    """A column on a stepped base with a golden figure."""
    stone: Colour = mix(stage.material.wall, (214, 206, 190), 0.6)
    for step, share in enumerate((0.5, 0.38, 0.28)):
        y = spot.y - step * 9
        stage.block(Spot(spot.x, y, spot.wide * share * 2, 10, None), stone, depth=0.05)
    half = spot.wide * 0.12
    box(stage.image, spot.x - half, spot.top + 26, spot.x + half, spot.y - 24, stone)
    box(
        stage.image,
        spot.x + half * 0.3,
        spot.top + 26,
        spot.x + half,
        spot.y - 24,
        shade(stone, 0.8),
    )
    box(stage.image, spot.x - half * 1.6, spot.top + 22, spot.x + half * 1.6, spot.top + 30, stone)
    gold: Colour = (226, 176, 60)
    box(stage.image, spot.x - 6, spot.top + 2, spot.x + 6, spot.top + 23, gold, round_=4)
    box(stage.image, spot.x - 5, spot.top - 9, spot.x + 5, spot.top + 2, gold, round_=5)
    polygon(
        stage.image,
        [(spot.x + 3, spot.top + 8), (spot.x + 20, spot.top - 12), (spot.x + 6, spot.top + 2)],
        gold,
    )


PAINTERS: dict[str, Painter] = {
    "skyline": skyline,
    "town": town,
    "townhouses": townhouses,
    "walls": walls,
    "stalls": stalls,
    "parasol": parasol,
    "podium": podium,
    "railing": railing,
    "lamp": lamp,
    "bench": bench,
    "statue": statue,
}
