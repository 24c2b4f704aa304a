"""Erasing one request, keeping one from erasure, and answering a person's demand."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.generic import TemplateView, View
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from booking.erasure import data_requests, erasing
from booking.forms.erasure import DemandForm, HoldForm
from booking.models import Demand
from booking.services import transitions
from booking.viewsets.base import CRUMBS, LIST, RequestView, ReviewMixin
from practice.accounts.reauthentication import ask_again

SHOWN = 50  # of the demands that were answered
LAST_EMAIL = (
    "One last email still has to go out, to take the consultation off their calendar. Then their "
    "address is deleted, too."
)


class AsksAgain(View):
    """Asks for the second factor again; after the mixins that hide a page from others."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return ask_again(request) or super().dispatch(request, *args, **kwargs)


class EraseView(RequestView, AsksAgain):
    """Asks whether one request shall be erased for good, and does it."""

    template_name = "booking/admin/erase.html"
    page_title = "Delete now"
    header_icon = "bin"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            is_gone = erasing.erase(self.consultation, by=transitions.Actor.PRACTICE)
        except erasing.UnderLegalHold:
            return self.back("This request is on legal hold. Lift the hold first.", messages.ERROR)
        but = "" if is_gone else f" {LAST_EMAIL}"
        messages.success(request, f"Deleted.{but}")
        return redirect(LIST)


class HoldView(RequestView):
    """Keeps a request from erasure up to a day, for a reason; or lets it go again."""

    template_name = "booking/admin/hold.html"
    page_title = "Legal hold"
    header_icon = "lock"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        held = self.consultation
        known = {"until": held.kept_until, "because": held.kept_because} if self.is_held else None
        return self._show(HoldForm(initial=known, today=self.practice.today()))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.is_held and (asked := ask_again(request)):
            return asked  # to end or to shorten a hold is to let something be erased
        if request.POST.get("act") == "lift":
            erasing.lift_legal_hold(self.consultation, user=self.user)
            return self.back("You lifted the legal hold.")
        form = HoldForm(request.POST, today=self.practice.today())
        if not form.is_valid():
            return self._show(form)
        until, because = form.cleaned_data["until"], form.cleaned_data["because"]
        erasing.place_legal_hold(self.consultation, until, because, user=self.user)
        return self.back("The legal hold is saved.")

    def _show(self, form: HoldForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form))


class DemandView(ReviewMixin, AsksAgain, WagtailAdminTemplateMixin, TemplateView):
    """Somebody asks for their data or its erasure: finds it, gives a copy, erases it.

    By POST alone, so that no address enters one.
    """

    template_name = "booking/admin/demand.html"
    page_title = "Data request"
    header_icon = "user"
    breadcrumbs_items = [*CRUMBS, {"url": "", "label": page_title}]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._show(DemandForm())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = DemandForm(request.POST)
        if not form.is_valid():
            return self._show(form)
        contact, act = form.cleaned_data["contact"], request.POST.get("act")
        if act == "export":
            return self._copy(contact)
        if act == "erase":
            found, held = data_requests.erase_person(contact, user=self.user)
            messages.success(request, told(found, held))
            return redirect("consultations:demand")
        return self._show(
            form,
            found=data_requests.find(contact),
            sought=data_requests.read(contact),
            unreadable=data_requests.unreadable(),
        )

    def _copy(self, contact: str) -> HttpResponse:
        copy = data_requests.export_person(contact, user=self.user)
        written = {"indent": 2, "ensure_ascii": False}  # for people to read, in any script
        response = JsonResponse(copy, safe=False, json_dumps_params=written)
        response["Content-Disposition"] = 'attachment; filename="requests.json"'
        return response

    def _show(self, form: DemandForm, **context: Any) -> HttpResponse:
        return self.render_to_response(
            self.get_context_data(
                form=form,
                practice=self.practice,
                today=self.practice.today(),
                answered=Demand.objects.select_related("user")[:SHOWN],
                **context,
            )
        )


def told(found: int, held: int) -> str:
    """What the therapist reads after erasing what was found."""
    gone = found - held
    sentence = f"{gone} request{'s' if gone != 1 else ''} deleted."
    if held:
        sentence += f" {held} on legal hold, to be deleted when that ends."
    return sentence
