from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils import timezone
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from practice import samples
from practice.backups import proofs
from practice.launch import agreements, checklist, completeness, requirements
from practice.mail import proof
from practice.models import PracticeSettings
from practice.monitoring import standing
from practice.permissions import CHANGE


class GoingLivePanel(Component):
    """On the admin's home: what is missing before the practice goes live, while anything is, what
    has to be seen to, and which agreements are due.
    """

    name = "going_live"
    template_name = "practice/admin/going_live_panel.html"
    order = 40

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        practice = PracticeSettings.load(request_or_site=parent_context["request"])
        waits_for = requirements.lacks(practice)
        return {
            "waits_for": waits_for,
            "is_open": requirements.is_open(practice),
            "missing": [line for line in completeness.missing(practice) if line not in waits_for],
            "steps": checklist.items(practice),
            "sample": samples.standing(),
            "mail": proof.state(),
            "agreements": agreements.to_see_to(practice),
            "standing": standing.findings(practice),
        }


class BackupsPanel(Component):
    """On the admin's home: what was last proved of the backups, and what is too long ago."""

    name = "backups"
    template_name = "practice/admin/backups_panel.html"
    order = 45

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        return {"standing": proofs.standing(timezone.now())}


class MailMenuItem(MenuItem):
    def __init__(self) -> None:
        super().__init__(
            "Email", reverse_lazy("practice_mail"), name="mail", icon_name="mail", order=20
        )

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(CHANGE))
