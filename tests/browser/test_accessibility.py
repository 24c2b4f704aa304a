"""axe finds nothing: on any page in any state, and in our own markup of the admin."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from blog.models import ArticlePage
from booking.letters import emails
from booking.models import ConsultationRequest, Referral
from booking.services import by_visitor, decisions
from practice.models import User
from tests import factories, pages
from tests.browser.conftest import enter, watched
from tests.browser.gallery import ACCENTS, Gallery

pytestmark = [pytest.mark.browser, pytest.mark.looks]

WIDTHS = (390, 1280)
# What the theme can change; everything else is the same in both.
BRIEFLY = {"resultTypes": ["violations"], "preload": False, "iframes": False}
OF_THE_THEME = {**BRIEFLY, "runOnly": ["color-contrast", "link-in-text-block"]}
OF_THE_ADMIN = [(390, "light", BRIEFLY), (390, "dark", OF_THE_THEME), (1280, "light", BRIEFLY)]
UNFOLD = """document.querySelectorAll("details").forEach((each) => { each.open = true; })"""
RUN = """async ([within, options]) =>
  (await axe.run(within ?? document, options)).violations"""


@pytest.fixture
def address(live_server: LiveServer, bare: None, settings: Any) -> str:
    """Where the site answers with its sample content, which uses every block."""
    settings.SITE_URL = live_server.url
    pages.load_sample()
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


def found_by_axe(page: Page, where: str, options: Any, within: str | None = None) -> list[str]:
    """What axe finds, each fault with its first element. axe has to be in the page."""
    return [
        f"{where}: {fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in page.evaluate(RUN, [within, options])
    ]


def faults(page: Page, name: str, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """Of a page at each width, in the light."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{name}: wider than {width} px")
        found += found_by_axe(page, f"{name}, {width} px", BRIEFLY)
    return found


def faults_of_colors(gallery: Gallery, name: str) -> list[str]:
    """Of a page in each accent, theme and width."""
    found = []
    for accent, theme, width in product(ACCENTS, ("light", "dark"), WIDTHS):
        gallery.wear(accent)
        gallery.page.emulate_media(color_scheme=theme)
        gallery.page.set_viewport_size({"width": width, "height": 900})
        where = f"{name}, {width} px, {theme}, {accent}"
        found += found_by_axe(gallery.page, where, OF_THE_THEME)
    gallery.page.emulate_media(color_scheme="light")
    return found


@pytest.mark.usefixtures("address")
def test_no_page_has_a_fault_in_any_state_theme_or_accent(browser: Browser) -> None:
    shown = pages.everything()
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(Axe().axe_script)
    gallery = Gallery(context)
    found = []
    for page in shown:
        gallery.show(page).evaluate(UNFOLD)
        found += faults(gallery.page, page.name)
        if page in pages.one_of_each(shown):
            found += faults_of_colors(gallery, page.name)
    context.close()
    assert gallery.foreign == []
    assert not found, "\n".join(found)


def test_our_pages_of_the_admin_have_no_fault(
    page: Page, address: str, sample: ArticlePage, therapist: User
) -> None:
    by_mail = by_visitor.submit(
        factories.unsaved_request(article=sample.page_ptr, message="Hello")
    )[0]
    by_phone = by_visitor.submit(factories.unsaved_request(email="", phone="+16265550143"))[0]
    decisions.waitlist(by_phone, user=therapist, words=emails.Draft("", "Words"))
    Referral.objects.create(name="Maya", reach="(415) 555-0100")
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
        page.evaluate(Axe().axe_script)
        for width, theme, options in OF_THE_ADMIN:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            found += found_by_axe(page, f"{path}, {width} px, {theme}", options, within)
    assert not found, "\n".join(found)
    assert ConsultationRequest.objects.count() == 2
