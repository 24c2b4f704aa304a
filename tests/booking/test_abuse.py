"""Limits, and the life of a request that looks like spam, over HTTP: nobody is lost to either."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core import mail
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from booking.erasure import erasing
from booking.forms.times import as_value
from booking.letters import emails, outbox
from booking.models import (
    ConsultationRequest,
    DailyCount,
    DailySalt,
    ErasedCount,
    OutgoingEmail,
    RequestEvent,
    SlotClaim,
    State,
)
from booking.services import by_visitor, counts, expiry, transitions, unopened
from booking.spam import signals
from booking.spam.signals import Sending
from practice.models import PracticeSettings
from tests import factories
from tests.faults.test_races import at_once

pytestmark = pytest.mark.django_db

FORM = "/consultation/"
ENOUGH = {"name": "Robin", "email": "robin@example.com"}
SPAM = {"message": "[url=https://spam.example]We offer SEO services[/url]"}
LONG = "I have not slept well since the summer, and would like to talk about it."
HELD_APART = reverse("consultations:held_apart")


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    factories.schedule()
    return practice


def send(visitor: Client, status: int = 303, address: str = "192.0.2.1", **fields: Any) -> Any:
    answer = visitor.post(FORM, {**ENOUGH, **fields}, REMOTE_ADDR=address)
    assert answer.status_code == status, answer.content.decode()
    return answer


def latest() -> ConsultationRequest:
    return ConsultationRequest.objects.latest("pk")


def spam(visitor: Client, **fields: Any) -> ConsultationRequest:
    send(visitor, **{**SPAM, **fields})
    assert latest().state == State.SUSPECTED
    return latest()


def decide(
    therapist: Client, consultation: ConsultationRequest, decision: str, version: int = 1
) -> None:
    url = reverse("consultations:decide", args=[consultation.pk, decision])
    assert therapist.post(url, {"version": version}).status_code == 302
    consultation.refresh_from_db()


def owed() -> list[str]:
    return list(OutgoingEmail.objects.values_list("kind", flat=True))


def kinds(consultation: ConsultationRequest) -> list[str]:
    return list(consultation.events.values_list("kind", flat=True))


# The trap and the signed time


def test_the_trap_is_in_nobodys_way(visitor: Client) -> None:
    page = BeautifulSoup(visitor.get(FORM).content, "html.parser")
    trap = page.select_one('.hidden[aria-hidden="true"] [name="anything_else"]')
    assert trap
    assert (trap["tabindex"], trap["autocomplete"]) == ("-1", "off")
    label = page.select_one(f'.hidden label[for="{trap["id"]}"]')
    assert label
    assert label.text == "Leave this empty"
    assert not page.select(".hidden [style]")


def test_trap_and_time_are_kept_while_the_form_is_shown_again(visitor: Client) -> None:
    html = visitor.get(FORM).content.decode()
    opened = re.search(r'name="opened" value="([^"]+)"', html).group(1)  # type: ignore[union-attr]
    for fields in ({"act": "more"}, {"act": "zone"}, {"name": ""}, {"email": "robin@"}):
        answer = visitor.post(
            FORM, {**ENOUGH, "opened": opened, "anything_else": "trapped", **fields}
        )
        assert f'name="opened" value="{opened}"' in answer.content.decode()
        assert 'value="trapped"' in answer.content.decode()
    assert not DailyCount.objects.exists()


def test_what_cannot_be_sent_is_said_beside_its_field_to_a_spammer_too(visitor: Client) -> None:
    html = send(visitor, 200, name="", **SPAM, anything_else="x").content.decode()
    assert 'id="id_name_error"' in html
    assert "We offer SEO services" in html


def test_the_trap_alone_holds_nobody_apart(visitor: Client) -> None:
    send(visitor, anything_else="Robin", opened=signals.sign_opening())
    assert latest().state == State.PENDING
    send(visitor, anything_else="Robin")  # and never opened
    assert latest().state == State.SUSPECTED


# No oracle


def page_of(answer: Any, consultation: ConsultationRequest) -> str:
    """A page without what is the request's own."""
    text = answer.content.decode().replace(consultation.token, "TOKEN")
    return re.sub(r'(name="(?:key|opened)" value=")[^"]*', r"\1", text)


@pytest.mark.parametrize("asks_for_time", [False, True])
@pytest.mark.parametrize("email", ["robin@example.com", ""])
def test_a_spammer_sees_what_everybody_sees(
    visitor: Client, asks_for_time: bool, email: str
) -> None:
    """From sending to erasing, and also when the promised day and the hold are over."""
    told: list[list[Any]] = []
    now = timezone.now()
    for extra in ({"message": LONG}, SPAM):
        with time_machine.travel(now, tick=False):
            when = {"when": as_value(factories.open_time())} if asks_for_time else {}
            sent = send(visitor, email=email, phone="626 555 0143", **extra, **when)
            consultation = latest()
            link, own = consultation.get_absolute_url(), consultation
            seen = [sent.status_code, sent.headers["Location"].replace(consultation.token, "TOKEN")]
            seen.append(page_of(visitor.get(sent.headers["Location"]), own))
            seen.append(page_of(visitor.get(link), own))
        with time_machine.travel(now + timedelta(days=20), tick=False):
            expiry.end_reservations()
            seen.append(page_of(visitor.get(link), own))
            for act in ("pick", "ask_to_move", "withdraw", "withdraw", "restore", "restore"):
                answer = visitor.post(link, {"act": act, "version": 1})
                seen += [answer.status_code, page_of(visitor.get(link), own)]
            answer = visitor.post(link, {"act": "erase"})
            seen += [answer.status_code, page_of(answer, own)]
            answer = visitor.post(link, {"act": "erase", "sure": "yes"})
            seen += [answer.status_code, page_of(answer, own), visitor.get(link).status_code]
        assert not ConsultationRequest.objects.exists()
        told.append(seen)
    assert told[0] == told[1]


def test_a_time_that_is_taken_is_refused_to_a_spammer_too(visitor: Client) -> None:
    start = factories.open_time()
    send(visitor, when=as_value(start))
    send(visitor, 409, when=as_value(start), **SPAM)


# Held apart


def test_what_is_held_apart_sets_nothing_off(visitor: Client, as_therapist: Client) -> None:
    start = factories.open_time()
    consultation = spam(visitor, when=as_value(start))
    assert (consultation.asked_for, consultation.starts_at) == (start, None)
    assert consultation.held_apart_for[0] == "markup"
    assert kinds(consultation) == ["received", "held_apart"]
    assert owed() == ["alert_quarantine"]
    assert not SlotClaim.objects.exists()
    assert start in factories.open_times()
    today = timezone.now().date() + timedelta(days=90)
    assert not ConsultationRequest.objects.awaiting_reply().exists()
    assert not ConsultationRequest.objects.overdue(today).exists()
    assert not ConsultationRequest.objects.with_time().exists()
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        assert expiry.end_reservations() == expiry.expire_offers() == 0
        assert expiry.queue_reminders() == 0
    consultation.refresh_from_db()
    assert (consultation.state, consultation.version) == (State.SUSPECTED, 1)
    send(visitor, when=as_value(start))  # a real person may have that time
    assert latest().starts_at == start


def test_nothing_is_dropped_and_the_same_form_twice_is_one(visitor: Client) -> None:
    key = "7d6de1bb-6f4e-4f6f-9a52-0f5b3c1c9a51"
    first, second = (send(visitor, **SPAM, key=key) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert latest().message == SPAM["message"]
    assert ConsultationRequest.objects.count() == 1
    assert max(DailyCount.objects.values_list("count", flat=True)) == 1


def test_its_sender_withdraws_brings_back_and_erases_it_without_an_alert(visitor: Client) -> None:
    consultation = spam(visitor)
    link = consultation.get_absolute_url()
    visitor.post(link, {"act": "withdraw"})
    consultation.refresh_from_db()
    assert consultation.state == State.WITHDRAWN
    visitor.post(link, {"act": "restore"})
    consultation.refresh_from_db()
    assert consultation.state == State.SUSPECTED
    visitor.post(link, {"act": "erase", "sure": "yes"})
    assert not ConsultationRequest.objects.exists()
    assert not ErasedCount.objects.exists()
    assert owed() == ["alert_quarantine"]


def test_it_is_counted_in_the_next_alert_if_there_is_any(visitor: Client, settings: Any) -> None:
    settings.ALERTS_GATHERED_FOR = 0
    send(visitor)
    outbox.send_due()
    assert "like spam" not in "".join(str(message.body) for message in mail.outbox)
    spam(visitor)
    spam(visitor)
    outbox.send_due()
    mail.outbox.clear()
    unopened.note_opened(ConsultationRequest.objects.earliest("pk"))  # or the next would wait
    send(visitor)
    outbox.send_due()
    (alert,) = (m for m in mail.outbox if m.to == ["practice@example.com"])
    assert "2 more requests look like spam" in alert.body
    assert "spam.example" not in alert.body
    (letter,) = (m for m in mail.outbox if m.to == ["robin@example.com"])
    assert "spam" not in letter.body


# The therapist


def rows(html: str) -> set[int]:
    return {int(pk) for pk in re.findall(r"/admin/consultations/(\d+)/", html)}


def test_the_list_holds_it_apart(visitor: Client, as_therapist: Client) -> None:
    send(visitor)
    real, doubtful = latest(), spam(visitor)
    for name in ("index", "all"):
        html = as_therapist.get(reverse(f"consultations:{name}")).content.decode()
        assert rows(html) == {real.pk}
        assert f'href="{HELD_APART}">Possible spam (1)' in html
    assert rows(as_therapist.get(HELD_APART).content.decode()) == {doubtful.pk}
    results = reverse("consultations:held_apart_results")
    assert rows(as_therapist.get(results).content.decode()) == {doubtful.pk}
    home = as_therapist.get("/admin/").content.decode()
    assert "Consultations (1)" in home
    assert f'href="{HELD_APART}">Possible spam (1)' in home


def test_its_page_says_why_and_offers_two_presses(visitor: Client, as_therapist: Client) -> None:
    consultation = spam(visitor)
    html = as_therapist.get(
        reverse("consultations:detail", args=[consultation.pk])
    ).content.decode()
    assert signals.Signal.MARKUP.words in html
    for decision in ("accept", "close"):
        url = reverse("consultations:decide", args=[consultation.pk, decision])
        assert f'<form method="post" action="{url}">' in html
    assert f"/{consultation.pk}/reopen/" not in html


def test_one_press_makes_it_a_request_from_when_it_came(
    visitor: Client, as_therapist: Client
) -> None:
    start = factories.open_times()[-40]  # open a day before too
    came = timezone.now() - timedelta(hours=25)
    with time_machine.travel(came, tick=False):
        consultation = spam(visitor, when=as_value(start))
    before = ConsultationRequest.objects.get()
    decide(as_therapist, consultation, "accept")
    assert consultation.state == State.PENDING
    assert consultation.received_at == before.received_at == consultation.state_since
    assert consultation.reply_by == before.reply_by
    assert consultation.starts_at == start
    assert consultation.holds_until
    assert consultation.holds_until > before.holds_until
    assert consultation.claims.exists()
    assert consultation.held_apart_for == []
    assert kinds(consultation) == ["received", "held_apart", "accept"]
    assert list(consultation.emails.values_list("kind", flat=True)) == ["received"]
    outbox.send_due()
    assert mail.outbox[0].to == ["robin@example.com"]
    assert f"hear from me by {consultation.reply_by:%A}" in mail.outbox[0].body
    visitor.post(consultation.get_absolute_url(), {"act": "withdraw"})
    assert consultation.emails.filter(kind="alert_changed").exists()  # it is one like others now


def test_a_real_request_that_waited_too_long_is_late_and_its_letter_says_so(
    visitor: Client, as_therapist: Client
) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=20), tick=False):
        consultation = spam(visitor)
    decide(as_therapist, consultation, "accept")
    assert consultation.is_late(timezone.now().date())
    message = emails.build(consultation.emails.get())
    assert message
    assert "My reply is late" in message.body
    assert "hear from me by" not in message.body


def test_a_time_that_is_gone_is_not_held_and_the_request_waits_without(
    visitor: Client, as_therapist: Client
) -> None:
    start = factories.open_time()
    consultation = spam(visitor, when=as_value(start))
    send(visitor, when=as_value(start))
    decide(as_therapist, consultation, "accept")
    assert (consultation.state, consultation.starts_at, consultation.asked_for) == (
        State.PENDING,
        None,
        start,
    )
    html = visitor.get(consultation.get_absolute_url()).content.decode()
    assert "no longer holding the time you asked for" in html


def test_another_press_closes_it_and_reopening_it_takes_it_for_real(
    visitor: Client, as_therapist: Client
) -> None:
    consultation = spam(visitor)
    decide(as_therapist, consultation, "close")
    assert consultation.state == State.CLOSED
    assert owed() == ["alert_quarantine"]
    decide(as_therapist, consultation, "reopen", version=2)
    assert (consultation.state, consultation.held_apart_for) == (State.PENDING, [])


def test_two_presses_or_a_withdrawal_meanwhile_do_it_once(
    visitor: Client, as_therapist: Client
) -> None:
    consultation = spam(visitor)
    decide(as_therapist, consultation, "accept")
    decide(as_therapist, consultation, "accept")
    assert kinds(consultation).count("accept") == 1
    other = spam(visitor)
    visitor.post(other.get_absolute_url(), {"act": "withdraw"})
    decide(as_therapist, other, "accept")
    assert other.state == State.WITHDRAWN


def test_what_was_held_apart_to_the_end_is_erased_without_a_count(visitor: Client) -> None:
    consultation = spam(visitor)
    erasing.erase(consultation, by=transitions.Actor.PRACTICE)
    assert not ConsultationRequest.objects.exists()
    assert not RequestEvent.objects.exists()
    assert not ErasedCount.objects.exists()


# Limits


@pytest.fixture
def at_most_three(settings: Any) -> None:
    settings.REQUESTS_PER_ADDRESS = 3


def test_over_the_limit_the_form_comes_back_with_all_that_was_typed_and_another_way(
    visitor: Client, at_most_three: None
) -> None:
    for _ in range(3):
        send(visitor)
    key = "0c4f3f05-15b7-4f43-8f0e-2f4c1c1f8f3d"
    typed = {"message": LONG, "who": "us", "phone": "626 555 0143", "key": key}
    html = send(visitor, 429, **typed).content.decode()
    assert 'href="tel:' in html
    assert "mailto:" not in html  # no mailbox is set up in tests
    for kept in (LONG, 'value="626 555 0143"', 'value="Robin"', f'value="{key}"'):
        assert kept in html
    assert re.search(r'value="us"[^>]*checked', html)
    assert ConsultationRequest.objects.count() == 3
    send(visitor, address="192.0.2.2", **typed)  # another network is another matter


def test_the_page_names_a_mailbox_where_there_is_one(
    visitor: Client, at_most_three: None, settings: Any
) -> None:
    settings.DEFAULT_FROM_EMAIL = "office@practice.example"
    for _ in range(3):
        send(visitor)
    assert 'href="mailto:office@practice.example"' in send(visitor, 429).content.decode()


def test_what_was_sent_before_is_answered_as_before_also_over_the_limit(
    visitor: Client, at_most_three: None
) -> None:
    key = "e4c7a0f7-4f64-4f6f-8d8d-9f3c6c2d9f10"
    first = send(visitor, key=key)
    for _ in range(2):
        send(visitor)
    send(visitor, 429)
    assert send(visitor, key=key).headers["Location"] == first.headers["Location"]


def test_the_limit_is_of_a_day(visitor: Client, at_most_three: None) -> None:
    with time_machine.travel(datetime(2026, 5, 4, 23, 0, tzinfo=UTC), tick=False):
        for _ in range(3):
            send(visitor)
        send(visitor, 429)
    with time_machine.travel(datetime(2026, 5, 5, 0, 5, tzinfo=UTC), tick=False):
        send(visitor)


def test_looking_and_mistyping_are_counted_by_nobody(visitor: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        visitor.get(FORM)
    assert not [q for q in queries if not q["sql"].lstrip("(").startswith("SELECT")]
    send(visitor, 200, name="")
    send(visitor, 200, act="more")
    assert not DailyCount.objects.exists()
    assert not DailySalt.objects.exists()


def test_the_same_words_from_many_addresses_are_held_apart_from_the_fourth_on(
    visitor: Client,
) -> None:
    for number in range(signals.MANY_ALIKE + 1):
        send(
            visitor,
            email=f"{number}@example.com",
            address=f"192.0.2.{number}",
            message=LONG if number % 2 else f"  {LONG.upper()}!! ",
        )
    assert latest().held_apart_for[0] == "repeated"
    assert ConsultationRequest.objects.held_apart().count() == 1


def test_a_whole_school_behind_one_address_is_heard(visitor: Client) -> None:
    for number in range(signals.MANY_FROM_ADDRESS + 5):
        send(visitor, email=f"{number}@example.com", message=f"{LONG} {number}")
    assert not ConsultationRequest.objects.held_apart().exists()


def test_no_row_holds_an_address_or_a_contact_and_nothing_outlives_its_day(
    visitor: Client,
) -> None:
    with time_machine.travel(datetime(2026, 5, 4, 12, 0, tzinfo=UTC), tick=False):
        send(visitor, message=LONG)
        first = set(DailyCount.objects.values_list("digest", flat=True))
        assert len(first) == 3
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in first)
        assert counts.forget_counts() == 0
    with time_machine.travel(datetime(2026, 5, 5, 12, 0, tzinfo=UTC), tick=False):
        send(visitor, message=LONG)
        assert DailySalt.objects.count() == 2
        call_command("run_job", "forget_counts")
        assert DailySalt.objects.get().day == timezone.now().date()
        second = set(DailyCount.objects.values_list("digest", flat=True))
    assert len(second) == 3
    assert not first & second  # another salt: one day cannot be joined with another


def test_sending_takes_few_queries(visitor: Client) -> None:
    send(visitor)
    with CaptureQueriesContext(connection) as queries:
        send(visitor, phone="626 555 0143", message=LONG)
    assert len(queries) <= 12


@pytest.mark.usefixtures("committed")
def test_many_at_once_are_each_counted_once_from_the_first_of_a_day(settings: Any) -> None:
    factories.practice_settings()
    settings.REQUESTS_PER_ADDRESS = 5

    def submit(number: int) -> Callable[[], bool]:
        def act() -> bool:
            contacts = {"email": "robin@example.com", "phone": "+16265550143"}
            consultation = factories.unsaved_request(message=LONG, **contacts)
            try:
                by_visitor.submit(consultation, Sending(f"192.0.2.{number % 2}"))
            except counts.TooMany:
                return False
            return True

        return act

    assert sum(at_once([submit(number) for number in range(12)])) == 10
    assert DailySalt.objects.count() == 1
    assert sorted(DailyCount.objects.values_list("count", flat=True)) == [5, 5, 10, 10, 10]


@pytest.mark.usefixtures("committed")
def test_a_form_sent_many_times_at_once_is_counted_once() -> None:
    consultation = factories.unsaved_request()

    def submit() -> bool:
        again = factories.unsaved_request(submission_key=consultation.submission_key)
        return by_visitor.submit(again, Sending("192.0.2.1"))[1]

    assert sum(at_once([submit] * 8)) == 1
    assert set(DailyCount.objects.values_list("count", flat=True)) == {1}


def test_what_is_undone_was_never_counted() -> None:
    day = timezone.now().date()
    with transaction.atomic():
        assert DailyCount.objects.add_one(day, ["a", "b", "a"]) == {"a": 1, "b": 1}
        transaction.set_rollback(True)
    assert DailyCount.objects.add_one(day, ["b", "a"]) == {"a": 1, "b": 1}
