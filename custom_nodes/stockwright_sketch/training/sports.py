"""Pitches, courts, tracks, stands and swings."""

from __future__ import annotations

from PIL import ImageDraw

from .buildings import Painter
from .looks import WHITE, Colour, mix, shade
from .paint import SIDE, box, polygon
from .stage import LIT, Spot, Stage


def field(stage: Stage, spot: Spot) -> None:
    """Stripes of mown grass with white lines: a football pitch."""
    top, bottom = stage.ground(0.35), SIDE
    for stripe in range(8):
        tone: Colour = (72, 164, 74) if stripe % 2 else (98, 188, 88)
        left, right = -60 + stripe * 47, -60 + (stripe + 1) * 47
        quad = [
            (128 + (left - 128) * 0.62, top),
            (128 + (right - 128) * 0.62, top),
            (right, bottom),
            (left, bottom),
        ]
        polygon(stage.image, quad, tone)
    draw = ImageDraw.Draw(stage.image)
    draw.line((0, top + 4, SIDE, top + 4), fill=WHITE, width=3)
    middle = (top + bottom) / 2 + 14
    draw.ellipse((spot.x - 62, middle - 20, spot.x + 62, middle + 20), outline=WHITE, width=4)
    draw.line((0, middle, SIDE, middle), fill=WHITE, width=4)


def goal(stage: Stage, spot: Spot) -> None:
    draw = ImageDraw.Draw(stage.image)
    net = mix((98, 188, 88), WHITE, 0.45)
    box(stage.image, spot.left, spot.top, spot.right, spot.y, net)
    for line in range(1, 8):
        x = spot.left + spot.wide * line / 8
        draw.line((x, spot.top, x, spot.y), fill=(120, 170, 120), width=1)
    for line in range(1, 4):
        y = spot.top + spot.tall * line / 4
        draw.line((spot.left, y, spot.right, y), fill=(120, 170, 120), width=1)
    posts = (spot.left, spot.y, spot.left, spot.top, spot.right, spot.top, spot.right, spot.y)
    draw.line(posts, fill=WHITE, width=6)


def court(stage: Stage, spot: Spot) -> None:
    """A tennis court from behind the line, with its net."""
    inner = spot.colour or stage.generator.choice(((206, 104, 62), (56, 112, 184), (70, 150, 90)))
    far, near = stage.ground(0.5), 250.0
    middle = (far + near) / 2 - (near - far) * 0.12
    draw = ImageDraw.Draw(stage.image)
    draw.polygon([(58, far), (198, far), (262, near), (-6, near)], fill=inner)
    for a, b in (
        ((58, far), (-6, near)),
        ((198, far), (262, near)),
        ((78, far), (30, near)),
        ((178, far), (226, near)),
        ((58, far), (198, far)),
        ((-6, near), (262, near)),
        ((128, middle), (128, near - 26)),
        ((36, near - 26), (220, near - 26)),
    ):
        draw.line((*a, *b), fill=WHITE, width=4)
    box(stage.image, 18, middle - 26, 238, middle, mix((40, 46, 50), inner, 0.4))
    for mesh in range(22):
        box(stage.image, 18 + mesh * 10, middle - 24, 19 + mesh * 10, middle, (40, 46, 50))
    box(stage.image, 14, middle - 28, 242, middle - 22, WHITE)


def track(stage: Stage, spot: Spot) -> None:
    """Red running lanes with white lines towards the horizon, a green field beside them."""
    top, bottom, lanes_ = stage.ground(0.12), SIDE, 6
    left, right, far = -40.0, 236.0, spot.x
    wide = (right - left) / lanes_
    for lane in range(lanes_):
        x = left + wide * lane
        high = far + (x - 110) * 0.14
        quad = [(high, top), (high + wide * 0.14, top), (x + wide, bottom), (x, bottom)]
        polygon(stage.image, quad, (200, 74, 54) if lane % 2 else (212, 88, 64))
        ImageDraw.Draw(stage.image).line((high, top, x, bottom), fill=WHITE, width=4)
    high = far + (right - 110) * 0.14
    ImageDraw.Draw(stage.image).line((high, top, right, bottom), fill=WHITE, width=4)


def stands(stage: Stage, spot: Spot) -> None:
    """Rows of coloured seats under a roof, floodlights at the ends."""
    tone = spot.colour or stage.generator.choice(((60, 110, 200), (206, 64, 60), (240, 160, 50)))
    for x in (spot.left + 18, spot.right - 18):
        box(stage.image, x - 3, spot.top - 44, x + 3, spot.y, (150, 156, 164))
        lamp = LIT if stage.light.lamps else (240, 244, 248)
        box(stage.image, x - 17, spot.top - 58, x + 17, spot.top - 40, lamp)
    rows = 6
    for row in range(rows):
        y = spot.top + spot.tall * row / rows
        seat = shade(tone, 0.8 + 0.4 * row / rows)
        box(stage.image, spot.left, y, spot.right, y + spot.tall / rows - 1, seat)
    for aisle in range(1, 7):
        x = spot.left + spot.wide * aisle / 7
        box(stage.image, x - 2, spot.top, x + 2, spot.y, (214, 216, 218))
    roof = [(spot.left, spot.top + 6), (spot.right, spot.top + 6)]
    polygon(stage.image, [*roof, (spot.right, spot.top - 12), (spot.left, spot.top - 12)], WHITE)


def swing(stage: Stage, spot: Spot) -> None:
    draw = ImageDraw.Draw(stage.image)
    tone = stage.generator.choice(((226, 60, 60), (60, 120, 220), (250, 180, 40)))
    for x in (spot.left, spot.right):
        draw.line((x - 14, spot.y, x, spot.top, x + 14, spot.y), fill=tone, width=6)
    draw.line((spot.left, spot.top, spot.right, spot.top), fill=tone, width=7)
    for place in (0.33, 0.67):
        x, low = spot.left + spot.wide * place, spot.y - 14
        for rope in (-8, 8):
            draw.line((x + rope, spot.top, x + rope, low), fill=(70, 70, 74), width=2)
        box(stage.image, x - 11, low - 3, x + 11, low + 4, (60, 60, 66))


PAINTERS: dict[str, Painter] = {
    "field": field,
    "goal": goal,
    "court": court,
    "track": track,
    "stands": stands,
    "swing": swing,
}
