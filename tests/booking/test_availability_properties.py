"""`open_times` against a slow and obvious model that walks through time minute by minute.

Each zone is visited around both its clock changes of one year. The years are past ones, so that
the next edition of the time zone database changes nothing here.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.availability import Interval, Policy, Window, open_times

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# Zones with a year in which their clocks went forward and back.
ZONES = {
    "Africa/Cairo": 2024,  # at midnight, both ways
    "Africa/Casablanca": 2024,  # back for Ramadan, and forward again
    "America/Adak": 2024,
    "America/Anchorage": 2024,
    "America/Asuncion": 2023,  # at midnight
    "America/Caracas": 2016,  # half an hour forward; 2007 went back
    "America/Chicago": 2024,
    "America/Denver": 2024,
    "America/Halifax": 2024,
    "America/Havana": 2025,  # forward at midnight
    "America/Los_Angeles": 2025,
    "America/New_York": 2025,
    "America/Nuuk": 2024,  # late on a Saturday
    "America/Santiago": 2024,  # at midnight
    "America/Sao_Paulo": 2018,  # at midnight
    "America/St_Johns": 2010,  # one minute past midnight, so that yesterday comes back
    "Antarctica/Troll": 2024,  # by two hours
    "Asia/Amman": 2021,  # at midnight
    "Asia/Beirut": 2024,  # at midnight
    "Asia/Gaza": 2023,
    "Asia/Jerusalem": 2024,
    "Asia/Kathmandu": 1986,  # a quarter of an hour, once
    "Asia/Pyongyang": 2018,  # half an hour forward; 2015 went back
    "Asia/Tehran": 2021,  # at midnight
    "Atlantic/Azores": 2024,  # at midnight and one o'clock
    "Australia/Adelaide": 2024,
    "Australia/Lord_Howe": 2025,  # by half an hour
    "Australia/Sydney": 2024,
    "Europe/Athens": 2024,
    "Europe/Berlin": 2025,
    "Europe/Chisinau": 2024,
    "Europe/Dublin": 2025,  # where winter is the exception
    "Europe/Lisbon": 2024,
    "Europe/London": 2025,
    "Pacific/Apia": 2011,  # has no 30 December
    "Pacific/Auckland": 2024,
    "Pacific/Chatham": 2024,  # at a quarter to three
    "Pacific/Easter": 2024,
    "Pacific/Fiji": 2019,
    "Pacific/Norfolk": 2024,
}


@cache
def clock_changes(zone: str) -> list[datetime]:
    """The hours of the zone's year after which its offset from UTC is another."""
    local = ZoneInfo(zone)
    begin = datetime(ZONES[zone], 1, 1, tzinfo=UTC) - DAY
    hours = [begin + number * HOUR for number in range(24 * 366)]
    return [
        hour
        for hour in hours
        if hour.astimezone(local).utcoffset() != (hour + HOUR).astimezone(local).utcoffset()
    ]


def model(
    policy: Policy,
    *,
    weekly: dict[int, list[Window]],
    overrides: dict[date, list[Window]],
    time_off: list[tuple[date, date]],
    busy: list[Interval],
    booked: list[Interval],
    now: datetime,
) -> list[datetime]:
    """Every minute from `now` on is looked at: is it open, is it taken, may one start in it?"""
    zone = ZoneInfo(policy.timezone)
    today = now.astimezone(zone).date()
    gap = policy.gap * MINUTE

    @cache
    def open_since(day: date) -> dict[int, int]:
        """The open minutes of a day's wall, each with the minutes since its window began."""
        if any(first <= day <= last for first, last in time_off):
            return {}
        windows = overrides[day] if day in overrides else weekly.get(day.weekday(), [])
        spans = [(number_of(window.start), number_of(window.end) or 1440) for window in windows]
        since: dict[int, int] = {}
        for number in range(1440):
            if any(start <= number < end for start, end in spans):
                since[number] = since.get(number - 1, -1) + 1
        return since

    def is_taken(minute: datetime) -> bool:
        return any(b.start < minute + MINUTE and minute < b.end for b in busy) or any(
            b.start - gap < minute + MINUTE and minute < b.end + gap for b in booked
        )

    counts = Counter(b.start.astimezone(zone).date() for b in booked)
    free_since: list[tuple[datetime, date, int | None]] = []  # None: closed, or taken
    for number in range((policy.horizon + 1) * 1440 + 180 + policy.duration):
        minute = now.replace(second=0, microsecond=0) + number * MINUTE
        wall = minute.astimezone(zone)
        since = open_since(wall.date()).get(number_of(wall.time()))
        free_since.append((minute, wall.date(), None if is_taken(minute) else since))

    return [
        start
        for number, (start, day, since) in enumerate(free_since)
        if since is not None
        and since % policy.step == 0
        and start >= now + policy.lead * MINUTE
        and (day - today).days <= policy.horizon
        and (policy.daily_limit is None or counts[day] < policy.daily_limit)
        and all(free is not None for _, _, free in free_since[number : number + policy.duration])
    ]


def number_of(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def minutes(*choices: int) -> st.SearchStrategy[int]:
    return st.sampled_from(choices)


@st.composite
def windows(draw: st.DrawFn) -> list[Window]:
    """Hours of a day: mostly some at night, when clocks change; often all of the day."""
    if draw(st.booleans()):
        return [Window(time(0), time(0))]
    found = []
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, 95)) if draw(st.booleans()) else draw(st.integers(0, 16))
        end = draw(st.integers(start + 1, 96))
        found.append(Window(quarter(start), quarter(end)))
    return found


def quarter(number: int) -> time:
    return time(number // 4 % 24, number % 4 * 15)


@st.composite
def questions(draw: st.DrawFn, zone: str) -> dict[str, Any]:
    """What `open_times` takes, a day or two around a change of clocks."""
    change = draw(st.sampled_from(clock_changes(zone)))
    ago = draw(st.integers(-60, 30 * 60)) * MINUTE + draw(st.sampled_from([0, 1, 59])) * MINUTE / 60
    today = change.astimezone(ZoneInfo(zone)).date()
    days = st.integers(-2, 3).map(lambda number: today + number * DAY)

    @st.composite
    def intervals(draw: st.DrawFn) -> Interval:
        start = change + draw(st.integers(-36 * 60, 60 * 60)) * MINUTE
        return Interval(start, start + draw(minutes(1, 5, 20, 60, 200)) * MINUTE)

    return {
        "policy": Policy(
            timezone=zone,
            duration=draw(minutes(15, 20, 30, 50, 60, 90, 180)),
            step=draw(minutes(5, 15, 20, 30, 45, 60, 75)),
            gap=draw(minutes(0, 0, 5, 10, 60)),
            lead=draw(minutes(0, 0, 1, 60, 24 * 60)),
            horizon=draw(st.integers(0, 2)),
            daily_limit=draw(st.sampled_from([None, None, 1, 2])),
        ),
        "weekly": draw(st.dictionaries(st.integers(0, 6), windows(), min_size=4)),
        "overrides": draw(st.dictionaries(days, windows(), max_size=2)),
        "time_off": draw(st.lists(st.tuples(days, days).map(sorted).map(tuple), max_size=1)),
        "busy": draw(st.lists(intervals(), max_size=3)),
        "booked": draw(st.lists(intervals(), max_size=3)),
        "now": change - ago,
    }


@pytest.mark.parametrize("zone", ZONES)
def test_open_times_are_those_that_a_walk_minute_by_minute_finds(zone: str) -> None:
    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(questions(zone))
    def they_agree(question: dict[str, Any]) -> None:
        starts = open_times(**question)
        assert starts == model(**question)
        zone = ZoneInfo(question["policy"].timezone)
        today = question["now"].astimezone(zone).date()
        days = {today, *(start.astimezone(zone).date() for start in starts)}
        for day in (day for known in days for day in (known - DAY, known, known + DAY)):
            alone = [start for start in starts if start.astimezone(zone).date() == day]
            assert open_times(**question, on=day) == alone

    they_agree()


def test_thirty_zones_and_more_are_seen_at_changes_in_both_directions() -> None:
    def directions(zone: str) -> set[bool]:
        offsets = (
            [moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in (hour, hour + HOUR)]
            for hour in clock_changes(zone)
        )
        return {after > before for before, after in offsets}

    assert sum(directions(zone) == {True, False} for zone in ZONES) >= 30
    assert all(clock_changes(zone) for zone in ZONES)
