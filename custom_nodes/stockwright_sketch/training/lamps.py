"""Lamps: they shine when the light's lamps are on."""

from __future__ import annotations

from .kits import Thing
from .solids import Kit

_DARK = (50, 50, 56)
_GLASS = (255, 244, 214)


def pendant(kit: Kit) -> None:
    """Hangs from the ceiling; y is the ceiling's height."""
    kit.block(0, -0.6, 0, 0.03, 0.6, 0.03, _DARK)
    kit.ball(0, -0.82, 0, 0.13, _GLASS, lamp=True)
    kit.drum(0, -0.8, 0, 0.28, 0.22, _DARK if kit.of == "dark" else kit.scene.cloth, 0.1)


def chandelier(kit: Kit) -> None:
    kit.block(0, -0.6, 0, 0.04, 0.6, 0.04, (200, 160, 80))
    kit.block(0, -0.7, 0, 1.0, 0.07, 0.1, (200, 160, 80))
    for x in (-0.48, -0.16, 0.16, 0.48):
        kit.ball(x, -0.58, 0, 0.12, _GLASS, lamp=abs(x) > 0.3)


def panel(kit: Kit) -> None:
    kit.block(0, -0.05, 0, 1.1, 0.05, 0.5, (255, 255, 250))
    kit.ball(0, -0.06, 0, 0.02, (255, 255, 255), lamp=True)


def surgical(kit: Kit) -> None:
    """Two great round lamps over an operating table."""
    for x, y in ((-0.5, -0.9), (0.55, -0.75)):
        kit.block(x, y, 0, 0.07, -y, 0.07, (190, 198, 204))
        kit.drum(x, y - 0.12, 0, 0.5, 0.14, (226, 232, 236), 0.34)
        for dx in (-0.22, 0.0, 0.22):
            kit.ball(x + dx, y - 0.1, 0.1, 0.1, (255, 250, 210), lamp=dx == 0)


def spotlights(kit: Kit) -> None:
    """A bar with stage lights."""
    kit.block(0, -0.3, 0, 3.2, 0.07, 0.07, _DARK)
    for x in (-1.2, -0.4, 0.4, 1.2):
        kit.drum(x, -0.62, 0, 0.16, 0.3, _DARK, 0.1)
        kit.ball(x, -0.6, 0.08, 0.1, (255, 236, 160), lamp=abs(x) > 1)


def floor_lamp(kit: Kit) -> None:
    kit.drum(0, 0, 0, 0.2, 0.05, _DARK)
    kit.block(0, 0.05, 0, 0.05, 1.4, 0.05, _DARK)
    kit.drum(0, 1.35, 0, 0.3, 0.4, (250, 226, 170), 0.18)
    kit.ball(0, 1.5, 0, 0.1, _GLASS, lamp=True)


def bedside(kit: Kit) -> None:
    kit.block(0, 0, 0, 0.5, 0.5, 0.45, kit.scene.wood)
    kit.block(0, 0.5, 0, 0.08, 0.2, 0.08, _DARK)
    kit.drum(0, 0.7, 0, 0.2, 0.28, (250, 230, 180), 0.13)
    kit.ball(0, 0.8, 0, 0.08, _GLASS, lamp=True)


LAMPS: dict[str, Thing] = {
    "pendant": Thing(pendant, 0.6, 0),
    "chandelier": Thing(chandelier, 1.0, 0),
    "panel": Thing(panel, 1.1, 0),
    "surgical": Thing(surgical, 2.0, 0),
    "spotlights": Thing(spotlights, 3.2, 0),
    "floor_lamp": Thing(floor_lamp, 0.6, 0.6),
    "bedside": Thing(bedside, 0.5, 0.5, 0.5),
}
