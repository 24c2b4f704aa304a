"""Which weeks are looked at, and how much work they may cost."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from booking.availability import Interval


class Exhausted(Exception):
    """The work that one calendar may cost is used up."""


@dataclass
class Meter:
    """Counts work, so that no calendar keeps its reader busy for long; one is about 1 us."""

    left: int

    def spend(self, amount: int) -> None:
        """Raises Exhausted."""
        self.left -= amount
        if self.left < 0:
            raise Exhausted


class Span(NamedTuple):
    """From `start` to `end`, both in UTC."""

    start: datetime
    end: datetime

    def meets(self, interval: Interval) -> bool:
        """Whether it has a moment in common with an interval; an empty one has none."""
        return (
            interval.start < interval.end
            and interval.start < self.end
            and interval.end > self.start
        )

    def days(self, margin: timedelta) -> tuple[date, date]:
        """The days from a margin before it to one after, as far as there are such days."""
        first = max(self.start.toordinal() - margin.days, date.min.toordinal())
        last = min(self.end.toordinal() + margin.days, date.max.toordinal())
        return date.fromordinal(first), date.fromordinal(last)
