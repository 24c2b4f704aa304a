"""Promises to send, kept at least once: claimed by lease, retried for seven days.

A worker that dies while it sends leaves a lease behind, and another worker takes the message
when that has run out. Only between the mail server's yes and our note of it can a message
go twice, under the same Message-ID.
"""

import logging
import smtplib
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import get_connection
from django.db.models import Q
from django.utils import timezone

from booking import emails
from booking.models import ConsultationRequest, OutgoingEmail

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=30)  # what was about a request that is gone
TRIES_FOR = timedelta(days=7)
LONGEST_WAIT = timedelta(hours=4)


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

    The lease is longer than sending can take (EMAIL_TIMEOUT counts for each exchange).
    """
    for pk in (
        OutgoingEmail.objects.due(now).order_by("next_try_at").values_list("pk", flat=True)[:20]
    ):
        lease = uuid.uuid4()
        taken = (
            OutgoingEmail.objects.due(now)
            .filter(pk=pk)
            .update(
                lease=lease, leased_until=now + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
            )
        )
        if taken:
            return OutgoingEmail.objects.select_related("request").get(pk=pk)
    return None


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: a minute, two, four, up to four hours."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), LONGEST_WAIT)


def is_final(error: Exception) -> bool:
    """Whether the mail server refused the recipient for good (RFC 5321, replies from 500 on)."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _ in error.recipients.values())


def describe(error: Exception) -> str:
    """The kind of an error, without the addresses that its text may hold."""
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".strip()[:80]


def _note_failure(outgoing: OutgoingEmail, error: Exception, now: datetime) -> None:
    attempts = outgoing.attempts + 1
    gives_up = is_final(error) or now - outgoing.created_at > TRIES_FOR
    OutgoingEmail.objects.filter(pk=outgoing.pk, lease=outgoing.lease).update(
        attempts=attempts,
        next_try_at=now + wait_after(attempts),
        given_up_at=now if gives_up else None,
        last_error=describe(error),
        lease=None,
        leased_until=None,
    )
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
            message.send()
            # Before the goodbye to the mail server, which takes a round trip and may fail.
            mine.update(sent_at=timezone.now(), lease=None, leased_until=None, last_error="")
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
