"""The proof that mail arrives: a letter, its code, and what makes it stale."""

import socketserver
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from practice.mail import proof
from practice.models import PracticeSettings, TestLetter

pytestmark = pytest.mark.django_db

PAGE = "/admin/mail/"


@pytest.fixture(autouse=True)
def complete(practice: PracticeSettings) -> PracticeSettings:
    return practice


@pytest.fixture
def nobody_listens(settings: Any) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), None) as probe:  # type: ignore[arg-type]
        port = probe.server_address[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


def said_by(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("send_test_letter", *arguments, stdout=out, **options)
    return out.getvalue()


def sent_code() -> str:
    """The code in the letter that came last."""
    words = mail.outbox[-1].body.split()
    return next(word for word in words if len(word) == 7 and word[3] == "-")


def test_the_command_sends_a_letter_whose_code_proves_that_it_arrived() -> None:
    assert "1 test email sent" in said_by("me@straße.example")
    [letter] = mail.outbox
    assert letter.to == ["me@xn--strae-oqa.example"]
    assert not proof.state().is_proved
    assert "email arrives" in said_by(code=sent_code().lower().replace("-", " "))
    assert proof.state().is_proved


def test_the_address_is_forgotten_when_the_letter_has_left() -> None:
    said_by("me@example.net")
    assert TestLetter.objects.get().recipient == ""


@pytest.mark.parametrize("code", ["", "AAA-AAA", "nonsense"])
def test_another_code_proves_nothing(code: str) -> None:
    said_by("me@example.net")
    with pytest.raises(proof.NotProved, match="isn't the code"):
        proof.prove(code)
    assert not proof.state().is_proved


def test_the_code_of_an_earlier_letter_proves_nothing_and_an_earlier_proof_stands() -> None:
    first = proof.ask("me@example.net").code
    proof.prove(first)
    proof.ask("me@example.net")
    with pytest.raises(proof.NotProved, match="isn't the code"):
        proof.prove(first)
    assert proof.state().is_proved


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEFAULT_FROM_EMAIL", "other@example.org"),
        ("EMAIL_HOST", "mail.example.org"),
        ("EMAIL_PORT", 2525),
        ("EMAIL_USE_TLS", True),
        ("MAIL_SERVICE", "postmark"),
    ],
)
def test_another_sender_or_way_makes_the_proof_stale(settings: Any, name: str, value: Any) -> None:
    proof.prove(proof.ask("me@example.net").code)
    proved_at = proof.state().proved_at
    before = getattr(settings, name)
    setattr(settings, name, value)
    assert proof.state().is_stale
    assert not proof.state().is_proved
    assert proof.state().proved_at == proved_at, "its date is kept"
    setattr(settings, name, before)
    assert proof.state().is_proved


def test_a_letter_that_left_under_other_settings_proves_nothing_of_these(settings: Any) -> None:
    code = proof.ask("me@example.net").code
    settings.DEFAULT_FROM_EMAIL = "other@example.org"
    with pytest.raises(proof.NotProved, match="have changed"):
        proof.prove(code)
    with pytest.raises(CommandError, match="have changed"):
        said_by(code=code)


def test_a_letter_that_does_not_leave_says_why_without_an_address(nobody_listens: None) -> None:
    with pytest.raises(CommandError, match="Nothing responds at the mail server") as told:
        said_by("me@example.net")
    assert "me@example.net" not in str(told.value)
    assert TestLetter.objects.get().recipient == ""
    assert proof.send_due() == 0, "it is not tried again by itself"


def test_what_is_no_address_is_said_to_be_none() -> None:
    with pytest.raises(CommandError, match="look like an email address"):
        said_by("me")


def test_without_an_address_the_command_sends_what_the_admin_asked_for() -> None:
    assert said_by() == "0 test emails sent\n"
    proof.ask("me@example.net")
    assert said_by() == "1 test email sent\n"


# --- In the admin --------------------------------------------------------------------------


def test_the_therapist_asks_the_worker_sends_and_the_code_ends_it(as_therapist: Client) -> None:
    home = as_therapist.get("/admin/").content.decode()
    assert "You haven't tested yet whether email from this site arrives" in home
    assert PAGE in home
    as_therapist.post(PAGE, {"address": "me@example.net"})
    assert not mail.outbox, "a page sends nothing itself"
    assert "on its way" in as_therapist.get(PAGE).content.decode()
    proof.send_due()
    assert "went out on" in as_therapist.get(PAGE).content.decode()
    wrong = as_therapist.post(PAGE, {"code": "AAA-AAA"}).content.decode()
    assert "t the code from the last test email." in wrong
    as_therapist.post(PAGE, {"code": sent_code()})
    assert "You tested it on" in as_therapist.get(PAGE).content.decode()
    assert "email from this site" not in as_therapist.get("/admin/").content.decode()


def test_a_stale_proof_is_shown_before_going_live(as_therapist: Client, settings: Any) -> None:
    proof.prove(proof.ask("me@example.net").code)
    settings.DEFAULT_FROM_EMAIL = "other@example.org"
    home = as_therapist.get("/admin/").content.decode()
    assert "The sender or the email settings have changed" in home
    told = as_therapist.post(PAGE, {"code": TestLetter.objects.get().code}).content.decode()
    assert "Send another one." in told


@pytest.mark.parametrize("typed", ["", "me", "a" * 400 + "@example.net"])
def test_an_address_that_is_none_is_told_beside_the_field(as_therapist: Client, typed: str) -> None:
    page = as_therapist.post(PAGE, {"address": typed}).content.decode()
    assert "errorlist" in page
    assert not TestLetter.objects.exists()


def test_why_a_letter_did_not_leave_is_shown(as_therapist: Client, nobody_listens: None) -> None:
    as_therapist.post(PAGE, {"address": "me@example.net"})
    proof.send_due()
    page = as_therapist.get(PAGE).content.decode()
    assert "didn't go out" in page
    assert "Nothing responds" in page
