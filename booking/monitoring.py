"""What requests and letters add to /metrics and to the weekly mail: counts and ages alone."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min

from booking.busy import sync
from booking.letters import emails
from booking.models import ConsultationRequest, OutgoingEmail, State, Tombstone
from practice.models import PracticeSettings
from practice.monitoring import Finding, Gauge, counted

WEEK = timedelta(days=7)
CLOSED = "The form is closed: a reply is late, and nobody has signed in for five working days."
LOOK_AT_REQUESTS = (
    "Open each request, check whether calling is safe, and reach the person another way:"
)
LOOK_AT_MAIL = (
    "The admin's first page says more. Ask the person who looks after your server to run "
    "`practice main check_mail`."
)
PROMISED = timedelta(days=1)  # docs/privacy.md: then the database's files hold nothing of it


def measure(sender: Any, now: datetime, **kwargs: Any) -> list[Gauge]:
    owed = OutgoingEmail.objects.filter(sent_at=None, given_up_at=None)
    oldest = owed.aggregate(oldest=Min("created_at"))["oldest"] or now
    by_state = dict(
        ConsultationRequest.objects.shown().values_list("state").annotate(number=Count("pk"))
    )
    late = ConsultationRequest.objects.overdue(PracticeSettings.load().today()).count()
    age = max((now - oldest).total_seconds(), 0)
    failed = OutgoingEmail.objects.filter(given_up_at__isnull=False, bounced_at=None).count()
    back = OutgoingEmail.objects.came_back().count()
    return [
        Gauge("letters_owed", "Emails waiting to be sent", owed.count()),
        Gauge("letters_oldest_owed_age_seconds", "Age of the oldest waiting email, or 0", age),
        Gauge("letters_failed", "Emails that the site has given up on", failed),
        Gauge("letters_came_back", "Emails that came back and still need someone to act", back),
        *(
            Gauge("requests", "Requests on file", by_state.get(state, 0), {"state": state})
            for state in State.values
        ),
        Gauge("requests_late", "Requests whose promised reply is overdue", late),
        Gauge(
            "erasures_unscrubbed",
            "Erasures of more than a day ago that the database's files may still hold",
            _unscrubbed(now),
        ),
        Gauge(
            "calendars_silent",
            "The therapist's other calendars that couldn't be read for long",
            len(sync.silent(now)),
        ),
    ]


def report(sender: Any, now: datetime, **kwargs: Any) -> list[Finding]:
    requests, letters = ConsultationRequest.objects, OutgoingEmail.objects
    practice, here = PracticeSettings.load(), emails.requests_url()
    closed = practice.nobody_home_since is not None
    left = letters.filter(sent_at__gte=now - WEEK).count()
    late = requests.overdue(practice.today()).count()
    is_late = f"{'is' if late == 1 else 'are'} late: the promised day has passed."
    return [
        *([Finding(CLOSED, f"Sign in, and it opens again: {here}")] if closed else []),
        Finding(f"{counted(left, 'email')} went out in the last seven days."),
        *_wrong(letters.stuck(now).count(), "email", "didn't go out.", LOOK_AT_MAIL),
        *_wrong(letters.came_back().count(), "email", "came back.", f"{LOOK_AT_REQUESTS} {here}"),
        *_wrong(late, "request", is_late, f"Reply here: {here}"),
        Finding(f"{counted(requests.awaiting_reply().count(), 'request')} waiting for your reply."),
        *_wrong(
            len(sync.silent(now)),
            "calendar",
            "of yours couldn't be read for more than a day.",
            "The schedule in the admin says why.",
        ),
        *_wrong(
            len(sync.with_losses()),
            "calendar",
            "of yours could be read only in part.",
            "The admin's first page says what's missing.",
        ),
        *_wrong(
            _unscrubbed(now),
            "deleted request",
            "may still be in the database's files, encrypted.",
            "Ask the person who looks after your server (docs/operator/people.md).",
        ),
    ]


def _wrong(number: int, noun: str, says: str, advice: str) -> list[Finding]:
    """Nothing where there is none."""
    return [Finding(f"{counted(number, noun)} {says}", advice)] if number else []


def _unscrubbed(now: datetime) -> int:
    """Where something has read or written for so long that it was in the way each night."""
    return Tombstone.objects.filter(is_scrubbed=False, erased_at__lt=now - PROMISED).count()
