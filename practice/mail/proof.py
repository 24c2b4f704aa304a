"""The proof that mail arrives: a letter with a code, which comes back by hand.

That a server took a letter says nothing of whether anybody gets it. A proof holds for the sender
and the way by which the letter left; when either changes, it is stale.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from practice.mail import errors
from practice.mail.sending import Sender, written
from practice.models import TestLetter

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another


class NotProved(Exception):
    """A sentence on why a code proves nothing."""


@dataclass(frozen=True)
class State:
    """How the proof stands; `letter` is the last one that was asked for."""

    proved_at: datetime | None
    is_stale: bool
    letter: TestLetter | None

    @property
    def is_proved(self) -> bool:
        return self.proved_at is not None and not self.is_stale


def settings_print() -> str:
    """Stands for the sender and the way by which mail leaves; passwords and keys left out."""
    way = [
        settings.DEFAULT_FROM_EMAIL,
        settings.MAIL_SERVICE,
        settings.EMAIL_BACKEND,
        *(getattr(settings, f"EMAIL_{name}", "") for name in ("HOST", "PORT", "HOST_USER")),
        *(getattr(settings, f"EMAIL_USE_{name}", False) for name in ("TLS", "SSL")),
        *(value for name, value in sorted(settings.ANYMAIL.items()) if name.endswith("_URL")),
    ]
    return salted_hmac("practice.mail.proof", repr(way), algorithm="sha256").hexdigest()


def state() -> State:
    letter = TestLetter.objects.first()
    proved_at = letter.proved_at if letter else None
    is_stale = bool(letter and proved_at and letter.proved_print != settings_print())
    return State(proved_at, is_stale, letter)


def ask(address: str) -> TestLetter:
    """Promises a letter with a new code to `address`; the code before it proves nothing more."""
    code = "".join(secrets.choice(LETTERS) for _ in range(6))
    letter, _ = TestLetter.objects.update_or_create(
        pk=1,
        defaults={
            "code": f"{code[:3]}-{code[3:]}",
            "recipient": address,
            "settings_print": settings_print(),
            "asked_at": timezone.now(),
            "sent_at": None,
            "attempts": 0,
            "leased_until": None,
            "problem": "",
        },
    )
    return letter


class Proofs(Sender[TestLetter]):
    """A failure is told, and not tried again: whoever asked is looking."""

    model = TestLetter

    def build(self, letter: TestLetter) -> EmailMessage:
        return written("practice/emails/test_letter", letter.recipient, code=letter.code)

    def due(self, now: datetime) -> QuerySet[TestLetter]:
        return super().due(now).exclude(recipient="")

    def note_sent(self, letter: TestLetter, **more: Any) -> None:
        super().note_sent(letter, recipient="", **more)

    def note_failure(self, letter: TestLetter, error: Exception, **more: Any) -> bool:
        problem = errors.explain(error)[:200]
        return super().note_failure(letter, error, recipient="", problem=problem, **more)


send_due = Proofs.send_due


def prove(code: str) -> None:
    """Notes that the letter with this code has arrived. Raises NotProved."""
    letter = TestLetter.objects.first()
    typed = "".join(each for each in code.upper() if each.isalnum())
    if letter is None or not constant_time_compare(typed, letter.code.replace("-", "")):
        raise NotProved("That isn't the code from the last test email.")
    if letter.settings_print != settings_print():
        raise NotProved("The email settings have changed since that email. Send another one.")
    TestLetter.objects.filter(code=letter.code).update(
        proved_at=timezone.now(), proved_print=letter.settings_print
    )
