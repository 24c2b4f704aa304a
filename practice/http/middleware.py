from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from practice.http import headers, request_ids

View = Callable[[HttpRequest], HttpResponse]


class Middleware:
    """Stands before what answers, and by itself changes nothing."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class RequestId(Middleware):
    """Numbers each request, for the log and for whoever meets a crash.

    Nobody chooses a number: only one that the proxy made, in the proxy's form, is taken.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
        with request_ids.numbered(given if request_ids.acceptable(given) else "") as number:
            vars(request)["request_id"] = number  # Django logs an answer after this is over
            response = self.get_response(request)
        response.headers["X-Request-ID"] = number
        return response


class PrivacyHeaders(Middleware):
    """Stands before all that answer, so that errors, redirects and static files have them too."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        runs_script = vars(request).get("runs_script", False)
        headers.complete(request.path_info, response, runs_script=runs_script)
        return response
