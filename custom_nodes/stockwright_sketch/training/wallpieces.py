"""What hangs on a wall or is a part of it: windows, doors, boards, pictures."""

from __future__ import annotations

from .kits import Thing
from .looks import COLOURS, WHITE, Colour, jitter, mix, shade
from .solids import Kit

_FRAMES: tuple[Colour, ...] = ((60, 44, 34), (190, 150, 70), (40, 40, 44))


def window(kit: Kit) -> None:
    """of: tall reaches from the floor, stained is of coloured glass."""
    low, high = (0.15, 2.6) if kit.of in ("tall", "plane") else (0.9, 2.4)
    wide, pane = (2.2 if kit.of == "plane" else 1.5), kit.scene.light.window
    frame = (70, 76, 84) if kit.of in ("tall", "plane", "stained") else WHITE
    kit.face(0, low, 0.02, wide, high - low, frame)
    half = (wide - 0.24) / 2
    if kit.of == "stained":
        colours = [COLOURS[name] for name in ("red", "blue", "yellow", "green", "purple")]
        for row in range(4):
            for x in (-half / 2, half / 2):
                y = low + 0.08 + row * (high - low - 0.1) / 4
                kit.face(x, y, 0.03, half - 0.05, (high - low) / 4 - 0.08,
                         mix(kit.generator.choice(colours), pane, 0.2))  # fmt: skip
        return
    for x in (-(half + 0.08) / 2, (half + 0.08) / 2):
        kit.face(x, low + 0.08, 0.03, half, high - low - 0.16, pane)
        kit.face(x, low + 0.081, 0.04, half, (high - low) * 0.28, mix(pane, (110, 140, 120), 0.35))
    if kit.of == "plane":
        kit.picture("2708-fe0f", 0, low + 0.7, 0.06, 1.3)


def glass_wall(kit: Kit) -> None:
    pane = kit.scene.light.window
    kit.face(0, 0.3, 0.02, 1.2, 2.6, pane)
    kit.face(0, 0.301, 0.03, 1.2, 0.6, mix(pane, (90, 150, 90), 0.5))
    for x in (-0.58, 0.58):
        kit.face(x, 0.302, 0.04, 0.08, 2.6, (246, 248, 248))
    kit.face(0, 1.5, 0.04, 1.2, 0.06, (246, 248, 248))


def door(kit: Kit) -> None:
    colour = {"white": (240, 240, 238), "steel": (150, 160, 170)}.get(kit.of, kit.scene.wood)
    kit.face(0, 0, 0.02, 1.1, 2.2, shade(colour, 0.7))
    kit.face(0, 0, 0.03, 0.94, 2.1, colour)
    kit.face(0, 1.2, 0.04, 0.62, 0.66, shade(colour, 0.86))
    kit.ball(0.36, 1.0, 0.05, 0.06, (230, 200, 110))


def shutter(kit: Kit) -> None:
    """A rolling gate of a garage."""
    kit.face(0, 0, 0.02, 3.0, 2.6, (120, 128, 136))
    for row in range(6):
        kit.face(0, 0.03 + row * 0.42, 0.03, 2.8, 0.36, (204, 210, 216))


def blackboard(kit: Kit) -> None:
    kit.face(0, 0.85, 0.02, 3.2, 1.45, (150, 104, 62))
    kit.face(0, 0.95, 0.03, 3.0, 1.25, (38, 104, 76))
    for y, wide in ((1.9, 1.2), (1.62, 0.8)):
        kit.face(kit.generator.uniform(-0.7, 0.7), y, 0.04, wide, 0.06, (214, 232, 222))


def board(kit: Kit) -> None:
    """A white board or a projector's screen; menu is a black one of a cafe."""
    if kit.of == "menu":
        kit.face(0, 1.3, 0.02, 1.9, 1.1, (130, 90, 58))
        kit.face(0, 1.38, 0.03, 1.76, 0.94, (40, 42, 44))
        for x in (-0.45, 0.45):
            for y in (1.55, 1.78, 2.0):
                kit.face(x, y, 0.04, 0.55, 0.08, (226, 220, 204))
        return
    kit.face(0, 0.95, 0.02, 2.9, 1.65, (70, 74, 82))
    kit.face(0, 1.02, 0.03, 2.76, 1.5, (250, 252, 252))
    for x, tall in ((-0.8, 0.5), (-0.3, 0.8), (0.2, 0.6), (0.7, 1.05)):
        kit.face(x, 1.15, 0.04, 0.34, tall, kit.scene.cloth)


def screens(kit: Kit) -> None:
    """A wall of screens (of: charts, with rising and falling lines)."""
    for row in range(2):
        for column in range(3):
            x, y = (column - 1) * 1.05, 1.0 + row * 0.78
            kit.face(x, y, 0.03, 1.0, 0.72, (24, 28, 36))
            if kit.of != "charts":
                colour = kit.generator.choice(((60, 140, 220), (60, 180, 150), (40, 90, 160)))
                kit.face(x, y + 0.06, 0.04, 0.9, 0.6, colour)
                kit.face(x - 0.15, y + 0.12, 0.05, 0.4, 0.2, (220, 236, 250))
                continue
            rising = kit.generator.random() < 0.6
            colour = (70, 230, 130) if rising else (250, 90, 80)
            for index in range(5):
                share = index if rising else 4 - index
                tall = 0.12 + share * 0.08 + kit.generator.uniform(0, 0.1)
                kit.face(x + (index - 2) * 0.17, y + 0.08, 0.04, 0.12, tall, colour)


def television(kit: Kit) -> None:
    kit.block(0, 0, 0.25, 1.9, 0.42, 0.4, kit.scene.wood)
    kit.face(0, 0.75, 0.06, 1.8, 1.05, (28, 30, 36))
    kit.face(0, 0.82, 0.07, 1.66, 0.9, (54, 70, 96))


def mirror(kit: Kit) -> None:
    """of: round hangs over a wash basin, salon has bulbs; else it covers the wall."""
    glass = (206, 228, 238)
    if kit.of == "salon":
        kit.face(0, 0.7, 0.02, 1.1, 1.6, (206, 160, 90))
        kit.face(0, 0.78, 0.03, 0.94, 1.44, glass)
        kit.block(0, 0.55, 0.15, 1.1, 0.1, 0.35, (246, 246, 244))
        for y in (1.0, 1.4, 1.8, 2.2):
            for x in (-0.5, 0.5):
                kit.ball(x, y, 0.06, 0.08, (255, 246, 210), lamp=y == 1.8)
        return
    kit.face(0, 0.3, 0.02, 1.9, 2.1, (150, 164, 174))
    kit.face(0, 0.36, 0.03, 1.8, 1.98, glass)
    kit.shape([(-0.7, 0.4), (-0.3, 0.4), (0.5, 2.3), (0.1, 2.3)], 0.04, mix(glass, WHITE, 0.5))


def painting(kit: Kit) -> None:
    """A framed picture of a few coloured shapes."""
    one, other, third = kit.generator.sample(list(COLOURS.values())[:9], 3)
    wide, tall = kit.generator.uniform(0.9, 1.4), kit.generator.uniform(0.9, 1.3)
    low = 1.65 - tall / 2
    kit.face(0, low - 0.1, 0.03, wide + 0.2, tall + 0.2, kit.generator.choice(_FRAMES))
    kit.face(0, low, 0.04, wide, tall, mix(one, WHITE, 0.4))
    kit.face(0, low + 0.001, 0.05, wide, tall * 0.4, other)
    kit.ball(kit.generator.uniform(-0.2, 0.2), low + tall * 0.62, 0.06, tall * 0.2, third)


def curtain(kit: Kit) -> None:
    """Folds from ceiling to floor (of: red for a stage, teal for a ward)."""
    colour = {"red": (190, 36, 44), "teal": (110, 190, 190)}.get(kit.of, kit.scene.cloth)
    for index in range(6):
        tone = jitter(shade(colour, 1.0 if index % 2 else 0.8), kit.generator, 4)
        kit.face((index - 2.5) * 0.2, 0.05, 0.04, 0.2, 2.8, tone)


def foam(kit: Kit) -> None:
    """Sound-absorbing wedges in a chequer."""
    colour = kit.generator.choice(((96, 60, 130), (60, 64, 76), (60, 90, 150), (170, 60, 60)))
    for row in range(4):
        for column in range(3):
            tone = shade(colour, 1.15 if (row + column) % 2 else 0.7)
            kit.face((column - 1) * 0.5, 0.6 + row * 0.5, 0.03, 0.48, 0.48, tone)


def pegboard(kit: Kit) -> None:
    """Tools on a board."""
    kit.face(0, 1.1, 0.02, 2.4, 1.3, (226, 178, 110))
    for x, code in ((-0.85, "1f528"), (-0.3, "1f527"), (0.3, "1fa9a"), (0.85, "1fa9b")):
        kit.picture(code, x, 1.4, 0.05, 0.72)


def cross(kit: Kit) -> None:
    """A pharmacy's green cross."""
    kit.face(0, 1.95, 0.45, 0.9, 0.3, (30, 170, 90))
    kit.face(0, 1.65, 0.45, 0.3, 0.9, (30, 170, 90))


def column(kit: Kit) -> None:
    pale = (240, 234, 222)
    kit.block(0, 0, 0.2, 0.7, 0.25, 0.5, pale)
    kit.drum(0, 0.25, 0.2, 0.24, 2.4, pale)
    kit.block(0, 2.65, 0.2, 0.7, 0.3, 0.5, pale)


def bars(kit: Kit) -> None:
    """Wooden wall bars of a sports hall."""
    wood = (200, 146, 88)
    for x in (-0.75, 0, 0.75):
        kit.face(x, 0.1, 0.04, 0.1, 2.6, shade(wood, 0.8))
    for row in range(9):
        kit.face(0, 0.2 + row * 0.29, 0.05, 1.5, 0.09, wood)


WALLPIECES: dict[str, Thing] = {
    "window": Thing(window, 1.6, 0),
    "glass_wall": Thing(glass_wall, 1.2, 0),
    "door": Thing(door, 1.1, 0),
    "shutter": Thing(shutter, 3.0, 0),
    "blackboard": Thing(blackboard, 3.2, 0),
    "board": Thing(board, 2.9, 0),
    "screens": Thing(screens, 3.2, 0),
    "television": Thing(television, 1.9, 0.4),
    "mirror": Thing(mirror, 1.9, 0),
    "painting": Thing(painting, 1.6, 0),
    "curtain": Thing(curtain, 1.2, 0),
    "foam": Thing(foam, 1.5, 0),
    "pegboard": Thing(pegboard, 2.4, 0),
    "cross": Thing(cross, 0.9, 0),
    "column": Thing(column, 0.8, 0.5),
    "bars": Thing(bars, 1.6, 0),
}
