"""What a run does besides: the stock line has nothing of it, a person's pictures need it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .connection import Connection
from .order import Order
from .planner import Planner, ThemePlanner
from .prepare import Prepared


def _themes(order: Order, prepared: Prepared, folder: Path) -> Planner:
    return ThemePlanner(order, prepared.plan, prepared.size, folder)


Visit = Callable[[Connection], AbstractContextManager[Callable[[], None]]]


@contextmanager
def _nothing(connection: Connection) -> Generator[Callable[[], None]]:
    yield lambda: None


@dataclass(frozen=True, slots=True)
class Hooks:
    planner: Callable[[Order, Prepared, Path], Planner] = _themes
    """What plans an order, from its prepared graphs and the run's folder."""
    vectors: tuple[tuple[float, ...], ...] = ()
    """Of a person's photos, by which the check `likeness` knows the person."""
    place: str | None = None
    """Where the run's pictures lie below the server's output folder; None for its usual place."""
    visit: Visit = _nothing
    """Entered when the server answers, before its nodes and files are asked for, and left when the
    run ends, however it does. What it gives is called before each graph that makes pictures."""
