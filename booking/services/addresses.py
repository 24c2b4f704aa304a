"""What the therapist does about a letter that came back."""

from django.db import transaction
from django.utils import timezone

from booking.models import ConsultationRequest
from booking.models.letters import OutgoingEmailQuerySet
from booking.services import steps
from booking.services.again import owe_again
from booking.services.steps import Actor, Kind, Recipient, Stale
from practice.models import User


@transaction.atomic
def readdress(request: ConsultationRequest, email: str, *, user: User) -> None:
    """The visitor's address becomes `email`; the last letter that came back is sent there.

    Earlier ones stay unsent: the last says how things stand. Raises Stale if it was erased.
    """
    if not ConsultationRequest.objects.shown().filter(pk=request.pk).update(email=email):
        raise Stale
    request.refresh_from_db()
    last = _returned(request).order_by("-pk").first()
    if last is not None:
        owe_again(last)
    _settle(request)
    steps.note(request, Kind.READDRESSED, Actor.PRACTICE, user)


@transaction.atomic
def reached_otherwise(request: ConsultationRequest, *, user: User) -> None:
    """The therapist has told the visitor what the letters that came back had said."""
    if _settle(request):
        steps.note(request, Kind.TOLD, Actor.PRACTICE, user)


def _returned(request: ConsultationRequest) -> OutgoingEmailQuerySet:
    returned: OutgoingEmailQuerySet = request.emails.came_back()
    return returned.filter(recipient=Recipient.VISITOR)


def _settle(request: ConsultationRequest) -> int:
    return _returned(request).update(bounce_settled_at=timezone.now())
