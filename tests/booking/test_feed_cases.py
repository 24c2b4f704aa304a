"""Other people's calendars, each after a public report of how one was read wrongly, and beside each
a second of its kind. The first lie in feeds/; times are as `busy` below writes them.
"""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from booking.busyfeeds import busy_intervals

FEEDS = Path(__file__).parent / "feeds"
LOS_ANGELES = "America/Los_Angeles"
# A rule without an end: these are its first times.
FOR_EVER = "..."


class Case(NamedTuple):
    """A file of feeds/ with its right times, and lines of an event of the same kind with theirs."""

    file: str
    right: str
    source: str
    second: str
    second_right: str
    zone: str = LOS_ANGELES
    lost: bool = False  # whether there is something to tell


CASES = [
    Case(
        "byweekno-default-day", "0513T1700/1800",
        "RFC 5545, 3.3.10: what the rule leaves out comes from DTSTART",
        "DTSTART:20260107T100000Z|DURATION:PT1H|RRULE:FREQ=YEARLY;BYWEEKNO=2,20;COUNT=2",
        "0107T1000/1100 0513T1000/1100",
    ),
    Case(
        "cdo-busystatus-free-no-transp", "",
        "adamgibbons/ics#120; MS-OXCICAL 2.1.3.1.1.20.25",
        "DTSTART;VALUE=DATE:20260713|X-MICROSOFT-CDO-BUSYSTATUS:free", "",
    ),
    Case(
        "cdo-busystatus-free-transp-opaque", "", "the Office 365 feed in sabre-io/vobject#377",
        "DTSTART:20260713T170000Z|DURATION:PT1H|X-MICROSOFT-CDO-BUSYSTATUS:FREE|TRANSP:OPAQUE", "",
    ),
    Case(
        "cdo-busystatus-oof-transparent", "0713T1700/1800", "MS-OXCICAL 2.1.3.1.1.20.25",
        "DTSTART:20260713T170000Z|DURATION:PT1H|X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE|"
        "TRANSP:TRANSPARENT", "0713T1700/1800",
    ),
    Case(
        "count-0-apple", "0713T1700/1800 0720T1700/1800 ...",
        "pimutils/vdirsyncer#1052, sabre-io/dav#1455, tasks/tasks#2158",
        "DTSTART;VALUE=DATE:20260713|RRULE:FREQ=MONTHLY;COUNT=0", "0713T0700/14T0700 "
        "0813T0700/14T0700 ...",
    ),
    Case(
        "dtend-24h", "0713T2000/14T0000", "hitobito/hitobito#518",
        "DTSTART:20260713T240000Z|DTEND:20260714T010000Z", "0714T0000/0100",
    ),
    Case(
        "dtend-99991231T235959-la", "0713T1700/99991231T2359", "the last year, west of Greenwich",
        "DTSTART;TZID=Asia/Tokyo:00010101T000000|DTEND:20260713T180000Z", "00010101T0000/0713T1800",
    ),
    Case(
        "dtend-before-dtstart", "0713T1700/1800",
        "bitfireAT/synctools#147 and #148, home-assistant/core#90670",
        "DTSTART;VALUE=DATE:20260714|DTEND;VALUE=DATE:20260713", "0713T0700/15T0700", lost=True,
    ),
    Case(
        "dtend-floating-start-zoned-la", "1208T1400/1500", "the fixtures of ical-org/ical.net",
        "DTSTART:20261208T090000|DTEND;TZID=America/New_York:20261208T100000", "1208T1400/1500",
    ),
    Case(
        "duration-1day-nominal-dst", "0308T0600/09T0500", "RFC 5545, 3.3.6: days are nominal",
        "DTSTART;TZID=Europe/Berlin:20261024T220000|DURATION:P1DT1H", "1024T2000/25T2200",
    ),
    Case(
        "duration-negative", "0713T1700/1800", "bitfireAT/synctools#148, collective/icalendar#999",
        "DTSTART;VALUE=DATE:20260713|DURATION:-P2D", "0713T0700/15T0700", lost=True,
    ),
    Case(
        "duration-seconds", "0713T1700/1800", "a length without its T",
        "DTSTART:20260713T170000Z|DURATION:P1H30M", "0713T1700/1830",
    ),
    Case(
        "exdate-datetime-allday-utc", "0713T0700/14T0700 0715T0700/16T0700",
        "jens-maus/node-ical#454, tutao/tutanota#5318, nextcloud/server#44600",
        "DTSTART;VALUE=DATE:20260713|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20260714T070000Z",
        "0713T0700/14T0700 0715T0700/16T0700",
    ),
    Case(
        "exdate-floating-tzid-series", "0713T1400/1500 0715T1400/1500",
        "biweekly-exdate-until.ics of jens-maus/node-ical",
        "DTSTART:20260713T100000Z|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=3|"
        "EXDATE:20260714T100000,20260715T030000", "0713T1000/1100 0715T1000/1100",
    ),
    Case(
        "exdate-period-suffix", "0713T0700/14T0700 0715T0700/16T0700", "ical-org/ical.net#239",
        "DTSTART:20260713T100000Z|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=3|"
        "EXDATE;VALUE=PERIOD:20260714T100000Z/PT48H", "0713T1000/1100 0715T1000/1100",
    ),
    Case(
        "interval-0-outlook", "0713T1300/1330 0720T1300/1330 ...", "sabre-io/dav#723",
        "DTSTART:20260713T100000Z|DURATION:PT1H|RRULE:FREQ=DAILY;INTERVAL=0;COUNT=2",
        "0713T1000/1100 0714T1000/1100",
    ),
    Case(
        "iso-dashes", "0713T1700/1800", "times as ISO 8601 has them",
        "DTSTART;TZID=America/New_York:2026-07-13T13:00:00|DTEND:2026-07-13T20:00:00.000+02:00",
        "0713T1700/1800",
    ),
    Case(
        "no-seconds", "0713T1700/1800", "times without seconds",
        "DTSTART:2026-07-13 17:00Z|DTEND:20260713T1830Z", "0713T1700/1830",
    ),
    Case(
        "owa-display-names-no-vtimezone", "1208T0230/0400",
        "Office-2012-owa.ics of jens-maus/node-ical",
        'DTSTART;TZID="(UTC+01:00) Brussels Copenhagen Madrid Paris":20260713T100000|DURATION:PT1H',
        "0713T0800/0900",
    ),
    Case(
        "partstat-declined-google", "",
        "thunderbird/appointment#696, nextcloud/server#46984, sabre-io/dav#1216",
        "DTSTART:20260713T170000Z|DURATION:PT1H|ATTENDEE;EMAIL=Me@Example.com;PARTSTAT=declined:"
        "urn:uuid:7", "",
    ),
    Case(
        "raw-newline-description-duration", "0713T1700/1750",
        "ics-py/ics-py#311, ical4j/ical4j#205",
        "DTSTART:20260713T170000Z|DURATION:PT50M|COMMENT:We said|DURATION:PT5M|SUMMARY:x",
        "0713T1700/1750",
    ),
    Case(
        "raw-newline-description-status-exact", "0713T1700/1800",
        "ics-py/ics-py#311, ical4j/ical4j#205",
        "DTSTART:20260713T170000Z|DTEND:20260713T180000Z|DESCRIPTION:Mail from them:|and then|"
        "STATUS:CANCELLED|DURATION:PT5M|Begin: 10:00|SUMMARY:x", "0713T1700/1800",
    ),
    Case(
        "recurrenceid-datetime-allday", "0713T0700/14T0700 0715T0700/16T0700 0720T0700/21T0700",
        "exchange_whole_day_moved of jens-maus/node-ical, microsoft-graph-docs#2804",
        "DTSTART;TZID=America/New_York:20260713T100000|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=2|"
        "END:VEVENT|BEGIN:VEVENT|UID:2|RECURRENCE-ID:20260714T100000|STATUS:CANCELLED",
        "0713T1400/1500",
    ),
    Case(
        "rrule-spaces", "0713T1000/1100 0720T1000/1100", "spaces between the parts of a rule",
        "DTSTART:20260713T100000Z|DURATION:PT1H|RRULE:FREQ = WEEKLY ;COUNT=2;BYDAY=MO , WE",
        "0713T1000/1100 0715T1000/1100",
    ),
    Case(
        "rrule-trailing-comma", "0713T1000/1100 0720T1000/1100", "a list with an empty end",
        "DTSTART:20260713T100000Z|DURATION:PT1H|RRULE:FREQ=MONTHLY;BYMONTHDAY=13,,14,;COUNT=2;",
        "0713T1000/1100 0714T1000/1100",
    ),
    Case(
        "rrule-yearly-allday-until-minus1h-practice-la", "1020T0700/21T0700",
        "jens-maus/node-ical#543",
        "DTSTART;VALUE=DATE:20260713|RRULE:FREQ=DAILY;UNTIL=20260713T143000Z",
        "0713T0700/14T0700 0714T0700/15T0700",
    ),
    Case(
        "same-uid-different-sequence-distinct", "0713T1700/1800 0714T1700/1800 0715T1700/1800",
        "a program that numbers its events by SEQUENCE under one UID",
        "SEQUENCE:3|DTSTART:20260713T170000Z|DURATION:PT1H|END:VEVENT|BEGIN:VEVENT|UID:2|"
        "DTSTART:20260720T170000Z|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=2",
        "0713T1700/1800 0720T1700/1800 0721T1700/1800",
    ),
    Case(
        "tz-vancouver-2026", "1215T1700/1800",
        "ical4j/ical4j#493, nodejs/node#62323: no more change of clocks from 2026 on",
        "DTSTART;TZID=America/Vancouver:20261101T100000|DURATION:PT1H", "1101T1700/1800",
        zone="America/Vancouver",
    ),
    Case(
        "tzid-coordinated-universal-time", "0714T1000/1100", "how Windows calls UTC",
        'DTSTART;TZID="(UTC-11:00) Coordinated Universal Time-11":20260714T100000|DURATION:PT1H',
        "0714T2100/2200",
    ),
    Case(
        "tzid-escaped-comma", "0714T0800/0900",
        "sabre-io/vobject#617, exchange-custom-tz.ics of jens-maus/node-ical; RFC 5545, 3.3.11",
        r'DTSTART;TZID="(UTC+01:00) Sarajevo\, Skopje\, Warsaw\, Zagreb":20260714T100000|'
        "DURATION:PT1H", "0714T0800/0900",
    ),
    Case(
        "tzid-gmt-offset-no-vtimezone", "0714T0800/0900",
        "stephenharris/Event-Organiser#191, music-school-weekly-until.ics of jens-maus/node-ical",
        "DTSTART;TZID=UTC-05:30:20260714T100000|DURATION:PT1H", "0714T1530/1630",
    ),
    Case(
        "tzid-lowercase", "0714T1400/1500", "a zone's name in lower case",
        "DTSTART;TZID=EASTERN STANDARD TIME:20260714T100000|DURATION:PT1H", "0714T1400/1500",
    ),
    Case(
        "tzid-pacific-display-no-vtimezone", "0714T1400/1500",
        "sabre-io/vobject#377, Office-2012-owa.ics of jens-maus/node-ical",
        'DTSTART;TZID="(UTC-08:00) Pacific Time (US & Canada) 2":20260714T100000|DURATION:PT1H',
        "0714T1700/1800",
    ),
    Case(
        "tzid-rails-name", "0714T1400/1500", "how Exchange and Rails call zones",
        "DTSTART;TZID=Kuala Lumpur:20260714T100000|DURATION:PT1H", "0714T0200/0300",
    ),
    Case(
        "tzid-us-dash-eastern", "0714T1400/1500", "modolabs/Kurogo-Mobile-Web#32",
        "DTSTART;TZID=America/New York 1:20260714T100000|DURATION:PT1H", "0714T1400/1500",
    ),
    Case(
        "until-9999-Asia-Kolkata", "1207T0430/0530", "the last year, east of Greenwich",
        "DTSTART;VALUE=DATE:20261207|RRULE:FREQ=YEARLY;UNTIL=99991231T235959Z",
        "1206T1830/07T1830", zone="Asia/Kolkata",
    ),
    Case(
        "until-9999-berlin", "0713T0800/0900 0720T0800/0900 ...", "the last year, eastward",
        "DTSTART;TZID=Asia/Tokyo:20260713T100000|DTEND;TZID=Asia/Tokyo:99991231T000000",
        "0713T0100/99991230T1500", zone="Europe/Berlin",
    ),
    Case(
        "vtimezone-tzid-utc-offsets-colon", "0713T0800/0900", "offsets as ISO 8601 has them",
        "DTSTART;TZID=Own:20260713T100000|DURATION:PT1H|END:VEVENT|BEGIN:VTIMEZONE|TZID:Own|"
        "BEGIN:STANDARD|DTSTART:2026-01-01T00:00|TZOFFSETFROM:+5:30|TZOFFSETTO:+05:30|END:STANDARD|"
        "END:VTIMEZONE|BEGIN:VEVENT|UID:3|DTSTART:20260713T170000Z", "0713T0430/0530",
    ),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _the_locked_zone_data() -> Iterator[None]:
    """A machine's own may not know yet what was decided for 2026 (tz-vancouver-2026)."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(())
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache()


def busy(ics: bytes, zone: str) -> tuple[str, list[str]]:
    """Busy times of 2026 such as `0713T1700/1800`, or 0713T1700/14T0700, and the warnings."""
    found, warnings = busy_intervals(
        ics,
        timezone=zone,
        start=datetime(2026, 1, 1, tzinfo=UTC),
        end=datetime(2026, 12, 31, tzinfo=UTC),
        own_addresses=["me@example.com"],
    )
    return " ".join(
        f"{stamp(each.start)}/{stamp(each.end, each.start)}" for each in found
    ), warnings


def stamp(moment: datetime, before: datetime | None = None) -> str:
    """With as much of its date as the time before it does not say."""
    if before and before.date() == moment.date():
        return f"{moment:%H%M}"
    if before and (before.year, before.month) == (moment.year, moment.month):
        return f"{moment:%dT%H%M}"
    return (f"{moment.year:04}" if moment.year != 2026 else "") + f"{moment:%m%dT%H%M}"


def event(lines: str) -> bytes:
    whole = f"BEGIN:VCALENDAR|BEGIN:VEVENT|UID:2|{lines}|END:VEVENT|END:VCALENDAR|"
    return whole.replace("|", "\r\n").encode()


def is_right(found: str, right: str) -> bool:
    return found.startswith(right.removesuffix(FOR_EVER)) if FOR_EVER in right else found == right


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_a_calendar_reads_as_its_owner_means_it(case: Case) -> None:
    for ics, right in (
        ((FEEDS / f"{case.file}.ics").read_bytes(), case.right),
        (event(case.second), case.second_right),
    ):
        found, warnings = busy(ics, case.zone)
        assert is_right(found, right), (found, right)
        assert bool(warnings) is case.lost, warnings


def test_every_case_stands_in_the_table() -> None:
    assert {file.stem for file in FEEDS.glob("*.ics")} == {case.file for case in CASES}
