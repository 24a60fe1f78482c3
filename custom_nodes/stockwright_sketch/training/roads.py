"""Roads, bridges and what serves cars."""

from __future__ import annotations

from PIL import ImageDraw

from .buildings import Painter, windows
from .looks import WHITE, Colour, mix, shade
from .paint import SIDE, box, gradient, polygon, texture
from .stage import Spot, Stage

ASPHALT: Colour = (92, 96, 104)


def road(stage: Stage, spot: Spot) -> None:
    """A road across the picture, with dashes."""
    box(stage.image, 0, spot.top - 4, SIDE, spot.y + 4, (196, 196, 194))
    box(stage.image, 0, spot.top, SIDE, spot.y, ASPHALT)
    middle = (spot.top + spot.y) / 2
    for dash in range(7):
        x = dash * 42 + spot.x % 20
        box(stage.image, x, middle - 2, x + 22, middle + 2, WHITE)


def lanes(stage: Stage, spot: Spot) -> None:
    """A road that runs to the horizon; wide sets its width at the lower edge."""
    top, bottom, x = stage.view.horizon, SIDE, spot.x

    def strip(left: float, right: float, tone: Colour, start: float = 0, end: float = 1) -> None:
        high, low = top + (bottom - top) * start, top + (bottom - top) * end
        quad = [
            (x + right * start, high),
            (x + left * start, high),
            (x + left * end, low),
            (x + right * end, low),
        ]
        polygon(stage.image, quad, tone)

    half = spot.wide / 2
    strip(-half * 1.12, half * 1.12, (206, 206, 202))
    strip(-half, half, spot.colour or ASPHALT)
    for place in (-0.5, 0.0, 0.5):
        for start, end in ((0.08, 0.16), (0.24, 0.38), (0.5, 0.72), (0.86, 1.0)):
            centre = half * place
            strip(centre - 4, centre + 4, WHITE, start, end)
    strip(-half * 0.96, -half * 0.93, WHITE)
    strip(half * 0.93, half * 0.96, WHITE)


def parking(stage: Stage, spot: Spot) -> None:
    """Asphalt with white bays."""
    top = stage.ground(0.8)
    stage.image.paste(gradient((120, 124, 130), ASPHALT, SIDE, SIDE - round(top)), (0, round(top)))
    for row in (stage.ground(1.0), stage.ground(1.45), stage.ground(2.0)):
        for bay in range(-3, 12):
            x = spot.x % 20 + bay * 38
            polygon(
                stage.image, [(x, row - 22), (x + 4, row - 22), (x - 4, row), (x - 9, row)], WHITE
            )


def pumps(stage: Stage, spot: Spot) -> None:
    """A filling station: a coloured canopy on two posts, a small shop behind."""
    shop = Spot(spot.x, spot.y - 4, spot.wide * 0.8, spot.tall * 0.5, None)
    stage.block(shop, (236, 238, 240))
    windows(stage, shop.left, shop.top + 4, shop.right, shop.y, 4, 1, fill=0.8)
    for x in (spot.left + spot.wide * 0.12, spot.right - spot.wide * 0.12):
        box(stage.image, x - 6, spot.top, x + 6, spot.y + 6, (226, 230, 234))
    tone = spot.colour or stage.generator.choice(((220, 52, 48), (40, 140, 84), (40, 96, 200)))
    roof = Spot(spot.x, spot.top + 22, spot.wide, 26, None)
    stage.block(roof, tone, depth=0.35, roof=(240, 240, 240))
    box(stage.image, spot.left, spot.top + 12, spot.right, spot.top + 19, WHITE)


def runway(stage: Stage, spot: Spot) -> None:
    """A dark strip with white bars in the middle."""
    box(stage.image, 0, spot.top, SIDE, spot.y, (84, 88, 96))
    for edge in (spot.top + 3, spot.y - 6):
        box(stage.image, 0, edge, SIDE, edge + 3, WHITE)
    middle = (spot.top + spot.y) / 2
    for dash in range(5):
        x = dash * 60 + spot.x % 24
        box(stage.image, x, middle - 3, x + 34, middle + 3, WHITE)


def bridge(stage: Stage, spot: Spot) -> None:
    """A suspension bridge across the picture: two towers, cables, a deck."""
    tone = spot.colour or stage.generator.choice(((206, 70, 50), (150, 160, 170), (230, 226, 214)))
    draw = ImageDraw.Draw(stage.image)
    deck, top = spot.y - spot.tall * 0.3, spot.top
    first, second = spot.left + spot.wide * 0.24, spot.right - spot.wide * 0.24
    spans = ((spot.left, first, 0.0), (first, second, 1.0), (second, spot.right, 0.0))
    for start, end, sag in spans:
        points: list[tuple[float, float]] = []
        for step in range(13):
            part = step / 12
            high = deck - top - 8
            if sag:
                y = top + high * (1 - (2 * part - 1) ** 2)
            else:
                y = top + high * ((1 - part) if end == first else part)
            points.append((start + (end - start) * part, y))
        for x, y in points:
            draw.line((x, y, x, deck), fill=tone, width=2)
        draw.line(points, fill=tone, width=5)
    for x in (first, second):
        box(stage.image, x - 8, top, x + 8, spot.y + 8, tone)
        box(stage.image, x + 2, top, x + 8, spot.y + 8, shade(tone, 0.75))
    box(stage.image, 0, deck, SIDE, deck + 12, shade(tone, 0.6))
    box(stage.image, 0, deck - 3, SIDE, deck + 3, (216, 216, 212))


def viaduct(stage: Stage, spot: Spot) -> None:
    """A stone or concrete bridge on arches across the picture."""
    wall = stage.facade(spot)
    texture(
        stage.image,
        [(0, spot.top), (SIDE, spot.top), (SIDE, spot.y), (0, spot.y)],
        stage.material.texture,
        wall,
        stage.generator,
    )
    box(stage.image, 0, spot.top - 6, SIDE, spot.top + 4, shade(wall, 1.12))
    draw = ImageDraw.Draw(stage.image)
    number = stage.generator.choice((3, 4))
    wide = SIDE / number
    behind = mix((58, 138, 196), stage.light.sky[1], 0.5)
    for arch in range(number):
        x = wide * arch
        opening = (x + 10, spot.top + 14, x + wide - 10, spot.top + 14 + (spot.y - spot.top) * 1.6)
        draw.pieslice(opening, 180, 360, fill=behind)
        foot = (opening[1] + opening[3]) / 2
        box(stage.image, opening[0], foot - 1, opening[2], spot.y, behind)


PAINTERS: dict[str, Painter] = {
    "road": road,
    "lanes": lanes,
    "parking": parking,
    "pumps": pumps,
    "runway": runway,
    "bridge": bridge,
    "viaduct": viaduct,
}
