"""How the pages that people read are laid out, on a phone and on a desk."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from practice.models import PracticeSettings, SiteImage
from tests.browser.test_accessibility import address, sample  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.once]

# What is left of 844 px between the bars of a phone's browser.
PHONE = {"width": 390, "height": 664}
SHIFTS = """() => new Promise(resolve => new PerformanceObserver(list => resolve(
  list.getEntries().reduce((sum, entry) => sum + entry.value, 0))).observe(
  {type: 'layout-shift', buffered: true}) || setTimeout(() => resolve(0), 500))"""


@pytest.fixture
def phone(browser: Browser, address: str) -> Any:  # noqa: F811
    page = browser.new_page(base_url=address, viewport=PHONE)
    yield page
    page.context.close()


def ends_at(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box
    return float(box["y"] + box["height"])


@pytest.mark.parametrize("has_portrait", [False, True])
def test_who_for_whom_where_the_fee_and_one_button_stand_in_the_first_screen_of_a_phone(
    phone: Page, has_portrait: bool
) -> None:
    if has_portrait:
        PracticeSettings.objects.update(portrait=SiteImage.objects.get())
    phone.goto("/")
    parts = (".plate", "h1", ".label p", ".front .said", ".glance li:last-child", ".front .button")
    ends = {part: ends_at(phone, part) for part in parts}
    print(ends)
    assert max(ends.values()) <= PHONE["height"]
    buttons = phone.locator("main .button, header .button").all()
    boxes = [button.bounding_box() or {"y": 0} for button in buttons]
    assert len([box for box in boxes if box["y"] < PHONE["height"]]) == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_while_an_essay_loads(phone: Page, sample: Any, width: int) -> None:  # noqa: F811
    phone.set_viewport_size({"width": width, "height": 800})
    for address in ("/", sample.url):  # noqa: F402
        phone.goto(address)
        assert phone.evaluate(SHIFTS) == 0


def test_the_contents_are_folded_on_a_phone_and_stand_in_the_margin_of_a_desk(
    phone: Page,
    sample: Any,  # noqa: F811
) -> None:
    phone.goto(sample.url)
    link = phone.locator(".contents a").first
    assert not link.is_visible()
    phone.locator(".contents summary").click()
    assert link.is_visible()
    phone.set_viewport_size({"width": 1280, "height": 800})
    phone.goto(sample.url)
    assert link.is_visible()
    contents, text = (phone.locator(part).bounding_box() for part in (".contents", ".prose"))
    assert contents
    assert text
    assert contents["x"] + contents["width"] < text["x"]


def test_a_heading_stands_beside_what_it_is_about_on_a_desk(phone: Page) -> None:
    phone.set_viewport_size({"width": 1280, "height": 800})
    phone.goto("/services/")
    heading = phone.get_by_role("heading", name="For couples").bounding_box()
    text = phone.locator(".spread section .prose").first.bounding_box()
    assert heading
    assert text
    assert heading["x"] + heading["width"] < text["x"]
    assert abs(heading["y"] - text["y"]) < 20


def test_on_paper_an_essay_has_no_menu_no_button_and_no_pattern(
    phone: Page,
    sample: Any,  # noqa: F811
) -> None:
    for address in (sample.url, "/"):  # noqa: F402
        phone.goto(address)
        phone.emulate_media(media="print")
        for part in ("header nav", ".button", ".weave", ".contents", ".after", ".skip"):
            for each in phone.locator(part).all():
                assert not each.is_visible(), part
        assert phone.locator("h1").is_visible()
