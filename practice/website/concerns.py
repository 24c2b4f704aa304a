"""A page for one concern, such as couples or teens: one click makes it and opens its editor."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST
from wagtail.admin.ui.components import Component

from practice import samples
from practice.models import HomePage, StandardPage

TITLE = "New concern"
STARTS_WITH = (
    ("heading", "What brings people here"),
    ("text", "<p>[Say in two sentences what it's like.]</p>"),
    ("points", {"items": ["[A line that you often hear]", "[Another one]", "[And a third]"]}),
    ("text", "<p>[Say how you work with it.]</p>"),
)


class ConcernPanel(Component):
    name = "concern"
    template_name = "practice/admin/concern_panel.html"
    order = 60

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        return {"csrf_token": get_token(parent_context["request"])}


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    home = get_object_or_404(HomePage)
    if not home.permissions_for_user(request.user).can_add_subpage():
        raise PermissionDenied
    return redirect("wagtailadmin_pages:edit", make(home, request.user).pk)


@transaction.atomic
def make(home: HomePage, owner: Any) -> StandardPage:
    """A draft that will stand in the menu; it takes its address from its title."""
    page = StandardPage(title=TITLE, live=False, show_in_menus=True, owner=owner)
    page.body = samples.body(page, STARTS_WITH)
    home.add_child(instance=page)
    page.save_revision(user=owner, log_action=True)
    return page
