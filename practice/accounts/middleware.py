"""What stands before every view: how long a session lasts, and the second factor."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse

from practice.accounts import sealed
from practice.accounts.factors import is_enrolled, may_enter
from practice.accounts.reauthentication import ask_again, came_from, with_next
from practice.accounts.sessions import note_activity
from practice.http import private
from practice.http.middleware import Middleware, View

# Of Wagtail's own addresses, those that anybody may open, and the way out.
OPEN = {"wagtailadmin_sprite", "wagtailadmin_javascript_catalog", "admin_sign_in", "admin_sign_out"}
ABOUT_ACCOUNTS = {"wagtailusers_users", "wagtailusers_groups"}
ACCOUNT_MODELS = {("practice", "user"), ("auth", "group")}


class SessionActivity(Middleware):
    """Notes that somebody is there. A reader, who has no session, gets none and no query; nor does
    whoever asks, in a browser that is signed in, whether the process answers.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.path != "/healthz/":
            note_activity(request)
        return self.get_response(request)


class SecondFactor(Middleware):
    """Lets nobody into the admin by a password alone, and asks again before accounts change."""

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not private.is_admin(request.path) or match.url_name in OPEN:
            return None
        if not request.user.is_authenticated:
            if sealed.has_words(request):
                return sealed.give_back(request, sealed.way_to_sign_in())
            return None  # Wagtail leads to the sign-in page
        if not may_enter(request):
            return to_second_factor(request)
        if sealed.ONLY_SEAL in request.POST:
            return sealed.give_back(request)
        sealed.unseal(request)
        return ask_again(request) if is_about_accounts(match) else None


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """Leads to enrolment, or to showing the factor that was enrolled from another session."""
    if request.headers.get("x-requested-with") == "XMLHttpRequest":
        raise PermissionDenied
    if is_enrolled(request.user):
        return ask_again(request) or redirect("account_login")
    return redirect(with_next(reverse("account_enrol"), came_from(request)))


def is_about_accounts(match: ResolverMatch) -> bool:
    model = (match.kwargs.get("app_label"), match.kwargs.get("model_name"))
    is_bulk = match.url_name == "wagtail_bulk_action" and model in ACCOUNT_MODELS
    return is_bulk or not ABOUT_ACCOUNTS.isdisjoint(match.namespaces)
