"""What a row of the table is, and a round of it."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.children import Figures


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement. `ratio` is what counts, `cpu_ratio` the same in processor time."""

    ratio: float
    figures: dict[str, Figures]
    problems: list[str] = field(default_factory=list)
    cpu_ratio: float | None = None


Rounds = Callable[[Path, float], Generator[Round]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. `is_floor` says that more than `target` is better."""

    key: str
    work: str
    unit: str
    target: float
    rounds: Rounds
    is_floor: bool = False

    def is_met_by(self, ratio: float) -> bool:
        """Whether the ratio meets the target."""
        return ratio >= self.target if self.is_floor else ratio <= self.target
