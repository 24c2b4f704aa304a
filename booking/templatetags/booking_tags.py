from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.translation import gettext

from booking.permissions import is_read_by_one
from practice import contacts
from practice.jurisdiction import times
from practice.models import PracticeSettings

register = template.Library()
register.filter("as_phone", contacts.spaced)


@register.inclusion_tag("booking/includes/who_reads.txt")
def who_reads() -> dict[str, bool]:
    """Who reads a request, in a sentence that stays true when somebody else may read it too."""
    return {"is_read_by_one": is_read_by_one()}


@register.filter
def in_zone(moment: datetime | None, zone: ZoneInfo) -> str:
    """`Tuesday, November 24, 2026 at 9:00 AM Pacific Time`: a UTC moment in a zone."""
    return times.in_zone(moment, zone) if moment else ""


@register.filter
def day_in(moment: datetime, zone: ZoneInfo) -> str:
    """`Tuesday, November 24`: the day of a UTC moment in a zone, with its year if that is not this
    one.
    """
    return times.day(moment.astimezone(zone), year=_is_in_another_year(moment, zone))


def _is_in_another_year(moment: datetime, zone: ZoneInfo) -> bool:
    return moment.astimezone(zone).year != timezone.now().astimezone(zone).year


@register.filter
def when_in(moment: datetime | None, zone: ZoneInfo) -> str:
    """`in_zone` for what is read soon, pages and letters: without the year, unless it is another
    one.
    """
    return times.in_zone(moment, zone, year=_is_in_another_year(moment, zone)) if moment else ""


@register.filter
def end_in(moment: datetime | None, zone: ZoneInfo) -> str:
    """`until` likewise."""
    return times.until(moment, zone, year=_is_in_another_year(moment, zone)) if moment else ""


@register.filter
def hour_in(moment: datetime, zone: ZoneInfo) -> str:
    """`9:00 AM Pacific Time`."""
    return times.hour_in(moment, zone)


@register.filter
def until(moment: datetime | None, zone: ZoneInfo) -> str:
    """`the end of Tuesday, November 24, 2026`, or as `in_zone` where it is within a day."""
    return times.until(moment, zone) if moment else ""


@register.filter
def as_clock(moment: datetime, zone: ZoneInfo) -> str:
    """`9:00 AM`: a UTC moment's time of day, where the zone is said beside it.

    One that comes twice as clocks go back says which of the two it is.
    """
    local = moment.astimezone(zone)
    return times.clock(local) + times.which_of_two(local)


@register.filter
def zone_name(zone: ZoneInfo) -> str:
    """`Pacific Time`: what people call a zone."""
    return times.zone_name(zone, timezone.now())


@register.filter
def as_day(day: date | None) -> str:
    """`Thursday, November 26`."""
    return times.day(day) if day else ""


@register.filter
def as_short_day(day: date) -> str:
    """`Thu, Nov 26`."""
    return times.short_day(day)


@register.filter
def as_date(day: date | None) -> str:
    """`Thursday, November 26, 2026`: for a day that may be years away."""
    return times.day(day, year=True) if day else ""


@register.filter
def as_text(words: str, practice: PracticeSettings) -> str:
    """Words as a text message. A locked phone shows its first line, so that names no therapist."""
    first = words.partition("\n")[0]
    is_named = any(name and name in first for name in (practice.therapist_name, practice.mail_name))
    return f"{gettext('About your request')}\n\n{words}" if is_named else words


@register.filter
def as_fact(value: Any, zone: ZoneInfo) -> str:
    """Any value of a request on one line of a copy of it."""
    if isinstance(value, datetime):
        return in_zone(value, zone)
    if isinstance(value, date):
        return as_date(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)
