"""Who gets in: by what, for how long, and who does not."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from bs4 import BeautifulSoup
from django.conf import global_settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.urls import get_resolver, reverse
from django.utils import timezone

from practice import settings as live
from practice.accounts import factors, letters, purge, sessions
from practice.accounts.reauthentication import second_factor_again
from practice.models import OwedLink, Tally, User
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse 7"
SIGN_IN = "/account/login/"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_code_was_used() -> None:
    cache.clear()  # allauth notes it there, and tests show the same code to the same number


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def factor(therapist: User) -> Authenticator:
    return factories.second_factor(therapist)


def give_password(client: Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(SIGN_IN, {"login": email, "password": password, **more})


def give_code(client: Client, code: str) -> Any:
    return client.post("/account/login/code/", {"code": code})


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


# --- In, by password and code ----------------------------------------------------------------


def test_a_password_alone_does_not_reach_the_admin(
    visitor: Client, therapist: User, factor: Authenticator
) -> None:
    answer = give_password(visitor, therapist.email)
    assert answer.headers["Location"] == "/account/login/code/"
    assert not is_in(visitor)


def test_password_and_code_lead_to_where_the_letter_pointed(
    visitor: Client, therapist: User, factor: Authenticator
) -> None:
    """The therapist's alert links to a request; after signing in one is there."""
    wanted = "/admin/consultations/7/?from=letter"
    to_sign_in = visitor.get(wanted)
    assert to_sign_in.headers["Location"].startswith("/account/login/?next=/admin/consultations/7/")
    page = visitor.get(to_sign_in.headers["Location"])
    assert page.context["next"] == wanted
    give_password(visitor, therapist.email, next=wanted)
    assert give_code(visitor, factories.code_of(factor)).headers["Location"] == wanted
    assert is_in(visitor)


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)",
     "http://testserver@evil.example/", "https:evil.example"],
)  # fmt: skip
def test_next_leads_nowhere_else(
    visitor: Client, therapist: User, factor: Authenticator, elsewhere: str
) -> None:
    page = visitor.get(SIGN_IN, {"next": elsewhere})
    assert page.context["next"] is None
    give_password(visitor, therapist.email, next=elsewhere)
    answer = give_code(visitor, factories.code_of(factor))
    assert answer.headers["Location"] == "/admin/"


def test_the_passkey_is_offered_before_the_password(visitor: Client) -> None:
    page = visitor.get(SIGN_IN).content.decode()
    assert 0 < page.index("data-passkey=") < page.index('name="password"')


def test_a_code_is_good_once(therapist: User, factor: Authenticator, clock: Any) -> None:
    code = factories.code_of(factor)
    for client, gets_in in ((Client(), True), (Client(), False)):
        give_password(client, therapist.email)
        give_code(client, code)
        assert is_in(client) is gets_in


@pytest.mark.parametrize(
    ("seconds", "gets_in"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_code_is_taken_for_half_a_minute_before_and_after_its_time(
    visitor: Client, therapist: User, factor: Authenticator, clock: Any, seconds: int, gets_in: bool
) -> None:
    clock.shift(timedelta(seconds=seconds))
    code = factories.code_of(factor)
    clock.move_to(NOW)
    give_password(visitor, therapist.email)
    give_code(visitor, code)
    assert is_in(visitor) is gets_in


def test_a_recovery_code_is_good_once(therapist: User, factor: Authenticator) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    codes = RecoveryCodes.activate(therapist)
    for client, gets_in in ((Client(), True), (Client(), False)):
        give_password(client, therapist.email)
        give_code(client, codes.generate_codes()[0])
        assert is_in(client) is gets_in


def test_codes_cannot_be_guessed(visitor: Client, therapist: User, factor: Authenticator) -> None:
    """Ten an hour for whoever knows the password, from however many addresses."""
    for number in range(12):
        client = Client(REMOTE_ADDR=f"10.0.0.{number}")
        give_password(client, therapist.email)
        answer = give_code(client, "000000")
    assert "Too many codes" in answer.content.decode()
    give_password(visitor, therapist.email)
    give_code(visitor, factories.code_of(factor))
    assert not is_in(visitor)


def test_secrets_of_factors_are_encrypted_at_rest(therapist: User) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    app, codes = factories.second_factor(therapist), RecoveryCodes.activate(therapist).instance
    assert factories.SECRET not in json.dumps(app.data)
    assert app.data["secret"].startswith("gAAAA")
    assert codes.data["seed"].startswith("gAAAA")


HOSTILE = [
    "", "null", "[]", "7", '"x"', "{}", "{", '{"id": 1}', "\x00",
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": ["x"],'
    ' "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": "____",'
    ' "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": "MQ",'
    f' "clientDataJSON": "e30", "authenticatorData": "{"A" * 50}", "signature": "AA"}}}}',
]  # fmt: skip


@pytest.mark.parametrize("credential", HOSTILE)
def test_whatever_is_sent_as_a_passkey_is_answered(
    visitor: Client, factor: Authenticator, as_therapist: Client, therapist: User, credential: str
) -> None:
    sent = {"credential": credential, "name": "\x00"}
    visitor.get("/account/login/passkey/", headers={"accept": "application/json"})
    answer = visitor.post("/account/login/passkey/", sent)
    assert answer.headers["Location"] == SIGN_IN
    give_password(visitor, therapist.email)
    visitor.get("/account/login/code/")
    assert visitor.post("/account/login/code/", sent).status_code == 200
    assert not is_in(visitor)
    factories.shown(as_therapist, therapist, again=True)
    as_therapist.get("/account/second-factor/passkey/")
    assert as_therapist.post("/account/second-factor/passkey/", sent).status_code == 200
    assert factors.standing(therapist) == [factor]


@pytest.mark.parametrize(
    "rest", ["1-x/", "zzzzzzzzzzzzz-x/", "0-%00/", "1-set-password/", f"{'9' * 400}-{'x' * 400}/"]
)
def test_a_link_that_nobody_sent_is_answered(visitor: Client, home: Any, rest: str) -> None:
    answer = visitor.get(f"/account/password/link/{rest}")
    assert answer.status_code == 200
    assert "already used" in answer.content.decode()
    assert visitor.post(f"/account/password/link/{rest}", {"act": "passkey"}).status_code == 200


# --- Making a second factor ------------------------------------------------------------------


def test_without_a_second_factor_one_is_led_to_making_one(visitor: Client, therapist: User) -> None:
    give_password(visitor, therapist.email, next="/admin/consultations/")
    answer = visitor.get("/admin/consultations/")
    assert answer.headers["Location"] == "/account/second-factor/?next=%2Fadmin%2Fconsultations%2F"
    page = visitor.get(answer.headers["Location"]).content.decode()
    assert 0 < page.index(reverse("mfa_add_webauthn")) < page.index(reverse("mfa_activate_totp"))


@pytest.mark.parametrize("path", ["/admin/", "/admin/pages/", "/admin/users/", "/admin/reports/x/"])
def test_nothing_of_the_admin_is_reached_before(
    as_therapist_without_factor: Client, path: str
) -> None:
    for answer in (as_therapist_without_factor.get(path), as_therapist_without_factor.post(path)):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/account/second-factor/")


def test_an_app_is_set_up_and_the_recovery_codes_are_shown_once(
    visitor: Client, therapist: User, clock: Any
) -> None:
    give_password(visitor, therapist.email)
    visitor.get("/account/second-factor/?next=/admin/consultations/")
    page = visitor.get("/account/second-factor/app/")
    assert page.status_code == 200, page.headers
    text = page.content.decode()
    assert "<svg" in text
    assert "data:image" not in text
    assert "<?xml" not in text
    secret = page.context["form"].secret
    [link] = re.findall(r'href="(otpauth://[^"]+)"', text)
    assert parse_qs(urlsplit(unescape(link)).query)["secret"] == [secret], "for the same phone"
    [key] = re.findall(r'<code class="key">(.*?)</code>', text)
    assert re.sub("<[^>]*>", "", key) == secret, "copied, it has no gaps"
    assert set(map(len, re.findall(r"<span>(\w+)</span>", key))) == {4}
    code = factories.code_for(secret)
    answer = visitor.post("/account/second-factor/app/", {"code": code})
    assert answer.headers["Location"] == "/account/second-factor/codes/"
    codes = visitor.get(answer.headers["Location"])
    assert len(re.findall(r"<code>\d{8}</code>", codes.content.decode())) == 10
    assert codes.context["going_to"] == "/admin/consultations/"
    later = visitor.get("/account/second-factor/codes/").content.decode()
    assert not re.findall(r"<code>\d", later)
    assert is_in(visitor)
    assert not EmailAddress.objects.exists(), "a second record of addresses would go stale"


def test_a_session_from_before_the_enrolment_has_to_show_the_factor(
    as_therapist_without_factor: Client, therapist: User, factor: Authenticator
) -> None:
    answer = as_therapist_without_factor.get("/admin/")
    assert answer.headers["Location"] == "/account/again/code/?next=%2Fadmin%2F"
    as_therapist_without_factor.post(
        "/account/again/code/", {"code": factories.code_of(factor), "next": "/admin/"}
    )
    assert is_in(as_therapist_without_factor)


def test_a_passkey_signs_by_what_its_device_knows_but_never_by_sha_1(
    as_therapist_again: Client,
) -> None:
    """Numbers of https://www.iana.org/assignments/cose: ES256, EdDSA and RS256; RS1."""
    page = as_therapist_again.get("/account/second-factor/passkey/").content.decode()
    offered = {int(number) for number in re.findall(r'"alg": (-?\d+)', unescape(page))}
    assert offered >= {-7, -8, -257}
    assert -65535 not in offered


def test_the_last_factor_stays(as_therapist_again: Client, therapist: User) -> None:
    remove = "/account/second-factor/app/remove/"
    assert as_therapist_again.post(remove).status_code == 200
    passkey = Authenticator.objects.create(
        user=therapist, type=Authenticator.Type.WEBAUTHN, data={"name": "Laptop"}
    )
    as_therapist_again.post(remove)
    assert factors.standing(therapist) == [passkey]
    answer = as_therapist_again.post(f"/account/second-factor/passkey/{passkey.pk}/remove/")
    assert answer.status_code == 403
    assert factors.standing(therapist) == [passkey]


def test_one_cannot_remove_the_passkey_of_another(as_therapist_again: Client, editor: User) -> None:
    theirs = Authenticator.objects.create(
        user=editor, type=Authenticator.Type.WEBAUTHN, data={"name": "Theirs"}
    )
    answer = as_therapist_again.post(f"/account/second-factor/passkey/{theirs.pk}/remove/")
    assert answer.status_code == 404


def test_under_debug_alone_a_password_is_enough(
    visitor: Client, therapist: User, settings: Any, clock: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    give_password(visitor, therapist.email)
    assert is_in(visitor)
    clock.shift(timedelta(minutes=11))
    asked = visitor.get("/admin/users/")
    assert asked.headers["Location"] == "/account/again/password/?next=%2Fadmin%2Fusers%2F"
    answer = visitor.post(asked.headers["Location"], {"password": PASSWORD})
    assert answer.headers["Location"] == "/admin/users/"
    assert visitor.get("/admin/users/").status_code == 200


def test_the_waiver_does_not_open_an_account_that_has_a_factor(
    visitor: Client, therapist: User, factor: Authenticator, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    give_password(visitor, therapist.email)
    assert not is_in(visitor)


# --- Wagtail's own ways in -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/admin/login/", "/account/login/?next=/admin/"),
        ("/admin/login/?next=/admin/pages/", "/account/login/?next=/admin/pages/"),
        ("/_util/login/", "/account/login/?next=/admin/"),
        ("/admin/password_reset/", "/account/password/forgotten/"),
        ("/admin/password_reset/confirm/MQ/x-y/", "/account/password/forgotten/"),
        ("/admin/password_reset/complete/", "/account/password/forgotten/"),
    ],
)
def test_wagtails_own_ways_in_lead_to_ours(
    visitor: Client, therapist: User, path: str, leads_to: str
) -> None:
    typed = {"username": therapist.email, "password": PASSWORD}
    for answer in (visitor.get(path), visitor.post(path, typed)):
        assert answer.status_code == 302
        assert answer.headers["Location"] == leads_to
    assert "_auth_user_id" not in visitor.session


def test_nothing_but_these_addresses_signs_in() -> None:
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert not {n for n in names if "signup" in n or "social" in n or n == "account_email"}


def test_wagtails_pages_set_no_password_and_no_address(as_therapist_again: Client) -> None:
    account = as_therapist_again.get("/admin/account/").content.decode()
    assert "/account/" in account
    assert 'type="password"' not in account
    assert "name_email-email" not in account
    assert 'type="password"' not in as_therapist_again.get("/admin/users/new/").content.decode()


def test_the_name_of_a_session_is_random_and_longer_than_128_bits(
    as_therapist: Client, as_editor: Client
) -> None:
    names = {client.session.session_key for client in (as_therapist, as_editor)}
    assert len(names) == 2
    assert all(re.fullmatch("[a-z0-9]{32}", name) for name in names)
    assert 36**32 > 2**128


def test_signing_out_ends_the_session(as_therapist: Client) -> None:
    assert as_therapist.get("/admin/logout/").status_code == 200
    answer = as_therapist.post("/admin/logout/")
    assert answer.headers["Location"] == SIGN_IN
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not Session.objects.exists()


# --- Links -----------------------------------------------------------------------------------


def said_by(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def path_of(link: str, settings: Any) -> str:
    assert link.startswith(settings.SITE_URL)
    return link.removeprefix(settings.SITE_URL).strip()


def choose_password(client: Client, link: str, password: str = "a wholly other phrase") -> Any:
    page = client.get(link, follow=True)
    return client.post(page.request["PATH_INFO"], {"password1": password, "password2": password})


def test_the_first_account_is_made_by_a_link_that_works_once(
    home: object, visitor: Client, settings: Any
) -> None:
    said = said_by("invite", "New@Example.org", "--group", "Therapist")
    user = User.objects.get()
    assert (user.email, user.has_usable_password()) == ("new@example.org", False)
    assert [group.name for group in user.groups.all()] == ["Therapist"]
    link = path_of(said.splitlines()[-1], settings)
    choose_password(visitor, link)
    assert visitor.get("/admin/").headers["Location"].startswith("/account/second-factor/")
    again = Client().get(link, follow=True)
    assert "already used" in again.content.decode()


def test_by_the_link_one_goes_on_without_a_password(
    home: object, visitor: Client, settings: Any
) -> None:
    link = path_of(said_by("invite", "n@example.org", "--superuser").splitlines()[-1], settings)
    page = visitor.get(link, follow=True)
    visitor.post(page.request["PATH_INFO"], {"act": "passkey"})
    assert visitor.get("/account/second-factor/passkey/").status_code == 200
    assert visitor.get("/admin/").headers["Location"].startswith("/account/second-factor/")
    assert "already used" in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize("chooses", ["a password", "a passkey"])
def test_of_many_browsers_that_take_a_link_at_once_one_gets_in(
    therapist: User, settings: Any, monkeypatch: pytest.MonkeyPatch, chooses: str
) -> None:
    """Each next one takes it when the one before has just been told that it is good."""
    link = path_of(letters.one_time_link(therapist), settings)
    browsers = [Client() for _ in range(6)]
    [form] = {browser.get(link, follow=True).request["PATH_INFO"] for browser in browsers}
    check, waiting = PasswordResetTokenGenerator.check_token, list(enumerate(browsers))

    def take() -> None:
        number, browser = waiting.pop()
        word = f"a wholly other phrase {number}"
        fields = {"act": "passkey"} if chooses == "a passkey" else {}
        browser.post(form, fields or {"password1": word, "password2": word})

    def checked(tokens: PasswordResetTokenGenerator, user: User, token: str) -> bool:
        is_good = check(tokens, user, token)
        if is_good and waiting:
            take()
        return is_good

    monkeypatch.setattr(PasswordResetTokenGenerator, "check_token", checked)
    take()
    assert not waiting
    assert sum(SESSION_KEY in browser.session for browser in browsers) == 1


def test_a_password_that_is_refused_does_not_use_up_the_link(
    visitor: Client, therapist: User, settings: Any
) -> None:
    link = path_of(letters.one_time_link(therapist), settings)
    assert "too short" in choose_password(visitor, link, "short").content.decode()
    assert choose_password(visitor, link).status_code == 302


def test_a_link_is_dead_after_a_day(
    home: object, visitor: Client, settings: Any, clock: Any
) -> None:
    link = path_of(said_by("invite", "n@example.org", "--superuser").splitlines()[-1], settings)
    clock.shift(timedelta(hours=24, seconds=1))
    assert "already used" in visitor.get(link, follow=True).content.decode()


def test_a_link_is_no_way_round_the_second_factor(
    visitor: Client, therapist: User, factor: Authenticator, settings: Any
) -> None:
    link = path_of(letters.one_time_link(therapist), settings)
    page = visitor.get(link, follow=True)
    assert "passkey" not in page.content.decode().split("<main")[1]
    visitor.post(page.request["PATH_INFO"], {"act": "passkey"})
    assert not is_in(visitor)
    answer = choose_password(visitor, link)
    assert answer.headers["Location"] == "/account/login/code/"
    assert not is_in(visitor)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nonsense", "--superuser"], "isn't an email address"),
        (["n@example.org"], "Say what they may do"),
        (["n@example.org", "--group", "Nobody"], "no group"),
        (["therapist@example.com", "--superuser"], "already has an account"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused(
    therapist: User, arguments: list[str], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        said_by("invite", *arguments)
    assert User.objects.count() == 1


def test_somebody_new_in_the_admin_gets_a_link_by_mail(as_therapist_again: Client) -> None:
    editors = Group.objects.get(name="Editor")
    new = {"email": "new@example.org", "first_name": "N", "last_name": "P", "groups": [editors.pk]}
    assert as_therapist_again.post("/admin/users/new/", new).status_code == 302
    assert not User.objects.get(email="new@example.org").has_usable_password()
    assert letters.send_due() == 1
    assert mail.outbox[0].to == ["new@example.org"]
    assert "/account/password/link/" in mail.outbox[0].body


def test_a_stranger_learns_nothing_about_who_has_an_account(
    therapist: User, visitor: Client
) -> None:
    ask = "/account/password/forgotten/"
    known, unknown = (
        visitor.post(ask, {"email": email}, follow=True)
        for email in (therapist.email.upper(), "nobody@example.org")
    )
    assert known.redirect_chain == unknown.redirect_chain
    assert known.content == unknown.content
    assert mail.outbox == [], "the worker sends, so that no answer takes longer"
    assert letters.send_due() == 1
    wrong = [
        re.sub(r'value="[^"]*"', "", give_password(visitor, email, "x").content.decode())
        for email in (therapist.email, "nobody@example.org")
    ]
    assert wrong[0] == wrong[1]


def test_the_letter_leads_to_this_site_whatever_the_host_header(
    therapist: User, visitor: Client, settings: Any
) -> None:
    settings.SITE_URL = "https://practice.example.org"
    ask = {"email": therapist.email}
    visitor.post("/account/password/forgotten/", ask, headers={"host": "localhost"})
    letters.send_due()
    assert "https://practice.example.org/account/password/link/" in mail.outbox[0].body
    assert "localhost" not in mail.outbox[0].body


def test_one_letter_in_five_minutes_whoever_asks(
    therapist: User, visitor: Client, clock: Any
) -> None:
    for _ in range(3):
        visitor.post("/account/password/forgotten/", {"email": therapist.email})
        letters.send_due()
    assert len(mail.outbox) == 1
    clock.shift(timedelta(minutes=6))
    visitor.post("/account/password/forgotten/", {"email": therapist.email})
    letters.send_due()
    assert len(mail.outbox) == 2


def test_ten_links_in_an_hour_from_one_address(visitor: Client, home: Any, clock: Any) -> None:
    people = [factories.user(f"{number}@example.org").email for number in range(12)]
    for person in people[:11]:
        visitor.post("/account/password/forgotten/", {"email": person})
    assert letters.send_due() == 10
    Client(REMOTE_ADDR="192.0.2.9").post("/account/password/forgotten/", {"email": people[11]})
    clock.shift(timedelta(minutes=61))
    visitor.post("/account/password/forgotten/", {"email": people[10]})
    assert letters.send_due() == 2


def test_a_link_that_is_asked_for_while_an_old_one_is_looked_at_still_comes(
    therapist: User,
) -> None:
    OwedLink.objects.create(user=therapist, asked_at=timezone.now() - timedelta(hours=25))
    sender = letters.Links()
    old = sender.claim(timezone.now())
    assert old is not None
    letters.ask_for_link(therapist)
    assert not sender.deliver(old)
    assert letters.send_due() == 1


def test_a_sender_that_is_set_with_a_name_still_sends_links(therapist: User, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Office <office@practice.example>"
    letters.ask_for_link(therapist)
    assert letters.send_due() == 1
    assert mail.outbox[0].from_email.endswith(" <office@practice.example>")
    assert mail.outbox[0].from_email.count("<") == 1


def test_a_letter_that_could_not_leave_is_owed(therapist: User, settings: Any) -> None:
    letters.ask_for_link(therapist)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert letters.send_due() == 0
    assert OwedLink.objects.get().sent_at is None


def test_a_lost_second_factor_is_reset_and_every_session_ends(
    as_therapist: Client, as_editor: Client, therapist: User
) -> None:
    assert "Removed 1" in said_by("reset_second_factor", therapist.email)
    assert not is_in(as_therapist)
    assert is_in(as_editor)
    assert not factors.is_enrolled(therapist)
    with pytest.raises(CommandError, match="has no account"):
        said_by("reset_second_factor", "nobody@example.org")


def test_an_empty_form_says_what_is_missing(visitor: Client, home: Any) -> None:
    said = visitor.post("/account/login/").content.decode()
    assert "Enter your email address." in said
    assert "Enter your password." in said
    assert "This field is required" not in said


# --- Asking again ----------------------------------------------------------------------------

SENSITIVE = [
    "/admin/users/",
    "/admin/users/new/",
    "/admin/groups/",
    "/admin/bulk/practice/user/delete/?id=1",
    "/account/password/change/",
    "/account/sessions/",
    "/account/second-factor/codes/",
    "/account/second-factor/codes/new/",
    "/account/second-factor/app/remove/",
    "/account/second-factor/passkey/1/remove/",
]


@pytest.mark.parametrize("path", SENSITIVE)
def test_a_sensitive_act_asks_for_the_factor_again_and_comes_back(
    clock: Any, as_therapist: Client, path: str
) -> None:
    """The fixture's sign-in does not count, however fresh."""
    assert as_therapist.post(path).status_code == 302
    asked = as_therapist.get(path)
    assert asked.headers["Location"].startswith("/account/again/code/?next=")
    page = as_therapist.get(asked.headers["Location"])
    back = page.context["redirect_field_value"]
    assert back == path
    factor = Authenticator.objects.get()
    answer = as_therapist.post(
        "/account/again/code/", {"code": factories.code_of(factor), "next": back}
    )
    assert answer.headers["Location"] == path
    reached = as_therapist.get(path)
    assert not reached.headers.get("Location", "").startswith("/account/again/")
    clock.shift(timedelta(minutes=11))
    assert as_therapist.get(path).headers["Location"].startswith("/account/again/code/")


def test_the_password_does_not_stand_for_the_factor(as_therapist: Client) -> None:
    answer = as_therapist.get("/account/again/password/?next=/admin/users/")
    assert answer.headers["Location"].startswith("/account/again/code/")
    as_therapist.post("/account/again/password/", {"password": PASSWORD})
    assert as_therapist.get("/admin/users/").status_code == 302


def test_what_was_posted_is_kept_nowhere_here_while_it_is_asked_again(
    as_therapist: Client,
) -> None:
    answer = as_therapist.post("/admin/users/new/", {"email": "kept@example.org"})
    assert answer.status_code == 403
    assert "/account/again/code/?next=" in answer.content.decode()
    kept = [answer.content, *(session.get_decoded() for session in Session.objects.all())]
    assert "kept@example.org" not in str(kept)


def test_whoever_is_asked_again_at_a_button_comes_back_to_its_page(as_therapist: Client) -> None:
    page = "http://testserver/admin/consultations/7/?tab=notes"
    answer = as_therapist.post("/admin/users/new/", headers={"referer": page})
    assert answer.headers["Location"] == (
        "/account/again/code/?next=%2Fadmin%2Fconsultations%2F7%2F%3Ftab%3Dnotes"
    )


def test_a_session_has_another_key_once_the_factor_was_shown_again(
    clock: Any, therapist: User, factor: Authenticator
) -> None:
    client = signed_in_for_real(therapist, factor, clock, "x")
    before = client.session.session_key
    client.post("/account/again/code/", {"code": factories.code_of(factor)})
    assert client.get("/account/sessions/").status_code == 200
    [row] = Session.objects.all()
    assert before != row.session_key == UserSession.objects.get().session_key


def test_an_account_that_was_shut_finds_no_session_when_it_is_opened_again(
    as_therapist: Client, as_editor: Client, therapist: User
) -> None:
    for therapist.is_active in (False, True):
        therapist.save()
    assert not is_in(as_therapist)
    assert is_in(as_editor)


def shut_by_the_bulk_bar(by: Client, user: User) -> None:
    bar = f"/admin/bulk/practice/user/set_active_state/?id={user.pk}"
    by.post(bar, {"mark_as_active": "False"})


def change_entry(by: Client, user: User, **fields: Any) -> None:
    entry = {"email": user.email, "first_name": "E", "last_name": "D", "is_active": "on"}
    entry |= {"groups": [group.pk for group in user.groups.all()]} | fields
    answer = by.post(f"/admin/users/edit/{user.pk}/", entry)
    assert answer.status_code == 302, answer.context["form"].errors


def choose_another_password(by: Client, user: User) -> None:
    choose_password(Client(), letters.one_time_link(user).removeprefix("http://testserver"))


WAYS_TO_BE_SHUT_OUT = {
    "shut by the bulk bar": shut_by_the_bulk_bar,
    "shut in their entry": lambda by, user: change_entry(by, user, is_active=""),
    "shut by code": lambda by, user: User.objects.filter(pk=user.pk).update(is_active=False),
    "a lost group": lambda by, user: change_entry(by, user, groups=[]),
    "a lost group of many": lambda by, user: user.groups.get().user_set.clear(),
    "a group that lost them": lambda by, user: user.groups.get().user_set.remove(user),
    "a deleted group": lambda by, user: user.groups.get().delete(),
    "a password by a link": choose_another_password,
    "a password by command": lambda by, user: set_password(user),
    "a reset factor": lambda by, user: factors.reset(user),
    "a deleted account": lambda by, user: by.post(f"/admin/users/delete/{user.pk}/"),
    "deleted by the bulk bar": lambda by, user: by.post(
        f"/admin/bulk/practice/user/delete/?id={user.pk}"
    ),
}


def set_password(user: User) -> None:
    fresh = User.objects.get(pk=user.pk)
    fresh.set_password("a wholly other phrase")  # as `manage.py changepassword` does
    fresh.save()


@pytest.mark.parametrize("way", WAYS_TO_BE_SHUT_OUT)
def test_whoever_is_shut_out_or_loses_a_group_has_no_session_left(
    as_editor: Client, editor: User, as_therapist_again: Client, way: str
) -> None:
    """Also once the account is open again, and in the group it was in."""
    groups = list(editor.groups.all())
    assert is_in(as_editor)
    WAYS_TO_BE_SHUT_OUT[way](as_therapist_again, editor)
    kept = Group.objects.filter(pk__in=[group.pk for group in groups])
    User.objects.filter(pk=editor.pk).update(is_active=True)
    for found in User.objects.filter(pk=editor.pk):
        found.groups.add(*kept)
    assert not as_editor.get("/account/").wsgi_request.user.is_authenticated
    assert is_in(as_therapist_again)


def test_a_view_of_anybodys_can_ask_again(therapist: User) -> None:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpResponse

    view = second_factor_again(lambda request: HttpResponse("done"))
    request = RequestFactory().get("/export/")
    request.user = AnonymousUser()
    assert view(request).headers["Location"] == "/account/login/?next=%2Fexport%2F"


def test_the_password_until_now_cannot_be_guessed_in_an_open_session(
    as_therapist_again: Client, therapist: User
) -> None:
    fresh = {"password1": "a wholly other phrase", "password2": "a wholly other phrase"}
    for guess in [f"guess {number}" for number in range(10)] + [PASSWORD]:
        answer = as_therapist_again.post(
            "/account/password/change/", {"oldpassword": guess, **fresh}
        )
    assert "Too many passwords" in answer.content.decode()
    therapist.refresh_from_db()
    assert therapist.check_password(PASSWORD)


def test_a_changed_password_ends_the_other_sessions(
    as_therapist: Client, as_therapist_again: Client, therapist: User
) -> None:
    fresh = "a wholly other phrase"
    answer = as_therapist_again.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh},
    )
    assert answer.headers["Location"] == "/account/"
    assert is_in(as_therapist_again)
    assert not is_in(as_therapist)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("not my password", "a wholly other phrase"),
        (PASSWORD, "short"),
        (PASSWORD, "iloveyou1"),
        (PASSWORD, "therapist@example"),
    ],
    ids=["wrong old one", "short", "known to all", "like one's address"],
)
def test_a_password_that_is_easy_to_come_by_is_refused(
    as_therapist_again: Client, therapist: User, old: str, new: str
) -> None:
    typed = {"oldpassword": old, "password1": new, "password2": new}
    answer = as_therapist_again.post("/account/password/change/", typed)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    therapist.refresh_from_db()
    assert therapist.check_password(PASSWORD)


@pytest.mark.parametrize("new", ["  spaces at both ends  ", "9310577218843", "Ünïcødé Words"])
def test_a_password_is_taken_as_it_was_typed(
    as_therapist_again: Client, therapist: User, new: str
) -> None:
    typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    as_therapist_again.post("/account/password/change/", typed)
    therapist.refresh_from_db()
    assert therapist.check_password(new)


def test_a_live_site_hashes_passwords_as_django_does_by_itself() -> None:
    """Those of the tests are hashed in a hurry."""
    assert not hasattr(live, "PASSWORD_HASHERS")
    assert global_settings.PASSWORD_HASHERS[0].endswith("hashers.PBKDF2PasswordHasher")


def test_forms_hide_passwords_name_them_to_managers_and_ask_for_no_hint(
    visitor: Client, as_therapist_again: Client, therapist: User, settings: Any
) -> None:
    link = path_of(letters.one_time_link(therapist), settings)
    current, new = {"current-password"}, {"new-password"}
    for client, path, fields in (
        (visitor, SIGN_IN, {"login": {"email"}, "password": current}),
        (visitor, link, {"password1": new, "password2": new}),
        (
            as_therapist_again,
            "/account/password/change/",
            {"oldpassword": current, "password1": new, "password2": new},
        ),
    ):
        page = BeautifulSoup(client.get(path, follow=True).content, "html.parser")
        inputs = page.select("main input:not([type=hidden])")
        assert {each["name"]: {each["autocomplete"]} for each in inputs} == fields
        hidden = {each["name"] for each in inputs if each["type"] == "password"}
        assert hidden == {name for name in fields if "password" in name}


# --- Sessions --------------------------------------------------------------------------------


@pytest.fixture
def at_work(clock: Any, as_therapist: Client) -> Client:
    assert is_in(as_therapist)
    return as_therapist


def test_a_session_ends_after_half_an_hour_of_nothing(at_work: Client, clock: Any) -> None:
    clock.shift(timedelta(minutes=29))
    assert is_in(at_work)
    clock.shift(timedelta(minutes=29))
    assert is_in(at_work)
    clock.shift(timedelta(minutes=31))
    answer = at_work.get("/admin/pages/")
    assert answer.headers["Location"] == "/account/login/?next=/admin/pages/"


def test_what_an_open_page_asks_by_itself_does_not_count(at_work: Client, clock: Any) -> None:
    ping = reverse("wagtailadmin_editing_sessions:ping", args=["blog", "articlepage", "1", 1])
    for _ in range(7):
        clock.shift(timedelta(minutes=5))
        at_work.post(ping, headers={"x-requested-with": "XMLHttpRequest"})
        at_work.get("/admin/sprite/")
        alive = at_work.get("/account/alive/").status_code
    assert alive == 403
    assert not is_in(at_work)


def test_saving_by_itself_counts(at_work: Client, clock: Any, article: Any) -> None:
    """Autosave comes only from typing."""
    for _ in range(4):
        clock.shift(timedelta(minutes=20))
        data = {"body-count": 0, "comments-TOTAL_FORMS": 0, "comments-INITIAL_FORMS": 0}
        assert at_work.post(f"/admin/pages/{article.pk}/edit/", data).status_code == 200
    assert is_in(at_work)


def test_whoever_types_for_longer_than_that_stays_signed_in(at_work: Client, clock: Any) -> None:
    for _ in range(4):
        clock.shift(timedelta(minutes=15))
        assert at_work.get("/account/alive/?typed").status_code == 204


def test_a_session_ends_after_twelve_hours_of_work(at_work: Client, clock: Any) -> None:
    for _ in range(12 * 3):
        assert is_in(at_work)
        clock.shift(timedelta(minutes=20))
    assert not is_in(at_work)


def test_activity_is_written_once_a_minute_at_most(
    at_work: Client, clock: Any, django_assert_num_queries: Any
) -> None:
    ends = Session.objects.get().expire_date
    clock.shift(timedelta(seconds=50))
    is_in(at_work)
    assert Session.objects.get().expire_date == ends
    clock.shift(timedelta(seconds=20))
    is_in(at_work)
    assert Session.objects.get().expire_date == ends + timedelta(seconds=70)


def test_other_changes_of_a_session_do_not_put_off_its_end(at_work: Client, clock: Any) -> None:
    ends = Session.objects.get().expire_date
    clock.shift(timedelta(minutes=10))
    store = sessions.SessionStore(Session.objects.get().session_key)
    store["something"] = 1
    store.save()
    assert Session.objects.get().expire_date == ends


def signed_in_for_real(therapist: User, factor: Authenticator, clock: Any, agent: str) -> Client:
    client = Client(headers={"user-agent": agent})
    give_password(client, therapist.email)
    give_code(client, factories.code_of(factor))
    assert is_in(client)
    clock.shift(timedelta(seconds=90))  # a code is good once
    return client


def test_one_sees_ones_sessions_and_ends_one_or_all_others(
    therapist: User, factor: Authenticator, clock: Any
) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
    one, two, three, here = (signed_in_for_real(therapist, factor, clock, agent) for _ in "1234")
    factories.shown(here, therapist, again=True)
    page = here.get("/account/sessions/").content.decode()
    assert page.count("Firefox on Windows") == 4
    assert "Gecko" not in str(UserSession.objects.values())
    oldest = UserSession.objects.earliest("pk")
    here.post("/account/sessions/", {"session": oldest.pk})
    assert [is_in(client) for client in (one, two, three, here)] == [False, True, True, True]
    here.post("/account/sessions/")
    assert [is_in(client) for client in (two, three, here)] == [False, False, True]
    assert Session.objects.filter(session_key=here.session.session_key).exists()
    assert UserSession.objects.count() == 1


def test_one_cannot_end_the_session_of_another(
    clock: Any, as_therapist_again: Client, editor: User
) -> None:
    theirs = signed_in_for_real(editor, factories.second_factor(editor), clock, "x")
    ends = UserSession.objects.get()
    for given in (str(ends.pk), "x", "9" * 30, "-1"):
        as_therapist_again.post("/account/sessions/", {"session": given})
    assert is_in(theirs)


def test_what_is_over_is_forgotten(at_work: Client, therapist: User, clock: Any) -> None:
    give_password(Client(), therapist.email, "wrong")
    give_password(Client(), "nobody@example.org", "wrong")
    letters.ask_for_link(therapist)
    Tally.objects.create(action="code", key="1", since=NOW)
    UserSession.objects.create(user=therapist, ip="127.0.0.1", session_key="gone", user_agent="")
    purge.forget_old()
    assert OwedLink.objects.exists()
    assert Tally.objects.exists()
    assert Session.objects.exists()
    assert not UserSession.objects.filter(session_key="gone").exists()
    clock.shift(timedelta(days=1, seconds=1))
    said_by("run_job", "forget_old_sessions")
    from axes.models import AccessAttempt

    for model in (Session, UserSession, AccessAttempt, Tally, OwedLink):
        assert not model.objects.exists(), model


# --- Readers ---------------------------------------------------------------------------------


def test_a_reader_gets_no_cookie_and_no_session(visitor: Client, home: Any) -> None:
    answer = visitor.get("/")
    assert answer.status_code == 200
    assert not visitor.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not Session.objects.exists()
