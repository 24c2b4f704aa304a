"""Times, lengths and offsets, as calendars write them (RFC 5545, 3.3) and miswrite them."""

import re
from datetime import date, datetime, time, timedelta

WALL = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)
# Minutes need no M behind hours; years and months, which no calendar knows, may be none.
NUMBER = r"(\d+(?:[.,]\d+)?)"
DURATION = re.compile(
    r"([+-]?)P(?:0+Y)?(?:0+M(?=.*[DT]))?(?:(\d+)W)?(?:(\d+)D)?"
    rf"T?(?:{NUMBER}H)?(?:{NUMBER}(?:M|(?<=H\d)$|(?<=H\d\d)$))?(?:{NUMBER}S)?",
    re.IGNORECASE,
)
OFFSET = re.compile(r"([+-])(\d\d?)(?:[:.]?(\d\d))?(?::?\d\d)?")
EPOCH = datetime(1970, 1, 1)
MOST_DAYS = 10_000 * 366  # more than there are in this calendar


def wall_time(text: str) -> tuple[datetime, bool, bool]:
    """`(naive time, is it a date, is it in UTC)` of 20260308 or 20260308T013000Z.

    Also with dashes and colons, without seconds, with an offset, and 24:00. Raises ValueError.
    """
    if not (found := WALL.fullmatch(text.strip())):
        raise ValueError("neither a date nor a time")
    year, month, day, hour, minute, second, zone = found.groups()
    midnight = datetime.combine(date(int(year), int(month), int(day)), time.min)
    if hour is None:
        return midnight, True, False
    second = "59" if second == "60" else second or "0"  # a leap second
    if (hour, int(minute), int(second)) == ("24", 0, 0):
        naive = shifted(midnight, timedelta(days=1))
    else:
        naive = midnight.replace(hour=int(hour), minute=int(minute), second=int(second))
    if zone and zone not in "Zz":
        naive = shifted(naive, -offset(zone))
    return naive, False, bool(zone)


def duration(text: str) -> tuple[int, timedelta]:
    """`(days, the rest)` of P1DT2H, both negative after a minus; also of P3600S, without its T.

    Days are as long as they are where it lasts (RFC 5545, 3.3.6). Raises ValueError.
    """
    found = DURATION.fullmatch("".join(text.split()))
    if not found or not any(found.groups()[1:]):
        raise ValueError("no length of time")
    weeks, days = (int(number or 0) for number in found.groups()[1:3])
    hours, minutes, seconds = (
        float((number or "0").replace(",", ".")) for number in found.groups()[3:]
    )
    rest = min(hours * 3600 + minutes * 60 + seconds, MOST_DAYS * 86_400)
    sign = -1 if found[1] == "-" else 1
    return sign * min(7 * weeks + days, MOST_DAYS), sign * timedelta(seconds=rest)


def is_no_time(moment: datetime) -> bool:
    """Whether it is what programs write where there is no time: the first day of a calendar, or
    the first moment of a clock, in any zone.
    """
    return moment.year < 1900 or abs(moment - EPOCH) <= timedelta(days=1)


def offset(text: str) -> timedelta:
    """How far +0200, +02:00 or -5 is from UTC, less than a day. Raises ValueError."""
    found = OFFSET.fullmatch(text.strip())
    if not found or int(found[2]) > 23 or int(found[3] or 0) > 59:
        raise ValueError("no offset")
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -ahead if found[1] == "-" else ahead


def shifted(moment: datetime, by: timedelta) -> datetime:
    """A moment that much later, or the last or the first that there is."""
    try:
        return moment + by
    except OverflowError:
        return (datetime.max if by > timedelta() else datetime.min).replace(tzinfo=moment.tzinfo)
