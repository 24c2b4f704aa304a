"""Removing requests: at once when the visitor asks, and after a while when they are over."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from booking import outbox
from booking.models import (
    ConsultationRequest,
    ErasedCount,
    RequestQuerySet,
    Who,
)
from booking.models.requests import new_nonce
from booking.services import steps
from booking.services.steps import Actor, Recipient
from booking.services.visitor import end
from practice.models import PracticeSettings


@transaction.atomic
def erase(request: ConsultationRequest, *, by: Actor) -> bool:
    """Removes the request and all that belongs to it; what stays is a count.

    When the visitor erases what was not over, the practice is told that one is gone, and which
    time is free again. While a calendar must still hear of a cancellation, all but the e-mail
    address is removed at once, and that when the cancellation has left; False then. The site
    itself leaves alone what has changed since it was looked up.
    """
    found = ConsultationRequest.objects.select_for_update().filter(pk=request.pk)
    if by == Actor.SYSTEM:
        found = found.filter(version=request.version)
    doomed = found.first()
    if doomed is None:
        return True
    if by == Actor.VISITOR:
        _end_if_open(doomed)
        if steps.owed_cancellations(doomed).exists():
            _count(doomed, PracticeSettings.load().zone)
            _empty(doomed)
            return False
    if not doomed.erase_when_told:
        _count(doomed, PracticeSettings.load().zone)
    doomed.delete()
    return True


def _end_if_open(request: ConsultationRequest) -> None:
    if not request.is_open:
        return
    now = timezone.now()
    ahead = request.starts_at if request.is_ahead(now) else None
    if request.may_be_withdrawn(now):
        end(request)
    outbox.promise("alert_erased", Recipient.PRACTICE, about_time=ahead)


def _empty(request: ConsultationRequest) -> None:
    """Removes what a cancellation on its way does not need; the private link leads nowhere."""
    request.emails.exclude(pk__in=steps.owed_cancellations(request)).delete()
    request.letters.exclude(
        version__in=steps.owed_cancellations(request).values("version")
    ).delete()
    request.events.all().delete()
    steps.change(
        request,
        erase_when_told=True,
        link_nonce=new_nonce(),
        submission_key=uuid.uuid4(),
        article=None,
        who=Who.ME,
        region="",
        name="",
        phone="",
        text_ok=False,
        voicemail_ok=False,
        good_hours="",
        message="",
        private_note="",
        parts_of_week=[],
        time_zone="",
        asked_for=None,
        visitor_calls=False,
        medium="",
        outcome="",
    )


def finish_erasures() -> int:
    """Erases what waited for a cancellation to leave, or to be given up; how many."""
    done = 0
    for request in ConsultationRequest.objects.filter(erase_when_told=True):
        if not steps.owed_cancellations(request).exists():
            done += erase(request, by=Actor.SYSTEM)
    return done


def over_by(today: date) -> RequestQuerySet:
    """What came to its end longer before `today` (in the practice's zone) than it is kept."""
    practice = PracticeSettings.load()
    midnight = datetime.combine(today, datetime.min.time(), practice.zone)
    return ConsultationRequest.objects.closed_before(
        midnight - timedelta(days=practice.keeps_closed_for)
    )


def erase_old(today: date) -> int:
    """Erases what `over_by` finds, and what waited to be; how many."""
    requests = list(over_by(today))
    for request in requests:
        erase(request, by=Actor.SYSTEM)
    outbox.forget_old()
    return len(requests) + finish_erasures()


def _count(request: ConsultationRequest, zone: ZoneInfo) -> None:
    month = request.received_at.astimezone(zone).date().replace(day=1)
    row, _ = ErasedCount.objects.get_or_create(month=month, article_id=request.article_id)
    ErasedCount.objects.filter(pk=row.pk).update(requests=F("requests") + 1)
