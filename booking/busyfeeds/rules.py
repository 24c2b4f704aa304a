"""A recurrence rule (RFC 5545, 3.3.10), read and checked."""

import re
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypeVar

from booking.busyfeeds.values import is_no_time, shifted, wall_time

T = TypeVar("T")

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = re.compile(rf"([+-]?\d{{0,2}})({'|'.join(DAYS)})[A-Z]*")
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
    """A rule that says nothing that can be followed."""


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
    is_partial: bool = False  # something in it could not be read, and it is without that here

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

        For whole days that is the latest date that may be meant, since calendars differ: as
        written, in the zone, or where it is midnight east of Greenwich, as Outlook writes it.
        """
        if not isinstance(self.until, datetime):
            return self
        written = local = self.until.replace(tzinfo=None)
        if self.until.tzinfo:
            with suppress(OverflowError):  # the year 9999 is as far away in any zone
                local = self.until.astimezone(zone).replace(tzinfo=None)
        if not whole_days:
            return replace(self, until=local)
        days = [local.date(), written.date()]
        if self.until.tzinfo and written.hour >= 12 and written.minute % 15 == written.second == 0:
            days.append(shifted(written, timedelta(hours=12)).date())
        return replace(self, until=max(days))

    def is_over(self, moment: datetime) -> bool:
        """An end that is a date lasts until that day is over."""
        if isinstance(self.until, datetime):
            return moment > self.until
        return self.until is not None and moment.date() > self.until


def parse(text: str) -> Rule:
    """What a rule says, without the parts and the values of it that cannot be read.

    COUNT=0 is for ever, as Apple writes it, and INTERVAL=0 is 1, as Outlook does. Raises BadRule
    where it does not say how often, and TooOften for what repeats by the second.
    """
    said: dict[str, list[str]] = defaultdict(list)
    for part in text.upper().replace("\\", "").strip().removeprefix("RRULE:").split(";"):
        name, _, values = part.partition("=")
        said[name.strip()] += [value.strip() for value in values.split(",")]
    unread: list[str] = []

    def each(name: str, read: Callable[[str], T]) -> list[T]:
        found, values = [], said.pop(name, [])
        for value in filter(None, values):
            try:
                found.append(read(value))
            except ValueError:
                unread.append(value)
        if values and not found:
            unread.append(name)
        return found

    if "SECONDLY" in said["FREQ"]:
        raise TooOften
    frequencies = [value for value in said.pop("FREQ") if value in PERIODS or value in STEPS]
    if not frequencies:
        raise BadRule
    rule = Rule(
        frequency=frequencies[0],
        interval=next(iter(each("INTERVAL", _natural)), 0) or 1,
        count=next(iter(each("COUNT", _natural)), 0) or None,
        until=next(iter(each("UNTIL", _end)), None),
        week_start=next(iter(each("WKST", DAYS.index)), 0),
        weekdays=tuple(each("BYDAY", _weekday(frequencies[0]))),
        parts={name: frozenset(found) for name in PARTS if (found := each(name, _number(name)))},
    )
    parts = dict(rule.parts)
    others = parts.keys() - {"BYSETPOS"} or rule.weekdays
    if "BYSETPOS" in parts and (unread or not others or rule.frequency in STEPS):
        # A position among fewer days than were meant is another day, or none.
        unread += map(str, parts.pop("BYSETPOS"))
    # Parts of later standards, and a calendar that is not Gregorian.
    leftover = {name for name in said if name and not name.startswith("X-")}
    said_too_much = leftover - {"RSCALE"} or said.get("RSCALE", ["GREGORIAN"]) != ["GREGORIAN"]
    return replace(rule, parts=parts, is_partial=bool(unread or said_too_much))


def _natural(text: str) -> int:
    if (number := int(text)) < 0:
        raise ValueError
    return number


def _end(text: str) -> date | datetime:
    moment, is_date, is_utc = wall_time(text)
    if is_no_time(moment):
        raise ValueError
    return moment.date() if is_date else moment.replace(tzinfo=UTC) if is_utc else moment


def _weekday(frequency: str) -> Callable[[str], tuple[int, int]]:
    """Reads a day of the week, such as -1MO; no month has six Mondays."""
    most = 5 if frequency == "MONTHLY" else 53

    def read(text: str) -> tuple[int, int]:
        found = DAY.fullmatch(text.replace(" ", ""))
        if not found or abs(place := int(found[1] or 0)) > most:
            raise ValueError
        return place, DAYS.index(found[2])

    return read


def _number(name: str) -> Callable[[str], int]:
    """Reads a number that this part may hold."""

    def read(text: str) -> int:
        number, allowed = int(text), PARTS[name]
        if number in allowed or (name in FROM_THE_END and -number in allowed):
            return number
        raise ValueError

    return read
