"""What a visitor does: ask, pick, ask to move, withdraw. Each tells the practice."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from booking.availability import Interval
from booking.ledger import wishes
from booking.letters import emails
from booking.models import ConsultationRequest, DailySalt, Limit, Schedule, State
from booking.models.contact import WITHDRAWAL
from booking.services import counts, transitions, unopened
from booking.services.counts import TooMany
from booking.services.transitions import Actor, Kind, NotAllowed, Recipient
from booking.spam import signals
from booking.spam.signals import Counts, Sending
from booking.times import reservations
from practice.fields import personal_fields
from practice.launch import requirements
from practice.models import PracticeSettings


class AlreadySent(Exception):
    """The form was sent before, and something else stands in it now; nothing was done."""


def submit(
    consultation: ConsultationRequest,
    sending: Sending | None = None,
    practice: PracticeSettings | None = None,
) -> tuple[ConsultationRequest, bool]:
    """Takes an unsaved request in; `(the request on file, whether it is new)`.

    Its `asked_for`, if it has one, is reserved for it, unless a limit is reached. The same
    submission key again gives the same one request: a double click, a retry, the back button.
    Raises AlreadySent where something else was typed under that key, and TimeTaken where the time
    is not open (any more).

    `sending` is how it came: then it is counted, and held apart if it looks like spam. Raises
    TooMany. `practice` holds the settings by which the form was read, if it came by one.
    """
    try:
        with transaction.atomic():
            salt = DailySalt.of(timezone.now().date())
            counted = counts.count(consultation, sending, salt) if sending else None
            schedule = None
            if start := consultation.asked_for:
                practice = practice or PracticeSettings.load()
                schedule = _ask_for(consultation, start, practice, sending, salt)
            if sending and counted:
                _look_at(consultation, sending, counted)
            consultation.save(force_insert=True)
            transitions.note(consultation, Kind.RECEIVED, Actor.VISITOR)
            if consultation.state == State.SUSPECTED:
                transitions.note(consultation, Kind.HELD_APART, Actor.SYSTEM)
                unopened.alert_quarantine()
            else:
                if schedule and consultation.starts_at and consultation.ends_at:
                    time = Interval(consultation.starts_at, consultation.ends_at)
                    reservations.reserve_first(consultation, schedule, [time])
                transitions.acknowledge(consultation, alerts=True)
    except (IntegrityError, TooMany, reservations.TimeTaken):
        # Caught outside the transaction, which the database has given up by now. The time may be
        # taken by what the same form sent before.
        if earlier := _earlier(consultation):
            return earlier, False
        raise
    return consultation, True


def note_first(practice: PracticeSettings) -> None:
    """A request was taken in: whatever is missing later, `practice` stays open. Not after one that
    was sent under DEBUG to try out a site that is not set up.

    Asked after each, so that one after which the site was killed is made up for by the next.
    """
    if not practice.has_taken_request and not requirements.lacks(practice):
        PracticeSettings.objects.filter(pk=practice.pk).update(has_taken_request=True)


def _look_at(consultation: ConsultationRequest, sending: Sending, counted: Counts) -> None:
    """Puts `consultation` aside if it looks like spam: it has no time then.

    `holds_until` stays, so that the visitor's pages say what they say to everybody. What many
    requests name, somebody's email address, is no sign of spam; but no letter goes there any more.
    """
    if counted.with_email > counts.LETTERS_PER_EMAIL:
        consultation.limits_reached = [*(consultation.limits_reached or ()), Limit.LETTERS]
    words = (name for name in consultation.in_words() if name not in consultation.CONTACTS)
    texts = [getattr(consultation, name) or "" for name in words]
    signs = signals.signals(texts, sending, counted)
    if signals.suffice(signs):
        consultation.state = State.SUSPECTED
        consultation.held_apart_for = [sign.code for sign in signs if sign.weight > 0]
        consultation.starts_at = consultation.ends_at = None


def _earlier(consultation: ConsultationRequest) -> ConsultationRequest | None:
    """What the same form sent before. Raises AlreadySent if that was something else."""
    earlier = ConsultationRequest.objects.filter(submission_key=consultation.submission_key).first()
    typed = [field.name for field in personal_fields(ConsultationRequest, typed=True)]
    if earlier and any(getattr(earlier, name) != getattr(consultation, name) for name in typed):
        raise AlreadySent
    return earlier


def _ask_for(
    consultation: ConsultationRequest,
    start: datetime,
    practice: PracticeSettings,
    sending: Sending | None,
    salt: DailySalt,
) -> Schedule:
    """Sets the time that `consultation` is to reserve, if that is open. Raises TimeTaken.

    Beyond a limit it comes in without: people who share a network with a flood are heard all the
    same. Gives the schedule, which nobody changes from here on; others who want a time share it,
    and who takes the same time meanwhile is found by `claims`. Only where a limit to a day's
    consultations or to all that is unopened is near do they come one after another.
    """
    now = timezone.now()
    schedule = Schedule.of(consultation)
    time = transitions.with_time(consultation, start, practice, schedule, now)
    is_near_cap = counts.near_cap(schedule) if sending else False
    if is_near_cap or schedule.daily_limit is not None:
        schedule = schedule.lock()
    else:
        schedule = schedule.share()
    if schedule.daily_limit is not None:
        transitions.with_time(consultation, start, practice, schedule, now)
    if sending:
        consultation.limits_reached = counts.against_reserving(
            consultation, sending, salt, schedule, is_near_cap=is_near_cap
        )
    if consultation.limits_reached:
        return schedule
    for name, value in time.items():
        setattr(consultation, name, value)
    # The answer has to come before the time itself.
    day = start.astimezone(practice.zone).date()
    consultation.reply_by = min(consultation.reply_by, day)
    return schedule


@transaction.atomic
def pick(
    consultation: ConsultationRequest,
    starts_at: datetime,
    *,
    phone: str = "",
    visitor_calls: bool = False,
) -> None:
    """The visitor takes one of the times that were offered (UTC), and it is agreed. Raises Stale,
    NotAllowed for a time that was not offered or is over.
    """
    now = timezone.now()
    schedule = Schedule.of(consultation).lock()
    chosen = consultation.proposals.filter(starts_at=starts_at, starts_at__gt=now).first()
    if consultation.state != State.PROPOSED or chosen is None:
        raise NotAllowed
    before = transitions.agreed_time(consultation, now)
    changes = transitions.without_time() | transitions.unknown_again(consultation)
    changes |= {"starts_at": chosen.starts_at, "ends_at": chosen.ends_at}
    changes["medium"] = schedule.as_told(PracticeSettings.load()).consultation_medium
    changes |= {"phone": phone} if phone else {}
    changes |= {"visitor_calls": True} if visitor_calls else {}
    transitions.move_to(consultation, State.CONFIRMED, now, **changes)
    consultation.proposals.all().delete()
    reservations.free_all_but(consultation, schedule, Interval(chosen.starts_at, chosen.ends_at))
    _note_and_alert(consultation, Kind.PICKED, before.start if before else None)
    if consultation.contact.takes(Kind.PICKED):
        words = emails.draft(consultation, "picked")
        transitions.write(consultation, Kind.PICKED, words, before, is_automatic=True)


@transaction.atomic
def none_suits(consultation: ConsultationRequest) -> None:
    """The request waits again, or keeps what was agreed. Raises Stale, NotAllowed."""
    if consultation.state != State.PROPOSED:
        raise NotAllowed
    transitions.end_offer(consultation, State.PENDING)
    _note_and_alert(consultation, Kind.NONE_SUITS)


@transaction.atomic
def ask_to_move(consultation: ConsultationRequest) -> None:
    """The visitor cannot come at the agreed time, which stays theirs until another is found. Raises
    Stale, NotAllowed.
    """
    now = timezone.now()
    if (
        consultation.state != State.CONFIRMED
        or not consultation.is_ahead(now)
        or consultation.move_asked_at
    ):
        raise NotAllowed
    practice = PracticeSettings.load()
    assert consultation.starts_at is not None
    day = consultation.starts_at.astimezone(practice.zone).date()  # an answer after it is none
    reply_by = min(practice.reply_by(practice.today()), day)
    transitions.change(consultation, move_asked_at=now, reply_by=reply_by)
    _note_and_alert(consultation, Kind.ASKED_TO_MOVE)


@transaction.atomic
def want_calendar_file(consultation: ConsultationRequest) -> None:
    """A file for their calendar goes with the letter that agrees on a time; where one is agreed, at
    once. Raises Stale, NotAllowed.
    """
    if not consultation.contact_as_told.calendar_file or not consultation.is_open:
        raise NotAllowed
    if consultation.state == State.CONFIRMED:
        _send_calendar_file(consultation)
    else:  # as it stands: what the therapist has open, or an offer, is about this version
        shown = ConsultationRequest.objects.shown().filter(pk=consultation.pk)
        shown.update(wants_calendar_file=True)
        consultation.refresh_from_db()
    transitions.note(consultation, Kind.CALENDAR_FILE, Actor.VISITOR)


def _send_calendar_file(consultation: ConsultationRequest) -> None:
    if not consultation.is_ahead(timezone.now()):
        raise NotAllowed
    transitions.change(consultation, wants_calendar_file=True)
    words = emails.draft(consultation, Kind.CALENDAR_FILE)
    transitions.write(consultation, Kind.CALENDAR_FILE, words, is_automatic=True)


def _note_and_alert(consultation: ConsultationRequest, kind: Kind, *times: datetime | None) -> None:
    """What follows each act of a visitor: words of an earlier state are said no more.

    What is held apart alerts nobody, whatever its sender does.
    """
    transitions.drop_unsaid(consultation)
    transitions.note(consultation, kind, Actor.VISITOR)
    if not consultation.held_apart_for:
        transitions.alert_of_change(consultation, *times)


@transaction.atomic
def withdraw(consultation: ConsultationRequest) -> None:
    """The visitor ends the request: what they were still to be sent is not, and its times are free.
    Only a calendar that holds an invitation is told that it is cancelled. Raises Stale, NotAllowed.
    """
    end(consultation)
    _note_and_alert(consultation, Kind.WITHDRAWN)


def end(consultation: ConsultationRequest) -> None:
    """What withdrawing and erasing share. Raises Stale, NotAllowed."""
    now = timezone.now()
    if not consultation.may_be_withdrawn(now):
        raise NotAllowed
    before = transitions.agreed_time(consultation, now)
    transitions.move_to(consultation, State.WITHDRAWN, now, **transitions.over(consultation))
    let_go(consultation)
    wishes.changed(consultation)
    if before and consultation.contact.cancellation:
        words = emails.draft(consultation, WITHDRAWAL)
        transitions.write(consultation, WITHDRAWAL, words, before, is_automatic=True)


def let_go(consultation: ConsultationRequest) -> None:
    """Frees its times; what the visitor was still to be sent is not, but for cancellations."""
    consultation.proposals.all().delete()
    reservations.free(consultation)
    owed = consultation.emails.filter(recipient=Recipient.VISITOR, sent_at=None)
    owed.exclude(pk__in=owed.cancellations()).delete()


@transaction.atomic
def restore(consultation: ConsultationRequest) -> None:
    """The visitor takes a withdrawal back, within a day; its time is gone. What was held apart
    is so again. Raises Stale, NotAllowed.
    """
    now = timezone.now()
    if not consultation.may_be_restored(now):
        raise NotAllowed
    to = State.SUSPECTED if consultation.held_apart_for else State.PENDING
    transitions.move_to(consultation, to, now, **transitions.as_new(), erasure_asked_at=None)
    wishes.changed(consultation)
    _note_and_alert(consultation, Kind.RESTORED)
