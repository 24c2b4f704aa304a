"""A visitor's whole way, whatever their browser lacks: essay, form, sent, own page, withdrawn."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from blog.models import ArticleIndexPage, ArticlePage, BioPage
from booking.models import ConsultationRequest, State
from tests import factories
from tests.browser.conftest import watched
from tests.browser.test_form import STICKS_OUT

pytestmark = pytest.mark.browser

Press = Callable[[Page, str], None]
PHONE = {"viewport": {"width": 390, "height": 844}}
HOW: dict[str, dict[str, Any]] = {
    "JavaScript off": {"java_script_enabled": False},
    "CSS off": {},
    "pictures off": {},
    "320 px": {"viewport": {"width": 320, "height": 568}},
    "200 % text": {},
    "forced colors": {"forced_colors": "active"},
    "keyboard alone": {},
}


def without(context: BrowserContext, kind: str) -> None:
    def look(route: Route) -> None:
        if route.request.resource_type == kind:
            route.abort()
        else:
            route.continue_()

    context.route("**/*", look)


@pytest.fixture
def essay(address: str) -> ArticlePage:
    factories.schedule()
    return factories.article(ArticleIndexPage.objects.get(), author=BioPage.objects.get())


@pytest.fixture(params=HOW)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(way: str, browser: Browser, address: str) -> Iterator[Page]:
    context = watched(browser.new_context(base_url=address, **PHONE | HOW[way]), address)
    if way in ("CSS off", "pictures off"):
        without(context, "stylesheet" if way == "CSS off" else "image")
    page = context.new_page()
    if way == "200 % text":
        sizes = {"standard": 32, "fixed": 26}
        context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": sizes})
    yield page
    assert context.foreign == []  # type: ignore[attr-defined]
    context.close()


def click(page: Page, selector: str) -> None:
    page.locator(selector).first.click(timeout=5000)


def tab_to(page: Page, selector: str) -> None:
    for _ in range(99):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard never comes to {selector}")


def tab_and_enter(page: Page, selector: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("Enter")


def type_by_hand(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.type(text)


def fill(page: Page, selector: str, text: str) -> None:
    page.locator(selector).fill(text, timeout=5000)


def test_it_can_be_gone_to_its_end(page: Page, way: str, essay: ArticlePage) -> None:
    by_hand = way == "keyboard alone"
    press, write = (tab_and_enter, type_by_hand) if by_hand else (click, fill)

    def arrive(address: str) -> None:
        page.wait_for_url(address, timeout=10_000)
        assert page.locator("h1").count() == 1
        if way != "CSS off":
            assert page.evaluate(STICKS_OUT) == [], address

    page.goto(essay.url)
    arrive("**/articles/**")
    press(page, "main a[href*='/consultation/?article=']")
    arrive("**/consultation/?article=*")
    write(page, "#id_name", "Robin")
    write(page, "#id_email", "robin@example.com")
    press(page, "details:has(#id_message) > summary")
    write(page, "#id_message", "After the summer")
    press(page, ".send")
    arrive("**/consultation/sent/**")
    press(page, "main a[href*='/consultation/manage/']")
    arrive("**/consultation/manage/**")
    cancel(page, press)
    page.wait_for_load_state()
    consultation = ConsultationRequest.objects.get()
    assert (consultation.state, consultation.message) == (State.WITHDRAWN, "After the summer")
    assert consultation.article_id == essay.pk


def cancel(page: Page, press: Press) -> None:
    """Withdraws, in a fold that is opened first where it is closed."""
    button = "button[name=act][value=withdraw]"
    if not page.locator(button).is_visible():
        press(page, f"details:has({button}) > summary")
    with page.expect_navigation(timeout=10_000):
        press(page, button)
