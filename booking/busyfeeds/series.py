"""The series of events that share one UID, as the times that they keep busy."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Set
from datetime import date, datetime, timedelta
from itertools import islice
from operator import attrgetter, itemgetter

from booking.availability import Interval
from booking.busyfeeds import recurrence, rules
from booking.busyfeeds.events import DAY, Event, Length, in_series, interval
from booking.busyfeeds.limits import Meter, Span
from booking.busyfeeds.losses import Loss
from booking.busyfeeds.rules import BadRule, Rule, TooOften
from booking.busyfeeds.zones import When

MAX_INSTANCES = 5_000
# What reading a rule and making an instance cost, measured in days looked at.
RULE_COST = 50
INSTANCE_COST = 8


def busy_times(events: list[Event], span: Span, meter: Meter, lost: set[Loss]) -> list[Interval]:
    """When the events of one UID keep somebody busy, around that span at least.

    Raises Exhausted.
    """
    heads = _newest([event for event in events if event.replaces is None])
    newest = max((head.sequence for head in heads), default=0)
    latest: dict[datetime, tuple[When, Event]] = {}  # change to each changed instance
    for event in sorted(events, key=attrgetter("sequence")):
        if event.replaces is not None:
            latest[event.replaces.utc] = event.replaces, event
    changes = dict(change for _, change in sorted(latest.items(), key=itemgetter(0)))
    deleted = _names(when for head in heads for when in head.excluded)
    # A change to an instance that its series excludes is left over, if it is the older of both.
    found = [
        interval(change.start, change.length)
        for instance, change in changes.items()
        if change.busy and (change.sequence >= newest or not _is_named(instance, deleted))
    ]
    futures = {when: change for when, change in changes.items() if change.and_future}
    changed = _names(changes)
    for head in heads:
        if head.busy or futures:
            meter.spend(INSTANCE_COST * len(futures))
            found += _of_series(head, changed, futures, span, meter, lost)
    return found


def _newest(heads: list[Event]) -> list[Event]:
    """Of those that begin at one time the newest; at several times, they are several events."""
    newest: dict[datetime, int] = {}
    for head in heads:
        newest[head.start.utc] = max(head.sequence, newest.get(head.start.utc, 0))
    return [head for head in heads if head.sequence == newest[head.start.utc]]


def _names(instances: Iterable[When]) -> Set[date]:
    """How instances of a series are named: by their instant, or by their local day."""
    return {name.wall.date() if name.is_date else name.utc for name in instances}


def _is_named(instance: When, names: Set[date]) -> bool:
    return instance.utc in names or instance.wall.date() in names


def _of_series(
    head: Event,
    changed: Set[date],
    futures: dict[When, Event],
    span: Span,
    meter: Meter,
    lost: set[Loss],
) -> Iterator[Interval]:
    """The times of a series but for those that are gone: excluded, or changed one by one."""
    # From its instance on, each of these decides: the length, the shift, whether it is busy.
    deciding = [head, *futures.values()]
    zone, excluded = head.start.zone, _names(head.excluded)
    firsts = [in_series(instance, head.start) for instance in futures]
    since = [first.utc for first in firsts]
    shifts = [timedelta()] + [
        change.start.wall_in(zone) - first.wall_in(zone)
        for first, change in zip(firsts, futures.values(), strict=True)
    ]
    lengths = [abs(event.length.days) * DAY + abs(event.length.rest) for event in deciding]
    margin = max(lengths) + max(map(abs, shifts)) + 2 * DAY
    for instance, length in _instances(head, *span.days(margin), meter, lost):
        if _is_named(instance, excluded) or _is_named(instance, changed):
            continue
        place = bisect_right(since, instance.utc)
        if deciding[place].busy:
            moved = instance.shifted(shifts[place]) if place else instance
            yield interval(moved, length or deciding[place].length)


def _instances(
    head: Event, since: date, until: date, meter: Meter, lost: set[Loss]
) -> Iterator[tuple[When, Length | None]]:
    """The starts of a series, and the length of those that have their own."""
    first, zone = head.start.wall, head.start.zone
    meter.spend(RULE_COST * len(head.rules))
    repeats: list[Rule] = []
    for text in head.rules:
        try:
            rule = rules.parse(text).ending_in(zone, whole_days=head.start.is_date)
        except (BadRule, TooOften) as error:
            lost.add(Loss.TOO_OFTEN if isinstance(error, TooOften) else Loss.RULE)
        else:
            repeats.append(rule)
            lost.update([Loss.PART] * rule.is_partial)
    is_read = repeats and len(repeats) == len(head.rules)
    if not is_read or not all(rule.is_over(first) for rule in repeats):
        yield head.start, None
    for rule in repeats:
        walls = recurrence.instances(rule, first, since=since, until=until, meter=meter)
        try:
            found = list(islice(walls, MAX_INSTANCES + 1))
        except TooOften:
            found = []
            lost.add(Loss.TOO_OFTEN)
        meter.spend(INSTANCE_COST * len(found))
        if len(found) > MAX_INSTANCES:
            lost.add(Loss.TOO_OFTEN)
        else:
            yield from ((When(wall, zone, head.start.is_date), None) for wall in found)
    yield from head.extra
