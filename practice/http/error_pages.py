"""Error pages: rendered without the database, which may be what is missing.

Whom to call meanwhile they have from outage.py.
"""

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

from practice.http import outage, private, request_ids


def text(name: str, request: HttpRequest, **more: Any) -> str:
    """The template `name`, one that extends alone.html."""
    place = private.place_of(request.path)
    context = {
        "request": request,
        "facts": outage.recall(),
        "is_private": place is not None and place.of_visitors,
        **more,
    }
    return get_template(name).render(context)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(text("400.html", request), status=400)


def forbidden(
    request: HttpRequest, exception: Exception | None = None, *, is_old: bool = False
) -> HttpResponse:
    """`is_old`: the page that was sent from has been open for too long."""
    return HttpResponse(text("403.html", request, is_old=is_old), status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(text("404.html", request), status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Whatever failed, a view or what stands before it; an outage is told apart from a crash."""
    error = sys.exc_info()[1]
    if outage.is_one(error):
        return _unavailable(request, error)
    return HttpResponse(text("500.html", request, number=request_ids.told()), status=500)


def _unavailable(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """For everything but the form that asks for a consultation, which keeps what was typed."""
    about = {
        "is_posted": request.method == "POST",
        "disk_fails": isinstance(error, OSError) and private.is_admin(request.path),
    }
    return outage.unavailable(text("503.html", request, **about))
