"""Whether the machine's clock can be believed just now, and who says so where it cannot.

A wrong date must end nothing. What a clock is judged by is the last moment of one that was
believed (Heartbeat.trusted_at), which no other ever writes, carried on by rows that were written
since, none of them long after the one before.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from practice.models import BackupProof, Heartbeat, PracticeSettings

logger = logging.getLogger(__name__)

JUMP = 60.0  # seconds: more than what a clock is ever slowed or sped up by between two looks
DISTRUSTED_FOR = 600.0  # seconds: time in which whoever set the clock sets it right again
AHEAD = timedelta(days=2)  # a weekend's outage of the worker is no reason to ask anybody
BEHIND = timedelta(hours=1)
MARK = "clock"  # the Heartbeat of those who said that the date is right
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")

# By whose rows clocks are judged, and which field says when one was written. Apps add theirs.
JUDGED_BY: dict[type[Any], str] = {BackupProof: "at"}


@dataclass(frozen=True)
class Doubt:
    """What a clock shows, and the last moment (both UTC) that there is a reason to believe."""

    shows: datetime
    last: datetime

    def __str__(self) -> str:
        shows, last = in_words(self.shows), in_words(self.last)
        return f"The server's clock says {shows}. It was last known to be right on {last}."


def in_words(moment: datetime) -> str:
    here = moment.astimezone(PracticeSettings.load().zone)
    return f"{here:%A, %B} {here.day}, {here:%Y, %H:%M}"


def doubt(now: datetime) -> Doubt | None:
    """Why a clock that shows `now` is not believed, if it is not. Raises django.db.Error."""
    last = _last()
    while last and now - last > AHEAD and (row := _newest_row(last, last + AHEAD)):
        last = row
    if last is None or last - BEHIND <= now <= last + AHEAD:
        return None
    return Doubt(now, last)


def _last() -> datetime | None:
    """Of a clock that was believed. Where there never was one: of the newest row."""
    found: datetime | None = Heartbeat.objects.aggregate(last=Max("trusted_at"))["last"]
    return found or _newest_row()


def _newest_row(after: datetime | None = None, until: datetime | None = None) -> datetime | None:
    """When it was written: later than `after` and no later than `until`, where given."""
    found: list[datetime | None] = []
    for model, field in JUDGED_BY.items():
        within = {f"{field}__gt": after, f"{field}__lte": until}
        rows = model.objects.filter(**{name: at for name, at in within.items() if at})
        found.append(rows.aggregate(newest=Max(field))["newest"])
    return max(filter(None, found), default=None)


def are_believed() -> bool:
    """Whether this machine's is. Raises django.db.Error."""
    return doubt(timezone.now()) is None


def keep_last(shows: datetime) -> datetime | None:
    """Writes down what a clock that `shows` this is judged by, so that no row that is written from
    now on changes that; the moment.
    """
    found = doubt(shows)
    last = found.last if found else _last()
    if last is not None:
        kept = {"seen_at": last, "trusted_at": last}
        Heartbeat.objects.update_or_create(pk=MARK, defaults=kept)
    return last


def believed_moment() -> datetime:
    """Now, or the last moment that there is a reason to believe.

    What is named or noted by it is in nobody's way once the clock is right.
    """
    now = timezone.now()
    found = doubt(now)
    return found.last if found else now


def doubt_of_another() -> Doubt | None:
    """Why the clock of a worker is not believed, as it noted itself, if it is not."""
    shown = Heartbeat.objects.values_list("shown_at", flat=True)
    return next(filter(None, (doubt(moment) for moment in shown if moment)), None)


def refuse_in_doubt() -> None:
    """Raises CommandError while the clock is not believed, with what to do."""
    if found := doubt(timezone.now()):
        raise CommandError(
            f"{found} So nothing ends or is erased. If it's right, run `manage.py date_is_right`. "
            "If not, set the clock (`timedatectl`)."
        )


@transaction.atomic
def call_right(now: datetime) -> None:
    """Somebody says that `now` is right: from here on clocks are judged by that."""
    Heartbeat.objects.filter(trusted_at__gt=now).update(trusted_at=now)
    Heartbeat.objects.update(shown_at=None)
    Heartbeat.objects.update_or_create(pk=MARK, defaults={"seen_at": now, "trusted_at": now})


class WallClock:
    """A process's own clock: believed while it runs steadily and no reason speaks against it.

    It notices when somebody sets the clock, which then parts from the one that only counts seconds.
    A machine that was suspended looks the same, and ten minutes later nothing is lost by it.
    """

    def __init__(self) -> None:
        self._apart = time.time() - time.monotonic()
        self._set_at: float | None = None

    def is_steady(self) -> bool:
        """Ask often: what lies between two looks is one jump."""
        apart = time.time() - time.monotonic()
        jumped = apart - self._apart
        self._apart = apart
        if abs(jumped) > JUMP:
            self._set_at = time.monotonic()
            logger.warning("The clock was set by %+.0f s: what it would end waits.", jumped)
        return self._set_at is None or time.monotonic() - self._set_at > DISTRUSTED_FOR

    def is_believed(self) -> bool:
        """Raises django.db.Error."""
        return self.is_steady() and are_believed()
