"""What time does by itself: reservations and offers end, reminders fall due.

Each is safe to run at any time, twice, and by two workers at once.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from booking import conflicts
from booking.letters import outbox
from booking.models import (
    ConsultationRequest,
    OutgoingEmail,
    Proposal,
    RequestQuerySet,
    Schedule,
    State,
)
from booking.models.letters import CARRIES_WORDS
from booking.services import transitions
from booking.services.transitions import Actor, Kind, Recipient, promise_once
from booking.times import reservations
from practice.models import PracticeSettings

REMINDS_AT = time(9)  # on the visitor's clock, so that nobody is woken
WARNS_BEFORE = timedelta(days=1)
DAY_OFF, TOLD_BEFORE = "alert_day_off", 2  # days
# The nearest first: a worker that was away sends that alone.
REMINDERS = {"reminder_one_day": 1, "reminder_two_days": 2}


def end_reservations() -> int:
    """Frees times that were asked for and never answered; how many.

    The request stays, and is late: the practice's silence ends nothing.
    """
    return _each(reservations_over(timezone.now()), _end_reservation)


def reservations_over(now: datetime) -> RequestQuerySet:
    over = Q(holds_until__lte=now) | Q(starts_at__lte=now)
    return ConsultationRequest.objects.filter(over, state=State.PENDING, starts_at__isnull=False)


def _end_reservation(consultation: ConsultationRequest) -> None:
    transitions.change(consultation, **transitions.without_time(), hold_ended_at=timezone.now())
    reservations.free(consultation)
    transitions.note(consultation, Kind.HOLD_ENDED, Actor.SYSTEM)
    outbox.promise("alert_late", Recipient.PRACTICE, consultation)


def expire_offers() -> int:
    """Ends offers that nobody answered; how many. A time that was agreed stays agreed."""
    return _each(offers_over(timezone.now()), _expire_offer)


def offers_over(now: datetime) -> RequestQuerySet:
    """The requests whose offer is to end.

    Not one whose letter has not left or came back: then the therapist sees to the letter.
    """
    unread = OutgoingEmail.objects.filter(
        Q(sent_at=None) | Q(bounced_at__isnull=False),
        request=OuterRef("pk"),
        version=OuterRef("version"),
        kind__in=CARRIES_WORDS,
        bounce_settled_at=None,
    )
    ahead = Proposal.objects.filter(request=OuterRef("pk"), starts_at__gt=now)
    run_out = Q(holds_until__lte=now) | Q(~Exists(ahead), holds_until=None)
    return ConsultationRequest.objects.filter(~Exists(unread), run_out, state=State.PROPOSED)


def _expire_offer(consultation: ConsultationRequest) -> None:
    if consultation.holds_until or consultation.has_time:
        transitions.end_offer(consultation, State.EXPIRED)
    else:  # left no e-mail, and may never have heard of it: they wait for the practice again
        transitions.end_offer(consultation, State.PENDING)
        transitions.change(consultation, hold_ended_at=timezone.now())
    transitions.note(consultation, Kind.OFFER_ENDED, Actor.SYSTEM)
    outbox.promise("alert_changed", Recipient.PRACTICE, consultation)


def _each(
    requests: Iterable[ConsultationRequest], act: Callable[[ConsultationRequest], None]
) -> int:
    """Acts on each in a transaction of its own, but not on those that somebody changed since."""
    done = 0
    for consultation in requests:
        try:
            with transaction.atomic():
                act(consultation)
        except (transitions.Stale, transitions.NotAllowed):
            continue
        done += 1
    return done


def queue_reminders() -> int:
    """Owes each reminder whose moment has come, and a word on offers that end soon; how many."""
    now, practice = timezone.now(), PracticeSettings.load()
    reminded = [_remind_of_consultations(each, practice, now) for each in Schedule.objects.all()]
    return sum(reminded) + _remind_of_offers(now)


def _remind_of_consultations(schedule: Schedule, practice: PracticeSettings, now: datetime) -> int:
    """One or two days before, at nine on the visitor's clock, for what was agreed by then.

    None for a day that is off since: it waits until the therapist, who is told two days before,
    has moved or cancelled the consultation or left it as agreed.
    """
    wanted = {
        "reminder_two_days": schedule.reminds_two_days_before,
        "reminder_one_day": schedule.reminds_one_day_before,
    }
    near = schedule.consultations.with_time().filter(
        starts_at__gt=now, starts_at__lt=now + timedelta(days=4)
    )
    agreed = list(near)
    against = conflicts.standing(practice, schedule, agreed)
    days_off = {each.consultation.pk for each in against if each.is_day_off}
    done = 0
    for consultation in agreed:
        zone = consultation.zone_or(practice.zone)
        assert consultation.starts_at is not None
        if consultation.pk in days_off:
            if reminder_moment(consultation.starts_at, zone, TOLD_BEFORE) <= now:
                start = consultation.starts_at
                done += promise_once(DAY_OFF, consultation, start, Recipient.PRACTICE)
            continue
        if not consultation.contact.takes("reminder"):
            continue
        for kind, days in REMINDERS.items():
            moment = reminder_moment(consultation.starts_at, zone, days)
            if wanted[kind] and consultation.state_since <= moment <= now:
                done += promise_once(kind, consultation, consultation.starts_at)
                break
    return done


def reminder_moment(starts_at: datetime, zone: ZoneInfo, days: int) -> datetime:
    """Nine o'clock in `zone`, so many calendar days before: wall time, not 24 hours."""
    day = starts_at.astimezone(zone).date() - timedelta(days=days)
    return datetime.combine(day, REMINDS_AT, zone)


def _remind_of_offers(now: datetime) -> int:
    """A day before an offer ends, or halfway where it is shorter than two."""
    soon = ConsultationRequest.objects.filter(
        state=State.PROPOSED, holds_until__gt=now, holds_until__lt=now + WARNS_BEFORE
    )
    done = 0
    for consultation in soon:
        if not consultation.contact.takes("offer_ends"):
            continue
        assert consultation.holds_until is not None
        half = (consultation.holds_until - consultation.state_since) / 2
        if consultation.holds_until - min(half, WARNS_BEFORE) <= now:
            done += promise_once("offer_ends", consultation, consultation.holds_until)
    return done
