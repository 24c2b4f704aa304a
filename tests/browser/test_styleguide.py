"""The look of each component stays as styleguide.txt keeps it, unless somebody means to change it.

`make styleguide` writes the file anew. A line is an element of `/styleguide/`: where it stands
within its section and how large it is, at each width; its words, ground and edge in each theme.
"""

import difflib
import os
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from playwright.sync_api import Browser, Page

from practice import urls
from practice.website import styleguide
from tests import factories
from tests.browser import portrait
from tests.browser.gallery import Gallery
from tests.conftest import missing_part
from tests.pages import Shown

pytestmark = [pytest.mark.browser, pytest.mark.looks]
KEPT = Path(__file__).with_name("styleguide.txt")
FONTS = ("P052-Roman", "P052-Italic", "DejaVuSans", "DejaVuSans-Bold")
WIDTHS = (390, 1280)
# One face for each voice, from Debian's packages, whatever else is on this machine.
FACES = """
  :root { --read: P052; --said: P052; --done: "DejaVu Sans"; }
  * { text-rendering: geometricPrecision !important; }
"""
# Colors only where they are not those of what the element stands in. What stands within a line is
# as wide as its words, so of its box only the height is kept.
MEASURE = """() => {
  const clear = "rgba(0, 0, 0, 0)", SIDES = ["Left", "Top", "Bottom"];
  const lines = [];
  for (const section of document.querySelectorAll("main > section")) {
    const from = section.getBoundingClientRect();
    for (const element of [section, ...section.querySelectorAll(":not(svg *)")]) {
      const [style, above] = [element, element.parentElement].map((each) => getComputedStyle(each));
      const box = element.getBoundingClientRect();
      if (["inline", "contents"].includes(style.display) || !box.height) continue;
      const size = [style.display.startsWith("inline") ? "" : box.width, box.height];
      const side = SIDES.find((each) => parseFloat(style[`border${each}Width`]));
      lines.push({
        name: [section.id, element.localName, ...element.classList].join(" "),
        place: [box.x - from.x, box.y - from.y].map(Math.round).join(",") + " " +
          size.map((each) => each === "" ? each : Math.round(each)).join("x"),
        colors: [
          ["words", style.color === above.color ? clear : style.color],
          ["ground", style.backgroundColor],
          ["edge", side ? style[`border${side}Color`] : clear],
        ].filter((each) => each[1] !== clear),
      });
    }
  }
  return lines;
}"""


@pytest.fixture
def guide(browser: Browser, bare: None, settings: Any) -> Iterator[Page]:
    """The styleguide of a practice with a portrait."""
    there = {file.stem for file in Path("/usr/share/fonts").rglob("*.[ot]t[fc]")}
    there |= {file.stem for file in Path("/usr/share/fonts").rglob("*.t1")}
    if missing := [name for name in FONTS if name not in there]:
        missing_part(f"no {missing[0]}. On Debian: apt install fonts-urw-base35 fonts-dejavu-core")
    factories.practice_settings()
    portrait.hang()
    page = styleguide.show(RequestFactory().get("/styleguide/"))
    context = browser.new_context(reduced_motion="reduce")
    gallery = Gallery(context)
    gallery.show(Shown("styleguide", "/styleguide/", 200, page.content.decode()))
    gallery.page.add_style_tag(content=FACES)
    yield gallery.page
    context.close()


def measured(page: Page) -> str:
    """What is kept of the page as it looks now."""
    narrow, wide = (seen(page, width, "light") for width in WIDTHS)
    dark = seen(page, WIDTHS[0], "dark")
    lines = [
        f"{one['name']}: {one['place']} | {two['place']}{told(one['colors'], three['colors'])}"
        for one, two, three in zip(narrow, wide, dark, strict=True)
    ]
    return "\n".join(lines) + "\n"


def seen(page: Page, width: int, theme: Any) -> list[dict[str, Any]]:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    found: list[dict[str, Any]] = page.evaluate(MEASURE)
    return found


def told(light: list[list[str]], dark: list[list[str]]) -> str:
    """Each color of an element in the light and in the dark."""
    at_night = dict(dark)  # type: ignore[arg-type]
    return "".join(
        f"; {what} {in_short(color)} {in_short(at_night.get(what, ''))}" for what, color in light
    )


def in_short(color: str) -> str:
    """A color of the browser's as "#rrggbb"; anything else as it is."""
    if parts := re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", color):
        return "#" + "".join(f"{int(part):02x}" for part in parts.groups())
    return color


def test_each_component_looks_as_it_is_kept(guide: Page) -> None:
    now = measured(guide)
    if os.environ.get("WRITE_STYLEGUIDE"):
        KEPT.write_text(now)
    changed = list(difflib.unified_diff(KEPT.read_text().splitlines(), now.splitlines(), n=0))
    assert not changed, "run `make styleguide` if this is meant:\n" + "\n".join(changed[:60])


def test_the_styleguide_is_there_under_debug_alone(settings: Any) -> None:
    def addresses() -> set[str]:
        return {str(each.pattern) for each in runpy.run_path(urls.__file__)["urlpatterns"]}

    assert "styleguide/" not in addresses()
    settings.DEBUG = True
    assert "styleguide/" in addresses()
