"""What is kept for no longer than the practice says: erased by its age, every hour."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from booking.erasure.erasing import erase, finish_erasures
from booking.letters import outbox
from booking.models import WAITING_STATES, ConsultationRequest, RequestQuerySet, State
from booking.services.transitions import Actor
from practice.models import Heartbeat, PracticeSettings
from practice.monitoring import Finding, counted

WARNS_BEFORE = timedelta(days=30)
MANY, SHARE = 20, 10  # a round of more than so many, and more than one in so many, waits
WAITS = timedelta(days=3)  # docs/privacy.md promises an end
STOPPED = "erasure stopped"


@dataclass(frozen=True)
class Stopped:
    """A round of erasure that waits: how many requests, and until when (UTC)."""

    number: int
    until: datetime


def over_by(today: date) -> RequestQuerySet:
    """What is kept for longer than it should be on `today` (in the practice's zone), or was to
    be erased when its hold ended; never what is held.
    """
    practice = PracticeSettings.load()
    found = ConsultationRequest.objects.older_than(practice.kept_for, practice.midnight(today))
    asked = ConsultationRequest.objects.filter(erasure_asked_at__isnull=False)
    return (found | asked).filter(Q(kept_until=None) | Q(kept_until__lt=today))


def waiting_too_long(today: date) -> RequestQuerySet:
    """What still waits and is erased within a month of `today` (in the practice's zone)."""
    return over_by(today + WARNS_BEFORE).filter(state__in=WAITING_STATES)


def erased_on(consultation: ConsultationRequest) -> date | None:
    """The last day (in the practice's zone) on which a request in this state is still kept, or
    None while its consultation is to come. A hold is not looked at.
    """
    practice = PracticeSettings.load()
    since = consultation.state_since
    if consultation.state == State.CONFIRMED:
        assert consultation.ends_at is not None
        since = consultation.ends_at
    if consultation.is_ahead(timezone.now()):
        return None
    state = "waiting" if consultation.state in WAITING_STATES else consultation.state
    return (since + practice.kept_for(state)).astimezone(practice.zone).date()


def erase_old(today: date) -> int:
    """Erases what `over_by` finds, and what waited to be; how many.

    A round of a great many by age waits, and is told of: a setting or the date may be wrong. What
    a visitor wished to be erased does not wait with it.
    """
    found = over_by(today).filter(erase_when_told=False)
    wished = list(found.filter(erasure_asked_at__isnull=False))
    aged = list(found.filter(erasure_asked_at=None))
    if not _goes_on(len(aged), timezone.now()):
        aged = []
    done = sum(erase(consultation, by=Actor.SYSTEM) for consultation in wished + aged)
    outbox.forget_old()
    return done + finish_erasures()


def _goes_on(number: int, now: datetime) -> bool:
    """Whether a round of `number` may be erased: no great many, or seen for three days."""
    if number <= MANY or number * SHARE <= ConsultationRequest.objects.count():
        Heartbeat.objects.filter(pk=STOPPED).delete()
        return True
    mark, _ = Heartbeat.objects.get_or_create(pk=STOPPED, defaults={"seen_at": now})
    return now - mark.seen_at >= WAITS


def stopped(today: date) -> Stopped | None:
    mark = Heartbeat.objects.filter(pk=STOPPED).first()
    if mark is None:
        return None
    number = over_by(today).filter(erase_when_told=False, erasure_asked_at=None).count()
    return Stopped(number, mark.seen_at + WAITS) if number else None


def report(sender: Any, now: datetime, **kwargs: Any) -> list[Finding]:
    """Receiver of `reported`: what the weekly mail says of it."""
    practice = PracticeSettings.load()
    found = stopped(practice.today())
    if found is None:
        return []
    day = found.until.astimezone(practice.zone).date()
    says = (
        f"{counted(found.number, 'request')} are past the time you keep them. That's a lot at once."
    )
    advice = (
        f"They're deleted on {day:%A, %B} {day.day}. Check the date, and how long you keep them."
    )
    return [Finding(says, advice)]
