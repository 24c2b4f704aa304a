"""Measures everything that has a budget, and writes docs/benchmarks.md: `make bench`.

`make bench ARGS="pages form"` measures these sections alone, and writes nothing.
"""

import signal
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks import apart, bench_availability, bench_busyfeeds, bench_site
from tests.benchmarks.figures import Figure, show
from tests.benchmarks.machine import machine, versions
from tests.benchmarks.picture import drawn
from tests.throwaway_postgres import Missing

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
REPORT, PICTURE = DOCS / "benchmarks.md", DOCS / "images" / "benchmarks.svg"
DRAWN = "Milliseconds of processor time for one article, all that serves it together"


class Section(NamedTuple):
    """`word` is how `make bench ARGS=word` asks for it; several may share one."""

    word: str
    title: str
    figures: Callable[[], list[Figure]]


def module(word: str) -> str:
    return f"tests.benchmarks.bench_{word}"


SECTIONS = [
    Section("pages", "The essay: SQLite", lambda: apart.on_sqlite(module("pages"))),
    Section("pages", "The essay: PostgreSQL", lambda: apart.on_postgresql(module("pages"))),
    Section("form", "The form: SQLite", lambda: apart.on_sqlite(module("form"))),
    Section("form", "The form: PostgreSQL", lambda: apart.on_postgresql(module("form"))),
    Section("filed", "Requests on file: SQLite", lambda: apart.on_sqlite(module("filed"))),
    Section("filed", "Requests on file: PostgreSQL", lambda: apart.on_postgresql(module("filed"))),
    Section("start", "Memory and start: SQLite", lambda: apart.on_sqlite(module("start"))),
    Section("start", "Memory and start: PostgreSQL", lambda: apart.on_postgresql(module("start"))),
    Section("visit", "A first visit", lambda: apart.on_sqlite(module("visit"))),
    Section("lighthouse", "Lighthouse", lambda: apart.on_sqlite(module("lighthouse"))),
    Section("times", bench_availability.TITLE, bench_availability.figures),
    Section("site", f"{bench_site.TITLE}: SQLite", bench_site.figures_on_sqlite),
    Section("site", f"{bench_site.TITLE}: PostgreSQL", bench_site.figures_on_postgresql),
    Section("feeds", bench_busyfeeds.TITLE, bench_busyfeeds.figures),
]

HEAD = (
    "Written by `make bench` on {day}, on {machine}, with {versions}. It fails where a figure is "
    "over its budget. Times are by the clock unless it says otherwise, so a machine that is busy "
    "with something else gives worse ones. How each is measured stands at the head of its module "
    "in `tests/benchmarks/`. It needs nginx-light, nghttp2-client, postgresql, chromium and `make "
    "tools`; WordPress is measured where Debian's packages of it are installed."
)


def table(title: str, figures: list[Figure]) -> str:
    rows = [
        f"| {each.what} | {each.measured} | {each.budget} | {told(each.verdict, each.note)} |"
        for each in figures
    ]
    return "\n".join([f"## {title}", "", "| | measured | budget | |", "|---|---|---|---|", *rows])


def targets(found: dict[str, list[Figure]]) -> list[Figure]:
    """What was promised of speed, whichever section measured it."""
    return [
        replace(each, what=f"{each.what} ({title.rpartition(': ')[2]})")
        for title, figures in found.items()
        for each in figures
        if each.is_target
    ]


def table_of_targets(figures: list[Figure]) -> str:
    rows = [
        f"| {each.what} | {each.measured} | {each.budget} | {each.better} | "
        f"{told(each.verdict, each.note)} |"
        for each in figures
    ]
    head = ["| | measured | target | reach | |", "|---|---|---|---|---|"]
    return "\n".join(["## Targets", "", *head, *rows])


def told(*words: str) -> str:
    return ", ".join(word for word in words if word)


def measure(sections: list[Section]) -> dict[str, list[Figure]]:
    """The figures of each section by its title, shown as they come; without what is missing."""
    found: dict[str, list[Figure]] = {}
    for section in sections:
        try:
            found[section.title] = section.figures()
        except Missing as missing:
            print(f"\n{section.title}\n  skipped: {missing}")
            continue
        show(section.title, found[section.title])
    return found


def write(found: dict[str, list[Figure]]) -> None:
    about = HEAD.format(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=machine(),
        versions=versions(),
    )
    picture = [each for figures in found.values() for each in figures if each.is_drawn]
    first = {each.what: each for each in reversed(picture)}  # of several databases the first
    PICTURE.write_text(drawn(DRAWN, list(first.values())))
    tables = [
        table_of_targets(targets(found)),
        *(table(title, figures) for title, figures in found.items()),
    ]
    paragraph = textwrap.fill(about, 100, break_on_hyphens=False)
    REPORT.write_text(
        "\n\n".join(["# Benchmarks", paragraph, f"![{DRAWN}](images/benchmarks.svg)", *tables])
        + "\n"
    )


def main(words: list[str]) -> int:
    signal.signal(signal.SIGTERM, apart.end)
    known = {section.word for section in SECTIONS}
    if unknown := set(words) - known:
        print(f"No section {', '.join(unknown)}: there are {', '.join(sorted(known))}.")
        return 2
    found = measure([each for each in SECTIONS if not words or each.word in words])
    show("Targets", targets(found))
    if not words:  # a report of one section would lose the others
        write(found)
    missed = [each.what for figures in found.values() for each in figures if each.is_missed]
    print(f"\nMissed: {'; '.join(missed)}" if missed else "\nAll within budget.")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
