"""Agreed consultations that don't fit the schedule as it is now.

They stand until the therapist moves, cancels or knowingly leaves them: nothing here ends one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils import timezone

from booking.models import ConsultationRequest, Schedule
from booking.times import open_times
from booking.times.open_times import DAY_OFF, OUTSIDE_HOURS, OpenTimes
from practice.models import PracticeSettings


class Reason(TextChoices):
    """Why an agreed time does not fit; stored of those that the therapist knows."""

    DAY_OFF = "day_off", DAY_OFF
    OUTSIDE_HOURS = "outside_hours", "It's outside your hours."
    LENGTH = "length", "It's agreed for {agreed} minutes, and your consultations now last {now}."


OUTSIDE = {DAY_OFF: Reason.DAY_OFF, OUTSIDE_HOURS: Reason.OUTSIDE_HOURS}


@dataclass(frozen=True)
class Conflict:
    """A consultation whose agreed time does not fit, for reasons that nobody has settled."""

    consultation: ConsultationRequest
    reasons: list[Reason]
    minutes: int  # that consultations last now

    @property
    def is_day_off(self) -> bool:
        return Reason.DAY_OFF in self.reasons

    @property
    def sentences(self) -> list[str]:
        agreed = _minutes(self.consultation)
        return [r.label.format(agreed=agreed, now=self.minutes) for r in self.reasons]


def reasons(open_now: OpenTimes, start: datetime, minutes: int) -> list[Reason]:
    """Why a time (UTC) of so many minutes does not fit the schedule."""
    outside = open_now.outside(start, minutes)
    found = [OUTSIDE[outside]] if outside else []
    return found + [Reason.LENGTH] * (minutes != open_now.policy.duration)


def standing(
    practice: PracticeSettings,
    schedule: Schedule,
    consultations: Iterable[ConsultationRequest] | None = None,
) -> list[Conflict]:
    """The agreed consultations to come that do not fit, all of a schedule or those given."""
    now = timezone.now()
    if consultations is None:
        consultations = schedule.consultations.shown().with_time().filter(starts_at__gt=now)
    agreed = sorted((c for c in consultations if c.is_ahead(now)), key=_start)
    if not agreed:
        return []
    open_now = open_times.load(practice, schedule, now, until=_start(agreed[-1]))
    found = []
    for consultation in agreed:
        against = reasons(open_now, _start(consultation), _minutes(consultation))
        if unknown := [r for r in against if r not in (consultation.agreed_despite or ())]:
            found.append(Conflict(consultation, unknown, open_now.policy.duration))
    return found


def is_on_day_off(consultation: ConsultationRequest) -> bool:
    """Whether its agreed time fell on a day off since, and the therapist has not settled it."""
    found = standing(PracticeSettings.load(), Schedule.of(consultation), [consultation])
    return any(conflict.is_day_off for conflict in found)


def _start(consultation: ConsultationRequest) -> datetime:
    assert consultation.starts_at is not None
    return consultation.starts_at


def _minutes(consultation: ConsultationRequest) -> int:
    assert consultation.ends_at is not None
    return (consultation.ends_at - _start(consultation)) // timedelta(minutes=1)
