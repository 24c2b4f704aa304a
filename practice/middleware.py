from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from practice import headers

View = Callable[[HttpRequest], HttpResponse]


class PrivacyHeaders:
    """Stands before all others, so that errors, redirects and static files have them too."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        headers.complete(request.path_info, response)
        return response
