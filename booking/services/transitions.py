"""What every step of a request shares: it is taken only from where it was read."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from booking.availability import Interval
from booking.letters import outbox
from booking.letters.emails import Draft
from booking.models import (
    HAPPENED,
    NEXT_STATES,
    ConsultationRequest,
    Letter,
    OutgoingEmail,
    RequestEvent,
    Schedule,
    State,
)
from booking.models.letters import OutgoingEmailQuerySet
from booking.times import open_times, reservations
from practice.jurisdiction import times
from practice.models import Medium, PracticeSettings, User

Actor = RequestEvent.Actor
Kind = RequestEvent.Kind
Recipient = OutgoingEmail.Recipient
SOON = timedelta(days=1)  # what changes about such a consultation is told at once


class Stale(Exception):
    """Somebody else changed the request since it was read; nothing was done."""


class NotAllowed(Exception):
    """The request's state does not lead there; nothing was done."""


def note(request: ConsultationRequest, kind: Kind, actor: Actor, user: User | None = None) -> None:
    """Who did what; never what it says."""
    RequestEvent.objects.create(
        request=request,
        kind=kind,
        actor=actor,
        user=user,
        state=request.state,
        version=request.version,
    )


def acknowledge(request: ConsultationRequest, *others: outbox.Owed) -> None:
    """Owes the visitor the letter that it arrived, where there is an address that may get one,
    and `others` with it.
    """
    received = ("received", Recipient.VISITOR)
    may_be_sent = request.email and not request.is_unacknowledged
    outbox.promise_all([*others, received] if may_be_sent else others, request)


def as_new() -> dict[str, Any]:
    """What a request that waits again begins with: a new promise, and no time."""
    practice = PracticeSettings.load()
    return {
        "reply_by": practice.reply_by(practice.today()),
        "hold_ended_at": None,
        "limits_reached": None,
        **without_time(),
    }


def without_time() -> dict[str, Any]:
    """A request to which no time belongs."""
    return {"starts_at": None, "ends_at": None, "holds_until": None, "move_asked_at": None}


def unknown_again(request: ConsultationRequest) -> dict[str, Any]:
    """A request with a new time: how the one before ended is not said of the next."""
    return {"outcome": ""} if request.outcome in HAPPENED else {}


def end_of_their_day(
    request: ConsultationRequest, practice: PracticeSettings, moment: datetime
) -> datetime:
    """When (UTC) the day of `moment` is over where the visitor is: nobody waits for 2:32 AM."""
    return times.end_of_day(moment.astimezone(request.zone_or(practice.zone)))


def with_time(
    request: ConsultationRequest,
    start: datetime,
    practice: PracticeSettings,
    schedule: Schedule,
    now: datetime,
) -> dict[str, Any]:
    """What changes as an open time (UTC) is held for `request`. Raises TimeTaken where it is not
    open.

    Take the time with `claims`, which refuses one that was taken since. A day's limit holds only
    where the schedule is locked.
    """
    if not open_times.is_open(start, practice, schedule, now):
        raise reservations.TimeTaken
    lasts = timedelta(hours=schedule.hold_hours)
    return {
        "starts_at": start,
        "ends_at": start + timedelta(minutes=practice.consultation_minutes),
        "holds_until": min(end_of_their_day(request, practice, now + lasts), start),
    }


def step(request: ConsultationRequest, to: State, now: datetime, **changes: Any) -> None:
    """Moves `request` if it still is as it was read. Raises Stale, NotAllowed."""
    if to not in NEXT_STATES[State(request.state)]:
        raise NotAllowed
    change(request, state=to, state_since=now, **changes)


def change(request: ConsultationRequest, **changes: Any) -> None:
    """Changes `request` if it still is as it was read. Raises Stale."""
    changed = ConsultationRequest.objects.filter(
        pk=request.pk, version=request.version, state=request.state
    ).update(version=F("version") + 1, **changes)
    if not changed:
        raise Stale
    request.refresh_from_db()


def agreed_time(request: ConsultationRequest, now: datetime) -> Interval | None:
    """The consultation that calendars know of, if it is still to come."""
    if request.is_ahead(now) and request.starts_at and request.ends_at:
        return Interval(request.starts_at, request.ends_at)
    return None


def end_offer(request: ConsultationRequest, otherwise: State) -> None:
    """An offer is over: back to the time that was agreed, or to `otherwise` without one.

    Raises Stale, NotAllowed.
    """
    now = timezone.now()
    schedule = Schedule.lock()
    if request.starts_at and request.ends_at:
        kept = Interval(request.starts_at, request.ends_at)
        step(request, State.CONFIRMED, now, holds_until=None)
        reservations.keep(request, schedule, kept)
    else:
        changes = as_new() if otherwise == State.PENDING else without_time()
        step(request, otherwise, now, **changes)
        reservations.release(request)
    request.proposals.all().delete()


def say_instead(request: ConsultationRequest) -> None:
    """No email leaves any more: the therapist's letters that were owed are to be said."""
    owed = request.emails.filter(recipient=Recipient.VISITOR, sent_at=None)
    letters = request.letters.filter(version__in=owed.filter(kind="letter").values("version"))
    letters.filter(is_automatic=False).update(channel=Letter.Channel.IN_PERSON)
    owed.delete()


def owed_cancellations(request: ConsultationRequest) -> OutgoingEmailQuerySet:
    """Those that are still to leave, or calendars keep what does not take place."""
    return request.emails.cancellations().filter(sent_at=None, given_up_at=None)


def alert_of_change(request: ConsultationRequest, *times: datetime | None) -> None:
    """Owes the practice a word on what a visitor did, in the transaction in which they did it.

    At once where it is about a consultation within a day: its time now, or one of `times` (UTC),
    at which it was to be until now.
    """
    outbox.promise(
        "alert_changed",
        Recipient.PRACTICE,
        request,
        is_urgent=is_soon(timezone.now(), request.starts_at, *times),
    )


def is_soon(now: datetime, *times: datetime | None) -> bool:
    """Whether one of `times` (UTC) is within a day from `now`. Pure."""
    return any(time and now < time <= now + SOON for time in times)


def drop_unsaid(request: ConsultationRequest) -> None:
    """Words that nobody has said yet are about a state that is over."""
    request.letters.filter(channel=Letter.Channel.IN_PERSON, told_at=None).delete()


def write(
    request: ConsultationRequest,
    kind: str,
    words: Draft,
    before: Interval | None = None,
    *,
    is_automatic: bool = False,
) -> None:
    """Keeps the words of a step, and owes them to the visitor where there is an address.

    `before` is the time that was agreed until now. A letter that agrees on a time invites, and
    one that takes an agreed time back cancels the invitation, each with a higher SEQUENCE.
    """
    letter = Letter(
        request=request,
        version=request.version,
        kind=kind,
        channel=Letter.Channel.EMAIL if request.email else Letter.Channel.IN_PERSON,
        subject=words.subject,
        body=words.body,
        is_automatic=is_automatic,
    )
    if request.email:
        _for_calendars(letter, request, before)
    letter.save(force_insert=True)
    if request.email:
        outbox.promise("letter", Recipient.VISITOR, request)


def _for_calendars(letter: Letter, request: ConsultationRequest, before: Interval | None) -> None:
    """RFC 5546: one UID for good, and a SEQUENCE that rises by one with each message."""
    if request.state == State.CONFIRMED:
        if before and before == (request.starts_at, request.ends_at):
            return  # it stays as it was
        letter.method = Letter.Method.REQUEST
        letter.starts_at, letter.ends_at = request.starts_at, request.ends_at
    elif before and request.state != State.PROPOSED and request.invitation_sequence is not None:
        letter.method = Letter.Method.CANCEL
        letter.starts_at, letter.ends_at = before
    else:
        return
    practice = PracticeSettings.load()
    letter.medium = request.medium or practice.consultation_medium
    letter.location = practice.office_address if letter.medium == Medium.OFFICE else ""
    last = request.invitation_sequence
    letter.sequence = request.invitation_sequence = 0 if last is None else last + 1
    ConsultationRequest.objects.filter(pk=request.pk).update(invitation_sequence=letter.sequence)
