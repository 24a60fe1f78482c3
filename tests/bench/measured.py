"""What a variant measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """Pictures made one after the other by one variant."""

    pictures: int
    wall: float
    """Seconds by the clock."""
    execution: float
    """Seconds in which the server ran their graphs, by its own history."""

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return self.pictures / self.wall

    @property
    def overhead(self) -> float:
        """Wall time as a multiple of execution time."""
        return self.wall / self.execution

    def __add__(self, other: Block) -> Block:
        return Block(
            self.pictures + other.pictures,
            self.wall + other.wall,
            self.execution + other.execution,
        )
