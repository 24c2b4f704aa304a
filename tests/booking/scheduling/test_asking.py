"""Times that visitors ask for, and for how long they are held."""

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail

from booking.letters import outbox
from booking.models import (
    ConsultationRequest,
    DateOverride,
    OutgoingEmail,
    RequestEvent,
    SlotClaim,
    State,
    Weekday,
)
from booking.services import by_visitor, decisions, expiry
from booking.times import reservations
from booking.times.open_times import OBJECTIONS
from practice.models import DaysAway, PracticeSettings, User
from tests import factories
from tests.booking.scheduling.acts import (
    DAY,
    ELEVEN,
    HOUR,
    LENGTH,
    MINUTE,
    NOON,
    NOW,
    TEN,
    agreed,
    ask,
    assert_unchanged,
    at,
    confirm,
    held,
    offer,
    with_pause,
)
from tests.factories import open_time, open_times

pytestmark = pytest.mark.django_db

# --- Sending ----------------------------------------------------------------------------------


def test_asking_holds_the_time_and_its_pause_for_as_long_as_is_set() -> None:
    consultation = ask(TEN)
    assert (consultation.starts_at, consultation.ends_at) == (TEN, TEN + LENGTH)
    assert held(consultation) == with_pause(TEN)
    assert consultation.holds_until == TEN  # sooner than the 96 hours that are set
    far = ask(at("12-09 10:00"))
    assert far.holds_until == at("12-05 00:00")  # as the day ends in which they do
    assert far.state == State.PENDING


def test_a_held_time_is_open_to_nobody_else_and_leaves_the_pause_on_both_sides() -> None:
    assert {TEN - 30 * MINUTE, TEN, TEN + 30 * MINUTE} <= set(open_times())
    ask(TEN)
    times = set(open_times())
    assert TEN not in times
    assert {TEN - 30 * MINUTE, TEN + 30 * MINUTE} <= times  # ten minutes lie between


def test_a_pause_that_is_longer_than_a_step_closes_the_neighbors() -> None:
    factories.schedule(gap=15)
    ask(TEN)
    times = set(open_times())
    assert not {TEN - 30 * MINUTE, TEN, TEN + 30 * MINUTE} & times
    assert {TEN - HOUR, TEN + HOUR} <= times


def test_who_comes_second_has_nothing_written() -> None:
    ask(TEN)
    with pytest.raises(reservations.TimeTaken):
        ask(TEN, name="Sam", email="sam@example.com")
    assert ConsultationRequest.objects.get().name == "Robin"
    assert OutgoingEmail.objects.count() == 2


def test_the_last_place_of_a_days_limit_goes_to_one() -> None:
    factories.schedule(daily_limit=2)
    ask(TEN)
    ask(ELEVEN, email="sam@example.com")
    with pytest.raises(reservations.TimeTaken):
        ask(NOON, email="alex@example.com")
    assert ConsultationRequest.objects.count() == 2
    assert at("12-03 12:00") in open_times()


def test_the_second_confirmation_for_one_time_is_refused(user: User) -> None:
    first, second = ask(), ask(email="sam@example.com")
    confirm(first, TEN, user)
    emails = OutgoingEmail.objects.count()
    for start in (TEN, TEN + 20 * MINUTE, TEN - 20 * MINUTE):  # the pause belongs to it
        with pytest.raises(reservations.TimeTaken):
            confirm(
                ConsultationRequest.objects.get(pk=second.pk),
                start,
                user,
                despite=OBJECTIONS,
            )
    assert_unchanged(second, 1, emails)
    assert held(second) == set()


WRONG = {
    "between two starts": TEN + 5 * MINUTE,
    "at half a minute": TEN + timedelta(seconds=30),
    "on a closed weekday": at("12-06 10:00"),
    "on a day off": at("12-10 10:00"),
    "on a date that is closed": at("12-11 10:00"),
    "before the hours": at("12-02 08:30"),
    "over their end": at("12-02 17:00"),
    "in the past": at("11-29 10:00"),
    "within the lead": at("12-01 08:00") + HOUR - 30 * MINUTE,
    "past the horizon": at("12-22 10:00"),
    "while somewhere else": at("12-03 10:00"),
}


@pytest.fixture
def closed_here_and_there(open_practice: PracticeSettings) -> None:
    schedule = factories.schedule(
        {day: [(time(9), time(17))] for day in Weekday if day != Weekday.SUNDAY}
    )
    away = date(2026, 12, 10)
    DaysAway.objects.create(practice=open_practice, first_day=away, last_day=away)
    DateOverride.objects.create(schedule=schedule, day=date(2026, 12, 11))
    factories.busy(at("12-03 10:10"), at("12-03 10:15"))


@pytest.mark.parametrize("start", WRONG.values(), ids=WRONG)
def test_a_time_that_was_never_offered_is_refused_without_mail(
    start: datetime, closed_here_and_there: None
) -> None:
    with pytest.raises(reservations.TimeTaken):
        ask(start)
    assert not ConsultationRequest.objects.exists()
    assert not OutgoingEmail.objects.exists()
    assert not SlotClaim.objects.exists()


def test_the_borders_themselves_are_open() -> None:
    assert open_times()[0] == at("12-01 09:00") == NOW + DAY
    assert open_times()[-1] == at("12-21 16:30")
    ask(at("12-01 09:00"))
    ask(at("12-21 16:30"))


def test_what_was_open_when_the_form_was_shown_is_checked_when_it_is_sent(
    clock: Any,
) -> None:
    start = open_time()
    clock.move_to(NOW + MINUTE)
    with pytest.raises(reservations.TimeTaken):
        ask(start)


@pytest.mark.parametrize(
    "start",
    [pytest.param(start, id=name) for name, start in WRONG.items() if "half" not in name][1:],
)
def test_the_therapist_is_told_and_may_take_it_anyway(
    start: datetime, closed_here_and_there: None, user: User
) -> None:
    consultation = ask()
    with pytest.raises(decisions.Objections) as refused:
        confirm(consultation, start, user)
    assert len(refused.value.sentences) >= 1
    assert_unchanged(consultation, 1, 2)
    confirm(consultation, start, user, despite=OBJECTIONS)
    assert held(consultation) == with_pause(start)


def test_a_wrong_duration_is_refused_without_mail(user: User) -> None:
    """Of a visitor nobody takes a length; the therapist's is checked."""
    consultation = ask()
    for minutes in (0, -20):
        with pytest.raises(ValueError, match="minute"):
            confirm(consultation, TEN, user, minutes=minutes)
    for minutes, start in ((22, TEN), (20, TEN + 3 * MINUTE)):
        with pytest.raises(ValueError, match="five minutes"):
            confirm(
                ConsultationRequest.objects.get(),
                start,
                user,
                minutes=minutes,
                despite=OBJECTIONS,
            )
    with pytest.raises(decisions.Objections):  # its end lies outside the hours
        confirm(ConsultationRequest.objects.get(), at("12-02 16:30"), user, minutes=45)
    assert_unchanged(consultation, 1, 2)


def test_an_unknown_or_empty_zone_of_the_visitor_counts_as_the_practices(
    user: User,
) -> None:
    for zone in ("", "Nowhere/Nothing", "../../etc/passwd", "\0", "/", "a" * 64):
        consultation = factories.consultation_request(time_zone=zone.replace("\0", "%00"))
        consultation.time_zone = zone
        practice = PracticeSettings.load()
        assert consultation.zone_or(practice.zone) == practice.zone


@pytest.mark.parametrize("zone", ["", "Nowhere/Nothing", "Europe/Berlin"])
def test_every_message_is_made_whatever_zone_stands_in_the_request(
    zone: str, user: User, clock: Any
) -> None:
    factories.schedule(reminds_two_days_before=True)
    consultation = ask(at("12-08 10:00"), time_zone=zone)
    offer(consultation, [TEN, ELEVEN], user)
    clock.move_to(NOW + 23 * HOUR)
    expiry.queue_reminders()
    by_visitor.pick(ConsultationRequest.objects.get(), TEN)
    clock.move_to(TEN - 12 * HOUR)
    expiry.queue_reminders()
    outbox.send_due()
    assert not OutgoingEmail.objects.filter(sent_at=None).exists()
    label = "Central European Time" if zone == "Europe/Berlin" else "Pacific Time"
    assert label in mail.outbox[-1].body


def test_the_same_form_twice_is_one_request_also_when_its_time_is_gone() -> None:
    key = uuid.uuid4()
    first = by_visitor.submit(factories.unsaved_request(submission_key=key, asked_for=TEN))
    again = by_visitor.submit(factories.unsaved_request(submission_key=key, asked_for=TEN))
    assert again == (first[0], False)
    assert OutgoingEmail.objects.count() == 2
    assert held(first[0]) == with_pause(TEN)


def test_another_time_under_the_same_key_is_no_repetition() -> None:
    """Somebody who went back and chose again must not be told that the second one is held."""
    key = uuid.uuid4()
    by_visitor.submit(factories.unsaved_request(submission_key=key, asked_for=TEN))
    for other in (ELEVEN, None):
        with pytest.raises(by_visitor.AlreadySent):
            by_visitor.submit(factories.unsaved_request(submission_key=key, asked_for=other))


# --- Holds ------------------------------------------------------------------------------------


def test_a_hold_that_nobody_answered_ends_and_the_request_stays_and_is_late(
    clock: Any,
) -> None:
    factories.schedule(hold_hours=24)
    consultation = ask(at("12-09 10:00"))
    clock.move_to(at("12-02 00:00") - MINUTE)
    assert expiry.end_reservations() == 0
    clock.move_to(at("12-02 00:00"))
    assert expiry.end_reservations() == 1
    assert expiry.end_reservations() == 0
    consultation.refresh_from_db()
    assert (consultation.state, consultation.starts_at, consultation.asked_for) == (
        State.PENDING,
        None,
        at("12-09 10:00"),
    )
    assert consultation.is_late(PracticeSettings.load().today())
    assert list(ConsultationRequest.objects.overdue(date(2026, 12, 1))) == [consultation]
    assert held(consultation) == set()
    assert at("12-09 10:00") in open_times()
    assert OutgoingEmail.objects.filter(kind="alert_late", recipient="practice").count() == 1
    assert RequestEvent.objects.get(kind="hold_ended").actor == "system"


def test_a_hold_ends_with_its_time_at_the_latest(clock: Any) -> None:
    ask(open_time())
    clock.move_to(NOW + DAY)
    assert expiry.end_reservations() == 1


def test_what_was_answered_is_not_released(user: User, clock: Any) -> None:
    agreed(TEN, user)
    offer(ask(ELEVEN, email="sam@example.com"), [NOON], user)
    clock.move_to(NOW + 200 * DAY)
    assert expiry.end_reservations() == 0


def test_a_late_request_is_answered_with_any_time(user: User, clock: Any) -> None:
    consultation = ask(open_time())
    clock.move_to(NOW + DAY)
    expiry.end_reservations()
    consultation.refresh_from_db()
    confirm(consultation, at("12-03 10:00"), user)
    assert not consultation.is_late(date(2026, 12, 1))
    assert consultation.hold_ended_at is None
