"""A real Chromium against the real pages: Debian's, else the one that Playwright fetched."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from practice.models import HomePage, PracticeSettings, User
from tests import factories
from tests.conftest import missing_part

# Playwright keeps a loop running in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ARGUMENTS = [
    "--no-sandbox",  # tests may run as root, in a container
    # Without a graphics processor it would draw with a process of its own, for a quarter more time.
    *("--disable-gpu", "--disable-software-rasterizer", "--in-process-gpu"),
    "--disable-gpu-compositing",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with contextlib.ExitStack() as at_the_end:
        try:
            playwright = at_the_end.enter_context(sync_playwright())
        except Exception:  # Playwright's own, bare
            missing_part("Playwright's driver does not start. On Debian: apt install libatomic1")
        chromium = playwright.chromium
        path = shutil.which("chromium") or chromium.executable_path
        if not Path(path).exists():
            missing_part(
                "no browser: install Debian's chromium, or run `playwright install chromium`"
            )
        instance = chromium.launch(executable_path=path, args=ARGUMENTS)
        yield instance
        instance.close()


@pytest.fixture
def address(live_server: LiveServer, committed: HomePage, settings: Any) -> str:
    """Where the published site answers."""
    settings.SITE_URL = live_server.url
    factories.practice_settings()
    return live_server.url


@pytest.fixture
def practice(address: str) -> PracticeSettings:
    return PracticeSettings.load()


@pytest.fixture
def therapist(address: str) -> User:
    from django.contrib.auth.models import Group

    return factories.user("therapist@example.com", Group.objects.get(name="Therapist"))


def watched(context: BrowserContext, address: str) -> BrowserContext:
    """A context that fails its test when a page asks another host for anything."""
    context.foreign = []  # type: ignore[attr-defined]

    def look(request: Any) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            context.foreign.append(request.url)  # type: ignore[attr-defined]

    context.on("request", look)
    return context


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Page]:
    """Somebody on a phone, whose browser runs no script."""
    context = watched(
        browser.new_context(
            base_url=address, viewport={"width": 390, "height": 844}, java_script_enabled=False
        ),
        address,
    )
    yield context.new_page()
    assert context.foreign == []  # type: ignore[attr-defined]
    assert context.cookies() == []
    context.close()


def enter(context: BrowserContext, person: User, address: str) -> None:
    """Gives the browser a session of `person`; tests/browser/test_signing_in.py signs in."""
    session = factories.signed_in(person, again=True).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": address}])


@pytest.fixture
def signed_in(browser: Browser, address: str, therapist: User) -> Iterator[Page]:
    """The therapist, in the admin."""
    context = watched(browser.new_context(base_url=address), address)
    enter(context, therapist, address)
    page = context.new_page()
    page.goto("/admin/")
    yield page
    assert context.foreign == []  # type: ignore[attr-defined]
    context.close()
