"""Requests, the letters and emails they owe, the schedule, and a count of what was erased."""

from booking.models.abuse import DailyCount, DailySalt, Limit
from booking.models.busy import BusyFeed, BusyInterval
from booking.models.erased import Demand, ErasedCount, Tombstone, digest_of
from booking.models.events import Proposal, RequestEvent
from booking.models.letters import Letter, OutgoingEmail
from booking.models.queries import RequestQuerySet
from booking.models.replies import Referral, Reply
from booking.models.requests import ConsultationRequest
from booking.models.schedule import (
    AvailabilityRule,
    DateOverride,
    Schedule,
    SlotClaim,
    Weekday,
    cells,
)
from booking.models.states import (
    FINAL_STATES,
    HAPPENED,
    HOLDING_STATES,
    NEXT_STATES,
    OPEN_STATES,
    WAITING_STATES,
    Outcome,
    PartnerKnows,
    PartOfWeek,
    State,
    Who,
)
