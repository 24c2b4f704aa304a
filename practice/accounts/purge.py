"""What signing in leaves behind, and for how long."""

from django.utils import timezone

from practice.accounts import letters, lockout, sessions
from practice.models import tallies


def forget_old() -> None:
    now = timezone.now()
    for part in (sessions, lockout, tallies, letters):
        part.forget_old(now)
