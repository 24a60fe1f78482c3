"""All furniture painters by the name that interiors.yaml uses."""

from __future__ import annotations

from .fittings import FITTINGS
from .kits import Thing
from .lamps import LAMPS
from .machines import MACHINES
from .seating import SEATING
from .storage import STORAGE
from .tables import TABLES
from .wallpieces import WALLPIECES

THINGS: dict[str, Thing] = {
    **WALLPIECES,
    **SEATING,
    **TABLES,
    **STORAGE,
    **MACHINES,
    **FITTINGS,
    **LAMPS,
}
