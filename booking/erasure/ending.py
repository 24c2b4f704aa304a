"""What a date would end, so that somebody is asked whether it is right."""

from datetime import datetime

from django.contrib.sessions.models import Session
from wagtail.models import Page, Revision

from booking.erasure.retention import over_by
from booking.models import DailySalt
from booking.services.expiry import offers_over, reservations_over
from practice.models import PracticeSettings
from practice.monitoring import counted


def would_end(now: datetime) -> list[str]:
    """What would end, be erased, published or taken down at once by a clock that shows `now`."""
    today = now.astimezone(PracticeSettings.load().zone).date()
    pages = Page.objects.filter(expire_at__lt=now, live=True).count()
    pages += Revision.page_revisions.filter(approved_go_live_at__lt=now).count()
    found = (
        (reservations_over(now).count(), "reserved time", "would be free again"),
        (offers_over(now).count(), "offer", "would end"),
        (over_by(today).count(), "request", "would be deleted"),
        (pages, "page", "would be published or taken down"),
        (Session.objects.filter(expire_date__lte=now).count(), "sign-in", "would end"),
        (DailySalt.objects.filter(day__lt=now.date()).count(), "daily count", "would be cleared"),
    )
    return [f"{counted(number, noun)} {what}" for number, noun, what in found if number]
