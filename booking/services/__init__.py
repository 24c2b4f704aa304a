"""Every step of a request: one function, one transaction, one event, one promise to write.

Nothing is sent and no network is touched in here; the outbox sends afterwards.
"""

from booking.claims import TimeTaken
from booking.emails import Draft
from booking.openings import OBJECTIONS as ANYTHING
from booking.services.erasure import erase, erase_old, finish_erasures, over_by
from booking.services.steps import Actor, Kind, NotAllowed, Recipient, Stale
from booking.services.therapist import (
    DECISIONS,
    MOST_OFFERS,
    Asks,
    Decision,
    Objections,
    cancel,
    close,
    confirm,
    decisions,
    decline,
    keep,
    lasting,
    move,
    offer,
    offer_stands_until,
    reopen,
    set_outcome,
    set_private_note,
    tell,
    waitlist,
)
from booking.services.upkeep import expire_offers, queue_reminders, release_holds
from booking.services.visitor import (
    AlreadySent,
    ask_to_move,
    none_suits,
    pick,
    restore,
    submit,
    withdraw,
)

__all__ = [
    "ANYTHING",
    "DECISIONS",
    "MOST_OFFERS",
    "Actor",
    "AlreadySent",
    "Asks",
    "Decision",
    "Draft",
    "Kind",
    "NotAllowed",
    "Objections",
    "Recipient",
    "Stale",
    "TimeTaken",
    "ask_to_move",
    "cancel",
    "close",
    "confirm",
    "decisions",
    "decline",
    "erase",
    "erase_old",
    "expire_offers",
    "finish_erasures",
    "keep",
    "lasting",
    "move",
    "none_suits",
    "offer",
    "offer_stands_until",
    "over_by",
    "pick",
    "queue_reminders",
    "release_holds",
    "reopen",
    "restore",
    "set_outcome",
    "set_private_note",
    "submit",
    "tell",
    "waitlist",
    "withdraw",
]
