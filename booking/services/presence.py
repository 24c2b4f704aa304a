"""Whether anybody is home who may review requests; where nobody is, the form closes kindly."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from booking.letters import outbox
from booking.models import ConsultationRequest
from booking.permissions import reviewers
from booking.services.transitions import Recipient
from practice.models import PracticeSettings, User

ABSENT_AFTER = 5  # working days of the practice, on which nobody was there
NOTED_EVERY = timedelta(hours=1)  # since each time finished pages are made anew
WELCOME = (
    "Nobody signed in for five working days and a reply was late, so your form closed. "
    "It's open again now. Please look at the requests that are waiting."
)


def note_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`."""
    if reviewers().filter(pk=user.pk).exists() and note_presence(PracticeSettings.load()):
        messages.warning(request, WELCOME, fail_silently=True)


def note_presence(practice: PracticeSettings) -> bool:
    """Somebody who may review signs in or looks at requests; whether the form had closed.

    Written down once an hour, and at once where the form had closed: it is open again.
    """
    now = timezone.now()
    was_closed, seen = practice.nobody_home_since is not None, practice.reviewer_seen_at
    if was_closed or seen is None or abs(now - seen) >= NOTED_EVERY:
        stored = PracticeSettings.objects.filter(pk=practice.pk)
        stored.update(reviewer_seen_at=now, nobody_home_since=None)
    return was_closed


def note_absence() -> bool:
    """Closes the form where a reply is late and nobody was there for five working days, and owes
    the second address a word on it; whether it did, which is once for each absence.
    """
    practice = PracticeSettings.load()
    late = ConsultationRequest.objects.shown().overdue(practice.today()).first()
    if practice.nobody_home_since or late is None:
        return False
    seen = (practice.reviewer_seen_at or late.received_at).astimezone(practice.zone).date()
    if practice.nth_working_day(seen, ABSENT_AFTER) >= practice.today():
        return False
    with transaction.atomic():
        # Only as it was read: somebody may be signing in at this moment.
        as_read = PracticeSettings.objects.filter(
            pk=practice.pk, reviewer_seen_at=practice.reviewer_seen_at, nobody_home_since=None
        )
        if not as_read.update(nobody_home_since=timezone.now()):
            return False
        if practice.second_email:
            outbox.promise("alert_nobody_home", Recipient.SECOND)
    return True
