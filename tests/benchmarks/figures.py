"""What a benchmark gives: figures, each with what it may be at the most."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of a table; `most` is in the same unit, and None where nothing was promised."""

    what: str
    value: float
    unit: str
    most: float | None = None
    note: str = ""

    @property
    def is_over(self) -> bool:
        return self.most is not None and self.value > self.most

    @property
    def measured(self) -> str:
        return _with_unit(self.value, self.unit)

    @property
    def budget(self) -> str:
        return "" if self.most is None else _with_unit(self.most, self.unit)


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
        budget = f"at most {figure.budget}" if figure.budget else ""
        over = "  OVER" if figure.is_over else ""
        print(f"  {figure.what:52} {figure.measured:>12}  {budget:18} {figure.note}{over}".rstrip())


def _with_unit(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
    return f"{number} {unit}".strip()
