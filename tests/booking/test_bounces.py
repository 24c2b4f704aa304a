"""A letter that came back: learned, shown with what to do, and settled."""

import json
import socketserver
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from booking.letters import bounces, emails, outbox
from booking.models import ConsultationRequest, OutgoingEmail, RequestEvent
from booking.services import by_visitor, decisions, expiry, readdress, unopened
from booking.times import open_times
from practice.models import PracticeSettings
from practice.worker import clocks
from tests import factories, mail_service
from tests.mail_service import MailService, basic, mailgun_says, postmark_says

pytestmark = pytest.mark.django_db

HOOK = "/mail/bounces/"
Kind = RequestEvent.Kind


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    return practice


class Mailbox:
    """How a real SMTP server answers for each address."""

    def __init__(self) -> None:
        self.refusal = ""
        self.taken: list[str] = []

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.refusal and address == "robin@example.com":
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken += envelope.rcpt_tos
        return "250 OK"


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    box = Mailbox()
    with socketserver.TCPServer(("127.0.0.1", 0), None) as probe:  # type: ignore[arg-type]
        port = probe.server_address[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    yield box
    server.stop()


@pytest.fixture
def postmark(settings: Any) -> Iterator[MailService]:
    service = MailService("postmark")
    mail_service.use(settings, "postmark", service.url)
    yield service
    service.close()


@pytest.fixture
def mailgun(settings: Any) -> Iterator[MailService]:
    service = MailService("mailgun")
    mail_service.use(settings, "mailgun", service.url)
    yield service
    service.close()


def submit(**fields: Any) -> ConsultationRequest:
    return by_visitor.submit(factories.unsaved_request(**fields))[0]


def unreached() -> list[ConsultationRequest]:
    return list(ConsultationRequest.objects.with_returned_letter())


def acknowledgement() -> OutgoingEmail:
    return OutgoingEmail.objects.get(kind="received")


def said_by_the_service(body: dict[str, Any], **headers: str) -> Any:
    return Client().post(HOOK, json.dumps(body), content_type="application/json", **headers)


# --- Learned -------------------------------------------------------------------------------


def test_a_mail_server_that_refuses_the_address_marks_the_request_at_once(
    mailbox: Mailbox,
) -> None:
    request = submit()
    mailbox.refusal = "550 5.1.1 no such mailbox robin@example.com"
    outbox.send_due()
    assert unreached() == [request]
    assert acknowledgement().bounced_at is not None
    assert request.events.filter(kind=Kind.CAME_BACK, actor="system").count() == 1
    assert not OutgoingEmail.objects.stuck(timezone.now()).exists(), "it is not told of twice"


@pytest.mark.parametrize("refusal", ["554 5.7.1 relay access denied", "451 4.7.1 come again"])
def test_a_refusal_that_is_not_about_the_address_marks_nobody_and_is_tried_again(
    mailbox: Mailbox, refusal: str
) -> None:
    submit()
    mailbox.refusal = refusal
    outbox.send_due()
    assert unreached() == []
    assert acknowledgement().given_up_at is None


def test_the_service_tells_later_that_a_letter_came_back(postmark: MailService) -> None:
    request = submit()
    outbox.send_due()
    assert unreached() == []
    word = postmark_says("Bounce", acknowledgement().key, "Robin@example.com")
    for _ in range(2):  # services say everything at least once
        assert said_by_the_service(word, **basic()).status_code == 200
    assert unreached() == [request]
    assert request.events.filter(kind=Kind.CAME_BACK).count() == 1


def test_a_service_that_signs_is_believed_by_its_signature_alone(mailgun: MailService) -> None:
    request = submit()
    outbox.send_due()
    key = acknowledgement().key
    forged = mailgun_says("failed", key, "robin@example.com", signing_key="a guess")
    assert said_by_the_service(forged).status_code == 400
    assert unreached() == []
    soon_again = mailgun_says("failed", key, "robin@example.com", severity="temporary")
    assert said_by_the_service(soon_again).status_code == 200
    assert unreached() == []
    word = mailgun_says("failed", key, "robin@example.com", severity="permanent")
    assert said_by_the_service(word).status_code == 200
    assert unreached() == [request]


@pytest.mark.parametrize("hours", [-24 * 365 * 56, -13, 13])
def test_a_signed_word_that_somebody_kept_is_not_believed(mailgun: MailService, hours: int) -> None:
    submit()
    outbox.send_due()
    at = max(0, time.time() + hours * 3600)
    word = mailgun_says("failed", acknowledgement().key, "robin@example.com", at=at)
    assert said_by_the_service(word).status_code == 400
    assert unreached() == []


@pytest.mark.parametrize("hours", [-8, 0])
def test_a_word_that_the_service_repeats_for_hours_is_believed(
    mailgun: MailService, hours: int
) -> None:
    request = submit()
    outbox.send_due()
    at = time.time() + hours * 3600
    word = mailgun_says("failed", acknowledgement().key, "robin@example.com", at=at)
    assert said_by_the_service(word).status_code == 200
    assert unreached() == [request]


def test_a_signature_is_good_once_whatever_is_said_under_it(mailgun: MailService) -> None:
    """It signs neither the message nor what became of it."""
    submit()
    outbox.send_due()
    key, token = acknowledgement().key, "t" * 50
    for event, status in (("delivered", 200), ("failed", 400), ("failed", 400)):
        word = mailgun_says(event, key, "robin@example.com", token=token)
        assert said_by_the_service(word).status_code == status
    assert unreached() == []


def test_a_word_that_could_not_be_learned_may_be_said_again(
    mailgun: MailService, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = submit()
    outbox.send_due()
    word = mailgun_says("failed", acknowledgement().key, "robin@example.com")
    with monkeypatch.context() as broken:
        broken.setattr(bounces, "came_back", raises(DatabaseError))
        with pytest.raises(DatabaseError):
            said_by_the_service(word)
    assert said_by_the_service(word).status_code == 200
    assert unreached() == [request]


def test_with_a_clock_that_is_wrong_no_word_is_too_old(
    mailgun: MailService, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = submit()
    outbox.send_due()
    monkeypatch.setattr(clocks, "are_believed", lambda: False)
    word = mailgun_says("failed", acknowledgement().key, "robin@example.com", at=0)
    assert said_by_the_service(word).status_code == 200
    assert unreached() == [request]


def raises(error: type[Exception]) -> Callable[..., Any]:
    def act(*args: Any, **kwargs: Any) -> Any:
        raise error

    return act


NO_WORDS: list[Any] = [
    [],
    None,
    "x",
    7,
    {},
    {"signature": []},
    {"signature": "x"},
    {"signature": {"token": "\u00e9", "timestamp": "1", "signature": "x"}},
    {"signature": {"token": None, "timestamp": {}, "signature": []}},
]


@pytest.mark.parametrize("body", [*map(json.dumps, NO_WORDS), "", "{", "\0", "[" * 100_000])
@pytest.mark.parametrize("service", ["mailgun", "postmark"])
def test_what_is_no_word_of_a_service_is_refused(
    service: str, body: str, request: pytest.FixtureRequest
) -> None:
    """Whoever has Postmark's secret may say that something else happened; nothing comes of it."""
    request.getfixturevalue(service)
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        for headers in ({}, basic()):
            answer = Client().post(HOOK, body, content_type=kind, **headers)
            is_postmarks = (
                service == "postmark" and headers and body.startswith("{") and body != "{"
            )
            assert answer.status_code == (200 if is_postmarks else 400)


@pytest.mark.parametrize(
    "more", [{"event-data": None}, {"event-data": "x"}, {"event-data": {"event": []}}]
)
def test_nor_is_what_the_service_signed_and_nobody_can_read(
    mailgun: MailService, more: dict[str, Any]
) -> None:
    word = mailgun_says("failed", "", "robin@example.com")
    assert said_by_the_service(word | more).status_code == 400


@pytest.mark.parametrize(
    "more", [{"Metadata": "x"}, {"Metadata": [1]}, {"Email": 7}, {"Email": None}, {"Email": []}]
)
def test_an_odd_word_of_the_service_is_no_crash(
    postmark: MailService, more: dict[str, Any]
) -> None:
    submit()
    outbox.send_due()
    word = postmark_says("Bounce", acknowledgement().key, "robin@example.com", **more)
    assert said_by_the_service(word, **basic()).status_code in (200, 400)


@pytest.mark.parametrize("headers", [{}, basic("hook:a-guess"), basic("hook:")])
def test_nobody_without_the_secret_is_believed(
    postmark: MailService, headers: dict[str, str]
) -> None:
    submit()
    outbox.send_due()
    word = postmark_says("Bounce", acknowledgement().key, "robin@example.com")
    assert said_by_the_service(word, **headers).status_code == 400
    assert unreached() == []


@pytest.mark.parametrize(
    "change",
    [{"MAIL_SERVICE": ""}, {"MAIL_WEBHOOK_SECRET": ""}, {"MAIL_WEBHOOK_SECRET": "no-colon"}],
)
def test_without_a_service_or_a_secret_nothing_is_there(
    postmark: MailService, settings: Any, change: dict[str, str]
) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    word = postmark_says("Bounce", "", "robin@example.com")
    assert said_by_the_service(word, **basic()).status_code == 404


@pytest.mark.parametrize("key", ["", "not-a-key", "5b0d1f0e-7c1b-4b6e-9d38-2f3f6f8c3a11"])
def test_a_word_about_somebody_elses_message_changes_nothing(
    postmark: MailService, key: str
) -> None:
    submit()
    word = postmark_says("Bounce", key, "robin@example.com")
    assert said_by_the_service(word, **basic()).status_code == 200
    assert unreached() == []


def test_a_word_about_an_address_that_was_changed_since_marks_nobody(
    postmark: MailService, therapist: Any
) -> None:
    request = submit()
    outbox.send_due()
    readdress.readdress(request, "robin@example.org", user=therapist)
    word = postmark_says("Bounce", acknowledgement().key, "robin@example.com")
    said_by_the_service(word, **basic())
    assert unreached() == []


def test_a_service_that_writes_a_domain_in_ascii_means_the_same_address(
    postmark: MailService, therapist: Any
) -> None:
    request = submit(email="robin@straße.example")
    outbox.send_due()
    [to] = [letter["To"] for letter in postmark.asked if "robin" in letter["To"]]
    assert to == "robin@xn--strae-oqa.example"
    said_by_the_service(postmark_says("Bounce", acknowledgement().key, to), **basic())
    assert unreached() == [request]


# --- Shown ---------------------------------------------------------------------------------


@pytest.fixture
def returned(mailbox: Mailbox) -> ConsultationRequest:
    """A request whose acknowledgement came back."""
    request = submit(phone="+16265550143")
    mailbox.refusal = "550 no such mailbox"
    outbox.send_due()
    return request


def test_list_and_home_and_request_say_what_came_back_and_what_to_do(
    returned: ConsultationRequest, as_therapist: Client
) -> None:
    listed = as_therapist.get("/admin/consultations/").content.decode()
    assert "An email to Robin came back" in listed
    assert "an email came back" in listed
    home = as_therapist.get("/admin/").content.decode()
    assert "An email to a visitor came back" in home
    page = as_therapist.get(f"/admin/consultations/{returned.pk}/").content.decode()
    assert "The email saying that their request arrived" in page
    assert 'href="tel:+16265550143">Call' in page
    assert "noticed that an email to the visitor came back" in page


def test_the_next_alert_counts_it_and_names_nobody(
    returned: ConsultationRequest, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    unopened.note_opened(returned)  # or what comes next would be gathered
    submit(email="", phone="+16265550144")
    outbox.send_due()
    alert = next(each for each in mail.outbox if each.to == ["practice@example.com"])
    assert "An email to 1 visitor came back" in alert.body
    for secret in ("Robin", "robin@", "5550143", "555-0143"):
        assert secret not in alert.message().as_string()


def test_an_alert_to_the_practice_that_came_back_is_shown_until_one_arrives(
    postmark: MailService, as_therapist: Client
) -> None:
    submit()
    outbox.send_due()
    alert = OutgoingEmail.objects.get(kind="alert_new")
    said_by_the_service(postmark_says("Bounce", alert.key, "practice@example.com"), **basic())
    assert "An alert to you came back" in as_therapist.get("/admin/").content.decode()
    assert "An alert to you came back" in as_therapist.get("/admin/consultations/").content.decode()
    submit()
    outbox.send_due()
    later = OutgoingEmail.objects.filter(kind="alert_new").latest("pk")
    said_by_the_service(postmark_says("Delivery", later.key, "practice@example.com"), **basic())
    assert "An alert to" not in as_therapist.get("/admin/").content.decode()


def test_an_alert_that_came_back_from_the_second_address_says_whose_it_was(
    as_therapist: Client,
) -> None:
    OutgoingEmail.objects.create(
        kind="alert_unopened", recipient=OutgoingEmail.Recipient.SECOND, bounced_at=timezone.now()
    )
    page = as_therapist.get("/admin/").content.decode()
    assert "An alert to your second address came back" in page
    assert "An alert to you came back" not in page


# --- Settled -------------------------------------------------------------------------------


def write_again(consultation: ConsultationRequest, therapist: Any) -> OutgoingEmail:
    decisions.waitlist(consultation, user=therapist, words=emails.Draft("About", "Words"))
    outbox.send_due()
    return OutgoingEmail.objects.get(request=consultation, kind="letter")


def test_by_smtp_a_later_letter_that_is_taken_settles_it(
    returned: ConsultationRequest, mailbox: Mailbox, therapist: Any
) -> None:
    mailbox.refusal = ""
    write_again(returned, therapist)
    assert unreached() == []
    assert not OutgoingEmail.objects.stuck(timezone.now()).exists()


def test_by_a_service_a_later_letter_settles_it_once_it_has_arrived(
    postmark: MailService, therapist: Any
) -> None:
    request = submit()
    outbox.send_due()
    lost = postmark_says("Bounce", acknowledgement().key, "robin@example.com")
    said_by_the_service(lost, **basic())
    later = write_again(request, therapist)
    assert unreached() == [request], "that the service took it says nothing"
    said_by_the_service(postmark_says("Delivery", later.key, "robin@example.com"), **basic())
    assert unreached() == []


def test_another_address_settles_it_and_gets_the_last_letter(
    returned: ConsultationRequest, mailbox: Mailbox, as_therapist: Client
) -> None:
    address = f"/admin/consultations/{returned.pk}/address/"
    key = acknowledgement().key
    as_therapist.post(address, {"email": "robin@example.org"})
    assert unreached() == []
    returned.refresh_from_db()
    assert returned.email == "robin@example.org"
    assert acknowledgement().key != key
    outbox.send_due()
    assert "robin@example.org" in mailbox.taken
    assert returned.events.filter(kind=Kind.READDRESSED).count() == 1


@pytest.mark.parametrize(
    "typed", ["", "robin", "ROBIN@example.com", "Robin <robin@example.com>", "r@localhost"]
)
def test_an_address_that_is_none_or_the_same_is_refused(
    returned: ConsultationRequest, as_therapist: Client, typed: str
) -> None:
    as_therapist.post(f"/admin/consultations/{returned.pk}/address/", {"email": typed})
    assert unreached() == [returned]
    returned.refresh_from_db()
    assert returned.email == "robin@example.com"


def test_somebody_who_was_told_otherwise_is_not_shown_any_more(
    returned: ConsultationRequest, as_therapist: Client
) -> None:
    as_therapist.post(f"/admin/consultations/{returned.pk}/address/", {"reached": "1"})
    assert unreached() == []
    assert returned.events.filter(kind=Kind.TOLD).count() == 1


def test_an_offer_whose_letter_came_back_does_not_run_out(mailbox: Mailbox, therapist: Any) -> None:
    factories.schedule()
    consultation = submit()
    decisions.offer(
        consultation,
        user=therapist,
        words=emails.Draft("Times", "These."),
        starts=[factories.open_time()],
        minutes=20,
        despite=open_times.OBJECTIONS,
    )
    mailbox.refusal = "550 no such mailbox"
    outbox.send_due()
    past = timezone.now() - timedelta(days=1)
    ConsultationRequest.objects.filter(pk=consultation.pk).update(holds_until=past)
    assert expiry.expire_offers() == 0
    readdress.reached_otherwise(consultation, user=therapist)
    assert expiry.expire_offers() == 1
