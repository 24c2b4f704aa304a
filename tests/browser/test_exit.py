"""The way out: the page is gone at once, Back does not lead to it, and nothing typed is left."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, FloatRect, Page, Route, expect

from booking.models import Proposal, State
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.once]

WEATHER = "https://www.weather.gov/"
FORM = "/consultation/"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}

Opens = Callable[..., Page]


@pytest.fixture
def opens(browser: Browser, address: str) -> Iterator[Opens]:
    """Opens a browser in which another page was seen before, and in which it is always sunny."""
    contexts = []

    def sunny(route: Route) -> None:
        route.fulfill(content_type="text/html", body="<title>Weather</title><h1>Sunny</h1>")

    def opened(**options: Any) -> Page:
        context = browser.new_context(base_url=address, **({"viewport": PHONE} | options))
        contexts.append(context)
        context.route(f"{WEATHER}**", sunny)
        page = context.new_page()
        page.goto("/articles/")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def own_page(address: str) -> str:
    """One with a field in it: times were offered, and it asks for a number."""
    consultation = factories.consultation_request(state=State.PROPOSED)
    start = timezone.now() + timedelta(days=3)
    Proposal.objects.create(
        request=consultation, starts_at=start, ends_at=start + timedelta(minutes=20)
    )
    return consultation.get_absolute_url()


def typed_into(page: Page, path: str) -> Page:
    page.goto(path)
    field(page).fill("He must not see this.")
    return page


def field(page: Page) -> Any:
    return page.locator("main input[type=text]:visible, main input[type=tel]:visible").first


def is_sunny(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Sunny")


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("path", [FORM, "/consultation/sent/", "/consultation/manage/1-a.b/"])
def test_it_is_the_first_stop_of_the_keyboard(opens: Opens, path: str, scripts: bool) -> None:
    page = opens(java_script_enabled=scripts)
    page.goto(path)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Leave this page")).to_be_focused()
    page.keyboard.press("Enter")
    is_sunny(page)


@pytest.mark.parametrize("which", ["form", "own"])
def test_with_a_script_back_leads_past_the_page_that_was_left(
    opens: Opens, own_page: str, which: str
) -> None:
    page = typed_into(opens(), FORM if which == "form" else own_page)
    page.get_by_role("link", name="Leave this page").click()
    is_sunny(page)
    page.go_back()
    expect(page).to_have_url("/articles/")


@pytest.mark.parametrize("which", ["form", "own"])
def test_without_a_script_back_shows_empty_fields(opens: Opens, own_page: str, which: str) -> None:
    page = typed_into(opens(java_script_enabled=False), FORM if which == "form" else own_page)
    page.get_by_role("link", name="Leave this page").click()
    is_sunny(page)
    page.go_back()
    expect(field(page)).to_have_value("")


def test_the_page_is_blank_before_the_network_is_asked(opens: Opens) -> None:
    page = typed_into(opens(), FORM)
    left = page.evaluate(
        """() => {
            const kept = [...document.querySelectorAll("input[type=text]")];
            document.querySelector("a.exit").click();
            const typed = kept.map((field) => field.value).join("");
            const root = document.documentElement;
            return [document.body.children.length, document.title, typed, root.hidden];
        }"""
    )
    assert left == [0, "", "", True]
    is_sunny(page)


def test_a_page_that_the_browser_kept_comes_back_empty(opens: Opens) -> None:
    page = typed_into(opens(), FORM)
    page.get_by_label("Phone", exact=True).fill("626 555 0143")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(field(page)).to_have_value("")
    expect(page.get_by_label("Phone", exact=True)).to_have_value("")


# --- Shift -------------------------------------------------------------------------------------


def press_shift(page: Page, times: int) -> None:
    for _ in range(times):
        page.keyboard.press("Shift")


def test_shift_alone_three_times_leaves_from_within_a_field_too(opens: Opens) -> None:
    page = typed_into(opens(), FORM)
    press_shift(page, 2)
    expect(page).to_have_url(FORM)
    press_shift(page, 1)
    is_sunny(page)
    page.go_back()
    expect(page).to_have_url("/articles/")


@pytest.mark.parametrize(
    ("options", "is_told"), [({}, True), ({"java_script_enabled": False}, False)]
)
def test_the_keys_are_told_only_where_they_work(
    opens: Opens, options: dict[str, Any], is_told: bool
) -> None:
    page = opens(viewport=DESK, **options)
    page.goto(f"/consultation/sent/?key={factories.consultation_request().token}")
    expect(page.get_by_text("press Shift three times")).to_be_visible(visible=is_told)


def test_capitals_never_leave(opens: Opens) -> None:
    page = opens()
    page.goto(FORM)
    field(page).focus()
    for letter in "ABC":
        page.keyboard.press(f"Shift+{letter}")
    expect(field(page)).to_have_value("ABC")
    for letter in "ABC":  # and none between presses that were let go too soon
        press_shift(page, 1)
        page.keyboard.press(f"Shift+{letter}")
        press_shift(page, 1)
    expect(field(page)).to_have_value("ABCABC")
    expect(page).to_have_url(FORM)


@pytest.mark.parametrize("other", ["Shift+Tab", "Shift+ArrowLeft", "Control+Shift", "Alt+Shift"])
def test_shift_with_another_key_is_something_else(opens: Opens, other: str) -> None:
    page = typed_into(opens(), FORM)
    for _ in range(4):
        page.keyboard.press(other)
    expect(page).to_have_url(FORM)
    expect(page.locator("h1")).to_be_visible()


def test_shift_with_a_click_is_something_else(opens: Opens) -> None:
    page = typed_into(opens(), FORM)
    for _ in range(4):
        page.locator("h1").click(modifiers=["Shift"])
    expect(page.locator("h1")).to_be_visible()


def test_a_key_that_is_held_counts_once_and_three_slow_presses_do_not_count(opens: Opens) -> None:
    page = opens()
    page.clock.install()
    page.goto(FORM)
    for _ in range(5):  # as a key that is held repeats itself
        page.keyboard.down("Shift")
    page.keyboard.up("Shift")
    press_shift(page, 1)
    page.clock.fast_forward(5100)
    press_shift(page, 2)
    expect(page.locator("h1")).to_be_visible()
    press_shift(page, 1)
    is_sunny(page)


# --- Where it is, and what it costs ------------------------------------------------------------


def place(page: Page) -> FloatRect:
    box = page.get_by_role("link", name="Leave this page").bounding_box()
    assert box
    return box


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("forced", ["none", "active"])
def test_on_a_phone_it_is_under_the_thumb_and_not_over_what_is_typed(
    opens: Opens, scheme: str, forced: str
) -> None:
    page = opens(color_scheme=scheme, forced_colors=forced)
    page.goto(FORM)
    box = place(page)
    assert box["height"] >= 44
    assert box["y"] > PHONE["height"] * 2 / 3
    assert box["x"] + box["width"] <= PHONE["width"]
    link = page.get_by_role("link", name="Leave this page")
    assert link.evaluate("each => getComputedStyle(each).borderTopStyle") == "solid"
    page.get_by_label("Phone", exact=True).focus()
    assert place(page)["y"] < PHONE["height"] / 6
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    last = page.locator("footer a").last.bounding_box()
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(500)
    assert last
    assert last["y"] + last["height"] <= place(page)["y"], "it hides nothing at the page's end"


def test_on_a_desk_it_stands_in_a_head_under_which_the_page_goes(opens: Opens) -> None:
    page = opens(viewport=DESK)
    page.goto(FORM)
    page.evaluate("scrollTo(0, 700)")
    box, head = place(page), page.locator("header").bounding_box()
    assert head
    assert head["y"] <= box["y"]
    assert box["y"] + box["height"] <= head["y"] + head["height"]
    assert box["x"] > DESK["width"] / 2
    seen = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('header') !== null",
        [box["x"] - 20, box["y"] + 20],
    )
    assert seen, "the head is not see-through"


def test_it_costs_one_small_script_and_only_where_it_is(opens: Opens) -> None:
    page = opens()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/consultation/sent/")
    assert [url for url in asked if url.endswith(".js")] == [
        page.url.replace("/consultation/sent/", "/static/practice/exit.js")
    ]
    asked.clear()
    page.goto("/")
    assert not [url for url in asked if url.endswith(".js")]
    script = page.request.get("/static/practice/exit.js")
    assert len(script.body()) < 2500
