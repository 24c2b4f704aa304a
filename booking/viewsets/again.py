"""Sending a letter once more that was given up."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

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
