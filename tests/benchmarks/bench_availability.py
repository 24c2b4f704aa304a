"""How long `open_times` takes, and how that grows: `python -m tests.benchmarks.bench_availability`.

60 days of 8 hours stepping 30 minutes, the intervals half busy and half booked, in no order,
spread over the same 60 days. The figures are medians of processor time, since the function
waits for nothing and other programs' work is not its own. Exits with 1 where one is over its
target.
"""

import random
import statistics
import sys
from datetime import UTC, datetime, time, timedelta
from time import process_time

from booking.availability import Interval, Policy, Window, open_times

DAYS = 60
TARGETS = {1_500: 10, 15_000: 60, 150_000: None}  # intervals: milliseconds
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


def median(number: int) -> float:
    """Milliseconds of processor time with `number` intervals in the way."""
    chance = random.Random(number)
    busy, booked = intervals(number // 2, chance), intervals(number - number // 2, chance)
    took = []
    for _ in range(ROUNDS):
        begin = process_time()
        open_times(
            POLICY, weekly=WEEKLY, overrides={}, time_off=[], busy=busy, booked=booked, now=NOW
        )
        took.append(1000 * (process_time() - begin))
    return statistics.median(took)


def main() -> int:
    failed = False
    for number, target in TARGETS.items():
        milliseconds = median(number)
        failed |= target is not None and milliseconds > target
        wanted = f"at most {target} ms" if target else "for the growth"
        print(f"{number:>8,} intervals {milliseconds:8.1f} ms   {wanted}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
