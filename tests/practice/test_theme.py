"""Whatever accent the therapist picks can be read, in both themes."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from practice.models import PracticeSettings
from practice.website import initials, theme

TEXT, LARGE_OR_EDGE = 4.5, 3  # WCAG 2.2: 1.4.3 for text, 1.4.11 for edges of controls

accents = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def custom_properties(css: str) -> dict[str, dict[str, str]]:
    """The colors of both themes; the dark one begins with what the light one says."""
    light, dark = css.split("@media screen and (prefers-color-scheme", 1)
    found = [dict(re.findall(r"--([a-z-]+): ?(#[0-9a-f]{6});?", part)) for part in (light, dark)]
    return {"light": found[0], "dark": {**found[0], **found[1]}}


@pytest.fixture(scope="module")
def tokens() -> dict[str, dict[str, str]]:
    return custom_properties((theme.FOLDER / "tokens.css").read_text())


@given(accents)
@example("#ffffff")
@example("#000000")
@example("#ffff00")
@example("#7f7f7f")
def test_any_accent_can_be_read_in_both_themes(accent: str) -> None:
    for name, colors in custom_properties(theme.accents(accent)).items():
        assert theme.contrast(colors["accent"], theme.PAPER[name]) >= TEXT
        assert theme.contrast(colors["accent"], colors["tint"]) >= TEXT
        assert theme.contrast(colors["fill"], theme.PAPER["light"]) >= TEXT, "a button's words"


@given(accents)
def test_text_and_edges_can_be_seen_on_panels_of_any_tint(
    tokens: dict[str, dict[str, str]], accent: str
) -> None:
    for name, colors in custom_properties(theme.accents(accent)).items():
        for text in ("ink", "muted", "error"):
            assert theme.contrast(tokens[name][text], colors["tint"]) >= TEXT
        assert theme.contrast(tokens[name]["line"], colors["tint"]) >= LARGE_OR_EDGE


@given(accents)
def test_an_accent_that_can_be_read_stays_as_it_was_picked(accent: str) -> None:
    for name, paper in theme.PAPER.items():
        if theme.contrast(accent, paper) >= theme.WANTED[name]:
            assert theme.readable(accent, paper, theme.WANTED[name]) == accent


def test_the_tokens_and_the_theme_agree(tokens: dict[str, dict[str, str]]) -> None:
    default = PracticeSettings._meta.get_field("accent").default
    made = custom_properties(theme.accents(default))
    for name, paper in theme.PAPER.items():
        assert tokens[name]["paper"] == paper
        assert {key: tokens[name][key] for key in made[name]} == made[name]
    assert tokens["light"]["on-fill"] == theme.PAPER["light"]


def test_every_style_sheet_is_served_and_keeps_to_a_layer() -> None:
    files = {path.stem for path in Path(theme.FOLDER).glob("*.css")}
    assert files == set(theme.FILES)
    for name in theme.FILES:
        assert f"@layer {name} {{" in (theme.FOLDER / f"{name}.css").read_text()


def test_a_new_accent_has_a_new_address(practice: PracticeSettings, visitor: Client) -> None:
    before = theme.style_sheet(practice.accent).version
    practice.accent = "#1f4f4a"
    practice.save()
    link = re.search(r'href="(/theme\.css[^"]+)"', visitor.get("/").content.decode())
    assert link is not None
    assert before not in link[1]
    response = visitor.get(link[1])
    assert "--accent:#1f4f4a" in response.content.decode()
    assert "max-age=31536000" in response["Cache-Control"]
    assert response["X-Accel-Expires"] == "86400", "which nginx takes for itself"


@pytest.mark.parametrize("query", ["", "?v=12345678", "?v="])
def test_no_other_address_is_kept_for_long(
    practice: PracticeSettings, visitor: Client, query: str
) -> None:
    assert "max-age=300" in visitor.get(f"/theme.css{query}")["Cache-Control"]


def test_the_style_sheet_outlives_the_database(visitor: Client, db: None) -> None:
    with transaction.atomic():
        connection.cursor().execute("ALTER TABLE practice_practicesettings RENAME TO gone")
        response = visitor.get("/theme.css")
        transaction.set_rollback(True)
    assert response.status_code == 200
    assert PracticeSettings._meta.get_field("accent").default in response.content.decode()


def test_a_practices_own_style_comes_last(settings: Any, tmp_path: Path) -> None:
    settings.PRACTICE_DIR = tmp_path
    (tmp_path / "static").mkdir()
    (tmp_path / "static/practice.css").write_text("@layer own { body { color: #123456; } }\n")
    theme.rules.cache_clear()
    try:
        assert theme.rules().endswith("@layer own { body { color: #123456; } }\n")
    finally:
        theme.rules.cache_clear()


def test_icons_are_in_the_practices_color_and_outlive_the_database(
    practice: PracticeSettings, visitor: Client
) -> None:
    practice.accent = "#1f4f4a"
    practice.save()
    assert "#1f4f4a" in visitor.get("/icon.svg").content.decode()
    for address, kind, size in (
        ("/favicon.ico", "ICO", (32, 32)),
        ("/apple-touch-icon.png", "PNG", (180, 180)),
    ):
        picture = Image.open(BytesIO(visitor.get(address).content))
        assert (picture.format, picture.size) == (kind, size)
        assert picture.convert("RGB").getpixel((1, 1)) == (0x1F, 0x4F, 0x4A)
    with transaction.atomic():
        connection.cursor().execute("ALTER TABLE practice_practicesettings RENAME TO gone")
        assert visitor.get("/favicon.ico").status_code == 200
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Dr. Mira Brandt, LMFT", "MB"),
        ("Ana", "A"),
        ("Élodie de la Cour", "ÉC"),
        ("李 明", "李明"),
        ("Dr.", "D"),
        ("", ""),
        ("  ,LMFT", ""),
    ],
)
def test_initials_are_those_of_the_first_and_the_last_name(name: str, letters: str) -> None:
    assert initials.initials(name) == letters
    assert initials.endpaper(name).startswith("<svg")


def test_two_people_seldom_have_the_same_pattern() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    drawn = {initials.endpaper(f"{one} {other}") for one in letters for other in letters}
    assert len(drawn) > 200
