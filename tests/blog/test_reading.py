"""What can be told of an essay: its headings, and how long it takes to read."""

import json
from typing import Any

import pytest

from blog import reading
from blog.models import ArticlePage

Block = tuple[str, Any]


def body(*blocks: Block | dict[str, Any]) -> Any:
    """A body as it comes from the database."""
    raw = [
        block
        if isinstance(block, dict)
        else {"type": block[0], "value": block[1], "id": str(number)}
        for number, block in enumerate(blocks)
    ]
    return ArticlePage._meta.get_field("body").to_python(json.dumps(raw))


def heading(text: str, name: str) -> dict[str, Any]:
    return {"type": "heading", "value": text, "id": name}


HEADINGS = [
    heading("What we carry", "0a1b2c3d-0000-4000-8000-000000000001"),
    heading("What we put down", "4e5f6071-0000-4000-8000-000000000002"),
    heading("What stays", "8293a4b5-0000-4000-8000-000000000003"),
]


def test_three_headings_make_a_contents_list() -> None:
    entries = reading.contents(body(*HEADINGS))
    assert [entry.text for entry in entries] == ["What we carry", "What we put down", "What stays"]


def test_two_headings_make_none() -> None:
    assert reading.contents(body(*HEADINGS[:2])) == []
    assert reading.contents(body()) == []


def test_a_heading_keeps_its_id_when_it_is_reworded_or_moved() -> None:
    before = {entry.anchor for entry in reading.contents(body(*HEADINGS))}
    reworded = [{**item, "value": f"{item['value']}, said otherwise"} for item in HEADINGS]
    after = {entry.anchor for entry in reading.contents(body(*reversed(reworded)))}
    assert before == after


def test_two_headings_of_the_same_words_have_ids_of_their_own() -> None:
    twins = [{**item, "value": "Again"} for item in HEADINGS]
    assert len({entry.anchor for entry in reading.contents(body(*twins))}) == 3


def test_an_id_begins_with_a_letter_and_holds_no_space() -> None:
    for entry in reading.contents(body(*HEADINGS)):
        assert entry.anchor.isascii()
        assert entry.anchor[0].isalpha()
        assert " " not in entry.anchor


def words(count: int) -> Block:
    return "text", f"<p>{'word ' * count}</p>"


@pytest.mark.parametrize(
    ("count", "minutes"), [(0, 1), (1, 1), (230, 1), (340, 1), (350, 2), (1150, 5)]
)
def test_reading_takes_a_minute_for_every_230_words(count: int, minutes: int) -> None:
    assert reading.minutes(body(words(count))) == minutes


def test_every_kind_of_block_is_read() -> None:
    few = "word " * 100
    essay = body(
        ("heading", few),
        ("pull_quote", {"quote": few, "attribution": ""}),
        ("spoken_lines", {"lines": [few]}),
        ("named_patterns", {"patterns": [{"name": few, "quote": few, "explanation": few}]}),
        ("numbered_steps", {"steps": [{"title": few, "text": few, "example": few}]}),
        ("points", {"items": [few]}),
        ("personal_note", {"title": "", "text": f"<p>{few}</p>"}),
        ("call_to_action", {"heading": few, "text": "", "button": ""}),
    )
    assert reading.minutes(essay) == round(12 * 100 / reading.WORDS_A_MINUTE)


def test_neither_marks_nor_ids_count_as_words() -> None:
    """A list of single words, whose items have types and ids of their own in the database."""
    items = [{"type": "item", "value": "word", "id": str(number)} for number in range(230)]
    assert reading.minutes(body(("points", {"items": items}))) == 1
    marked = '<p><a href="/articles/" id="x">word</a> <b>word</b></p>' * 115
    assert reading.minutes(body(("text", marked))) == 1


@pytest.mark.django_db  # a page looks up its type when it is made
def test_a_body_that_is_not_saved_yet_can_be_read() -> None:
    page = ArticlePage(title="Draft", body=[("heading", "One"), words(500)])
    assert page.minutes == 2
    assert page.contents == []


# --- What is said in it --------------------------------------------------------------------

SPOKEN = ("spoken_lines", {"lines": ["I only asked.", "You never only ask."]})
PATTERNS = (
    "named_patterns",
    {"patterns": [{"name": "Quiet", "quote": "Not now.", "explanation": ""}]},
)


def test_an_essay_is_found_by_the_first_line_that_somebody_speaks() -> None:
    assert reading.spoken_line(body(PATTERNS, words(3), SPOKEN)) == "I only asked."


def test_where_nobody_speaks_it_is_found_by_what_its_first_pattern_sounds_like() -> None:
    assert reading.spoken_line(body(words(3), PATTERNS)) == "Not now."


def test_where_nothing_is_said_there_is_no_line() -> None:
    silent = ("named_patterns", {"patterns": [{"name": "Quiet", "quote": "", "explanation": ""}]})
    assert reading.spoken_line(body(words(3), silent)) == ""


@pytest.mark.django_db
def test_the_writers_own_line_comes_first() -> None:
    page = ArticlePage(title="Draft", body=[SPOKEN])
    assert page.spoken_line == "I only asked."
    page.voice_line = "I can't do this again."
    assert page.spoken_line == "I can't do this again."
