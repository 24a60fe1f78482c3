"""Shelves, racks, cupboards, showcases."""

from __future__ import annotations

from .kits import Thing
from .looks import WHITE, Colour, jitter, mix, shade
from .solids import Kit

_BRIGHT: tuple[Colour, ...] = (
    (206, 62, 54), (232, 150, 58), (64, 116, 196), (76, 152, 92), (240, 204, 90), (126, 84, 160),
)  # fmt: skip
_STEEL = (170, 178, 186)
# What stands on a shelf: its colours, the width of a piece in metres, its height as a share of
# the board's room, from and to.
_GOODS: dict[str, tuple[tuple[Colour, ...], float, tuple[float, float]]] = {
    "books": (((150, 44, 44), (52, 84, 140), (62, 110, 76), (200, 150, 70), (110, 66, 50),
               (226, 214, 190)), 0.14, (0.7, 0.95)),
    "folders": (((236, 238, 240), (64, 116, 196), (90, 98, 110), (232, 150, 58)), 0.16,
                (0.8, 0.82)),
    "boxes": (((196, 150, 100), (180, 132, 84), (210, 168, 116)), 0.36, (0.5, 0.85)),
    "goods": (_BRIGHT, 0.2, (0.55, 0.85)),
    "medicine": (((250, 252, 252), (120, 206, 190), (250, 250, 250), (110, 176, 226),
                  (240, 120, 120)), 0.17, (0.4, 0.7)),
    "bottles": (((92, 160, 70), (206, 116, 40), (240, 190, 90), (170, 40, 50), (206, 226, 220)),
                0.24, (0.42, 0.5)),
    "bread": (((206, 146, 78), (226, 172, 100), (176, 112, 56)), 0.36, (0.4, 0.6)),
    "shoes": (((40, 40, 46), (196, 62, 54), (140, 90, 58), (240, 240, 238), (64, 116, 196)), 0.34,
              (0.3, 0.45)),
    "clothes": (_BRIGHT, 0.34, (0.35, 0.6)),
    "jars": (((210, 226, 214), (150, 190, 120), (206, 176, 110)), 0.22, (0.5, 0.6)),
    "plants": (((70, 150, 70), (100, 176, 84), (60, 128, 76)), 0.3, (0.6, 0.95)),
}  # fmt: skip


def shelf(kit: Kit) -> None:
    """A tall shelf, open to the front; of: what stands on it."""
    pale = kit.of in ("medicine", "goods", "shoes", "folders", "jars", "clothes")
    wood = (240, 242, 242) if pale else kit.scene.wood
    width, height, boards = 1.3, 2.3, 4
    kit.block(0, 0, 0, width, height, 0.4, wood)
    kit.face(0, 0.1, 0.205, width - 0.1, height - 0.16, shade(wood, 0.6 if not pale else 0.78))
    _stock(kit, width - 0.1, 0.1, height - 0.06, boards, 0.21, wood)


def low_shelf(kit: Kit) -> None:
    wood = kit.scene.wood
    kit.block(0, 0, 0, 1.4, 1.0, 0.4, wood)
    kit.face(0, 0.08, 0.205, 1.3, 0.84, shade(wood, 0.6))
    _stock(kit, 1.3, 0.08, 0.92, 2, 0.21, wood)


def aisle(kit: Kit) -> None:
    """A long shelf of a shop, full of goods on both sides, its end to the viewer."""
    kit.block(0, 0, 0, 0.9, 1.7, 2.6, (236, 238, 240))
    kit.face(0, 1.45, 1.31, 0.9, 0.25, kit.scene.cloth)
    _stock(kit, 0.86, 0.1, 1.45, 3, 1.31, (236, 238, 240))
    turn = kit.turn
    for side in (1, 3):
        kit.turn = (turn + side) % 4
        _stock(kit, 2.5, 0.1, 1.65, 3, 0.46, (236, 238, 240), 1.8)
    kit.turn = turn


def _stock(
    kit: Kit, width: float, low: float, high: float, boards: int, z: float, board: Colour,
    broad: float = 1.0,
) -> None:  # fmt: skip
    colours, piece, (least, most) = _GOODS.get(kit.of, _GOODS["books"])
    piece *= broad
    room = (high - low) / boards
    for row in range(boards):
        y, x = low + row * room, -width / 2
        while x < width / 2 - piece * 0.8:
            wide = piece * kit.generator.uniform(0.8, 1.2)
            wide = min(wide, width / 2 - x)
            if kit.generator.random() < 0.93:
                tall = room * kit.generator.uniform(least, most)
                colour = jitter(kit.generator.choice(colours), kit.generator, 12)
                _piece(kit, x + wide / 2, y + 0.05, z, wide * 0.9, tall - 0.05, colour)
            x += wide
        kit.face(0, y, z + 0.01, width, 0.06, shade(board, 1.05))


def _piece(kit: Kit, x: float, y: float, z: float, w: float, h: float, colour: Colour) -> None:
    if kit.of == "plants":
        kit.face(x, y, z, w * 0.6, h * 0.4, (200, 120, 80))
        kit.ball(x, y + h * 0.62, z + 0.02, w * 0.5, colour)
        return
    if kit.of == "bottles":
        w *= 0.6
        kit.face(x, y + h, z, w * 0.4, h * 0.6, colour)
    kit.face(x, y, z, w, h, colour)


def rack(kit: Kit) -> None:
    """A high warehouse rack: blue posts, orange beams, boxes on three levels."""
    for level in range(3):
        y = level * 0.95
        for x in (-0.85, 0, 0.85):
            if kit.generator.random() < 0.9:
                tall = kit.generator.uniform(0.55, 0.78)
                colour = jitter((200, 152, 100), kit.generator, 14)
                kit.block(x, y + 0.1, 0, 0.72, tall, 0.8, colour)
                kit.face(x, y + 0.12, 0.405, 0.12, tall - 0.04, (232, 200, 150))
        kit.block(0, y + 0.011, 0.02, 2.6, 0.08, 0.9, (240, 130, 40))
    for x in (-1.3, 1.3):
        kit.block(x, 0, 0, 0.1, 2.9, 0.9, (40, 84, 170))


def wine_rack(kit: Kit) -> None:
    wood = (120, 76, 48)
    kit.block(0, 0, 0, 1.5, 2.2, 0.4, wood)
    kit.face(0, 0.08, 0.205, 1.38, 2.04, (46, 28, 22))
    for row in range(5):
        for column in range(4):
            x, y = (column - 1.5) * 0.34, 0.3 + row * 0.42
            colour = kit.generator.choice(((110, 24, 40), (50, 84, 48), (150, 40, 50)))
            kit.ball(x, y, 0.24, 0.13, colour)


def cabinet(kit: Kit) -> None:
    """A closed cupboard (of: white, steel, or wooden)."""
    wood = {"white": (242, 244, 244), "steel": _STEEL}.get(kit.of, kit.scene.wood)
    kit.block(0, 0, 0, 1.1, 2.0, 0.5, wood)
    for x in (-0.27, 0.27):
        kit.face(x, 0.1, 0.26, 0.48, 1.8, shade(wood, 1.12))
        kit.face(x * 0.24, 0.95, 0.27, 0.05, 0.26, (60, 60, 66))


def lockers(kit: Kit) -> None:
    colour = kit.scene.cloth
    kit.block(0, 0, 0, 1.6, 2.0, 0.5, shade(colour, 0.8))
    for index in range(4):
        x = (index - 1.5) * 0.4
        kit.face(x, 0.08, 0.26, 0.36, 1.86, colour)
        for y in (1.55, 1.66, 1.77):
            kit.face(x, y, 0.27, 0.22, 0.05, shade(colour, 0.6))
        kit.face(x + 0.12, 0.95, 0.27, 0.05, 0.16, (236, 236, 236))


def safes(kit: Kit) -> None:
    """A wall of safe deposit boxes."""
    gold = (206, 168, 84)
    kit.block(0, 0, 0, 1.5, 2.4, 0.3, shade(gold, 0.55))
    for row in range(5):
        for column in range(4):
            x, y = (column - 1.5) * 0.36, 0.06 + row * 0.47
            kit.face(x, y, 0.16, 0.32, 0.42, jitter(gold, kit.generator, 8))
            kit.face(x, y + 0.14, 0.17, 0.1, 0.12, (90, 70, 40))


def server_rack(kit: Kit) -> None:
    kit.block(0, 0, 0, 0.8, 2.2, 0.9, (44, 48, 58))
    kit.face(0, 0.08, 0.46, 0.68, 2.02, (18, 22, 32))
    for row in range(5):
        y = 0.22 + row * 0.38
        kit.face(0, y, 0.47, 0.6, 0.2, (52, 60, 78))
        for x in (-0.14, 0.14):
            colour = kit.generator.choice(((70, 230, 140), (60, 190, 255), (60, 190, 255)))
            kit.face(x, y + 0.04, 0.48, 0.17, 0.12, colour)


def showcase(kit: Kit) -> None:
    """A counter with a glass box on it (of: what lies behind the glass)."""
    wood = WHITE if kit.of == "jewels" else kit.scene.wood
    kit.block(0, 0, 0, 1.8, 0.55, 0.7, wood)
    glass = (196, 226, 238)
    kit.block(0, 0.55, 0, 1.8, 0.6, 0.7, glass)
    kit.face(0, 0.58, 0.36, 1.7, 0.54, mix(glass, WHITE, 0.5))
    kit.face(0, 0.84, 0.37, 1.7, 0.04, shade(glass, 0.85))
    if kit.of == "jewels":
        for x in (-0.6, -0.2, 0.2, 0.6):
            kit.face(x, 0.58, 0.38, 0.22, 0.22, (60, 50, 90))
            kit.ball(x, 0.72, 0.4, 0.09, (250, 206, 80))
        return
    for y, sizes in ((0.6, 5), (0.88, 6)):
        for index in range(sizes):
            colour = kit.generator.choice(((222, 164, 92), (246, 170, 190), (120, 70, 48),
                                           (250, 226, 160)))  # fmt: skip
            kit.ball((index - (sizes - 1) / 2) * 1.6 / sizes, y + 0.1, 0.38, 0.12, colour)


def rail(kit: Kit) -> None:
    """Clothes on hangers along a rail."""
    for x in (-0.85, 0.85):
        kit.block(x, 0, 0, 0.06, 1.6, 0.06, (60, 60, 66))
    kit.block(0, 1.6, 0, 1.8, 0.06, 0.06, (60, 60, 66))
    for index in range(7):
        x = (index - 3) * 0.23
        colour = jitter(kit.generator.choice((*_BRIGHT, (240, 236, 230))), kit.generator)
        low = kit.generator.uniform(0.35, 0.75)
        kit.shape([(x - 0.13, low), (x + 0.13, low), (x + 0.13, 1.38), (x, 1.58),
                   (x - 0.13, 1.38)], 0.02 * index, colour)  # fmt: skip


STORAGE: dict[str, Thing] = {
    "shelf": Thing(shelf, 1.3, 0.4, 2.3),
    "low_shelf": Thing(low_shelf, 1.4, 0.4, 1.0),
    "aisle": Thing(aisle, 0.9, 2.6, 1.7),
    "rack": Thing(rack, 2.7, 0.9, 2.9),
    "wine_rack": Thing(wine_rack, 1.5, 0.4, 2.2),
    "cabinet": Thing(cabinet, 1.1, 0.5, 2.0),
    "lockers": Thing(lockers, 1.6, 0.5, 2.0),
    "safes": Thing(safes, 1.5, 0.3, 2.4),
    "server_rack": Thing(server_rack, 0.8, 0.9, 2.2),
    "showcase": Thing(showcase, 1.8, 0.7, 1.15),
    "rail": Thing(rail, 1.9, 0.5, 1.6),
}
