"""The therapist's decisions, each one function and one transaction.

Each raises Stale where somebody was faster, NotAllowed where the request's state does not lead
there, and ValueError for empty words. Those that take a time raise TimeTaken where somebody
else has it, and Objections where something speaks against it that is not among `despite`: the
therapist may take it all the same, knowing why not.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from booking import conflicts
from booking.availability import Interval
from booking.letters.emails import Draft
from booking.models import NEXT_STATES, ConsultationRequest, Proposal, Schedule, State
from booking.services import transitions
from booking.services.transitions import Actor, Kind, NotAllowed, Stale
from booking.times import open_times, reservations
from booking.times.open_times import OpenTimes
from practice.models import PracticeSettings, User

MOST_OFFERS = 3


class Objections(Exception):
    """A time is not open, for the reasons in `sentences`; nothing was done."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


@transaction.atomic
def _decide(
    consultation: ConsultationRequest,
    kind: Kind,
    to: State,
    user: User,
    words: Draft | None = None,
    times: list[Interval] | None = None,
    despite: Collection[str] = (),
    **changes: Any,
) -> None:
    """What all decisions share. `words` go to the visitor, `times` are what it holds then."""
    if words is not None and not words.body.strip():
        raise ValueError("This decision needs words for the visitor.")
    _require(consultation, kind)
    now = timezone.now()
    schedule = Schedule.of(consultation).lock() if times else None
    if schedule and times:
        practice = schedule.as_told(PracticeSettings.load())
        until = max(start for start, _ in times)
        open_now = open_times.load(practice, schedule, now, without=consultation, until=until)
        known = _object(open_now, times, now, despite)
        if to == State.PROPOSED:  # the time that is agreed already stays agreed
            known.update(consultation.agreed_despite or [])
        else:
            changes["medium"] = practice.consultation_medium
        changes["agreed_despite"] = sorted(known)
    before = transitions.agreed_time(consultation, now)
    transitions.move_to(consultation, to, now, **changes)
    consultation.proposals.all().delete()
    if schedule and times:
        kept = before if to == State.PROPOSED else None
        reservations.reserve(consultation, schedule, times, keeping=kept)
        if to == State.PROPOSED:
            Proposal.objects.bulk_create(
                Proposal(request=consultation, starts_at=start, ends_at=end) for start, end in times
            )
    elif to not in (State.CONFIRMED, State.PROPOSED):
        reservations.free(consultation)
    transitions.note(consultation, kind, Actor.PRACTICE, user)
    transitions.drop_unsaid(consultation)
    if words is not None:
        transitions.write(consultation, kind, words, before)


def _object(
    open_now: OpenTimes, times: list[Interval], now: datetime, despite: Collection[str]
) -> set[str]:
    """Codes of what makes the times fit the schedule badly, which the therapist knows."""
    sentences: dict[str, None] = {}
    known: set[str] = set()
    for start, end in times:
        minutes = int((end - start).total_seconds()) // 60
        sentences |= dict.fromkeys(open_now.objections(start, minutes, now))
        known.update(conflicts.reasons(open_now, start, minutes))
    if unknown := [sentence for sentence in sentences if sentence not in despite]:
        raise Objections(unknown)
    return known


def _require(consultation: ConsultationRequest, kind: Kind) -> None:
    """The button may have been on the screen for an hour."""
    if kind not in {each.kind for each in decisions(consultation)}:
        raise NotAllowed


def lasting(starts_at: datetime, minutes: int) -> Interval:
    """The span of a consultation. Raises ValueError for one without length."""
    if minutes <= 0:
        raise ValueError("A consultation lasts at least a minute.")
    return Interval(starts_at, starts_at + timedelta(minutes=minutes))


def _agree(
    kind: Kind,
    consultation: ConsultationRequest,
    *,
    user: User,
    words: Draft,
    starts_at: datetime,
    minutes: int,
    despite: Collection[str] = (),
    phone: str = "",
    email: str = "",
    visitor_calls: bool = False,
) -> None:
    """The consultation takes place at `starts_at` (UTC), for so many minutes.

    `phone` (E.164) and `email` are how the visitor can be reached, if they had not said so.
    """
    time = lasting(starts_at, minutes)
    learned = {"phone": phone, "email": email, "visitor_calls": visitor_calls}
    changes = transitions.without_time() | transitions.unknown_again(consultation)
    changes |= {name: value for name, value in learned.items() if value}
    changes |= {"hold_ended_at": None, "starts_at": time.start, "ends_at": time.end}
    _decide(consultation, kind, State.CONFIRMED, user, words, [time], despite, **changes)


confirm = partial(_agree, Kind.CONFIRM)
move = partial(_agree, Kind.MOVE)  # a confirmed one, to another time


def keep(consultation: ConsultationRequest, *, user: User, words: Draft) -> None:
    """There is no other time for a visitor who asked for one: what was agreed stays."""
    _decide(consultation, Kind.KEEP, State.CONFIRMED, user, words, move_asked_at=None)


def offer(
    consultation: ConsultationRequest,
    *,
    user: User,
    words: Draft,
    starts: list[datetime],
    minutes: int,
    despite: Collection[str] = (),
) -> None:
    """The visitor may pick one of up to three times (UTC), all of them held until then. Raises
    ValueError for no time, more than three, or one twice.
    """
    if not 0 < len(starts) <= MOST_OFFERS or len(set(starts)) < len(starts):
        raise ValueError("An offer is of one to three different times.")
    changes = transitions.without_time() | {"hold_ended_at": None}
    if consultation.is_ahead(timezone.now()):
        changes |= {"starts_at": consultation.starts_at, "ends_at": consultation.ends_at}
    changes["holds_until"] = offer_stands_until(consultation, starts)
    times = [lasting(start, minutes) for start in sorted(starts)]
    _decide(consultation, Kind.OFFER, State.PROPOSED, user, words, times, despite, **changes)


def offer_stands_until(
    consultation: ConsultationRequest, starts: list[datetime]
) -> datetime | None:
    """When (UTC) an offer made now runs out: as a day ends for the visitor, but not after its last
    time, nor after one that is agreed. Never without e-mail: they may not have heard of it yet.
    """
    if not consultation.contact.letter:
        return None
    now = timezone.now()
    ends = now + timedelta(hours=Schedule.of(consultation).offer_hours)
    ends = transitions.end_of_their_day(consultation, PracticeSettings.load(), ends)
    agreed = transitions.agreed_time(consultation, now)
    return min(ends, max(starts), *([agreed.start] if agreed else []))


def waitlist(consultation: ConsultationRequest, *, user: User, words: Draft) -> None:
    changes = transitions.without_time()
    _decide(consultation, Kind.WAITLIST, State.WAITLISTED, user, words, **changes)


def decline(consultation: ConsultationRequest, *, user: User, words: Draft) -> None:
    _decide(consultation, Kind.DECLINE, State.DECLINED, user, words, **transitions.without_time())


def cancel(consultation: ConsultationRequest, *, user: User, words: Draft) -> None:
    _decide(consultation, Kind.CANCEL, State.CANCELLED, user, words, move_asked_at=None)


@transaction.atomic
def accept(consultation: ConsultationRequest, *, user: User) -> None:
    """What was held apart is a real request: it waits as if it had done so since it came. The time
    that they were told is held is so now, if it is still open.
    """
    _require(consultation, Kind.ACCEPT)
    changes = {**transitions.without_time(), "held_apart_for": []}
    if consultation.asked_for and consultation.holds_until:
        now, schedule = timezone.now(), Schedule.of(consultation).lock()
        practice, start = PracticeSettings.load(), consultation.asked_for
        try:
            time = transitions.with_time(consultation, start, practice, schedule, now)
            span = Interval(time["starts_at"], time["ends_at"])
            reservations.reserve(consultation, schedule, [span])
            changes |= time
        except reservations.TimeTaken:
            changes["hold_ended_at"] = now
    transitions.move_to(consultation, State.PENDING, consultation.received_at, **changes)
    transitions.note(consultation, Kind.ACCEPT, Actor.PRACTICE, user)
    transitions.acknowledge(consultation)


def reopen(consultation: ConsultationRequest, *, user: User) -> None:
    """The request waits for an answer again. What a visitor withdrew only the visitor brings back,
    and what calendars know of is cancelled or moved, not dropped in silence.
    """
    changes = {**transitions.as_new(), "held_apart_for": []}
    _decide(consultation, Kind.REOPEN, State.PENDING, user, **changes)


def close(consultation: ConsultationRequest, *, user: User) -> None:
    """Without a letter, so not while a consultation is ahead, of whose end the visitor hears."""
    _decide(consultation, Kind.CLOSE, State.CLOSED, user, **transitions.over(consultation))


@transaction.atomic
def let_stand(consultation: ConsultationRequest, known: Iterable[str], *, user: User) -> None:
    """The agreed time stays, whatever of `known` (Reason) the schedule says against it. It changes
    nothing for the visitor, so their page and letters go on as they are.
    """
    same = ConsultationRequest.objects.filter(pk=consultation.pk, version=consultation.version)
    if not same.update(agreed_despite=sorted({*(consultation.agreed_despite or []), *known})):
        raise Stale
    consultation.refresh_from_db()
    transitions.note(consultation, Kind.STANDS, Actor.PRACTICE, user)


class Asks(Enum):
    """What a decision wants to know before its words are written."""

    NOTHING = "nothing"
    TIME = "time"
    TIMES = "times"


@dataclass(frozen=True)
class Decision:
    """How a decision is offered to the therapist: its name, and what it asks for."""

    kind: str  # as it is stored, and stands in addresses
    carry_out: Callable[..., None]
    label: str
    to: State | None  # none where the state stays, as after the call
    writes: bool = True
    asks: Asks = Asks.NOTHING


DECISIONS = (
    Decision("accept", accept, "This is a real request", State.PENDING, writes=False),
    Decision("confirm", confirm, "Confirm a time", State.CONFIRMED, asks=Asks.TIME),
    Decision("offer", offer, "Offer times", State.PROPOSED, asks=Asks.TIMES),
    Decision("move", move, "Move to another time", State.CONFIRMED, asks=Asks.TIME),
    Decision("keep", keep, "Stay with the agreed time", State.CONFIRMED),
    Decision("waitlist", waitlist, "Put on the waitlist", State.WAITLISTED),
    Decision("decline", decline, "Refer out", State.DECLINED),
    Decision("cancel", cancel, "Cancel the consultation", State.CANCELLED),
    Decision("reopen", reopen, "Reopen the request", State.PENDING, writes=False),
    Decision("close", close, "Close without an email", State.CLOSED, writes=False),
)


def decisions(consultation: ConsultationRequest) -> list[Decision]:
    """What the state of `consultation` lets the therapist decide now."""
    state = State(consultation.state)
    if state == State.WITHDRAWN or consultation.erasure_asked_at:
        return []
    misfits = {"confirm"} if state == State.CONFIRMED else {"move", "keep"}
    misfits.add("reopen" if state == State.SUSPECTED else "accept")
    if consultation.move_asked_at is None:
        misfits.add("keep")
    if consultation.is_ahead(timezone.now()):
        misfits |= {"close", "reopen"}
    return [d for d in DECISIONS if d.to in NEXT_STATES[state] and d.kind not in misfits]
