"""Machines and devices of factories, gyms, clinics and banks."""

from __future__ import annotations

import math

from .kits import Thing, legs
from .looks import COLOURS, WHITE, shade
from .solids import Kit

_DARK = (50, 52, 60)
_STEEL = (176, 184, 192)


def treadmill(kit: Kit) -> None:
    """Seen from its side: the belt, two posts and the display."""
    kit.block(0, 0, 0, 1.7, 0.2, 0.7, (90, 94, 104))
    kit.plate(0.1, 0.2, 0, 1.4, 0.5, (34, 36, 42))
    for z in (-0.3, 0.3):
        kit.shape([(-0.84, 0.2), (-0.6, 0.2), (-0.44, 1.25), (-0.68, 1.25)], z, _DARK)
    kit.block(-0.55, 1.2, 0, 0.3, 0.34, 0.7, (214, 60, 52))
    kit.block(-0.25, 1.0, 0.3, 0.5, 0.07, 0.07, _DARK)


def bike(kit: Kit) -> None:
    """An exercise bicycle, seen from its side."""
    kit.block(0, 0, 0, 1.1, 0.08, 0.4, _DARK)
    kit.shape([(-0.45, 0.08), (-0.3, 0.08), (-0.2, 1.15), (-0.34, 1.15)], 0, _STEEL)
    kit.shape([(0.25, 0.08), (0.4, 0.08), (0.3, 0.85), (0.16, 0.85)], 0, _STEEL)
    kit.ball(-0.3, 0.35, 0.05, 0.3, COLOURS["red"])
    kit.block(0.24, 0.85, 0, 0.36, 0.1, 0.26, _DARK)
    kit.block(-0.28, 1.15, 0, 0.22, 0.16, 0.45, _DARK)


def dumbbells(kit: Kit) -> None:
    """A rack with two rows of dumbbells."""
    for x in (-0.9, 0.9):
        kit.block(x, 0, 0, 0.1, 0.95, 0.4, _STEEL)
    for y in (0.3, 0.75):
        kit.block(0, y, 0, 1.9, 0.06, 0.4, _STEEL)
        for index in range(4):
            x = (index - 1.5) * 0.45
            kit.block(x, y + 0.14, 0.1, 0.3, 0.07, 0.08, _STEEL)
            for side in (-0.13, 0.13):
                kit.block(x + side, y + 0.07, 0.1, 0.12, 0.22, 0.22, (40, 42, 48))


def barbell(kit: Kit) -> None:
    """A weight bench with a barbell across its stand."""
    kit.block(0, 0, 0.2, 0.4, 0.4, 1.0, _DARK)
    kit.block(0, 0.4, 0.2, 0.45, 0.12, 1.2, COLOURS["red"])
    for x in (-0.5, 0.5):
        kit.block(x, 0, -0.3, 0.09, 1.1, 0.09, _STEEL)
    kit.block(0, 1.05, -0.25, 1.9, 0.06, 0.06, (214, 218, 222))
    for x in (-0.8, 0.8):
        kit.block(x, 0.78, -0.25, 0.16, 0.6, 0.5, (36, 38, 44))


def bag(kit: Kit) -> None:
    """A punching bag; y is the ceiling's height."""
    kit.block(0, -0.9, 0, 0.04, 0.9, 0.04, _DARK)
    kit.drum(0, -2.2, 0, 0.24, 1.3, (186, 40, 40))
    kit.drum(0, -1.7, 0, 0.245, 0.16, WHITE)


def machine(kit: Kit) -> None:
    """A machine tool: a green or blue housing with a window and a lit signal."""
    colour = kit.generator.choice(((60, 140, 110), (56, 104, 168), (226, 172, 50)))
    kit.block(0, 0, 0, 2.0, 0.7, 1.0, shade(colour, 0.7))
    kit.block(-0.15, 0.7, 0, 1.6, 1.1, 0.9, colour)
    kit.face(-0.3, 0.85, 0.46, 0.9, 0.7, (40, 52, 62))
    kit.face(-0.3, 1.0, 0.47, 0.5, 0.3, (150, 190, 206))
    kit.block(0.78, 0.7, 0.2, 0.4, 0.7, 0.3, _STEEL)
    kit.face(0.78, 1.0, 0.36, 0.3, 0.28, (90, 220, 140))
    kit.drum(-0.6, 1.8, 0, 0.09, 0.3, COLOURS["red"])


def tank(kit: Kit) -> None:
    kit.drum(0, 0, 0, 0.6, 1.8, (190, 198, 206))
    kit.drum(0, 1.8, 0, 0.6, 0.25, (204, 212, 218), 0.2)
    kit.block(0, 2.0, 0, 0.16, 1.2, 0.16, COLOURS["orange"])


def conveyor(kit: Kit) -> None:
    """A belt with boxes on it (of: bottles, gears; else parcels)."""
    for x in (-1.4, 0, 1.4):
        kit.block(x, 0, 0, 0.12, 0.6, 0.6, (240, 170, 40))
    kit.block(0, 0.6, 0, 3.4, 0.14, 0.8, (96, 102, 112))
    kit.plate(0, 0.74, 0, 3.4, 0.6, (44, 46, 54))
    for x in (-1.2, -0.4, 0.4, 1.2):
        x += kit.generator.uniform(-0.1, 0.1)
        if kit.of == "waste":
            names = ("green", "blue", "yellow", "white")
            kit.ball(x, 0.92, 0, 0.2, COLOURS[kit.generator.choice(names)])
        elif kit.of == "parts":
            kit.drum(x, 0.76, 0, 0.22, 0.3, _STEEL)
        else:
            kit.block(x, 0.76, 0, 0.5, 0.4, 0.45, (200, 150, 96))
            kit.face(x, 0.77, 0.23, 0.1, 0.38, (236, 206, 156))


def robot(kit: Kit) -> None:
    """An orange robot arm, bent over to one side."""
    orange = (244, 128, 32)
    side = kit.generator.choice((-1, 1))
    kit.drum(0, 0, 0, 0.42, 0.25, _DARK)
    kit.drum(0, 0.25, 0, 0.3, 0.3, orange)
    elbow, hand = (side * -0.35, 1.5), (side * 0.65, 1.75)
    _limb(kit, (0, 0.5), elbow, 0.17, orange)
    _limb(kit, elbow, hand, 0.13, orange)
    _limb(kit, hand, (side * 0.95, 1.15), 0.08, _DARK)
    kit.ball(*elbow, 0.05, 0.2, _DARK)
    kit.ball(*hand, 0.05, 0.15, _DARK)


def _limb(
    kit: Kit, start: tuple[float, float], end: tuple[float, float], thick: float,
    colour: tuple[int, int, int],
) -> None:  # fmt: skip
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    dx, dy = -(y1 - y0) / length * thick, (x1 - x0) / length * thick
    kit.shape([(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy),
               (x0 - dx, y0 - dy)], 0, colour)  # fmt: skip


def fridge(kit: Kit) -> None:
    """of: drinks is a shop's cold cupboard with a glass door."""
    kit.block(0, 0, 0, 0.9, 2.0, 0.7, (226, 230, 234))
    if kit.of == "drinks":
        kit.face(0, 0.15, 0.36, 0.8, 1.6, (190, 226, 240))
        for y in (0.2, 0.72, 1.24):
            for x in (-0.28, -0.09, 0.09, 0.28):
                name = kit.generator.choice(("red", "green", "orange", "blue"))
                kit.face(x, y, 0.37, 0.13, 0.4, COLOURS[name])
        return
    kit.face(0, 1.25, 0.36, 0.84, 0.7, WHITE)
    kit.face(0, 0.05, 0.36, 0.84, 1.16, WHITE)
    for y in (0.8, 1.32):
        kit.face(-0.32, y, 0.37, 0.06, 0.34, (120, 126, 134))


def coffee_machine(kit: Kit) -> None:
    """Stands on a counter."""
    kit.block(0, 1.09, 0, 0.9, 0.12, 0.5, _DARK)
    kit.block(0, 1.21, -0.12, 0.9, 0.36, 0.26, (206, 60, 50))
    kit.block(0, 1.57, 0, 0.95, 0.16, 0.5, (214, 220, 224))
    for x in (-0.22, 0.22):
        kit.drum(x, 1.21, 0.12, 0.08, 0.14, WHITE)


def operating_table(kit: Kit) -> None:
    kit.block(0, 0, 0, 0.9, 0.14, 0.5, _STEEL)
    kit.block(0, 0.14, 0, 0.3, 0.6, 0.3, _STEEL)
    kit.block(0, 0.74, 0, 2.1, 0.14, 0.7, (50, 120, 130))
    kit.block(0.2, 0.88, 0, 1.5, 0.08, 0.74, (110, 206, 196))
    kit.block(-0.85, 0.88, 0, 0.36, 0.12, 0.4, WHITE)


def monitor(kit: Kit) -> None:
    """A patient monitor on a stand, or an anaesthetic machine."""
    kit.block(0, 0, 0, 0.6, 0.1, 0.5, _DARK)
    kit.block(0, 0.1, 0, 0.5, 0.9, 0.4, (226, 232, 236))
    kit.block(0, 1.1, 0, 0.75, 0.55, 0.1, (206, 214, 220))
    kit.face(0, 1.16, 0.06, 0.65, 0.42, (16, 30, 40))
    kit.face(0, 1.42, 0.07, 0.5, 0.06, (80, 240, 140))
    kit.face(0, 1.28, 0.07, 0.5, 0.06, (250, 210, 70))


def drip(kit: Kit) -> None:
    """An infusion stand."""
    kit.drum(0, 0, 0, 0.22, 0.06, _STEEL)
    kit.block(0, 0.06, 0, 0.05, 1.8, 0.05, _STEEL)
    kit.block(0.14, 1.35, 0, 0.2, 0.42, 0.08, (190, 226, 240))


def vault_door(kit: Kit) -> None:
    """A round steel door with a wheel."""
    kit.ball(0, 1.4, 0.03, 1.3, (110, 118, 128))
    kit.ball(0, 1.4, 0.06, 1.1, (196, 204, 212))
    kit.ball(0, 1.4, 0.09, 0.75, (150, 158, 168))
    for index in range(3):
        angle = index * math.pi / 3 + 0.3
        x, y = math.cos(angle) * 0.62, math.sin(angle) * 0.62
        _spoke(kit, x, y)
    kit.ball(0, 1.4, 0.16, 0.18, (214, 170, 80))


def _spoke(kit: Kit, x: float, y: float) -> None:
    dx, dy = -y * 0.08, x * 0.08
    kit.shape([(x + dx, 1.4 + y + dy), (x - dx, 1.4 + y - dy), (-x - dx, 1.4 - y - dy),
               (-x + dx, 1.4 - y + dy)], 0.12, (214, 170, 80))  # fmt: skip


def trolley(kit: Kit) -> None:
    """A small table on wheels with instruments."""
    legs(kit, 0.8, 0.5, 0.8, _STEEL, 0.06)
    kit.block(0, 0.8, 0, 0.85, 0.05, 0.55, (216, 222, 228))
    for x in (-0.22, 0.05, 0.25):
        kit.plate(x, 0.86, 0, 0.1, 0.36, (110, 120, 130))


MACHINES: dict[str, Thing] = {
    "treadmill": Thing(treadmill, 1.7, 0.7),
    "bike": Thing(bike, 1.1, 0.5),
    "dumbbells": Thing(dumbbells, 1.9, 0.4),
    "barbell": Thing(barbell, 1.4, 1.4),
    "bag": Thing(bag, 0.5, 0),
    "machine": Thing(machine, 2.0, 1.0, 1.8),
    "tank": Thing(tank, 1.3, 1.2),
    "conveyor": Thing(conveyor, 3.4, 0.8),
    "robot": Thing(robot, 1.0, 0.8),
    "fridge": Thing(fridge, 0.9, 0.7, 2.0),
    "coffee_machine": Thing(coffee_machine, 0.9, 0.0),
    "operating_table": Thing(operating_table, 2.1, 0.7, 0.9),
    "monitor": Thing(monitor, 0.8, 0.5),
    "drip": Thing(drip, 0.5, 0.4),
    "vault_door": Thing(vault_door, 2.7, 0),
    "trolley": Thing(trolley, 0.85, 0.55, 0.85),
}
