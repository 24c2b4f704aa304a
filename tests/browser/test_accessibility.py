"""axe finds nothing, on any public page and in our own markup of the admin, in both themes."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from blog.models import ArticlePage, Topic
from booking.letters import emails
from booking.models import ConsultationRequest
from booking.services import by_visitor, decisions
from booking.times import open_times
from practice.models import PracticeSettings, User
from tests import factories
from tests.browser.conftest import enter, watched

pytestmark = pytest.mark.browser

WIDTHS = (390, 1280)
# What the theme can change; everything else is the same in both.
BRIEFLY = {"resultTypes": ["violations"], "preload": False, "iframes": False}
OF_THE_THEME = {**BRIEFLY, "runOnly": ["color-contrast", "link-in-text-block"]}
RUN = """async ([within, options]) =>
  (await axe.run(within ?? document, options)).violations"""


@pytest.fixture
def address(live_server: LiveServer, bare: None, settings: Any) -> str:
    """Where the site answers with its sample content, which uses every block."""
    settings.SITE_URL = live_server.url
    call_command("load_sample_practice", password="correct horse 7")
    call_command("load_sample_blog")
    factories.open_the_sample()
    return live_server.url


@pytest.fixture
def sample(address: str) -> ArticlePage:
    return ArticlePage.objects.live().earliest("pk")


@pytest.fixture
def therapist(address: str) -> User:
    return User.objects.get(email="therapist@example.com")


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = watched(browser.new_context(base_url=address), address)
    yield context.new_page()
    assert context.foreign == []  # type: ignore[attr-defined]
    context.close()


def faults(page: Page, within: str | None = None, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """What axe finds at each width, and at the first in the dark, each with its first element."""
    found = []
    page.evaluate(Axe().axe_script)  # once, as it is large
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if within is None and page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url}: wider than {width} px")
        themes = [("light", BRIEFLY), ("dark", OF_THE_THEME)]
        for theme, options in themes if width == widths[0] else themes[:1]:
            page.emulate_media(color_scheme=theme)
            violations = page.evaluate(RUN, [within, options])
            found += [
                f"{page.url}: {width} px, {theme}: {fault['id']}: {fault['nodes'][0]['html'][:200]}"
                for fault in violations
            ]
    return found


def press(page: Page, name: str) -> None:
    """Presses a button and waits for the page that it leads to, which axe needs whole."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def test_no_public_page_has_a_fault(page: Page, sample: ArticlePage, therapist: User) -> None:
    factories.schedule()
    consultation = by_visitor.submit(factories.unsaved_request(article=sample.page_ptr))[0]
    manage = consultation.get_absolute_url()
    found = []
    addresses = [
        "/", "/about/", "/services/", "/fees/", "/faq/", "/privacy/", "/accessibility/",
        "/articles/", f"/articles/topics/{Topic.objects.earliest('pk').slug}/",
        *(article.url for article in ArticlePage.objects.live()),
        f"/consultation/?article={sample.pk}",
        "/consultation/?who=teen", "/consultation/?elsewhere",
        "/consultation/sent/", f"/consultation/sent/?key={consultation.token}", manage,
        "/consultation/manage/gone/", "/no-such-page/",
    ]  # fmt: skip
    for address in addresses:
        page.goto(address)
        found += faults(page)
    page.goto("/consultation/")
    press(page, "Send request")
    found += faults(page)
    page.goto("/consultation/")
    press(page, "More times")
    found += faults(page)
    words = emails.Draft("About your message", "Words")
    starts = factories.open_times()[:3]
    decisions.offer(
        consultation,
        user=therapist,
        words=words,
        starts=starts,
        minutes=20,
        despite=open_times.OBJECTIONS,
    )
    page.goto(manage)
    press(page, "Confirm this time")
    found += faults(page)
    by_visitor.pick(consultation, starts[0], visitor_calls=True)
    page.goto(manage)
    found += faults(page)
    page.get_by_text("Change, cancel or delete").click()
    press(page, "Ask for another time")
    page.get_by_text("Cancel or delete").click()
    found += faults(page)
    press(page, "Delete what I sent")
    found += faults(page)
    press(page, "Delete what I sent")
    found += faults(page)
    waiting = by_visitor.submit(factories.unsaved_request())[0]
    PracticeSettings.objects.update(nobody_home_since=timezone.now())
    for address in ("/consultation/", waiting.get_absolute_url()):
        page.goto(address)
        found += faults(page)
    PracticeSettings.objects.update(nobody_home_since=None, has_taken_request=False)
    for address in ("/", "/consultation/"):  # opening soon, not open yet
        page.goto(address)
        found += faults(page)
    assert found == []


def test_our_pages_of_the_admin_have_no_fault(
    page: Page, address: str, sample: ArticlePage, therapist: User
) -> None:
    by_mail = by_visitor.submit(
        factories.unsaved_request(article=sample.page_ptr, message="Hello")
    )[0]
    by_phone = by_visitor.submit(factories.unsaved_request(email="", phone="+16265550143"))[0]
    decisions.waitlist(by_phone, user=therapist, words=emails.Draft("", "Words"))
    enter(page.context, therapist, address)
    found = []
    for path, within in (
        ("/admin/", ".requests-panel"),
        ("/admin/consultations/", "#listing-results"),
        ("/admin/consultations/", ".requests-before"),
        (f"/admin/consultations/{by_mail.pk}/", ".request"),
        (f"/admin/consultations/{by_phone.pk}/", ".request"),
        (f"/admin/consultations/{by_mail.pk}/confirm/", ".request"),
        (f"/admin/consultations/{by_mail.pk}/decline/", ".request"),
        (f"/admin/consultations/{by_mail.pk}/offer/", ".request"),
        (f"/admin/consultations/{by_mail.pk}/close/", ".request"),
        (f"/admin/consultations/{by_mail.pk}/hold/", ".request"),
        (f"/admin/consultations/{by_mail.pk}/erase/", ".request"),
        ("/admin/consultations/demand/", ".request"),
        ("/admin/mail/", ".mail-proof"),
        ("/admin/schedule/", ".schedule"),
    ):
        page.goto(path)
        page.wait_for_selector(within)
        found += faults(page, within)
    assert found == []
    assert ConsultationRequest.objects.count() == 2
