"""Where somebody says that the server's date is right, so that what ends by it goes on."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from booking.viewsets.base import ReviewMixin
from practice.worker import clocks

APART = timedelta(hours=1)  # a page lies open for no longer than half of that


class ClockView(ReviewMixin):
    """Takes the date for right that the first page showed. POST alone."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        if is_near(request.POST.get("shown", ""), now):
            clocks.call_right(now)
            messages.success(request, "Thank you. Whatever was waiting goes on within a minute.")
        else:
            messages.warning(
                request, "The clock has changed since you saw it. Please look at the date again."
            )
        return HttpResponseRedirect(f"{reverse('wagtailadmin_home')}#clock-title")


def is_near(shown: str, now: datetime) -> bool:
    """Whether the moment in `shown` (ISO 8601) is about `now`."""
    try:
        return abs(now - datetime.fromisoformat(shown)) < APART
    except (ValueError, TypeError):
        return False
