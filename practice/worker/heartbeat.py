"""A sign of life that a process leaves in the database, and the times in which it was missing."""

import logging
import time
from datetime import datetime, timedelta

from django.db import Error, transaction
from django.db.models import Q
from django.utils import timezone

from practice.models import Heartbeat, Silence
from practice.worker import clocks

logger = logging.getLogger(__name__)

WORKER = "worker"
EVERY = 60  # seconds
# Between two signs the worker may have to wait for a mail server, which takes a minute or two.
MISSING_AFTER = timedelta(minutes=5)
SILENCES_KEPT = timedelta(days=35)


class Pulse:
    """Leaves a sign of life once a minute, however often it is asked to.

    `clock` is the process's own. Times are by the clock that nobody sets: where a machine's is set
    forward, nothing stood still.
    """

    def __init__(self, name: str, clock: clocks.WallClock | None = None) -> None:
        self.name = name
        self.clock = clock or clocks.WallClock()
        self.next_at = 0.0
        self.left_at: float | None = None
        self.began_at = 0.0  # to live, without a gap since
        self.doubted_at: float | None = None  # while the clock is not believed: since when

    def beat(self) -> None:
        """Never raises for a database that is away: whoever works goes on."""
        moment = time.monotonic()
        if moment < self.next_at:
            return
        self.next_at = moment + EVERY
        try:
            self._leave(moment)
        except Error as error:
            logger.warning("The heartbeat could not be noted: %s", type(error).__name__)
        else:
            self.left_at = moment

    def _leave(self, moment: float) -> None:
        lived = self.left_at is not None and moment - self.left_at < MISSING_AFTER.total_seconds()
        if not lived:
            self.began_at = moment
        if not self.clock.is_believed():
            self.doubted_at = self.doubted_at or moment
            note_in_doubt(self.name, timezone.now(), timedelta(seconds=moment - self.doubted_at))
            return
        lives_for = timedelta(seconds=moment - self.began_at)
        was_in_doubt, self.doubted_at = self.doubted_at is not None, None
        note(self.name, timezone.now(), lived=lived and not was_in_doubt, lives_for=lives_for)
        if was_in_doubt or not lived:
            Heartbeat.objects.filter(pk=self.name).update(shown_at=None)


def note(
    name: str, now: datetime, *, lived: bool = False, lives_for: timedelta = timedelta()
) -> None:
    """Leaves a sign of life by a clock that is believed, and the silence before it where that was
    too long.

    `lived` says that there was none, whatever the clock makes of it; else whoever leaves it has
    lived for `lives_for`.
    """
    with transaction.atomic():
        row = Heartbeat.objects.filter(pk=name).first()
        before = (row.trusted_at or row.seen_at) if row else None
        Heartbeat.objects.update_or_create(pk=name, defaults={"seen_at": now, "trusted_at": now})
        if before is not None and now - lives_for - before > MISSING_AFTER and not lived:
            Silence.objects.filter(until__lt=now - SILENCES_KEPT).delete()
            Silence.objects.create(name=name, since=before, until=now - lives_for)


def note_in_doubt(name: str, shows: datetime, doubted_for: timedelta) -> None:
    """Leaves a sign of life by a clock that is not believed: nothing is judged by what it `shows`.

    Where it is behind, the sign goes on from the last moment that is sure, so that a web server
    whose own clock is right sees that there is one.
    """
    last = clocks.keep_last(shows)
    seen_at = max(shows, last + doubted_for) if last else shows
    Heartbeat.objects.update_or_create(pk=name, defaults={"seen_at": seen_at, "shown_at": shows})


def take_turn(name: str, now: datetime, every: timedelta) -> bool:
    """Whether the one turn in this stretch of time is the caller's, of all who ask by this name.

    A turn in the future, left by a clock that was wrong, counts as over.
    """
    _, is_first = Heartbeat.objects.get_or_create(pk=name, defaults={"seen_at": now})
    is_over = Q(seen_at__lte=now - every) | Q(seen_at__gt=now + every)
    return is_first or bool(Heartbeat.objects.filter(is_over, pk=name).update(seen_at=now))


def age(name: str, now: datetime) -> timedelta | None:
    """How long ago the last sign was, never less than nothing; None where there never was one."""
    seen_at = Heartbeat.objects.filter(pk=name).values_list("seen_at", flat=True).first()
    return None if seen_at is None else max(now - seen_at, timedelta())


def is_missing(name: str, now: datetime) -> bool:
    since = age(name, now)
    return since is None or since > MISSING_AFTER
