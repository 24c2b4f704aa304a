"""The one sender of letters: each is a promise, kept at least once.

A worker that dies while it sends leaves a lease behind, and another takes the letter when that has
run out. Only between the mail server's yes and our note of it can a letter go twice.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, ClassVar, Generic, TypeVar

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Case, Max, QuerySet, Value, When
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext

from practice import contacts
from practice.environment import site_url
from practice.mail import html
from practice.mail.errors import describe, is_the_servers
from practice.models import PracticeSettings
from practice.models.mail import OwedLetter, is_waiting, lease_ends
from practice.worker import clocks

logger = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(hours=4)
ROUND = 30.0  # seconds in which letters are begun: then the worker's other jobs have their turn
FRESH_FIRST = (Case(When(attempts=0, then=Value(0)), default=Value(1)), "next_try_at", "pk")
L = TypeVar("L", bound=OwedLetter)


def compose(
    practice: PracticeSettings,
    to: Sequence[str],
    subject: str,
    body: str,
    *,
    headers: Mapping[str, str] | None = None,
    buttons: Mapping[str, str] | None = None,
    preview: str = "",
) -> EmailMultiAlternatives:
    """A letter in the name of the practice, as plain text and as HTML made from it.

    `buttons` says what to press in place of an address (see `html.blocks`), and `preview` what a
    mailbox shows beside the subject, which else is the subject again.
    """
    name = " ".join(practice.mail_name.replace('"', "").split())
    subject = " ".join(subject.split())
    message = EmailMultiAlternatives(
        subject=subject,
        body=body,
        from_email=f'"{name}" <{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}>',
        to=[contacts.wire(each) for each in to],
        headers={"Auto-Submitted": "auto-generated", **(headers or {})},
    )
    text, signature = html.signed(body, (practice.therapist_name, practice.mail_name))
    words = {
        "practice": practice,
        "preview": preview or subject,
        "blocks": html.blocks(text, buttons or {site_url.absolute("/"): gettext("Sign in")}),
        "signature": signature or [practice.mail_name, practice.telephone],
    }
    message.attach_alternative(render_to_string("practice/emails/frame.html", words), "text/html")
    return message


def written(name: str, to: str, **words: Any) -> EmailMultiAlternatives:
    """A letter of the practice's own, from the templates `name` with _subject.txt and _body.txt."""
    practice = PracticeSettings.load()
    words["practice"] = practice
    subject, body = (render_to_string(f"{name}_{part}.txt", words) for part in ("subject", "body"))
    return compose(practice, [to], subject, body)


def wait_after(attempts: int, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """How long to wait after so many failures: a minute, two, four, up to `longest`."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), longest)


@dataclass
class Sender(Generic[L]):
    """One round of one kind of letter. What a kind does in a way of its own, it overrides."""

    model: ClassVar[type[Any]]
    stopping: Callable[[], bool] = lambda: False
    believed: Callable[[], bool] = clocks.are_believed
    is_away = False  # the mail server was not reached, or hung: the next letter would meet the same

    def build(self, letter: L) -> EmailMessage | None:
        """The message, or None where it is not owed any more. Whatever it raises is a failure."""
        raise NotImplementedError

    def wait(self, letter: L, error: Exception, attempts: int) -> timedelta | None:
        """How long to wait after so many failures, or None: it is given up."""
        return wait_after(attempts)

    def due(self, now: datetime) -> QuerySet[L]:
        every: QuerySet[L] = self.model._default_manager.all()
        return every.filter(is_waiting(now)).order_by(*FRESH_FIRST)

    @transaction.atomic
    def claim(self, now: datetime) -> L | None:
        """Takes the next due letter for this worker alone, or None.

        Nobody waits for another worker: PostgreSQL skips what one is just taking. SQLite, which
        knows no such locks, lets one transaction write at a time.
        """
        letter = self.due(now).select_for_update(skip_locked=True, of=("self",)).first()
        return self.lease(letter, now) if letter else None

    def lease(self, letter: L, now: datetime, along: Sequence[int] = ()) -> L:
        """Those that go `along` with it leave as one letter."""
        letter.lease, letter.leased_until = uuid.uuid4(), lease_ends(now)
        self.model._default_manager.filter(pk__in=[letter.pk, *along]).update(
            lease=letter.lease, leased_until=letter.leased_until
        )
        return letter

    def mine(self, letter: L) -> QuerySet[L]:
        """It and what goes along, unless another worker took it: one of the version before writes
        nothing but the end of its lease.
        """
        every: QuerySet[L] = self.model._default_manager.all()
        return every.filter(lease=letter.lease, leased_until=letter.leased_until)

    def note_sent(self, letter: L, **more: Any) -> None:
        more |= {"lease": None, "leased_until": None, "last_error": ""}
        self.mine(letter).update(sent_at=timezone.now(), **more)

    def note_failure(self, letter: L, error: Exception, **more: Any) -> bool:
        """It is tried later, or given up; whether it was still this worker's."""
        now, mine = timezone.now(), self.mine(letter)
        attempts = 1 + (mine.aggregate(most=Max("attempts"))["most"] or 0)
        wait = self.wait(letter, error, attempts)
        when = {"given_up_at": now} if wait is None else {"next_try_at": now + wait}
        more |= {"lease": None, "leased_until": None, "last_error": describe(error)}
        logger.warning("%s %s failed: %s", self.model.__name__, letter.pk, describe(error))
        return bool(mine.update(attempts=attempts, **when, **more))

    def deliver(self, letter: L) -> bool:
        """Sends a claimed letter, outside any transaction; whether it left."""
        try:
            message = self.build(letter)
            if message is None:
                self.mine(letter).delete()
                return False
            with get_connection() as message.connection:
                # One that hung meanwhile finds its letter taken by another worker, and leaves it.
                until = lease_ends(timezone.now())
                if not self.mine(letter).update(leased_until=until):
                    return False
                letter.leased_until = until
                message.send()
                # Before the goodbye to the mail server, which takes a round trip and may fail.
                self.note_sent(letter)
        except Exception as error:  # whatever it is, the promise stays
            self.note_failure(letter, error)
            self.is_away = is_the_servers(error)
            return False
        return True

    @classmethod
    def send_due(cls, limit: int = 100, **worker: Any) -> int:
        """Sends what is due; how many letters left.

        At most `limit`, until it is `stopping`, none begun after ROUND, and none after the first
        for which the mail server is away: else it would hold up the worker's other jobs.
        """
        sender, sent, ends_at = cls(**worker), 0, time.monotonic() + ROUND
        for _ in range(limit):
            is_over = sender.is_away or sender.stopping() or time.monotonic() > ends_at
            letter = None if is_over else sender.claim(timezone.now())
            if letter is None:
                break
            sent += sender.deliver(letter)
        return sent
