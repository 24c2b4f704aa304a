"""Asking for the second factor again before an act that cannot be taken back."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from practice.accounts import sealed
from practice.accounts.factors import is_enrolled

View = Callable[..., HttpResponse]


def was_asked_again(request: HttpRequest) -> bool:
    """Whether this session has shown its factor again within REAUTHENTICATION_TIMEOUT seconds.

    The password counts only for whoever has no factor, which the waiver of DEBUG allows.
    """
    method = "mfa" if is_enrolled(request.user) else "password"
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    records = get_authentication_records(request, request.user)
    return any(
        record.get("method") == method and record.get("reauthenticated") and record["at"] > since
        for record in records
    )


def ask_again(request: HttpRequest) -> HttpResponse | None:
    """The way to the page that asks again; None where that has just been done.

    What was posted to the admin is given back, to be sent again from where it was.
    """
    if not request.user.is_authenticated:
        return redirect(with_next(reverse("account_login"), came_from(request)))
    if was_asked_again(request):
        return None
    ways = get_adapter().get_reauthentication_methods(request.user)
    page = ways[0]["url"] if ways else reverse("account_enrol")
    if sealed.has_words(request):
        return sealed.give_back(request, with_next(page, reverse("wagtailadmin_home")))
    return redirect(with_next(page, came_from(request)))


def second_factor_again(view: View) -> View:
    """Decorates a view, which is only reached with the second factor shown again of late.

    What was posted is not kept: one comes back to the page that it was posted from.
    For a class-based view: `@method_decorator(second_factor_again, name="dispatch")`.
    """

    @wraps(view)
    def asks_first(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return ask_again(request) or view(request, *args, **kwargs)

    return asks_first


def came_from(request: HttpRequest) -> str:
    """Where to come back to: this page, or the one whose button was pressed."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return request.path
    return page.path + (f"?{page.query}" if page.query else "")


def with_next(address: str, page: str) -> str:
    return f"{address}?{urlencode({'next': page})}"
