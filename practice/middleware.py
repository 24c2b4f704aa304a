from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.datastructures import MultiValueDictKeyError

from practice import headers, request_ids

View = Callable[[HttpRequest], HttpResponse]

EXTERNAL_LINK = "wagtailadmin_choose_page_external_link"


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


class IncompletePosts:
    """Answers 400 to a post without the fields that its page in the admin always sends.

    Some of Wagtail's views read a field without asking whether it is there, and would fail.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or request.method != "POST" or not request.path.startswith("/admin/"):
            return None
        # Which takes the address to be text before it looks for one.
        is_bare_link = match.url_name == EXTERNAL_LINK and "url" not in request.POST
        if isinstance(exception, MultiValueDictKeyError) or is_bare_link:
            return HttpResponseBadRequest("This form came without some of its fields.")
        return None
