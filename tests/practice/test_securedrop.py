"""What a review of SecureDrop found in 2024, tried here."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.core.checks import Tags, run_checks
from django.test import Client

from practice.accounts import letters
from practice.models import User
from tests import factories

pytestmark = pytest.mark.django_db
FOREIGN = {"HTTP_ORIGIN": "https://evil.example", "HTTP_SEC_FETCH_SITE": "cross-site"}


def as_somebody(client: Client) -> bool:
    return SESSION_KEY in client.session


def test_enrolling_anothers_factor_by_id(visitor: Client, therapist: User, editor: User) -> None:
    """Whoever makes a factor makes it for themselves, whomever the address or the form names."""
    theirs = factories.second_factor(editor)
    names = dict.fromkeys(("user", "user_id", "uid", "id", "pk", "account"), str(editor.pk))
    page = "/account/second-factor/app/"
    me = visitor
    me.post("/account/login/", {"login": therapist.email, "password": "correct horse 7"})
    secret = me.get(page, names).context["form"].secret
    code = factories.code_for(secret)
    assert me.post(page, {"code": code, **names}).status_code == 302
    assert Authenticator.objects.get(user=therapist, type="totp") != theirs
    for address in (page, f"{page}remove/", "/account/second-factor/codes/new/"):
        me.post(address, names)
    me.post(f"/account/second-factor/passkey/{theirs.pk}/remove/", names)
    assert list(Authenticator.objects.filter(user=editor)) == [theirs]


@pytest.mark.parametrize("address", ["/account/logout/", "/admin/logout/"])
def test_logout_by_a_foreign_site(therapist: User, address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = factories.signed_in(therapist).cookies
    client.get(address)
    client.get(address, **FOREIGN)
    assert client.post(address, **FOREIGN).status_code == 403
    assert as_somebody(client)


def test_logout_by_a_foreign_site_that_leads_to_anothers_link(
    as_therapist: Client, therapist: User, editor: User
) -> None:
    """Which a colleague has by asking for one; only their own form signs anybody out."""
    link = letters.one_time_link(editor).removeprefix("http://testserver")
    form = as_therapist.get(link, follow=True, **FOREIGN).request["PATH_INFO"]
    assert as_therapist.session[SESSION_KEY] == str(therapist.pk)
    word = "a wholly other phrase"
    as_therapist.post(form, {"password1": word, "password2": word})
    assert as_therapist.session[SESSION_KEY] == str(editor.pk)


@pytest.mark.parametrize(
    "address", ["redis://localhost:6379/0", "redis://10.0.0.9:6379/0", "unix:///tmp/valkey.sock"]
)
def test_an_open_cache(settings: Any, address: str) -> None:
    """What is planted in one that is not open runs nothing either: test_shared_cache.py."""
    settings.CACHE_URL = address
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    assert "practice.E013" in {message.id for message in found}
