"""What the therapist notes beside a request: how it ended, a private note, that they told."""

from django.db import transaction
from django.utils import timezone

from booking.models import HAPPENED, ConsultationRequest, Letter
from booking.services import transitions
from booking.services.transitions import Actor, Kind, NotAllowed, Stale
from practice.models import User

KINDS = {"outcome": Kind.OUTCOME, "private_note": Kind.NOTE}


class SavedMeanwhile(Exception):
    """Other notes were saved since these were opened; nothing was done."""


def last_noted(consultation: ConsultationRequest) -> int:
    """Which notes are on file: another number once somebody saved others."""
    noted = consultation.events.filter(kind__in=KINDS.values())
    return noted.order_by("-pk").values_list("pk", flat=True).first() or 0


@transaction.atomic
def save_notes(
    consultation: ConsultationRequest,
    *,
    user: User,
    outcome: str | None = None,
    note: str | None = None,
    seen: int | None = None,
) -> None:
    """Saves how it ended (beside the state, not instead of it) and the note no visitor sees.

    None leaves one as it is. `seen` is what `last_noted` said when the notes were opened.
    Raises Stale if the request was erased, NotAllowed for an outcome that cannot be known yet, and
    SavedMeanwhile.
    """
    rows = ConsultationRequest.objects.shown().select_for_update()
    on_file = rows.filter(pk=consultation.pk).first()
    if on_file is None:
        raise Stale
    typed = {"outcome": outcome, "private_note": note}
    changed = {k: v for k, v in typed.items() if v is not None and v != getattr(on_file, k)}
    if not changed:
        return
    if seen is not None and seen != last_noted(on_file):
        raise SavedMeanwhile
    if changed.get("outcome") in HAPPENED and on_file.is_to_come(timezone.now()):
        raise NotAllowed
    rows.filter(pk=consultation.pk).update(**changed)
    consultation.refresh_from_db()
    for name in changed:
        transitions.note(consultation, KINDS[name], Actor.PRACTICE, user)


@transaction.atomic
def tell(letter: Letter, *, user: User) -> None:
    """Notes that the therapist has said or texted the words to a visitor without e-mail."""
    told = Letter.objects.filter(
        pk=letter.pk, channel=Letter.Channel.IN_PERSON, told_at=None
    ).update(told_at=timezone.now())
    if told:
        transitions.note(letter.request, Kind.TOLD, Actor.PRACTICE, user)
