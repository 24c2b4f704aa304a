"""What every step of a request shares: it is taken only from where it was read."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
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
from booking.models.contact import NEUTRAL, NEUTRAL_LETTER, NEUTRAL_RECEIVED, RECEIVED
from booking.models.letters import AFTER_CALL, CARRIES_WORDS, OutgoingEmailQuerySet
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


def note(
    consultation: ConsultationRequest, kind: Kind, actor: Actor, user: User | None = None
) -> None:
    """Who did what; never what it says."""
    RequestEvent.objects.create(
        request=consultation,
        kind=kind,
        actor=actor,
        user=user,
        state=consultation.state,
        version=consultation.version,
    )


def acknowledge(consultation: ConsultationRequest, *, alerts: bool = False) -> None:
    """Owes the visitor the letter that it arrived, if they may get one, and the practice its alert;
    both at once, since a visitor waits for it.
    """
    owed = [("alert_new", Recipient.PRACTICE)] * alerts
    contact = consultation.contact
    owed += [(contact.leaves_as(RECEIVED), Recipient.VISITOR)] * contact.acknowledgment
    about = {"request": consultation, "version": consultation.version}
    OutgoingEmail.objects.bulk_create(
        OutgoingEmail(kind=kind, recipient=recipient, **about) for kind, recipient in owed
    )


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
    return {"starts_at": None, "ends_at": None, "holds_until": None, "move_asked_at": None}


def over(consultation: ConsultationRequest) -> dict[str, Any]:
    """A request that has ended: of its times only one that was agreed is still known."""
    ended = {} if consultation.has_time else without_time()
    return {**ended, "holds_until": None, "move_asked_at": None}


def unknown_again(consultation: ConsultationRequest) -> dict[str, Any]:
    """A request with a new time: how the one before ended is not said of the next."""
    return {"outcome": ""} if consultation.outcome in HAPPENED else {}


def end_of_their_day(
    consultation: ConsultationRequest, practice: PracticeSettings, moment: datetime
) -> datetime:
    """When (UTC) the day of `moment` is over where the visitor is: nobody waits for 2:32 AM."""
    return times.end_of_day(moment.astimezone(consultation.zone_or(practice.zone)))


def with_time(
    consultation: ConsultationRequest,
    start: datetime,
    practice: PracticeSettings,
    schedule: Schedule,
    now: datetime,
) -> dict[str, Any]:
    """What changes as an open time (UTC) is reserved for `consultation`. Raises TimeTaken where it
    is not open.

    Take the time with `claims`, which refuses one that was taken since. A day's limit holds only
    where the schedule is locked.
    """
    if not open_times.is_open(start, practice, schedule, now):
        raise reservations.TimeTaken
    lasts = timedelta(hours=schedule.hold_hours)
    return {
        "starts_at": start,
        "ends_at": start + timedelta(minutes=practice.consultation_minutes),
        "holds_until": min(end_of_their_day(consultation, practice, now + lasts), start),
    }


def move_to(consultation: ConsultationRequest, to: State, now: datetime, **changes: Any) -> None:
    """Raises Stale, NotAllowed."""
    if to not in NEXT_STATES[State(consultation.state)]:
        raise NotAllowed
    change(consultation, state=to, state_since=now, **changes)


def change(consultation: ConsultationRequest, **changes: Any) -> None:
    """Changes `consultation` if it still is as it was read. Raises Stale."""
    changed = ConsultationRequest.objects.filter(
        pk=consultation.pk, version=consultation.version, state=consultation.state
    ).update(version=F("version") + 1, **changes)
    if not changed:
        raise Stale
    consultation.refresh_from_db()


def agreed_time(consultation: ConsultationRequest, now: datetime) -> Interval | None:
    """The consultation that calendars know of, if it is still to come."""
    if consultation.is_ahead(now) and consultation.starts_at and consultation.ends_at:
        return Interval(consultation.starts_at, consultation.ends_at)
    return None


def end_offer(consultation: ConsultationRequest, otherwise: State) -> None:
    """An offer is over: back to the time that was agreed, or to `otherwise` without one. Raises
    Stale, NotAllowed.
    """
    now = timezone.now()
    schedule = Schedule.of(consultation).lock()
    if consultation.starts_at and consultation.ends_at:
        kept = Interval(consultation.starts_at, consultation.ends_at)
        move_to(consultation, State.CONFIRMED, now, holds_until=None)
        reservations.free_all_but(consultation, schedule, kept)
    else:
        changes = as_new() if otherwise == State.PENDING else without_time()
        move_to(consultation, otherwise, now, **changes)
        reservations.free(consultation)
    consultation.proposals.all().delete()


def say_instead(consultation: ConsultationRequest) -> None:
    """No email leaves any more: the therapist's letters that were owed are to be said."""
    owed = consultation.emails.filter(recipient=Recipient.VISITOR, sent_at=None)
    words = owed.filter(kind__in=CARRIES_WORDS)
    letters = consultation.letters.filter(version__in=words.values("version"))
    letters.filter(is_automatic=False).update(channel=Letter.Channel.IN_PERSON)
    owed.delete()


def name_nobody(consultation: ConsultationRequest) -> None:
    """Someone else may read it from now on: a neutral line tells of what was owed or came back."""
    to_visitor = consultation.emails.filter(recipient=Recipient.VISITOR)
    not_there = to_visitor.filter(Q(sent_at=None) | Q(bounced_at__isnull=False))
    written = consultation.letters.filter(is_automatic=False).values("version")
    not_there.filter(kind=RECEIVED).update(kind=NEUTRAL_RECEIVED)
    not_there.filter(kind="letter", version__in=written).update(kind=NEUTRAL_LETTER)
    to_visitor.filter(sent_at=None).exclude(kind__in=NEUTRAL).delete()


def owed_cancellations(consultation: ConsultationRequest) -> OutgoingEmailQuerySet:
    """Those that are still to leave, or calendars keep what does not take place."""
    return consultation.emails.cancellations().filter(sent_at=None, given_up_at=None)


def alert_of_change(consultation: ConsultationRequest, *times: datetime | None) -> None:
    """Owes the practice a word on what a visitor did, in the transaction in which they did it.

    At once where it is about a consultation within a day: its time now, or one of `times` (UTC),
    at which it was to be until now.
    """
    outbox.promise(
        "alert_changed",
        Recipient.PRACTICE,
        consultation,
        is_urgent=is_soon(timezone.now(), consultation.starts_at, *times),
    )


def is_soon(now: datetime, *times: datetime | None) -> bool:
    """Whether one of `times` (UTC) is within a day from `now`. Pure."""
    return any(time and now < time <= now + SOON for time in times)


def promise_once(
    kind: str,
    consultation: ConsultationRequest,
    about_time: datetime,
    recipient: Recipient = Recipient.VISITOR,
) -> bool:
    """Owes one message about a time, if it is not owed yet and the request is as it was read."""
    if consultation.emails.filter(kind=kind, about_time=about_time).exists():
        return False
    try:
        with transaction.atomic():
            as_read = ConsultationRequest.objects.select_for_update()
            if not as_read.filter(pk=consultation.pk, version=consultation.version).exists():
                return False
            urgent = is_soon(timezone.now(), about_time)  # asked of alerts alone
            outbox.promise(kind, recipient, consultation, about_time=about_time, is_urgent=urgent)
    except IntegrityError:  # another worker was faster
        return False
    return True


def drop_unsaid(consultation: ConsultationRequest) -> None:
    """Words that nobody has said yet are about a state that is over."""
    consultation.letters.filter(channel=Letter.Channel.IN_PERSON, told_at=None).delete()


def write(
    consultation: ConsultationRequest,
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
    contact = consultation.contact
    by_email = contact.takes(contact.leaves_as(kind))
    letter = Letter(
        request=consultation,
        version=consultation.version,
        kind=kind,
        channel=Letter.Channel.EMAIL if by_email else Letter.Channel.IN_PERSON,
        subject=words.subject,
        body=words.body,
        is_automatic=is_automatic,
    )
    if by_email and kind not in AFTER_CALL:
        _invite_or_cancel(letter, consultation, before)
    letter.save(force_insert=True)
    if by_email:
        owed = NEUTRAL_LETTER if contact.discreet else "letter"
        outbox.promise(owed, Recipient.VISITOR, consultation)


def _invite_or_cancel(
    letter: Letter, consultation: ConsultationRequest, before: Interval | None
) -> None:
    """RFC 5546: one UID for good, and a SEQUENCE that rises by one with each message.

    Only for whoever asked for a file; a calendar that holds one hears of all that follows.
    """
    contact = consultation.contact
    if consultation.state == State.CONFIRMED:
        is_as_it_was = before and before == (consultation.starts_at, consultation.ends_at)
        if is_as_it_was or not contact.invitation:
            return
        letter.method = Letter.Method.REQUEST
        letter.starts_at, letter.ends_at = consultation.starts_at, consultation.ends_at
    elif before and consultation.state != State.PROPOSED and contact.cancellation:
        letter.method = Letter.Method.CANCEL
        letter.starts_at, letter.ends_at = before
    else:
        return
    practice = Schedule.of(consultation).as_told(PracticeSettings.load())
    letter.medium = consultation.medium or practice.consultation_medium
    letter.location = practice.office_address if letter.medium == Medium.OFFICE else ""
    last = consultation.invitation_sequence
    letter.sequence = consultation.invitation_sequence = 0 if last is None else last + 1
    ConsultationRequest.objects.filter(pk=consultation.pk).update(
        invitation_sequence=letter.sequence
    )
