"""Things to sit and lie on."""

from __future__ import annotations

from .kits import Thing, legs
from .looks import WHITE, mix, shade
from .solids import Kit

_LEATHER = (92, 58, 44)
_DARK = (58, 60, 68)


def chair(kit: Kit) -> None:
    cloth = kit.scene.cloth
    legs(kit, 0.45, 0.45, 0.45, kit.scene.metal, 0.06)
    kit.block(0, 0.45, 0, 0.48, 0.08, 0.48, cloth)
    kit.block(0, 0.53, -0.22, 0.48, 0.5, 0.07, shade(cloth, 0.92))


def office_chair(kit: Kit) -> None:
    cloth = _DARK if kit.generator.random() < 0.6 else kit.scene.cloth
    kit.drum(0, 0, 0, 0.28, 0.06, _DARK)
    kit.block(0, 0.06, 0, 0.08, 0.4, 0.08, _DARK)
    kit.block(0, 0.45, 0, 0.56, 0.1, 0.52, cloth)
    kit.block(0, 0.55, -0.24, 0.54, 0.65, 0.1, cloth)


def stool(kit: Kit) -> None:
    kit.drum(0, 0, 0, 0.2, 0.04, _DARK)
    kit.block(0, 0.04, 0, 0.06, 0.7, 0.06, kit.scene.metal)
    kit.drum(0, 0.74, 0, 0.22, 0.1, kit.scene.cloth)


def armchair(kit: Kit) -> None:
    _couch(kit, 0.95)


def sofa(kit: Kit) -> None:
    _couch(kit, 2.1)
    for x in (-0.6, 0.6):
        kit.block(x, 0.46, -0.16, 0.42, 0.36, 0.14, mix(kit.scene.accent, WHITE, 0.3))


def _couch(kit: Kit, width: float) -> None:
    cloth = kit.scene.cloth
    kit.block(0, 0.0, -0.34, width, 0.85, 0.22, shade(cloth, 0.9))
    for x in (-width / 2 + 0.11, width / 2 - 0.11):
        kit.block(x, 0.0, 0.03, 0.22, 0.62, 0.86, cloth)
    kit.block(0, 0.0, 0.05, width - 0.44, 0.44, 0.8, mix(cloth, WHITE, 0.12))


def bench(kit: Kit) -> None:
    for x in (-0.55, 0.55):
        kit.block(x, 0, 0, 0.12, 0.42, 0.4, _DARK)
    kit.block(0, 0.42, 0, 1.5, 0.08, 0.45, kit.scene.wood)


def pew(kit: Kit) -> None:
    wood = (134, 88, 56)
    for x in (-0.9, 0.9):
        kit.block(x, 0, 0, 0.1, 0.95, 0.55, wood)
    kit.block(0, 0, -0.2, 1.7, 0.95, 0.08, shade(wood, 1.1))
    kit.block(0, 0.42, 0.05, 1.7, 0.07, 0.42, wood)


def seats(kit: Kit) -> None:
    """A row of joined seats, as in a hall (of: red, blue...) or at a gate."""
    gate = kit.of == "gate"
    cloth = (52, 70, 98) if gate else kit.scene.cloth
    for index in range(4):
        x = (index - 1.5) * 0.62
        kit.block(x, 0.32, 0.05, 0.56, 0.14, 0.5, cloth)
        kit.block(x, 0.46, -0.2, 0.56, 0.55, 0.12, shade(cloth, 0.94))
    if gate:
        for x in (-0.9, 0.9):
            kit.block(x, 0, 0, 0.1, 0.32, 0.4, kit.scene.metal)
    else:
        kit.block(0, 0, 0, 2.5, 0.32, 0.3, shade(cloth, 0.6))


def bed(kit: Kit) -> None:
    """A double bed with its head at the wall."""
    cloth, wood = kit.scene.cloth, kit.scene.wood
    kit.block(0, 0, -1.0, 1.9, 1.15, 0.12, wood)
    kit.block(0, 0, 0.0, 1.8, 0.3, 2.0, shade(wood, 0.8))
    kit.block(0, 0.3, 0.0, 1.76, 0.26, 1.98, (244, 242, 238))
    kit.block(0, 0.56, 0.38, 1.82, 0.06, 1.26, cloth)
    for x in (-0.45, 0.45):
        kit.block(x, 0.57, -0.7, 0.68, 0.2, 0.42, WHITE)


def hospital_bed(kit: Kit) -> None:
    legs(kit, 0.95, 1.9, 0.4, kit.scene.metal, 0.08)
    kit.block(0, 0.4, 0, 1.0, 0.14, 2.0, (196, 206, 212))
    kit.block(0, 0.41, -1.0, 1.0, 0.6, 0.07, (120, 176, 196))
    kit.block(0, 0.41, 1.0, 1.0, 0.4, 0.07, (120, 176, 196))
    kit.block(0, 0.54, 0, 0.92, 0.16, 1.9, WHITE)
    kit.block(0, 0.7, 0.3, 0.96, 0.04, 1.3, kit.scene.cloth)
    kit.block(0, 0.7, -0.7, 0.6, 0.14, 0.36, (236, 244, 250))


def cot(kit: Kit) -> None:
    """A baby's bed with bars."""
    for x in (-0.6, 0.6):
        kit.block(x, 0, 0, 0.08, 1.0, 0.7, WHITE)
    kit.block(0, 0.3, 0, 1.15, 0.22, 0.66, kit.scene.cloth)
    for index in range(7):
        kit.face((index - 3) * 0.17, 0.301, 0.35, 0.05, 0.6, WHITE)
    kit.face(0, 0.9, 0.36, 1.2, 0.08, WHITE)


def couch(kit: Kit) -> None:
    """A doctor's examination couch, or a massage table."""
    kit.block(0, 0, 0, 0.5, 0.55, 1.2, WHITE)
    kit.block(0, 0.55, 0, 0.75, 0.14, 1.9, kit.scene.cloth)
    kit.block(0, 0.69, -0.7, 0.6, 0.12, 0.4, WHITE)


def dental_chair(kit: Kit) -> None:
    """Seen from the side: a bent couch on a foot, with a lamp above it."""
    teal = (40, 170, 176)
    kit.block(0.1, 0, 0, 0.9, 0.12, 0.6, (214, 220, 224))
    kit.block(0.1, 0.12, 0, 0.3, 0.36, 0.36, (196, 204, 210))
    for z in (-0.22, 0.22):
        kit.shape([(-1.15, 1.2), (-0.95, 1.3), (-0.35, 0.68), (0.5, 0.68), (1.15, 0.42),
                   (1.1, 0.26), (0.45, 0.46), (-0.45, 0.46)], z,
                  shade(teal, 0.8 if z < 0 else 1.0))  # fmt: skip
    kit.shape([(-1.2, 1.16), (-0.98, 1.34), (-0.86, 1.24), (-1.08, 1.06)], 0.24, WHITE)
    kit.block(0.75, 0.0, -0.5, 0.1, 2.1, 0.1, kit.scene.metal)
    kit.block(0.25, 2.1, -0.4, 1.1, 0.08, 0.1, kit.scene.metal)
    kit.ball(-0.35, 2.0, -0.2, 0.2, (255, 250, 224), lamp=True)
    kit.block(0.7, 0.9, 0.35, 0.5, 0.06, 0.4, (226, 232, 236))


def salon_chair(kit: Kit) -> None:
    kit.drum(0, 0, 0, 0.32, 0.06, kit.scene.metal)
    kit.drum(0, 0.06, 0, 0.09, 0.36, kit.scene.metal)
    for x in (-0.34, 0.34):
        kit.block(x, 0.42, 0.05, 0.1, 0.35, 0.5, _DARK)
    kit.block(0, 0.42, 0.02, 0.58, 0.16, 0.56, _LEATHER)
    kit.block(0, 0.58, -0.26, 0.6, 0.75, 0.12, _LEATHER)


SEATING: dict[str, Thing] = {
    "chair": Thing(chair, 0.5, 0.5, 0.5),
    "office_chair": Thing(office_chair, 0.6, 0.6, 0.5),
    "stool": Thing(stool, 0.45, 0.45, 0.8),
    "armchair": Thing(armchair, 1.0, 0.9, 0.45),
    "sofa": Thing(sofa, 2.1, 0.9, 0.45),
    "bench": Thing(bench, 1.5, 0.5, 0.5),
    "pew": Thing(pew, 1.9, 0.6, 0.5),
    "seats": Thing(seats, 2.5, 0.6, 0.5),
    "bed": Thing(bed, 1.9, 2.1, 0.6),
    "hospital_bed": Thing(hospital_bed, 1.0, 2.0, 0.7),
    "cot": Thing(cot, 1.2, 0.7, 0.5),
    "couch": Thing(couch, 0.8, 1.9, 0.7),
    "dental_chair": Thing(dental_chair, 2.2, 0.7, 0.7),
    "salon_chair": Thing(salon_chair, 0.7, 0.7, 0.6),
}
