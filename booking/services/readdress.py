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
    transitions.note(request, Kind.READDRESSED, Actor.PRACTICE, user)


@transaction.atomic
def reached_otherwise(request: ConsultationRequest, *, user: User) -> None:
    """The therapist has told the visitor what the letters that came back had said."""
    if _settle(request):
        transitions.note(request, Kind.TOLD, Actor.PRACTICE, user)


@transaction.atomic
def reach_by(
    request: ConsultationRequest, *, user: User, text_ok: bool, voicemail_ok: bool, email_ok: bool
) -> None:
    """How the visitor may be reached from now on. Without email their address goes.

    Raises NotAllowed without a telephone number and where a wish came between, Stale if it was
    erased.
    """
    if not request.phone:
        raise NotAllowed
    changes = {"text_ok": text_ok, "voicemail_ok": voicemail_ok}
    address = {} if email_ok else {"email": ""}
    shown = ConsultationRequest.objects.shown().filter(pk=request.pk)
    if not shown.filter(wishes=request.wishes).update(**changes, **address):
        raise NotAllowed if shown.exists() else Stale
    request.refresh_from_db()
    if not email_ok:
        transitions.say_instead(request)
    wishes.changed(request)
    transitions.note(request, Kind.REACH, Actor.PRACTICE, user)


def _returned(request: ConsultationRequest) -> OutgoingEmailQuerySet:
    returned: OutgoingEmailQuerySet = request.emails.came_back()
    return returned.filter(recipient=Recipient.VISITOR)


def _settle(request: ConsultationRequest) -> int:
    return _returned(request).update(bounce_settled_at=timezone.now())
