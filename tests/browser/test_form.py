"""The form on a phone: how far away its fields are, what comes before them, and that it fits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from blog.models import ArticlePage
from booking.samples import load_hours
from practice.models import PracticeSettings
from tests import factories
from tests.browser.conftest import watched

pytestmark = [pytest.mark.browser, pytest.mark.once]

PHONE = {"width": 390, "height": 844}
NAME, SEND = 1.1 * PHONE["height"], 2.8 * PHONE["height"]
MOST_WORDS, MOST_TABS = 110, 30
FIGURES = """() => {
  const bottom = (selector) =>
    Math.round(document.querySelector(selector).getBoundingClientRect().bottom + scrollY);
  const label = document.querySelector("label[for=id_name]");
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let words = 0;
  while (texts.nextNode() && !label.contains(texts.currentNode)) {
    const parent = texts.currentNode.parentElement;
    if (parent.closest(".hidden, .skip") || !parent.checkVisibility()) continue;
    words += texts.currentNode.data.split(/\\s+/).filter(Boolean).length;
  }
  return { name: bottom("#id_name"), send: bottom(".send"), words };
}"""
STICKS_OUT = """() => [...document.querySelectorAll("main *, header *, footer *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth && !each.closest(".hidden"))
  .map((each) => each.outerHTML.replace(/\\s+/g, " ").slice(0, 80))"""
LONG = "Wolfeschlegelsteinhausen Bergerdorff "


@dataclass(frozen=True)
class Figures:
    """Lower edges in pixels from the top of the page; words and tab stops on the way there."""

    name: int
    send: int
    words: int
    tabs: int

    def __str__(self) -> str:
        screens = [f"{edge / PHONE['height']:.2f}" for edge in (self.name, self.send)]
        return (
            f"name ends at {self.name} px ({screens[0]} screens), Send at {self.send} px "
            f"({screens[1]}), {self.words} words before the name, {self.tabs} tabs to Send"
        )


def long(letters: int) -> str:
    """So many letters, in words that are as long as somebody's name is."""
    return (LONG * 9)[:letters].strip()


@pytest.fixture
def address(live_server: LiveServer, bare: None, settings: Any) -> str:
    settings.SITE_URL = live_server.url
    call_command("load_sample_practice", password="correct horse 7")
    call_command("load_sample_blog")
    load_hours()
    factories.open_the_sample()
    return live_server.url


@pytest.fixture
def form(address: str) -> str:
    """The form as it is reached from an essay: the longest way of the short one."""
    return f"/consultation/?article={ArticlePage.objects.live().earliest('pk').pk}"


def two_regions_and_names_of(letters: int) -> None:
    """With every crisis line there is; a name is as long as its field allows, up to `letters`."""
    practice = PracticeSettings._meta
    names = {
        name: long(min(letters, practice.get_field(name).max_length))
        for name in ("practice_name", "therapist_name", "crisis_name", "violence_name")
    }
    PracticeSettings.objects.update(**names, licensed_regions=f"CA California\nXX {long(letters)}")
    ArticlePage.objects.update(title=long(letters), draft_title=long(letters))


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = watched(browser.new_context(base_url=address, viewport=PHONE), address)  # type: ignore[arg-type]
    yield context.new_page()
    assert context.foreign == []  # type: ignore[attr-defined]
    context.close()


def tabs_to_send(page: Page) -> int:
    for count in range(1, 99):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.send')"):
            return count
    raise AssertionError("Send is never reached")


def measured(page: Page, form: str) -> Figures:
    page.goto(form)
    figures = Figures(**page.evaluate(FIGURES), tabs=tabs_to_send(page))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    return figures


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def test_the_short_way_is_short(page: Page, form: str) -> None:
    figures = measured(page, form)
    print(f"The sample practice: {figures}")
    assert page.locator(".day .chip").count() >= 6, "with open times"
    assert figures.name <= NAME
    assert figures.send <= SEND
    assert figures.words <= MOST_WORDS
    assert figures.tabs <= MOST_TABS


def test_it_stays_short_with_two_regions_all_crisis_lines_and_long_names(
    page: Page, form: str
) -> None:
    for letters in (30, 200):
        two_regions_and_names_of(letters)
        figures = measured(page, form)
        print(f"Two regions, all crisis lines, names of up to {letters} letters: {figures}")
        assert figures.send <= SEND
        assert figures.words <= MOST_WORDS
        assert figures.tabs <= MOST_TABS


def test_errors_lengthen_the_way_by_less_than_half_a_screen(page: Page, form: str) -> None:
    without = measured(page, form)
    press(page, "Send request")
    figures = Figures(**page.evaluate(FIGURES), tabs=tabs_to_send(page))
    print(f"With both errors: {figures}")
    assert figures.send - without.send <= PHONE["height"] / 2
    assert figures.tabs <= MOST_TABS


def test_nothing_sticks_out_of_the_narrowest_phone(page: Page, form: str) -> None:
    two_regions_and_names_of(200)
    page.set_viewport_size({"width": 320, "height": 568})
    for way in (form, "/consultation/?who=teen", "/consultation/?elsewhere"):
        page.goto(way)
        assert page.evaluate(STICKS_OUT) == [], way
    page.goto(form)
    press(page, "Show more times")
    page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    assert page.evaluate(STICKS_OUT) == []
    press(page, "Send request")
    assert page.evaluate(STICKS_OUT) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
