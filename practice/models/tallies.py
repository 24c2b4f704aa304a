"""How often something may be tried, counted in the database for every process alike."""

import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from practice.models import Tally

KEPT = timedelta(days=1)  # longer than any limit looks back


def hashed(text: str) -> str:
    """`text` as 64 characters that only this site can make of it: nobody's address is stored."""
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def spend(action: str, key: str, *, limit: int, within: timedelta) -> bool:
    """Counts one try; False if `limit` tries were already made in the last stretch of `within`.

    Counted before the try is looked at: otherwise many at once would all be looked at.
    """
    now = timezone.now()
    # Not `get_or_create`: whoever clears the row between its two looks would make it crash.
    Tally.objects.bulk_create([Tally(action=action, key=key, since=now)], ignore_conflicts=True)
    tally = Tally.objects.filter(action=action, key=key)
    # From the future where the clock was ahead and is set back.
    is_over = Q(since__lt=now - within) | Q(since__gt=now + within)
    tally.filter(is_over).update(count=0, since=now)
    return bool(tally.filter(count__lt=limit).update(count=F("count") + 1))


def clear(action: str, key: str) -> None:
    Tally.objects.filter(action=action, key=key).delete()


def forget_old(now: datetime) -> None:
    Tally.objects.filter(since__lt=now - KEPT).delete()
