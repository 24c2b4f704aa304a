"""The day by which a practice answers. Each case names the calendar that it was read from."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.jurisdiction import workdays
from practice.jurisdiction.workdays import LONGEST_ABSENCE, nth_working_day

CALIFORNIA = {"country": "US", "region": "CA"}
LONDON = {"country": "GB", "region": "ENG"}
EDINBURGH = {"country": "GB", "region": "SCT"}

NEW_YORK = {"country": "US", "region": "NY"}
NOWHERE = {"country": "US", "region": "ENG"}

CASES = [
    # (what it is about, where, the day of the request, working days, the day of the answer)
    ("Monday to Wednesday", CALIFORNIA, date(2026, 11, 16), 2, date(2026, 11, 18)),
    ("Thanksgiving lies between", CALIFORNIA, date(2026, 11, 24), 2, date(2026, 11, 30)),
    ("the day after too, in California", CALIFORNIA, date(2026, 11, 26), 1, date(2026, 11, 30)),
    ("and a working day in New York", NEW_YORK, date(2026, 11, 26), 1, date(2026, 11, 27)),
    ("a weekend lies between", CALIFORNIA, date(2026, 11, 13), 1, date(2026, 11, 16)),
    ("sent on a Sunday", CALIFORNIA, date(2026, 11, 15), 1, date(2026, 11, 16)),
    ("the Fourth of July on a Saturday", CALIFORNIA, date(2026, 7, 2), 1, date(2026, 7, 6)),
    ("the turn of the year", CALIFORNIA, date(2026, 12, 31), 1, date(2027, 1, 4)),
    ("Cesar Chavez Day", CALIFORNIA, date(2027, 3, 30), 1, date(2027, 4, 1)),
    ("Easter in London", LONDON, date(2026, 4, 2), 1, date(2026, 4, 7)),
    ("Easter Monday is worked in Edinburgh", EDINBURGH, date(2026, 4, 2), 1, date(2026, 4, 6)),
    ("Boxing Day on a Saturday", LONDON, date(2026, 12, 24), 1, date(2026, 12, 29)),
    ("the second of January in Edinburgh", EDINBURGH, date(2026, 12, 31), 1, date(2027, 1, 5)),
    ("the late August holiday", LONDON, date(2026, 8, 28), 1, date(2026, 9, 1)),
    ("no part given", {"country": "GB"}, date(2026, 4, 2), 1, date(2026, 4, 6)),
    ("a part that is unknown", NOWHERE, date(2026, 11, 25), 1, date(2026, 11, 27)),
    ("Friday is free in Egypt", {"country": "EG"}, date(2026, 11, 19), 1, date(2026, 11, 22)),
    ("a count of none still leaves a day", CALIFORNIA, date(2026, 11, 16), 0, date(2026, 11, 17)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "where", "start", "count", "answer"), CASES)
def test_the_promised_day(
    what: str, where: dict[str, str], start: date, count: int, answer: date
) -> None:
    assert nth_working_day(start, count, **where) == answer, what


def test_days_away_are_left_out_both_ends_included() -> None:
    away = [(date(2026, 11, 17), date(2026, 11, 19))]
    answer = nth_working_day(date(2026, 11, 16), 1, **CALIFORNIA, away=away)
    assert answer == date(2026, 11, 20)


def test_a_single_day_away_counts() -> None:
    away = [(date(2026, 11, 17), date(2026, 11, 17))]
    answer = nth_working_day(date(2026, 11, 16), 1, **CALIFORNIA, away=away)
    assert answer == date(2026, 11, 18)


def test_absences_that_overlap_count_once() -> None:
    away = [(date(2026, 11, 17), date(2026, 11, 20)), (date(2026, 11, 19), date(2026, 11, 24))]
    answer = nth_working_day(date(2026, 11, 16), 1, **CALIFORNIA, away=away)
    assert answer == date(2026, 11, 25)


def test_a_slip_in_the_year_of_an_absence_still_leaves_an_answer() -> None:
    away = [(date(2026, 11, 17), date(9999, 12, 31))]
    answer = nth_working_day(date(2026, 11, 16), 1, **CALIFORNIA, away=away)
    assert answer > date(2026, 11, 16) + LONGEST_ABSENCE


@given(
    start=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    count=st.integers(1, 30),
    where=st.sampled_from([CALIFORNIA, LONDON, {"country": "DE", "region": "BY"}]),
)
def test_a_later_day_is_promised_to_nobody_who_asks_earlier(
    start: date, count: int, where: dict[str, str]
) -> None:
    answer = nth_working_day(start, count, **where)
    assert start < answer
    assert answer <= nth_working_day(start + timedelta(days=1), count, **where)
    assert answer < nth_working_day(start, count + 1, **where)


# --- Half of a span ------------------------------------------------------------------------

LA = ZoneInfo("America/Los_Angeles")


def half(begins: datetime, ends: datetime, away: list[tuple[date, date]] | None = None) -> datetime:
    found = workdays.halfway(begins, ends, country="US", region="CA", away=away or [])
    return found.astimezone(LA)


def la(day: int, hour: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=LA)


def test_half_of_two_working_days_is_their_middle() -> None:
    assert half(la(16), la(18)) == la(17)


def test_weekends_holidays_and_days_away_do_not_count() -> None:
    assert half(la(20), la(24)) == la(21)  # Friday and Monday, around a weekend
    assert half(la(25), la(28)) == la(25, 12)  # Thanksgiving and the day after are holidays there
    away = [(date(2026, 11, 17), date(2026, 11, 17))]
    assert half(la(16), la(19), away) == la(17)


def test_where_nobody_works_every_hour_counts() -> None:
    assert half(la(21, 8), la(21, 20)) == la(21, 14)


def test_the_hour_that_a_night_loses_or_gains_is_looked_at() -> None:
    """The clocks go back on Sunday, November 1, 2026, which has 25 hours."""
    assert half(la(1), la(2)) == la(1, 11).replace(minute=30)


def test_a_span_without_length_is_its_own_half() -> None:
    assert half(la(16, 9), la(16, 9)) == la(16, 9)
