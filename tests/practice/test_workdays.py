"""The day by which a practice answers. Each case names the calendar that it was read from."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.workdays import LONGEST_ABSENCE, nth_working_day

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
