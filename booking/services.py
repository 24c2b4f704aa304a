"""Every step of a request: one function, one transaction, one event, one promise to write.

Nothing is sent and no network is touched in here; the outbox sends afterwards.
"""

from collections.abc import Callable
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
TYPED = ("name", "email", "phone", "text_ok", "voicemail_ok", "who", "good_hours", "message")


class Stale(Exception):
    """Somebody else changed the request since it was read; nothing was done."""


class AlreadySent(Exception):
    """The form was sent before, and something else stands in it now; nothing was done."""


class NotAllowed(Exception):
    """The request's state does not lead there; nothing was done."""


def _note(request: ConsultationRequest, kind: str, actor: Actor, user: User | None = None) -> None:
    RequestEvent.objects.create(
        request=request, kind=kind, actor=actor, user=user, state=request.state
    )


def _as_new() -> dict[str, Any]:
    """What a request that waits again begins with."""
    practice = PracticeSettings.load()
    return {"starts_at": None, "ends_at": None, "reply_by": practice.reply_by(practice.today())}


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
    back button. Raises AlreadySent where something else was typed under that key.
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
        if any(getattr(earlier, name) != getattr(request, name) for name in TYPED):
            raise AlreadySent from None
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
def _decide(
    request: ConsultationRequest,
    kind: str,
    to: State,
    user: User,
    words: Draft | None = None,
    **changes: Any,
) -> None:
    """What all decisions of the therapist share; `words` go to the visitor."""
    if words is not None and not words.body.strip():
        raise ValueError("This decision needs words for the visitor.")
    _step(request, to, timezone.now(), **changes)
    _note(request, kind, Actor.PRACTICE, user)
    _drop_unsaid(request)
    if words is not None:
        _write(request, kind, words)


def _lasting(starts_at: datetime, minutes: int) -> dict[str, datetime]:
    if minutes <= 0:
        raise ValueError("A consultation lasts at least a minute.")
    return {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=minutes)}


# The therapist's decisions. Each raises Stale where somebody was faster, NotAllowed where the
# request's state does not lead there, and ValueError for empty words.


def confirm(
    request: ConsultationRequest, *, user: User, words: Draft, starts_at: datetime, minutes: int
) -> None:
    """The consultation takes place at `starts_at` (UTC), for so many minutes."""
    if request.state == State.CONFIRMED:
        raise NotAllowed
    _decide(request, "confirm", State.CONFIRMED, user, words, **_lasting(starts_at, minutes))


def move(
    request: ConsultationRequest, *, user: User, words: Draft, starts_at: datetime, minutes: int
) -> None:
    """A confirmed consultation takes place at another time, `starts_at` (UTC)."""
    if request.state != State.CONFIRMED:
        raise NotAllowed
    _decide(request, "move", State.CONFIRMED, user, words, **_lasting(starts_at, minutes))


def waitlist(request: ConsultationRequest, *, user: User, words: Draft) -> None:
    """The visitor hears from the practice when there is room."""
    _decide(request, "waitlist", State.WAITLISTED, user, words)


def decline(request: ConsultationRequest, *, user: User, words: Draft) -> None:
    """The visitor is referred on."""
    _decide(request, "decline", State.DECLINED, user, words)


def cancel(request: ConsultationRequest, *, user: User, words: Draft) -> None:
    """A confirmed consultation does not take place."""
    _decide(request, "cancel", State.CANCELLED, user, words)


def reopen(request: ConsultationRequest, *, user: User) -> None:
    """The request waits for an answer again, with a new promise and without a time.

    What a visitor withdrew only the visitor brings back.
    """
    if request.state == State.WITHDRAWN:
        raise NotAllowed
    _decide(request, "reopen", State.PENDING, user, **_as_new())


def close(request: ConsultationRequest, *, user: User) -> None:
    """The request is over without a letter: a double, or settled by telephone."""
    _decide(request, "close", State.CLOSED, user)


@dataclass(frozen=True)
class Decision:
    """How a decision is offered to the therapist: its name, and what it asks for."""

    carry_out: Callable[..., None]
    label: str
    to: State
    writes: bool = True
    needs_time: bool = False

    @property
    def kind(self) -> str:
        return self.carry_out.__name__


DECISIONS = (
    Decision(confirm, "Confirm a time", State.CONFIRMED, needs_time=True),
    Decision(move, "Move to another time", State.CONFIRMED, needs_time=True),
    Decision(waitlist, "Put on the waiting list", State.WAITLISTED),
    Decision(decline, "Refer on", State.DECLINED),
    Decision(cancel, "Cancel the consultation", State.CANCELLED),
    Decision(reopen, "Reopen", State.PENDING, writes=False),
    Decision(close, "Close without a letter", State.CLOSED, writes=False),
)


def decisions(request: ConsultationRequest) -> list[Decision]:
    """What the state of `request` lets the therapist decide now."""
    state = State(request.state)
    if state == State.WITHDRAWN:
        return []
    misfit = "confirm" if state == State.CONFIRMED else "move"
    return [d for d in DECISIONS if d.to in NEXT_STATES[state] and d.kind != misfit]


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
    now = timezone.now()
    if not request.may_be_withdrawn(now):
        raise NotAllowed
    _step(request, State.WITHDRAWN, now)
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
    _step(request, State.PENDING, now, **_as_new())
    _note(request, "restored", Actor.VISITOR)
    outbox.promise("alert_changed", Recipient.PRACTICE, request)


def _count(request: ConsultationRequest, zone: Any) -> None:
    month = request.received_at.astimezone(zone).date().replace(day=1)
    row, _ = ErasedCount.objects.get_or_create(month=month, article_id=request.article_id)
    ErasedCount.objects.filter(pk=row.pk).update(requests=F("requests") + 1)


@transaction.atomic
def erase(request: ConsultationRequest, *, by: Actor) -> None:
    """Removes the request and all that belongs to it; what stays is a count.

    When the visitor erases what was not over, the practice is told that one is gone, and which
    time is free again. The site itself leaves alone what has changed since it was looked up.
    """
    now, pk, was_open = timezone.now(), request.pk, request.is_open
    doomed = ConsultationRequest.objects.filter(pk=pk)
    if by == Actor.SYSTEM:
        doomed = doomed.filter(version=request.version)
    removed, _ = doomed.delete()
    if not removed:
        return
    _count(request, PracticeSettings.load().zone)
    if was_open and by == Actor.VISITOR:
        ahead = request.starts_at if request.may_be_withdrawn(now) else None
        outbox.promise("alert_erased", Recipient.PRACTICE, about_time=ahead)


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
    outbox.forget_old()
    return len(requests)
