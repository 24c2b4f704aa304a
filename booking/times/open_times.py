"""Which times are open now: availability.py with what the database knows.

Few queries, however many consultations there were: the schedule, its hours, and what stands
in the way from now on.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q, Value
from django.utils import timezone

from booking.availability import Interval, Policy, Window, open_times
from booking.models import (
    HOLDING_STATES,
    AvailabilityRule,
    BusyInterval,
    ConsultationRequest,
    DateOverride,
    Schedule,
)
from practice.models import PracticeSettings
from practice.pagecache.version import cached

# A consultation that began this long ago can still reach into now, or count to today's limit.
LOOKS_BACK = timedelta(days=2)

DAY_OFF = "That's a day off in your schedule."
OUTSIDE_HOURS = "It's outside your hours."
BUSY = "Another calendar of yours says you're busy then."
TOO_SOON = "It's sooner than your minimum notice."
TOO_FAR = "It's further ahead than you offer times."
DAY_FULL = "That day already has as many consultations as you take."
OBJECTIONS = (DAY_OFF, OUTSIDE_HOURS, BUSY, TOO_SOON, TOO_FAR, DAY_FULL)

Hours = tuple[dict[int, list[Window]], dict[date, list[Window]]]  # of weekdays, of single dates


@dataclass(frozen=True)
class OpenTimes:
    """What `open_times` asks for, as it is now."""

    policy: Policy
    weekly: dict[int, list[Window]]
    overrides: dict[date, list[Window]]
    time_off: list[tuple[date, date]]
    busy: list[Interval]
    booked: list[Interval]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.policy.timezone)

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.policy.duration)

    def starts(self, now: datetime, on: date | None = None) -> list[datetime]:
        """The open times, UTC and sorted; those on one local date, if it is given."""
        return open_times(**vars(self), now=now, on=on)

    def together(self, now: datetime) -> int:
        """How many open times can be had together: with their pauses, within each day's limit."""
        had = Counter(booked.start.astimezone(self.zone).date() for booked in self.booked)
        taken, free_from = 0, datetime.min.replace(tzinfo=UTC)
        for start in self.starts(now):
            day = start.astimezone(self.zone).date()
            is_full = self.policy.daily_limit is not None and had[day] >= self.policy.daily_limit
            if start >= free_from and not is_full:
                taken, had[day] = taken + 1, had[day] + 1
                free_from = start + self.length + timedelta(minutes=self.policy.gap)
        return taken

    def objections(self, starts_at: datetime, minutes: int, now: datetime) -> list[str]:
        """What speaks against a time that the therapist wants; it may be taken all the same."""
        length = timedelta(minutes=minutes)
        day = starts_at.astimezone(self.zone).date()
        outside = self.outside(starts_at, minutes)
        found = [outside] if outside else []
        if any(start < starts_at + length and starts_at < end for start, end in self.busy):
            found.append(BUSY)
        if starts_at < now + timedelta(minutes=self.policy.lead):
            found.append(TOO_SOON)
        last_day = now.astimezone(self.zone).date() + timedelta(days=self.policy.horizon)
        if self._has_hours and day > last_day:
            found.append(TOO_FAR)
        limit = self.policy.daily_limit
        that_day = [b for b in self.booked if b.start.astimezone(self.zone).date() == day]
        if limit is not None and len(that_day) >= limit:
            found.append(DAY_FULL)
        return found

    def outside(self, starts_at: datetime, minutes: int) -> str | None:
        """DAY_OFF or OUTSIDE_HOURS where all or a part of a time (UTC) lies there, else None.

        Without any hours there is nothing to lie outside of, but a day off all the same.
        """
        last_minute = starts_at + timedelta(minutes=minutes - 1)
        days = {moment.astimezone(self.zone).date() for moment in (starts_at, last_minute)}
        if any(self._is_off(day) for day in days):
            return DAY_OFF
        if self._has_hours and not self._in_hours(starts_at, minutes):
            return OUTSIDE_HOURS
        return None

    @property
    def _has_hours(self) -> bool:
        return bool(self.weekly or any(self.overrides.values()))

    def _is_off(self, day: date) -> bool:
        """Whether a local date is away, a holiday or closed: not merely without weekly hours."""
        is_away = any(first <= day <= last for first, last in self.time_off)
        return is_away or self.overrides.get(day) == []

    def _in_hours(self, starts_at: datetime, minutes: int) -> bool:
        """Whether all of it lies in open hours, on the grid of starts or not."""
        anything = self.policy._replace(
            duration=minutes, step=5, gap=0, lead=0, horizon=1, daily_limit=None
        )
        free = replace(self, policy=anything, busy=[], booked=[])
        return starts_at in free.starts(starts_at)


def load(
    practice: PracticeSettings,
    schedule: Schedule,
    now: datetime,
    *,
    without: ConsultationRequest | None = None,
    until: datetime | None = None,
    on: date | None = None,
    around: Interval | None = None,
    hours: Hours | None = None,
) -> OpenTimes:
    """The open times of a schedule as of `now`, with holidays as far ahead as times are offered
    and up to `until` (UTC); or what matters `on` one local date, and of what is taken only what
    lies `around` one time, which is much less.

    `without` is a request whose own times stand in nobody's way: the one that is decided. Its
    consultation may have come back as busy through the therapist's own calendar. `hours` are the
    schedule's, where they are known already.
    """
    weekly, overrides = hours or _hours(schedule)
    if schedule.closed_on_holidays:
        first = on or _day(now, practice)
        last = on or max(
            first + timedelta(days=schedule.horizon_days), _day(until or now, practice)
        )
        # With one day more, since a consultation may run on past midnight.
        closed = {day: [] for day in practice.holidays(first, last + timedelta(days=1))}
        overrides = closed | overrides
    booked, busy = _taken(schedule, now, without, around)
    own = _own_time(without)
    return OpenTimes(
        policy=Policy(
            timezone=practice.time_zone,
            duration=practice.consultation_minutes,
            step=schedule.step,
            gap=schedule.gap,
            lead=schedule.notice_hours * 60,
            horizon=schedule.horizon_days,
            daily_limit=schedule.daily_limit,
        ),
        weekly=weekly,
        overrides=overrides,
        time_off=practice.away,
        busy=[rest for span in busy for rest in _less(span, own)] if own else busy,
        booked=booked,
    )


def _day(moment: datetime, practice: PracticeSettings) -> date:
    return moment.astimezone(practice.zone).date()


def is_open(start: datetime, practice: PracticeSettings, schedule: Schedule, now: datetime) -> bool:
    """Whether a time (UTC) may be chosen: what lies about it is looked at, and nothing else."""
    if not now <= start <= now + timedelta(days=schedule.horizon_days + 2):
        return False  # also what lies beyond the years that a calendar has
    day = _day(start, practice)
    that_day = load(
        *(practice, schedule, now),
        on=day,
        around=_around(start, practice, schedule),
        hours=_hours_cached(schedule),
    )
    return start in that_day.starts(now, day)


def _around(start: datetime, practice: PracticeSettings, schedule: Schedule) -> Interval:
    """Within which something can stand in the way of a time: the time with a pause on both sides,
    and where a day has a limit, all of its day.
    """
    pause = timedelta(minutes=schedule.gap)
    first = start - pause
    last = start + timedelta(minutes=practice.consultation_minutes) + pause
    if schedule.daily_limit is not None:
        day = _day(start, practice)
        first = min(first, practice.midnight(day))
        last = max(last, practice.midnight(day + timedelta(days=1)))
    return Interval(first, last)


def starts_now(practice: PracticeSettings, schedule: Schedule) -> list[datetime]:
    """The open times at this moment, UTC and sorted."""
    now = timezone.now()
    return load(practice, schedule, now, hours=_hours_cached(schedule)).starts(now)


def _hours_cached(schedule: Schedule) -> Hours:
    """The hours as of when this HTTP request began: for what changes none itself."""
    return cached(("hours", schedule.pk), lambda: _hours(schedule))


def _hours(schedule: Schedule) -> Hours:
    """Weekly hours and those of single dates, in one query."""

    def rows(model: type[models.Model], **of: Any) -> Any:
        every = model._default_manager.filter(schedule=schedule).order_by().annotate(**of)
        return every.values_list("of_weekday", "of_day", "opens", "closes")

    no_weekday, no_day = Value(None, models.IntegerField()), Value(None, models.DateField())
    usual = rows(AvailabilityRule, of_weekday=F("weekday"), of_day=no_day)
    single = rows(DateOverride, of_weekday=no_weekday, of_day=F("day"))
    weekly: dict[int, list[Window]] = defaultdict(list)
    overrides: dict[date, list[Window]] = defaultdict(list)
    for weekday, day, opens, closes in usual.union(single, all=True):
        windows = weekly[weekday] if day is None else overrides[day]
        if opens is not None:
            windows.append(Window(opens, closes))
    return dict(weekly), dict(overrides)


def _taken(
    schedule: Schedule,
    now: datetime,
    without: ConsultationRequest | None,
    around: Interval | None,
) -> tuple[list[Interval], list[Interval]]:
    """Times of consultations and offers, and busy ones, from about now on, or within `around`;
    in one query.
    """
    about = Q(ends_at__gt=now - LOOKS_BACK)
    if around:
        about = Q(ends_at__gt=around.start, starts_at__lt=around.end)
    requests = schedule.consultations.filter(
        about, state__in=HOLDING_STATES, starts_at__isnull=False
    )
    offers = schedule.offers.filter(about)
    if without is not None:
        requests = requests.exclude(pk=without.pk)
        offers = offers.exclude(request=without.pk)
    busy = BusyInterval.objects.filter(about, feed__schedule=schedule)

    def spans(rows: Any, is_busy: bool) -> Any:
        marked = rows.order_by().annotate(busy=Value(is_busy, models.BooleanField()))
        return marked.values_list("starts_at", "ends_at", "busy")

    found: tuple[list[Interval], list[Interval]] = [], []
    for start, end, is_busy in spans(requests, False).union(
        spans(offers, False), spans(busy, True), all=True
    ):
        found[bool(is_busy)].append(Interval(start.astimezone(UTC), end.astimezone(UTC)))
    return found


def _own_time(consultation: ConsultationRequest | None) -> Interval | None:
    if consultation and consultation.has_time and consultation.starts_at and consultation.ends_at:
        return Interval(consultation.starts_at, consultation.ends_at)
    return None


def _less(span: Interval, own: Interval) -> list[Interval]:
    """What is left of a busy time without the part that is the request's own."""
    if span.end <= own.start or own.end <= span.start:
        return [span]
    rest = [Interval(span.start, own.start), Interval(own.end, span.end)]
    return [part for part in rest if part.start < part.end]
