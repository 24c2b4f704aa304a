"""The forms of allauth in our words, with limits that hold in every process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from allauth.account import forms as passwords
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as codes
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as passkeys
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from practice.accounts import letters, lockout
from practice.models import tallies

CODES = LINKS = 10  # in an hour
HOUR = timedelta(hours=1)
TOO_MANY_CODES = _("Too many codes didn't match. Use your passkey, or wait an hour.")

TOO_MANY_PASSWORDS = _("Too many passwords didn't match. Wait an hour, or have a link sent to you.")


class OurFields(TemplatesSetting):
    """Each field with its label, hint and error as this site sets them."""

    field_template_name = "components/field.html"


class Plain:
    """Fields as everywhere on this site: named by their label, not by words inside them."""

    default_renderer = OurFields
    labels: dict[str, Any] = {}
    hints: dict[str, Any] = {}
    missing: dict[str, Any] = {}
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, "")
            if name in self.missing:
                field.error_messages["required"] = self.missing[name]


NO_EMAIL, NO_PASSWORD = _("Enter your email address."), _("Enter your password.")
NEW_PASSWORD = {"password1": _("New password"), "password2": _("New password again")}
LONG_ENOUGH = {"password1": _("At least eight characters. A few words in a row work well.")}


class SignInForm(Plain, passwords.LoginForm):
    labels = {"login": _("Email address"), "password": _("Password")}
    missing = {"login": NO_EMAIL, "password": NO_PASSWORD}


class PasswordAgainForm(Plain, passwords.ReauthenticateForm):
    labels = {"password": _("Password")}
    missing = {"password": NO_PASSWORD}


class ForgottenPasswordForm(Plain, passwords.ResetPasswordForm):
    labels = {"email": _("Email address")}
    missing = {"email": NO_EMAIL}

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Promises a letter to whoever has an account; says nothing of whether one does."""
        here = tallies.hashed(lockout.address(request))
        if tallies.spend("link", here, limit=LINKS, within=HOUR):
            for user in self.users:
                letters.ask_for_link(user)
        return self.cleaned_data["email"]


class NewPasswordForm(Plain, passwords.ResetPasswordKeyForm):
    labels, hints = NEW_PASSWORD, LONG_ENOUGH


class OtherPasswordForm(Plain, passwords.ChangePasswordForm):
    """Counts each try, as `Guarded` does: whoever sits down at an open session may guess, too."""

    labels, hints = {"oldpassword": _("Current password"), **NEW_PASSWORD}, LONG_ENOUGH
    user: Any

    def clean_oldpassword(self) -> str:
        key = str(self.user.pk)
        if not tallies.spend("old password", key, limit=CODES, within=HOUR):
            raise ValidationError(TOO_MANY_PASSWORDS)
        password: str = super().clean_oldpassword()
        tallies.clear("old password", key)
        return password


class FirstPasswordForm(Plain, passwords.SetPasswordForm):
    labels, hints = NEW_PASSWORD, LONG_ENOUGH


class Guarded(Plain):
    """A code is one of a million: each try is counted before it is looked at.

    By account, which shuts nobody out: only whoever knows the password comes as far as this,
    and a passkey needs no code.
    """

    labels = {"code": _("Code")}
    missing = {"code": _("Enter the code.")}
    user: Any

    def clean_code(self) -> str:
        key = str(self.user.pk)
        if not tallies.spend("code", key, limit=CODES, within=HOUR):
            raise ValidationError(TOO_MANY_CODES)
        code = super().clean_code()  # type: ignore[misc]
        self.refuse_used(code)
        tallies.clear("code", key)
        return code

    def refuse_used(self, code: str) -> None:
        """A code of an app is good once, in whichever process it is typed."""
        factor = getattr(self, "authenticator", None)
        if factor is None or factor.type != Authenticator.Type.TOTP:
            return
        used = tallies.hashed(f"{factor.pk} {normalize_user_code(code)}")
        if not tallies.spend("used code", used, limit=1, within=timedelta(minutes=5)):
            raise get_adapter().validation_error("incorrect_code")


class CodeForm(Guarded, codes.AuthenticateForm):
    pass


class CodeAgainForm(Guarded, codes.ReauthenticateForm):
    pass


class FirstCodeForm(Guarded, ActivateTOTPForm):
    labels = {"code": _("The code that the app shows now")}

    @property
    def secret_in_fours(self) -> list[str]:
        return re.findall(".{1,4}", self.secret)


class Hardened:
    """The readers of passkeys fail in many ways at what no browser would send.

    Among them KeyError, AttributeError and cryptography's own InvalidSignature, which allauth
    lets through: to whoever sends such a thing each is the same refusal, and never a crash.
    """

    def clean_credential(self) -> Any:
        with refusing():
            return super().clean_credential()  # type: ignore[misc]


@contextmanager
def refusing() -> Iterator[None]:
    try:
        yield
    except ValidationError:
        raise
    except Exception as error:
        raise get_adapter().validation_error("incorrect_code") from error


class PasskeySignInForm(Hardened, passkeys.LoginWebAuthnForm):
    pass


class PasskeyStepForm(Hardened, passkeys.AuthenticateWebAuthnForm):
    pass


class PasskeyAgainForm(Hardened, passkeys.ReauthenticateWebAuthnForm):
    pass


class PasskeyForm(Plain, passkeys.AddWebAuthnForm):
    labels = {"name": _("Name of this passkey")}
    hints = {"name": _("So you'll recognize it. For example: my phone.")}

    def clean(self) -> dict[str, Any]:
        with refusing():
            return super().clean()
