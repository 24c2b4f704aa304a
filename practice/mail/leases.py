"""For how long a worker alone may send a letter: one that is killed leaves a lease behind, and
when that has run out another worker takes the letter.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q


def ends(now: datetime) -> datetime:
    """When a lease that is taken `now` runs out (UTC): later than sending one letter can take."""
    return now + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def free(now: datetime) -> Q:
    """Whatever no live worker holds. A lease that no clock of today can have given, since it ends
    more than an hour too late, was left by one that was ahead, and holds nothing.
    """
    given_by_another_clock = Q(leased_until__gt=ends(now) + timedelta(hours=1))
    return Q(leased_until=None) | Q(leased_until__lt=now) | given_by_another_clock
