"""The pages under /account/: allauth's views, with what this site does differently."""

import json
from functools import partial
from typing import Any

from allauth.account import views as account
from allauth.account.internal.flows.password_reset import perform_password_reset_login
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_safe
from wagtail import views as wagtails
from wagtail.documents.views import serve as documents

from practice.accounts import lockout
from practice.accounts.factors import count_enrolment, is_enrolled, may_remove, standing
from practice.accounts.letters import use_up_link
from practice.accounts.sessions import last_seen

NEXT = "account_next"  # in the session: where enrolment leads in the end


class Options:
    """What the browser is asked for, as text for an attribute: a page holds no inline script."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)  # type: ignore[misc]
        [options] = (found.get("js_data") or {"": None}).values()
        return found | {"options": json.dumps(options, cls=DjangoJSONEncoder)}


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """From Wagtail's own sign-in page to ours. `next` is looked at there."""
    return redirect_to_login(request.GET.get("next") or reverse("wagtailadmin_home"))


def to_forgotten_password(request: HttpRequest) -> HttpResponse:
    return redirect("account_reset_password")


class SignIn(account.LoginView):
    """The passkey first, the password below it."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        next_page = get_next_redirect_url(self.request)  # none that leads elsewhere
        return super().get_context_data(**kwargs) | {"next": next_page}


class SecondStep(Options, base.AuthenticateView):
    """After the right password: the passkey, or a code."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        passkeys = auth.get_credentials(self.stage.login.user)
        return super().get_context_data(**kwargs) | {"has_passkey": bool(passkeys)}


def sign_out(request: HttpRequest) -> HttpResponse:
    """Nothing that was seen stays in the browser, also where it keeps what it should not."""
    answer = account.logout(request)
    if not request.user.is_authenticated:
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """What an open page of the admin asks: 204 while its session lasts, 403 once it is over.

    To ask is no activity but with `?typed`, after typing: practice/accounts/sessions.py.
    """
    return HttpResponse(status=204 if request.user.is_authenticated else 403)


def page_password(request: HttpRequest, restriction: int, page: int) -> HttpResponse:
    view = partial(wagtails.authenticate_with_password, request, restriction, page)
    return lockout.guess(request, f"page {restriction}", view)


def document_password(request: HttpRequest, restriction: int) -> HttpResponse:
    view = partial(documents.authenticate_with_password, request, restriction)
    return lockout.guess(request, f"collection {restriction}", view)


class PasskeyAgain(Options, webauthn.ReauthenticateWebAuthnView):
    pass


class OneTimeLink(account.PasswordResetFromKeyView):
    """By it one chooses a password, or goes on without one to make a passkey."""

    reset_user: Any

    @transaction.atomic
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("act") == "passkey" and not is_enrolled(self.reset_user):
            if not use_up_link(self.reset_user):
                return self.refuse()
            return perform_password_reset_login(request, self.reset_user)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        return super().form_valid(form) if use_up_link(self.reset_user) else self.refuse()

    def refuse(self) -> HttpResponse:
        self.reset_user = None
        return self.render_to_response(self.get_context_data(token_fail=True))

    def logout(self) -> None:
        """Whoever is signed in as somebody else stays so until they send the form: another site
        can lead to a link, and sign nobody out by that.
        """
        if self.request.method == "POST":
            super().logout()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_choose = self.reset_user is not None and not is_enrolled(self.reset_user)
        return super().get_context_data(**kwargs) | {"may_choose_passkey": may_choose}


@login_required
@require_safe
def enrol(request: HttpRequest) -> HttpResponse:
    """Leads whoever has no second factor to making one, and remembers where they were going."""
    request.session[NEXT] = get_next_redirect_url(request) or request.session.get(NEXT)
    if is_enrolled(request.user):
        return redirect(request.session[NEXT] or "mfa_index")
    return render(request, "account/enrol.html")


class CountsEnrolment:
    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)  # type: ignore[misc]
        count_enrolment(self.request, standing(self.request.user)[-1])
        return answer


class AddApp(CountsEnrolment, totp.ActivateTOTPView):
    pass


class AddPasskey(CountsEnrolment, webauthn.AddWebAuthnView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Asks for a key that signs in by itself, and by whoever the device knows."""
        found = super().get_context_data(**kwargs)
        options = auth.begin_registration(self.request.user, passwordless=True)
        return found | {"options": json.dumps(options, cls=DjangoJSONEncoder)}


class RemovePasskey(webauthn.RemoveWebAuthnView):
    success_url = reverse_lazy("mfa_index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"may_remove": may_remove(self.object)}

    def form_valid(self, form: Any) -> HttpResponse:
        if not may_remove(self.get_object()):
            raise PermissionDenied
        return super().form_valid(form)


class RecoveryCodes(recovery.ViewRecoveryCodesView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        going_to = self.request.session.get(NEXT) or reverse("wagtailadmin_home")
        return super().get_context_data(**kwargs) | {"going_to": going_to}


class Security(base.IndexView):
    template_name = "account/security.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)
        by_type = found["authenticators"]
        return found | {
            "passkeys": by_type.get(Authenticator.Type.WEBAUTHN, []),
            "app": by_type.get(Authenticator.Type.TOTP),
            "codes": by_type.get(Authenticator.Type.RECOVERY_CODES),
            "session_count": UserSession.objects.filter(user=self.request.user.pk).count(),
        }


class Sessions(ListUserSessionsView):
    """Where one is signed in. `session` in a post ends that one, else all others end."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = request.POST.get("session", "")
        if not chosen:
            return super().post(request, *args, **kwargs)
        if chosen.isdecimal():
            one = UserSession.objects.filter(user=request.user.pk, pk=int(chosen[:9]))
            end_sessions(request, list(one))
        return redirect("usersessions_list")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)
        for session in found["sessions"]:
            session.last_seen_at = last_seen(session)
        return found
