"""How days, hours and zones are written, from where the practice is. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from practice.jurisdiction import times

NOVEMBER = datetime(2026, 11, 24, 17, tzinfo=UTC)


@pytest.fixture(autouse=True)
def back_home() -> Iterator[None]:
    yield
    times.write_as_in("US")


@pytest.mark.parametrize(
    ("country", "written"),
    [
        ("US", "Tuesday, November 24, 2026 at 4:30 PM"),
        ("PR", "Tuesday, November 24, 2026 at 4:30 PM"),
        ("CA", "Tuesday, November 24, 2026 at 4:30 PM"),
        ("AU", "Tuesday 24 November 2026 at 4:30 PM"),
        ("NZ", "Tuesday 24 November 2026 at 4:30 PM"),
        ("IN", "Tuesday 24 November 2026 at 4:30 PM"),
        ("GB", "Tuesday 24 November 2026 at 16:30"),
        ("IE", "Tuesday 24 November 2026 at 16:30"),
        ("DE", "Tuesday 24 November 2026 at 16:30"),
        ("ZA", "Tuesday 24 November 2026 at 16:30"),
    ],
)
def test_a_practice_writes_days_and_hours_as_its_country_does(country: str, written: str) -> None:
    times.write_as_in(country)
    local = datetime(2026, 11, 24, 16, 30)
    assert f"{times.day(local, year=True)} at {times.clock(local)}" == written


def test_noon_is_noon_where_hours_have_am_and_pm() -> None:
    noon, midnight = datetime(2026, 1, 5, 12), datetime(2026, 1, 5)
    assert (times.clock(noon), times.clock(midnight)) == ("noon", "12:00 AM")
    assert times.clock(noon.replace(minute=5)) == "12:05 PM"
    times.write_as_in("GB")
    assert (times.clock(noon), times.clock(midnight)) == ("12:00", "00:00")


@pytest.mark.parametrize(
    ("zone", "called"),
    [
        ("America/Los_Angeles", "Pacific Time"),
        ("America/Boise", "Mountain Time"),
        ("America/Phoenix", "Arizona Time"),
        ("America/Indiana/Knox", "Central Time"),
        ("America/Detroit", "Eastern Time"),
        ("America/Halifax", "Atlantic Time"),
        ("America/St_Johns", "Newfoundland Time"),
        ("America/Anchorage", "Alaska Time"),
        ("Pacific/Honolulu", "Hawaii Time"),
        ("Europe/London", "UK Time"),
        ("Europe/Dublin", "Irish Time"),
        ("Europe/Vienna", "Central European Time"),
        ("Asia/Kolkata", "India Time"),
        # Whose letters others have too, or whose clocks are their own.
        ("America/Havana", "Havana Time"),
        ("Asia/Shanghai", "Shanghai Time"),
        ("America/Vancouver", "Vancouver Time"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires Time"),
        ("Australia/Sydney", "Sydney Time"),
        ("UTC", "UTC"),
        ("Etc/GMT+5", "UTC-05"),
    ],
)
@pytest.mark.parametrize("month", [1, 3, 7, 11])
def test_a_zone_is_called_as_people_call_it(zone: str, called: str, month: int) -> None:
    assert times.zone_name(ZoneInfo(zone), datetime(2027, month, 15, tzinfo=UTC)) == called


def test_an_hour_that_comes_twice_says_which_of_the_two_it_is() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    first, second = (datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (8, 9))
    assert times.hour_in(first, zone) == "1:30 AM Pacific Time (PDT)"
    assert times.hour_in(second, zone) == "1:30 AM Pacific Time (PST)"
    assert times.hour_in(NOVEMBER, zone) == "9:00 AM Pacific Time"


@pytest.mark.parametrize(
    ("zone", "day", "end", "written"),
    [
        ("America/Los_Angeles", date(2026, 11, 24), "2026-11-25T08:00Z", "Tuesday, November 24"),
        ("America/Los_Angeles", date(2026, 11, 1), "2026-11-02T08:00Z", "Sunday, November 1"),
        # A day that begins at one, since its midnight does not exist.
        ("Africa/Cairo", date(2026, 4, 23), "2026-04-23T22:00Z", "Thursday, April 23"),
    ],
)
def test_the_end_of_a_day_is_written_as_the_end_of_that_day(
    zone: str, day: date, end: str, written: str
) -> None:
    moment = times.end_of_day(datetime.combine(day, datetime.min.time(), ZoneInfo(zone)))
    assert moment == datetime.fromisoformat(end)
    assert times.until(moment, ZoneInfo(zone)) == f"the end of {written}, 2026"


def test_any_other_end_is_written_with_its_hour() -> None:
    written = times.until(NOVEMBER, ZoneInfo("America/New_York"))
    assert written == "Tuesday, November 24, 2026 at noon Eastern Time"


def test_zones_agree_by_the_clocks_of_the_times_that_are_shown() -> None:
    """Arizona has California's clocks until November 1, whatever the day on which somebody asks."""
    phoenix, here = ZoneInfo("America/Phoenix"), ZoneInfo("America/Los_Angeles")
    october, november = datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
    assert times.agree(phoenix, here, [october])
    assert not times.agree(phoenix, here, [october, november])
    assert times.agree(ZoneInfo("America/Detroit"), ZoneInfo("America/New_York"), [october])
