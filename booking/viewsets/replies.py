"""What the therapist writes once: replies to start from, and whom to refer people to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, HelpPanel
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.viewsets.model import ModelViewSet

from booking.models import Referral, Reply
from booking.permissions import require_review
from practice.jurisdiction import times


class ReviewersViewSet(ModelViewSet):
    """For those who may review alone; others learn nothing, not even that this is here."""

    add_to_reference_index = False
    copy_view_enabled = False

    def construct_view(self, view_class: Any, **kwargs: Any) -> Callable[..., HttpResponse]:
        view = super().construct_view(view_class, **kwargs)

        @wraps(view)
        def for_reviewers(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            require_review(request)
            response: HttpResponse = view(request, *args, **kwargs)
            return response

        return for_reviewers


class ReplyViewSet(ReviewersViewSet):
    model = Reply
    name = "replies"
    icon = "edit"
    list_display = ["name", Column("kind", label=_("Use it to"), accessor="get_kind_display")]
    list_filter = ["kind"]
    panels = [
        FieldPanel("kind"),
        FieldPanel("name"),
        FieldPanel("body"),
        HelpPanel(
            template="booking/admin/placeholders.html", heading=_("What gets filled in for you")
        ),
    ]


def checked(referral: Referral) -> str:
    """The day on which they were last checked, or that it is time to do so."""
    day = times.day(referral.checked_on, year=True)
    if referral.is_to_be_checked:
        return gettext("Check this one: last checked %s") % day
    return day


class ReferralViewSet(ReviewersViewSet):
    model = Referral
    name = "referrals"
    icon = "group"
    list_display = [
        "name",
        "for_what",
        "reach",
        Column("checked_on", label=_("Last checked"), accessor=checked, sort_key="checked_on"),
    ]
    form_fields = ["name", "for_what", "reach", "checked_on"]


class RepliesGroup(ViewSetGroup):
    menu_label = _("Replies")
    menu_name = "words-to-start-from"
    menu_icon = "edit"
    menu_order = 52
    items = (ReplyViewSet, ReferralViewSet)
