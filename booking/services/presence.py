"""Whether anybody is there who may review requests."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from booking.permissions import reviewers
from practice.models import PracticeSettings, User

NOTED_EVERY = timedelta(hours=1)  # since each time finished pages are made anew


def note_sign_in(sender: Any, user: User, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`."""
    if reviewers().filter(pk=user.pk).exists():
        note_presence()


def note_presence() -> None:
    """Somebody who may review signs in or looks at requests; written down once an hour."""
    practice, now = PracticeSettings.load(), timezone.now()
    seen = practice.reviewer_seen_at
    if seen is None or abs(now - seen) >= NOTED_EVERY:
        PracticeSettings.objects.filter(pk=practice.pk).update(reviewer_seen_at=now)
