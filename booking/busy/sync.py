"""Reads the therapist's other calendars, so that what is in them is never offered.

What was read last stays until something newer has been read: nothing opens or closes because a
calendar is down. What was read last and is still to come also stays beside what is newer, as long
as something of that cannot be read and the therapist has not said to use it. No transaction is
open while its server is waited for.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from booking.availability import Interval
from booking.busy import fetching
from booking.busy.fetching import Fetched, FetchError
from booking.busyfeeds import busy_intervals, merged
from booking.models import BusyFeed, BusyInterval
from practice.fields import Unreadable
from practice.models import PracticeSettings

logger = logging.getLogger(__name__)

READS_EVERY = timedelta(minutes=5)
READS_BACK = timedelta(days=2)
READS_AHEAD = timedelta(days=150)  # well beyond the furthest horizon that can be set
# Days come into reach that were not looked at, also where a calendar says that nothing changed.
READS_IN_FULL_EVERY = timedelta(weeks=1)

MOST_WARNINGS, LONGEST = 10, 200
BATCH = 500

NO_KEY = "This site can't read its address, because the key is missing. Paste it again."
FAULT = "This site ran into a problem of its own while reading the calendar."

Fetch = Callable[..., Fetched]


def read_next(now: datetime, *, fetch: Fetch = fetching.fetch) -> int:
    """Reads the one calendar that has waited longest, if any is due; how many that were.

    One at a time, so that e-mails need not wait for several slow ones.
    """
    # A time of the future was noted before the clock was set back, if it is no other server's
    # clock that is a little ahead.
    just_read = {"checked_at__gt": now - READS_EVERY, "checked_at__lte": now + READS_EVERY}
    due = BusyFeed.objects.exclude(**just_read)
    feed = due.order_by(F("checked_at").asc(nulls_first=True), "pk").first()
    if feed is None:
        return 0
    read(feed, now, fetch=fetch)
    return 1


def read_all(now: datetime, *, fetch: Fetch = fetching.fetch) -> int:
    """Reads every calendar, due or not; how many could be read."""
    for pk in list(BusyFeed.objects.values_list("pk", flat=True)):
        # Looked up one by one: while the others were read, this one may have been changed.
        if feed := BusyFeed.objects.filter(pk=pk).first():
            read(feed, now, fetch=fetch)
    return BusyFeed.objects.filter(read_at=now).count()


def read(feed: BusyFeed, now: datetime, *, fetch: Fetch = fetching.fetch) -> None:
    """Asks for one calendar and keeps its busy times; after a problem the last copy stays.

    Nothing is kept where meanwhile the calendar was removed, got another address, was to be read
    again, or was read by somebody else. Raises nothing that a calendar could be the cause of.
    """
    # Noted first, so that a calendar that kills its reader is not tried again at once, and that
    # of two workers who found it due one reads it.
    mine = BusyFeed.objects.filter(pk=feed.pk, checked_at=feed.checked_at)
    if not mine.update(checked_at=now):
        return
    busy: list[Interval] | None = None
    try:
        changes, busy = _ask(feed, now, fetch)
    except (FetchError, ValueError) as error:
        changes = {"problem": str(error)[:LONGEST]}
    except Exception as error:  # one calendar must not keep the others from being read
        logger.error("calendar %s: %s", feed.pk, type(error).__name__)
        changes = {"problem": FAULT}
    with transaction.atomic():
        same = BusyFeed.objects.select_for_update().filter(pk=feed.pk, checked_at=now).first()
        if same is None or same.url != feed.url:
            return
        for name, value in changes.items():
            setattr(same, name, value)
        if busy is not None:
            if same.has_losses:
                rows = same.intervals.filter(ends_at__gt=now).values_list("starts_at", "ends_at")
                busy = merged([*busy, *(Interval(start, end) for start, end in rows)])
            _replace(same, busy)
        same.save(update_fields=changes)


def read_again(feeds: QuerySet[BusyFeed]) -> None:
    """Has calendars read in full within seconds: after their address, or our zone, changed."""
    feeds.update(checked_at=None, covers_until=None, etag="", last_modified="")


def use_as_is(pk: str, shown: str) -> BusyFeed | None:
    """Lets go of what a calendar kept busy before, in spite of the losses that were shown.

    It is read again within seconds. None where these are not its losses any more.
    """
    for feed in with_losses():
        if (str(feed.pk), feed.losses) == (pk, shown):
            same = BusyFeed.objects.filter(pk=feed.pk, warnings=feed.warnings)
            if same.update(accepted=feed.warnings):
                read_again(BusyFeed.objects.filter(pk=feed.pk))
                return feed
    return None


def with_losses() -> list[BusyFeed]:
    """The calendars of which something could not be read, and nobody has said to use them so."""
    return [feed for feed in BusyFeed.objects.defer("url") if feed.has_losses]


def silent(now: datetime) -> list[BusyFeed]:
    """The calendars that were not read for so long that the therapist must know."""
    return [feed for feed in BusyFeed.objects.defer("url") if feed.is_silent(now)]


def _ask(
    feed: BusyFeed, now: datetime, fetch: Fetch
) -> tuple[dict[str, Any], list[Interval] | None]:
    """What to note about the calendar, and its busy times unless they are as before.

    Raises FetchError and ValueError, with sentences that tell neither address nor title.
    """
    if isinstance(feed.url, Unreadable):
        raise ValueError(NO_KEY)
    fetched = fetch(feed.url, **_validators(feed, now))
    changes: dict[str, Any] = {"read_at": now, "problem": ""}
    if fetched.body is None:
        return changes, None
    start, end = now - READS_BACK, now + READS_AHEAD
    zone = PracticeSettings.load().time_zone
    busy, warnings = busy_intervals(
        fetched.body, timezone=zone, start=start, end=end, own_addresses=feed.addresses
    )
    changes |= {
        "covers_until": end,
        "etag": fetched.etag,
        "last_modified": fetched.last_modified,
        "warnings": [warning[:LONGEST] for warning in warnings[:MOST_WARNINGS]],
    }
    if not warnings:  # what is lost later is another loss, whatever it is called
        changes["accepted"] = None
    # Cut, since an event may last for all the years that there are.
    return changes, [Interval(max(time.start, start), min(time.end, end)) for time in busy]


def _validators(feed: BusyFeed, now: datetime) -> dict[str, str]:
    """What makes the request conditional; nothing while all of the calendar is wanted."""
    furthest = now + READS_AHEAD
    if feed.covers_until is None or feed.covers_until <= furthest - READS_IN_FULL_EVERY:
        return {}
    return {"etag": feed.etag, "last_modified": feed.last_modified}


def _replace(feed: BusyFeed, busy: list[Interval]) -> None:
    """Makes these the busy times of a calendar, and leaves alone those that stay."""
    wanted = {(time.start, time.end) for time in busy}
    rows = feed.intervals.values_list("starts_at", "ends_at", "pk")
    there = {(start, end): pk for start, end, pk in rows}
    gone = [pk for times, pk in there.items() if times not in wanted]
    for first in range(0, len(gone), BATCH):  # SQLite takes only so many values at a time
        feed.intervals.filter(pk__in=gone[first : first + BATCH]).delete()
    BusyInterval.objects.bulk_create(
        [
            BusyInterval(feed=feed, starts_at=start, ends_at=end)
            for start, end in sorted(wanted - there.keys())
        ],
        batch_size=BATCH,
    )
