"""A therapist's consultations for the therapist's own calendar, at a secret address."""

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from booking.letters import emails, ical
from booking.models import Schedule
from practice.fields import Unreadable

LOOKS_BACK = timedelta(days=30)
MOST_INITIALS = 3


@require_safe
def own_calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """What one therapist has agreed, as a calendar; a wrong secret finds nothing, like any other
    address.

    Calendars fetch it without signing in, and hand it on to whoever shares them: so nothing but
    times and links is in it, and initials where the therapist wants them.
    """
    schedule = next((each for each in Schedule.objects.all() if _is_its(secret, each)), None)
    if schedule is None:
        raise Http404
    now = timezone.now()
    agreed = schedule.consultations.with_time().filter(ends_at__gt=now - LOOKS_BACK)
    shows_initials = schedule.feed_titles == Schedule.FeedTitles.INITIALS
    columns = "invitation_uid starts_at ends_at".split() + ["name"] * shows_initials
    entries = [
        ical.FeedEntry(
            uid=emails.calendar_uid(each),
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            url=emails.review_url(each),
            title=initials(each.name) if shows_initials else "",
        )
        for each in agreed.order_by("starts_at").only(*columns)
        if each.starts_at and each.ends_at
    ]
    calendar = ical.feed(entries, now=now, name=schedule.therapist_name)
    return HttpResponse(calendar, content_type=ical.FEED_TYPE)


def initials(name: str) -> str:
    """At most three, of the words that begin with a letter; none of a name without its key."""
    if isinstance(name, Unreadable):
        return ""
    letters = [word[0].upper() for word in name.split() if word[0].isalpha()]
    return "".join(letters[:MOST_INITIALS])


def _is_its(secret: str, schedule: Schedule) -> bool:
    """Whether that is the schedule's secret; what stands for an unreadable one is nobody's."""
    if isinstance(schedule.feed_secret, Unreadable):
        return False
    return constant_time_compare(secret, schedule.feed_secret)
