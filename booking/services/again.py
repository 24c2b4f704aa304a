"""A letter to a visitor that was given up leaves once more, when the therapist says so."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from booking.letters import emails
from booking.models import ConsultationRequest, OutgoingEmail
from booking.models.letters import AFTER_CALL
from booking.services import transitions
from booking.services.transitions import Actor, Kind, NotAllowed, Recipient, Stale
from practice.models import User


class TimeMayBeGone(Exception):
    """A time in the letter may be gone, of which the therapist is asked first; nothing was done."""


@transaction.atomic
def send_again(email: OutgoingEmail, *, user: User, knowing: bool = False) -> None:
    """Owes `email` once more, for a week, and as another message.

    Raises NotAllowed where `why_not_again` says why, Stale where it is not given up (any more),
    and TimeMayBeGone where a time in it may be so, unless the therapist sends it `knowing` that.
    """
    of_it = ConsultationRequest.objects.filter(emails=email.pk).values("pk")
    # A bounce marks the letter, and then refers to the request: that must not wait for this.
    requests = ConsultationRequest.objects.select_for_update(no_key=True)
    consultation = requests.filter(pk__in=of_it).first()
    lost = OutgoingEmail.objects.given_up().filter(pk=email.pk).first()
    if consultation is None or lost is None:
        raise Stale
    lost.request = consultation
    if why_not_again(lost):
        raise NotAllowed
    if not knowing and time_may_be_gone(lost, consultation, timezone.now()):
        raise TimeMayBeGone
    owe_again(lost)
    transitions.note(consultation, Kind.SENT_AGAIN, Actor.PRACTICE, user)


def why_not_again(email: OutgoingEmail) -> str:
    """A sentence on why `email` may not be sent again, or nothing."""
    consultation = email.request
    if consultation is None or email.recipient != Recipient.VISITOR:
        return "This email wasn't to the visitor, so you can't send it from here."
    if consultation.contact.wants_none:
        return "They withdrew or deleted their request, so no email goes to them."
    if not consultation.email:
        return "They have no email address on file. Call or text them."
    try:
        holds = emails.build(email) is not None
    except emails.UnreadableLetter:
        holds = True  # it waits for its key
    return "" if holds else "What it says is out of date. Write a new one."


def time_may_be_gone(
    email: OutgoingEmail, consultation: ConsultationRequest, now: datetime
) -> bool:
    """Whether a letter may name a time that is over or not theirs: the request has changed since,
    or a time of it has passed. What is no letter is written anew when it leaves, and one after the
    call names no time.
    """
    of_it = consultation.letters.filter(version=email.version)
    if email.kind != "letter" or of_it.filter(kind__in=AFTER_CALL).exists():
        return False
    offered = consultation.proposals.values_list("starts_at", flat=True)
    times = [consultation.starts_at, consultation.holds_until, *offered]
    return email.version != consultation.version or any(time and time <= now for time in times)


def owe_again(email: OutgoingEmail) -> None:
    """As if it had never been tried, and under another Message-ID, on which no word about the old
    one counts.
    """
    OutgoingEmail.objects.filter(pk=email.pk).update(
        key=uuid.uuid4(),
        created_at=timezone.now(),
        next_try_at=timezone.now(),
        attempts=0,
        sent_at=None,
        given_up_at=None,
        bounced_at=None,
        bounce_settled_at=None,
        last_error="",
    )
