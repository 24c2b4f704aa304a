"""Agreed consultations that do not fit the schedule, as pages of the admin list them."""

from collections.abc import Iterable
from dataclasses import dataclass

from booking import conflicts
from booking.models import ConsultationRequest, Schedule
from booking.services import decisions
from practice.models import PracticeSettings

WAYS_OUT = ("confirm", "move", "cancel")


@dataclass(frozen=True)
class Listed(conflicts.Conflict):
    @property
    def decisions(self) -> list[decisions.Decision]:
        """How the therapist can move or cancel it in the state that it has."""
        return [d for d in decisions.decisions(self.consultation) if d.kind in WAYS_OUT]


def listed(
    practice: PracticeSettings,
    schedule: Schedule,
    consultations: Iterable[ConsultationRequest] | None = None,
) -> list[Listed]:
    """What `conflicts.standing` finds, with the ways out of each."""
    found = conflicts.standing(practice, schedule, consultations)
    return [Listed(c.consultation, c.reasons, c.minutes) for c in found]
