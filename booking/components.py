"""What booking adds to the admin's menu and home page."""

from typing import Any

from django.middleware.csrf import get_token
from django.utils import timezone
from wagtail.admin.ui.components import Component

from booking import conflicts
from booking.busy import sync
from booking.erasure import ending, retention
from booking.letters import bounces
from booking.models import ConsultationRequest, Schedule
from practice.models import PracticeSettings
from practice.worker import clocks


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
