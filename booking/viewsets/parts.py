"""The forms on the page of a request that have an address of their own."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from booking import conflicts
from booking.forms.contact import AddressForm, ReachForm
from booking.letters import emails
from booking.services import again, codes, decisions, notes, readdress, transitions
from booking.viewsets.base import RequestView
from booking.viewsets.review import DetailView
from practice.environment import site_url

NOTES = "Outcome and private note"


class DetailPart(DetailView):
    """A form on the page of a request that is posted to an address of its own."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Where somebody lands who had to sign in again on the way."""
        return HttpResponseRedirect(self.detail_url)

    def not_saved(self, where: str, **forms: Any) -> HttpResponse:
        """The page once more, with what was typed."""
        messages.error(
            self.request, f"Nothing is saved yet. What you typed is below, under “{where}.”"
        )
        return self.render_to_response(self.get_context_data(**forms))


class NotesView(DetailPart):
    """Saves outcome and private note together."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.notes_form(request.POST)
        if not form.is_valid():
            return self.not_saved(NOTES, notes_form=form)
        try:
            notes.save_notes(self.consultation, user=self.user, **form.typed)
        except notes.SavedMeanwhile:
            self.consultation.refresh_from_db()
            return self.not_saved(NOTES, notes_form=form.again())
        except transitions.NotAllowed:  # a time was agreed meanwhile, of which the form says more
            self.consultation.refresh_from_db()
            return self.not_saved(NOTES, notes_form=self.notes_form(request.POST))
        return self.back("Saved.")


class AddressView(DetailPart):
    """Another address for the visitor, or that they were reached otherwise."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "reached" in request.POST:
            readdress.reached_otherwise(self.consultation, user=self.user)
            return self.back("Noted.")
        form = AddressForm(request.POST, consultation=self.consultation)
        if not form.is_valid():
            return self.not_saved("An email came back", address_form=form)
        readdress.readdress(self.consultation, form.cleaned_data["email"], user=self.user)
        return self.back("Saved. The last email is on its way to the new address.")


class ReachView(DetailPart):
    """How the visitor may be reached from now on."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = ReachForm(request.POST, consultation=self.consultation)
        form.is_valid()  # ticks alone, which cannot be wrong
        try:
            if request.POST.get("seen") != form.seen:
                raise transitions.NotAllowed
            readdress.reach_by(self.consultation, user=self.user, **form.cleaned_data)
        except transitions.NotAllowed:
            return self.back(
                "Nothing was saved, because the request changed since you opened the page. "
                "Please look again.",
                messages.WARNING,
            )
        return self.back("Saved.")


class CodeView(DetailPart):
    """A code to read out, which opens the visitor's page for a day: shown once, stored nowhere."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        code = codes.make_code(self.consultation, user=self.user)
        where = site_url.absolute(reverse("booking:code"))
        return self.render_to_response(self.get_context_data(code=code, code_address=where))


class StandsView(DetailPart):
    """The agreed time stays as it is, although the schedule speaks against it as was shown."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        known = set(request.POST.getlist("reason")).intersection(conflicts.Reason.values)
        try:
            if request.POST.get("version") != str(self.consultation.version):
                raise transitions.Stale
            decisions.let_stand(self.consultation, known, user=self.user)
        except transitions.Stale:
            return self.back(
                "The time changed since you opened the page. Please look again.", messages.WARNING
            )
        return self.back("The time stays as agreed. Its reminder goes out as usual.")


class ToldView(DetailPart):
    """ "I told them": the words have reached a visitor without email."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        letter = get_object_or_404(self.consultation.letters, pk=kwargs["letter"])
        notes.tell(letter, user=self.user)
        return self.back("Noted.")


class SendAgainView(RequestView):
    """Sends it, or asks first where a time in it may be gone. POST alone."""

    http_method_names = ["post"]
    template_name = "booking/admin/send_again.html"
    page_title = "Send again"
    header_icon = "mail"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        emails_of_it = self.consultation.emails.select_related("request")
        email = emails_of_it.filter(pk=kwargs["email"]).first()
        if email is None:
            return self.back(
                "Nothing was sent. This email is gone. If they still need it, write a new one.",
                messages.WARNING,
            )
        try:
            again.send_again(email, user=self.user, knowing="knowing" in request.POST)
        except again.TimeMayBeGone:
            context = self.get_context_data(email=email, words=emails.words(email))
            return self.render_to_response(context)
        except transitions.NotAllowed:
            why = f"Nothing was sent. {again.why_not_again(email)}"
            return self.back(why, messages.WARNING)
        except transitions.Stale:
            return self.back(
                "Nothing more was sent. This email has already gone out, or is on its way.",
                messages.WARNING,
            )
        return self.back("The email is on its way.")
