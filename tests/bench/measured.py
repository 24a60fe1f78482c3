"""What a variant measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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


def memory_mb(pid: int, what: str) -> int | None:
    """A process's VmRSS (now) or VmHWM (the peak) in MB; None where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(f"{what}:")]
    return int(found[0]) // 1024 if found else None
