"""What booking adds to the admin's menu and home page."""

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse_lazy
from django.utils import timezone
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from booking import conflicts
from booking.busy import sync
from booking.erasure import ending, retention
from booking.letters import bounces
from booking.models import ConsultationRequest, Schedule
from booking.permissions import may_review
from practice.models import PracticeSettings
from practice.worker import clocks


class ConsultationsMenuItem(MenuItem):
    """Leads to the requests, and says how many wait."""

    def __init__(self) -> None:
        super().__init__(
            "Consultations",
            reverse_lazy("consultations:index"),
            name="consultations",
            icon_name="mail",
            order=50,
        )

    def is_shown(self, request: HttpRequest) -> bool:
        return may_review(request.user)

    def render_component(self, request: HttpRequest) -> Any:
        component = super().render_component(request)
        if waiting := ConsultationRequest.objects.awaiting_reply().count():
            component.label = f"Consultations ({waiting})"
        return component


class ScheduleMenuItem(MenuItem):
    """Leads to hours, times and other calendars."""

    def __init__(self) -> None:
        super().__init__(
            "Schedule",
            reverse_lazy("schedule:index"),
            name="schedule",
            icon_name="calendar-alt",
            order=51,
        )

    def is_shown(self, request: HttpRequest) -> bool:
        return may_review(request.user)


class ClockPanel(Component):
    """On the admin's home: that the server's date is not believed, and what waits for it."""

    name = "clock"
    template_name = "booking/admin/clock_panel.html"
    order = 30

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        now = timezone.now()
        doubt = clocks.doubt(now)
        return {
            "doubt": doubt,
            "of_the_worker": clocks.doubt_of_another(),
            "would_end": ending.would_end(now) if doubt else [],
            "clock_shown": now.isoformat(),
            "is_synchronized": clocks.SYNCHRONIZED.exists(),
            "csrf_token": get_token(parent_context["request"]),
        }


class WaitingPanel(Component):
    """On the admin's home: what waits, is late, has to be said, or did not leave or come."""

    name = "consultations"
    template_name = "booking/admin/waiting_panel.html"
    order = 50

    class Media:
        css = {"all": ["booking/admin.css"]}

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        practice = PracticeSettings.load(request_or_site=parent_context["request"])
        now, today = timezone.now(), practice.today()
        requests = ConsultationRequest.objects
        return {
            "waiting": requests.awaiting_reply().count(),
            "late": requests.overdue(today).count(),
            "held_apart": requests.held_apart().count(),
            "untold": requests.to_be_told().count(),
            "unreached": requests.shown().with_returned_letter().count(),
            "lost_alerts": bounces.alerts(),
            **bounces.stuck(now),
            "conflicts": sum(
                len(conflicts.standing(practice, each)) for each in Schedule.objects.all()
            ),
            "silent": sync.silent(now),
            "with_losses": sync.with_losses(),
            "csrf_token": get_token(parent_context["request"]),
            "stopped": retention.stopped(today),
            "zone": practice.zone,
            "erased_soon": retention.waiting_too_long(today).count(),
        }
