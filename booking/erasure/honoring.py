"""After a restore: what was wished since the backup stands again, and nobody is written to."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from booking.erasure import erasing, retention
from booking.ledger import wishes
from booking.ledger.wishes import DISCREET, ERASE, HOLD, NO_EMAIL, REFUSALS, WITHDRAWN, Wish
from booking.models import ConsultationRequest, State
from booking.services import transitions
from booking.services.by_visitor import let_go
from booking.services.transitions import Actor, Kind
from practice.models import PracticeSettings
from practice.worker import clocks

LOST = "This hold is newer than the backup, so the reason was lost. Please write it again."


def do_again(**kwargs: Any) -> str:
    """Receiver of `practice.backups.restored`: erases and honors again; a sentence on how much.

    By somebody's wish first, then whatever else was wished since, and then what is over, as the
    worker does every hour.
    """
    said = f"{erasing.erase_again()} erased again, {honor_wishes()} wishes honored"
    if doubt := clocks.doubt(timezone.now()):
        return (
            f"{said}. {doubt} So nothing was erased for its age. If the date is right, run "
            "`manage.py date_is_right`, then `manage.py erase_again`."
        )
    today = PracticeSettings.load().today()
    said += f", {retention.erase_old(today)} erased for their age"
    if stopped := retention.stopped(today):
        said += f", {stopped.number} more wait until {stopped.until:%Y-%m-%d}"
    return said


@transaction.atomic
def honor_wishes() -> int:
    """Does again what is newer in the file of tombstones than in the database; for how many.

    After `erase_again`, which outranks it. What stands already is left alone, so it does no harm
    at any time. Other steps taken since the backup are lost with it.
    """
    newest = wishes.newest()
    rows = ConsultationRequest.objects.shown().values_list("pk", "invitation_uid", "wishes")
    behind = [
        (pk, wish)
        for pk, uid, known in rows.iterator()
        if (wish := newest.get(wishes.digest(uid))) and wish.number > known
    ]
    for pk, wish in behind:
        _honor(ConsultationRequest.objects.get(pk=pk), wish)
    return len(behind)


def _honor(consultation: ConsultationRequest, wish: Wish) -> None:
    withdrawn, hold = wish.moment(WITHDRAWN), wish.days.get(HOLD)
    changes: dict[str, Any] = {
        "wishes": wish.number,
        "wishes_in_file": wish.number,
        "erasure_asked_at": wish.moment(ERASE),
        "kept_until": hold,
        **{tick: word not in wish.refused for tick, word in REFUSALS.items()},
    }
    if not hold or not consultation.kept_until:
        changes["kept_because"] = LOST if hold else ""
    if withdrawn and consultation.state != State.WITHDRAWN:
        changes |= {"state": State.WITHDRAWN, "state_since": withdrawn}
        changes |= transitions.over(consultation)
    elif consultation.state == State.WITHDRAWN and not withdrawn:  # they took it back
        state = State.SUSPECTED if consultation.held_apart_for else State.PENDING
        changes |= {"state": state, "state_since": timezone.now(), **transitions.as_new()}
    if NO_EMAIL in wish.refused and consultation.phone:
        changes["email"] = ""
    if DISCREET in wish.refused:
        changes["discreet"] = True
    transitions.change(consultation, **changes)
    if withdrawn or consultation.erasure_asked_at:
        let_go(consultation)
    if NO_EMAIL in wish.refused:
        transitions.say_instead(consultation)
    if consultation.discreet:
        transitions.name_nobody(consultation)
    transitions.note(consultation, Kind.HONORED, Actor.SYSTEM)
