"""Settings, Email: where the therapist proves that letters arrive."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView
from wagtail.admin.auth import permission_required
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from practice import contacts
from practice.mail import proof
from practice.permissions import CHANGE


class AddressForm(forms.Form):
    address = contacts.EmailField(
        label=_("Send a test email to"),
        help_text=_("Best to use an address with another provider, such as a personal one."),
        error_messages={"required": _("Enter an address where you can read email.")},
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("The code from the email"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the code from the email.")},
    )


@method_decorator([permission_required(CHANGE), never_cache], name="dispatch")
class MailView(WagtailAdminTemplateMixin, TemplateView):
    """A letter is asked for, the worker sends it, and its code comes back."""

    template_name = "practice/admin/mail.html"
    page_title = "Email"
    header_icon = "mail"
    breadcrumbs_items = [
        *WagtailAdminTemplateMixin.breadcrumbs_items,
        {"url": "", "label": page_title},
    ]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "code" in request.POST:
            return self._prove(CodeForm(request.POST))
        form = AddressForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(address_form=form))
        proof.ask(form.cleaned_data["address"])
        messages.success(request, "The email goes out within a minute. Enter its code here.")
        return HttpResponseRedirect(reverse("practice_mail"))

    def _prove(self, form: CodeForm) -> HttpResponse:
        if form.is_valid():
            try:
                proof.prove(form.cleaned_data["code"])
            except proof.NotProved as problem:
                form.add_error("code", str(problem))
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(code_form=form))
        messages.success(self.request, "Your email arrives.")
        return HttpResponseRedirect(reverse("practice_mail"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = {"address": getattr(self.request.user, "email", "")}
        shown = {"address_form": AddressForm(initial=own), "code_form": CodeForm(), **kwargs}
        return super().get_context_data(
            **shown, proof=proof.state(), sender=settings.DEFAULT_FROM_EMAIL
        )
