"""Pictures of every page, for people to look at: `make screenshots`, as ARGS="-k form" in part.

Each page in each state, at both widths and in both themes; the first of each kind also in the other
accents, and without a portrait. Then sheets of 24. They go into data/screenshots/, as do twelve
letters to visitors (ARGS="-k letters"), and those of the documents into docs/images/
(ARGS="-k documents").
"""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import time_machine
from PIL import Image
from playwright.sync_api import Browser

from practice.models import User
from practice.samples import SIGN_IN
from tests import letters, pages
from tests.browser import portrait
from tests.browser.desk import admin_pages
from tests.browser.gallery import ACCENTS, Gallery

PROJECT = Path(__file__).resolve().parent.parent.parent
FOLDER, DOCUMENTS = PROJECT / "data" / "screenshots", PROJECT / "docs" / "images"
# What the documents show: a page, perhaps from a heading on, and in which window.
SHOWN_THERE = {
    "home": ("home", 1280, 800),
    "article": ("essay: a-gate-is-not-a-wall", 1280, 900),
    "first-page": ("admin: first page", 1100, 720),
    "settings": ("admin: settings", 1100, 720),
    "schedule": ("admin: schedule#weekly-hours", 1280, 760),
    "request": ("admin: request", 1100, 1100),
    "reply": ("admin: reply", 1100, 720),
}
DAY = datetime(2026, 12, 1, 18, tzinfo=UTC)  # so that a picture differs by its look alone
WIDTHS = {390: 844, 1280: 900}
THEMES = ("light", "dark")
# Of a sheet: how many beside one another and below, and how large each is; the rest is cut off.
TILES = {390: (12, 2, 190, 1100), 640: (6, 2, 380, 560), 1280: (6, 4, 380, 550)}
LETTERS = (
    *("received", "received, with a time", "confirm", "offer", "picked", "move", "keep"),
    *("reminder_two_days", "reminder_one_day", "waitlist", "decline", "cancel"),
)


@pytest.fixture
def gallery(browser: Browser) -> Iterator[Gallery]:
    context = browser.new_context(reduced_motion="reduce")
    yield Gallery(context)
    context.close()


@pytest.mark.usefixtures("bare")
def test_pictures(gallery: Gallery, request: pytest.FixtureRequest) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    pages.load_sample()
    kinds = pages.one_of_each(pages.everything())
    take(gallery, kinds, ACCENTS, "initials")
    portrait.hang()
    shown = pages.everything()
    take(gallery, shown, ACCENTS[:1], "portrait")
    take(gallery, pages.one_of_each(shown), ACCENTS[1:], "portrait")
    for folder in sorted(FOLDER.iterdir()):
        lay_out(folder)


@pytest.mark.usefixtures("bare")
def test_pictures_of_the_documents(gallery: Gallery) -> None:
    with time_machine.travel(DAY, tick=False):
        pages.load_sample()
        portrait.hang()
        shown = {page.name: page for page in [*admin_pages(), *pages.everything()]}
    for name, (page, width, height) in SHOWN_THERE.items():
        page, _, heading = page.partition("#")
        gallery.show(shown[page])
        gallery.page.set_viewport_size({"width": width, "height": height})
        gallery.page.evaluate("id => document.getElementById(id)?.scrollIntoView()", heading)
        picture = gallery.page.screenshot()
        with Image.open(BytesIO(picture)) as large:
            large.quantize(64).save(DOCUMENTS / f"{name}.png", optimize=True)


@pytest.mark.usefixtures("bare")
def test_pictures_of_letters(gallery: Gallery) -> None:
    for old in FOLDER.glob("letters-*"):
        shutil.rmtree(old)
    with time_machine.travel(DAY, tick=False):
        pages.load_sample()
        built = letters.to_visitors(User.objects.get(email=SIGN_IN))
    for number, name in enumerate(LETTERS):
        [html] = [str(each.content) for each in built[name].alternatives if "html" in each.mimetype]
        gallery.show(pages.Shown(name, "/", 200, html))
        for theme, width in product(THEMES, (390, 640)):
            gallery.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            gallery.page.set_viewport_size({"width": width, "height": 400})
            folder = FOLDER / f"letters-{theme}-{width}"
            gallery.page.screenshot(path=folder / f"{number:02}-{name}.png", full_page=True)
    assert gallery.foreign == []
    for folder in sorted(FOLDER.glob("letters-*")):
        lay_out(folder)


def take(
    gallery: Gallery, shown: list[pages.Shown], accents: tuple[str, ...], variant: str
) -> None:
    """A folder for each accent, width and theme; in it a picture of each page."""
    for number, page in enumerate(shown):
        gallery.show(page)
        for accent, theme, (width, height) in product(accents, THEMES, WIDTHS.items()):
            gallery.wear(accent)
            gallery.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            gallery.page.set_viewport_size({"width": width, "height": height})
            folder = FOLDER / f"{variant}-{accent[1:]}-{theme}-{width}"
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{number:02}-{re.sub(r'[^a-z0-9]+', '-', page.name)}.jpg"
            # As it comes to rest: the way out takes its time to change its place.
            gallery.page.screenshot(
                path=file, full_page=True, type="jpeg", quality=80, animations="disabled"
            )


def lay_out(folder: Path) -> None:
    """Sheets of the folder's pictures, beside it."""
    columns, rows, width, height = TILES[int(folder.name.rpartition("-")[2])]
    files = sorted(folder.iterdir())
    for start in range(0, len(files), columns * rows):
        sheet = Image.new("RGB", (columns * (width + 8), rows * (height + 8)), "#888")
        for place, file in enumerate(files[start : start + columns * rows]):
            down, across = divmod(place, columns)
            sheet.paste(tile(file, width, height), (across * (width + 8), down * (height + 8)))
        sheet.save(FOLDER / f"sheet-{folder.name}-{start // (columns * rows) + 1}.png")


def tile(file: Path, width: int, height: int) -> Image.Image:
    with Image.open(file) as picture:
        small: Any = picture.resize((width, picture.height * width // picture.width))
    return small.crop((0, 0, width, min(height, small.height)))
