"""Promises to send, kept at least once: claimed by lease, retried for seven days, alerts for good.

A worker that dies while it sends leaves a lease behind, and another worker takes the message
when that has run out. Only between the mail server's yes and our note of it can a message
go twice, under the same Message-ID.
"""

import logging
import re
import smtplib
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from anymail.exceptions import AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction
from django.db.models import Case, Max, Q, Value, When
from django.utils import timezone

from booking.letters import alerts, bounces, emails
from booking.models import ConsultationRequest, OutgoingEmail
from practice.mail import leases
from practice.mail.errors import describe, is_the_servers
from practice.worker import clocks

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=30)  # what was about a request that is gone
TRIES_FOR = timedelta(days=7)
LEAST_TRIES = 10  # a server that was off for a week, or a clock that jumped, is no reason yet
LONGEST_WAIT = timedelta(hours=4)
LONGEST_WAIT_OF_ALERTS = timedelta(hours=1)
ROUND = 30.0  # seconds in which letters are begun: then the worker's other jobs have their turn
FRESH_FIRST = Case(When(attempts=0, then=Value(0)), default=Value(1))
Owed = tuple[str, OutgoingEmail.Recipient]  # kind and recipient
POLICY = re.compile(rb"\b5\.7\.\d")  # RFC 3463: refused for who sends, not for whom it is to


class ServerAway(Exception):
    """The mail server was not reached, or hung: the next letter would meet the same."""


def promise(
    kind: str,
    recipient: OutgoingEmail.Recipient,
    consultation: ConsultationRequest | None = None,
    *,
    about_time: datetime | None = None,
    is_urgent: bool = False,
) -> OutgoingEmail:
    """Owes one message. Call it in the transaction of what the message is about.

    An alert that `is_urgent` waits for no other. Raises IntegrityError where this version of the
    request already owes this kind.
    """
    return OutgoingEmail.objects.create(
        request=consultation,
        kind=kind,
        recipient=recipient,
        version=consultation.version if consultation else 0,
        about_time=about_time,
        is_urgent=is_urgent,
    )


def promise_all(letters: Sequence[Owed], consultation: ConsultationRequest) -> None:
    """Owes several at once, each as `promise` does."""
    OutgoingEmail.objects.bulk_create(
        OutgoingEmail(
            request=consultation, kind=kind, recipient=recipient, version=consultation.version
        )
        for kind, recipient in letters
    )


def claim(now: datetime) -> OutgoingEmail | None:
    """Takes the next due message for this worker alone, or None: fresh ones first.

    An alert takes along whatever the practice has not been told, under one lease. The lease is
    longer than sending can take (EMAIL_TIMEOUT counts for each exchange).
    """
    first = OutgoingEmail.objects.due(now).order_by(FRESH_FIRST, "next_try_at", "pk").first()
    if first and first.is_alert and settings.ALERTS_GATHERED_FOR:
        taken = _claim_alerts(first.recipient, now)
        if taken is not None:
            return taken
    return _claim_one(now)


@transaction.atomic
def _claim_one(now: datetime) -> OutgoingEmail | None:
    """Nobody waits for another worker: PostgreSQL skips what one is just taking. SQLite, which
    knows no such locks, lets one transaction write at a time.
    """
    due = OutgoingEmail.objects.due(now).order_by(FRESH_FIRST, "next_try_at", "pk")
    locked = due.select_related("request").select_for_update(skip_locked=True, of=("self",))
    outgoing = locked.first()
    return _lease(outgoing, now) if outgoing else None


@transaction.atomic
def _claim_alerts(recipient: str, now: datetime) -> OutgoingEmail | None:
    """The oldest, by whose name all leave. Of two workers the second waits here for a moment, and
    then finds nothing: else each would send a part.
    """
    waiting = OutgoingEmail.objects.alerts().filter(
        leases.free(now), recipient=recipient, sent_at=None, given_up_at=None
    )
    oldest = waiting.order_by("pk").select_for_update(of=("self",)).first()
    if oldest is None:
        return None
    others = waiting.exclude(pk=oldest.pk).select_for_update(skip_locked=True, of=("self",))
    return _lease(oldest, now, [each.pk for each in others])


def _lease(outgoing: OutgoingEmail, now: datetime, along: Sequence[int] = ()) -> OutgoingEmail:
    outgoing.lease, outgoing.leased_until = uuid.uuid4(), leases.ends(now)
    OutgoingEmail.objects.filter(pk__in=[outgoing.pk, *along]).update(
        lease=outgoing.lease, leased_until=outgoing.leased_until
    )
    return outgoing


def wait_after(attempts: int, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """How long to wait after so many failures: a minute, two, four, up to `longest`."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), longest)


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


def _note_failure(
    outgoing: OutgoingEmail,
    error: Exception,
    now: datetime,
    believed: Callable[[], bool] = clocks.are_believed,
) -> None:
    """It is tried later. The practice's own alerts are never given up."""
    mine = OutgoingEmail.objects.filter(lease=outgoing.lease)
    attempts = 1 + (mine.aggregate(most=Max("attempts"))["most"] or 0)
    is_old = now - outgoing.created_at > TRIES_FOR and attempts >= LEAST_TRIES
    gives_up = not outgoing.is_alert and (is_final(error) or (is_old and believed()))
    longest = LONGEST_WAIT_OF_ALERTS if outgoing.is_alert else LONGEST_WAIT
    was_mine = mine.update(
        attempts=attempts,
        next_try_at=now + wait_after(attempts, longest),
        given_up_at=now if gives_up else None,
        last_error=describe(error),
        lease=None,
        leased_until=None,
    )
    if was_mine and is_final(error):
        bounces.came_back(outgoing)
    logger.warning("e-mail %s failed: %s", outgoing.pk, describe(error))


def deliver(outgoing: OutgoingEmail, believed: Callable[[], bool] = clocks.are_believed) -> bool:
    """Sends a claimed message, outside any transaction; whether it left. Raises ServerAway.

    Where the clock is not `believed`, a reminder is taken back, and owed again when it is.
    """
    mine = OutgoingEmail.objects.filter(lease=outgoing.lease)
    try:
        by_the_date = outgoing.kind in emails.REMINDERS
        message = alerts.build(outgoing) if not by_the_date or believed() else None
        if message is None:
            mine.delete()
            return False
        with get_connection() as message.connection:
            # One that hung meanwhile finds its message taken by another worker, and leaves it.
            if not mine.update(leased_until=leases.ends(timezone.now())):
                return False
            message.send()
            # Before the goodbye to the mail server, which takes a round trip and may fail.
            mine.update(sent_at=timezone.now(), lease=None, leased_until=None, last_error="")
            bounces.left(outgoing)
    except Exception as error:  # whatever it is, the promise stays
        _note_failure(outgoing, error, timezone.now(), believed)
        if is_the_servers(error):
            raise ServerAway from error
        return False
    return True


def send_due(
    limit: int = 100,
    stopping: Callable[[], bool] = lambda: False,
    believed: Callable[[], bool] = clocks.are_believed,
) -> int:
    """Sends what is due; how many messages left.

    At most `limit`, until it is `stopping`, none begun after ROUND, and none after the first for
    which the mail server is away: else a server that hangs would hold up the worker's other jobs.
    """
    sent, ends_at = 0, time.monotonic() + ROUND
    for _ in range(limit):
        is_over = stopping() or time.monotonic() > ends_at
        outgoing = None if is_over else claim(timezone.now())
        if outgoing is None:
            break
        try:
            sent += deliver(outgoing, believed)
        except ServerAway:
            break
    return sent


def forget_old() -> None:
    """Removes what was sent or given up long ago and has no request to go with."""
    before = timezone.now() - KEPT_FOR
    over = Q(sent_at__lt=before) | Q(given_up_at__lt=before)
    over |= Q(kind="alert_erased", sent_at__isnull=False)  # it knows the time of what was erased
    OutgoingEmail.objects.filter(over, request=None).delete()
