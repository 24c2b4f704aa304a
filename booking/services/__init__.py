"""Every step of a request: one function, one transaction, one event, one promise to write.

Nothing is sent and no network is touched in here; the outbox sends afterwards.
"""

from booking.claims import TimeTaken
from booking.emails import Draft
from booking.openings import OBJECTIONS as ANYTHING
from booking.services.addresses import reach_by, reached_otherwise, readdress
from booking.services.again import TimeMayBeGone, send_again, why_not_again
from booking.services.demands import erase_person, export_person
from booking.services.ending import would_end
from booking.services.erasure import (
    Held,
    erase,
    erase_again,
    finish_erasures,
    hold,
    lift_hold,
)
from booking.services.honoring import honor_wishes
from booking.services.limits import TooMany, count_open_times, forget_counts
from booking.services.notes import SavedMeanwhile, last_noted, save_notes, tell
from booking.services.opening import alert_quarantine, alert_unopened, alert_untold, note_opened
from booking.services.presence import note_absence, note_presence
from booking.services.retention import erase_old, erased_on, over_by, stopped, waiting_too_long
from booking.services.steps import Actor, Kind, NotAllowed, Recipient, Stale
from booking.services.therapist import (
    DECISIONS,
    MOST_OFFERS,
    Asks,
    Decision,
    Objections,
    accept,
    cancel,
    close,
    confirm,
    decisions,
    decline,
    keep,
    lasting,
    let_stand,
    move,
    offer,
    offer_stands_until,
    reopen,
    waitlist,
)
from booking.services.upkeep import expire_offers, queue_reminders, release_holds
from booking.services.visitor import (
    AlreadySent,
    ask_to_move,
    none_suits,
    note_first,
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
    "Held",
    "Kind",
    "NotAllowed",
    "Objections",
    "Recipient",
    "SavedMeanwhile",
    "Stale",
    "TimeMayBeGone",
    "TimeTaken",
    "TooMany",
    "accept",
    "alert_quarantine",
    "alert_unopened",
    "alert_untold",
    "ask_to_move",
    "cancel",
    "close",
    "confirm",
    "count_open_times",
    "decisions",
    "decline",
    "erase",
    "erase_again",
    "erase_old",
    "erase_person",
    "erased_on",
    "expire_offers",
    "export_person",
    "finish_erasures",
    "forget_counts",
    "hold",
    "honor_wishes",
    "keep",
    "last_noted",
    "lasting",
    "let_stand",
    "lift_hold",
    "move",
    "none_suits",
    "note_absence",
    "note_first",
    "note_opened",
    "note_presence",
    "offer",
    "offer_stands_until",
    "over_by",
    "pick",
    "queue_reminders",
    "reach_by",
    "reached_otherwise",
    "readdress",
    "release_holds",
    "reopen",
    "restore",
    "save_notes",
    "send_again",
    "stopped",
    "submit",
    "tell",
    "waiting_too_long",
    "waitlist",
    "why_not_again",
    "withdraw",
    "would_end",
]
