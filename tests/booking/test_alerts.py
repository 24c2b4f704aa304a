"""Alerts to the practice: the first at once, the rest gathered; none of them says who it was."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from booking.erasure import erasing
from booking.letters import emails, outbox, weekly
from booking.models import ConsultationRequest, OutgoingEmail, Schedule, SlotClaim
from booking.services import by_visitor, decisions, expiry, notes, transitions, unopened
from booking.times import open_times
from practice.models import PracticeSettings, User
from tests import factories

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)  # a Monday, 9:00 in Los Angeles
TOMORROW = NOW + 23 * HOUR  # a consultation within a day
FRIDAY = NOW + 4 * DAY
PRACTICE, SECOND = "practice@example.com", "second@example.org"
WORDS = emails.Draft("About your message", "Some words.")


@pytest.fixture(autouse=True)
def schedule(practice: PracticeSettings) -> Schedule:
    return factories.schedule()


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def submit(**fields: Any) -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(**fields))[0]


def alerts() -> list[EmailMessage]:
    """What leaves now for the practice."""
    mail.outbox.clear()
    outbox.send_due(limit=1000)
    return [message for message in mail.outbox if message.to == [PRACTICE]]


def look_at(client: Client, consultation: ConsultationRequest) -> None:
    client.get(f"/admin/consultations/{consultation.pk}/")


def agreed(starts_at: datetime, therapist: User, **fields: Any) -> ConsultationRequest:
    """A consultation that is agreed, of which nobody has anything left to hear."""
    consultation = factories.agreed_request(starts_at, by=therapist, **fields)
    factories.letters_left()
    OutgoingEmail.objects.all().delete()
    return consultation


def offered(
    therapist: User, starts_at: datetime, *, instead_of: datetime | None = None
) -> ConsultationRequest:
    """A request with one time offered, with or without another that is agreed."""
    consultation = agreed(instead_of, therapist) if instead_of else submit()
    given = {"user": therapist, "words": WORDS, "minutes": 20, "despite": open_times.OBJECTIONS}
    decisions.offer(consultation, starts=[starts_at], **given)
    OutgoingEmail.objects.all().delete()
    return consultation


# --- Gathered ------------------------------------------------------------------------------


def test_the_first_alert_leaves_at_once_and_what_follows_waits_for_an_hour(clock: Any) -> None:
    submit()
    assert len(alerts()) == 1
    for _ in range(3):
        clock.shift(10 * MINUTE)
        submit()
        assert alerts() == []
    clock.move_to(NOW + HOUR + MINUTE)
    [alert] = alerts()
    assert "3 new requests" in alert.body
    assert "4 requests are waiting. Your first reply is due Thursday, December 3." in alert.body
    assert alert.body.count("/admin/consultations/") == 1
    assert not OutgoingEmail.objects.filter(recipient="practice", sent_at=None).exists()


def test_an_alert_about_one_request_leads_to_it_and_says_when_the_reply_is_due() -> None:
    consultation = submit()
    [alert] = alerts()
    assert "1 request is waiting. Your reply is due Thursday, December 3." in alert.body
    assert f"/admin/consultations/{consultation.pk}/" in alert.body


def test_once_the_request_is_opened_the_next_alert_leaves_at_once(
    clock: Any, as_therapist: Client
) -> None:
    first = submit()
    assert len(alerts()) == 1
    second = submit()
    assert alerts() == []
    look_at(as_therapist, first)
    assert len(alerts()) == 1
    submit()
    look_at(as_therapist, first)
    assert alerts() == [], "the second one is unopened still"
    look_at(as_therapist, second)
    assert len(alerts()) == 1


def test_looking_at_the_list_opens_no_request(as_therapist: Client) -> None:
    submit()
    assert len(alerts()) == 1
    as_therapist.get("/admin/consultations/")
    submit()
    assert alerts() == []


def test_an_afternoon_of_posts_makes_a_few_alerts_and_none_waits_over_an_hour(clock: Any) -> None:
    left = 0
    for number in range(120):
        if number < 100:
            submit(email="", phone="+16265550143")
        left += len(alerts())
        clock.shift(3 * MINUTE)
    assert left == 1 + 5
    told = OutgoingEmail.objects.values_list("created_at", "sent_at")
    assert all(sent and sent - made <= HOUR + 3 * MINUTE for made, sent in told)


def test_what_one_visitor_changes_again_and_again_is_gathered_too(
    clock: Any, as_therapist: Client
) -> None:
    consultation = submit()
    assert len(alerts()) == 1
    look_at(as_therapist, consultation)
    left = 0
    for _ in range(20):
        by_visitor.withdraw(consultation)
        left += len(alerts())
        by_visitor.restore(consultation)
        left += len(alerts())
        clock.shift(MINUTE)
    assert left == 1


def test_a_visitor_who_sends_and_deletes_again_and_again_is_gathered_too(clock: Any) -> None:
    left = 0
    for _ in range(20):
        consultation = submit()
        left += len(alerts())
        erasing.erase(consultation, by=transitions.Actor.VISITOR)
        left += len(alerts())
        clock.shift(MINUTE)
    assert left == 2


def test_the_second_address_hears_of_many_unopened_requests_in_one_letter(clock: Any) -> None:
    factories.practice_settings(second_email=SECOND)
    for _ in range(5):
        submit()
    clock.move_to(NOW + 2 * DAY + 10 * HOUR)
    assert unopened.alert_unopened() == 5
    alerts()
    [letter] = [message for message in mail.outbox if message.to == [SECOND]]
    assert "5 requests" in letter.body


def test_a_worker_that_is_killed_loses_no_gathered_alert_and_repeats_it_by_its_name(
    clock: Any,
) -> None:
    for _ in range(3):
        submit(email="", phone="+16265550143")
    taken = outbox.Outbox().claim(timezone.now())
    assert taken
    submit(email="", phone="+16265550143")
    assert alerts() == [], "one is on its way"
    clock.shift(6 * MINUTE)
    [alert] = alerts()
    assert alert.extra_headers["Message-ID"].startswith(f"<{taken.key}@")
    assert "4 new requests" in alert.body
    assert alerts() == []


def test_a_clock_that_was_a_year_ahead_gathers_for_no_year(clock: Any) -> None:
    clock.shift(365 * DAY)
    submit()
    assert len(alerts()) == 1
    clock.move_to(NOW)
    submit()
    assert len(alerts()) == 1


def test_gathering_can_be_turned_off(settings: Any) -> None:
    settings.ALERTS_GATHERED_FOR = 0
    for _ in range(3):
        submit()
    assert len(alerts()) == 3


# --- Never gathered ------------------------------------------------------------------------


def withdraw(consultation: ConsultationRequest) -> None:
    by_visitor.withdraw(consultation)


def ask_to_move(consultation: ConsultationRequest) -> None:
    by_visitor.ask_to_move(consultation)


def erase(consultation: ConsultationRequest) -> None:
    erasing.erase(consultation, by=transitions.Actor.VISITOR)


@pytest.mark.parametrize("act", [withdraw, ask_to_move, erase])
@pytest.mark.parametrize(("starts_at", "leave"), [(TOMORROW, 1), (FRIDAY, 0)])
def test_a_change_to_a_consultation_within_a_day_is_told_at_once(
    therapist: User,
    act: Callable[[ConsultationRequest], None],
    starts_at: datetime,
    leave: int,
) -> None:
    consultation = agreed(starts_at, therapist)
    submit()
    assert len(alerts()) == 1
    act(consultation)
    told = alerts()
    assert len(told) == leave
    assert all("within the next 24 hours" in alert.body for alert in told)


def test_a_consultation_that_is_withdrawn_and_then_deleted_is_told_all_the_same(
    clock: Any, therapist: User
) -> None:
    """What was gathered goes with the request that it is about."""
    consultation = agreed(FRIDAY, therapist)
    submit()
    assert len(alerts()) == 1
    withdraw(consultation)
    erase(consultation)
    clock.shift(HOUR)
    (alert,) = alerts()
    assert "A visitor deleted a request" in alert.body
    assert "Friday, December 4" in alert.body, "which time is free again"


def test_a_withdrawal_that_the_practice_was_told_of_is_not_told_again_when_it_is_deleted(
    clock: Any, therapist: User
) -> None:
    consultation = agreed(FRIDAY, therapist)
    withdraw(consultation)
    assert len(alerts()) == 1
    erase(consultation)
    clock.shift(HOUR)
    assert alerts() == []


def test_a_request_held_from_erasure_that_its_visitor_deletes_is_told_at_once(
    therapist: User,
) -> None:
    consultation = agreed(TOMORROW, therapist)
    day = PracticeSettings.load().today() + 30 * DAY
    erasing.place_legal_hold(consultation, day, "a complaint", user=therapist)
    submit()
    assert len(alerts()) == 1
    erase(consultation)
    assert len(alerts()) == 1


@pytest.mark.parametrize(
    ("picked", "instead_of", "leave"),
    [
        (TOMORROW, None, 1),
        (FRIDAY, None, 0),
        (FRIDAY, TOMORROW, 1),
        (FRIDAY, FRIDAY + HOUR, 0),
    ],
)
def test_a_time_picked_within_a_day_or_instead_of_one_is_told_at_once(
    therapist: User, picked: datetime, instead_of: datetime | None, leave: int
) -> None:
    consultation = offered(therapist, picked, instead_of=instead_of)
    submit()
    assert len(alerts()) == 1
    by_visitor.pick(consultation, picked)
    assert len(alerts()) == leave


def test_what_waited_goes_along_with_an_alert_that_cannot_wait(clock: Any, therapist: User) -> None:
    consultation = agreed(TOMORROW, therapist)
    submit()
    assert len(alerts()) == 1
    submit()
    assert alerts() == []
    by_visitor.withdraw(consultation)
    [alert] = alerts()
    assert "A visitor canceled a consultation" in alert.subject
    assert "A new request" in alert.body
    clock.shift(HOUR + MINUTE)
    assert alerts() == [], "nothing is told twice"


# --- What it says --------------------------------------------------------------------------


def restored(therapist: User) -> None:
    consultation = submit()
    by_visitor.withdraw(consultation)
    OutgoingEmail.objects.all().delete()
    by_visitor.restore(consultation)


def late(therapist: User) -> None:
    submit(asked_for=factories.open_time())
    OutgoingEmail.objects.all().delete()
    ConsultationRequest.objects.update(holds_until=NOW - MINUTE)
    expiry.end_reservations()


def offer_over(therapist: User) -> None:
    consultation = offered(therapist, FRIDAY)
    ConsultationRequest.objects.filter(pk=consultation.pk).update(holds_until=NOW - MINUTE)
    expiry.expire_offers()


HAPPENINGS: list[tuple[Callable[[User], Any], str]] = [
    (lambda therapist: submit(), "A new request"),
    (lambda therapist: by_visitor.withdraw(submit_untold()), "A visitor withdrew a request"),
    (lambda therapist: by_visitor.withdraw(agreed(FRIDAY, therapist)), "canceled a consultation"),
    (lambda therapist: by_visitor.ask_to_move(agreed(FRIDAY, therapist)), "wants another time"),
    (lambda therapist: by_visitor.pick(offered(therapist, FRIDAY), FRIDAY), "picked one of"),
    (lambda therapist: by_visitor.none_suits(offered(therapist, FRIDAY)), "None of your times"),
    (restored, "brought a request back"),
    (late, "waited so long"),
    (offer_over, "An offer ended"),
    (lambda therapist: erase(submit_untold()), "deleted a request"),
]


def submit_untold() -> ConsultationRequest:
    consultation = submit()
    OutgoingEmail.objects.all().delete()
    return consultation


@pytest.mark.parametrize(("happen", "said"), HAPPENINGS)
def test_an_alert_says_what_kind_of_thing_happened(
    therapist: User, happen: Callable[[User], Any], said: str
) -> None:
    happen(therapist)
    [alert] = alerts()
    assert said in alert.subject
    assert said in alert.body


CANARIES = {
    "name": "Quillonkanari",
    "email": "kanariaddress@example.net",
    "phone": "+16265550143",
    "good_hours": "kanarihours",
    "message": "kanarimessage",
}
NOWHERE = (*CANARIES.values(), "6265550143", "kanari", "555-0143", "quiet")


@pytest.fixture
def canaries(monkeypatch: pytest.MonkeyPatch, article: Any) -> Any:
    """Every request that comes in says what must not be said again, and came from an essay."""
    plain = factories.unsaved_request

    def unsaved_request(**fields: Any) -> ConsultationRequest:
        return plain(**{**CANARIES, "article": article.page_ptr, **fields})

    monkeypatch.setattr(factories, "unsaved_request", unsaved_request)
    return article


def assert_says_nothing(sent: list[EmailMessage]) -> None:
    assert sent
    for message in sent:
        parts = [message.subject, message.body, message.message().as_string()]
        parts += [str(part.content) for part in getattr(message, "alternatives", [])]
        for text in parts:
            found = [word for word in NOWHERE if word.casefold() in text.casefold()]
            assert found == [], (message.subject, found)


@pytest.mark.parametrize(("happen", "said"), HAPPENINGS)
def test_no_alert_says_who_it_was_or_what_they_wrote(
    canaries: Any, therapist: User, happen: Callable[[User], Any], said: str
) -> None:
    happen(therapist)
    assert_says_nothing(alerts())


def test_neither_gathered_alerts_nor_those_to_the_second_address_nor_the_weekly_mail_say_who(
    canaries: Any, therapist: User, clock: Any
) -> None:
    factories.practice_settings(second_email=SECOND)
    for happen, _ in HAPPENINGS:
        happen(therapist)
        SlotClaim.objects.all().delete()  # so that each finds its time open
    notes.save_notes(submit(), note="kanarinote", user=therapist)
    clock.move_to(NOW + 3 * DAY)
    assert unopened.alert_unopened()
    weekly.promise()
    mail.outbox.clear()
    outbox.send_due(limit=1000)
    to = {PRACTICE, SECOND}
    told = [message for message in mail.outbox if set(message.to) <= to]
    assert {message.to[0] for message in told} == to
    assert any("this week" in message.subject for message in told)
    assert_says_nothing(told)
