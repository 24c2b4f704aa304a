"""Promises to send, kept at least once: claimed by lease, retried for seven days.

A worker that dies while it sends leaves a lease behind, and another worker takes the message
when that has run out. Only between the mail server's yes and our note of it can a message
go twice, under the same Message-ID.
"""

import logging
import re
import smtplib
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from anymail.exceptions import AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from booking import bounces, emails
from booking.models import ConsultationRequest, OutgoingEmail
from practice.mail.errors import describe

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=30)  # what was about a request that is gone
TRIES_FOR = timedelta(days=7)
LEAST_TRIES = 10  # a server that was off for a week, or a clock that jumped, is no reason yet
LONGEST_WAIT = timedelta(hours=4)
POLICY = re.compile(rb"\b5\.7\.\d")  # RFC 3463: refused for who sends, not for whom it is to


def promise(
    kind: str,
    recipient: OutgoingEmail.Recipient,
    request: ConsultationRequest | None = None,
    *,
    about_time: datetime | None = None,
) -> OutgoingEmail:
    """Owes one message. Call it in the transaction of what the message is about.

    Raises IntegrityError where this version of the request already owes this kind.
    """
    return OutgoingEmail.objects.create(
        request=request,
        kind=kind,
        recipient=recipient,
        version=request.version if request else 0,
        about_time=about_time,
    )


def claim(now: datetime) -> OutgoingEmail | None:
    """Takes the next due message for this worker alone, or None.

    Nobody waits for another worker: PostgreSQL skips what one is just taking. SQLite, which knows
    no such locks, lets one transaction write at a time. The lease is longer than sending can take
    (EMAIL_TIMEOUT counts for each exchange).
    """
    with transaction.atomic():
        due = OutgoingEmail.objects.due(now).order_by("next_try_at", "pk").select_related("request")
        outgoing = due.select_for_update(skip_locked=True, of=("self",)).first()
        if outgoing is not None:
            outgoing.lease, outgoing.leased_until = uuid.uuid4(), _lease_from(now)
            outgoing.save(update_fields=["lease", "leased_until"])
    return outgoing


def _lease_from(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: a minute, two, four, up to four hours."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), LONGEST_WAIT)


def is_final(error: Exception) -> bool:
    """Whether the recipient was refused for good: by a mail service, or by a mail server (RFC
    5321, replies from 500 on). A server that only wants us to prove who we are is tried again:
    that is mended in the settings.
    """
    if isinstance(error, AnymailRecipientsRefused):
        return True
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    answers = error.recipients.values()
    return all(code >= 500 and not POLICY.search(said) for code, said in answers)


def _note_failure(outgoing: OutgoingEmail, error: Exception, now: datetime) -> None:
    attempts = outgoing.attempts + 1
    is_old = now - outgoing.created_at > TRIES_FOR and attempts >= LEAST_TRIES
    gives_up = is_final(error) or is_old
    was_mine = OutgoingEmail.objects.filter(pk=outgoing.pk, lease=outgoing.lease).update(
        attempts=attempts,
        next_try_at=now + wait_after(attempts),
        given_up_at=now if gives_up else None,
        last_error=describe(error),
        lease=None,
        leased_until=None,
    )
    if was_mine and is_final(error):
        bounces.came_back(outgoing)
    logger.warning("e-mail %s failed: %s", outgoing.pk, describe(error))


def deliver(outgoing: OutgoingEmail) -> bool:
    """Sends a claimed message, outside any transaction; whether it left."""
    mine = OutgoingEmail.objects.filter(pk=outgoing.pk, lease=outgoing.lease)
    try:
        message = emails.build(outgoing)
        if message is None:
            mine.delete()
            return False
        with get_connection() as message.connection:
            # One that hung meanwhile finds its message taken by another worker, and leaves it.
            if not mine.update(leased_until=_lease_from(timezone.now())):
                return False
            message.send()
            # Before the goodbye to the mail server, which takes a round trip and may fail.
            mine.update(sent_at=timezone.now(), lease=None, leased_until=None, last_error="")
            bounces.left(outgoing)
    except Exception as error:  # whatever it is, the promise stays
        _note_failure(outgoing, error, timezone.now())
        return False
    return True


def send_due(limit: int = 100, stopping: Callable[[], bool] = lambda: False) -> int:
    """Sends what is due, at most `limit` messages and until it is `stopping`; how many left."""
    sent = 0
    for _ in range(limit):
        outgoing = None if stopping() else claim(timezone.now())
        if outgoing is None:
            break
        sent += deliver(outgoing)
    return sent


def forget_old() -> None:
    """Removes what was sent or given up long ago and has no request to go with."""
    before = timezone.now() - KEPT_FOR
    over = Q(sent_at__lt=before) | Q(given_up_at__lt=before)
    over |= Q(kind="alert_erased", sent_at__isnull=False)  # it knows the time of what was erased
    OutgoingEmail.objects.filter(over, request=None).delete()
