from typing import Any

from wagtail.admin.ui.components import Component

from practice import samples
from practice.models import PracticeSettings


class GoingLivePanel(Component):
    """On the admin's home: what the practice lacks before it goes live, while it lacks anything."""

    name = "going_live"
    template_name = "practice/admin/going_live_panel.html"
    order = 40

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        practice = PracticeSettings.load(request_or_site=parent_context["request"])
        return {"missing": practice.missing(), "sample": samples.standing()}
