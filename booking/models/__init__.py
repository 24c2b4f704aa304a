"""Requests, the letters and e-mails they owe, the schedule, and a count of what was erased."""

from booking.models.erased import ErasedCount
from booking.models.letters import Letter, OutgoingEmail
from booking.models.requests import (
    HOLDING_STATES,
    NEXT_STATES,
    OPEN_STATES,
    ConsultationRequest,
    Outcome,
    PartOfWeek,
    Proposal,
    RequestEvent,
    RequestQuerySet,
    State,
    Who,
)
from booking.models.schedule import (
    AvailabilityRule,
    BusyFeed,
    BusyInterval,
    DateOverride,
    Schedule,
    SlotClaim,
    Weekday,
    cells,
)

__all__ = [
    "HOLDING_STATES",
    "NEXT_STATES",
    "OPEN_STATES",
    "AvailabilityRule",
    "BusyFeed",
    "BusyInterval",
    "ConsultationRequest",
    "DateOverride",
    "ErasedCount",
    "Letter",
    "Outcome",
    "OutgoingEmail",
    "PartOfWeek",
    "Proposal",
    "RequestEvent",
    "RequestQuerySet",
    "Schedule",
    "SlotClaim",
    "State",
    "Weekday",
    "Who",
    "cells",
]
