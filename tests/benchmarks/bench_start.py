"""Memory and cold start, beside Wagtail's own starter on the same database.

Ours is the web server and the worker as a live site has them; the starter has as many processes,
all of them its web server's. Each is started alone and by turns. Memory is the proportional set
size (PSS) of all of them after each page has been asked for a hundred times. A start lasts,
with every module compiled before, until the essay is answered for the first time.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from practice import gunicorn_conf
from tests.benchmarks import bench_pages, ours, rival_servers, wagtail_starter
from tests.benchmarks.costs import megabytes, processor_seconds, tree
from tests.benchmarks.figures import Figure
from tests.benchmarks.rounds import Served, Spread, ratios
from tests.benchmarks.visitors import FORM
from tests.faults.browser import Browser
from tests.faults.site import Service

ROUNDS, WARM_UP = 5, 100
REACH = 250  # megabytes


@dataclass
class Runs:
    """One server, and what each of its starts gave."""

    web: Service
    pages: list[Served]
    worker: Service | None = None
    memory: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    processes: int = 0

    def once(self) -> None:
        began = time.perf_counter()
        self.web.start()
        assert self.web.process
        pids = [self.web.process.pid]
        while not answers(self.pages[0].url):
            assert not self.web.has_ended(), self.web.log.read_text()
            time.sleep(0.005)
        self.clock.append(time.perf_counter() - began)
        self.cpu.append(processor_seconds(pids))
        if self.worker:
            self.worker.start()
            assert self.worker.process
            pids.append(self.worker.process.pid)
        for page in self.pages:
            page.ask(WARM_UP)
        self.memory.append(megabytes(pids))
        self.processes = sum(len(tree(pid)) for pid in pids)
        for service in filter(None, (self.worker, self.web)):
            service.stop()


def answers(url: str) -> bool:
    try:
        return Browser(url).get("").status == 200
    except OSError:
        return False


def figures() -> list[Figure]:
    ours.fill()
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        site = running.enter_context(ours.made(folder / "ours", 9, cache_mb=bench_pages.CACHE_MB))
        site.start_web()
        html = bench_pages.article_of(Browser(site.url).get(ours.ESSAY).text)
        site.web.stop()
        theirs = running.enter_context(rival_servers.database(folder))
        starter = wagtail_starter.made(
            folder / "starter", html, database=theirs, workers=gunicorn_conf.workers + 1
        )
        pages = [ours.page(site, path, path) for path in (ours.ESSAY, ours.ARTICLES, FORM)]
        us = Runs(site.web, pages, site.worker)
        them = Runs(starter.web, [starter.page("essay", wagtail_starter.PAGE)])
        us.once()  # which compiles what was never compiled
        them.once()
        for each in (us, them):
            each.memory, each.clock, each.cpu = [], [], []
        for number in range(ROUNDS):
            print(f"  start {number + 1} of {ROUNDS}", file=sys.stderr)
            us.once()
            them.once()
    assert us.processes == them.processes, (us.processes, them.processes)
    return compared(us, them)


def compared(us: Runs, them: Runs) -> list[Figure]:
    times: list[tuple[str, Callable[[Runs], list[float]], float | None]] = [
        ("memory: beside Wagtail's starter", lambda runs: runs.memory, 1.5),
        ("cold start: beside Wagtail's starter", lambda runs: runs.clock, 1.3),
        ("cold start: the same, of processor time", lambda runs: runs.cpu, None),
    ]
    found = []
    for what, of, most in times:
        it = ratios(of(us), of(them))
        promised = most is not None
        found.append(Figure(what, it.middle, "times", most, str(it), is_target=promised))
    for name, runs in (("ours", us), ("the starter", them)):
        memory, clock = Spread.of(runs.memory), Spread.of(runs.clock)
        note = f"{memory}; {runs.processes} processes"
        used = Figure(f"memory: {name}", memory.middle, "MB", note=note)
        found.append(replace(used, reach=REACH, is_target=True) if runs is us else used)
        cpu = f"{clock}; {Spread.of(runs.cpu).middle:.2f} s of processor time"
        found.append(Figure(f"cold start: {name}", clock.middle, "s", note=cpu))
    return found
