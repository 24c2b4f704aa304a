from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from wagtail.contrib.redirects.middleware import RedirectMiddleware, get_redirect
from wagtail.contrib.redirects.models import Redirect

from practice import headers, request_ids

View = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Numbers each request, for the log and for whoever meets a crash.

    Nobody chooses a number: only one that the proxy made, in the proxy's form, is taken.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
        with request_ids.numbered(given if request_ids.acceptable(given) else "") as number:
            vars(request)["request_id"] = number  # Django logs an answer after this is over
            response = self.get_response(request)
        response.headers["X-Request-ID"] = number
        return response


class PrivacyHeaders:
    """Stands before all that answer, so that errors, redirects and static files have them too."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        headers.complete(request.path_info, response)
        return response


class Redirects(RedirectMiddleware):
    """Wagtail's, but none leads to a page that is not published, or to where somebody just was.

    A page that was renamed there and back keeps a redirect from its own address to itself: no harm
    until it is unpublished, and then a circle.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        answer = super().process_response(request, response)
        if answer is response:
            return response
        here = Redirect.normalise_path(request.path)
        there = urlsplit(answer.url)
        if there.netloc in ("", request.get_host()) and Redirect.normalise_path(there.path) == here:
            return response
        found = get_redirect(request, here)
        is_down = found and found.redirect_page and not found.redirect_page.live
        return response if is_down else answer
