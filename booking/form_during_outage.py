"""The form while nothing can be saved: it says so, and keeps what was typed in the page.

Neither database nor session: the fields go back to the browser they came from, and nowhere else.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from booking.forms.visitor import ConsultationForm, as_meant
from practice.http import error_pages, outage
from practice.models import PracticeSettings

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponse]

OUR_OWN = ("key", "act")  # the form brings the key itself, and the button what to do


def keeps_what_was_typed(view: View) -> View:
    """Answers a post that could not be taken in with 503 and the same form.

    Of a connection that broke in the very moment of the commit nobody knows whether the request
    was taken in. The same key then makes it one request, however often it is sent.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except outage.AWAY as error:
            if request.method != "POST" or not outage.is_one(error):
                raise
            logger.error("a request could not be taken in: %s", type(error).__name__)
            return unsent(request)

    return guarded


def unsent(request: HttpRequest) -> HttpResponse:
    typed = as_meant(request.POST)
    # Bound, the form would look for open times.
    form = ConsultationForm(initial=typed.dict(), practice=PracticeSettings())
    shown = [name for name in form.in_words() if form.is_asked(name) or name in typed]
    context = {
        "form": form,
        "shown": [form[name] for name in shown],
        "kept": [
            (name, value)
            for name, values in typed.lists()
            if name not in (*shown, *OUR_OWN)
            for value in values
        ],
    }
    return outage.unavailable(error_pages.text("booking/unsent.html", request, **context))
