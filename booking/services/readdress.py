"""Where a visitor is written to or called: what they told the therapist since."""

from django.db import transaction
from django.utils import timezone

from booking.ledger import wishes
from booking.models import ConsultationRequest
from booking.models.letters import OutgoingEmailQuerySet
from booking.services import transitions
from booking.services.again import owe_again
from booking.services.transitions import Actor, Kind, NotAllowed, Recipient, Stale
from practice.models import User


@transaction.atomic
def readdress(consultation: ConsultationRequest, email: str, *, user: User) -> None:
    """The visitor's address becomes `email`; the last letter that came back is sent there.

    Earlier ones stay unsent: the last says how things stand. Raises Stale if it was erased.
    """
    if not ConsultationRequest.objects.shown().filter(pk=consultation.pk).update(email=email):
        raise Stale
    consultation.refresh_from_db()
    last = _returned(consultation).order_by("-pk").first()
    if last is not None:
        owe_again(last)
    _settle(consultation)
    transitions.note(consultation, Kind.READDRESSED, Actor.PRACTICE, user)


@transaction.atomic
def reached_otherwise(consultation: ConsultationRequest, *, user: User) -> None:
    """The therapist has told the visitor what the letters that came back had said."""
    if _settle(consultation):
        transitions.note(consultation, Kind.TOLD, Actor.PRACTICE, user)


@transaction.atomic
def reach_by(
    consultation: ConsultationRequest,
    *,
    user: User,
    email_ok: bool = True,
    **ticked: bool,
) -> None:
    """How the visitor may be reached from now on: the ticks of `wishes.REFUSALS`, `discreet`, and
    whether by email. Without that their address goes.

    Raises NotAllowed where no way would be left and where a wish came between, Stale if it was
    erased.
    """
    if not email_ok and not consultation.phone:
        raise NotAllowed
    address = {} if email_ok else {"email": ""}
    shown = ConsultationRequest.objects.shown().filter(pk=consultation.pk)
    if not shown.filter(wishes=consultation.wishes).update(**ticked, **address):
        raise NotAllowed if shown.exists() else Stale
    consultation.refresh_from_db()
    if not email_ok:
        transitions.say_instead(consultation)
    if consultation.discreet:
        transitions.name_nobody(consultation)
    wishes.changed(consultation)
    transitions.note(consultation, Kind.REACH, Actor.PRACTICE, user)


def _returned(consultation: ConsultationRequest) -> OutgoingEmailQuerySet:
    returned: OutgoingEmailQuerySet = consultation.emails.came_back()
    return returned.filter(recipient=Recipient.VISITOR)


def _settle(consultation: ConsultationRequest) -> int:
    return _returned(consultation).update(bounce_settled_at=timezone.now())
