"""Open times: what other schedulers got wrong, then what each word of ours means."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking.availability import Interval, Policy, Window, open_times

MIDNIGHT = time(0)
ROUND_THE_CLOCK = [Window(MIDNIGHT, MIDNIGHT)]
WORKING_HOURS = [Window(time(9), time(17))]


def at(text: str) -> datetime:
    """The instant of `2026-03-08T17:00Z`."""
    return datetime.fromisoformat(text)


def between(start: str, end: str) -> Interval:
    return Interval(at(start), at(end))


def hours(text: str) -> Window:
    """The window of `09:00-17:00`."""
    start, end = text.split("-")
    return Window(time.fromisoformat(start), time.fromisoformat(end))


def every_day(*windows: Window) -> dict[int, list[Window]]:
    return {weekday: list(windows) for weekday in range(7)}


def ask(**changes: Any) -> list[datetime]:
    """Open times of a practice in UTC on Monday 2026-06-01, 9 to 17 hourly, but for `changes`."""
    policy: dict[str, Any] = {
        "timezone": "UTC",
        "duration": 60,
        "step": 60,
        "gap": 0,
        "lead": 0,
        "horizon": 0,
        "daily_limit": None,
    }
    given: dict[str, Any] = {
        "weekly": every_day(*WORKING_HOURS),
        "overrides": {},
        "time_off": [],
        "busy": [],
        "booked": [],
        "now": at("2026-06-01T00:00Z"),
    }
    for name, value in changes.items():
        (policy if name in policy else given)[name] = value
    return open_times(Policy(**policy), **given)


def wall(starts: list[datetime], zone: str = "UTC") -> list[str]:
    """The starts as `09:00`, as a clock in `zone` shows them."""
    return [f"{start.astimezone(ZoneInfo(zone)):%H:%M}" for start in starts]


def per_day(starts: list[datetime], zone: str = "UTC") -> dict[str, int]:
    return dict(Counter(str(start.astimezone(ZoneInfo(zone)).date()) for start in starts))


# --- The numbered cases


def test_open_round_the_clock_offers_what_is_left_today_and_all_of_tomorrow() -> None:
    starts = ask(now=at("2021-06-20T11:59:59Z"), weekly=every_day(*ROUND_THE_CLOCK), horizon=1)
    assert per_day(starts) == {"2021-06-20": 12, "2021-06-21": 24}
    assert starts[0] == at("2021-06-20T12:00Z")


def test_the_lead_counts_from_the_minute_not_from_the_day() -> None:
    starts = ask(
        now=at("2021-06-20T11:59:59Z"),
        weekly=every_day(*ROUND_THE_CLOCK),
        horizon=1,
        lead=1500,
    )
    assert per_day(starts) == {"2021-06-21": 11}


def test_starts_go_on_along_the_same_grid_after_an_obstacle() -> None:
    starts = ask(
        weekly=every_day(hours("08:00-12:30")),
        duration=20,
        step=20,
        busy=[between("2026-06-01T10:00Z", "2026-06-01T10:10Z")],
    )
    assert len(starts) == 12
    assert wall(starts)[5:7] == ["09:40", "10:20"]


def test_the_last_consultation_ends_inside_its_window() -> None:
    starts = ask(weekly=every_day(hours("09:00-10:15")), duration=30, step=30)
    assert wall(starts) == ["09:00", "09:30"]


KOLKATA = {
    "timezone": "Asia/Kolkata",
    "weekly": every_day(hours("09:30-18:00")),
    "duration": 30,
    "step": 45,
}


def test_a_zone_half_an_hour_off_keeps_its_grid_after_a_booking_at_the_window_s_start() -> None:
    starts = ask(**KOLKATA, booked=[between("2026-06-01T04:00Z", "2026-06-01T04:15Z")])
    assert len(starts) == 10
    assert (starts[0], starts[-1]) == (at("2026-06-01T04:45Z"), at("2026-06-01T11:30Z"))


def test_a_busy_time_may_begin_at_the_very_end_of_a_consultation() -> None:
    starts = ask(**KOLKATA, busy=[between("2026-06-01T04:30Z", "2026-06-01T23:00Z")])
    assert starts == [at("2026-06-01T04:00Z")]


def test_the_wall_time_stays_when_clocks_change() -> None:
    starts = ask(
        timezone="America/New_York",
        weekly=every_day(hours("13:00-18:00")),
        now=at("2026-03-07T05:00Z"),
        horizon=2,
    )
    assert per_day(starts) == {"2026-03-07": 5, "2026-03-08": 5, "2026-03-09": 5}
    assert starts[::5] == [
        at("2026-03-07T18:00Z"),
        at("2026-03-08T17:00Z"),
        at("2026-03-09T17:00Z"),
    ]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-28T23:00Z", ["01:00", "03:00", "04:00"]),
        ("2026-10-24T22:00Z", ["01:00", "02:00", "02:00", "03:00", "04:00"]),
    ],
)
def test_a_missing_hour_is_not_offered_and_a_repeated_one_twice(
    now: str, expected: list[str]
) -> None:
    starts = ask(timezone="Europe/Berlin", weekly=every_day(hours("01:00-05:00")), now=at(now))
    assert wall(starts, "Europe/Berlin") == expected


def test_an_override_without_windows_closes_its_date() -> None:
    starts = ask(horizon=2, overrides={date(2026, 6, 2): []})
    assert per_day(starts) == {"2026-06-01": 8, "2026-06-03": 8}


def test_overlapping_windows_are_offered_once() -> None:
    starts = ask(weekly=every_day(hours("08:00-10:00"), hours("06:00-10:00")))
    assert wall(starts) == ["06:00", "07:00", "08:00", "09:00"]


@pytest.mark.parametrize("now", ["2026-05-31T14:20+05:30", "2026-05-31T00:00+05:30"])
def test_the_horizon_counts_local_days(now: str) -> None:
    starts = ask(
        timezone="Asia/Kolkata", weekly=every_day(*ROUND_THE_CLOCK), now=at(now), horizon=2
    )
    assert list(per_day(starts, "Asia/Kolkata")) == ["2026-05-31", "2026-06-01", "2026-06-02"]
    assert starts[-1] == at("2026-06-02T23:00+05:30")


def test_the_gap_after_a_booking_is_kept_and_not_a_minute_more() -> None:
    starts = ask(booked=[between("2026-06-01T09:00Z", "2026-06-01T10:00Z")], gap=30, step=30)
    assert wall(starts)[0] == "10:30"


def test_the_gap_moves_the_next_start_along_a_fine_grid() -> None:
    booked = [between("2026-06-01T10:00Z", "2026-06-01T10:20Z")]
    starts = wall(ask(booked=booked, duration=20, step=5, gap=5))
    assert starts[starts.index("09:35") + 1] == "10:25"


def test_a_day_s_limit_closes_that_day_alone() -> None:
    booked = [between("2026-06-02T09:00Z", "2026-06-02T10:00Z")]
    assert per_day(ask(horizon=2, daily_limit=1, booked=booked)) == {
        "2026-06-01": 8,
        "2026-06-03": 8,
    }
    assert per_day(ask(horizon=2, daily_limit=2, booked=booked))["2026-06-02"] == 7
    after_it_was_cancelled: list[Interval] = []
    assert per_day(ask(horizon=2, daily_limit=1, booked=after_it_was_cancelled)) == {
        "2026-06-01": 8,
        "2026-06-02": 8,
        "2026-06-03": 8,
    }


def test_the_old_time_of_a_moved_consultation_can_be_had_again() -> None:
    before = ask(booked=[between("2026-06-01T09:00Z", "2026-06-01T10:00Z")])
    after = ask(booked=[between("2026-06-01T11:00Z", "2026-06-01T12:00Z")])
    assert set(wall(after)) - set(wall(before)) == {"09:00"}
    assert set(wall(before)) - set(wall(after)) == {"11:00"}


def test_a_window_may_end_at_midnight_and_nowhere_else_before_its_start() -> None:
    assert wall(ask(weekly=every_day(hours("22:00-00:00")))) == ["22:00", "23:00"]
    for refused in ("22:00-21:59", "22:00-22:00", "22:00-00:01"):
        with pytest.raises(ValueError, match="end after its start"):
            ask(weekly=every_day(hours(refused)))


# --- Windows


def test_a_start_in_the_morning_follows_the_day_s_own_weekday_hours() -> None:
    monday, tuesday = hours("09:00-11:00"), hours("14:00-15:00")
    starts = ask(horizon=7, weekly={0: [monday], 1: [tuesday]})
    assert starts == [
        at("2026-06-01T09:00Z"),
        at("2026-06-01T10:00Z"),
        at("2026-06-02T14:00Z"),
        at("2026-06-08T09:00Z"),
        at("2026-06-08T10:00Z"),
    ]


def test_windows_that_touch_share_the_first_one_s_grid() -> None:
    starts = ask(weekly=every_day(hours("10:20-12:00"), hours("09:00-10:20")))
    assert wall(starts) == ["09:00", "10:00", "11:00"]


def test_windows_apart_have_a_grid_each() -> None:
    starts = ask(weekly=every_day(hours("09:00-10:20"), hours("10:30-12:00")))
    assert wall(starts) == ["09:00", "10:30"]


def test_an_override_replaces_the_weekly_hours_and_opens_a_closed_weekday() -> None:
    overrides = {date(2026, 6, 1): [hours("12:00-13:00")], date(2026, 6, 7): WORKING_HOURS}
    starts = ask(horizon=6, weekly={0: WORKING_HOURS}, overrides=overrides)
    assert per_day(starts) == {"2026-06-01": 1, "2026-06-07": 8}


def test_a_consultation_runs_on_across_midnight_into_open_minutes() -> None:
    weekly = {0: [hours("22:30-00:00")], 1: [hours("00:00-02:00")]}
    starts = ask(horizon=1, weekly=weekly)
    assert starts == [
        at("2026-06-01T22:30Z"),
        at("2026-06-01T23:30Z"),
        at("2026-06-02T00:00Z"),
        at("2026-06-02T01:00Z"),
    ]


def test_a_consultation_may_end_past_the_horizon_but_not_begin_there() -> None:
    starts = ask(weekly=every_day(*ROUND_THE_CLOCK), step=30)
    assert starts[-1] == at("2026-06-01T23:30Z")


def test_a_consultation_longer_than_two_days_fits_where_all_is_open() -> None:
    starts = ask(weekly=every_day(*ROUND_THE_CLOCK), duration=3000, step=720)
    assert wall(starts) == ["00:00", "12:00"]
    overrides = {date(2026, 6, 3): [hours("00:00-13:59")]}
    starts = ask(weekly=every_day(*ROUND_THE_CLOCK), duration=3000, step=720, overrides=overrides)
    assert wall(starts) == ["00:00"]


# --- Time off


def test_time_off_closes_its_first_and_its_last_day_even_against_an_override() -> None:
    starts = ask(
        horizon=4,
        time_off=[(date(2026, 6, 2), date(2026, 6, 4))],
        overrides={date(2026, 6, 3): WORKING_HOURS},
    )
    assert per_day(starts) == {"2026-06-01": 8, "2026-06-05": 8}


def test_a_consultation_does_not_run_on_into_a_day_off() -> None:
    day_off = [(date(2026, 6, 2), date(2026, 6, 2))]
    starts = ask(weekly=every_day(*ROUND_THE_CLOCK), step=30, time_off=day_off)
    assert starts[-1] == at("2026-06-01T23:00Z")


def test_time_off_may_reach_from_the_first_day_to_the_last_of_all() -> None:
    assert ask(horizon=30, time_off=[(date.min, date.max)]) == []


# --- Notice and horizon


def test_a_start_exactly_at_the_end_of_the_notice_is_offered() -> None:
    assert wall(ask(now=at("2026-06-01T08:00Z"), lead=120))[0] == "10:00"
    assert wall(ask(now=at("2026-06-01T08:00:00.000001Z"), lead=120))[0] == "11:00"


def test_the_notice_is_elapsed_time_when_clocks_change() -> None:
    starts = ask(
        timezone="Europe/Berlin",
        weekly=every_day(*ROUND_THE_CLOCK),
        now=at("2026-03-29T00:30Z"),  # 01:30, and half an hour later it is 03:00
        lead=60,
    )
    assert wall(starts, "Europe/Berlin")[0] == "04:00"


def test_the_horizon_begins_with_the_local_day_of_now_not_with_utc_s() -> None:
    starts = ask(timezone="America/Los_Angeles", now=at("2026-06-02T02:00Z"), horizon=1)
    assert per_day(starts, "America/Los_Angeles") == {"2026-06-02": 8}


def test_a_notice_longer_than_the_horizon_leaves_nothing() -> None:
    assert ask(horizon=1, lead=3 * 24 * 60) == []


# --- What is in the way


def test_a_busy_time_is_neither_padded_nor_counted() -> None:
    busy = [between("2026-06-01T10:00Z", "2026-06-01T11:00Z")]
    starts = ask(busy=busy, gap=30, daily_limit=1)
    assert wall(starts)[:2] == ["09:00", "11:00"]


def test_a_busy_time_without_length_blocks_nothing() -> None:
    assert len(ask(busy=[between("2026-06-01T10:30Z", "2026-06-01T10:30Z")])) == 8


def test_a_single_busy_second_blocks_what_it_lies_in() -> None:
    busy = [between("2026-06-01T10:59:59Z", "2026-06-01T11:00Z")]
    assert "10:00" not in wall(ask(busy=busy))
    assert len(ask(busy=busy)) == 7


def test_intervals_may_overlap_come_unsorted_and_lie_anywhere_in_time() -> None:
    busy = [
        between("2026-06-01T13:00Z", "2026-06-01T14:00Z"),
        between("2026-06-01T13:30Z", "2026-06-01T13:40Z"),
        between("2026-06-01T13:30Z", "2026-06-01T15:00Z"),
        between("2020-01-01T00:00Z", "2026-06-01T09:30Z"),
        between("2026-06-01T16:30Z", "2099-01-01T00:00Z"),
    ]
    assert wall(ask(busy=busy, horizon=9)) == ["10:00", "11:00", "12:00", "15:00"]


def test_a_busy_time_may_last_for_ever() -> None:
    for_ever = Interval(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert ask(busy=[for_ever]) == []


def test_the_gap_reaches_in_from_a_booking_outside_the_hours_and_across_midnight() -> None:
    booked = [between("2026-05-31T22:00Z", "2026-05-31T23:50Z")]
    starts = ask(weekly=every_day(*ROUND_THE_CLOCK), booked=booked, gap=30)
    assert wall(starts)[0] == "01:00"


def test_a_booking_over_midnight_counts_on_the_day_of_its_start() -> None:
    booked = [between("2026-06-01T23:30Z", "2026-06-02T00:30Z")]
    starts = ask(horizon=1, daily_limit=1, booked=booked)
    assert per_day(starts) == {"2026-06-02": 8}


def test_a_consultation_may_run_on_into_a_day_whose_limit_is_reached() -> None:
    starts = ask(
        horizon=1,
        weekly=every_day(*ROUND_THE_CLOCK),
        step=30,
        daily_limit=1,
        booked=[between("2026-06-02T12:00Z", "2026-06-02T13:00Z")],
    )
    assert starts[-1] == at("2026-06-01T23:30Z")


def test_the_limit_counts_local_days() -> None:
    booked = [between("2026-06-02T03:00Z", "2026-06-02T03:30Z")]  # the evening of the first there
    starts = ask(
        timezone="America/Los_Angeles",
        now=at("2026-06-01T12:00Z"),
        horizon=1,
        daily_limit=1,
        booked=booked,
    )
    assert per_day(starts, "America/Los_Angeles") == {"2026-06-02": 8}


def test_a_booking_earlier_today_counts_toward_today_s_limit() -> None:
    booked = [between("2026-06-01T09:00Z", "2026-06-01T10:00Z")]
    assert ask(now=at("2026-06-01T12:00Z"), daily_limit=1, booked=booked) == []


def test_intervals_are_instants_in_whatever_zone_they_come() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    in_berlin = Interval(
        datetime(2026, 10, 25, 2, 30, tzinfo=berlin),
        datetime(2026, 10, 25, 2, 15, tzinfo=berlin, fold=1),  # 45 minutes later
    )
    elsewhere = timezone(timedelta(hours=-5))
    in_utc = Interval(*(moment.astimezone(elsewhere) for moment in in_berlin))
    question: dict[str, Any] = {
        "timezone": "Europe/Berlin",
        "weekly": every_day(hours("01:00-05:00")),
        "now": datetime(2026, 10, 25, tzinfo=berlin),
        "step": 15,
        "duration": 15,
    }
    assert ask(**question, busy=[in_berlin]) == ask(**question, busy=[in_utc])
    assert len(ask(**question)) - len(ask(**question, busy=[in_berlin])) == 3


# --- Odd days


def test_a_window_is_shorter_by_the_hour_that_is_missing() -> None:
    starts = ask(
        timezone="Europe/Berlin",
        weekly=every_day(hours("01:30-04:00")),
        now=at("2026-03-28T23:00Z"),
        step=30,
    )
    assert wall(starts, "Europe/Berlin") == ["01:30", "03:00"]


def test_a_repeated_half_window_is_open_twice_with_a_closed_time_between() -> None:
    starts = ask(
        timezone="Europe/Berlin",
        weekly=every_day(hours("02:30-04:00")),
        now=at("2026-10-24T22:00Z"),
        duration=30,
        step=30,
    )
    assert wall(starts, "Europe/Berlin") == ["02:30", "02:30", "03:00", "03:30"]
    assert starts[1] - starts[0] == timedelta(hours=1)


def test_a_calendar_day_that_was_skipped_has_no_times() -> None:
    starts = ask(timezone="Pacific/Apia", now=datetime(2011, 12, 29, 10, tzinfo=UTC), horizon=2)
    assert per_day(starts, "Pacific/Apia") == {"2011-12-29": 8, "2011-12-31": 8}


def test_a_change_at_midnight_takes_the_first_hour_of_its_day() -> None:
    starts = ask(
        timezone="America/Havana",
        weekly=every_day(*ROUND_THE_CLOCK),
        now=at("2025-03-08T05:00Z"),
        horizon=1,
    )
    assert per_day(starts, "America/Havana") == {"2025-03-08": 24, "2025-03-09": 23}
    assert wall(starts, "America/Havana")[24] == "01:00"


def test_a_change_by_half_an_hour_keeps_the_grid_on_the_wall() -> None:
    starts = ask(
        timezone="Australia/Lord_Howe",
        weekly=every_day(hours("01:00-04:00")),
        now=at("2025-10-04T14:00:00.5Z"),
    )
    assert wall(starts, "Australia/Lord_Howe") == ["01:00", "03:00"]  # 02:00 does not exist


# --- What makes no sense


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"timezone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        ({"timezone": ""}, "no time zone"),
        ({"timezone": "../../etc/passwd"}, "no time zone"),
        ({"timezone": "America"}, "no time zone"),
        ({"timezone": "UTC\0"}, "no time zone"),
        ({"timezone": None}, "no time zone"),
        ({"duration": 0}, "duration .* from 1 on, not 0"),
        ({"duration": -30}, "duration"),
        ({"duration": "30"}, "whole number"),
        ({"duration": 30.5}, "whole number"),
        ({"step": 0}, "step"),
        ({"gap": -1}, "gap"),
        ({"lead": -1}, "lead"),
        ({"horizon": -1}, "horizon"),
        ({"horizon": None}, "horizon"),
        ({"daily_limit": 0}, "daily_limit"),
        ({"daily_limit": -1}, "daily_limit"),
        ({"lead": 10**15}, "years"),
        ({"horizon": 10**7}, "years"),
        ({"now": datetime(2026, 6, 1)}, "without a time zone"),
        ({"weekly": {7: WORKING_HOURS}}, "weekday"),
        ({"weekly": {-1: []}}, "weekday"),
        ({"weekly": {0: [Window(time(17), time(9))]}}, "end after its start"),
        ({"weekly": {0: [Window(time(9, tzinfo=UTC), time(17))]}}, "without a zone"),
        ({"overrides": {date(1999, 1, 1): [hours("12:00-12:00")]}}, "end after its start"),
        ({"overrides": {datetime(2026, 6, 1): []}}, "dates"),
        ({"time_off": [(date(2026, 6, 2), date(2026, 6, 1))]}, "ends before it begins"),
        ({"time_off": [(datetime(2026, 6, 1), datetime(2026, 6, 2))]}, "dates"),
        ({"busy": [between("2026-06-01T10:00Z", "2026-06-01T09:59Z")]}, "ends before it starts"),
        ({"booked": [between("2026-06-01T10:00Z", "2026-06-01T09:59Z")]}, "ends before"),
        ({"busy": [between("2026-06-01T10:00", "2026-06-01T11:00Z")]}, "without a time zone"),
        ({"booked": [between("2026-06-01T10:00Z", "2026-06-01T11:00")]}, "without a time zone"),
        (
            {"booked": [Interval(at("2026-06-01T10:00Z"), datetime.max.replace(tzinfo=UTC))]}
            | {"gap": 1},
            "years",
        ),
    ],
)
def test_nonsense_is_refused_with_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        ask(**changes)
    assert str(refusal.value).endswith(".")


def test_the_module_needs_neither_django_nor_settings() -> None:
    question = "import sys, booking.availability; sys.exit('django' in sys.modules)"
    subprocess.run(
        [sys.executable, "-c", question], check=True, cwd=Path(__file__).resolve().parents[2]
    )
