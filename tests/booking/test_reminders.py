"""Reminders: when they fall due, that each is sent once, and when none is owed any more."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from booking.erasure import erasing
from booking.letters import outbox
from booking.letters.emails import Draft
from booking.models import ConsultationRequest, OutgoingEmail, State
from booking.services import by_visitor, decisions, expiry, transitions
from booking.times import open_times
from practice.models import PracticeSettings, User
from practice.worker import heartbeat
from tests import factories

WORDS = Draft("About your message", "Some words.")
NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)  # a Monday, 9:00 in Los Angeles
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
THURSDAY = datetime(2026, 12, 3, 18, tzinfo=UTC)  # 10:00 in Los Angeles
REMINDERS = ["reminder_two_days", "reminder_one_day"]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    factories.schedule(reminds_two_days_before=True)
    return practice


@pytest.fixture
def user(open_practice: PracticeSettings) -> User:
    return factories.user("somebody@example.com")


def reminders() -> list[tuple[str, datetime]]:
    """Kind and moment of the reminders that left, as the worker does it at this time."""
    heartbeat.note(heartbeat.WORKER, timezone.now())
    expiry.queue_reminders()
    outbox.send_due()
    return [
        (email.kind, email.sent_at)
        for email in OutgoingEmail.objects.filter(kind__in=REMINDERS).order_by("pk")
        if email.sent_at is not None
    ]


def run_worker(
    clock: Any, until: datetime, every: timedelta = 3 * HOUR
) -> list[tuple[str, datetime]]:
    """What has left when the worker ran `every` so often from now `until` then."""
    moment = datetime.now(UTC)
    while moment <= until:
        clock.move_to(moment)
        expiry.end_reservations()
        expiry.expire_offers()
        found = reminders()
        moment += every
    return found


# --- One and two days before ------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def test_one_and_two_days_before_at_nine_once_each(user: User, clock: Any) -> None:
    factories.agreed_request(THURSDAY, by=user)
    assert run_worker(clock, THURSDAY + DAY) == [
        ("reminder_two_days", datetime(2026, 12, 1, 17, tzinfo=UTC)),
        ("reminder_one_day", datetime(2026, 12, 2, 17, tzinfo=UTC)),
    ]


def test_a_worker_that_was_away_for_days_sends_the_nearest_alone(user: User, clock: Any) -> None:
    factories.agreed_request(THURSDAY, by=user)
    clock.move_to(THURSDAY - 20 * HOUR)
    assert [kind for kind, _ in reminders()] == ["reminder_one_day"]
    clock.move_to(THURSDAY - 19 * HOUR)
    assert len(reminders()) == 1


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("one", [False, True])
def test_just_those_that_are_set(two: bool, one: bool, user: User, clock: Any) -> None:
    factories.schedule(reminds_two_days_before=two, reminds_one_day_before=one)
    factories.agreed_request(THURSDAY, by=user)
    expected = [kind for kind, wanted in zip(REMINDERS, (two, one), strict=True) if wanted]
    assert [kind for kind, _ in run_worker(clock, THURSDAY)] == expected


def test_it_is_nine_on_the_visitors_clock_and_the_hour_is_theirs(user: User, clock: Any) -> None:
    factories.agreed_request(THURSDAY, by=user, time_zone="Europe/Berlin")
    sent = run_worker(clock, THURSDAY)
    assert sent[0] == ("reminder_two_days", datetime(2026, 12, 1, 8, tzinfo=UTC))
    assert (
        "We're set for Thursday, December 3 at 7:00 PM Central European Time"
        in mail.outbox[-1].body
    )


@pytest.mark.parametrize(
    ("starts_at", "expected"),
    [
        # Clocks go forward on March 8 in Los Angeles: nine is 17:00 before and 16:00 after.
        (datetime(2026, 3, 9, 17, tzinfo=UTC), [(7, 17), (8, 16)]),
        # They go back on November 1.
        (datetime(2026, 11, 2, 18, tzinfo=UTC), [(31, 16), (1, 17)]),
    ],
)
def test_over_a_clock_change_it_is_nine_on_each_day(
    starts_at: datetime, expected: list[tuple[int, int]], user: User, clock: Any
) -> None:
    clock.move_to(starts_at - 3 * DAY)
    factories.agreed_request(starts_at, by=user)
    sent = run_worker(clock, starts_at, every=HOUR)
    assert [(moment.day, moment.hour) for _, moment in sent] == expected


@given(
    starts_at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    zone=st.sampled_from(
        "America/Los_Angeles Europe/Berlin Australia/Lord_Howe Asia/Kathmandu Pacific/Apia".split()
    ),
    days=st.sampled_from([1, 2]),
)
def test_a_reminders_moment_is_nine_so_many_days_before(
    starts_at: datetime, zone: str, days: int
) -> None:
    moment = expiry.reminder_moment(starts_at, ZoneInfo(zone), days)
    local = moment.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (9, 0)
    assert (starts_at.astimezone(ZoneInfo(zone)).date() - local.date()).days == days


# --- Once each --------------------------------------------------------------------------------


def test_asking_to_move_reminds_nobody_again(user: User, clock: Any) -> None:
    consultation = factories.agreed_request(THURSDAY, by=user)
    clock.move_to(THURSDAY - DAY)
    assert len(reminders()) == 1
    by_visitor.ask_to_move(ConsultationRequest.objects.get(pk=consultation.pk))
    assert len(reminders()) == 1


def test_an_offer_on_an_agreed_time_neither_stops_nor_repeats_its_reminder(
    user: User, clock: Any
) -> None:
    factories.schedule(offer_hours=4)
    consultation = factories.agreed_request(THURSDAY, by=user)
    decisions.offer(
        consultation,
        user=user,
        words=WORDS,
        starts=[THURSDAY + 7 * DAY],
        minutes=20,
        despite=open_times.OBJECTIONS,
    )
    factories.letters_left()
    clock.move_to(THURSDAY - DAY)
    expiry.expire_offers()
    consultation.refresh_from_db()
    decisions.offer(
        consultation,
        user=user,
        words=WORDS,
        starts=[THURSDAY + 7 * DAY],
        minutes=20,
        despite=open_times.OBJECTIONS,
    )
    sent = run_worker(clock, THURSDAY)
    assert [kind for kind, _ in sent].count("reminder_one_day") <= 1


def test_two_workers_remind_once(bare: None, transactional_db: None, clock: Any) -> None:
    """Each finds it due before either has noted it."""
    factories.practice_settings()
    factories.schedule()
    person = factories.user("somebody@example.com")
    factories.agreed_request(THURSDAY, by=person)
    clock.move_to(THURSDAY - 20 * HOUR)
    start, queued = threading.Barrier(4), []

    def work() -> None:
        try:
            start.wait(30)
            queued.append(expiry.queue_reminders())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(queued) == [0, 0, 0, 1]
    assert OutgoingEmail.objects.filter(kind="reminder_one_day").count() == 1


def test_a_worker_that_was_away_at_nine_reminds_late_but_not_after_the_start(
    user: User, clock: Any
) -> None:
    factories.schedule(reminds_two_days_before=False)
    factories.agreed_request(THURSDAY, by=user)
    clock.move_to(THURSDAY - MINUTE)
    assert [kind for kind, _ in reminders()] == ["reminder_one_day"]
    factories.agreed_request(THURSDAY + HOUR, by=user, email="sam@example.com")
    clock.move_to(THURSDAY + HOUR)
    assert len(reminders()) == 1


# --- Not any more -----------------------------------------------------------------------------


def leaves_alone(consultation: ConsultationRequest, act: str, user: User) -> None:
    if act == "move":
        decisions.move(
            consultation,
            user=user,
            words=WORDS,
            starts_at=THURSDAY + 7 * DAY,
            minutes=20,
            despite=open_times.OBJECTIONS,
        )
    elif act == "cancel":
        decisions.cancel(consultation, user=user, words=WORDS)
    elif act == "withdraw":
        by_visitor.withdraw(consultation)
    else:
        erasing.erase(consultation, by=transitions.Actor.VISITOR)


ENDINGS = ["move", "cancel", "withdraw", "erase"]


def reminded() -> list[str]:
    """What has left by now and reads like a reminder."""
    outbox.send_due()
    return [str(message.body) for message in mail.outbox if "We're set for" in message.body]


@pytest.mark.parametrize("act", ENDINGS)
def test_what_was_taken_back_is_not_reminded_of(act: str, user: User, clock: Any) -> None:
    leaves_alone(factories.agreed_request(THURSDAY, by=user), act, user)
    assert run_worker(clock, THURSDAY) == []


@pytest.mark.parametrize("act", ENDINGS)
def test_a_reminder_on_its_way_is_not_sent_after_that(act: str, user: User, clock: Any) -> None:
    """Owed at nine, and the mail server was away until after the change."""
    consultation = factories.agreed_request(THURSDAY, by=user)
    clock.move_to(THURSDAY - 20 * HOUR)
    expiry.queue_reminders()
    assert OutgoingEmail.objects.filter(kind__in=REMINDERS).count() == 1
    leaves_alone(ConsultationRequest.objects.get(pk=consultation.pk), act, user)
    assert reminded() == []


def test_a_reminder_that_comes_too_late_is_not_sent(user: User, clock: Any) -> None:
    factories.agreed_request(THURSDAY, by=user)
    clock.move_to(THURSDAY - 20 * HOUR)
    expiry.queue_reminders()
    clock.move_to(THURSDAY)
    assert reminded() == []


def test_the_new_time_is_reminded_of(user: User, clock: Any) -> None:
    consultation = factories.agreed_request(THURSDAY, by=user)
    leaves_alone(consultation, "move", user)
    sent = run_worker(clock, THURSDAY + 7 * DAY)
    assert [(kind, moment.date().isoformat()) for kind, moment in sent] == [
        ("reminder_two_days", "2026-12-08"),
        ("reminder_one_day", "2026-12-09"),
    ]


def test_who_was_confirmed_after_that_moment_is_not_reminded_of_what_they_just_read(
    user: User, clock: Any
) -> None:
    clock.move_to(THURSDAY - DAY)  # ten o'clock, an hour after the reminders
    factories.agreed_request(THURSDAY, by=user)
    assert run_worker(clock, THURSDAY) == []


def test_nobody_without_email_is_reminded(user: User, clock: Any) -> None:
    factories.agreed_request(THURSDAY, by=user, email="", phone="+16265550143")
    assert run_worker(clock, THURSDAY) == []
    assert not OutgoingEmail.objects.filter(recipient="visitor").exists()


# --- An offer that is about to run out --------------------------------------------------------


def offered(user: User, **fields: Any) -> ConsultationRequest:
    consultation, _ = by_visitor.submit(factories.unsaved_request(**fields))
    starts = [NOW + 10 * DAY, NOW + 11 * DAY]
    decisions.offer(
        consultation,
        user=user,
        words=WORDS,
        starts=starts,
        minutes=20,
        despite=open_times.OBJECTIONS,
    )
    return consultation


def warnings() -> int:
    heartbeat.note(heartbeat.WORKER, timezone.now())
    expiry.queue_reminders()
    outbox.send_due()
    return OutgoingEmail.objects.filter(kind="offer_ends").exclude(sent_at=None).count()


def test_a_day_before_an_offer_runs_out_the_visitor_hears_it_once(user: User, clock: Any) -> None:
    offered(user, time_zone="Europe/Berlin")
    ends = datetime(2026, 12, 3, 23, tzinfo=UTC)  # as the third day does in Berlin
    clock.move_to(ends - DAY - MINUTE)
    assert warnings() == 0
    clock.move_to(ends - DAY + MINUTE)
    assert warnings() == 1
    clock.move_to(ends - MINUTE)
    assert warnings() == 1
    assert "2 times for you until the end of Thursday, December 3." in mail.outbox[-1].body


def test_a_short_offer_is_warned_of_halfway(user: User, clock: Any) -> None:
    factories.schedule(offer_hours=10)
    offered(user)
    half = (datetime(2026, 12, 1, 8, tzinfo=UTC) - NOW) / 2  # to the end of that day
    clock.move_to(NOW + half - MINUTE)
    assert warnings() == 0
    clock.move_to(NOW + half)
    assert warnings() == 1


@pytest.mark.parametrize("act", ["pick", "none_suits", "withdraw", "decline"])
def test_an_answered_offer_is_warned_of_no_more(act: str, user: User, clock: Any) -> None:
    consultation = offered(user)
    clock.move_to(NOW + 3 * DAY)
    expiry.queue_reminders()
    if act == "pick":
        by_visitor.pick(consultation, NOW + 10 * DAY)
    elif act == "decline":
        decisions.decline(consultation, user=user, words=WORDS)
    else:
        getattr(by_visitor, act)(consultation)
    assert warnings() == 0
    assert consultation.state != State.PROPOSED


def test_an_offer_without_end_is_never_warned_of(user: User, clock: Any) -> None:
    offered(user, email="", phone="+16265550143")
    clock.move_to(NOW + 9 * DAY)
    assert warnings() == 0
