"""A practice of two therapists: what one has agreed, set or lost is never the other's."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from booking import conflicts
from booking.erasure import data_requests, erasing
from booking.forms.times import as_value
from booking.letters import emails, outbox
from booking.models import (
    ConsultationRequest,
    DateOverride,
    Letter,
    OutgoingEmail,
    Schedule,
    SlotClaim,
    State,
    Weekday,
)
from booking.services import by_visitor, counts, decisions, expiry, transitions
from booking.spam.signals import Sending
from booking.times import reservations
from practice.models import PracticeSettings, User
from tests import factories
from tests.faults.site import PATIENCE
from tests.faults.test_races import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)  # a Monday, 9:00 in Los Angeles
THURSDAY = datetime(2026, 12, 3, 18, tzinfo=UTC)  # 10:00 in Los Angeles
DAY, MINUTES = timedelta(days=1), timedelta(minutes=20)
WORDS = emails.Draft("About your message", "Some words.")
CORA = {
    "therapist_name": "Cora Whitfield",
    "telephone": "+1 415 555 0177",
    "medium": "video",
}


@pytest.fixture(autouse=True)
def frozen() -> Any:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def first(practice: PracticeSettings) -> Schedule:
    """That of the therapist whom the practice's settings name."""
    return factories.schedule()


@pytest.fixture
def second(first: Schedule) -> Schedule:
    return factories.schedule(of=Schedule.objects.create(**CORA))


def ask(schedule: Schedule | None, start: datetime | None = None, **fields: Any) -> Any:
    consultation = factories.unsaved_request(schedule=schedule, asked_for=start, **fields)
    return by_visitor.submit(consultation)[0]


def agree(
    schedule: Schedule, therapist: User, start: datetime = THURSDAY, **fields: Any
) -> ConsultationRequest:
    return factories.agreed_request(start, by=therapist, schedule=schedule, **fields)


def offer(schedule: Schedule, therapist: User, start: datetime) -> None:
    consultation = ask(schedule)
    decisions.offer(consultation, user=therapist, words=WORDS, starts=[start], minutes=20)


# Open times


@pytest.mark.parametrize("how", ["asked for", "agreed", "offered", "busy"])
def test_what_takes_a_time_of_one_leaves_the_others_open(
    first: Schedule, second: Schedule, therapist: User, how: str
) -> None:
    before = factories.open_times(first)
    assert THURSDAY in before
    assert before == factories.open_times(second)
    {
        "asked for": partial(ask, second, THURSDAY),
        "agreed": partial(agree, second, therapist),
        "offered": partial(offer, second, therapist, THURSDAY),
        "busy": partial(factories.busy, THURSDAY, THURSDAY + MINUTES, second),
    }[how]()
    assert factories.open_times(first) == before
    assert THURSDAY not in factories.open_times(second)


def test_each_has_hours_of_its_own(first: Schedule, second: Schedule) -> None:
    factories.schedule({Weekday.FRIDAY: [(time(9), time(9, 30))]}, of=second)
    DateOverride.objects.create(schedule=first, day=THURSDAY.date())
    assert factories.open_times(second)[:2] == [
        THURSDAY + DAY - timedelta(hours=1),
        7 * DAY + (THURSDAY + DAY - timedelta(hours=1)),
    ]
    assert THURSDAY + DAY in factories.open_times(first)
    assert THURSDAY not in factories.open_times(first)


def test_one_time_is_had_of_each(first: Schedule, second: Schedule) -> None:
    both = [ask(schedule, THURSDAY) for schedule in (first, second)]
    assert [each.starts_at for each in both] == [THURSDAY, THURSDAY]
    assert [each.claims.values("schedule").distinct().get() for each in both] == [
        {"schedule": first.pk},
        {"schedule": second.pk},
    ]
    for schedule in (first, second):
        with pytest.raises(reservations.TimeTaken):
            ask(schedule, THURSDAY)


def test_what_the_version_before_wrote_belongs_to_the_first(
    first: Schedule, second: Schedule, therapist: User
) -> None:
    of_none = ask(None, THURSDAY)
    assert of_none.schedule is None
    assert THURSDAY not in factories.open_times(first)
    assert THURSDAY in factories.open_times(second)
    offer(first, therapist, THURSDAY + DAY)
    ConsultationRequest.objects.update(schedule=None)
    assert THURSDAY + DAY not in factories.open_times(first)
    assert THURSDAY + DAY in factories.open_times(second)
    assert set(first.consultations) == set(ConsultationRequest.objects.all())
    assert not second.consultations.exists()
    decisions.confirm(of_none, user=therapist, words=WORDS, starts_at=THURSDAY, minutes=20)
    assert of_none.medium == "telephone"


def test_the_form_files_with_the_first_and_offers_its_times(
    visitor: Client, first: Schedule, second: Schedule
) -> None:
    ask(first, THURSDAY)
    typed = {"name": "Robin", "email": "robin@example.org"}
    taken = visitor.post("/consultation/", typed | {"when": as_value(THURSDAY)})
    assert taken.status_code == 409
    assert visitor.post("/consultation/", typed | {"when": as_value(THURSDAY + DAY)})[
        "Location"
    ].startswith("/consultation/sent/")
    assert visitor.post("/consultation/", typed).status_code == 303
    assert first.consultations.count() == 3
    assert not ConsultationRequest.objects.exclude(schedule=first).exists()


def test_another_pause_moves_what_is_reserved_of_one_alone(
    first: Schedule, second: Schedule, therapist: User
) -> None:
    for schedule in (first, second):
        ask(schedule, THURSDAY)
        offer(schedule, therapist, THURSDAY + DAY)
    with transaction.atomic():
        locked = second.lock()
        locked.gap = 0
        locked.save()
        reservations.fit_pauses(locked, NOW)
    assert first.claims.count() == 2 * (20 + 10) // 5
    assert second.claims.count() == 2 * 20 // 5
    of_first = ConsultationRequest.objects.filter(claims__schedule=first)
    assert set(of_first.values_list("schedule", flat=True)) == {first.pk}


# Races


def gets(schedule: Schedule, start: datetime, number: int) -> Callable[[], bool]:
    """Somebody who asks one of them for a time; gives whether they have it."""

    def act() -> bool:
        try:
            ask(schedule, start, email=f"robin-{schedule.pk}-{number}@example.com")
        except reservations.TimeTaken:
            return False
        return True

    return act


@pytest.mark.usefixtures("committed")
def test_of_many_at_once_one_has_the_time_of_each() -> None:
    factories.practice_settings()
    both = [factories.schedule(), factories.schedule(of=Schedule.objects.create(**CORA))]
    for round_ in range(3):
        start = THURSDAY + round_ * DAY
        at_once([gets(schedule, start, n) for n in range(6) for schedule in both])
        won = ConsultationRequest.objects.filter(starts_at=start)
        assert sorted(won.values_list("schedule", flat=True)) == [each.pk for each in both]


@pytest.mark.usefixtures("committed")
def test_the_last_place_of_a_day_goes_to_one_of_each() -> None:
    factories.practice_settings()
    both = [
        factories.schedule(daily_limit=1),
        factories.schedule(of=Schedule.objects.create(**CORA), daily_limit=1),
    ]
    starts = [THURSDAY + n * timedelta(hours=1) for n in range(4)]
    had = at_once([gets(each, start, n) for n, start in enumerate(starts) for each in both])
    assert sum(had) == 2
    assert [each.consultations.reserving(NOW).count() for each in both] == [1, 1]


@pytest.mark.usefixtures("committed")
def test_who_takes_a_time_of_one_keeps_nobody_from_the_other_or_from_asking_without_one() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time")
    factories.practice_settings()
    first = factories.schedule()
    second = factories.schedule(of=Schedule.objects.create(**CORA))
    done: list[ConsultationRequest] = []

    def asks() -> None:
        try:
            done.extend([ask(second, THURSDAY), ask(first)])
        finally:
            connection.close()

    beside = threading.Thread(target=asks, daemon=True)
    with transaction.atomic():
        first.lock()
        beside.start()
        beside.join(PATIENCE)
        assert [each.schedule for each in done] == [second, first]


# Limits


def test_a_day_that_is_full_for_one_is_open_for_the_other(
    first: Schedule, second: Schedule, therapist: User
) -> None:
    Schedule.objects.update(daily_limit=1)
    agree(second, therapist)
    later = THURSDAY + timedelta(hours=2)
    assert later in factories.open_times(first)
    second.refresh_from_db()
    assert later not in factories.open_times(second)
    with pytest.raises(reservations.TimeTaken):
        ask(second, later)
    assert ask(first, later).starts_at == later
    with pytest.raises(decisions.Objections):
        decisions.confirm(ask(second), user=therapist, words=WORDS, starts_at=later, minutes=20)


def sends(schedule: Schedule, number: int, **fields: Any) -> ConsultationRequest:
    """One of many, each from a network of their own."""
    start = factories.open_times(schedule)[0]
    consultation = factories.unsaved_request(
        **{"email": f"robin-{number}@example.com", "schedule": schedule, "asked_for": start}
        | fields
    )
    return by_visitor.submit(consultation, Sending(f"192.0.2.{number}"))[0]


def test_a_flood_at_one_caps_nothing_at_the_other(first: Schedule, second: Schedule) -> None:
    Schedule.objects.update(open_times_counted=8)
    first.refresh_from_db()
    second.refresh_from_db()
    had = [sends(second, n).starts_at is not None for n in range(6)]
    assert had == [True] * 4 + [False] * 2
    assert all(sends(first, 100 + n).starts_at for n in range(4))


def test_one_contact_has_two_times_of_each(first: Schedule, second: Schedule) -> None:
    for schedule, number in ((first, 1), (second, 11)):
        same = [sends(schedule, number + n, email="robin@example.com") for n in range(3)]
        assert [each.starts_at is not None for each in same] == [True, True, False]


def test_the_worker_counts_the_times_of_each(first: Schedule, second: Schedule) -> None:
    factories.schedule({Weekday.FRIDAY: [(time(9), time(11))]}, of=second)
    ask(second, factories.open_times(second)[0])
    total = counts.count_open_times()
    counted = dict(Schedule.objects.values_list("pk", "open_times_counted"))
    assert counted == {
        first.pk: len(factories.open_times(first)),
        second.pk: 1 + len(factories.open_times(second)),
    }
    assert total == sum(counted.values())


# What does not fit, and reminders


def test_closed_hours_of_one_speak_against_its_own_consultations_alone(
    as_therapist: Client, first: Schedule, second: Schedule, therapist: User
) -> None:
    of_first, of_second = agree(first, therapist), agree(second, therapist)
    DateOverride.objects.create(schedule=second, day=THURSDAY.date())
    practice = PracticeSettings.load()
    assert conflicts.standing(practice, first) == []
    assert [each.consultation for each in conflicts.standing(practice, second)] == [of_second]
    assert [conflicts.is_on_day_off(each) for each in (of_first, of_second)] == [False, True]
    assert "day off" not in as_therapist.get(reverse("schedule:index")).content.decode()
    pages = [
        as_therapist.get(reverse("consultations:detail", args=[each.pk])).content.decode()
        for each in (of_first, of_second)
    ]
    assert ["day off" in page for page in pages] == [False, True]
    assert ["Cora Whitfield" in page for page in pages] == [False, True]
    assert "1 agreed consultation" in as_therapist.get("/admin/").content.decode()


def test_each_reminds_as_it_says(
    frozen: Any, first: Schedule, second: Schedule, therapist: User
) -> None:
    Schedule.objects.filter(pk=second.pk).update(
        reminds_one_day_before=False, reminds_two_days_before=True
    )
    of_first, of_second = agree(first, therapist), agree(second, therapist)
    frozen.move_to(THURSDAY - DAY)
    expiry.queue_reminders()
    owed = OutgoingEmail.objects.filter(kind__startswith="reminder")
    assert set(owed.values_list("request", "kind")) == {
        (of_first.pk, "reminder_one_day"),
        (of_second.pk, "reminder_two_days"),
    }


def test_a_day_off_of_one_stops_its_own_reminders_alone(
    frozen: Any, first: Schedule, second: Schedule, therapist: User
) -> None:
    of_first, of_second = agree(first, therapist), agree(second, therapist)
    DateOverride.objects.create(schedule=second, day=THURSDAY.date())
    frozen.move_to(THURSDAY - DAY)
    expiry.queue_reminders()
    owed = OutgoingEmail.objects.filter(about_time=THURSDAY)
    assert set(owed.values_list("request", "kind")) == {
        (of_first.pk, "reminder_one_day"),
        (of_second.pk, "alert_day_off"),
    }


# Letters and alerts


def letters_to_visitors() -> dict[str, Any]:
    mail.outbox.clear()
    outbox.send_due()
    return {message.to[0]: message for message in mail.outbox}


def test_letters_are_signed_by_the_therapist_whose_they_are(
    first: Schedule, second: Schedule
) -> None:
    robin, sky = ask(first), ask(second)
    theirs, ours = emails.draft(sky, "waitlist").body, emails.draft(robin, "waitlist").body
    assert theirs.endswith("Cora Whitfield\n+1 415 555 0177")
    assert ours.endswith("The Therapist\n+1 415 555 0100")
    by_phone = ask(second, email="", phone="+16265550143")
    assert "This is Cora Whitfield." in emails.draft(by_phone, "waitlist").body
    sky.email = "sky@example.org"
    sky.save()
    left = letters_to_visitors()
    assert "+1 415 555 0177" in left["sky@example.org"].body
    assert "+1 415 555 0100" in left["robin@example.com"].body
    assert '"QHC"' in left["sky@example.org"].from_email  # the practice writes, whoever decides


def test_a_consultation_takes_place_as_its_therapist_holds_them(
    first: Schedule, second: Schedule, therapist: User
) -> None:
    factories.practice_settings(video_link="https://video.example/room")
    of_first = agree(first, therapist, email="robin@example.com")
    of_second = agree(second, therapist, email="sky@example.org")
    assert [of_first.medium, of_second.medium] == ["telephone", "video"]
    assert [each.medium for each in Letter.objects.order_by("pk")] == ["telephone", "video"]
    left = letters_to_visitors()
    summaries = {
        to: str(next(iter(Calendar.from_ical(part.content).walk("VEVENT")))["SUMMARY"])
        for to, message in left.items()
        for part in getattr(message, "alternatives", ())
        if part.mimetype.startswith("text/calendar")
    }
    assert summaries == {"robin@example.com": "Phone call", "sky@example.org": "Video call"}
    assert (
        "by video. We'll meet here: https://video.example/room"
        in emails.draft(of_second, "confirm").body
    )
    assert "call you" not in emails.draft(of_second, "confirm").body


def test_a_time_that_is_picked_takes_place_as_its_therapist_holds_them(
    visitor: Client, second: Schedule, therapist: User
) -> None:
    offer(second, therapist, THURSDAY)
    picked = ConsultationRequest.objects.get()
    visitor.post(picked.get_absolute_url(), {"act": "pick", "time": as_value(THURSDAY)})
    picked.refresh_from_db()
    assert (picked.state, picked.medium) == (State.CONFIRMED, "video")


def test_a_private_page_says_how_its_therapist_is_met_and_the_sites_foot_stays(
    visitor: Client, first: Schedule, second: Schedule, therapist: User
) -> None:
    Schedule.objects.filter(pk=second.pk).update(medium="")
    both = [agree(each, therapist, phone="+16265550143") for each in (second, first)]
    theirs, ours = (visitor.get(each.get_absolute_url()).content.decode() for each in both)
    assert "+1 415 555 0177" in theirs
    assert 'The call comes from <span class="num">+1 415 555 0100' in ours
    assert theirs.partition("<footer")[2] == ours.partition("<footer")[2]
    assert "The Therapist, LMFT" in theirs.partition("<footer")[2]


def test_the_therapist_is_asked_for_what_that_medium_needs(
    as_therapist: Client, second: Schedule
) -> None:
    """Without email and texts there is no way to hand over the link of a video call."""
    by_phone = ask(second, email="", phone="+16265550143")
    page = as_therapist.get(reverse("consultations:decide", args=[by_phone.pk, "confirm"]))
    assert "For the link to the video call" in page.content.decode()


def test_an_offer_stands_as_long_as_its_therapist_says(
    first: Schedule, second: Schedule, therapist: User
) -> None:
    Schedule.objects.filter(pk=second.pk).update(offer_hours=24)
    until = [
        decisions.offer_stands_until(ask(each), [THURSDAY + 7 * DAY])
        for each in (first, Schedule.objects.get(pk=second.pk))
    ]
    assert until[0] == until[1] + 2 * DAY


def test_an_alert_names_a_therapist_who_has_a_name_of_their_own(
    first: Schedule, second: Schedule, settings: Any
) -> None:
    ask(second)
    ask(second)
    ask(first)
    told = letters_to_visitors()["practice@example.com"]
    assert told.body.startswith(
        "A new request came in.\n2 new requests came in (Cora Whitfield).\n"
    )


# Feeds


def feed(visitor: Client, schedule: Schedule) -> Calendar:
    page = visitor.get(reverse("booking:calendar", args=[schedule.feed_secret]))
    assert page.status_code == 200
    return Calendar.from_ical(page.content)


def test_each_private_feed_shows_what_one_has_agreed(
    visitor: Client, first: Schedule, second: Schedule, therapist: User
) -> None:
    Schedule.objects.filter(pk=second.pk).update(feed_titles=Schedule.FeedTitles.INITIALS)
    of_first = agree(first, therapist, name="Robin Marsh")
    of_none = agree(first, therapist, THURSDAY + DAY)
    ConsultationRequest.objects.filter(pk=of_none.pk).update(schedule=None)
    of_second = agree(second, therapist, name="Sky Lund")
    ours, theirs = feed(visitor, first), feed(visitor, second)
    assert [str(event["UID"]) for event in ours.walk("VEVENT")] == [
        str(each.invitation_uid) for each in (of_first, of_none)
    ]
    assert [(str(event["UID"]), str(event["SUMMARY"])) for event in theirs.walk("VEVENT")] == [
        (str(of_second.invitation_uid), "SL")
    ]
    names = [str(each["X-WR-CALNAME"]) for each in (ours, theirs)]
    assert names == ["Appointments", "Appointments, Cora Whitfield"]


def test_a_new_address_of_one_leaves_the_others(
    as_therapist: Client, visitor: Client, first: Schedule, second: Schedule
) -> None:
    as_therapist.post(reverse("schedule:new_secret"))
    old = reverse("booking:calendar", args=[first.feed_secret])
    assert visitor.get(old).status_code == 404
    first.refresh_from_db()
    feed(visitor, first)
    feed(visitor, second)


# Erasure


def test_what_is_erased_of_one_frees_its_own_time_and_touches_nothing_of_the_other(
    first: Schedule, second: Schedule, therapist: User
) -> None:
    of_first, of_second = agree(first, therapist), agree(second, therapist)
    factories.letters_left()
    erasing.erase(of_second, by=transitions.Actor.PRACTICE)
    erased = ConsultationRequest.objects.get(pk=of_second.pk)
    assert erased.erase_when_told  # its calendar has to hear of it
    assert (erased.name, erased.schedule) == ("", second)
    assert THURSDAY in factories.open_times(second)
    assert THURSDAY not in factories.open_times(first)
    factories.letters_left()
    erasing.finish_erasures()
    assert ConsultationRequest.objects.get() == of_first
    assert set(SlotClaim.objects.values_list("request", "schedule")) == {(of_first.pk, first.pk)}
    of_first.refresh_from_db()
    assert of_first.state == State.CONFIRMED


def test_a_person_is_found_and_erased_with_both(
    first: Schedule, second: Schedule, therapist: User
) -> None:
    for schedule in (first, second):
        ask(schedule, THURSDAY, email="robin@example.com")
    other = ask(second, email="sky@example.org")
    assert len(data_requests.export_person("robin@example.com")) == 2
    assert data_requests.erase_person("robin@example.com") == (2, 0)
    assert ConsultationRequest.objects.get() == other
    assert THURSDAY in factories.open_times(first)
    assert THURSDAY in factories.open_times(second)


def test_a_schedule_stays_while_it_has_requests_and_outlives_its_therapists_account(
    second: Schedule, therapist: User
) -> None:
    Schedule.objects.filter(pk=second.pk).update(therapist=therapist)
    consultation = ask(second, THURSDAY)
    with pytest.raises(ProtectedError):
        second.delete()
    therapist.delete()
    second.refresh_from_db()
    assert second.therapist is None
    erasing.erase(consultation, by=transitions.Actor.PRACTICE)
    second.delete()


# The admin of a practice of one


def test_the_schedules_screen_is_the_first_ones(
    as_therapist: Client, first: Schedule, second: Schedule
) -> None:
    before = Schedule.objects.filter(pk=second.pk).values().get()
    before |= {"rules": list(second.rules.values())}
    page = as_therapist.get(reverse("schedule:index")).content.decode()
    assert "Cora Whitfield" not in page
    assert first.feed_secret in page
    assert second.feed_secret not in page
    after = Schedule.objects.filter(pk=second.pk).values().get()
    assert after | {"rules": list(second.rules.values())} == before


@pytest.mark.django_db
def test_a_schedule_that_the_version_before_made_becomes_the_default_one() -> None:
    Schedule.objects.all().delete()
    made = Schedule.objects.create(pk=1)
    assert Schedule.load() == made
    assert Schedule.objects.count() == 1
