"""The letters about requests: promised with what they tell of, tried for seven days, alerts for
good. Every try goes under the same Message-ID.
"""

import re
import smtplib
from datetime import datetime, timedelta
from typing import Any

from anymail.exceptions import AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from booking.letters import alerts, bounces, emails
from booking.models import ConsultationRequest, OutgoingEmail
from booking.models.letters import OutgoingEmailQuerySet
from practice.mail.sending import FRESH_FIRST, Sender, wait_after
from practice.mail.views import learns_of_bounces
from practice.models.mail import is_free

KEPT_FOR = timedelta(days=30)  # what was about a request that is gone
TRIES_FOR = timedelta(days=7)
LEAST_TRIES = 10  # a server that was off for a week, or a clock that jumped, is no reason yet
LONGEST_WAIT_OF_ALERTS = timedelta(hours=1)
POLICY = re.compile(rb"\b5\.7\.\d")  # RFC 3463: refused for who sends, not for whom it is to


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


class Outbox(Sender[OutgoingEmail]):
    model = OutgoingEmail

    def build(self, letter: OutgoingEmail) -> EmailMessage | None:
        """A reminder by a clock that is not believed is taken back, and owed again when it is."""
        if letter.kind in emails.BY_DATE and not self.believed():
            return None
        return alerts.build(letter)

    def due(self, now: datetime) -> OutgoingEmailQuerySet:
        return OutgoingEmail.objects.due(now).select_related("request").order_by(*FRESH_FIRST)

    @transaction.atomic
    def claim(self, now: datetime) -> OutgoingEmail | None:
        """An alert takes along whatever the practice has not been told. Of two workers the second
        waits here for a moment, and then finds none: else each would send a part.
        """
        first = self.due(now).first()
        if first and first.is_alert and settings.ALERTS_GATHERED_FOR:
            untold = OutgoingEmail.objects.alerts().filter(
                is_free(now), recipient=first.recipient, sent_at=None, given_up_at=None
            )
            oldest = untold.order_by("pk").select_for_update(of=("self",)).first()
            if oldest:
                others = untold.select_for_update(skip_locked=True, of=("self",))
                return self.lease(oldest, now, [each.pk for each in others])
        return super().claim(now)

    def wait(self, letter: OutgoingEmail, error: Exception, attempts: int) -> timedelta | None:
        """The practice's own alerts are never given up."""
        if letter.is_alert:
            return wait_after(attempts, LONGEST_WAIT_OF_ALERTS)
        is_old = timezone.now() - letter.created_at > TRIES_FOR and attempts >= LEAST_TRIES
        is_over = is_final(error) or (is_old and self.believed())
        return None if is_over else wait_after(attempts)

    def note_sent(self, letter: OutgoingEmail, **more: Any) -> None:
        super().note_sent(letter, **more)
        if not learns_of_bounces():  # then as good as arrived
            bounces.arrived(letter)

    def note_failure(self, letter: OutgoingEmail, error: Exception, **more: Any) -> bool:
        was_mine = super().note_failure(letter, error, **more)
        if was_mine and is_final(error):
            bounces.came_back(letter)
        return was_mine


send_due = Outbox.send_due


def forget_old() -> None:
    """Removes what was sent or given up long ago and has no request to go with."""
    before = timezone.now() - KEPT_FOR
    over = Q(sent_at__lt=before) | Q(given_up_at__lt=before)
    over |= Q(kind="alert_erased", sent_at__isnull=False)  # it knows the time of what was erased
    OutgoingEmail.objects.filter(over, request=None).delete()
