"""Every step of a request: one function, one transaction, one event, one promise to write.

Nothing is sent and no network is touched in here; the outbox sends afterwards.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from booking import outbox
from booking.emails import Draft
from booking.models import (
    NEXT_STATES,
    ConsultationRequest,
    ErasedCount,
    Letter,
    OutgoingEmail,
    RequestEvent,
    RequestQuerySet,
    State,
)
from practice.models import PracticeSettings, User

Actor = RequestEvent.Actor
Recipient = OutgoingEmail.Recipient


class Stale(Exception):
    """Somebody else changed the request since it was read; nothing was done."""


class NotAllowed(Exception):
    """The request's state does not lead there; nothing was done."""


@dataclass(frozen=True)
class Decision:
    """What the therapist may decide: its words, where it leads and what it needs."""

    kind: str
    label: str
    to: State
    writes: bool = True
    needs_time: bool = False


DECISIONS = (
    Decision("confirm", "Confirm a time", State.CONFIRMED, needs_time=True),
    Decision("move", "Move to another time", State.CONFIRMED, needs_time=True),
    Decision("waitlist", "Put on the waiting list", State.WAITLISTED),
    Decision("decline", "Refer on", State.DECLINED),
    Decision("cancel", "Cancel the consultation", State.CANCELLED),
    Decision("reopen", "Reopen", State.PENDING, writes=False),
    Decision("close", "Close without a letter", State.CLOSED, writes=False),
)


def allows(request: ConsultationRequest, decision: Decision) -> bool:
    """Whether the request's state lets the therapist decide so.

    What a visitor withdrew only the visitor brings back.
    """
    state = State(request.state)
    if state == State.WITHDRAWN or decision.to not in NEXT_STATES[state]:
        return False
    if decision.kind == "confirm":
        return state != State.CONFIRMED
    if decision.kind == "move":
        return state == State.CONFIRMED
    return True


def decisions(request: ConsultationRequest) -> list[Decision]:
    """What the therapist may decide about `request` now."""
    return [decision for decision in DECISIONS if allows(request, decision)]


def _note(request: ConsultationRequest, kind: str, actor: Actor, user: User | None = None) -> None:
    RequestEvent.objects.create(
        request=request, kind=kind, actor=actor, user=user, state=request.state
    )


def _step(request: ConsultationRequest, to: State, now: datetime, **changes: Any) -> None:
    """Moves `request` if it still is as it was read. Raises Stale, NotAllowed."""
    if to not in NEXT_STATES[State(request.state)]:
        raise NotAllowed
    moved = ConsultationRequest.objects.filter(
        pk=request.pk, version=request.version, state=request.state
    ).update(state=to, version=F("version") + 1, state_since=now, **changes)
    if not moved:
        raise Stale
    request.refresh_from_db()


def submit(request: ConsultationRequest) -> tuple[ConsultationRequest, bool]:
    """Takes an unsaved request in; `(the request on file, whether it is new)`.

    The same submission key again gives the same one request: a double click, a retry, the
    back button.
    """
    try:
        with transaction.atomic():
            request.save(force_insert=True)
            _note(request, "received", Actor.VISITOR)
            outbox.promise("alert_new", Recipient.PRACTICE, request)
            if request.email:
                outbox.promise("received", Recipient.VISITOR, request)
    except IntegrityError:
        # Caught outside the transaction, which the database has given up by now.
        earlier = ConsultationRequest.objects.filter(submission_key=request.submission_key).first()
        if earlier is None:
            raise
        return earlier, False
    return request, True


def _drop_unsaid(request: ConsultationRequest) -> None:
    """Words that nobody has said yet are about a state that is over."""
    request.letters.filter(channel=Letter.Channel.IN_PERSON, told_at=None).delete()


def _write(request: ConsultationRequest, kind: str, words: Draft) -> None:
    """Keeps the words of a decision, and owes them to the visitor where there is an address."""
    channel = Letter.Channel.EMAIL if request.email else Letter.Channel.IN_PERSON
    Letter.objects.create(
        request=request,
        version=request.version,
        kind=kind,
        channel=channel,
        subject=words.subject,
        body=words.body,
    )
    if channel == Letter.Channel.EMAIL:
        outbox.promise("letter", Recipient.VISITOR, request)


@transaction.atomic
def decide(
    request: ConsultationRequest,
    decision: Decision,
    *,
    user: User,
    words: Draft | None = None,
    starts_at: datetime | None = None,
    minutes: int = 0,
) -> None:
    """Carries out the therapist's decision, with `words` for the visitor where it writes.

    `starts_at` (UTC) and `minutes` are for a decision that needs a time. Raises Stale,
    NotAllowed, ValueError where words or time are missing.
    """
    if not allows(request, decision):
        raise NotAllowed
    if decision.writes and (words is None or not words.body.strip()):
        raise ValueError("This decision needs words for the visitor.")
    now = timezone.now()
    changes: dict[str, Any] = {}
    if decision.needs_time:
        if starts_at is None or minutes <= 0:
            raise ValueError("This decision needs a time.")
        changes = {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=minutes)}
    elif decision.to == State.PENDING:
        practice = PracticeSettings.load()
        today = now.astimezone(practice.zone).date()
        changes = {
            "starts_at": None,
            "ends_at": None,
            "outcome": "",
            "reply_by": practice.reply_by(today),
        }
    _step(request, decision.to, now, **changes)
    _note(request, decision.kind, Actor.PRACTICE, user)
    _drop_unsaid(request)
    if decision.writes and words is not None:
        _write(request, decision.kind, words)


@transaction.atomic
def tell(letter: Letter, *, user: User) -> None:
    """Notes that the therapist has said or texted the words to a visitor without e-mail."""
    told = Letter.objects.filter(
        pk=letter.pk, channel=Letter.Channel.IN_PERSON, told_at=None
    ).update(told_at=timezone.now())
    if told:
        _note(letter.request, "told", Actor.PRACTICE, user)


@transaction.atomic
def set_outcome(request: ConsultationRequest, outcome: str, *, user: User) -> None:
    """How the consultation ended; beside the state, not instead of it."""
    ConsultationRequest.objects.filter(pk=request.pk).update(outcome=outcome)
    request.refresh_from_db()
    _note(request, "outcome", Actor.PRACTICE, user)


@transaction.atomic
def set_private_note(request: ConsultationRequest, note: str, *, user: User) -> None:
    """The therapist's own note, which no visitor ever sees."""
    ConsultationRequest.objects.filter(pk=request.pk).update(private_note=note)
    request.refresh_from_db()
    _note(request, "note", Actor.PRACTICE, user)


@transaction.atomic
def withdraw(request: ConsultationRequest) -> None:
    """The visitor ends the request. Whatever was still to be sent to them is not.

    Raises Stale, NotAllowed.
    """
    _step(request, State.WITHDRAWN, timezone.now())
    request.emails.filter(recipient=Recipient.VISITOR, sent_at=None).delete()
    _drop_unsaid(request)
    _note(request, "withdrawn", Actor.VISITOR)
    outbox.promise("alert_changed", Recipient.PRACTICE, request)


@transaction.atomic
def restore(request: ConsultationRequest) -> None:
    """The visitor takes a withdrawal back, within a day. Raises Stale, NotAllowed."""
    now = timezone.now()
    if not request.may_be_restored(now):
        raise NotAllowed
    practice = PracticeSettings.load()
    reply_by = practice.reply_by(now.astimezone(practice.zone).date())
    _step(request, State.PENDING, now, starts_at=None, ends_at=None, reply_by=reply_by)
    _note(request, "restored", Actor.VISITOR)
    outbox.promise("alert_changed", Recipient.PRACTICE, request)


def _count(request: ConsultationRequest, zone: Any) -> None:
    month = request.received_at.astimezone(zone).date().replace(day=1)
    row, _ = ErasedCount.objects.get_or_create(month=month, article_id=request.article_id)
    ErasedCount.objects.filter(pk=row.pk).update(requests=F("requests") + 1)


@transaction.atomic
def erase(request: ConsultationRequest, *, by: Actor) -> None:
    """Removes the request and all that belongs to it; what stays is a count.

    When the visitor erases what was not over, the practice is told that one is gone.
    """
    pk, was_open = request.pk, request.is_open
    removed, _ = ConsultationRequest.objects.filter(pk=pk).delete()
    if not removed:
        return
    _count(request, PracticeSettings.load().zone)
    if was_open and by == Actor.VISITOR:
        outbox.promise("alert_erased", Recipient.PRACTICE)


def over_by(today: date) -> RequestQuerySet:
    """What came to its end longer before `today` (in the practice's zone) than it is kept."""
    practice = PracticeSettings.load()
    midnight = datetime.combine(today, datetime.min.time(), practice.zone)
    return ConsultationRequest.objects.closed_before(
        midnight - timedelta(days=practice.keeps_closed_for)
    )


def erase_old(today: date) -> int:
    """Erases what `over_by` finds; how many."""
    requests = list(over_by(today))
    for request in requests:
        erase(request, by=Actor.SYSTEM)
    return len(requests)
