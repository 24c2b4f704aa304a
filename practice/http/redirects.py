from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from wagtail.contrib.redirects.middleware import RedirectMiddleware, get_redirect
from wagtail.contrib.redirects.models import Redirect


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
