"""Desks, tables, counters and kitchen units."""

from __future__ import annotations

from .kits import Thing, legs
from .looks import WHITE, Colour, shade
from .solids import Kit

_DARK = (52, 54, 62)
_SCREEN = (70, 150, 220)


def desk(kit: Kit) -> None:
    """A pupil's desk with its chair; the pupil would look away from the desk's front."""
    legs(kit, 1.1, 0.55, 0.7, kit.scene.metal, 0.06)
    kit.block(0, 0.7, 0, 1.15, 0.08, 0.6, kit.scene.wood)
    kit.block(0, 0, -0.5, 0.4, 0.42, 0.36, shade(kit.scene.cloth, 0.7))
    kit.block(0, 0.42, -0.68, 0.48, 0.5, 0.07, kit.scene.cloth)


def table(kit: Kit) -> None:
    legs(kit, 1.5, 0.8, 0.7, shade(kit.scene.wood, 0.8), 0.08)
    kit.block(0, 0.7, 0, 1.6, 0.08, 0.85, kit.scene.wood)


def coffee_table(kit: Kit) -> None:
    legs(kit, 1.0, 0.55, 0.32, _DARK, 0.06)
    kit.block(0, 0.32, 0, 1.1, 0.08, 0.6, kit.scene.wood)


def long_table(kit: Kit) -> None:
    """A table for meetings, its long side towards the viewer."""
    for x in (-1.1, 1.1):
        kit.block(x, 0, 0, 0.3, 0.7, 0.6, _DARK)
    kit.block(0, 0.7, 0, 3.2, 0.1, 1.2, kit.scene.wood)


def round_table(kit: Kit) -> None:
    if kit.of == "cloth":
        kit.drum(0, 0, 0, 0.52, 0.72, (248, 246, 240), 0.58)
        kit.drum(0, 0.72, 0, 0.58, 0.03, WHITE)
        return
    kit.drum(0, 0, 0, 0.26, 0.05, _DARK)
    kit.drum(0, 0.05, 0, 0.06, 0.65, _DARK)
    kit.drum(0, 0.7, 0, 0.48, 0.07, kit.scene.wood)


def workplace(kit: Kit) -> None:
    """An office desk with a screen that looks to the front, or its back if turned."""
    pale = kit.scene.wood
    for x in (-0.7, 0.7):
        kit.block(x, 0, 0, 0.08, 0.7, 0.65, (228, 230, 232))
    kit.block(0, 0.7, 0, 1.55, 0.07, 0.75, pale)
    kit.block(0, 0.77, -0.15, 0.1, 0.14, 0.1, _DARK)
    kit.block(0, 0.9, -0.15, 0.85, 0.52, 0.06, _DARK)
    kit.face(0, 0.95, -0.11, 0.75, 0.42, _SCREEN)
    kit.face(-0.15, 1.0, -0.1, 0.35, 0.1, WHITE)
    kit.block(0, 0.78, 0.2, 0.45, 0.02, 0.16, (214, 216, 220))


def console(kit: Kit) -> None:
    """A control desk with several screens (of: music is a mixing desk with faders)."""
    kit.block(0, 0, 0, 2.6, 0.72, 0.7, (70, 76, 88))
    kit.block(0, 0.72, 0, 2.7, 0.06, 0.85, _DARK)
    if kit.of == "music":
        colours = ((226, 70, 70), (246, 200, 70), (90, 200, 120), (90, 160, 240))
        for index in range(12):
            x = (index - 5.5) * 0.2
            kit.plate(x, 0.79, 0.02, 0.06, 0.5, (150, 154, 162))
            z = kit.generator.uniform(-0.2, 0.25)
            kit.block(x, 0.8, z, 0.12, 0.06, 0.1, colours[index % 4])
        for x in (-0.75, 0.75):
            kit.block(x, 0.79, -0.35, 0.42, 0.6, 0.2, (30, 30, 34))
            kit.ball(x, 1.0, -0.2, 0.13, (120, 124, 130))
        return
    for x in (-0.85, 0, 0.85):
        kit.block(x, 0.8, -0.2, 0.75, 0.48, 0.06, _DARK)
        colour = kit.generator.choice((_SCREEN, (70, 190, 130), (90, 130, 210)))
        kit.face(x, 0.84, -0.16, 0.66, 0.38, colour)


_COUNTERS: dict[str, tuple[Colour, Colour]] = {
    "bar": ((96, 58, 38), (58, 36, 26)),
    "bank": ((236, 236, 232), (40, 92, 72)),
    "steel": ((212, 218, 222), (178, 186, 192)),
    "green": ((246, 250, 248), (60, 170, 110)),
}


def counter(kit: Kit) -> None:
    """A long counter, closed to the front (of: one of its looks)."""
    top, front = _COUNTERS.get(kit.of, (shade(kit.scene.wood, 1.1), kit.scene.wood))
    kit.block(0, 0, 0, 2.8, 1.0, 0.6, front)
    kit.block(0, 1.0, 0, 3.0, 0.09, 0.8, top)
    for x in (-0.9, 0, 0.9):
        kit.face(x, 0.14, 0.31, 0.78, 0.7, shade(front, 1.14))
    if kit.of == "bank":
        for x in (-1.4, -0.47, 0.47, 1.4):
            kit.block(x, 1.09, 0.2, 0.08, 0.8, 0.08, (190, 160, 90))
        kit.block(0, 1.89, 0.2, 2.9, 0.12, 0.1, (190, 160, 90))


def lab_bench(kit: Kit) -> None:
    kit.block(0, 0, 0, 2.2, 0.82, 0.7, (240, 244, 246))
    for x in (-0.72, 0, 0.72):
        kit.face(x, 0.1, 0.36, 0.62, 0.6, (150, 200, 216))
    kit.block(0, 0.82, 0, 2.3, 0.08, 0.8, (58, 74, 88))


def units(kit: Kit) -> None:
    """Kitchen cupboards below and above, with a stove and a hood in the middle."""
    wood = kit.scene.cloth if kit.of == "colour" else kit.scene.wood
    if kit.of == "steel":
        wood = (196, 204, 210)
    kit.block(0, 0, 0, 3.3, 0.85, 0.6, wood)
    for x in (-1.3, -0.76, 0.76, 1.3):
        kit.face(x, 0.1, 0.31, 0.48, 0.66, shade(wood, 1.14))
        kit.face(x, 0.62, 0.32, 0.24, 0.05, _DARK)
    kit.face(0, 0.08, 0.31, 0.86, 0.72, (72, 76, 84))
    kit.face(0, 0.16, 0.32, 0.64, 0.38, (30, 32, 38))
    kit.block(0, 0.85, 0, 3.4, 0.07, 0.66, (236, 236, 232))
    kit.plate(0, 0.93, 0.03, 0.8, 0.5, _DARK)
    if kit.of == "steel":
        for x in (-0.2, 0.2):
            kit.drum(x, 0.94, 0, 0.2, 0.24, (150, 158, 166))
        kit.face(0, 1.0, -0.28, 3.4, 0.02, (150, 158, 166))
        for index in range(6):
            kit.ball((index - 2.5) * 0.5, 1.78, 0.2, 0.17, (94, 100, 108))
        kit.block(0, 2.0, 0.1, 3.3, 0.5, 0.7, (206, 212, 218))
        return
    for x in (-1.15, 1.15):
        kit.block(x, 1.5, -0.1, 1.0, 0.8, 0.4, wood)
        for side in (-0.25, 0.25):
            kit.face(x + side, 1.56, 0.11, 0.44, 0.68, shade(wood, 1.14))
    kit.block(0, 1.6, -0.05, 0.9, 0.16, 0.5, (120, 126, 134))
    kit.block(0, 1.76, -0.15, 0.36, 0.9, 0.3, (150, 156, 164))


def workbench(kit: Kit) -> None:
    wood = (178, 130, 82)
    for x in (-0.85, 0.85):
        kit.block(x, 0, 0, 0.16, 0.8, 0.6, shade(wood, 0.8))
    kit.block(0, 0.2, 0, 1.7, 0.08, 0.55, shade(wood, 0.8))
    kit.block(0, 0.8, 0, 2.0, 0.12, 0.75, wood)
    kit.block(0.7, 0.92, 0.2, 0.3, 0.22, 0.26, (64, 116, 190))
    kit.block(-0.4, 0.92, 0, 0.5, 0.22, 0.28, (206, 60, 50))


def pedestal(kit: Kit) -> None:
    kit.block(0, 0, 0, 0.6, 0.95, 0.6, (248, 248, 246))


def lectern(kit: Kit) -> None:
    kit.block(0, 0, 0, 0.6, 1.05, 0.4, kit.scene.wood)
    kit.block(0, 1.05, 0.05, 0.75, 0.1, 0.5, shade(kit.scene.wood, 1.15))


TABLES: dict[str, Thing] = {
    "desk": Thing(desk, 1.15, 0.8, 0.78),
    "table": Thing(table, 1.6, 0.85, 0.78),
    "coffee_table": Thing(coffee_table, 1.1, 0.6, 0.4),
    "long_table": Thing(long_table, 3.2, 1.2, 0.8),
    "round_table": Thing(round_table, 1.1, 1.1, 0.77),
    "workplace": Thing(workplace, 1.55, 0.75, 0.77),
    "console": Thing(console, 2.7, 0.85, 0.78),
    "counter": Thing(counter, 3.0, 0.8, 1.09),
    "lab_bench": Thing(lab_bench, 2.3, 0.8, 0.9),
    "units": Thing(units, 3.4, 0.66, 0.92),
    "workbench": Thing(workbench, 2.0, 0.75, 0.92),
    "pedestal": Thing(pedestal, 0.6, 0.6, 0.95),
    "lectern": Thing(lectern, 0.75, 0.5, 1.15),
}
