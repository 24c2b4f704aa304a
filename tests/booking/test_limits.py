"""Nobody takes all open times or silences somebody else, and no request is lost to a limit."""

import html
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from booking.forms.times import as_value
from booking.letters import emails, outbox
from booking.models import ConsultationRequest, DailySalt, OutgoingEmail, Schedule, SlotClaim, State
from booking.services import by_visitor, counts, decisions, unopened
from booking.spam.signals import Sending
from practice.models import PracticeSettings, User
from tests import factories
from tests.faults.site import PATIENCE
from tests.faults.test_races import at_once

pytestmark = pytest.mark.django_db

FORM = "/consultation/"
NOT_SET_ASIDE = "I have your request, but I couldn't set that time aside. I'll send you times by "
SPAM = "[url=https://spam.example]We offer SEO services[/url]"


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    factories.schedule()
    return practice


def ask(visitor: Client, start: datetime | None = None, **fields: Any) -> ConsultationRequest:
    """Somebody of their own asks by the form for that open time, or for the next one."""
    number = ConsultationRequest.objects.count()
    address = fields.pop("address", "192.0.2.1")
    typed = {"name": "Robin", "email": f"robin-{number}@example.com", **fields}
    typed.setdefault("when", as_value(start or factories.open_time()))
    answer = visitor.post(FORM, typed, REMOTE_ADDR=address)
    assert answer.status_code == 303, answer.content.decode()
    return ConsultationRequest.objects.latest("pk")


def text_of(visitor: Client, address: str) -> str:
    """What somebody reads on a page, without its markup."""
    page = re.sub(r"<[^>]+>", "", visitor.get(address).content.decode())
    return " ".join(html.unescape(page).split())


def pages_of(visitor: Client, consultation: ConsultationRequest) -> list[str]:
    """What its visitor reads after sending it, and by the private link."""
    sent = f"/consultation/sent/?key={consultation.token}"
    return [text_of(visitor, sent), text_of(visitor, consultation.get_absolute_url())]


def is_reserved(consultation: ConsultationRequest) -> bool:
    has_claims = SlotClaim.objects.filter(request=consultation).exists()
    assert has_claims == (consultation.starts_at is not None)
    return has_claims


def test_a_third_request_from_one_network_comes_in_without_its_time_and_is_told_so(
    visitor: Client, settings: Any
) -> None:
    settings.ALERTS_GATHERED_FOR = 0  # or the third would be told with the next
    assert [is_reserved(ask(visitor)) for _ in range(2)] == [True, True]
    OutgoingEmail.objects.all().delete()
    start, free = factories.open_time(), factories.open_times()
    third = ask(visitor, start)
    assert third.state == State.PENDING
    assert third.asked_for == start
    assert not is_reserved(third)
    assert factories.open_times() == free
    for page in pages_of(visitor, third):
        assert f"{NOT_SET_ASIDE}{third.reply_by:%A}" in page
        assert "holding it for you" not in page
        assert "hear from me by" not in page
    outbox.send_due()
    alert, letter = sorted(mail.outbox, key=lambda message: message.to)
    assert alert.to == ["practice@example.com"]
    assert letter.to == [third.email]
    assert f"{NOT_SET_ASIDE}{third.reply_by:%A}" in letter.body
    assert "held for you" not in letter.body


def test_another_network_and_another_day_are_other_matters(visitor: Client) -> None:
    for _ in range(3):
        last = ask(visitor)
    assert not is_reserved(last)
    assert is_reserved(ask(visitor, address="192.0.2.2"))
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        assert is_reserved(ask(visitor))


def test_a_time_given_back_counts_for_the_network_all_the_same(visitor: Client) -> None:
    for _ in range(2):
        visitor.post(ask(visitor).get_absolute_url(), {"act": "withdraw"})
    assert not SlotClaim.objects.exists()
    assert not is_reserved(ask(visitor))


@pytest.mark.parametrize(
    ("contact", "same"),
    [
        ({"email": "robin.m@gmail.com"}, {"email": "RobinM+therapy@googlemail.com"}),
        ({"email": "robin@example.com"}, {"email": "robin+two@Example.com"}),
        ({"email": "", "phone": "626 555 0143"}, {"phone": "+1 (626) 555-0143"}),
    ],
)
def test_one_contact_has_two_times_at_most_at_the_same_time(
    visitor: Client, contact: dict[str, str], same: dict[str, str]
) -> None:
    first = ask(visitor, address="192.0.2.1", **contact)
    assert is_reserved(ask(visitor, address="192.0.2.2", **same))
    third = ask(visitor, address="192.0.2.3", **contact)
    assert not is_reserved(third)
    assert NOT_SET_ASIDE in pages_of(visitor, third)[0]
    assert is_reserved(ask(visitor, address="192.0.2.4"))  # somebody else
    visitor.post(first.get_absolute_url(), {"act": "withdraw"})
    assert is_reserved(ask(visitor, address="192.0.2.5", **same))


def test_two_domains_that_only_a_fold_makes_one_are_two_people(visitor: Client) -> None:
    for host in (2, 3):
        ask(visitor, address=f"192.0.2.{host}", email="robin@straße.example")
    assert is_reserved(ask(visitor, address="192.0.2.4", email="robin@strasse.example"))
    same = "robin@xn--strae-oqa.example"
    assert not is_reserved(ask(visitor, address="192.0.2.5", email=same))


def test_requests_that_nobody_opened_reserve_half_of_the_open_times(
    visitor: Client, as_therapist: Client
) -> None:
    everything = factories.open_times()[:10]
    Schedule.objects.update(open_times_counted=len(everything))
    came = [ask(visitor, address=f"192.0.2.{n}") for n in range(6)]
    assert [is_reserved(each) for each in came] == [True] * 5 + [False]
    assert NOT_SET_ASIDE in pages_of(visitor, came[-1])[1]
    as_therapist.get(f"/admin/consultations/{came[0].pk}/")
    assert is_reserved(ask(visitor, address="192.0.2.99"))


def test_before_the_worker_has_counted_nothing_is_capped(visitor: Client) -> None:
    assert Schedule.load().open_times_counted is None
    assert all(is_reserved(ask(visitor, address=f"192.0.2.{n}")) for n in range(12))


@time_machine.travel(
    datetime(2026, 12, 7, 8, tzinfo=UTC)
)  # or a day's last hour has room for fewer
def test_the_worker_counts_what_can_be_reserved_together(visitor: Client) -> None:
    """What waits unopened counts as well, or the half would shrink with every count."""
    counts.count_open_times()
    counted = Schedule.load().open_times_counted
    assert counted == len(factories.open_times())
    ask(visitor)
    counts.count_open_times()
    assert Schedule.load().open_times_counted == counted
    factories.schedule(step=5, daily_limit=3)
    days = {
        start.astimezone(PracticeSettings.load().zone).date() for start in factories.open_times()
    }
    counts.count_open_times()
    assert Schedule.load().open_times_counted == 3 * len(days)


def test_an_operator_may_let_more_times_be_reserved(visitor: Client, settings: Any) -> None:
    settings.RESERVATIONS_PER_VISITOR = 4
    contact = {"email": "robin@example.com"}
    assert [is_reserved(ask(visitor, **contact)) for _ in range(5)] == [True] * 4 + [False]


def test_a_spammer_learns_from_no_limit_that_they_were_found(visitor: Client) -> None:
    told: list[list[str]] = []
    for message, address in (("Could we talk?", "192.0.2.1"), (SPAM, "192.0.2.2")):
        came = [ask(visitor, message=message, address=address) for _ in range(3)]
        told.append([page for each in came for page in pages_of(visitor, each)])
    quiet, loud = ([NOT_SET_ASIDE in page for page in pages] for pages in told)
    assert quiet == loud == [False, False, False, False, True, True]


def test_the_therapist_reads_why_no_time_was_reserved(
    visitor: Client, as_therapist: Client
) -> None:
    third = [ask(visitor) for _ in range(3)][-1]
    page = text_of(as_therapist, f"/admin/consultations/{third.pk}/")
    assert "from the same internet connection" in page
    assert "no longer reserved" not in page


def test_nothing_is_said_of_that_time_once_there_is_another(
    visitor: Client, therapist: User
) -> None:
    third = [ask(visitor) for _ in range(3)][-1]
    assert NOT_SET_ASIDE in pages_of(visitor, third)[1]
    words = emails.Draft("About your message", "Which one suits you?")
    starts = factories.open_times()[:2]
    decisions.offer(third, user=therapist, words=words, starts=starts, minutes=20)
    assert NOT_SET_ASIDE not in pages_of(visitor, third)[1]
    visitor.post(third.get_absolute_url(), {"act": "none_suits", "version": third.version})
    page = pages_of(visitor, third)[1]
    assert "none of those times work" in page
    assert NOT_SET_ASIDE not in page


def submits(number: int, start: datetime, **fields: Any) -> Callable[[], bool]:
    """One of many who ask at once, each for a time of their own; gives whether they have it."""

    def act() -> bool:
        given = {"email": f"robin-{number}@example.com", "asked_for": start, **fields}
        address = given.pop("address", f"192.0.2.{number}")
        consultation, _ = by_visitor.submit(factories.unsaved_request(**given), Sending(address))
        return consultation.starts_at is not None

    return act


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    ("same", "counted", "most"),
    [
        ({"address": "192.0.2.1"}, 8, 2),
        ({"address": "192.0.2.1"}, None, 2),  # far from the cap, where all share the schedule
        ({"email": "robin@example.com"}, None, 2),
        ({"phone": "+16265550143"}, None, 2),
        ({}, 8, 4),
    ],
)
def test_many_at_once_have_no_more_than_one_after_another(
    same: dict[str, str], counted: int | None, most: int
) -> None:
    factories.practice_settings()
    factories.schedule()
    Schedule.objects.update(open_times_counted=counted)
    starts = factories.open_times()[:8]
    assert sum(at_once([submits(n, start, **same) for n, start in enumerate(starts)])) == most
    assert ConsultationRequest.objects.count() == 8
    assert ConsultationRequest.objects.filter(claims__isnull=False).distinct().count() == most


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(("counted", "waits"), [(None, False), (1000, False), (8, True)])
def test_far_from_the_cap_nobody_waits_for_another(counted: int | None, waits: bool) -> None:
    """Two who want different times; the first has its time, and its transaction has not ended."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time")
    factories.practice_settings()
    factories.schedule()
    Schedule.objects.update(open_times_counted=counted)
    DailySalt.of(timezone.now().date())  # for the first of a day all others do wait
    first, second = (submits(n, start) for n, start in enumerate(factories.open_times()[:2]))
    done = threading.Event()

    def asks() -> None:
        second()
        done.set()
        connection.close()

    beside = threading.Thread(target=asks, daemon=True)
    with transaction.atomic():
        first()
        beside.start()
        assert done.wait(1 if waits else PATIENCE) is not waits
    beside.join(PATIENCE)
    assert done.is_set()


# Letters to an address that many requests name


def test_five_posts_with_somebodys_address_silence_nobody(visitor: Client) -> None:
    """Whoever it belongs to gets no sixth letter, but the practice hears of the sixth request."""
    for number in range(5):
        last = ask(visitor, address=f"192.0.2.{number}", email=spelled(number), when="suggest")
        assert kinds(last) == ["alert_new", "received"]
    assert not any("You won't get an email" in page for page in pages_of(visitor, last))
    sixth = ask(visitor, address="192.0.2.99", email="robin@gmail.com", when="suggest")
    assert sixth.state == State.PENDING
    assert kinds(sixth) == ["alert_new"]
    for page in pages_of(visitor, sixth):
        assert "You can also call me at +1 415 555 0100." in page
        assert "on its way to you" not in page
    somebody = ask(visitor, address="192.0.2.99", email="robin@example.com", when="suggest")
    assert kinds(somebody) == ["alert_new", "received"]


def test_a_reply_of_the_therapists_goes_to_that_address_all_the_same(
    visitor: Client, as_therapist: Client, therapist: User
) -> None:
    for number in range(6):
        sixth = ask(visitor, address=f"192.0.2.{number}", email=spelled(number), when="suggest")
    page = text_of(as_therapist, f"/admin/consultations/{sixth.pk}/")
    assert "so they got no email about this one" in page
    decisions.waitlist(sixth, user=therapist, words=emails.Draft("About your message", "Wait."))
    assert kinds(sixth) == ["alert_new", "letter"]


def test_a_telephone_in_many_requests_stops_no_letter(visitor: Client) -> None:
    for number in range(6):
        last = ask(visitor, address=f"192.0.2.{number}", phone="626 555 0143", when="suggest")
    assert kinds(last) == ["alert_new", "received"]
    without = ask(visitor, address="192.0.2.9", email="", phone="626 555 0143", when="suggest")
    assert kinds(without) == ["alert_new"]
    assert "You won't get an email" not in pages_of(visitor, without)[0]


def test_a_spammer_is_told_as_anybody_that_no_email_will_come(
    visitor: Client, as_therapist: Client
) -> None:
    for number in range(6):
        sixth = ask(visitor, address=f"192.0.2.{number}", email="robin@example.com", message=SPAM)
    assert sixth.state == State.SUSPECTED
    assert "You won't get an email" in pages_of(visitor, sixth)[0]
    url = reverse("consultations:decide", args=[sixth.pk, "accept"])
    assert as_therapist.post(url, {"version": 1}).status_code == 302
    assert kinds(sixth) == []


def spelled(number: int) -> str:
    """One mailbox at Gmail, written another way each time."""
    ways = ("robin", "r.obin", "ro.bin+a", "R.o.b.i.n", "robin+therapy", "rob.in")
    return f"{ways[number]}@{'googlemail' if number % 2 else 'Gmail'}.com"


def kinds(consultation: ConsultationRequest) -> list[str]:
    return sorted(consultation.emails.values_list("kind", flat=True))


# What is put aside


def test_what_is_put_aside_as_spam_is_told_the_same_day_and_once(visitor: Client) -> None:
    zone = PracticeSettings.load().zone
    morning = datetime(2026, 12, 1, 9, 0, tzinfo=zone)
    with time_machine.travel(morning, tick=False):
        ask(visitor, message=SPAM, name="Quillon")
        outbox.send_due()
    (alert,) = mail.outbox
    assert alert.to == ["practice@example.com"]
    assert alert.subject == "Possible spam was put aside"
    assert "/admin/consultations/held-apart/" in alert.body
    for secret in ("Quillon", "robin", "SEO", "spam.example"):
        assert secret not in f"{alert.subject} {alert.body}"
    for hours in (1, 14):  # ten in the morning, eleven at night
        with time_machine.travel(morning + timedelta(hours=hours), tick=False):
            ask(visitor, message=SPAM, address=f"192.0.2.{hours}")
            unopened.alert_quarantine()
            outbox.send_due()
    assert len(mail.outbox) == 1
    with time_machine.travel(morning + timedelta(hours=15, minutes=1), tick=False):  # midnight
        unopened.alert_quarantine()
        unopened.alert_quarantine()
        outbox.send_due()
    assert len(mail.outbox) == 2
    with time_machine.travel(morning + timedelta(days=2), tick=False):  # and nothing came since
        unopened.alert_quarantine()
        assert outbox.send_due() == 0


def test_a_clock_that_was_a_year_ahead_silences_no_spam(visitor: Client) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=400), tick=False):
        unopened.note_opened(ask(visitor, message=SPAM))
        outbox.send_due()
    ask(visitor, message=SPAM, address="192.0.2.7")
    mail.outbox.clear()
    outbox.send_due()
    assert [alert.subject for alert in mail.outbox] == ["Possible spam was put aside"]


def test_no_alert_leaves_for_what_the_therapist_has_seen_already(
    visitor: Client, as_therapist: Client
) -> None:
    spam = ask(visitor, message=SPAM)
    as_therapist.get(f"/admin/consultations/{spam.pk}/")
    decide = reverse("consultations:decide", args=[spam.pk, "close"])
    assert as_therapist.post(decide, {"version": 1}).status_code == 302
    assert OutgoingEmail.objects.get().kind == "alert_quarantine"
    assert outbox.send_due() == 0


@pytest.mark.usefixtures("committed")
def test_much_spam_at_once_is_one_alert() -> None:
    factories.practice_settings()
    factories.schedule()
    start = factories.open_time()
    spam = [submits(n, start, message=SPAM) for n in range(8)]
    assert sum(at_once(spam)) == 0
    assert OutgoingEmail.objects.get().kind == "alert_quarantine"
