"""What requests and letters add to /metrics and to the weekly mail: counts and ages alone."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min

from booking.busy import sync
from booking.letters import emails
from booking.models import ConsultationRequest, OutgoingEmail, State, Tombstone
from practice.models import PracticeSettings
from practice.monitoring import Finding, Gauge, counted
from practice.worker.clocks import newest_of

WEEK = timedelta(days=7)
PROMISED = timedelta(days=1)  # docs/privacy.md: then the database's files hold nothing of it


def measure(sender: Any, now: datetime, **kwargs: Any) -> list[Gauge]:
    owed = OutgoingEmail.objects.filter(sent_at=None, given_up_at=None)
    oldest = owed.aggregate(oldest=Min("created_at"))["oldest"] or now
    by_state = dict(
        ConsultationRequest.objects.shown().values_list("state").annotate(number=Count("pk"))
    )
    late = ConsultationRequest.objects.overdue(PracticeSettings.load().today()).count()
    return [
        Gauge("letters_owed", "Letters that wait to be sent", owed.count()),
        Gauge(
            "letters_oldest_owed_age_seconds",
            "Age of the oldest letter that waits, or 0",
            max((now - oldest).total_seconds(), 0),
        ),
        Gauge(
            "letters_failed",
            "Letters that were given up",
            OutgoingEmail.objects.filter(given_up_at__isnull=False, bounced_at=None).count(),
        ),
        Gauge(
            "letters_came_back",
            "Letters that came back and that nobody has seen to",
            OutgoingEmail.objects.came_back().count(),
        ),
        *(
            Gauge("requests", "Requests on file", by_state.get(state, 0), {"state": state})
            for state in State.values
        ),
        Gauge("requests_late", "Requests whose promised answer is overdue", late),
        Gauge(
            "erasures_unscrubbed",
            "Erasures of more than a day ago that the database's files may still hold",
            _unscrubbed(now),
        ),
        Gauge(
            "calendars_silent",
            "Other calendars of the therapist's that could not be read for long",
            len(sync.silent(now)),
        ),
    ]


def newest_request(
    sender: Any, after: datetime | None, until: datetime | None, **kwargs: Any
) -> datetime | None:
    """Receiver of `written`, by which clocks are judged."""
    return newest_of(ConsultationRequest.objects.all(), "received_at", after, until)


def report(sender: Any, now: datetime, **kwargs: Any) -> list[Finding]:
    requests = ConsultationRequest.objects
    return [
        *_nobody_home(),
        *_letters(now),
        *_late(requests.overdue(PracticeSettings.load().today()).count()),
        Finding(f"{counted(requests.awaiting_reply().count(), 'request')} without your answer."),
        *_calendars(len(sync.silent(now)), len(sync.with_losses())),
        *_files(_unscrubbed(now)),
    ]


def _nobody_home() -> list[Finding]:
    if PracticeSettings.load().nobody_home_since is None:
        return []
    says = "The form is closed: a reply is late, and nobody has signed in for five working days."
    return [Finding(says, f"Sign in, and it opens again: {emails.requests_url()}")]


def _unscrubbed(now: datetime) -> int:
    return Tombstone.objects.filter(is_scrubbed=False, erased_at__lt=now - PROMISED).count()


def _letters(now: datetime) -> list[Finding]:
    left = OutgoingEmail.objects.filter(sent_at__gte=now - WEEK).count()
    stuck = OutgoingEmail.objects.stuck(now).count()
    back = OutgoingEmail.objects.came_back().count()
    found = [Finding(f"{counted(left, 'letter')} left in the last seven days.")]
    if stuck:
        advice = (
            "The admin's first page says more. `manage.py check_mail` on the server says why mail "
            "does not leave."
        )
        found.append(Finding(f"{counted(stuck, 'letter')} did not leave.", advice))
    if back:
        advice = f"Look at the requests, and call: {emails.requests_url()}"
        found.append(Finding(f"{counted(back, 'letter')} came back.", advice))
    return found


def _late(late: int) -> list[Finding]:
    if not late:
        return []
    verb = "is" if late == 1 else "are"
    says = f"{counted(late, 'request')} {verb} late: the promised day is over."
    return [Finding(says, f"Answer here: {emails.requests_url()}")]


def _calendars(silent: int, with_losses: int) -> list[Finding]:
    found = []
    if silent:
        says = f"{counted(silent, 'calendar')} of yours could not be read for more than a day."
        found.append(Finding(says, "The schedule in the admin says why."))
    if with_losses:
        says = f"{counted(with_losses, 'calendar')} of yours could only be read in part."
        found.append(Finding(says, "The admin's first page says what's missing."))
    return found


def _files(unscrubbed: int) -> list[Finding]:
    """Something has read or written for so long that it was in the way each night."""
    if not unscrubbed:
        return []
    erased = counted(unscrubbed, "erased request")
    says = f"{erased} may still lie encrypted in the database's files."
    return [Finding(says, 'Ask whoever looks after the server (docs/operator.md, "Erasure").')]
