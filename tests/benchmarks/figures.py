"""What a benchmark gives: figures, each with what it may be at the most."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of a table; what was promised is in the same unit, and None where nothing was.

    It keeps its promise at `most` or below, or at `least` or above; `reach` is what would be
    better still. `is_target` figures stand together at the head of the report, and `is_drawn` ones
    in its picture.
    """

    what: str
    value: float
    unit: str
    most: float | None = None
    note: str = ""
    least: float | None = None
    reach: float | None = None
    is_target: bool = False
    is_drawn: bool = False

    @property
    def is_missed(self) -> bool:
        too_much = self.most is not None and self.value > self.most
        return too_much or (self.least is not None and self.value < self.least)

    @property
    def is_reached(self) -> bool:
        """Whether even `reach` is kept."""
        if self.reach is None:
            return False
        return self.value <= self.reach if self.least is None else self.value >= self.reach

    @property
    def measured(self) -> str:
        return _with_unit(self.value, self.unit)

    @property
    def budget(self) -> str:
        if self.most is not None:
            return f"at most {_with_unit(self.most, self.unit)}"
        return "" if self.least is None else f"at least {_with_unit(self.least, self.unit)}"

    @property
    def better(self) -> str:
        return "" if self.reach is None else _with_unit(self.reach, self.unit)

    @property
    def verdict(self) -> str:
        if self.is_missed:
            return "**missed**"
        return "reached" if self.is_reached else "met" if self.budget else ""


@dataclass(frozen=True)
class Timing:
    """Milliseconds of single runs: by the clock, and of the processor's time."""

    wall: list[float]
    cpu: list[float]

    def figure(self, what: str, percent: int, most: float | None = None) -> Figure:
        """So many in a hundred took no longer; 50 is the median."""
        wall, cpu = (
            statistics.quantiles(times, n=100, method="inclusive")[percent - 1]
            for times in (self.wall, self.cpu)
        )
        return Figure(what, wall, "ms", most, f"{cpu:.1f} ms of processor time")


def timed(run: Callable[[], object], rounds: int) -> Timing:
    wall, cpu = [], []
    for _ in range(rounds):
        began, began_cpu = time.perf_counter(), time.process_time()
        run()
        cpu.append(1000 * (time.process_time() - began_cpu))
        wall.append(1000 * (time.perf_counter() - began))
    return Timing(wall, cpu)


def show(title: str, figures: list[Figure]) -> None:
    """Prints a table for people."""
    print(f"\n{title}")
    for figure in figures:
        missed = "  MISSED" if figure.is_missed else ""
        print(f"  {figure.what:64} {figure.measured:>12}  {figure.budget:20} {figure.note}{missed}")


def _with_unit(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
    return f"{number} {unit}".strip()
