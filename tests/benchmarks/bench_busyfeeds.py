"""How long a busy feed takes to read, and how much memory that takes.

Each is read in a process of its own, for a memory of its own; seconds are its processor time,
and megabytes the most that it held, Python included.
"""

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from booking.busyfeeds import busy_intervals
from tests.benchmarks.figures import Figure, show

TITLE = "Other calendars: reading a feed of 5,000 events, 152 days of it"
EVENTS = 5_000
SECONDS, MEGABYTES = 10, 200
START = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=152)  # as booking/busy/sync.py asks for


def event(number: int, day: str, *lines: str) -> list[str]:
    hour, minute = 8 + number % 10, number % 60
    return [
        "BEGIN:VEVENT",
        f"UID:{number}@bench.example",
        "DTSTAMP:20260101T000000Z",
        f"DTSTART;TZID=Europe/Berlin:{day}T{hour:02}{minute:02}00",
        f"DTEND;TZID=Europe/Berlin:{day}T{hour + 1:02}{minute:02}00",
        "SUMMARY:A title of an ordinary length",
        "DESCRIPTION:" + "Words of a description. " * 8,
        "LOCATION:Somewhere",
        *lines,
        "END:VEVENT",
    ]


def feed(rule: str, since: str = "20160104") -> bytes:
    """5,000 series of one rule."""
    return calendar(*(event(number, since, f"RRULE:{rule}") for number in range(EVENTS)))


def ordinary() -> bytes:
    """Ten years of single events, every tenth a series with an exception and a moved instance."""
    events = []
    for number in range(EVENTS):
        day = f"{2016 + number % 11}{1 + number % 12:02}{1 + number % 28:02}"
        if number % 10:
            events.append(event(number, day))
            continue
        at = f"T{8 + number % 10:02}{number % 60:02}00"
        rule = ("FREQ=WEEKLY", "FREQ=DAILY;COUNT=20", "FREQ=MONTHLY;BYDAY=2TU")[number % 3]
        gone = f"EXDATE;TZID=Europe/Berlin:20260105{at}"
        moved = f"RECURRENCE-ID;TZID=Europe/Berlin:20260112{at}"
        events += [
            event(number, "20160104", f"RRULE:{rule}", gone),
            event(number, "20260113", moved),
        ]
    return calendar(*events)


def calendar(*events: list[str]) -> bytes:
    lines = [line for each in events for line in each]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()


FEEDS: dict[str, Callable[[], bytes]] = {
    "ordinary, every tenth a series": ordinary,
    "weekly since 2016": lambda: feed("FREQ=WEEKLY"),
    "weekly, 500 times": lambda: feed("FREQ=WEEKLY;COUNT=500"),
    "daily since 2016": lambda: feed("FREQ=DAILY"),
    "monthly, last workday": lambda: feed("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
    "birthdays since 1604": lambda: feed("FREQ=YEARLY", "16040229"),
    "never comes true": lambda: feed("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    "bombs: hourly": lambda: feed("FREQ=HOURLY"),
    "bombs: by the minute": lambda: feed("FREQ=MINUTELY"),
    "bombs: by the second": lambda: feed("FREQ=SECONDLY"),
    "bombs: daily from 1601 on, counted": lambda: feed("FREQ=DAILY;COUNT=999999", "16010101"),
}


def measured(name: str) -> tuple[float, float, str]:
    """Seconds of this process's own, megabytes at the most, and what came of it."""
    ics = FEEDS[name]()
    began = time.process_time()
    try:
        intervals, warnings = busy_intervals(
            ics, timezone="America/Los_Angeles", start=START, end=START + SPAN
        )
        result = f"{len(intervals)} intervals, {len(warnings)} warnings"
    except ValueError as refusal:
        result = str(refusal)
    seconds = time.process_time() - began
    return seconds, peak(), result


def peak() -> float:
    """The most memory that this process has held, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # since ru_maxrss begins with what the parent held
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (1024**2 if sys.platform == "darwin" else 1024)


def figures() -> list[Figure]:
    found = []
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        for name in FEEDS:
            seconds, megabytes, result = processes.submit(measured, name).result()
            found.append(Figure(name, seconds, "s", SECONDS, result))
            found.append(Figure(f"{name}: memory", megabytes, "MB", MEGABYTES))
    return found


if __name__ == "__main__":
    everything = figures()
    show(TITLE, everything)
    sys.exit(any(figure.is_missed for figure in everything))
