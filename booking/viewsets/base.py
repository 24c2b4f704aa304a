"""What every page about requests begins with."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView, View
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from booking import conflicts
from booking.models import ConsultationRequest, Schedule
from booking.permissions import may_review, require_review
from booking.services import decisions, presence, transitions, unopened
from practice.models import PracticeSettings, User

LIST = reverse_lazy("consultations:index")
TYPED = {  # what is worth giving back when it can no longer be used
    "subject": "Subject",
    "body": "Your words",
    "note": "Private note",
    "because": "Your reason",
    "email": "Their email address",
}
WAYS_OUT = ("confirm", "move", "cancel")
CRUMBS = [
    {"url": reverse_lazy("wagtailadmin_home"), "label": "Home"},
    {"url": LIST, "label": "Consultations"},
]


class ReviewMenuItem(MenuItem):
    """A line of the menu for those who may review alone."""

    def is_shown(self, request: HttpRequest) -> bool:
        return may_review(request.user)


@dataclass(frozen=True)
class Listed(conflicts.Conflict):
    """An agreed consultation that does not fit the schedule, with its ways out."""

    @property
    def decisions(self) -> list[decisions.Decision]:
        """How the therapist can move or cancel it in the state that it has."""
        return [d for d in decisions.decisions(self.consultation) if d.kind in WAYS_OUT]


def listed(
    practice: PracticeSettings,
    schedule: Schedule,
    consultations: Iterable[ConsultationRequest] | None = None,
) -> list[Listed]:
    found = conflicts.standing(practice, schedule, consultations)
    return [Listed(c.consultation, c.reasons, c.minutes) for c in found]


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class ReviewMixin(View):
    """For those who may review alone; others learn nothing, not even that this is here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        require_review(request)
        self.practice = PracticeSettings.load(request_or_site=request)
        presence.note_presence(self.practice)
        return super().dispatch(request, *args, **kwargs)

    @property
    def user(self) -> User:
        """Whoever reviews; `dispatch` has let nobody else in."""
        return cast(User, self.request.user)


class RequestView(ReviewMixin, WagtailAdminTemplateMixin, TemplateView):
    """A page about one request, `self.consultation`, and the schedule to which it belongs; it leads
    back to the page of the request.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        require_review(request)
        shown = ConsultationRequest.objects.shown().select_related("article", "schedule")
        consultation = shown.filter(pk=kwargs["pk"]).first()
        if consultation is None:
            return self.gone()
        self.consultation, self.schedule = consultation, Schedule.of(consultation)
        unopened.note_opened(consultation)
        try:
            return super().dispatch(request, *args, **kwargs)
        except transitions.Stale:
            return self.gone()

    def gone(self) -> HttpResponse:
        """What somebody sees whose page is about a request that was erased since."""
        return self.give_back("This request was deleted after you opened it.", str(LIST))

    def give_back(self, happened: str, way_on: str) -> HttpResponse:
        """Says why nothing was done, with the words that were typed, if any were."""
        typed = {
            label: self.request.POST[name]
            for name, label in TYPED.items()
            if self.request.POST.get(name, "").strip()
        }
        if not typed:
            messages.warning(self.request, happened)
            return HttpResponseRedirect(way_on)
        context = {"happened": happened, "typed": typed, "way_on": way_on}
        return render(self.request, "booking/admin/given_back.html", context, status=409)

    def back(self, said: str, level: int = messages.SUCCESS) -> HttpResponse:
        """To the page of the request, which says what was done or why nothing was."""
        messages.add_message(self.request, level, said)
        return HttpResponseRedirect(self.detail_url)

    @property
    def is_held(self) -> bool:
        return self.consultation.is_held(self.practice.today())

    @property
    def detail_url(self) -> str:
        return reverse("consultations:detail", args=[self.consultation.pk])

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        above = {"url": self.detail_url, "label": f"Request {self.consultation.pk}"}
        return [*CRUMBS, above, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            consultation=self.consultation,
            practice=self.practice,
            is_held=self.is_held,
            **kwargs,
        )
