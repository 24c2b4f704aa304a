"""How allauth does its work here: its hooks, and nothing else."""

from typing import Any

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathImage

from practice.accounts import lockout
from practice.accounts.factors import is_enrolled, may_remove
from practice.environment import site_url
from practice.fields import cipher
from practice.models import PracticeSettings

NO_MATCH = _("That email address and password don't match.")


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": NO_MATCH,
        "incorrect_password": _("That isn't your password."),
        "invalid_password_reset": _("This link has expired or was already used."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only addresses of this site without its name: `next` leads nowhere else."""
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        return lockout.address(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def add_message(self, request: HttpRequest, level: int, *args: Any, **rest: Any) -> None:
        """Says what went wrong. That all went well, the next page says by itself."""
        if rest.get("message"):
            super().add_message(request, level, **rest)

    def login(self, request: HttpRequest, user: Any) -> None:
        """Whoever has no factor yet has just shown all they have, and is not asked twice."""
        super().login(request, user)
        if not is_enrolled(user):
            record_authentication(request, user, "password", reauthenticated=True)

    def reauthenticate(self, user: Any, password: str) -> bool:
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The passkey first, then codes; the password only for whoever has neither."""
        ways = {way["id"]: way for way in super().get_reauthentication_methods(user)}
        password = ways.pop("reauthenticate", None)
        order = ("mfa_reauthenticate:webauthn", "mfa_reauthenticate")
        factors = [ways[name] for name in order if name in ways]
        return factors or ([password] if password else [])


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("That didn't match, or was used before. Please try again."),
        "cannot_delete_authenticator": _(
            "This is your only passkey or app. Add another one first."
        ),
    }

    def encrypt(self, text: str) -> str:
        return cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return may_remove(authenticator)

    def get_totp_issuer(self) -> str:
        return PracticeSettings.load().practice_name or "Practice"

    def build_totp_svg(self, url: str) -> str:
        """The picture as part of a page: no `data:` address, no XML declaration."""
        return str(qrcode.make(url, image_factory=SvgPathImage).to_string(encoding="unicode"))

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return "My passkey" if number == 1 else f"My passkey {number}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """A passkey belongs to the site's own name, whatever a request calls it."""
        host = site_url.host() or "localhost"
        return {"id": host, "name": self.get_totp_issuer()}
