"""How long `open_times` takes, and how that grows.

60 days of 8 hours stepping 30 minutes, the intervals half busy and half booked, in no order,
spread over the same 60 days. The figures are medians.
"""

import random
import statistics
import sys
from datetime import UTC, datetime, time, timedelta

from booking.availability import Interval, Policy, Window, open_times
from tests.benchmarks.figures import Figure, Timing, show, timed

TITLE = "Open times: 60 days of 8 hours, a start every 30 minutes"
DAYS = 60
MILLISECONDS = {1_500: 10, 15_000: 60, 150_000: None}  # at most, for so many intervals
GROWTH = 10  # at most, for ten times the input
ROUNDS = 15
NOW = datetime(2026, 2, 20, 17, 3, tzinfo=UTC)
POLICY = Policy(
    timezone="America/Los_Angeles",
    duration=30,
    step=30,
    gap=10,
    lead=24 * 60,
    horizon=DAYS,
    daily_limit=10_000,
)
WEEKLY = {weekday: [Window(time(9), time(17))] for weekday in range(7)}


def intervals(number: int, chance: random.Random) -> list[Interval]:
    """Intervals of five minutes anywhere in the time that is looked at."""
    starts = (NOW + timedelta(minutes=5 * chance.randrange(DAYS * 24 * 12)) for _ in range(number))
    return [Interval(start, start + timedelta(minutes=5)) for start in starts]


def timing(number: int) -> Timing:
    """With `number` intervals in the way."""
    chance = random.Random(number)
    busy, booked = intervals(number // 2, chance), intervals(number - number // 2, chance)
    return timed(
        lambda: open_times(
            POLICY, weekly=WEEKLY, overrides={}, time_off=[], busy=busy, booked=booked, now=NOW
        ),
        ROUNDS,
    )


def figures() -> list[Figure]:
    found, before = [], 0.0
    for number, most in MILLISECONDS.items():
        took = timing(number)
        found.append(took.figure(f"{number:,} intervals", 50, most))
        cpu = statistics.median(took.cpu)
        if before:
            limit = None if most is None else GROWTH
            found.append(Figure("growth: beside a tenth of them", cpu / before, "times", limit))
        before = cpu
    return found


if __name__ == "__main__":
    measured = figures()
    show(TITLE, measured)
    sys.exit(any(figure.is_missed for figure in measured))
