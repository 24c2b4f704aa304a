"""The weekly mail to the therapist: owed once for each week, from Monday morning on."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from booking.letters import alerts, outbox
from booking.models import OutgoingEmail
from practice.models import Heartbeat, PracticeSettings

MARK = "weekly mail"
AT = time(8)  # on Monday, in the practice's zone


def latest_turn(now: datetime, zone: ZoneInfo) -> datetime:
    """The last Monday morning that has begun in `zone`. Pure."""
    local = now.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    turn = datetime.combine(monday, AT, zone)
    return turn if turn <= now else datetime.combine(monday - timedelta(days=7), AT, zone)


def promise_if_due(now: datetime) -> bool:
    """Owes this week's mail, unless it was owed before; whether it did.

    A new site has its first on the Monday after. However many workers ask, the mark moves for
    one of them; one in the future, left by a clock that was wrong, counts as none.
    """
    try:
        alerts.practice_addresses()
    except alerts.NobodyToWriteTo:
        return False
    turn = latest_turn(now, PracticeSettings.load().zone)
    with transaction.atomic():
        _, is_first = Heartbeat.objects.get_or_create(pk=MARK, defaults={"seen_at": now})
        is_over = Q(seen_at__lt=turn) | Q(seen_at__gt=now + timedelta(days=1))
        if is_first or not Heartbeat.objects.filter(is_over, pk=MARK).update(seen_at=now):
            return False
        promise()
    return True


def promise() -> OutgoingEmail:
    """Owes one, whichever day it is."""
    return outbox.promise("weekly", OutgoingEmail.Recipient.PRACTICE)
