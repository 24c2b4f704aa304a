"""The therapist's other calendars, from a real server on this machine to the open times."""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from booking.busy import sync
from booking.busy.fetching import Fetched, fetch, is_public
from booking.models import BusyFeed, BusyInterval, Schedule, Weekday
from booking.times import open_times
from practice.models import PracticeSettings
from tests import factories
from tests.booking.calendar_server import Get, Handler, Server

NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)  # a Monday, at nine in Los Angeles
TITLE = "canary title 7f3a"
LATER = timedelta(minutes=5)

Read = Callable[..., BusyFeed]


@pytest.fixture(autouse=True)
def _schedule(practice: PracticeSettings) -> None:
    ten_to_noon = {Weekday.TUESDAY: [(time(10), time(12))]}
    factories.schedule(ten_to_noon, step=60, gap=0, notice_hours=1, horizon_days=14)
    PracticeSettings.objects.update(consultation_minutes=60)


@pytest.fixture
def feed(server: Server) -> BusyFeed:
    return add(server.url)


@pytest.fixture
def read(feed: BusyFeed, get: Get) -> Read:
    """Reads the calendar as it is stored, and gives what is stored then."""

    def _read(now: datetime = NOW, fetch: Any = get) -> BusyFeed:
        sync.read(BusyFeed.objects.get(pk=feed.pk), now, fetch=fetch)
        return BusyFeed.objects.get(pk=feed.pk)

    return _read


def add(url: str, **fields: Any) -> BusyFeed:
    values = {"name": "my own calendar", "added_at": NOW, **fields}
    return BusyFeed.objects.create(schedule=Schedule.load(), url=url, **values)


def calendar(*events: list[str]) -> bytes:
    lines = [line for each in events for line in ["BEGIN:VEVENT", *each, "END:VEVENT"]]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()


def event(start: str, end: str, *lines: str, uid: str = "1@calendar.example") -> list[str]:
    return [
        f"UID:{uid}",
        f"DTSTART;TZID=America/Los_Angeles:{start}",
        f"DTEND;TZID=America/Los_Angeles:{end}",
        f"SUMMARY:{TITLE}",
        f"LOCATION:{TITLE}",
        f"DESCRIPTION:{TITLE}",
        *lines,
    ]


WEEKLY = event("20260303T100000", "20260303T110000", "RRULE:FREQ=WEEKLY")
CANCELLED = event(
    "20260310T100000",
    "20260310T110000",
    "RECURRENCE-ID;TZID=America/Los_Angeles:20260310T100000",
    "STATUS:CANCELLED",
)


def holds(body: bytes, **headers: str) -> Callable[[Handler], None]:
    return lambda handler: handler.reply(200, body, **headers)


def offered(now: datetime = NOW) -> list[str]:
    """The open times in the practice's zone, such as `03-03 10`."""
    practice = PracticeSettings.load()
    starts = open_times.load(practice, Schedule.load(), now).starts(now)
    return [f"{start.astimezone(practice.zone):%m-%d %H}" for start in starts]


EVERYTHING = ["03-03 10", "03-03 11", "03-10 10", "03-10 11"]
WITHOUT_TEN = ["03-03 11", "03-10 11"]


# What is kept


def test_times_of_another_calendar_are_never_offered(server: Server, read: Read) -> None:
    assert offered() == EVERYTHING
    server.answer = holds(calendar(WEEKLY))
    found = read()
    assert offered() == WITHOUT_TEN
    assert (found.read_at, found.checked_at, found.problem) == (NOW, NOW, "")


def test_a_cancelled_instance_opens_again(server: Server, read: Read) -> None:
    server.answer = holds(calendar(WEEKLY))
    read()
    server.answer = holds(calendar(WEEKLY, CANCELLED))
    read(NOW + LATER)
    assert offered() == ["03-03 11", "03-10 10", "03-10 11"]


def test_an_all_day_event_is_a_day_of_the_practice(server: Server, read: Read) -> None:
    server.answer = holds(
        calendar(["UID:1", "DTSTART;VALUE=DATE:20260303", "DTEND;VALUE=DATE:20260304"])
    )
    read()
    assert offered() == ["03-10 10", "03-10 11"]


def test_an_event_of_all_the_years_there_are_is_kept_as_far_as_was_looked(
    server: Server, read: Read
) -> None:
    server.answer = holds(calendar(["UID:1", "DTSTART:00010101T000000Z", "DTEND:99991231T235959Z"]))
    found = read()
    kept = found.intervals.get()
    assert (kept.starts_at, kept.ends_at) == (NOW - sync.READS_BACK, found.covers_until)
    assert offered() == []


def test_busy_times_that_stay_are_left_alone(
    server: Server, read: Read, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def body(*days: int) -> bytes:
        return calendar(
            *(event(f"202603{d:02}T080000", f"202603{d:02}T090000", uid=str(d)) for d in days)
        )

    server.answer = holds(body(*range(10, 30)))
    read()
    before = dict(BusyInterval.objects.values_list("starts_at", "pk"))
    server.answer = holds(body(9, *range(11, 30)))
    with django_assert_max_num_queries(15):
        read(NOW + LATER)
    after = dict(BusyInterval.objects.values_list("starts_at", "pk"))
    assert len(before) == len(after) == 20
    assert len(before.items() & after.items()) == 19


def test_nothing_of_an_event_but_its_time_is_stored_or_logged(
    server: Server, read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    oddities = [
        event("20260303T100000", "20260303T110000", f"RRULE:{TITLE}", uid="bad rule"),
        [f"UID:{TITLE}", "DTSTART:never", f"SUMMARY:{TITLE}"],
        ["UID:secondly", "DTSTART:20260303T000000Z", "RRULE:FREQ=SECONDLY", f"SUMMARY:{TITLE}"],
    ]
    server.answer = holds(calendar(WEEKLY, *oddities), ETag='"v1"')
    found = read()
    assert len(found.warnings) == 3
    assert all("one event" in each.lower() for each in found.warnings)
    server.answer = holds(f"<html>{TITLE}</html>".encode())
    assert "web page" in read(NOW + LATER).problem
    assert BusyInterval.objects.exists()
    assert TITLE not in everything_stored()
    assert TITLE not in caplog.text
    assert server.url not in everything_stored()
    assert "secret.ics" not in caplog.text


def everything_stored() -> str:
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += cursor.fetchall()
    return str(rows)


def test_warnings_are_few_and_short(
    server: Server, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chatty(*args: Any, **kwargs: Any) -> tuple[list[Any], list[str]]:
        return [], ["x" * 1000] * 1000

    monkeypatch.setattr(sync, "busy_intervals", chatty)
    assert read().warnings == ["x" * 200] * 10


# What an unchanged calendar costs


def test_an_unchanged_calendar_costs_one_conditional_request(
    server: Server, read: Read, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    server.answer = holds(
        calendar(WEEKLY), ETag='"v1"', Last_Modified="Sun, 01 Mar 2026 00:00:00 GMT"
    )
    read()
    assert "If-None-Match" not in server.requests[0][1]
    server.answer = lambda handler: handler.reply(304)
    with django_assert_max_num_queries(7):
        found = read(NOW + LATER)
    assert server.connections == 2
    headers = server.requests[1][1]
    assert headers["If-None-Match"] == '"v1"'
    assert headers["If-Modified-Since"] == "Sun, 01 Mar 2026 00:00:00 GMT"
    assert (found.read_at, found.etag, found.problem) == (NOW + LATER, '"v1"', "")
    assert offered() == WITHOUT_TEN


@pytest.mark.parametrize(
    ("after", "conditional"), [(timedelta(days=6, hours=23), True), (timedelta(days=7), False)]
)
def test_once_a_week_all_is_asked_for_since_more_days_have_come_into_reach(
    server: Server, read: Read, after: timedelta, conditional: bool
) -> None:
    server.answer = holds(calendar(WEEKLY), ETag='"v1"')
    read()
    read(NOW + after)
    assert ("If-None-Match" in server.requests[1][1]) is conditional


def test_what_was_read_reaches_further_than_any_horizon_until_all_is_read_again() -> None:
    least = sync.READS_AHEAD - sync.READS_IN_FULL_EVERY
    Schedule(horizon_days=120).clean_fields(exclude=["feed_secret"])
    with pytest.raises(ValidationError):
        Schedule(horizon_days=121).clean_fields(exclude=["feed_secret"])
    assert least > timedelta(days=121)


def test_another_zone_of_the_practice_has_all_of_it_read_again(server: Server, read: Read) -> None:
    all_day = ["UID:1", "DTSTART;VALUE=DATE:20260303", "DTEND;VALUE=DATE:20260304"]
    server.answer = holds(calendar(all_day), ETag='"v1"')
    read()
    PracticeSettings.objects.update(time_zone="Europe/Berlin")
    sync.read_again(BusyFeed.objects.all())
    assert sync.read_next(NOW, fetch=lambda url: Fetched(calendar(all_day), "", "")) == 1
    kept = BusyInterval.objects.get()
    assert kept.starts_at == datetime(2026, 3, 2, 23, tzinfo=UTC)


# What cannot be read


def endless_redirects(handler: Handler) -> None:
    handler.reply(302, Location="/again")


def fifty_megabytes(handler: Handler) -> None:
    handler.start("Connection: close")
    for _ in range(50):
        handler.wfile.write(bytes(1024 * 1024))


def drip(handler: Handler) -> None:
    handler.start("Content-Length: 1000000")
    handler.forever(b"x", 0.05)


BOMBS = calendar(
    *(
        [f"UID:{n}", "DTSTART:20260301T000000Z", "RRULE:FREQ=SECONDLY", f"SUMMARY:{TITLE}"]
        for n in range(1000)
    )
)


REFUSED: dict[str, tuple[Callable[[Handler], None], str]] = {
    "down": (lambda handler: handler.reply(503), "an error (503)"),
    "gone": (lambda handler: handler.reply(404), "no calendar at this address"),
    "a web page": (holds(b"<!DOCTYPE html><html>Sign in"), "a web page"),
    "nothing": (holds(b""), "isn't a calendar"),
    "half of one": (holds(calendar(WEEKLY)[:-20]), "stops before its end"),
    "50 MB": (fifty_megabytes, "larger than 5 MB"),
    "endless redirects": (endless_redirects, "redirects more than 5 times"),
    "a redirect to plain http": (
        lambda handler: handler.reply(302, Location="http://calendar.example/"),
        "begin with https",
    ),
    "drip": (drip, "didn't respond within"),
}


@pytest.mark.parametrize("bad", REFUSED)
def test_what_cannot_be_read_is_refused_with_a_reason_and_the_last_copy_stays(
    server: Server, read: Read, get: Get, bad: str
) -> None:
    server.answer = holds(calendar(WEEKLY), ETag='"v1"')
    read()
    kept = list(BusyInterval.objects.values_list())
    server.answer, sentence = REFUSED[bad]
    found = read(NOW + LATER, fetch=lambda url, **more: get(url, seconds=3, **more))
    assert sentence in found.problem
    assert found.problem.endswith(".")
    assert "secret" not in found.problem
    assert TITLE not in found.problem
    assert list(BusyInterval.objects.values_list()) == kept
    assert (found.checked_at, found.read_at, found.etag) == (NOW + LATER, NOW, '"v1"')
    assert offered() == WITHOUT_TEN
    server.answer = holds(calendar())
    assert read(NOW + 2 * LATER).problem == ""
    assert offered() == EVERYTHING


# What cannot be read in full


NEVER = ["UID:never", "DTSTART:never", f"SUMMARY:{TITLE}"]


@pytest.mark.parametrize(
    "body",
    [
        BOMBS,
        calendar(NEVER),
        calendar(event("20260310T100000", "20260310T110000", "RRULE:FREQ=NEVER")),
        calendar(event("20260310T100000", "20260310T110000", "RDATE:20260317T100000,soon")),
    ],
)
def test_what_was_read_last_stays_busy_beside_a_reading_with_losses_until_a_clean_one(
    server: Server, read: Read, body: bytes
) -> None:
    server.answer = holds(calendar(WEEKLY))
    read()
    server.answer = holds(body)
    for again in (1, 2):
        found = read(NOW + again * LATER)
        assert (found.problem, len(found.warnings)) == ("", 1)
        assert sync.with_losses() == [found]
        assert offered() == WITHOUT_TEN
    server.answer = holds(calendar())
    read(NOW + 3 * LATER)
    assert sync.with_losses() == []
    assert offered() == EVERYTHING


def test_times_of_readings_with_losses_are_joined_and_those_that_are_over_go(
    server: Server, read: Read
) -> None:
    def body(hour: int) -> bytes:
        return calendar(event(f"20260303T{hour:02}0000", f"20260303T{hour + 2:02}0000"), NEVER)

    server.answer = holds(calendar(event("20260302T060000", "20260302T080000")))
    read()
    for hour in (9, 10, 11):
        server.answer = holds(body(hour))
        read(NOW + hour * LATER)
    kept = BusyInterval.objects.get()
    assert (kept.starts_at.hour, kept.ends_at.hour) == (17, 21)


def test_a_calendar_is_used_as_it_is_once_the_therapist_says_so_and_its_losses_are_the_same(
    as_therapist: Client, server: Server, read: Read
) -> None:
    server.answer = holds(calendar(WEEKLY))
    read()
    server.answer = holds(calendar(NEVER))
    found = read(NOW + LATER)
    home = reverse("wagtailadmin_home")

    def press(**changed: str) -> str:
        said = {"calendar": str(found.pk), "shown": found.losses, **changed}
        as_therapist.post(reverse("schedule:use_as_is"), said)
        return as_therapist.get(home).content.decode()

    page = as_therapist.get(home).content.decode()
    assert "“my own calendar”" in page
    assert escape(found.warnings[0]) in page
    assert TITLE not in page
    for changed in ({"shown": "what an older page showed"}, {"calendar": "x"}, {"calendar": "99"}):
        assert "Use this calendar as it is" in press(**changed)
    assert "Use this calendar as it is" not in press()
    assert offered() == WITHOUT_TEN
    assert read(NOW + 2 * LATER).checked_at == NOW + 2 * LATER
    assert offered() == EVERYTHING
    server.answer = holds(calendar(WEEKLY, NEVER, ["UID:2", "DTSTART:never"]))
    read(NOW + 3 * LATER)
    assert "Use this calendar as it is" in as_therapist.get(home).content.decode()
    server.answer = holds(calendar())
    assert read(NOW + 4 * LATER).accepted is None


def test_what_the_therapist_declined_keeps_no_time_busy(server: Server, read: Read) -> None:
    declined = "ATTENDEE;PARTSTAT=DECLINED:mailto:me@practice.example"
    server.answer = holds(calendar([*WEEKLY, declined]))
    read()
    assert offered() == WITHOUT_TEN
    BusyFeed.objects.update(own_addresses="other@practice.example, Me@practice.example")
    read(NOW + LATER)
    assert offered() == EVERYTHING


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]"])
def test_an_internal_address_is_refused_and_never_connected_to(server: Server, host: str) -> None:
    inside = add(f"https://{host}:{server.port}/secret.ics")
    sync.read(inside, NOW)
    inside.refresh_from_db()
    assert "isn't on the public internet" in inside.problem
    assert server.connections == 0


def test_a_calendar_that_moved_inside_is_refused_and_its_last_copy_stays(
    server: Server, read: Read, get: Get
) -> None:
    server.answer = holds(calendar(WEEKLY))
    read()
    found = read(NOW + LATER, fetch=lambda url, **more: get(url, is_allowed=is_public, **more))
    assert found.problem == "calendar.example isn't on the public internet."
    assert offered() == WITHOUT_TEN


def test_a_calendar_that_is_down_warns_the_therapist_after_a_day(
    server: Server, read: Read
) -> None:
    server.answer = holds(calendar(WEEKLY))
    read()
    server.answer = lambda handler: handler.reply(503)
    nearly = NOW + timedelta(hours=23, minutes=59)
    read(nearly)
    assert sync.silent(nearly) == []
    later = NOW + timedelta(days=1, minutes=1)
    found = read(later)
    assert sync.silent(later) == [found]
    server.answer = holds(calendar(WEEKLY))
    read(later + LATER)
    assert sync.silent(later + LATER) == []


def test_a_calendar_that_never_could_be_read_warns_a_day_after_it_was_added(feed: BusyFeed) -> None:
    assert sync.silent(NOW + timedelta(hours=23)) == []
    assert sync.silent(NOW + timedelta(hours=25)) == [feed]


def test_an_address_whose_key_is_missing_is_a_problem_and_no_crash(
    server: Server, read: Read, settings: Any
) -> None:
    server.answer = holds(calendar(WEEKLY))
    read()
    keys = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    found = read(NOW + LATER)
    assert found.problem == sync.NO_KEY
    assert server.connections == 1
    assert offered() == WITHOUT_TEN
    settings.FIELD_ENCRYPTION_KEYS = keys
    assert read(NOW + 2 * LATER).problem == ""


def test_a_fault_of_our_own_is_noted_by_its_kind_and_stops_no_other_calendar(
    server: Server, feed: BusyFeed, get: Get, caplog: pytest.LogCaptureFixture
) -> None:
    other = add(server.url.replace("secret", "other"))
    server.answer = holds(calendar(WEEKLY))

    def breaks_once(url: str, **more: Any) -> Fetched:
        if "secret" in url:
            raise RuntimeError(f"at {url} in {TITLE}")
        return get(url, **more)

    assert sync.read_all(NOW, fetch=breaks_once) == 1
    feed.refresh_from_db()
    other.refresh_from_db()
    assert (feed.problem, feed.checked_at) == (sync.FAULT, NOW)
    assert (other.problem, other.read_at) == ("", NOW)
    assert "RuntimeError" in caplog.text
    assert TITLE not in caplog.text
    assert "secret" not in caplog.text


# What happens meanwhile


def after(act: Callable[[], Any], body: bytes = calendar(WEEKLY)) -> Callable[..., Fetched]:
    """A fetch during which somebody does something."""

    def fetching(url: str, **more: Any) -> Fetched:
        act()
        return Fetched(body, '"old"', "")

    return fetching


def test_a_calendar_that_is_removed_while_it_is_read_stays_removed(feed: BusyFeed) -> None:
    sync.read(feed, NOW, fetch=after(lambda: BusyFeed.objects.all().delete()))
    assert not BusyFeed.objects.exists()
    assert not BusyInterval.objects.exists()
    sync.read(feed, NOW, fetch=after(lambda: pytest.fail("it is not asked for any more")))


def test_an_address_that_is_changed_while_the_old_one_is_read_gets_nothing_of_it(
    server: Server, feed: BusyFeed, read: Read
) -> None:
    def change() -> None:
        BusyFeed.objects.filter(pk=feed.pk).update(url=server.url + "?new", etag="")

    found = read(fetch=after(change))
    assert (found.etag, found.read_at, found.covers_until) == ("", None, None)
    assert not BusyInterval.objects.exists()
    server.answer = holds(calendar(WEEKLY))
    read(NOW + LATER)
    ((path, headers),) = server.requests
    assert path == "/secret.ics?new"
    assert "If-None-Match" not in headers


def test_what_is_to_be_read_again_is_not_overtaken_by_what_is_being_read(
    feed: BusyFeed, read: Read
) -> None:
    found = read(fetch=after(lambda: sync.read_again(BusyFeed.objects.all())))
    assert found.checked_at is None
    assert not BusyInterval.objects.exists()


def test_what_another_worker_read_meanwhile_is_not_replaced_by_what_is_older(
    feed: BusyFeed, read: Read
) -> None:
    def newer() -> None:
        one = BusyFeed.objects.get(pk=feed.pk)
        sync.read(one, NOW + LATER, fetch=after(lambda: None, calendar()))

    found = read(fetch=after(newer))
    assert found.read_at == NOW + LATER
    assert offered() == EVERYTHING


def test_the_name_may_be_changed_meanwhile(feed: BusyFeed, read: Read) -> None:
    found = read(fetch=after(lambda: BusyFeed.objects.update(name="the family's")))
    assert (found.name, found.read_at) == ("the family's", NOW)


def test_nothing_is_locked_while_the_calendar_is_waited_for(bare: None) -> None:
    feed = add("https://calendar.example/secret.ics")
    open_transactions = []
    note = after(lambda: open_transactions.append(connection.in_atomic_block))
    sync.read(feed, NOW, fetch=note)
    assert open_transactions == [False]
    assert BusyInterval.objects.exists()


# Which is next


def test_a_new_calendar_comes_first_then_the_one_that_waited_longest() -> None:
    asked = []

    def note(url: str, **more: Any) -> Fetched:
        asked.append(url[-1])
        return Fetched(calendar(), "", "")

    add("https://calendar.example/a", checked_at=NOW - timedelta(minutes=6))
    add("https://calendar.example/b", checked_at=NOW - timedelta(minutes=7))
    add("https://calendar.example/c")
    add("https://calendar.example/d", checked_at=NOW - timedelta(minutes=4))
    assert [sync.read_next(NOW, fetch=note) for _ in range(4)] == [1, 1, 1, 0]
    assert asked == ["c", "b", "a"]
    assert sync.read_next(NOW + timedelta(minutes=1), fetch=note) == 1
    assert asked[3:] == ["d"]


def test_a_clock_that_was_set_back_stops_no_calendar_from_being_read(feed: BusyFeed) -> None:
    BusyFeed.objects.update(checked_at=NOW + timedelta(hours=3))
    assert sync.read_next(NOW, fetch=after(lambda: None)) == 1


def test_all_are_read_on_demand_and_those_that_could_be_are_counted(
    server: Server, feed: BusyFeed, get: Get
) -> None:
    BusyFeed.objects.update(checked_at=NOW)
    add("https://127.0.0.1/secret.ics")

    def by_address(url: str, **more: Any) -> Fetched:
        return get(url, **more) if url == server.url else fetch(url, **more)

    assert sync.read_all(NOW + timedelta(minutes=1), fetch=by_address) == 1
    assert server.connections == 1


# What the therapist sees


@pytest.mark.parametrize("name", ["wagtailadmin_home", "consultations:index"])
def test_a_silent_calendar_is_named_on_the_screens_that_the_therapist_opens_first(
    as_therapist: Client, name: str
) -> None:
    add("https://calendar.example/secret.ics", name="<b>mine</b>", added_at=datetime.now(UTC))
    assert (
        "hasn't been able to read your calendar"
        not in as_therapist.get(reverse(name)).content.decode()
    )
    BusyFeed.objects.update(added_at=datetime.now(UTC) - timedelta(hours=25))
    page = as_therapist.get(reverse(name)).content.decode()
    assert "hasn't been able to read your calendar “&lt;b&gt;mine&lt;/b&gt;” since" in page
    assert "secret.ics" not in page
    BusyFeed.objects.update(read_at=datetime(2021, 5, 6, 12, tzinfo=UTC))
    assert f"{date(2021, 5, 6):%B} 6" in as_therapist.get(reverse(name)).content.decode()
