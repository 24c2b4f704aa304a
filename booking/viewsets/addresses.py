"""Seeing to a letter that came back."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from booking import services
from booking.forms import AddressForm
from booking.viewsets.base import RequestMixin


class AddressView(RequestMixin):
    """Another address for the visitor, or that they were reached otherwise. POST alone."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "reached" in request.POST:
            services.reached_otherwise(self.consultation, user=self.user)
            messages.success(request, "Noted.")
            return HttpResponseRedirect(self.detail_url)
        form = AddressForm(request.POST, request=self.consultation)
        if not form.is_valid():
            messages.error(request, str(form.errors["email"][0]))
            return HttpResponseRedirect(self.detail_url)
        try:
            services.readdress(self.consultation, form.cleaned_data["email"], user=self.user)
        except services.Stale:
            return self.gone()
        messages.success(request, "Changed. The last letter goes to the new address.")
        return HttpResponseRedirect(self.detail_url)
