"""Things that belong to one kind of room: baths, stages, pools, easels, plants..."""

from __future__ import annotations

from .kits import Thing
from .looks import COLOURS, WHITE, jitter, mix, shade
from .solids import Kit

_DARK = (46, 48, 54)


def plant(kit: Kit) -> None:
    kit.drum(0, 0, 0, 0.16, 0.4, kit.generator.choice(((214, 120, 80), WHITE, (90, 94, 100))), 0.22)
    green = kit.generator.choice(((60, 140, 70), (84, 166, 80)))
    for x, y, r in ((-0.2, 0.7, 0.24), (0.22, 0.78, 0.24), (0, 1.05, 0.28)):
        kit.ball(x, y, 0, r, jitter(green, kit.generator, 14))


def plant_bed(kit: Kit) -> None:
    """A long raised bed of green plants, in a greenhouse."""
    kit.block(0, 0, 0, 0.9, 0.5, 2.8, (170, 120, 76))
    kit.plate(0, 0.5, 0, 0.8, 2.7, (84, 60, 44))
    bloom = kit.generator.choice(("red", "yellow", "pink", "orange"))
    for index in range(6):
        z = (index - 2.5) * 0.47
        for x in (-0.2, 0.22):
            colour = jitter((70, 158, 66), kit.generator, 22)
            kit.ball(x, 0.72 + kit.generator.uniform(0, 0.12), z, 0.26, colour)
        if index % 2:
            kit.ball(kit.generator.uniform(-0.2, 0.2), 0.95, z, 0.1, COLOURS[bloom])


def bath(kit: Kit) -> None:
    kit.block(0, 0, 0, 1.8, 0.6, 0.8, WHITE)
    kit.plate(0, 0.6, 0, 1.55, 0.58, (140, 206, 232))
    kit.block(-0.75, 0.61, -0.2, 0.07, 0.3, 0.07, (150, 158, 166))


def toilet(kit: Kit) -> None:
    kit.block(0, 0, -0.28, 0.5, 0.95, 0.2, WHITE)
    kit.drum(0, 0, 0.05, 0.18, 0.42, (240, 242, 244), 0.27)
    kit.drum(0, 0.42, 0.05, 0.27, 0.05, WHITE)


def basin(kit: Kit) -> None:
    """A wash basin on a cupboard, with a round mirror above."""
    kit.block(0, 0, 0, 0.95, 0.75, 0.5, kit.scene.wood)
    kit.block(0, 0.75, 0, 1.0, 0.12, 0.55, WHITE)
    kit.ball(0, 1.75, -0.24, 0.46, (190, 150, 90))
    kit.ball(0, 1.75, -0.23, 0.4, (206, 232, 242))


def piano(kit: Kit) -> None:
    """A grand piano with its lid up."""
    for x in (-0.6, 0.6):
        kit.block(x, 0, 0, 0.12, 0.6, 0.12, _DARK)
    kit.block(0, 0.6, 0, 1.7, 0.32, 1.1, (34, 34, 38))
    kit.face(-0.1, 0.66, 0.56, 1.3, 0.12, WHITE)
    kit.shape([(-0.85, 0.95), (0.85, 0.95), (0.75, 1.7), (0.1, 1.85)], -0.5, (50, 50, 56))
    kit.block(0, 0, 0.95, 0.6, 0.45, 0.3, _DARK)


def drums(kit: Kit) -> None:
    """A drum kit."""
    red = kit.scene.cloth
    kit.ball(0, 0.45, 0.1, 0.45, (230, 230, 226))
    kit.ball(0, 0.45, 0.14, 0.38, red)
    for x in (-0.55, 0.55):
        kit.drum(x, 0.4, 0.1, 0.24, 0.3, red)
    for x in (-0.85, 0.85):
        kit.block(x, 0, 0, 0.04, 1.2, 0.04, _DARK)
        kit.drum(x, 1.2, 0, 0.34, 0.03, (240, 200, 80))


def platform(kit: Kit) -> None:
    """A stage along the back wall."""
    kit.block(0, 0, 0, 5.4, 0.55, 1.6, (176, 122, 76))
    kit.face(0, 0, 0.81, 5.4, 0.4, (96, 60, 40))


def pool(kit: Kit) -> None:
    """Blue water with lane ropes, from the back to the viewer."""
    kit.plate(0, 0.0, 0, 4.6, 4.8, (236, 242, 244))
    kit.plate(0, 0.012, 0, 4.2, 4.5, (44, 160, 220))
    for index in range(4):
        kit.plate((index - 1.5) * 0.84 + 0.42, 0.024, 0, 0.36, 4.4, (84, 190, 236))
    for x in (-1.05, 0, 1.05):
        for step in range(6):
            colour = WHITE if step % 2 else (226, 60, 54)
            kit.plate(x, 0.036, (step - 2.5) * 0.74, 0.12, 0.74, colour)


def start_block(kit: Kit) -> None:
    kit.block(0, 0, 0, 0.6, 0.5, 0.5, WHITE)
    kit.face(0, 0.08, 0.26, 0.4, 0.34, (44, 110, 200))


def ring(kit: Kit) -> None:
    """A boxing ring."""
    kit.block(0, 0, 0, 3.6, 0.6, 2.2, (40, 60, 130))
    kit.plate(0, 0.6, 0, 3.5, 2.1, (226, 230, 234))
    for x, colour in ((-1.7, (210, 40, 44)), (1.7, (44, 90, 200))):
        for z in (-1.0, 1.0):
            kit.block(x, 0.62, z, 0.16, 1.25, 0.16, colour)
    for y, colour in ((0.95, (210, 40, 44)), (1.3, WHITE), (1.65, (44, 90, 200))):
        for z in (-1.0, 1.0):
            kit.block(0, y, z, 3.4, 0.06, 0.03, colour)


def mat(kit: Kit) -> None:
    """A yoga mat."""
    colour = mix(kit.generator.choice(list(COLOURS.values())[:8]), WHITE, 0.15)
    kit.block(0, 0, 0, 0.75, 0.03, 1.7, colour)
    if kit.generator.random() < 0.5:
        kit.drum(0, 0.04, -0.7, 0.12, 0.16, shade(colour, 0.8))


def gym_ball(kit: Kit) -> None:
    kit.ball(0, 0.38, 0, 0.38, COLOURS[kit.generator.choice(("blue", "pink", "purple", "green"))])


def hoop(kit: Kit) -> None:
    """A basketball board on the wall."""
    kit.face(0, 1.75, 0.04, 1.4, 1.0, WHITE)
    kit.face(0, 1.9, 0.05, 0.6, 0.45, (214, 58, 52))
    kit.face(0, 1.97, 0.06, 0.46, 0.31, WHITE)
    kit.drum(0, 1.6, 0.4, 0.18, 0.3, (240, 240, 236), 0.28)
    kit.drum(0, 1.88, 0.4, 0.3, 0.06, (240, 110, 40))


def court(kit: Kit) -> None:
    """Lines of a playing field on the floor."""
    kit.plate(0, 0.0, 0, 5.2, 4.4, (222, 150, 84))
    kit.plate(0, 0.012, -0.9, 1.9, 2.6, (60, 130, 190))
    for x in (-2.5, 2.5):
        kit.plate(x, 0.013, 0, 0.1, 4.3, WHITE)
    for x in (-0.95, 0.95):
        kit.plate(x, 0.024, -0.9, 0.1, 2.6, WHITE)
    kit.plate(0, 0.024, 0.4, 2.0, 0.1, WHITE)


def easel(kit: Kit) -> None:
    """An easel with a painted canvas."""
    wood = (176, 122, 72)
    for x, lean in ((-0.45, 0.3), (0.45, -0.3)):
        kit.shape([(x, 0), (x + 0.09, 0), (x + lean + 0.09, 1.9), (x + lean, 1.9)], -0.03, wood)
    kit.block(0, 0.62, 0.03, 1.0, 0.06, 0.1, wood)
    one, other = kit.generator.sample(list(COLOURS.values())[:8], 2)
    kit.face(0, 0.68, 0.06, 0.95, 0.95, (250, 248, 242))
    kit.face(0, 0.72, 0.07, 0.85, 0.4, one)
    kit.ball(kit.generator.uniform(-0.2, 0.2), 1.3, 0.09, 0.18, other)


def barrel(kit: Kit) -> None:
    """A wine barrel on its side, its round end to the viewer."""
    kit.block(0, 0, 0, 0.9, 0.15, 0.5, (84, 56, 40))
    kit.drum(0, 0.15, -0.1, 0.42, 0.9, (150, 96, 56))
    kit.ball(0, 0.62, 0.3, 0.52, (92, 60, 42))
    kit.ball(0, 0.62, 0.34, 0.44, (186, 128, 78))


def train_seats(kit: Kit) -> None:
    """Two train seats side by side, one bench of a compartment."""
    cloth = kit.scene.cloth
    kit.block(0, 0, 0, 1.2, 0.4, 0.6, shade(cloth, 0.6))
    for x in (-0.3, 0.3):
        kit.block(x, 0.4, 0, 0.56, 0.14, 0.6, cloth)
        kit.block(x, 0.41, -0.3, 0.56, 0.85, 0.14, cloth)
        kit.block(x, 1.26, -0.3, 0.4, 0.2, 0.15, WHITE)


def bench_flowers(kit: Kit) -> None:
    """Stepped boxes full of flowers, as in a flower shop."""
    names = ("red", "pink", "yellow", "purple", "orange", "white")
    for step, (y, z) in enumerate(((0.0, 0.35), (0.01, 0.0))):
        tall = 0.45 + step * 0.45
        kit.block(0, y, z, 2.0, tall, 0.35, (150, 104, 66))
        for index in range(4):
            x = (index - 1.5) * 0.5
            colour = COLOURS[kit.generator.choice(names)]
            kit.drum(x, tall, z, 0.14, 0.2, (190, 204, 206), 0.19)
            kit.ball(x, tall + 0.3, z, 0.22, (80, 150, 76))
            for dx, dy in ((-0.13, 0.42), (0.13, 0.42), (0, 0.52)):
                kit.ball(x + dx, tall + dy, z + 0.02, 0.12, colour)


def mannequin(kit: Kit) -> None:
    """A dressed figure without a face on a stand."""
    kit.drum(0, 0, 0, 0.24, 0.05, _DARK)
    kit.block(0, 0.05, 0, 0.05, 0.6, 0.05, _DARK)
    colour = kit.generator.choice(list(COLOURS.values())[:8])
    kit.shape([(-0.36, 0.5), (0.36, 0.5), (0.14, 1.1), (0.26, 1.5), (0, 1.58), (-0.26, 1.5),
               (-0.14, 1.1)], 0, colour)  # fmt: skip
    kit.ball(0, 1.74, 0, 0.13, (232, 214, 190))


def rug(kit: Kit) -> None:
    kit.plate(0, 0.0, 0, 2.8, 1.8, shade(kit.scene.cloth, 0.75))
    kit.plate(0, 0.012, 0, 2.4, 1.4, mix(kit.scene.cloth, WHITE, 0.6))


def stairs(kit: Kit) -> None:
    """A flight of steps that rises to the back."""
    for step in range(8):
        tall = 0.26 * (step + 1)
        kit.block(0, 0, 0.9 - step * 0.26, 2.2, tall, 0.27, mix(kit.scene.wood, WHITE, 0.2))


FITTINGS: dict[str, Thing] = {
    "plant": Thing(plant, 0.6, 0.5),
    "plant_bed": Thing(plant_bed, 0.9, 2.8),
    "bath": Thing(bath, 1.8, 0.8, 0.6),
    "toilet": Thing(toilet, 0.55, 0.7),
    "basin": Thing(basin, 1.0, 0.55),
    "piano": Thing(piano, 1.7, 1.1),
    "drums": Thing(drums, 1.8, 0.8),
    "platform": Thing(platform, 5.4, 1.6, 0.55),
    "pool": Thing(pool, 4.6, 0),
    "start_block": Thing(start_block, 0.6, 0.5),
    "ring": Thing(ring, 3.6, 2.2),
    "mat": Thing(mat, 0.75, 0),
    "gym_ball": Thing(gym_ball, 0.7, 0.5),
    "hoop": Thing(hoop, 1.4, 0),
    "court": Thing(court, 5.2, 0),
    "easel": Thing(easel, 1.0, 0.4),
    "barrel": Thing(barrel, 1.0, 0.6),
    "train_seats": Thing(train_seats, 1.2, 0.7),
    "bench_flowers": Thing(bench_flowers, 2.0, 0.8),
    "mannequin": Thing(mannequin, 0.6, 0.4),
    "rug": Thing(rug, 2.8, 0),
    "stairs": Thing(stairs, 2.2, 2.2),
}
