"""Servers measured by turns, A B C A B C: what else the machine does then meets all alike."""

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tests.benchmarks.costs import processor_seconds
from tests.benchmarks.load import AS_BROWSERS, CONNECTIONS, Load, asked

ROUNDS = 5
SECONDS = 1.0  # about as long as each takes in a round


@dataclass(frozen=True)
class Spread:
    """What rounds gave: the least, the middle and the most."""

    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        values = list(values)
        return cls(min(values), statistics.median(values), max(values))

    def __str__(self) -> str:
        return f"{_short(self.least)} to {_short(self.most)}"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def ratios(of: Iterable[float], beside: Iterable[float]) -> Spread:
    """Of each round by itself, since a round's two were measured next to each other."""
    return Spread.of(one / other for one, other in zip(of, beside, strict=True))


@dataclass
class Served:
    """One page of one server: where it is, and which processes serve it."""

    name: str
    url: str
    processes: Callable[[], Iterable[int]]
    port: int = 0  # on loopback, where the address says another name
    headers: Mapping[str, str] = field(default_factory=lambda: AS_BROWSERS)
    connections: int = CONNECTIONS

    def ask(self, requests: int) -> tuple[Load, float]:
        """How it went, and the servers' milliseconds of processor time for each request."""
        before = processor_seconds(self.processes())
        load = asked(
            self.url,
            requests,
            connections=self.connections,
            headers=self.headers,
            port=self.port,
        )
        spent = processor_seconds(self.processes()) - before
        return load, 1000 * spent / requests


@dataclass
class Measured:
    """What a page cost in each round: milliseconds of processor time, and requests a second."""

    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def add(self, load: Load, cpu: float) -> None:
        self.cpu.append(cpu)
        self.rate.append(load.rate)
        self.p50.append(load.within(50))
        self.p99.append(load.within(99))

    @property
    def by_the_clock(self) -> str:
        rate, p50, p99 = (statistics.median(each) for each in (self.rate, self.p50, self.p99))
        return f"{_short(rate)} requests/s, p50 {_short(p50)} ms, p99 {_short(p99)} ms"


def in_turns(pages: Iterable[Served], rounds: int = ROUNDS) -> dict[str, Measured]:
    """Each page by its name, after so many rounds that each last about SECONDS for every page."""
    pages = list(pages)
    number = {page.name: _calibrated(page) for page in pages}
    found = {page.name: Measured() for page in pages}
    for each in range(rounds):
        print(f"  round {each + 1} of {rounds}", file=sys.stderr)
        for page in pages:
            found[page.name].add(*page.ask(number[page.name]))
    return found


def _calibrated(page: Served) -> int:
    """How many requests take about SECONDS, once the server is warm."""
    page.ask(2 * page.connections)
    requests = 2 * page.connections
    while True:
        began = time.perf_counter()
        page.ask(requests)
        took = time.perf_counter() - began
        if took > SECONDS / 5:
            return max(page.connections, round(requests * SECONDS / took))
        requests *= 4
