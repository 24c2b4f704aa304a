"""Every address of signing in, named one by one: what is not here does not exist."""

from allauth.account import views as account
from allauth.mfa.base import views as codes
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from django.contrib.auth.decorators import login_required
from django.urls import path, re_path

from practice.accounts import views
from practice.accounts.reauthentication import View, second_factor_again


def guarded(view: View) -> View:
    """Only for who signed in, and showed the second factor again of late."""
    return login_required(second_factor_again(view))


urlpatterns = [
    path("", views.Security.as_view(), name="mfa_index"),
    path("login/", views.SignIn.as_view(), name="account_login"),
    path("login/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("login/code/", views.SecondStep.as_view(), name="mfa_authenticate"),
    path("logout/", views.sign_out, name="account_logout"),
    path("alive/", views.alive, name="account_alive"),
    path("closed/", account.account_inactive, name="account_inactive"),
    path("password/forgotten/", account.password_reset, name="account_reset_password"),
    path("password/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/link/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.OneTimeLink.as_view(),
        name="account_reset_password_from_key",
    ),
    path("password/change/", guarded(account.password_change), name="account_change_password"),
    path("password/set/", guarded(account.password_set), name="account_set_password"),
    path("again/password/", login_required(account.reauthenticate), name="account_reauthenticate"),
    path("again/code/", codes.reauthenticate, name="mfa_reauthenticate"),
    path("again/passkey/", views.PasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"),
    path("second-factor/", views.enrol, name="account_enrol"),
    path(
        "second-factor/passkey/",
        login_required(views.AddPasskey.as_view()),
        name="mfa_add_webauthn",
    ),
    path("second-factor/app/", login_required(views.AddApp.as_view()), name="mfa_activate_totp"),
    path("second-factor/app/remove/", guarded(app.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "second-factor/passkey/<int:pk>/remove/",
        guarded(views.RemovePasskey.as_view()),
        name="mfa_remove_webauthn",
    ),
    path(
        "second-factor/codes/",
        guarded(views.RecoveryCodes.as_view()),
        name="mfa_view_recovery_codes",
    ),
    path(
        "second-factor/codes/new/",
        guarded(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("sessions/", guarded(views.Sessions.as_view()), name="usersessions_list"),
]

# Wagtail's own ways in, which ask for a password alone or let it be guessed. They stand before
# its urls.
wagtails_own = [
    path("_util/authenticate_with_password/<int:restriction>/<int:page>/", views.page_password),
    path("documents/authenticate_with_password/<int:restriction>/", views.document_password),
    path("admin/login/", views.to_sign_in, name="admin_sign_in"),
    path("admin/logout/", views.sign_out, name="admin_sign_out"),
    re_path(r"^admin/password_reset/", views.to_forgotten_password),
    path("_util/login/", views.to_sign_in),
]
