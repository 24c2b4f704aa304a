"""A recurrence rule (RFC 5545, 3.3.10), read and checked."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo

from icalendar.prop import vRecur

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# How many days a period has at most.
PERIODS = {"YEARLY": 366, "MONTHLY": 31, "WEEKLY": 7, "DAILY": 1}
# How many minutes a step has where a rule repeats within the day.
STEPS = {"HOURLY": 60, "MINUTELY": 1}
# The numbers that a part may hold. Days and weeks also count from the end, as -1.
PARTS = {
    "BYMONTH": range(1, 13),
    "BYWEEKNO": range(1, 54),
    "BYYEARDAY": range(1, 367),
    "BYMONTHDAY": range(1, 32),
    "BYHOUR": range(24),
    "BYMINUTE": range(60),
    "BYSECOND": range(60),
    "BYSETPOS": range(1, 367),
}
FROM_THE_END = ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYSETPOS")


class BadRule(ValueError):
    """A rule that says nothing, or nothing that can be followed."""


class TooOften(ValueError):
    """A rule that repeats more often than anybody's calendar does."""


@dataclass(frozen=True)
class Rule:
    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None  # as written: a date, floating, or in UTC
    week_start: int = 0
    weekdays: tuple[tuple[int, int], ...] = ()  # (2, 1) is the second Tuesday, (0, 1) each
    parts: dict[str, frozenset[int]] = field(default_factory=dict)

    def period(self, day: date) -> int:
        """The number of the year, month, week or day that `day` is in."""
        match self.frequency:
            case "YEARLY":
                return day.year
            case "MONTHLY":
                return day.year * 12 + day.month
            case "WEEKLY":
                return (day.toordinal() - 1 - self.week_start) // 7
        return day.toordinal()

    def ending_in(self, zone: tzinfo, *, whole_days: bool = False) -> "Rule":
        """The same rule, with an end in UTC turned into the zone's wall time.

        For whole days that is the later of its date there and as written: calendars differ.
        """
        if not isinstance(self.until, datetime):
            return self
        local = self.until.astimezone(zone) if self.until.tzinfo else self.until
        if whole_days:
            return replace(self, until=max(local.date(), self.until.date()))
        return replace(self, until=local.replace(tzinfo=None))

    def is_over(self, moment: datetime) -> bool:
        """An end that is a date lasts until that day is over."""
        if isinstance(self.until, datetime):
            return moment > self.until
        return self.until is not None and moment.date() > self.until


def parse(text: str) -> Rule:
    """Raises BadRule, and TooOften for what repeats by the second."""
    try:
        found = vRecur.from_ical(text)
    except ValueError as error:
        raise BadRule from error
    if "RSCALE" in found:  # a calendar that is not Gregorian
        raise BadRule
    frequency = found.get("FREQ", [""])[0]
    if frequency == "SECONDLY":
        raise TooOften
    rule = Rule(
        frequency=str(frequency),
        interval=found.get("INTERVAL", [1])[0],
        count=found.get("COUNT", [None])[0],
        until=found.get("UNTIL", [None])[0],
        week_start=DAYS.index(found.get("WKST", ["MO"])[0]),
        weekdays=tuple(
            (day.relative or 0, DAYS.index(day.weekday)) for day in found.get("BYDAY", [])
        ),
        parts={name: _numbers(name, found[name]) for name in PARTS if name in found},
    )
    if not _makes_sense(rule):
        raise BadRule
    return rule


def _makes_sense(rule: Rule) -> bool:
    return (
        (rule.frequency in PERIODS or (rule.frequency in STEPS and "BYSETPOS" not in rule.parts))
        and rule.interval >= 1
        and (rule.count is None or rule.count >= 1)
        and (rule.until is None or isinstance(rule.until, date))
    )


def _numbers(name: str, values: Iterable[int]) -> frozenset[int]:
    numbers = frozenset(int(value) for value in values)
    allowed = PARTS[name]
    if all(
        number in allowed or (name in FROM_THE_END and -number in allowed) for number in numbers
    ):
        return numbers
    raise BadRule
