"""The schedule's one screen, and the therapist's own calendar."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse, reverse_lazy
from django.utils import timezone
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet

from booking import conflicts
from booking.busy import sync
from booking.forms.schedule import ScheduleForms
from booking.models import Schedule
from booking.models.schedule import new_secret
from booking.times import open_times
from booking.viewsets.base import CRUMBS, ReviewMenuItem, ReviewMixin, listed
from practice.environment import site_url
from practice.fields import Unreadable
from practice.models import Intake, PracticeSettings
from practice.monitoring import counted

SCREEN = reverse_lazy("schedule:index")
PREVIEW_DAYS = 14


def preview(
    practice: PracticeSettings, schedule: Schedule, now: datetime
) -> dict[date, list[datetime]]:
    """The open times (UTC) of the next two weeks as far as times are offered, by local date; days
    without any included.
    """
    found = open_times.load(practice, schedule, now)
    horizon = min(found.policy.horizon, PREVIEW_DAYS - 1)
    near = replace(found, policy=found.policy._replace(horizon=horizon))
    today = now.astimezone(found.zone).date()
    days: dict[date, list[datetime]] = {
        today + timedelta(days=number): [] for number in range(horizon + 1)
    }
    for start in near.starts(now):
        days[start.astimezone(found.zone).date()].append(start)
    return days


class ScheduleView(ReviewMixin, WagtailAdminTemplateMixin, TemplateView):
    """When consultations can be had: hours, settings and other calendars, saved together."""

    template_name = "booking/admin/schedule.html"
    page_title = "Schedule"
    header_icon = "calendar-alt"
    breadcrumbs_items = [*CRUMBS[:1], {"url": "", "label": page_title}]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._show(ScheduleForms())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        forms = ScheduleForms(request.POST)
        if not forms.is_valid():
            return self._show(forms)
        forms.save()
        messages.success(request, "Saved. You see the next two weeks as visitors see them now.")
        if found := len(conflicts.standing(PracticeSettings.load(), forms.schedule)):
            agreed = counted(found, "agreed consultation")
            fits = "don't fit" if found > 1 else "doesn't fit"
            messages.warning(request, f"{agreed} {fits} these hours. See below.")
        return HttpResponseRedirect(str(SCREEN))

    def _show(self, forms: ScheduleForms) -> HttpResponse:
        # What is stored, whatever has been typed.
        practice, schedule = PracticeSettings.load(), Schedule.load()
        return self.render_to_response(
            self.get_context_data(
                forms=forms,
                faults=list(forms.faults()),
                practice=practice,
                schedule=schedule,
                has_hours=schedule.rules.exists(),
                shows_times=practice.intake_now == Intake.OPEN,
                conflicts=listed(practice, schedule),
                days=preview(practice, schedule, timezone.now()),
                calendar_address=calendar_address(schedule),
            )
        )


def calendar_address(schedule: Schedule) -> str:
    """Where the therapist's own calendar reads consultations; empty if its key is missing."""
    if isinstance(schedule.feed_secret, Unreadable):
        return ""
    return site_url.absolute(reverse("booking:calendar", args=[schedule.feed_secret]))


class NewSecretView(ReviewMixin):
    """Replaces the secret in the address of the therapist's calendar. POST alone."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        Schedule.objects.filter(pk=Schedule.load().pk).update(feed_secret=new_secret())
        messages.success(request, "You have a new address, and the old one no longer works.")
        return HttpResponseRedirect(f"{SCREEN}#own-calendar")


class UseAsIsView(ReviewMixin):
    """Uses a calendar in spite of what the first page showed to be lost of it. POST alone."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        used = sync.use_as_is(request.POST.get("calendar", ""), request.POST.get("shown", ""))
        if used:
            messages.success(
                request, f"Your calendar “{used.name}” will be read again and used as it is."
            )
        else:
            messages.warning(
                request, "Your calendar has changed since you saw this. Please look at it again."
            )
        return HttpResponseRedirect(f"{reverse('wagtailadmin_home')}#requests-title")


class ScheduleViewSet(ViewSet):
    name = "schedule"
    icon = "calendar-alt"
    menu_label = "Schedule"
    menu_name = "schedule"
    menu_order = 51
    menu_item_class = ReviewMenuItem
    add_to_admin_menu = True

    def get_urlpatterns(self) -> list[Any]:
        return [
            path("", ScheduleView.as_view(), name="index"),
            path("new-secret/", NewSecretView.as_view(), name="new_secret"),
            path("use-as-is/", UseAsIsView.as_view(), name="use_as_is"),
        ]
