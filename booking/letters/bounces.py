"""Letters that came back: marked once, until the address is changed or a later one arrives.

It is learned at once where the mail server or service refuses the recipient for good, and later
by the mail service's word. What a mail server far away sends back to the sender's mailbox after
hours is not seen here.
"""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from booking.models import OutgoingEmail, RequestEvent
from booking.models.letters import ALERT
from practice import contacts
from practice.fields import Unreadable

LOST = {"bounced", "rejected", "failed"}


@transaction.atomic
def came_back(outgoing: OutgoingEmail) -> None:
    """Marks one message; the request's history says so, never the address."""
    unmarked = OutgoingEmail.objects.filter(pk=outgoing.pk, bounced_at=None)
    consultation = outgoing.request
    if not unmarked.update(bounced_at=timezone.now()) or consultation is None:
        return
    if outgoing.recipient == OutgoingEmail.Recipient.VISITOR:
        RequestEvent.objects.create(
            request=consultation,
            kind=RequestEvent.Kind.CAME_BACK,
            actor=RequestEvent.Actor.SYSTEM,
            state=consultation.state,
            version=consultation.version,
        )


def arrived(outgoing: OutgoingEmail) -> None:
    """Settles what came back from the same address before: it works now."""
    earlier = OutgoingEmail.objects.came_back().filter(
        recipient=outgoing.recipient, pk__lte=outgoing.pk
    )
    if outgoing.recipient == OutgoingEmail.Recipient.VISITOR:
        earlier = earlier.filter(request=outgoing.request_id)
    earlier.update(bounce_settled_at=timezone.now())


def learn(sender: Any, event: Any, **kwargs: Any) -> None:
    """Receiver of django-anymail's signal, which it sends when a service has proved itself.

    A service says everything at least once and in any order, and of messages of others too.
    """
    outgoing = _meant(event)
    if outgoing is None:
        return
    if event.event_type == "delivered":
        arrived(outgoing)
    elif event.event_type in LOST and _is_still_the_address(outgoing, event.recipient):
        came_back(outgoing)


def _meant(event: Any) -> OutgoingEmail | None:
    try:
        key = uuid.UUID(str((event.metadata or {}).get("key", "")))
    except (AttributeError, ValueError):
        return None
    return OutgoingEmail.objects.select_related("request").filter(key=key).first()


def _is_still_the_address(outgoing: OutgoingEmail, recipient: str | None) -> bool:
    """Whether it came back from where the next letter would go, too."""
    consultation = outgoing.request
    if outgoing.recipient != OutgoingEmail.Recipient.VISITOR or consultation is None:
        return True
    if not recipient or isinstance(consultation.email, Unreadable):
        return True
    return contacts.comparable(consultation.email) == contacts.comparable(str(recipient))


def alerts() -> list[str]:
    """To whom alerts came back, each an `OutgoingEmail.Recipient`."""
    lost = OutgoingEmail.objects.came_back().exclude(recipient=OutgoingEmail.Recipient.VISITOR)
    return list(lost.order_by("recipient").values_list("recipient", flat=True).distinct())


def stuck(now: datetime) -> dict[str, Any]:
    """What does not leave, for the admin's pages: `unheard`, the oldest alert to the practice, and
    `stuck`, everything else.
    """
    stuck = OutgoingEmail.objects.stuck(now).select_related("request").order_by("pk")
    own = Q(kind__startswith=ALERT, recipient=OutgoingEmail.Recipient.PRACTICE)
    return {"unheard": stuck.filter(own).first(), "stuck": stuck.exclude(own)}
