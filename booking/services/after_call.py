"""Three letters after the call, each once and only when the therapist says so.

The state stays as it is: how it ended is noted beside it (`notes.py`).
"""

from functools import partial

from django.db import transaction
from django.utils import timezone

from booking.letters.emails import Draft
from booking.models import ConsultationRequest, Outcome, State
from booking.models.letters import AFTER_CALL
from booking.services import transitions
from booking.services.decisions import Decision
from booking.services.transitions import Actor, Kind, NotAllowed
from practice.models import User


@transaction.atomic
def write(kind: Kind, consultation: ConsultationRequest, *, user: User, words: Draft) -> None:
    """Raises Stale, NotAllowed where it was written before or there was no call, and ValueError
    for empty words.
    """
    if not words.body.strip():
        raise ValueError("This letter needs words for the visitor.")
    if kind not in {each.kind for each in letters(consultation)}:
        raise NotAllowed
    transitions.change(consultation)  # a version of its own, by which the outbox finds the words
    transitions.note(consultation, kind, Actor.PRACTICE, user)
    transitions.write(consultation, kind, words)


LETTERS = tuple(
    Decision(kind, partial(write, kind), label, to=None)
    for kind, label in (
        (Kind.AFTER_NEXT, "Write about the next step"),
        (Kind.AFTER_TIME, "Tell them to take their time"),
        (Kind.AFTER_OTHERS, "Give names of others"),
    )
)


def letters(consultation: ConsultationRequest) -> list[Decision]:
    """Those that may still be written: after a call, and to nobody who wants none."""
    ends_at = consultation.ends_at
    is_over = ends_at is not None and ends_at <= timezone.now()
    if not is_over or consultation.state not in (State.CONFIRMED, State.CLOSED):
        return []
    if consultation.contact.wants_none or consultation.outcome == Outcome.DID_NOT_COME:
        return []
    written = set(consultation.letters.filter(kind__in=AFTER_CALL).values_list("kind", flat=True))
    return [each for each in LETTERS if each.kind not in written]
