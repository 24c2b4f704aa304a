"""The schedule's one screen: what is saved, what is refused, and what it never shows."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from io import StringIO
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup, Tag
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from booking import samples
from booking.models import AvailabilityRule, BusyFeed, BusyInterval, DateOverride, Schedule
from booking.times import open_times
from practice.models import DaysAway, Intake, PracticeSettings, User
from tests import factories
from tests.forms import fields_of

pytestmark = pytest.mark.django_db

SCREEN = "/admin/schedule/"
NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)  # a Monday noon in Los Angeles
SECRET = "https://calendar.example.com/private-0a1b2c/basic.ics"
OTHER = "https://other.example.com/private-3d4e5f/basic.ics"


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    return practice


@pytest.fixture
def schedule() -> Schedule:
    return Schedule.load()


@pytest.fixture
def feed(schedule: Schedule) -> BusyFeed:
    feed = BusyFeed.objects.create(
        schedule=schedule,
        name="My own",
        url=SECRET,
        etag='"7"',
        last_modified="yesterday",
        read_at=NOW - timedelta(hours=1),
        problem="It did not answer.",
        warnings=["<b>Nowhere</b> is no zone."],
    )
    BusyInterval.objects.create(feed=feed, starts_at=NOW, ends_at=NOW + timedelta(hours=1))
    return feed


@lru_cache(maxsize=1)  # a test asks the same page many things, and reading it takes a while
def form_of(html: str) -> Tag:
    form = BeautifulSoup(html, "html.parser").select_one("#schedule-form")
    assert form is not None
    return form


def typed(html: str) -> dict[str, str]:
    """What a browser would send of the screen's form."""
    return fields_of(form_of(html))


def opened(client: Client) -> dict[str, str]:
    return typed(client.get(SCREEN).content.decode())


def save(client: Client, **changes: str) -> None:
    """Opens the screen, changes fields (`__` for `-`), and saves, which has to succeed."""
    answer = client.post(SCREEN, opened(client) | names(changes))
    assert answer.status_code == 302, errors(answer.content.decode())


def refused(client: Client, page: dict[str, str] | None = None, **changes: str) -> str:
    """The same where it has to be refused: the page that comes back. `page` was opened before."""
    before = stored()
    answer = client.post(SCREEN, (page or opened(client)) | names(changes))
    assert answer.status_code == 200, changes
    assert stored() == before
    html = answer.content.decode()
    assert "Nothing is saved yet." in html, changes
    sent, kept = names(changes), typed(html)
    assert {name: kept[name] for name in sent if name in kept}.items() <= sent.items(), (
        f"what was typed is kept: {changes}"
    )
    return html


def names(changes: dict[str, str]) -> dict[str, str]:
    return {name.replace("__", "-"): value for name, value in changes.items()}


def errors(html: str) -> list[str]:
    return [error.text for error in form_of(html).select(".errorlist li")]


def error_of(html: str, name: str) -> str:
    """The sentence that belongs to a field, by the field's own description."""
    form = form_of(html)
    field = form.select_one(f"[name={name}]")
    assert field is not None
    described = str(field.get("aria-describedby", "")).split()
    found = [form.select_one(f"#{each}") for each in described if each.endswith("_error")]
    return " ".join(each.text for each in found if each)


def stored() -> list[Any]:
    models = (PracticeSettings, Schedule, AvailabilityRule, DateOverride, DaysAway, BusyFeed)
    return [list(model.objects.order_by("pk").values()) for model in models]


def rules() -> list[tuple[int, time, time]]:
    return list(AvailabilityRule.objects.values_list("weekday", "opens", "closes"))


def starts() -> list[datetime]:
    return open_times.load(PracticeSettings.load(), Schedule.load(), NOW).starts(NOW)


# --- Who gets in -------------------------------------------------------------------------


@pytest.mark.parametrize("address", [SCREEN, f"{SCREEN}new-secret/", f"{SCREEN}use-as-is/"])
def test_an_editor_finds_nothing_and_changes_nothing(as_editor: Client, address: str) -> None:
    Schedule.load()
    before = stored()
    assert as_editor.get(address).status_code == 404
    assert as_editor.post(address).status_code == 404
    assert stored() == before
    assert SCREEN not in as_editor.get("/admin/").content.decode()


@pytest.mark.parametrize("address", [SCREEN, f"{SCREEN}new-secret/", f"{SCREEN}use-as-is/"])
def test_a_stranger_is_sent_to_the_sign_in(visitor: Client, address: str) -> None:
    for answer in (visitor.get(address), visitor.post(address)):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/account/login/")


def test_the_therapist_finds_the_screen_in_the_menu(as_therapist: Client) -> None:
    assert reverse("schedule:index") == SCREEN
    assert SCREEN in as_therapist.get("/admin/").content.decode()


# --- What is saved -----------------------------------------------------------------------


def test_saved_hours_make_the_right_times_open(as_therapist: Client) -> None:
    save(
        as_therapist,
        tuesday__0__opens="09:00",
        tuesday__0__closes="10:00",
        tuesday__1__opens="14:00",
        tuesday__1__closes="14:30",
        settings__notice_hours="0",
        settings__horizon_days="7",
    )
    assert [start.isoformat() for start in starts()] == [
        "2026-11-24T17:00:00+00:00",
        "2026-11-24T17:30:00+00:00",
        "2026-11-24T22:00:00+00:00",
    ]


def test_several_windows_of_a_day_leave_room_for_one_more(as_therapist: Client) -> None:
    save(as_therapist, friday__0__opens="09:00", friday__0__closes="10:00")
    save(as_therapist, friday__1__opens="11:00", friday__1__closes="12:00")
    save(as_therapist, friday__2__opens="11:30", friday__2__closes="13:00")  # they may overlap
    assert [opens.hour for _, opens, _ in rules()] == [9, 11, 11]
    assert "friday-3-opens" in opened(as_therapist)


def test_an_emptied_window_is_gone(as_therapist: Client, schedule: Schedule) -> None:
    schedule.rules.create(weekday=0, opens=time(9), closes=time(10))
    save(as_therapist, monday__0__opens="", monday__0__closes="")
    assert rules() == []


@pytest.mark.parametrize("end", ["24:00", "00:00"])
def test_an_end_of_24_00_is_the_days_end(as_therapist: Client, end: str) -> None:
    save(as_therapist, monday__0__opens="22:00", monday__0__closes=end)
    assert rules() == [(0, time(22), time(0))]
    assert opened(as_therapist)["monday-0-closes"] == "00:00"


def test_everything_else_is_saved_with_the_hours(as_therapist: Client) -> None:
    save(
        as_therapist,
        practice__intake=Intake.CLOSED,
        practice__closed_message="Back in spring.",
        practice__opens_again="2027-03-01",
        practice__consultation_minutes="25",
        practice__consultation_medium="video",
        practice__caller="visitor",
        practice__time_zone="Europe/Berlin",
        settings__hold_hours="48",
        settings__offer_hours="24",
        settings__step="15",
        settings__gap="0",
        settings__daily_limit="3",
        settings__reminds_two_days_before="on",
        settings__feed_titles="initials",
    )
    practice, schedule = PracticeSettings.load(), Schedule.load()
    assert (practice.intake, practice.closed_message) == ("closed", "Back in spring.")
    assert (practice.opens_again, practice.consultation_minutes) == (date(2027, 3, 1), 25)
    assert (practice.consultation_medium, practice.video_link) == ("video", "")
    assert (practice.caller, practice.time_zone) == ("visitor", "Europe/Berlin")
    assert (schedule.hold_hours, schedule.offer_hours, schedule.step) == (48, 24, 15)
    assert (schedule.gap, schedule.daily_limit, schedule.feed_titles) == (0, 3, "initials")
    assert schedule.reminds_two_days_before
    assert schedule.reminds_one_day_before


def test_what_another_screen_holds_is_left_alone(as_therapist: Client) -> None:
    data = opened(as_therapist)
    PracticeSettings.objects.update(fee="$200", telephone="not dialed", holiday_region="ZZ")
    assert as_therapist.post(SCREEN, data).status_code == 302
    assert PracticeSettings.load().fee == "$200"


def test_a_single_date_has_its_own_hours_or_none(as_therapist: Client) -> None:
    save(
        as_therapist,
        dates__0__day="2026-12-04",
        dates__0__windows__0__opens="08:00",
        dates__0__windows__0__closes="09:00",
        dates__0__windows__1__opens="18:00",
        dates__0__windows__1__closes="24:00",
        dates__1__day="2026-12-25",
    )
    rows = DateOverride.objects.values_list("day", "opens", "closes")
    assert list(rows) == [
        (date(2026, 12, 4), time(8), time(9)),
        (date(2026, 12, 4), time(18), time(0)),
        (date(2026, 12, 25), None, None),
    ]
    fresh = opened(as_therapist)
    assert "dates-0-windows-2-opens" in fresh
    assert "dates-3-day" in fresh
    save(as_therapist, dates__0__DELETE="on")
    assert [row.day for row in DateOverride.objects.all()] == [date(2026, 12, 25)]


def test_days_away_are_kept_until_they_are_over(as_therapist: Client) -> None:
    save(
        as_therapist,
        away__0__first_day="2026-12-24",
        away__0__last_day="2027-01-03",
        away__1__first_day="2026-11-24",
    )
    away = DaysAway.objects.order_by("first_day").values_list("first_day", "last_day")
    assert list(away) == [
        (date(2026, 11, 24), date(2026, 11, 24)),
        (date(2026, 12, 24), date(2027, 1, 3)),
    ]
    data = opened(as_therapist)  # in a tab that stays open until the first of them is over
    with time_machine.travel(NOW + timedelta(days=2)):
        again = factories.signed_in(User.objects.get())  # a session does not last two days
        assert again.post(SCREEN, data).status_code == 302
    assert [row.first_day.day for row in DaysAway.objects.all()] == [24]
    save(as_therapist, away__0__DELETE="on")
    assert not DaysAway.objects.exists()


def test_a_date_that_was_over_meanwhile_is_no_mistake(
    as_therapist: Client, therapist: User, schedule: Schedule
) -> None:
    schedule.overrides.create(day=date(2026, 11, 23))
    data = opened(as_therapist)
    with time_machine.travel(NOW + timedelta(days=1)):
        later = factories.signed_in(therapist)
        assert later.post(SCREEN, data).headers["Location"] == SCREEN
        assert "2026-11-23" not in later.get(SCREEN).content.decode()


# --- What is refused, beside its field ---------------------------------------------------


CANNOT_BE: list[tuple[dict[str, str], str, str]] = [
    ({"practice__consultation_minutes": "22"}, "practice-consultation_minutes", "multiple of"),
    ({"practice__consultation_minutes": "0"}, "practice-consultation_minutes", "greater than"),
    ({"practice__consultation_minutes": "9" * 30}, "practice-consultation_minutes", "less"),
    ({"practice__consultation_minutes": ""}, "practice-consultation_minutes", "required"),
    ({"settings__step": "7"}, "settings-step", "multiple of five"),
    ({"settings__gap": "-5"}, "settings-gap", "greater than or equal to 0"),
    ({"settings__gap": "12"}, "settings-gap", "multiple of five"),
    ({"settings__horizon_days": "1000"}, "settings-horizon_days", "less than"),
    ({"settings__daily_limit": "many"}, "settings-daily_limit", "whole number"),
    ({"settings__offer_hours": "1"}, "settings-offer_hours", "greater than"),
    ({"practice__video_link": "no link"}, "practice-video_link", "begins with https://"),
    ({"practice__opens_again": "soon"}, "practice-opens_again", "valid date"),
    (
        {"practice__intake": "closed", "practice__opens_again": "2026-11-23"},
        "practice-opens_again",
        "isn't in the future",
    ),
    (
        {"monday__0__opens": "09:00", "monday__0__closes": "09:00"},
        "monday-0-closes",
        "has to be after the beginning",
    ),
    (
        {"monday__0__opens": "17:00", "monday__0__closes": "09:00"},
        "monday-0-closes",
        "has to be after the beginning",
    ),
    ({"sunday__1__opens": "17:00"}, "sunday-1-closes", "Enter when it ends"),
    ({"sunday__1__closes": "17:00"}, "sunday-1-opens", "Enter when it begins"),
    (
        {"monday__0__opens": "09:02", "monday__0__closes": "10:00"},
        "monday-0-opens",
        "multiple of five minutes",
    ),
    (
        {"monday__0__opens": "24:00", "monday__0__closes": "10:00"},
        "monday-0-opens",
        "Enter a time",
    ),
    (
        {"monday__0__opens": "nine", "monday__0__closes": "10:00"},
        "monday-0-opens",
        "Enter a time",
    ),
    ({"dates__0__day": "2026-11-22"}, "dates-0-day", "is in the past"),
    ({"dates__0__day": "Friday"}, "dates-0-day", "Enter a date"),
    (
        {"dates__0__day": "2026-12-04", "dates__1__day": "2026-12-04"},
        "dates-1-day",
        "here twice",
    ),
    (
        {"dates__0__windows__0__opens": "09:00", "dates__0__windows__0__closes": "10:00"},
        "dates-0-day",
        "Enter the date for these hours",
    ),
    (
        {
            "dates__0__day": "2026-12-04",
            "dates__0__windows__1__opens": "10:00",
            "dates__0__windows__1__closes": "09:00",
        },
        "dates-0-windows-1-closes",
        "has to be after the beginning",
    ),
    (
        {"away__0__first_day": "2026-12-24", "away__0__last_day": "2026-12-23"},
        "away-0-last_day",
        "can't be before the first",
    ),
    ({"away__0__last_day": "2026-12-23"}, "away-0-first_day", "the first day"),
    ({"away__0__first_day": "2026-11-01"}, "away-0-first_day", "are in the past"),
    ({"away__0__first_day": "0000-00-00"}, "away-0-first_day", "Enter a date"),
    ({"feeds__0__name": "My own"}, "feeds-0-url", "Paste the address"),
    ({"feeds__0__url": SECRET}, "feeds-0-name", "Give it a name"),
    (
        {"feeds__0__name": "x", "feeds__0__url": "http://example.com/"},
        "feeds-0-url",
        "has to begin with https://",
    ),
    (
        {"feeds__0__name": "x", "feeds__0__url": "https://a:b@example.com/"},
        "feeds-0-url",
        "user name or password",
    ),
    ({"feeds__0__name": "x", "feeds__0__url": "https://[/"}, "feeds-0-url", "isn't the address"),
]


def test_what_cannot_be_is_refused_beside_its_field_and_kept(as_therapist: Client) -> None:
    Schedule.load()
    page = opened(as_therapist)  # nothing is saved, so it stays as it is for all of them
    for changes, name, words in CANNOT_BE:
        html = refused(as_therapist, page, **changes)
        assert words in error_of(html, name), (changes, errors(html))
        assert f'href="#id_{name}"' in html  # from the summary above the form


def test_an_unknown_zone_is_refused(as_therapist: Client) -> None:
    Schedule.load()
    data = opened(as_therapist)
    data |= {"practice-time_zone": "Mars/Olympus", "settings-step": "45"}
    html = as_therapist.post(SCREEN, data).content.decode()
    assert PracticeSettings.load().time_zone == "America/Los_Angeles"
    assert "Choose a time zone from the list" in error_of(html, "practice-time_zone")
    assert typed(html)["settings-step"] == "45"


def test_an_office_needs_an_address_and_the_sentence_leads_there(as_therapist: Client) -> None:
    Schedule.load()
    html = refused(as_therapist, practice__consultation_medium="office")
    assert "office address" in error_of(html, "practice-consultation_medium")
    assert '<a href="/admin/settings/practice/practicesettings/">' in html
    PracticeSettings.objects.update(office_address="1 Harbor Street")
    save(as_therapist, practice__consultation_medium="office")


def test_an_error_in_one_part_keeps_what_was_typed_in_every_other(as_therapist: Client) -> None:
    Schedule.load()
    html = refused(
        as_therapist,
        settings__step="7",
        practice__closed_message="<i>Back</i> in spring.",
        monday__1__opens="09:00",
        monday__1__closes="10:00",
        dates__1__day="2026-12-04",
        dates__1__windows__0__opens="08:00",
        dates__1__windows__0__closes="09:00",
        away__1__first_day="2026-12-24",
        feeds__0__name="My own",
        feeds__0__url=SECRET,
    )
    data = typed(html)
    assert data["practice-closed_message"] == "<i>Back</i> in spring."
    assert data["monday-1-closes"] == "10:00"
    assert data["dates-1-windows-0-opens"] == "08:00"
    assert data["away-1-first_day"] == "2026-12-24"
    assert data["feeds-0-url"] == SECRET


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"monday-TOTAL_FORMS": "nonsense"},
        {"feeds-TOTAL_FORMS": "99999999", "feeds-INITIAL_FORMS": "99999999"},
        {"dates-TOTAL_FORMS": "-1", "dates-0-windows-TOTAL_FORMS": "x"},
        {"monday-0-opens": "\x00", "feeds-0-name": "\x00", "feeds-0-url": "\x00"},
        {"away-0-first_day": "9999-12-31", "dates-0-day": "9999-12-31", "settings-step": "\x00"},
    ],
)
def test_a_forged_form_is_shown_again_and_nothing_is_written(
    as_therapist: Client, feed: BusyFeed, sent: dict[str, str]
) -> None:
    before = stored()
    for data in (sent, opened(as_therapist) | sent | {"settings-gap": "1"}):
        answer = as_therapist.post(SCREEN, data)
        assert answer.status_code == 200
        assert "Nothing is saved yet." in answer.content.decode()
    assert stored() == before


def test_days_far_ahead_do_no_harm(as_therapist: Client, visitor: Client) -> None:
    save(
        as_therapist,
        dates__0__day="9999-12-31",
        away__0__first_day="2027-01-01",
        away__0__last_day="9999-12-31",
    )
    assert as_therapist.get(SCREEN).status_code == 200
    assert visitor.get("/consultation/").status_code == 200


# --- Other calendars ---------------------------------------------------------------------


def test_a_calendars_address_is_never_in_the_page(as_therapist: Client, feed: BusyFeed) -> None:
    for html in (
        as_therapist.get(SCREEN).content.decode(),
        refused(as_therapist, settings__step="7"),
    ):
        assert "private-0a1b2c" not in html
        assert "https://calendar.example.com/…" in html
        assert "It did not answer." in html
        assert "&lt;b&gt;Nowhere" in html
        assert "Last read Monday, November 23, 2026 at 11:00 AM Pacific Time" in html


def test_a_new_calendar_waits_to_be_read(as_therapist: Client) -> None:
    save(as_therapist, feeds__0__name="My own", feeds__0__url=SECRET)
    assert BusyFeed.objects.get().url == SECRET
    assert "Not read yet" in as_therapist.get(SCREEN).content.decode()


def test_another_name_leaves_the_address_and_what_was_read(
    as_therapist: Client, feed: BusyFeed
) -> None:
    save(as_therapist, feeds__0__name="At home")
    feed.refresh_from_db()
    assert (feed.name, feed.url, feed.etag) == ("At home", SECRET, '"7"')
    assert feed.read_at
    assert feed.problem


def test_another_address_is_read_anew_and_its_busy_times_stay_until_then(
    as_therapist: Client, feed: BusyFeed
) -> None:
    save(as_therapist, feeds__0__url=OTHER)
    feed.refresh_from_db()
    assert (feed.url, feed.etag, feed.last_modified) == (OTHER, "", "")
    assert (feed.read_at, feed.checked_at, feed.problem, feed.warnings) == (None, None, "", [])
    assert feed.accepted is None
    assert not feed.is_silent(NOW)
    assert feed.intervals.count() == 1


def test_own_addresses_are_kept_as_typed_or_refused_and_have_the_calendar_read_anew(
    as_therapist: Client, feed: BusyFeed
) -> None:
    html = refused(as_therapist, feeds__0__own_addresses="me@example.com, nobody")
    assert "nobody doesn&#x27;t look like an email address." in html
    assert 'value="me@example.com, nobody"' in html
    save(as_therapist, feeds__0__own_addresses="me@example.com,  ME@work.example")
    feed.refresh_from_db()
    assert feed.own_addresses == "me@example.com, ME@work.example"
    assert (feed.etag, feed.checked_at) == ("", None)
    assert feed.intervals.exists()


def test_another_zone_has_calendars_read_anew(as_therapist: Client, feed: BusyFeed) -> None:
    save(as_therapist, practice__time_zone="Europe/Berlin")
    feed.refresh_from_db()
    assert (feed.etag, feed.checked_at) == ("", None)
    assert feed.read_at
    assert feed.intervals.exists()


def test_a_removed_calendar_goes_with_its_busy_times(as_therapist: Client, feed: BusyFeed) -> None:
    save(as_therapist, feeds__0__DELETE="on")
    assert not BusyFeed.objects.exists()
    assert not BusyInterval.objects.exists()


def test_a_calendar_that_another_tab_removed_stays_removed(
    as_therapist: Client, feed: BusyFeed
) -> None:
    data = opened(as_therapist)
    feed.delete()
    assert as_therapist.post(SCREEN, data).status_code == 302
    assert not BusyFeed.objects.exists()


def test_without_the_key_addresses_are_asked_for_again(
    as_therapist: Client, feed: BusyFeed, settings: Any
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["QW5vdGhlciBrZXkgZm9yIHRlc3RzIGFsb25lISEhISE="]
    html = as_therapist.get(SCREEN).content.decode()
    assert "can't read its address" in html
    assert "can't read this address" in html
    assert "/calendar/" not in html
    save(as_therapist, feeds__0__url=OTHER)
    assert BusyFeed.objects.get().url == OTHER


# --- The therapist's own calendar --------------------------------------------------------


def test_the_private_address_can_be_replaced(
    as_therapist: Client, visitor: Client, schedule: Schedule
) -> None:
    old = f"/calendar/{schedule.feed_secret}.ics"
    assert f"http://testserver{old}" in as_therapist.get(SCREEN).content.decode()
    assert as_therapist.get(f"{SCREEN}new-secret/").status_code == 405
    answer = as_therapist.post(f"{SCREEN}new-secret/")
    assert answer.headers["Location"].startswith(SCREEN)
    new = f"/calendar/{Schedule.load().feed_secret}.ics"
    assert new != old
    assert visitor.get(old).status_code == 404
    assert visitor.get(new).status_code == 200


# --- What visitors see -------------------------------------------------------------------


def preview(client: Client) -> dict[str, list[str]]:
    page = BeautifulSoup(client.get(SCREEN).content, "html.parser")
    days = page.select(".schedule-preview dl > div")
    return {
        " ".join(day.select_one("dt").text.split()): [  # type: ignore[union-attr]
            time.text for time in day.select("dd")
        ]
        for day in days
    }


def test_the_next_two_weeks_are_shown_as_visitors_see_them(
    as_therapist: Client, schedule: Schedule
) -> None:
    schedule.rules.create(weekday=2, opens=time(9), closes=time(10))
    days = preview(as_therapist)
    assert len(days) == 14
    assert days["Monday, November 23"] == ["none"]
    assert days["Wednesday, November 25"] == ["9:00 AM", "9:30 AM"]
    assert days["Wednesday, December 2"] == ["9:00 AM", "9:30 AM"]
    Schedule.objects.update(horizon_days=3)
    assert len(preview(as_therapist)) == 4


def test_an_hour_that_comes_twice_says_which_of_the_two_it_is(
    as_therapist: Client, schedule: Schedule
) -> None:
    schedule.rules.create(weekday=6, opens=time(1), closes=time(2))
    PracticeSettings.objects.update(time_zone="Europe/Berlin")
    schedule.rules.create(weekday=6, opens=time(3), closes=time(3, 30))
    schedule.rules.create(weekday=6, opens=time(2), closes=time(2, 30))
    with time_machine.travel(datetime(2026, 10, 20, tzinfo=UTC)):
        days = preview(as_therapist)
    twice = ["2:00 AM (CEST)", "2:00 AM (CET)"]
    assert days["Sunday, October 25"] == ["1:00 AM", "1:30 AM", *twice, "3:00 AM"]


def test_the_preview_shows_what_is_saved_and_not_what_is_typed(
    as_therapist: Client, schedule: Schedule
) -> None:
    schedule.rules.create(weekday=2, opens=time(9), closes=time(10))
    html = refused(
        as_therapist, practice__time_zone="Asia/Tokyo", settings__step="5", away__0__last_day="x"
    )
    assert "November 25</dt>" in html
    assert "in Pacific Time</h2>" in html
    assert "9:05 AM" not in html


@pytest.mark.parametrize("intake", ["without_times", "waiting_list", "closed"])
def test_a_sentence_says_when_visitors_see_no_times(as_therapist: Client, intake: str) -> None:
    words = "Visitors see no times right now"
    assert words not in as_therapist.get(SCREEN).content.decode()
    PracticeSettings.objects.update(intake=intake)
    assert words in as_therapist.get(SCREEN).content.decode()


def test_a_sentence_says_that_there_are_no_hours_yet(
    as_therapist: Client, schedule: Schedule
) -> None:
    words = "You have no weekly hours yet"
    assert words in as_therapist.get(SCREEN).content.decode()
    schedule.rules.create(weekday=2, opens=time(9), closes=time(10))
    assert words not in as_therapist.get(SCREEN).content.decode()


# --- The sample --------------------------------------------------------------------------


def removed() -> str:
    out = StringIO()
    call_command("remove_sample_content", stdout=out)
    return out.getvalue()


def test_sample_hours_load_once_and_go_while_nobody_has_saved_them() -> None:
    samples.load_hours()
    samples.load_hours()
    assert len(rules()) == 8
    assert Schedule.load().hours_are_sample
    assert "Removed the weekly hours" in removed()
    assert rules() == []
    assert "weekly hours" not in removed()


def test_sample_hours_that_were_saved_are_the_therapists(as_therapist: Client) -> None:
    samples.load_hours()
    assert "These hours are a sample" in as_therapist.get(SCREEN).content.decode()
    save(as_therapist)
    assert not Schedule.load().hours_are_sample
    assert "weekly hours" not in removed()
    assert len(rules()) == 8


def test_sample_hours_never_join_those_that_are_there(schedule: Schedule) -> None:
    schedule.rules.create(weekday=2, opens=time(9), closes=time(10))
    samples.load_hours()
    assert len(rules()) == 1
    assert not Schedule.load().hours_are_sample
