"""Signing in as people do: by passkey, by password and code, by a code from paper, and again."""

import re
import time
from collections.abc import Iterator
from io import StringIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect

from booking.services import by_visitor
from practice.accounts.sessions import SEEN, SessionStore
from practice.models import HomePage, User
from tests import factories
from tests.browser import test_accessibility as accessibility
from tests.browser.conftest import watched

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A browser whose device has a lock, such as a fingerprint, that always knows its owner."""
    context = watched(browser.new_context(base_url=address), address)
    context.add_init_script(Axe().axe_script)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield page
    assert context.foreign == []  # type: ignore[attr-defined]
    assert [line for line in said if "Content Security Policy" in line] == []
    context.close()


def faults(page: Page) -> list[str]:
    """On a phone: these pages are one column at any width."""
    return accessibility.faults(page, page.url, widths=(390,))


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=name).click()


def sleep(seconds: int) -> None:
    """Makes of every session one in which nothing was done for so long."""
    for row in Session.objects.all():
        store = SessionStore(row.session_key)
        store[SEEN] = time.time() - seconds
        store.save()


def idle() -> float:
    """For how many seconds nothing was done in the session that was used last."""
    return time.time() - max(row.get_decoded().get(SEEN, 0) for row in Session.objects.all())


def test_by_passkey_from_the_first_link_to_the_request_of_an_alert(
    page: Page, address: str
) -> None:
    consultation = by_visitor.submit(factories.unsaved_request())[0]
    said = StringIO()
    call_command("invite", "new@example.org", group="Therapist", stdout=said)
    found = []
    page.goto(said.getvalue().split()[-1])
    found += faults(page)
    press(page, "Continue with a passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("One more lock")
    found += faults(page)
    follow(page, "Make a passkey")
    found += faults(page)
    press(page, "Make it now")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    expect(page.locator(".codes li")).to_have_count(10)
    found += faults(page)
    follow(page, "I've written them down")
    expect(page).to_have_url(f"{address}/admin/")

    page.goto("/account/")
    found += faults(page)
    press(page, "Sign out")
    alerted = f"/admin/consultations/{consultation.pk}/"
    page.goto(alerted)
    found += faults(page)
    press(page, "Sign in with a passkey")
    expect(page).to_have_url(address + alerted)
    expect(page.get_by_role("heading", name="Robin", exact=True)).to_be_visible()

    page.goto("/admin/users/new/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your passkey, please")
    found += faults(page)
    press(page, "Use your passkey")
    expect(page).to_have_url(f"{address}/admin/users/new/")
    page.goto("/account/sessions/")
    expect(page.locator(".rows li")).to_have_count(1)
    found += faults(page)
    page.goto("/account/")
    follow(page, "Remove My passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "This is your only passkey, so keep it for now"
    )

    editor = f"/admin/pages/{HomePage.objects.get().pk}/edit/"
    page.clock.install()
    page.goto(editor)
    sleep(1700)
    with page.expect_response(re.compile("/admin/editing-sessions/")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert idle() >= 1700, "what an open page asks by itself does not count"
    page.clock.run_for(3000)  # Wagtail looks for changes only after a while
    with page.expect_response(address + editor):
        page.get_by_role("textbox", name="Title*").fill("Autumn")
        page.clock.run_for(3000)
    assert idle() < 60, "what it saves by itself comes of typing, and counts"

    page.goto(alerted)
    sleep(1801)
    with page.expect_navigation():  # by itself, as soon as somebody looks at it again
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    press(page, "Sign in with a passkey")
    expect(page).to_have_url(address + alerted)
    assert User.objects.get(email="new@example.org").has_usable_password() is False
    assert found == []


def test_by_password_and_app_and_by_a_code_from_paper(
    page: Page, address: str, therapist: User
) -> None:
    found = []

    def give_password() -> None:
        page.get_by_label("Email address").fill(therapist.email)
        page.get_by_label("Password", exact=True).fill("correct horse 7")
        press(page, "Sign in with a password")

    page.goto("/admin/pages/")
    page.get_by_label("Email address").fill(therapist.email)
    page.get_by_label("Password", exact=True).fill("wrong")
    press(page, "Sign in with a password")
    expect(page.locator(".error-summary")).to_be_focused()
    found += faults(page)
    give_password()
    follow(page, "Use an authenticator app")
    page.get_by_text("I can't scan the picture").click()
    found += faults(page)
    secret = page.locator(".key").inner_text()
    page.get_by_label("The code that the app shows now").fill(factories.code_for(secret))
    press(page, "Use this app")
    codes = page.locator(".codes code").all_inner_texts()
    follow(page, "I've written them down")
    expect(page).to_have_url(re.compile(f"^{address}/admin/pages/"))

    page.goto("/admin/logout/")
    found += faults(page)
    press(page, "Sign out")
    give_password()
    found += faults(page)
    page.get_by_label("Code").fill("000000")
    press(page, "Continue with the code")
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_label("Code").fill(codes[0])
    press(page, "Continue with the code")
    expect(page).to_have_url(f"{address}/admin/")

    page.goto("/account/password/change/")
    found += faults(page)
    page.get_by_label("Code").fill(codes[1])
    press(page, "Continue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Change your password")
    for path in (
        page.url,
        "/account/second-factor/codes/",
        "/account/second-factor/codes/new/",
        "/account/second-factor/app/remove/",
        "/account/",
    ):
        page.goto(path)
        found += faults(page)
    page.context.clear_cookies()
    page.goto("/account/password/forgotten/")
    found += faults(page)
    page.get_by_label("Email address").fill(therapist.email)
    press(page, "Send me a link")
    found += faults(page)
    page.goto("/account/login/")
    for _ in range(5):
        page.get_by_label("Email address").fill(therapist.email)
        page.get_by_label("Password", exact=True).fill("guess")
        press(page, "Sign in with a password")
    expect(page.get_by_role("heading", level=1)).to_have_text("Please wait half an hour")
    found += faults(page)
    assert found == []
