"""What a visitor wished, and what must be kept, for the day on which an older backup comes back.

It stands in the file of tombstones, which lies beside the backups: one line for each change, with
a day, the beginning of the request's hash, a number that rises, all that stands since, and the
word "wish". The highest number counts, and no clock, which may have been wrong.

    2027-06-01 (40 digits) 2 withdrawn=2027-06-01 erase=2027-06-01 hold=2027-07-01 no-texts wish

A version that knows of no wishes takes the last word for a hash, and finds nobody by it. Of
the hash there is only the beginning: after a whole one, a line that broke off would be a tombstone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from booking.ledger import tombstones
from booking.models import ConsultationRequest, State, digest_of

WISH = "wish"
WITHDRAWN, ERASE, HOLD = "withdrawn", "erase", "hold"
NO_EMAIL = "no-email"
DISCREET = "discreet"  # lines of older versions never say it: one without it leaves what is stored
REFUSALS = {"text_ok": "no-texts", "voicemail_ok": "no-voicemail"}  # what of the phone is refused
DIGITS = 40
MOST = 1_000_000  # changes: what claims more is no line of ours, and would fill its column


@dataclass(frozen=True)
class Wish:
    """What stands since the `number`th change; `days` are those of withdrawal, wish and hold."""

    number: int
    days: dict[str, date]
    refused: frozenset[str]

    def moment(self, what: str) -> datetime | None:
        """When it was wished, at the latest: the end of that day in UTC, or now."""
        day = self.days.get(what)
        return min(datetime.combine(day, time.max, UTC), timezone.now()) if day else None


def changed(consultation: ConsultationRequest) -> None:
    """Remembers what is wished of `consultation`. Call it in the transaction that changed it."""
    ConsultationRequest.objects.filter(pk=consultation.pk).update(wishes=F("wishes") + 1)
    transaction.on_commit(write_missing, robust=True)


def write_missing() -> int:
    """Adds to the file what it lacks; how many lines. Raises OSError where it cannot be written.

    A line that is there twice does no harm, so nothing is locked.
    """
    missing = list(ConsultationRequest.objects.unwritten())
    if missing:
        tombstones.append(map(_line, missing))
    for consultation in missing:
        older = ConsultationRequest.objects.filter(
            pk=consultation.pk, wishes_in_file__lt=consultation.wishes
        )
        older.update(wishes_in_file=consultation.wishes)
    return len(missing)


def count_uncounted() -> None:
    """Takes up what a version wished that knew of no wishes: before an update, or beside it."""
    wished = Q(state=State.WITHDRAWN) | Q(erasure_asked_at__isnull=False)
    ConsultationRequest.objects.filter(wished | Q(kept_until__isnull=False), wishes=0).update(
        wishes=1
    )


def digest(uid: UUID) -> str:
    return digest_of(uid)[:DIGITS]


def _line(consultation: ConsultationRequest) -> str:
    withdrawn = consultation.state_since if consultation.state == State.WITHDRAWN else None
    days = {
        WITHDRAWN: withdrawn,
        ERASE: consultation.erasure_asked_at,
        HOLD: consultation.kept_until,
    }
    words = [
        f"{timezone.now():%Y-%m-%d}",
        digest(consultation.invitation_uid),
        str(consultation.wishes),
        *(f"{what}={day:%Y-%m-%d}" for what, day in days.items() if day),
        *(word for tick, word in REFUSALS.items() if not getattr(consultation, tick)),
        *[NO_EMAIL] * (not consultation.email),
        *[DISCREET] * consultation.discreet,
        WISH,
    ]
    return f"{' '.join(words)}\n"


def newest() -> dict[str, Wish]:
    """The newest of each request in the file, by the beginning of its hash."""
    found: dict[str, Wish] = {}
    for words in tombstones.in_file():
        if words[-1] != WISH or len(words) < 4:
            continue
        try:
            wish = _read(words[2], words[3:-1])
        except ValueError:  # no line of ours: nothing must keep all others from being honored
            continue
        if words[1] not in found or found[words[1]].number <= wish.number:
            found[words[1]] = wish
    return found


def _read(number: str, words: list[str]) -> Wish:
    """Raises ValueError."""
    if not 0 < int(number) <= MOST:
        raise ValueError
    days = dict(word.split("=", 1) for word in words if "=" in word)
    return Wish(
        number=int(number),
        days={what: date.fromisoformat(day) for what, day in days.items()},
        refused=frozenset(words),
    )
