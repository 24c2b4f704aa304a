"""Whether and how a visitor may be contacted: what leaves, and each link and word, asks here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from booking.models.states import State

if TYPE_CHECKING:
    from booking.models.requests import ConsultationRequest

RECEIVED, WITHDRAWAL = "received", "withdrawal"


@dataclass(frozen=True)
class Contact:
    """The ways that are open now."""

    wants_none: bool  # they withdrew, or want it erased
    letter: bool  # the therapist's words and the site's own, by email
    acknowledgment: bool  # the email that it arrived
    cancellation: bool  # the one that takes it out of their calendar, whatever they wish
    call: bool
    text: bool
    voicemail: bool

    def takes(self, kind: str) -> bool:
        """Whether a letter of this kind may leave by email."""
        own = {RECEIVED: self.acknowledgment, WITHDRAWAL: self.cancellation}
        return own.get(kind, self.letter)


def contact(consultation: ConsultationRequest, *, as_told: bool = False) -> Contact:
    """How `consultation` may be answered; `as_told`: as its sender reads it, who must not learn
    that it looks like spam, to which no letter goes.
    """
    wants_none = (
        consultation.state == State.WITHDRAWN
        or consultation.erasure_asked_at is not None
        or consultation.erase_when_told
    )
    is_apart = consultation.state == State.SUSPECTED and not as_told
    has_email, has_phone = bool(consultation.email), bool(consultation.phone)
    letter = has_email and not wants_none and not is_apart
    call = has_phone and not wants_none
    return Contact(
        wants_none=wants_none,
        letter=letter,
        acknowledgment=letter and not consultation.is_unacknowledged,
        cancellation=has_email and consultation.invitation_sequence is not None,
        call=call,
        text=call and consultation.text_ok,
        voicemail=call and consultation.voicemail_ok,
    )
