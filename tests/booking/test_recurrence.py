"""Series, held against two programs that walk every instance since the first."""

import datetime as datetime_module
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from booking.availability import Interval
from booking.busyfeeds import busy_intervals, merged, recurrence
from booking.busyfeeds.limits import Meter
from booking.busyfeeds.rules import TooOften, parse

WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
LAST_YEAR = 2030


@pytest.fixture(scope="module", autouse=True)
def _a_world_that_ends_soon() -> Iterator[None]:
    """dateutil looks for a rule that never comes true until the last year that there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datetime_module, "MAXYEAR", LAST_YEAR)
        yield


def numbers(name: str, lowest: int, highest: int, *, signed: int = 0) -> st.SearchStrategy[str]:
    """Such as BYMONTHDAY=1,-1; `signed` is how far they count from the end."""
    number = st.integers(lowest, highest)
    if signed:
        number |= st.integers(-signed, -1)
    some = st.lists(number, min_size=1, max_size=3, unique=True)
    return some.map(lambda values: f"{name}={','.join(map(str, values))}")


PARTS = {
    "BYMONTH": numbers("BYMONTH", 1, 12),
    "BYMONTHDAY": numbers("BYMONTHDAY", 1, 31, signed=31),
    "BYYEARDAY": numbers("BYYEARDAY", 1, 366, signed=366),
    # dateutil misses days of the next year's first week where that is named as its -52nd.
    "BYWEEKNO": numbers("BYWEEKNO", 1, 53, signed=51),
    "BYHOUR": numbers("BYHOUR", 0, 23),
    "BYMINUTE": numbers("BYMINUTE", 0, 59),
    "BYSECOND": numbers("BYSECOND", 0, 59),
}


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from("YEARLY MONTHLY WEEKLY DAILY HOURLY MINUTELY".split()))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 13))}"]
    names = draw(st.lists(st.sampled_from(list(PARTS)), max_size=2, unique=True))
    parts += [draw(PARTS[name]) for name in names]
    days = draw(st.lists(st.sampled_from(WEEKDAYS), max_size=4, unique=True))
    if days and frequency in ("YEARLY", "MONTHLY") and "BYWEEKNO" not in names:
        most = 5 if frequency == "MONTHLY" or "BYMONTH" in names else 53
        place = st.integers(1, most) | st.integers(-most, -1)
        # dateutil wants both where plain and numbered days are mixed; RFC 5545 wants either.
        if draw(st.booleans()):
            days = [f"{draw(place)}{day}" for day in days]
    if "BYWEEKNO" in names and not days:
        days = ["WE"]  # dateutil gives every day of the week; RFC 5545 leaves it to the start
    if days:
        parts.append(f"BYDAY={','.join(days)}")
    # dateutil counts positions of a first week from the series' start on, not from the week's.
    if len(parts) > 2 and frequency in ("YEARLY", "MONTHLY", "DAILY") and draw(st.booleans()):
        parts.append(draw(numbers("BYSETPOS", 1, 4, signed=4)))
    parts.append(f"WKST={draw(st.sampled_from(WEEKDAYS))}")
    end = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    if end == "COUNT":
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    if end == "UNTIL":
        until = draw(st.datetimes(datetime(2019, 1, 1), datetime(2026, 1, 1)))
        parts.append(f"UNTIL={until:%Y%m%dT%H%M%S}")
    return ";".join(parts)


def whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


@settings(max_examples=300, deadline=None)
@given(
    text=rules(),
    first=st.datetimes(datetime(2019, 1, 1), datetime(2024, 12, 31)).map(whole_seconds),
    since=st.dates(date(2019, 1, 1), date(2027, 1, 1)),
    length=st.integers(0, 400),
)
def test_a_rule_gives_what_dateutil_gives(
    text: str, first: datetime, since: date, length: int
) -> None:
    within_the_day = text.startswith(("FREQ=HOURLY", "FREQ=MINUTELY"))
    until = since + timedelta(days=length % 10 if within_the_day else length)
    if within_the_day:
        assume(timedelta(days=-30) < since - first.date() < timedelta(days=30))
    try:
        expected = rrulestr(text, dtstart=first).between(
            datetime.combine(since, time.min), datetime.combine(until, time.max), inc=True
        )
    except ValueError:
        expected = []  # an interval that never meets its hours
    try:
        found = recurrence.instances(
            parse(text), first, since=since, until=until, meter=Meter(10**7)
        )
        assert list(found) == expected
    except TooOften:
        assert text.count(",") > 0


ZONES = ["America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]
# Nowhere do clocks change between eight in the morning and eight in the evening.
starts = st.builds(
    datetime,
    st.just(2024),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(8, 16),
    st.sampled_from([0, 30]),
)
plain_rules = st.sampled_from(
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3;COUNT=9",
        "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=7",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=2",
        "FREQ=YEARLY",
    ]
)


def stamp(name: str, zone: str, *times: datetime) -> str:
    return f"{name};TZID={zone}:" + ",".join(f"{each:%Y%m%dT%H%M%S}" for each in times)


@st.composite
def series(draw: st.DrawFn, uid: int) -> list[str]:
    """A series of times or of days: what it excludes, adds, moves and calls off."""
    zone, start, rule = draw(st.sampled_from(ZONES)), draw(starts), draw(plain_rules)
    of_days = draw(st.booleans())
    instances = list(rrulestr(rule, dtstart=start)[:8])
    places = st.lists(st.integers(0, len(instances) - 1), max_size=3, unique=True)
    excluded = [instances[place] for place in draw(places)]
    free = draw(st.sampled_from(["TRANSP:OPAQUE"] * 4 + ["TRANSP:TRANSPARENT", "STATUS:CANCELLED"]))

    def when(name: str, *times: datetime) -> str:
        return stamp_days(name, *times) if of_days else stamp(name, zone, *times)

    def event(*lines: str) -> list[str]:
        length = f"DURATION:P{draw(st.integers(1, 3))}D" if of_days else hours(draw)
        return ["BEGIN:VEVENT", f"UID:{uid}", *lines, length, "END:VEVENT"]

    more = [start + timedelta(days=200 + draw(st.integers(0, 9)))] * draw(st.integers(0, 1))
    lines = event(
        when("DTSTART", start), f"RRULE:{rule}", free,
        *([when("EXDATE", *excluded)] if excluded else []),
        *([when("RDATE", *more)] if more and "COUNT" in rule else []),
    )  # fmt: skip
    for place in draw(places):
        if instances[place] not in excluded:
            moved = instances[place] + timedelta(days=draw(st.integers(-3, 3)), hours=1)
            lines += event(
                when("RECURRENCE-ID", instances[place]),
                when("DTSTART", moved),
                f"STATUS:{draw(st.sampled_from(['CONFIRMED', 'CANCELLED']))}",
            )
    return lines


def hours(draw: st.DrawFn) -> str:
    return f"DURATION:PT{draw(st.integers(1, 3))}H"


def stamp_days(name: str, *times: datetime) -> str:
    return f"{name};VALUE=DATE:" + ",".join(f"{each:%Y%m%d}" for each in times)


def busy_in_the_second_reader(ics: bytes, start: datetime, end: datetime) -> list[Interval]:
    # It takes days for days of UTC, so the last may be missing.
    around = start - timedelta(days=2), end + timedelta(days=2)
    events = recurring_ical_events.of(icalendar.Calendar.from_ical(ics)).between(*around)
    return merged(
        each
        for each in (Interval(instant(event.start), instant(event.end)) for event in events
                     # It gives what is cancelled or free too.
                     if event.get("STATUS") != "CANCELLED" and event.get("TRANSP") != "TRANSPARENT")
        if each.start < end and each.end > start
    )  # fmt: skip


def instant(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time.min, ZoneInfo("Europe/Berlin"))
    return moment.astimezone(UTC)


@pytest.mark.parametrize("examples", [60, pytest.param(600, marks=pytest.mark.soak)])
def test_a_calendar_is_as_busy_as_recurring_ical_events_has_it(examples: int) -> None:
    """Where the two differ on purpose stands in test_busyfeeds.py and test_feed_cases.py."""

    @settings(max_examples=examples, deadline=None)
    @given(
        calendars=st.tuples(series(1), series(2)),
        start=st.datetimes(datetime(2024, 1, 1), datetime(2025, 6, 1), timezones=st.just(UTC)),
    )
    def compare(calendars: tuple[list[str], ...], start: datetime) -> None:
        lines = ["BEGIN:VCALENDAR", *calendars[0], *calendars[1], "END:VCALENDAR", ""]
        ics = "\r\n".join(lines).encode()
        start, end = whole_seconds(start), whole_seconds(start) + timedelta(days=60)
        found, warnings = busy_intervals(ics, timezone="Europe/Berlin", start=start, end=end)
        assert (found, warnings) == (busy_in_the_second_reader(ics, start, end), [])

    compare()


def test_a_wall_time_that_a_spring_day_skips_is_read_with_the_offset_before_it() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    ics = (
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=Europe/Berlin:20260328T023000\n"
        b"DURATION:PT30M\nRRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    found, _ = busy_intervals(
        ics,
        timezone="Europe/Berlin",
        start=datetime(2026, 3, 1, tzinfo=UTC),
        end=datetime(2026, 4, 1, tzinfo=UTC),
    )
    assert [f"{each.start.astimezone(berlin):%d %H:%M}" for each in found] == [
        "28 02:30",
        "29 03:30",
        "30 02:30",
    ]
