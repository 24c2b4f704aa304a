"""Sending a letter once more that was given up."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from booking.letters import emails
from booking.services import again, transitions
from booking.viewsets.base import BelowRequest


class SendAgainView(BelowRequest):
    """Sends it, or asks first where a time in it may be gone. POST alone."""

    http_method_names = ["post"]
    template_name = "booking/admin/send_again.html"
    page_title = "Send again"
    header_icon = "mail"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        email = (
            self.consultation.emails.select_related("request").filter(pk=kwargs["email"]).first()
        )
        if email is None:
            messages.warning(
                request,
                "Nothing was sent. This email is gone. If they still need it, write a new one.",
            )
            return HttpResponseRedirect(self.detail_url)
        try:
            again.send_again(email, user=self.user, knowing="knowing" in request.POST)
        except again.TimeMayBeGone:
            context = {"consultation": self.consultation, "email": email}
            return self.render_to_response(
                self.get_context_data(**context, words=emails.words(email))
            )
        except transitions.NotAllowed:
            messages.warning(request, f"Nothing was sent. {again.why_not_again(email)}")
        except transitions.Stale:
            messages.warning(
                request, "Nothing more was sent. This email has already gone out, or is on its way."
            )
        else:
            messages.success(request, "The email is on its way.")
        return HttpResponseRedirect(self.detail_url)
