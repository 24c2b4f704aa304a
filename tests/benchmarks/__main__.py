"""Measures everything that has a budget, and writes docs/benchmarks.md: `make bench`."""

import os
import platform
import re
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import django

from tests.benchmarks import bench_availability, bench_busyfeeds, bench_site
from tests.benchmarks.figures import Figure, show
from tests.throwaway_postgres import Missing

REPORT = Path(__file__).resolve().parent.parent.parent / "docs" / "benchmarks.md"

SECTIONS: dict[str, Callable[[], list[Figure]]] = {
    bench_availability.TITLE: bench_availability.figures,
    f"{bench_site.TITLE}: SQLite": bench_site.figures_on_sqlite,
    f"{bench_site.TITLE}: PostgreSQL": bench_site.figures_on_postgresql,
    bench_busyfeeds.TITLE: bench_busyfeeds.figures,
}

HEAD = (
    "Written by `make bench` on {day}, on {machine}, with Python {python} and Django {django}. It "
    "fails where a figure is over its budget. Times are by the clock unless it says otherwise, so "
    "a machine that is busy with something else gives worse ones. How each is measured stands at "
    "the head of its module in `tests/benchmarks/`."
)


def machine() -> str:
    """Processor, cores and memory of this machine, as far as Linux tells them."""
    about = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    named = re.search(r"model name\s*: (.+)", about)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    processor = named[1] if named else platform.machine()
    return (
        f"{platform.system()} with {os.cpu_count()} cores ({processor}) and {memory:.0f} GB of "
        "memory"
    )


def table(title: str, figures: list[Figure]) -> str:
    rows = [
        f"| {each.what} | {each.measured} | {each.budget} | "
        f"{'**over its budget** ' if each.is_over else ''}{each.note} |"
        for each in figures
    ]
    return "\n".join([f"## {title}", "", "| | measured | at most | |", "|---|---|---|---|", *rows])


def main() -> int:
    found: dict[str, list[Figure]] = {}
    for title, figures in SECTIONS.items():
        try:
            found[title] = figures()
        except Missing as missing:
            print(f"\n{title}\n  skipped: {missing}")
            continue
        show(title, found[title])
    about = HEAD.format(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=machine(),
        python=platform.python_version(),
        django=django.get_version(),
    )
    tables = [table(title, figures) for title, figures in found.items()]
    paragraph = textwrap.fill(about, 100, break_on_hyphens=False)
    REPORT.write_text("\n\n".join(["# Benchmarks", paragraph, *tables]) + "\n")
    over = [each.what for figures in found.values() for each in figures if each.is_over]
    print(f"\nOver budget: {', '.join(over)}" if over else "\nAll within budget.")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
