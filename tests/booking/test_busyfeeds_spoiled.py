"""Calendars that other programs spoiled: nothing opens without a word, and nothing takes long."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from booking.busyfeeds import busy_intervals

TIMES = "DTSTART:20260713T170000Z|DTEND:20260713T180000Z"
RIGHT = "0713T1700/1800"
ENOUGH = 5.0  # seconds of work; each of these took minutes, or grew with the square


def read(ics: bytes) -> tuple[str, list[str]]:
    """Busy times of 2026 in Los Angeles such as 0713T1700/1800, and the warnings."""
    found, warnings = busy_intervals(
        ics,
        timezone="America/Los_Angeles",
        start=datetime(2026, 1, 1, tzinfo=UTC),
        end=datetime(2026, 12, 31, tzinfo=UTC),
        own_addresses=["me@example.com"],
    )
    return " ".join(f"{each.start:%m%dT%H%M}/{each.end:%H%M}" for each in found), warnings


def calendar(lines: str, end: str = "\r\n") -> bytes:
    """Lines divided by |; `~` is a mere line feed."""
    return f"BEGIN:VCALENDAR|{lines}|END:VCALENDAR|".replace("|", end).replace("~", "\n").encode()


def event(lines: str, uid: str = "1") -> str:
    return f"BEGIN:VEVENT|UID:{uid}|{lines}|END:VEVENT"


LATER = event("DTSTART:20260901T170000Z|DURATION:PT1H", "later")
BOTH = f"{RIGHT} 0901T1700/1800"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("text", ["SUMMARY", "LOCATION", "DESCRIPTION"])
@pytest.mark.parametrize(
    "line",
    [
        "STATUS:CANCELLED",
        "TRANSP:TRANSPARENT",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:me@example.com",
        "EXDATE:20260713T170000Z",
        "DTSTART:20260101T170000Z",
        "DTEND:20260713T171500Z",
        "END:VEVENT",
        "BEGIN:VALARM",
    ],
)
def test_a_line_within_a_text_that_goes_on_after_it_is_a_part_of_the_text(
    line: str, text: str, end: str
) -> None:
    said = f"{text}:We said~{line}~and more"
    for broken in (f"{said}|{TIMES}", f"{TIMES}|{said}"):
        assert read(calendar(f"{event(broken)}|{LATER}", end)) == (BOTH, [])


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_what_stands_behind_the_end_of_its_calendar_is_still_read(end: str) -> None:
    quoted = f"DESCRIPTION:They sent~BEGIN:VCALENDAR~{LATER.replace('|', '~')}~END:VCALENDAR"
    assert read(calendar(f"{event(quoted)}|{event(TIMES, '2')}", end))[0] == BOTH
    assert read(calendar(f"{event(TIMES + '|SUMMARY:We said~END:VCALENDAR~x')}|{LATER}"))[0] == BOTH
    whole = calendar(event(TIMES), end)
    for between in (b"", b"\xef\xbb\xbf", b"\r\n"):
        assert read(whole + between + calendar(LATER, end)) == (BOTH, [])
    assert read(whole + LATER.replace("|", end).encode()) == (BOTH, [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_byte_order_mark_says_how_a_calendar_is_written(encoding: str) -> None:
    whole = calendar(event(f"SUMMARY:caf\u00e9|{TIMES}")).decode()
    assert read(whole.encode(encoding)) == (RIGHT, [])
    assert read(f"\r\n\ufeff{whole}".encode()) == (RIGHT, [])


@pytest.mark.parametrize(
    "lines",
    [
        "DTSTART :20260713T170000Z|DTEND :20260713T180000Z",
        "DTSTART; TZID=Asia/Tokyo : 20260714T020000|DTEND; TZID = Asia/Tokyo :20260714T030000",
        "DTSTART;TZID='Asia/Tokyo':20260714T020000|DURATION :PT1H",
        "Description:x|Dtstart:20260713T170000Z|Dtend:20260713T180000Z",
        f'{TIMES}|ATTENDEE;CN="x;PARTSTAT=DECLINED":mailto:me@example.com',
    ],
)
def test_blanks_and_quotes_around_what_is_said_change_nothing(lines: str) -> None:
    assert read(calendar(event(lines))) == (RIGHT, [])
    assert read(calendar(f"BEGIN :VEVENT|UID:1|{lines}|END :VEVENT")) == (RIGHT, [])


@pytest.mark.parametrize(
    "who",
    [
        "MAILTO:ME@EXAMPLE.COM",
        "mailto: me@example.com ",
        "mailto:me%40example.com",
        '"mailto:me@example.com"',
        "mailto:<me@example.com>",
        "mailto:me@example.com?subject=x",
    ],
)
def test_the_owner_who_declined_is_known_however_the_address_is_written(who: str) -> None:
    declined = f"{TIMES}|ATTENDEE;PARTSTAT=DECLINED:{who}"
    assert read(calendar(event(declined))) == ("", [])
    other = declined.replace("example", "other").replace("EXAMPLE", "OTHER")
    assert read(calendar(event(other))) == (RIGHT, [])


@pytest.mark.parametrize(
    "lines",
    [
        'DTSTART;TZID="' + "(" * 200_000 + '":20260713T100000|DURATION:PT1H',
        f"{TIMES}|ATTENDEE;" + '"' * 1_000_001,
        f"{TIMES}|ATTENDEE;" + "a;" * 1_000_000,
        f"{TIMES}|COMMENT:x" + "|RDATE:20270101T100000Z|x" * 50_000,
    ],
)
def test_no_long_line_keeps_its_reader_busy(lines: str) -> None:
    begun = time.process_time()
    assert read(calendar(event(lines)))[0] == RIGHT
    assert time.process_time() - begun < ENOUGH


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("GMT -0800 (Standard) / GMT -0700 (Daylight)", "20260713T100000"),
        ('"GMT +0100 (Standard) / GMT +0200 (Daylight)"', "20260713T190000"),
        ("GMT +0530 (Standard) / GMT +0530 (Daylight)", "20260713T223000"),
        ("(GMT-05:00) Eastern Time (US and Canada)", "20260713T130000"),
        ("Eastern Time (US &amp; Canada)", "20260713T130000"),
        ("US_Eastern", "20260713T130000"),
        ("America-New-York", "20260713T130000"),
        ("EasternStandardTime", "20260713T130000"),
        ("'America/New_York'", "20260713T130000"),
        ("EDT", "20260713T130000"),
        ("Z", "20260713T170000"),
    ],
)
def test_more_names_of_zones_that_programs_write(zone: str, start: str) -> None:
    assert read(calendar(event(f"DTSTART;TZID={zone}:{start}|DURATION:PT1H"))) == (RIGHT, [])


SERIES = (
    "DTSTART;TZID=America/New_York:20260713T100000|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=4|"
    "END:VEVENT|BEGIN:VEVENT|UID:1|"
)


def test_a_day_names_the_instance_from_which_a_series_moves() -> None:
    moved = "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260715|DTSTART:20260720T170000Z"
    assert read(calendar(event(f"{SERIES}{moved}|DURATION:PT1H"))) == (
        "0713T1400/1500 0714T1400/1500 0720T1700/1800 0721T1700/1800",
        [],
    )


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ("RECURRENCE-ID:20260715T140000Z", "0715T1400/1500"),
        ("RECURRENCE-ID:20260715T140000Z|DTSTART:20260715T170000Z", "0715T1700/1800"),
        ("RECURRENCE-ID:20260715T140000Z|DTSTART:20260715T170000Z|DTEND:20260715T173000Z",
         "0715T1700/1730"),
    ],
)  # fmt: skip
def test_a_changed_instance_is_as_long_as_its_series_where_it_does_not_say(
    change: str, right: str
) -> None:
    found = f"0713T1400/1500 0714T1400/1500 {right} 0716T1400/1500"
    assert read(calendar(event(SERIES + change))) == (found, [])


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        ("DTSTART:20260713T170000Z|DURATION:PT1H30", "0713T1700/1830"),
        ("DTSTART:20260713T170000Z|DURATION:PT1.5H", "0713T1700/1830"),
        ("DTSTART:20260713T170000Z|DURATION:P0Y0M0DT1H30M0S", "0713T1700/1830"),
        ("DTSTART:20260713T170000Z|DURATION:P1DT", "0713T1700/1700"),
    ],
)
def test_more_ways_to_write_a_length(lines: str, right: str) -> None:
    assert read(calendar(event(lines))) == (right, [])


def test_the_first_moment_of_a_clock_is_no_end_wherever_it_is_told() -> None:
    for end in ("19691231T160000", "19700101T000000Z", "19691231"):
        found, warnings = read(calendar(event(f"{TIMES}|RRULE:FREQ=WEEKLY;UNTIL={end}")))
        assert found.startswith(f"{RIGHT} 0720T1700/1800 ")
        assert len(warnings) == 1
    born = "DTSTART;VALUE=DATE:19691231|DTEND;VALUE=DATE:19700101|RRULE:FREQ=YEARLY"
    assert read(calendar(event(born)))[1] == [], "a birthday"


def test_no_number_of_changes_to_one_series_keeps_its_reader_busy() -> None:
    heads = (
        event(f"DTSTART:{2000 + n // 300}0101T{n % 24:02}{n % 60:02}{n % 59:02}Z|DURATION:PT1H")
        for n in range(10_000)
    )
    changes = [
        f"RECURRENCE-ID:{2000 + n // 300}0202T{n % 24:02}{n % 60:02}{n % 59:02}Z|{TIMES}"
        for n in range(9_000)
    ]
    ranged = (each.replace("-ID", "-ID;RANGE=THISANDFUTURE") for each in changes)
    several = "|".join(heads)
    for many in (changes, ranged):
        begun = time.process_time()
        with suppress(ValueError):
            read(calendar(f"{several}|{'|'.join(map(event, many))}"))
        assert time.process_time() - begun < 2 * ENOUGH
