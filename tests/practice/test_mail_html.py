"""A letter's plain text as HTML: what becomes a paragraph, a list, a link or the button."""

import re

import pytest

from practice.mail import html
from practice.mail.html import BUTTON, LIST, TEXT

SITE = "https://practice.example"
PRIVATE = f"{SITE}/consultation/manage/17-{'x' * 80}/"
BUTTONS = {f"{SITE}/consultation/manage/": "View or change your request", f"{SITE}/": "Open"}


def kinds(text: str) -> list[tuple[str, str]]:
    """Each block with its lines."""
    return [(block.kind, " | ".join(block.lines)) for block in html.blocks(text, BUTTONS)]


def test_blank_lines_part_paragraphs_and_a_line_stays_a_line() -> None:
    assert kinds("Hi Maya,\n\n\nOne.\nTwo.\n   \nThree.\n") == [
        (TEXT, "Hi Maya,"),
        (TEXT, "One. | Two."),
        (TEXT, "Three."),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_a_line_counts_once(end: str) -> None:
    text = end.join(["One.", "", "- a", "- b", "", PRIVATE])
    assert [block.kind for block in html.blocks(text, BUTTONS)] == [TEXT, LIST, BUTTON]


def test_lines_with_a_dash_are_a_list_also_right_below_a_line() -> None:
    assert kinds("I'll ask you:\n- what brings you\n- what you hope for\nThat's all.") == [
        (TEXT, "I&#x27;ll ask you:"),
        (LIST, "what brings you | what you hope for"),
        (TEXT, "That&#x27;s all."),
    ]


def test_the_first_line_that_is_a_known_link_is_the_button() -> None:
    first, second = html.blocks(f"You can move it here:\n  {PRIVATE}  ", BUTTONS)
    assert (first.kind, second.kind) == (TEXT, BUTTON)
    assert (second.address, second.lines) == (PRIVATE, ["View or change your request"])


def test_a_second_one_is_a_link_with_the_same_words() -> None:
    text = f"{PRIVATE}\n\nHere too:\n{SITE}/admin/"
    first, _, again = html.blocks(text, BUTTONS)
    assert first.kind == BUTTON
    assert again.kind == TEXT
    assert f'href="{SITE}/admin/"' in again.lines[0]
    assert again.lines[0].endswith(">Open</a>")


def test_a_link_alone() -> None:
    [block] = html.blocks(PRIVATE, BUTTONS)
    assert block.kind == BUTTON


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("We'll meet by video: https://www.video.example/room?id=1.", "video.example"),
        ("(see https://video.example/a_(b))", "video.example"),
        ("https://video.example/room", "video.example"),
        ("Chat at https://988lifeline.org/chat/, or call 911.", "988lifeline.org"),
        ("https://practice.example@elsewhere.example/", "elsewhere.example"),
        ("https://" + "a" * 70 + ".example/", "a" * 59 + "…"),
        ("Write to me@practice.example", "me@practice.example"),
        (f"Your page: {PRIVATE}", "practice.example"),
    ],
)
def test_a_link_in_a_sentence_shows_where_it_leads(line: str, shown: str) -> None:
    [block] = html.blocks(line, BUTTONS)
    assert block.kind == TEXT
    assert f">{shown}</a>" in block.lines[0]
    assert "/room<" not in block.lines[0]


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "</p></td></table><img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "data:text/html,<b>x",
        'https://x.example/"onmouseover="alert(1)',
        "https://x.example/<b>",
        "- <b>bold</b>",
        f'{SITE}/"><script>alert(1)</script>',
        f"{SITE}/'><b>",
        "\u202e<b>\u2028<i>\x0b<u>",
    ],
)
def test_nothing_that_is_typed_is_markup(hostile: str) -> None:
    for block in html.blocks(f"One.\n{hostile}\n\n{hostile}", BUTTONS):
        for line in block.lines:
            rest = line
            while "<a " in rest:
                before, _, after = rest.partition("<a ")
                tag, _, rest = after.partition(">")
                assert tag.count('"') == 6, tag  # class, style and href, and nothing else
                assert not tag.partition("href=")[2].startswith(('"javascript', '"data'))
                rest = before + rest.replace("</a>", "", 1)
            assert "<" not in rest
            assert ">" not in rest


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("I'll call you from (415) 555-0100.", ["(415) 555-0100"]),
        ("Call +1 415 555 0100, please.", ["+1 415 555 0100"]),
        (
            "We're set for Wednesday, December 2 at 10:00 AM Pacific Time, 20 minutes by phone.",
            ["December 2", "10:00 AM"],
        ),
        ("Call or text 988. You stay on it for up to 365 days.", []),
        ("https://video.example/10:00 or https://video.example/415-555-0100-1", []),
    ],
)
def test_no_line_parts_a_number_an_hour_or_a_day(line: str, whole: list[str]) -> None:
    [block] = html.blocks(line, BUTTONS)
    assert re.findall(r'<span style="white-space:nowrap">(.*?)</span>', block.lines[0]) == whole


def test_other_scripts_stay_as_they_are() -> None:
    assert kinds("Привіт, Олено\n- 你好 🌱") == [(TEXT, "Привіт, Олено"), (LIST, "你好 🌱")]


def test_who_signed_is_known_by_the_name() -> None:
    names = ("The Therapist", "QHC")
    body = "Hi Maya,\r\n\r\nSoon.\r\n\r\nThe Therapist\r\n+1 415 555 0100\r\n"
    assert html.signed(body, names) == ("Hi Maya,\n\nSoon.", ["The Therapist", "+1 415 555 0100"])
    assert html.signed("Hi Maya,\n\nSoon.\n\nYours, T.", names)[1] == []
    assert html.signed("", ("", "QHC")) == ("", [])
