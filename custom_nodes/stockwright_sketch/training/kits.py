"""What a piece of furniture is: its painter and its measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .looks import Colour
from .solids import Kit


@dataclass(frozen=True, slots=True)
class Thing:
    """width and depth are its place on the floor, top the height of a surface; all in metres.

    A thing without depth hangs on a wall or lies flat, and throws no shadow.
    """

    paint: Callable[[Kit], None]
    width: float
    depth: float
    top: float = 0.75


def legs(kit: Kit, w: float, d: float, h: float, colour: Colour, thick: float = 0.07) -> None:
    for x in (-w / 2 + thick, w / 2 - thick):
        for z in (-d / 2 + thick, d / 2 - thick):
            kit.block(x, 0, z, thick, h, thick, colour)
