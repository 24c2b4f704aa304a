from datetime import datetime
from zoneinfo import ZoneInfo

from django import template

from practice import contacts

register = template.Library()


@register.filter
def in_zone(moment: datetime | None, zone: ZoneInfo) -> str:
    """`Tuesday, November 24, 2026 at 9:00 AM (PST)`: a UTC moment in a zone, with its label."""
    if moment is None:
        return ""
    local = moment.astimezone(zone)
    return f"{local:%A, %B} {local.day}, {local.year} at {as_time(moment, zone)}"


@register.filter
def as_time(moment: datetime, zone: ZoneInfo) -> str:
    """`9:00 AM (PST)`: a UTC moment's time of day in a zone, with its label."""
    local = moment.astimezone(zone)
    return f"{local:%I:%M %p} ({zone_label(local)})".lstrip("0")


def zone_label(local: datetime) -> str:
    """`PST`; `UTC-03` where a zone has no name but its offset."""
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" else name


@register.filter
def as_day(day: object) -> str:
    """`Thursday, November 26`."""
    return f"{day:%A, %B} {day.day}" if day else ""  # type: ignore[attr-defined]


@register.filter
def as_date(day: object) -> str:
    """`Thursday, November 26, 2026`: for a day that may be years away."""
    return f"{as_day(day)}, {day.year}" if day else ""  # type: ignore[attr-defined]


@register.filter
def as_phone(number: str) -> str:
    """`+1 626-555-0143`: a number in E.164 as people write it; anything else unchanged."""
    return contacts.spaced(number)
