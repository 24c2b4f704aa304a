"""Busy times of other calendars."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from booking import busyfeeds
from booking.availability import Interval
from booking.busyfeeds import busy_intervals
from booking.busyfeeds.losses import Loss

CALENDAR_END = "END:VCALENDAR"
MINE = "America/Los_Angeles"
SECRET_TITLE = "Dentist"


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, f"SUMMARY:{SECRET_TITLE}", "END:VEVENT"])


def calendar(*parts: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *parts, CALENDAR_END, ""]
    return "\r\n".join(lines).encode()


def read(
    *parts: str,
    zone: str = MINE,
    start: datetime = datetime(2024, 1, 1, tzinfo=UTC),
    end: datetime = datetime(2024, 12, 31, tzinfo=UTC),
) -> tuple[list[Interval], list[str]]:
    return busy_intervals(calendar(*parts), timezone=zone, start=start, end=end)


def busy(*parts: str, zone: str = MINE) -> list[str]:
    """Busy times as texts, such as 2024-01-08T17:00/18:00, where nothing is to be warned of."""
    intervals, warnings = read(*parts, zone=zone)
    assert warnings == []
    return texts(intervals)


def texts(intervals: list[Interval]) -> list[str]:
    assert all(time.tzinfo is UTC for each in intervals for time in (each.start, each.end))
    assert intervals == sorted(intervals)
    return [
        f"{each.start:%Y-%m-%dT%H:%M}/"
        + (f"{each.end:%H:%M}" if each.end.date() == each.start.date() else f"{each.end:%dT%H:%M}")
        for each in intervals
    ]


def days(intervals: list[Interval]) -> list[date]:
    return [each.start.date() for each in intervals]


PART = Loss.PART.value[0]
ONE_HOUR = ("DTSTART:20240108T170000Z", "DTEND:20240108T180000Z")
MONDAYS = ("UID:mondays", *ONE_HOUR, "RRULE:FREQ=WEEKLY;COUNT=4")


class TestWhatIsCancelledIsFree:
    @pytest.mark.parametrize("status", ["CANCELLED", "cancelled", "Cancelled"])
    def test_a_cancelled_event_is_free_however_it_is_spelled(self, status: str) -> None:
        assert busy(event(*ONE_HOUR, f"STATUS:{status}")) == []

    def test_a_status_behind_a_text_counts_where_the_calendar_writes_it_there(self) -> None:
        cancelled = event(*ONE_HOUR, "DESCRIPTION:x", "STATUS:CANCELLED")
        other = event(
            "DTSTART:20240109T170000Z", "DURATION:PT1H", "DESCRIPTION:x", "STATUS:CONFIRMED"
        )
        assert busy(cancelled) == ["2024-01-08T17:00/18:00"]
        assert busy(cancelled, other) == ["2024-01-09T17:00/18:00"]

    @pytest.mark.parametrize("text", ["Status: cancelled", "Transp: transparent", "BEGIN:NOON"])
    def test_a_line_that_only_looks_like_one_of_a_calendar_is_none(self, text: str) -> None:
        for name in ("SUMMARY", "DESCRIPTION"):
            broken = event(f"{name}:We said", text, *ONE_HOUR)
            assert busy(broken) == ["2024-01-08T17:00/18:00"]

    def test_a_mere_line_feed_within_a_text_begins_no_property(self) -> None:
        for said in (
            "TRANSP:TRANSPARENT",
            "STATUS:CANCELLED",
            "DTEND:20240108T170000Z",
            "EXDATE:20240108",
        ):
            assert busy(event("SUMMARY:We said\n" + said, *ONE_HOUR)) == ["2024-01-08T17:00/18:00"]

    def test_a_tentative_event_is_busy(self) -> None:
        assert busy(event(*ONE_HOUR, "STATUS:TENTATIVE")) == ["2024-01-08T17:00/18:00"]

    def test_a_cancelled_instance_of_a_series_is_free(self) -> None:
        cancelled = event(
            "UID:mondays",
            "RECURRENCE-ID:20240115T170000Z",
            "DTSTART:20240115T170000Z",
            "DTEND:20240115T180000Z",
            "STATUS:Cancelled",
        )
        assert busy(event(*MONDAYS), cancelled) == [
            "2024-01-08T17:00/18:00",
            "2024-01-22T17:00/18:00",
            "2024-01-29T17:00/18:00",
        ]

    def test_a_cancelled_series_is_free(self) -> None:
        assert busy(event(*MONDAYS, "STATUS:CANCELLED")) == []

    def test_a_series_is_free_from_where_all_the_rest_is_cancelled(self) -> None:
        rest = event(
            "UID:mondays",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20240122T170000Z",
            "DTSTART:20240122T170000Z",
            "STATUS:CANCELLED",
        )
        assert days(read(event(*MONDAYS), rest)[0]) == [date(2024, 1, 8), date(2024, 1, 15)]

    def test_a_free_series_is_busy_from_where_all_the_rest_is(self) -> None:
        rest = event(
            "UID:mondays",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20240122T170000Z",
            "DTSTART:20240122T170000Z",
            "DURATION:PT1H",
        )
        free = event(*MONDAYS, "TRANSP:TRANSPARENT")
        assert days(read(free, rest)[0]) == [date(2024, 1, 22), date(2024, 1, 29)]


class TestMovedInstances:
    def test_the_15th_moved_to_the_16th(self) -> None:
        moved = event(
            "UID:mondays",
            "RECURRENCE-ID:20240115T170000Z",
            "DTSTART:20240116T170000Z",
            "DTEND:20240116T180000Z",
        )
        intervals, _ = read(event(*MONDAYS), moved)
        assert [day.day for day in days(intervals)] == [8, 16, 22, 29]

    def test_an_instance_is_known_by_its_instant_in_whatever_zone(self) -> None:
        series = event(
            "UID:1",
            "DTSTART;TZID=America/Los_Angeles:20240108T090000",
            "DURATION:PT1H",
            "RRULE:FREQ=WEEKLY;COUNT=2",
        )
        moved = event(
            "UID:1", "RECURRENCE-ID:20240115T170000Z", "DTSTART:20240117T170000Z", "DURATION:PT1H"
        )
        assert days(read(series, moved)[0]) == [date(2024, 1, 8), date(2024, 1, 17)]

    def test_an_instance_may_be_named_by_its_day(self) -> None:
        moved = event(
            "UID:mondays",
            "RECURRENCE-ID;VALUE=DATE:20240115",
            "DTSTART:20240116T170000Z",
            "DURATION:PT1H",
        )
        assert [day.day for day in days(read(event(*MONDAYS), moved)[0])] == [8, 16, 22, 29]

    def test_an_instance_moved_out_of_the_span_is_gone_and_one_moved_in_is_there(self) -> None:
        series = event(*MONDAYS)
        out = event("UID:mondays", "RECURRENCE-ID:20240122T170000Z", "DTSTART:20250301T170000Z")
        moved_in = event(
            "UID:mondays",
            "RECURRENCE-ID:20240129T170000Z",
            "DTSTART:20240109T170000Z",
            "DURATION:PT1H",
        )
        intervals, _ = read(series, out, moved_in, end=datetime(2024, 1, 23, tzinfo=UTC))
        assert [day.day for day in days(intervals)] == [8, 9, 15]

    def test_this_and_all_that_follow_moved_and_became_longer(self) -> None:
        later = event(
            "UID:mondays",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20240115T170000Z",
            "DTSTART:20240116T180000Z",
            "DTEND:20240116T200000Z",
        )
        assert busy(event(*MONDAYS), later) == [
            "2024-01-08T17:00/18:00",
            "2024-01-16T18:00/20:00",
            "2024-01-23T18:00/20:00",
            "2024-01-30T18:00/20:00",
        ]

    def test_the_latest_of_two_changes_counts(self) -> None:
        changes = [
            event(
                "UID:mondays",
                "RECURRENCE-ID:20240115T170000Z",
                f"DTSTART:202401{day}T170000Z",
                "DURATION:PT1H",
                f"SEQUENCE:{sequence}",
            )
            for day, sequence in ((17, 2), (16, 1))
        ]
        assert [day.day for day in days(read(event(*MONDAYS), *changes)[0])] == [8, 17, 22, 29]

    def test_the_latest_of_two_versions_of_an_event_at_one_time_counts(self) -> None:
        old = event("UID:1", "DTSTART:20240108T170000Z", "DURATION:PT2H", "SEQUENCE:1")
        new = event("UID:1", "DTSTART:20240108T170000Z", "DURATION:PT1H", "SEQUENCE:2")
        assert busy(new, old) == ["2024-01-08T17:00/18:00"]
        assert busy(event(*ONE_HOUR, "UID:1"), new.replace("SUMMARY", "STATUS:CANCELLED\nX")) == []

    def test_events_that_share_a_uid_by_mistake_are_all_busy(self) -> None:
        first = event("UID:1", "DTSTART:20240108T170000Z", "DURATION:PT1H")
        second = event("UID:1", "DTSTART:20240109T170000Z", "DURATION:PT1H")
        assert len(busy(first, second)) == 2


class TestWhatIsExcludedOrEnded:
    def test_exdate_removes_its_instance(self) -> None:
        lines = (*MONDAYS, "EXDATE:20240115T170000Z,20240122T170000Z")
        assert [day.day for day in days(read(event(*lines))[0])] == [8, 29]

    def test_exdate_in_the_series_own_zone(self) -> None:
        series = event(
            "DTSTART;TZID=Europe/Berlin:20240325T100000",
            "DTEND;TZID=Europe/Berlin:20240325T110000",
            "RRULE:FREQ=WEEKLY;COUNT=2",
            "EXDATE;TZID=Europe/Berlin:20240401T100000",
        )
        assert busy(series) == ["2024-03-25T09:00/10:00"]

    def test_exdate_of_a_day_removes_an_all_day_instance(self) -> None:
        series = event(
            "DTSTART;VALUE=DATE:20240108",
            "RRULE:FREQ=DAILY;COUNT=3",
            "EXDATE;VALUE=DATE:20240109",
        )
        assert days(read(series)[0]) == [date(2024, 1, 8), date(2024, 1, 10)]

    def test_an_empty_exdate_excludes_nothing(self) -> None:
        assert len(busy(event(*MONDAYS, "EXDATE:"))) == 4

    def test_exdate_removes_an_older_change_too(self) -> None:
        series = event(*MONDAYS, "EXDATE:20240115T170000Z", "SEQUENCE:2")
        moved = event(
            "UID:mondays",
            "RECURRENCE-ID:20240115T170000Z",
            "DTSTART:20240116T170000Z",
            "DURATION:PT1H",
            "SEQUENCE:1",
        )
        assert [day.day for day in days(read(series, moved)[0])] == [8, 22, 29]

    def test_a_change_that_is_not_older_than_its_exdate_is_busy(self) -> None:
        moved = event("UID:mondays", "RECURRENCE-ID:20240115T170000Z", "DTSTART:20240116T170000Z",
                      "DURATION:PT1H")  # fmt: skip
        series = event(*MONDAYS, "EXDATE:20240115T170000Z")
        assert [day.day for day in days(read(series, moved)[0])] == [8, 16, 22, 29]

    def test_until_before_the_start_gives_nothing(self) -> None:
        assert busy(event(*ONE_HOUR, "RRULE:FREQ=WEEKLY;UNTIL=20240101T000000Z")) == []

    def test_until_includes_its_own_moment(self) -> None:
        series = event(*ONE_HOUR, "RRULE:FREQ=WEEKLY;UNTIL=20240115T170000Z")
        assert days(read(series)[0]) == [date(2024, 1, 8), date(2024, 1, 15)]

    def test_until_that_is_a_date_includes_that_day(self) -> None:
        series = event(*ONE_HOUR, "RRULE:FREQ=WEEKLY;UNTIL=20240115")
        assert days(read(series)[0]) == [date(2024, 1, 8), date(2024, 1, 15)]

    @pytest.mark.parametrize("until", ["20240110", "20240110T000000Z", "20240110T080000Z"])
    def test_until_of_whole_days_includes_the_last(self, until: str) -> None:
        series = event("DTSTART;VALUE=DATE:20240108", f"RRULE:FREQ=DAILY;UNTIL={until}")
        assert days(read(series)[0]) == [date(2024, 1, day) for day in (8, 9, 10)]

    def test_rdate_adds_instances_and_periods(self) -> None:
        single = event(
            "DTSTART:20240108T170000Z",
            "DURATION:PT1H",
            "RDATE:20240109T170000Z",
            "RDATE;VALUE=PERIOD:20240110T170000Z/PT2H,20240111T170000Z/20240111T173000Z",
        )
        assert busy(single) == [
            "2024-01-08T17:00/18:00",
            "2024-01-09T17:00/18:00",
            "2024-01-10T17:00/19:00",
            "2024-01-11T17:00/17:30",
        ]


class TestWholeDays:
    ALL_DAY = ("DTSTART;VALUE=DATE:20240310", "DTEND;VALUE=DATE:20240311")

    def test_an_opaque_one_blocks_the_whole_local_day_of_23_hours(self) -> None:
        assert busy(event(*self.ALL_DAY, "TRANSP:OPAQUE")) == ["2024-03-10T08:00/11T07:00"]

    def test_opaque_is_what_nothing_said_means(self) -> None:
        assert busy(event("DTSTART;VALUE=DATE:20240108")) == ["2024-01-08T08:00/09T08:00"]

    @pytest.mark.parametrize("transparency", ["TRANSPARENT", "transparent"])
    def test_a_transparent_one_blocks_nothing(self, transparency: str) -> None:
        assert busy(event(*self.ALL_DAY, f"TRANSP:{transparency}")) == []

    def test_a_transparent_one_with_times_blocks_nothing(self) -> None:
        assert busy(event(*ONE_HOUR, "TRANSP:TRANSPARENT")) == []

    def test_several_days_are_one_interval(self) -> None:
        vacation = event("DTSTART;VALUE=DATE:20240701", "DTEND;VALUE=DATE:20240708")
        assert busy(vacation, zone="Europe/Berlin") == ["2024-06-30T22:00/07T22:00"]

    def test_a_series_of_days_begins_at_each_local_midnight(self) -> None:
        series = event("DTSTART;VALUE=DATE:20240309", "RRULE:FREQ=DAILY;COUNT=3")
        assert busy(series) == [
            "2024-03-09T08:00/10T08:00",
            "2024-03-10T08:00/11T07:00",
            "2024-03-11T07:00/12T07:00",
        ]

    def test_a_day_without_a_midnight_begins_where_the_clock_does(self) -> None:
        assert busy(event("DTSTART;VALUE=DATE:20240426"), zone="Africa/Cairo") == [
            "2024-04-25T22:00/26T21:00"
        ]


class TestWhatHasNoLengthBlocksNothing:
    @pytest.mark.parametrize(
        "lines",
        [
            ("DTSTART:20240108T170000Z", "DTEND:20240108T170000Z"),
            ("DTSTART:20240108T170000Z",),
            ("DTSTART:20240108T170000Z", "DURATION:PT0S"),
            ("DTSTART:20240108T170000Z", "RRULE:FREQ=DAILY;COUNT=3"),
        ],
    )
    def test_a_zero_length_event_blocks_nothing(self, lines: tuple[str, ...]) -> None:
        assert busy(event(*lines)) == []

    def test_a_date_is_a_day_even_if_its_end_repeats_it(self) -> None:
        same = event("DTSTART;VALUE=DATE:20240108", "DTEND;VALUE=DATE:20240108")
        assert busy(same) == ["2024-01-08T08:00/09T08:00"]


OWN_ZONE = "\r\n".join(
    [
        "BEGIN:VTIMEZONE",
        "TZID:{}",
        "BEGIN:STANDARD",
        "DTSTART:16010101T030000",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:16010101T020000",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3",
        "END:DAYLIGHT",
        "END:VTIMEZONE",
    ]
)


def at_ten(zone: str, day: str = "20240108") -> str:
    return event(f"DTSTART;TZID={zone}:{day}T100000", "DURATION:PT1H")


class TestZoneNames:
    def test_an_unknown_zone_falls_back_to_the_practices_and_says_so(self) -> None:
        intervals, warnings = read(at_ten("Mars/Olympus"))
        assert texts(intervals) == ["2024-01-08T18:00/19:00"]
        assert warnings == [
            "This site doesn't know the time zone 'Mars/Olympus'. It read those times in "
            "America/Los_Angeles."
        ]

    def test_an_unknown_zone_in_a_series_is_noticed_although_expanding_would_drop_it(self) -> None:
        series = event(
            "DTSTART;TZID=Nowhere:20240108T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2"
        )
        intervals, warnings = read(series, series)
        assert texts(intervals) == ["2024-01-08T18:00/19:00", "2024-01-15T18:00/19:00"]
        assert len(warnings) == 1

    @pytest.mark.parametrize(
        "name",
        [
            "Europe/Berlin",
            "W. Europe Standard Time",
            '"W. Europe Standard Time"',
            "/Europe/Berlin",
            "/freeassociation.sourceforge.net/Europe/Berlin",
            "/mozilla.org/20050126_1/Europe/Berlin",
        ],
    )
    def test_names_of_windows_and_of_programs_resolve(self, name: str) -> None:
        assert busy(at_ten(name)) == ["2024-01-08T09:00/10:00"]
        assert busy(at_ten(name, "20240708")) == ["2024-07-08T08:00/09:00"]

    @pytest.mark.parametrize(
        "name", ["Customized Time Zone", "tzone://Microsoft/Custom", '"(UTC+01:00) Berlin, Bern"']
    )
    def test_a_zone_that_the_calendar_defines_is_known_by_its_definition(self, name: str) -> None:
        definition = OWN_ZONE.format(name.strip('"'))
        for day, hour in (("20240108", 9), ("20240708", 8), ("20240401", 8), ("20241028", 9)):
            instant = f"{day[:4]}-{day[4:6]}-{day[6:]}T{hour:02}:00/{hour + 1:02}:00"
            assert busy(definition, at_ten(name, day)) == [instant]

    def test_a_series_in_such_a_zone_ends_moves_and_keeps_its_wall_time(self) -> None:
        series = event(
            "UID:1",
            "DTSTART;TZID=Custom:20240318T100000",
            "DURATION:PT1H",
            "RRULE:FREQ=WEEKLY;UNTIL=20240415T080000Z",
        )
        later = event(
            "UID:1",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20240408T080000Z",
            "DTSTART;TZID=Custom:20240408T110000",
            "DURATION:PT1H",
        )
        assert busy(OWN_ZONE.format("Custom"), series, later) == [
            "2024-03-18T09:00/10:00",
            "2024-03-25T09:00/10:00",
            "2024-04-01T08:00/09:00",
            "2024-04-08T09:00/10:00",
            "2024-04-15T09:00/10:00",
        ]

    def test_two_calendars_may_define_one_name_differently(self) -> None:
        fixed = OWN_ZONE.format("Custom").replace("+0200", "+0500").replace("+0100", "+0500")
        assert busy(fixed, at_ten("Custom")) == ["2024-01-08T05:00/06:00"]
        assert busy(OWN_ZONE.format("Custom"), at_ten("Custom")) == ["2024-01-08T09:00/10:00"]

    @pytest.mark.parametrize(
        ("good", "bad"),
        [("FREQ=YEARLY", "FREQ=SECONDLY"), ("+0100", "+2500"), ("16010101", "1601"), ("B", "x")],
    )
    def test_a_broken_definition_leaves_the_zone_unknown(self, good: str, bad: str) -> None:
        definition = OWN_ZONE.format("Custom").replace(good, bad)
        intervals, warnings = read(definition, at_ten("Custom"))
        assert texts(intervals) == ["2024-01-08T18:00/19:00"]
        assert len(warnings) == 1

    def test_of_many_unknown_zones_a_few_are_named(self) -> None:
        _, warnings = read(*(at_ten(f"No/Such{number}") for number in range(50)))
        assert len(warnings) == 5

    @pytest.mark.parametrize("name", ["../../etc/passwd", "Europe", "", "/", "a" * 5000, "\x00"])
    def test_a_name_that_is_no_zone_reads_no_file(self, name: str) -> None:
        intervals, _ = read(at_ten(name))
        assert texts(intervals) == ["2024-01-08T18:00/19:00"]


class TestFloatingTimes:
    FLOATING = event("DTSTART:20240108T100000", "DTEND:20240108T110000")

    def test_a_floating_time_is_in_the_practices_zone(self) -> None:
        assert busy(self.FLOATING) == ["2024-01-08T18:00/19:00"]

    def test_a_floating_time_is_in_the_zone_that_the_calendar_names(self) -> None:
        assert busy("X-WR-TIMEZONE:Europe/Berlin", self.FLOATING) == ["2024-01-08T09:00/10:00"]

    def test_a_z_time_stays_utc(self) -> None:
        assert busy("X-WR-TIMEZONE:Europe/Berlin", event(*ONE_HOUR)) == ["2024-01-08T17:00/18:00"]

    def test_a_zone_that_the_calendar_names_in_vain_is_said(self) -> None:
        intervals, warnings = read("X-WR-TIMEZONE:Nowhere", self.FLOATING)
        assert texts(intervals) == ["2024-01-08T18:00/19:00"]
        assert len(warnings) == 1

    def test_an_all_day_event_stays_a_day_of_the_practice(self) -> None:
        whole = event("DTSTART;VALUE=DATE:20240108")
        assert busy("X-WR-TIMEZONE:Asia/Tokyo", whole) == ["2024-01-08T08:00/09T08:00"]


class TestBadRulesAndCaps:
    GOOD = event(*ONE_HOUR)

    @pytest.mark.parametrize("rule", ["FREQ=FORTNIGHTLY", "garbage", "", "BYDAY=MO"])
    def test_a_series_whose_rule_cannot_be_read_keeps_its_first_time_and_the_others(
        self, rule: str
    ) -> None:
        bad = event("UID:bad", "DTSTART:20240109T170000Z", "DURATION:PT1H", f"RRULE:{rule}")
        intervals, warnings = read(bad, self.GOOD)
        assert texts(intervals) == ["2024-01-08T17:00/18:00", "2024-01-09T17:00/18:00"]
        assert warnings == [
            "This site can't read how one event repeats. Only its first time is kept busy."
        ]

    @pytest.mark.parametrize(
        ("rule", "as_if"),
        [
            ("FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY"),
            ("FREQ=WEEKLY;BYDAY=XX,TU,FR", "FREQ=WEEKLY;BYDAY=TU,FR"),
            ("FREQ=WEEKLY;WKST=SOON", "FREQ=WEEKLY"),
            ("FREQ=WEEKLY;INTERVAL=-1", "FREQ=WEEKLY"),
            ("FREQ=WEEKLY;INTERVAL=two", "FREQ=WEEKLY"),
            ("FREQ=WEEKLY;COUNT=-1", "FREQ=WEEKLY"),
            ("FREQ=WEEKLY;COUNT=", "FREQ=WEEKLY"),
            ("FREQ=WEEKLY;UNTIL=tomorrow", "FREQ=WEEKLY"),
            ("FREQ=WEEKLY;UNTIL=120000", "FREQ=WEEKLY"),
            ("FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY"),
            ("FREQ=MONTHLY;BYMONTHDAY=9,32", "FREQ=MONTHLY;BYMONTHDAY=9"),
            ("FREQ=YEARLY;BYMONTH=13", "FREQ=YEARLY"),
            ("FREQ=WEEKLY;UNTIL=00010101T000000Z", "FREQ=WEEKLY"),
            ("FREQ=WEEKLY;UNTIL=19700101T000000Z", "FREQ=WEEKLY"),
            ("FREQ=MONTHLY;BYDAY=6TU", "FREQ=MONTHLY"),
            ("FREQ=YEARLY;BYSETPOS=0", "FREQ=YEARLY"),
            ("FREQ=DAILY;BYSETPOS=2", "FREQ=DAILY"),
            ("FREQ=MONTHLY;BYDAY=XX;BYSETPOS=2", "FREQ=MONTHLY"),
            ("FREQ=HOURLY;INTERVAL=6;COUNT=3;BYSETPOS=1", "FREQ=HOURLY;INTERVAL=6;COUNT=3"),
            ("RSCALE=HEBREW;FREQ=YEARLY", "FREQ=YEARLY"),
            ("FREQ=YEARLY;BYEASTER=0", "FREQ=YEARLY"),
        ],
    )
    def test_a_bad_part_of_a_rule_falls_back_to_the_rule_without_it(
        self, rule: str, as_if: str
    ) -> None:
        start = ("UID:bad", "DTSTART:20240109T170000Z", "DURATION:PT1H")
        intervals, warnings = read(event(*start, f"RRULE:{rule}"), self.GOOD)
        assert texts(intervals) == busy(event(*start, f"RRULE:{as_if}"), self.GOOD)
        assert warnings == [PART]

    @pytest.mark.parametrize(
        ("rule", "as_if"),
        [
            ("FREQ=WEEKLY;COUNT=0", "FREQ=WEEKLY"),
            ("FREQ=WEEKLY;INTERVAL=0", "FREQ=WEEKLY"),
            ("freq=weekly;byday=tu", "FREQ=WEEKLY;BYDAY=TU"),
            (" FREQ=WEEKLY ; BYDAY = TU , FR ;", "FREQ=WEEKLY;BYDAY=TU,FR"),
            ("FREQ=WEEKLY\\;BYDAY=TU\\,FR", "FREQ=WEEKLY;BYDAY=TU,FR"),
            ("RRULE:FREQ=WEEKLY;BYDAY=TUESDAY", "FREQ=WEEKLY;BYDAY=TU"),
            ("FREQ=WEEKLY;UNTIL=2024-02-01T00:00:00Z", "FREQ=WEEKLY;UNTIL=20240201T000000Z"),
            ("RSCALE=GREGORIAN;FREQ=WEEKLY;X-OWN=1", "FREQ=WEEKLY"),
        ],
    )
    def test_what_is_only_written_oddly_is_read_without_a_word(self, rule: str, as_if: str) -> None:
        start = ("DTSTART:20240109T170000Z", "DURATION:PT1H")
        assert busy(event(*start, f"RRULE:{rule}")) == busy(event(*start, f"RRULE:{as_if}"))

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=SECONDLY",
            "FREQ=SECONDLY;COUNT=1",
            "FREQ=MINUTELY",
            "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,15,30,45",
            "FREQ=MINUTELY;BYSECOND=0,30",
        ],
    )
    def test_what_repeats_too_often_is_refused_but_for_its_first_time(self, rule: str) -> None:
        for start, first in (("20200101T000000Z", []), ("20240101T000000Z", ["2024-01-01T00:00"])):
            bomb = event("UID:bomb", f"DTSTART:{start}", "DURATION:PT1M", f"RRULE:{rule}")
            intervals, warnings = read(bomb, self.GOOD)
            assert [each[:16] for each in texts(intervals)] == [*first, "2024-01-08T17:00"]
            assert warnings == [
                "One event repeats too often for this site. Only its first time is kept busy."
            ]

    def test_a_modest_hourly_rule_is_followed(self) -> None:
        rounds = event(*ONE_HOUR[:1], "DURATION:PT10M", "RRULE:FREQ=HOURLY;INTERVAL=6;COUNT=3")
        assert busy(rounds) == [
            "2024-01-08T17:00/17:10",
            "2024-01-08T23:00/23:10",
            "2024-01-09T05:00/05:10",
        ]

    def test_a_rule_that_never_comes_true_ends(self) -> None:
        never = event(*ONE_HOUR, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
        assert busy(*[never] * 500) == ["2024-01-08T17:00/18:00"]

    def test_a_bad_rule_is_counted_by_series(self) -> None:
        bad = [event(f"UID:{n}", *ONE_HOUR, "RRULE:FREQ=NEVER") for n in range(3)]
        assert read(*bad)[1] == [
            "This site can't read how 3 events repeat. Only their first times are kept busy."
        ]

    @pytest.mark.parametrize(
        "lines",
        [
            ("DTSTART:yesterday",),
            ("DTSTART:20240230T100000Z",),
            ("DTEND:20240108T180000Z",),
        ],
    )
    def test_an_event_without_a_readable_time_is_left_out(self, lines: tuple[str, ...]) -> None:
        intervals, warnings = read(event(*lines), self.GOOD)
        assert texts(intervals) == ["2024-01-08T17:00/18:00"]
        assert warnings == [
            "This site can't read when one event is. Visitors may be offered that time."
        ]

    @pytest.mark.parametrize(
        ("lines", "length"),
        [
            (("DURATION:1 hour",), "20:00/21:00"),
            (("DTEND:later",), "20:00/21:00"),
            (("DTEND:00010101T000000Z",), "20:00/21:00"),
            (("DTEND:later", "DURATION:PT2H"), "20:00/22:00"),
            (("DURATION:-PT2H",), "20:00/22:00"),
            (("DTEND:20240109T190000Z",), "19:00/20:00"),
            (("DURATION:PT1H", "RDATE:soon"), "20:00/21:00"),
            (("DURATION:PT1H", "EXDATE:20240109"), None),
            (("DURATION:PT1H", "EXDATE:soon"), "20:00/21:00"),
            (("DURATION:PT1H", "RECURRENCE-ID:soon"), "20:00/21:00"),
            (("DURATION:PT1H", "RDATE:99991231T235959Z,00010101T000000"), "20:00/21:00"),
            (("DURATION:P99999999D", "RDATE:99991231T235959Z"), "20:00/31T23:59"),
        ],
    )
    def test_a_readable_start_keeps_its_time_busy(
        self, lines: tuple[str, ...], length: str | None
    ) -> None:
        intervals, _ = read(event("UID:1", "DTSTART:20240109T200000Z", *lines))
        assert texts(intervals) == ([f"2024-01-09T{length}"] if length else [])

    def test_a_change_that_cannot_be_read_leaves_its_instance_busy(self) -> None:
        named = ("UID:mondays", "SEQUENCE:2", "RECURRENCE-ID:20240115T170000Z")
        for change in (
            event(*named, "DTSTART:later"),
            event("UID:mondays", "SEQUENCE:2", "RECURRENCE-ID:then", *ONE_HOUR, "STATUS:CANCELLED"),
        ):
            assert [day.day for day in days(read(event(*MONDAYS), change)[0])] == [8, 15, 22, 29]

    def test_an_exception_of_one_event_is_none_of_another_with_its_uid(self) -> None:
        first = event("UID:1", *ONE_HOUR, "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20240109T170000Z")
        second = event("UID:1", "DTSTART:20240109T170000Z", "DURATION:PT1H")
        assert [day.day for day in days(read(first, second)[0])] == [8, 9]

    def test_more_than_5_mb_are_refused(self) -> None:
        with pytest.raises(ValueError, match="larger than 5 MB"):
            read("X-NOTE:" + "x" * 5 * 1024 * 1024)

    def test_more_than_20_000_events_are_refused(self) -> None:
        with pytest.raises(ValueError, match="more entries"):
            read(*[event(*ONE_HOUR)] * 20_001)

    def test_deep_nesting_is_refused(self) -> None:
        with pytest.raises(ValueError, match="more entries"):
            read(*["BEGIN:X"] * 10)

    @pytest.mark.parametrize(
        "lines",
        [
            ("RRULE:FREQ=HOURLY",),
            ("RRULE:FREQ=MINUTELY;INTERVAL=1000",),
            ("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",) * 100,
            ("RRULE:FREQ=DAILY;COUNT=99999999",),
            ("RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=1,-1",) * 10,
        ],
    )
    def test_the_work_has_a_cap(
        self, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...]
    ) -> None:
        monkeypatch.setattr(busyfeeds, "MAX_WORK", 9_000)
        with pytest.raises(ValueError, match="repeats more"):
            read(event("DTSTART:18010101T000000Z", "DURATION:PT1M", *lines))

    def test_the_busy_times_have_a_cap_after_those_that_overlap_are_joined(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(busyfeeds, "MAX_INTERVALS", 100)
        daily = ("DURATION:PT1M", "RRULE:FREQ=DAILY;COUNT=40")
        same = [event(f"UID:{n}", "DTSTART:20240108T170000Z", *daily) for n in range(9)]
        other = [event(f"UID:{n}", f"DTSTART:20240108T17{n:02}00Z", *daily) for n in range(10, 19)]
        assert len(busy(*same)) == 40
        with pytest.raises(ValueError, match="more busy times"):
            read(*other)


class TestNothingOpensSilently:
    """That the last good copy stays is the worker's part; here, what it must not take for one."""

    @pytest.mark.parametrize(
        ("ics", "sentence"),
        [
            (b"", "isn't a calendar"),
            (b"Service unavailable", "isn't a calendar"),
            (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
            (b"\xef\xbb\xbf\r\n<html>", "a web page"),
            (b"\x00\xff\xfe" * 100, "isn't a calendar"),
            (b'{"items": []}', "isn't a calendar"),
            (calendar(event(*ONE_HOUR))[:-20], "stops before its end"),
            (b"BEGIN:VCALENDAR\r\n", "stops before its end"),
            (b"BEGIN:VCALENDARS\r\nEND:VCALENDARS\r\n", "isn't a calendar"),
            (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "isn't a calendar"),
        ],
    )
    def test_what_is_no_calendar_or_half_of_one_is_refused(self, ics: bytes, sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence) as refusal:
            busy_intervals(
                ics,
                timezone=MINE,
                start=datetime(2024, 1, 1, tzinfo=UTC),
                end=datetime(2024, 2, 1, tzinfo=UTC),
            )
        assert str(refusal.value).endswith(".")

    def test_an_empty_calendar_is_a_calendar(self) -> None:
        assert busy() == []


class TestWhatIsReturned:
    def test_titles_are_in_no_warning(self) -> None:
        _, warnings = read(
            event("UID:1", *ONE_HOUR, "RRULE:FREQ=NEVER", f"DESCRIPTION:{SECRET_TITLE}"),
            event("UID:2", "DTSTART:never", f"LOCATION:{SECRET_TITLE}"),
            event("UID:3", *ONE_HOUR, "RRULE:FREQ=SECONDLY"),
            at_ten("Nowhere"),
        )
        assert len(warnings) == 4
        assert SECRET_TITLE not in " ".join(warnings)

    def test_overlapping_times_are_one_and_touching_ones_two(self) -> None:
        parts = [
            event(f"DTSTART:20240108T{start}00Z", f"DTEND:20240108T{end}00Z")
            for start, end in [(1000, 1100), (1030, 1200), (1045, 1050), (1200, 1300)]
        ]
        assert busy(*parts) == ["2024-01-08T10:00/12:00", "2024-01-08T12:00/13:00"]

    def test_only_what_meets_the_span_is_there_and_that_is_whole(self) -> None:
        parts = [
            event(f"DTSTART:202401{day}T000000Z", "DURATION:P1D")
            for day in ("08", "09", "10", "11")
        ]
        intervals, _ = read(
            *parts,
            start=datetime(2024, 1, 9, 12, tzinfo=UTC),
            end=datetime(2024, 1, 11, tzinfo=UTC),
        )
        assert texts(intervals) == ["2024-01-09T00:00/10T00:00", "2024-01-10T00:00/11T00:00"]

    def test_a_series_begun_long_ago_whose_instance_began_before_the_span_is_there(self) -> None:
        nights = event(
            "DTSTART;TZID=Europe/Berlin:19990101T220000",
            "DTEND;TZID=Europe/Berlin:19990103T060000",
            "RRULE:FREQ=WEEKLY;BYDAY=FR",
        )
        intervals, _ = read(
            nights,
            start=datetime(2024, 1, 7, 3, tzinfo=UTC),
            end=datetime(2024, 1, 8, tzinfo=UTC),
        )
        assert texts(intervals) == ["2024-01-05T21:00/07T05:00"]

    def test_a_series_keeps_its_wall_time_when_the_clocks_change(self) -> None:
        series = event(
            "DTSTART;TZID=America/New_York:20240304T090000",
            "DTEND;TZID=America/New_York:20240304T100000",
            "RRULE:FREQ=WEEKLY;COUNT=2",
        )
        assert busy(series) == ["2024-03-04T14:00/15:00", "2024-03-11T13:00/14:00"]

    def test_a_start_and_an_end_in_two_zones(self) -> None:
        flight = event(
            "DTSTART;TZID=America/New_York:20240108T090000",
            "DTEND;TZID=America/Los_Angeles:20240108T120000",
        )
        assert busy(flight) == ["2024-01-08T14:00/20:00"]

    def test_free_busy_blocks_are_busy(self) -> None:
        blocks = "\r\n".join(
            [
                "BEGIN:VFREEBUSY",
                "FREEBUSY:20240108T170000Z/PT1H,20240108T190000Z/20240108T200000Z",
                "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20240109T170000Z/PT1H",
                "FREEBUSY;FBTYPE=FREE:20240110T170000Z/PT1H",
                "END:VFREEBUSY",
            ]
        )
        assert busy(blocks) == [
            "2024-01-08T17:00/18:00",
            "2024-01-08T19:00/20:00",
            "2024-01-09T17:00/18:00",
        ]

    def test_tasks_journals_and_alarms_keep_nothing_busy(self) -> None:
        task = "BEGIN:VTODO\r\nDTSTART:20240108T170000Z\r\nDURATION:PT1H\r\nEND:VTODO"
        alarm = "BEGIN:VALARM\r\nTRIGGER:-PT1H\r\nDURATION:PT9H\r\nEND:VALARM"
        assert busy(task, event(*ONE_HOUR, alarm)) == ["2024-01-08T17:00/18:00"]

    def test_folded_lines_lone_line_feeds_and_lower_case_are_read(self) -> None:
        ics = (
            b"\xef\xbb\xbfbegin:vcalendar\nbegin:vevent\ndtstart;tzid=Europe/\n Berlin:2024010\n"
            b"\t8T100000\nDuration:PT\n 1H\nend:vevent\nend:vcalendar"
        )
        intervals, warnings = busy_intervals(
            ics,
            timezone=MINE,
            start=datetime(2024, 1, 1, tzinfo=UTC),
            end=datetime(2024, 2, 1, tzinfo=UTC),
        )
        assert (texts(intervals), warnings) == (["2024-01-08T09:00/10:00"], [])

    def test_broken_lines_beside_the_times_break_nothing(self) -> None:
        lines = (*ONE_HOUR, "ATTENDEE;CN=", "no colon at all", ";;;:::", "X-\xff:\x00", "GEO:a;b")
        assert busy(event(*lines)) == ["2024-01-08T17:00/18:00"]

    def test_an_event_without_its_end_line_does_not_swallow_the_next(self) -> None:
        unended = "\r\n".join(["BEGIN:VEVENT", *ONE_HOUR])
        next_one = event("DTSTART:20240109T170000Z", "DURATION:PT1H")
        assert busy(unended, next_one) == ["2024-01-08T17:00/18:00", "2024-01-09T17:00/18:00"]

    def test_several_calendars_in_one_file_are_all_read(self) -> None:
        ics = calendar(event(*ONE_HOUR)) + calendar(
            "X-WR-TIMEZONE:Europe/Berlin", TestFloatingTimes.FLOATING
        )
        intervals, _ = busy_intervals(
            ics,
            timezone=MINE,
            start=datetime(2024, 1, 1, tzinfo=UTC),
            end=datetime(2024, 2, 1, tzinfo=UTC),
        )
        assert texts(intervals) == ["2024-01-08T09:00/10:00", "2024-01-08T17:00/18:00"]

    @pytest.mark.parametrize(
        ("zone", "start", "end"),
        [
            ("Mars/Olympus", datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)),
            ("", datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)),
            (MINE, datetime(2024, 1, 1), datetime(2024, 2, 1, tzinfo=UTC)),
            (MINE, datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)),
        ],
    )
    def test_a_zone_or_a_span_that_is_none_is_refused(
        self, zone: str, start: datetime, end: datetime
    ) -> None:
        with pytest.raises(ValueError, match=r"\.$"):
            busy_intervals(calendar(), timezone=zone, start=start, end=end)


LINES = st.sampled_from(
    "BEGIN:VEVENT END:VEVENT BEGIN:VTIMEZONE END:VTIMEZONE BEGIN:STANDARD END:STANDARD "
    "BEGIN:VFREEBUSY END:VFREEBUSY END:VCALENDAR BEGIN:VCALENDAR UID:1 UID: TZID:X DTSTART: "
    "DTSTART:20240108T170000Z DTSTART;VALUE=DATE:20240108 DTSTART;TZID=X:20240108T170000 "
    "DTEND:20240108T180000 DTEND;VALUE=DATE:20240110 DURATION:PT1H DURATION:P1D "
    "RECURRENCE-ID:20240115T170000Z RECURRENCE-ID;RANGE=THISANDFUTURE:20240115 "
    "EXDATE:20240115 EXDATE:,, RDATE:20240116T170000/PT1H RDATE:20240117 FREEBUSY:20240108T0000/1 "
    "RRULE:FREQ=WEEKLY;BYDAY=XX;COUNT=0 RRULE:FREQ=HOURLY;INTERVAL=0 DURATION:-P99999999999D "
    "DTSTART:2024-01-08T24:00 DTEND:20240101T0000+1400 DURATION:P1M STATUS:CONFIRMED DESCRIPTION:x "
    'DTSTART;TZID="(UTC+14:00)":99991231T000000 RDATE;VALUE=PERIOD:20240110T170000/P1D '
    "RECURRENCE-ID:99991231T235959Z EXDATE:20240115T170000Z/P1D ATTENDEE;PARTSTAT=DECLINED:a@b.c "
    "X-WR-CALNAME:a@b.c RRULE:FREQ=DAILY;UNTIL=99991231 UID:1 "
    "TZOFFSETFROM:+0100 TZOFFSETTO:-0500 TZOFFSETTO:99 STATUS:CANCELLED SEQUENCE:9 SEQUENCE:x "
    "RRULE:FREQ=DAILY RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=MO,2TU RRULE:FREQ=YEARLY;BYWEEKNO=-53 "
    "RRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=FR RRULE:FREQ=DAILY;UNTIL=99991231T235959Z RRULE:= "
    "DTSTART:00010101T000000 DTEND:99991231T235959 DTSTART:99991231T235959 : ; ;=".split()
)


@given(lines=st.lists(LINES | st.text(max_size=20), max_size=30))
@example(lines=["BEGIN:VEVENT", "DTSTART:99991231T235959", "RRULE:FREQ=DAILY", "END:VEVENT"])
def test_whatever_a_calendar_holds_it_is_read_or_refused_with_a_sentence(lines: list[str]) -> None:
    try:
        intervals, warnings = read(*lines)
    except ValueError as refusal:
        intervals, warnings = [], [str(refusal)]
    assert intervals == sorted(intervals)
    assert all(each.start < each.end for each in intervals)
    assert all(warning.endswith(".") for warning in warnings)
