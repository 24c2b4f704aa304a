"""Whether and how a visitor may be contacted: what leaves, and each link and word, asks here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from booking.models.states import State

if TYPE_CHECKING:
    from booking.models.requests import ConsultationRequest

RECEIVED, WITHDRAWAL = "received", "withdrawal"
# What leaves in place of all others where someone else may read it: a line that names nobody.
NEUTRAL = NEUTRAL_RECEIVED, NEUTRAL_LETTER = "neutral_received", "neutral_letter"


@dataclass(frozen=True)
class Contact:
    """The ways that are open now."""

    wants_none: bool  # they withdrew, or want it erased
    letter: bool  # the therapist's words and the site's own, by email
    acknowledgment: bool  # the email that it arrived
    cancellation: bool  # the one that takes it out of their calendar, whatever they wish
    invitation: bool  # a file for their calendar goes with the letter that agrees on a time
    calendar_file: bool  # they may ask for one
    call: bool
    text: bool
    voicemail: bool
    discreet: bool  # someone else may read it or listen: nothing leaves that names anybody

    @property
    def say(self) -> str:
        """What the therapist does with words that no email brings."""
        return "say or text" if self.text else "say"

    def takes(self, kind: str) -> bool:
        """Whether an email of this kind may leave."""
        own = {
            RECEIVED: self.acknowledgment,
            NEUTRAL_RECEIVED: self.acknowledgment,
            WITHDRAWAL: self.cancellation,
        }
        return own.get(kind, self.letter) and (kind in NEUTRAL or not self.discreet)

    def leaves_as(self, kind: str) -> str:
        """The kind of email that tells of this one: itself, or a line that names nobody."""
        if not self.discreet:
            return kind
        return NEUTRAL_RECEIVED if kind == RECEIVED else NEUTRAL_LETTER


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
    discreet = consultation.discreet
    is_invited = consultation.invitation_sequence is not None
    wants_file = consultation.wants_calendar_file or is_invited
    # Also whoever wanted one when no letter agreed on a time any more.
    may_ask = not wants_file or (consultation.state == State.CONFIRMED and not is_invited)
    return Contact(
        wants_none=wants_none,
        letter=letter,
        acknowledgment=letter and not consultation.is_unacknowledged,
        cancellation=has_email and is_invited and not discreet,
        invitation=letter and wants_file and not discreet,
        calendar_file=letter and may_ask and not discreet,
        call=call,
        text=call and consultation.text_ok and not discreet,
        voicemail=call and consultation.voicemail_ok and not discreet,
        discreet=discreet,
    )
