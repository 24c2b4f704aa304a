"""Reading articles from plain text: no database, no Django."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from blog.importers.account import LostLine, account
from blog.importers.draft import SUMMARY_LENGTH, ArticleDraft, first_sentences, plain
from blog.importers.plaintext import UnknownTitle, read_articles
from tests.blog.expected_drafts import DOCUMENTS, OURS, Outline, of_the_therapist

PROJECT = Path(__file__).resolve().parent.parent.parent
NAMES = [*OURS, "seed"]


def outline(text: str, *titles: str) -> list[Outline]:
    return [
        (draft.kind, draft.title, draft.credential, draft.body)
        for draft in read_articles(text, titles=titles)
    ]


def titles_in(text: str, *titles: str) -> list[str]:
    return [draft.title for draft in read_articles(text, titles=titles)]


def own(name: str) -> str:
    return (DOCUMENTS / f"{name}.txt").read_text(encoding="utf-8")


@pytest.fixture(params=NAMES)
def document(request: pytest.FixtureRequest) -> str:
    """Each of the documents: the therapist's, and ours of other shapes."""
    if request.param == "seed":
        return request.getfixturevalue("seed_document").read_text(encoding="utf-8")
    return own(request.param)


@pytest.fixture
def expected(document: str) -> list[Outline]:
    for name, outlines in OURS.items():
        if document == own(name):
            return outlines
    return of_the_therapist(document)


def test_every_article_and_bio_is_found_with_exactly_its_blocks(
    document: str, expected: list[Outline]
) -> None:
    found = outline(document)
    assert [part[:3] for part in found] == [part[:3] for part in expected]
    for draft, wanted in zip(found, expected, strict=True):
        assert draft[3] == wanted[3]


def test_the_same_document_with_other_line_ends_reads_the_same(
    document: str, expected: list[Outline]
) -> None:
    for line_end in ("\r\n", "\r", "\u2028"):
        assert outline("\ufeff" + document.replace("\n", line_end)) == expected


def test_every_guess_names_its_line_and_says_why(document: str) -> None:
    drafts = read_articles(document)
    lines = document.split("\n")
    for draft in drafts:
        assert draft.guesses or "# " in document
        for guess in draft.guesses:
            assert lines[guess.line - 1].strip()
            assert guess.what
            assert guess.why
        assert [g.line for g in draft.guesses] == sorted({g.line for g in draft.guesses})


def test_a_summary_is_short_and_made_of_the_essays_first_words(document: str) -> None:
    for draft in read_articles(document):
        assert len(draft.summary) <= SUMMARY_LENGTH
        assert not draft.summary.endswith(":")
        assert draft.summary.split(".")[0] in " ".join(document.split())


@pytest.mark.parametrize(
    ("html", "summary"),
    [
        ("<p>There is one thing I know: rest is not laziness.</p>", None),
        ("<p>It says: “Stay.” So he stays, and she goes.</p>", None),
        ("<p>I keep a list of what helps: tea, a walk, and a friend.</p><p>More.</p>", None),
        ("<p>One sentence stands here. Here is what helps:</p><p>Next.</p>", "One sentence stands "
         "here. Next."),
        ("<p>Here is what helps:</p>", ""),
    ],
)  # fmt: skip
def test_only_a_colon_that_ends_a_paragraph_leads_to_what_stands_below(
    html: str, summary: str | None
) -> None:
    assert first_sentences(html) == (plain(html) if summary is None else summary)


def test_a_missing_line_a_missing_word_and_an_added_one_are_noticed(document: str) -> None:
    drafts = read_articles(document)
    account(document, drafts)
    for number, draft in enumerate(drafts):
        for block in range(len(draft.body)):
            fewer = replace(draft, body=draft.body[:block] + draft.body[block + 1 :])
            with pytest.raises(LostLine):
                account(document, [*drafts[:number], fewer, *drafts[number + 1 :]])
            double = replace(draft, body=[*draft.body[: block + 1], *draft.body[block:]])
            with pytest.raises(LostLine):
                account(document, [*drafts[:number], double, *drafts[number + 1 :]])
    with pytest.raises(LostLine):
        account(document + "\nunheard", drafts)


def test_a_lost_line_is_named() -> None:
    with pytest.raises(LostLine, match="line 3 was lost while reading: Second one"):
        account("Title\n\nSecond one", [ArticleDraft("article", "Title", [])])


TWO_WITHOUT_INVITATION = """The First Essay

Some words that stand here.

The Second Essay

Other words that stand here.
"""


def test_without_an_invitation_a_second_title_looks_like_a_heading() -> None:
    assert titles_in(TWO_WITHOUT_INVITATION) == ["The First Essay"]


@pytest.mark.parametrize("title", ["The Second Essay", "  the second ESSAY "])
def test_a_given_title_begins_an_article(title: str) -> None:
    assert titles_in(TWO_WITHOUT_INVITATION, title) == ["The First Essay", "The Second Essay"]


def test_a_line_of_dashes_begins_an_article() -> None:
    text = TWO_WITHOUT_INVITATION.replace("The Second", "---\nThe Second")
    assert titles_in(text) == ["The First Essay", "The Second Essay"]


def test_a_given_title_that_no_line_reads_is_refused() -> None:
    with pytest.raises(UnknownTitle, match="The Third Essay"):
        titles_in(TWO_WITHOUT_INVITATION, "The Third Essay")


@pytest.mark.parametrize(
    "line", ["\u201cYou never listen\u201d", "3. Breathe", "- A List of One", "A whole sentence."]
)
def test_a_given_title_may_look_like_anything(line: str) -> None:
    text = TWO_WITHOUT_INVITATION.replace("The Second Essay", line)
    assert titles_in(text, line) == ["The First Essay", line]


def test_a_given_title_is_not_joined_to_a_paragraph_that_is_broken_to_a_width() -> None:
    title = "What nobody tells you about the first winter on your own"
    text = own("wrapped").replace("On being the oldest daughter\n\n", f"{title}\n")
    assert titles_in(text, title) == ["Why grief keeps no calendar", title]


INVITED_TOO_EARLY = """The Only Essay

Some words that stand here.

Please call my office if you cannot wait for the end.

The Middle Part

Other words that stand here.

The Last Part

More words that stand here.
"""


def test_an_invitation_in_the_middle_misleads_and_two_lines_of_dashes_help() -> None:
    assert titles_in(INVITED_TOO_EARLY) == ["The Only Essay", "The Middle Part"]
    assert titles_in(f"---\n{INVITED_TOO_EARLY}\n---\n") == ["The Only Essay"]
    following = f"{INVITED_TOO_EARLY}\nThe Next Essay\n\nSome more words."
    assert titles_in(following, "The Only Essay", "The Next Essay") == [
        "The Only Essay",
        "The Next Essay",
    ]


def test_titles_that_were_not_guessed_leave_the_guesses_between_them_alone() -> None:
    invited = "A Guessed Essay\n\nSome words.\n\nHere is more.\n\nPlease call my office."
    titles = ["The Second Essay", "Yet another. One."]
    text = f"{TWO_WITHOUT_INVITATION}\nPlease call me.\n\n{invited}\n\n{titles[1]}\n\nYes."
    assert titles_in(text, *titles) == [
        "The First Essay",
        "The Second Essay",
        "A Guessed Essay",
        "Yet another. One.",
    ]


def test_a_known_title_changes_nothing_where_the_guess_was_right(
    seed_document: Path,
) -> None:
    text = seed_document.read_text(encoding="utf-8")
    assert outline(text, text.split("\n")[0]) == of_the_therapist(text)


def test_a_text_that_begins_at_once_gets_its_first_words_for_a_title() -> None:
    words = "There was no title on this one, " * 5
    [draft] = read_articles(f"{words.strip()}.\n\nA second paragraph.")
    assert words.startswith(draft.title.removesuffix("\u2026"))
    assert len(draft.title) <= 60
    assert [guess.what for guess in draft.guesses] == ["an article without a title"]


@pytest.mark.parametrize(
    ("invitation", "invites"),
    [
        ("Feel free to get in touch.", True),
        ("Please call the office.", True),
        ("To begin, write to somebody@example.com.", True),
        ("Book a session with me.", True),
        ("Get in touch with what you feel.", False),
        ("Reach out to a friend.", False),
        ("She said, \u201ccall me when you are home.\u201d", False),
    ],
)
def test_an_invitation_leads_to_the_practice(invitation: str, invites: bool) -> None:
    [draft] = read_articles(f"A Title\n\nSome words.\n\n{invitation}")
    assert (draft.body[-1][0] == "call_to_action") is invites


def test_patterns_need_no_bullets_where_a_colon_leads_to_them() -> None:
    [draft] = read_articles(
        "A Title\n\nI know two of them:\n\nThe Judge\n\n'Who began?'\n\nKeeps a file.\n\n"
        "The Ghost\n\n'Nothing is wrong.'\n\nLeaves by the window.\n\nThere are others."
    )
    assert [name for name, _ in draft.body] == ["text", "named_patterns", "text"]
    assert draft.body[1][1]["patterns"] == [
        {"name": "The Judge", "quote": "Who began?", "explanation": "<p>Keeps a file.</p>"},
        {
            "name": "The Ghost",
            "quote": "Nothing is wrong.",
            "explanation": "<p>Leaves by the window.</p>",
        },
    ]


def test_numbers_that_are_no_steps_stay_in_the_text() -> None:
    [draft] = read_articles("A Title\n\n7. It is only a number.\n\nAnd so on.")
    assert draft.body == [("text", "<p>7. It is only a number.</p><p>And so on.</p>")]


def test_what_looks_like_markup_is_text() -> None:
    [draft] = read_articles("A <b>Title\n\n<script>1 < 2 && 3</script> is a sentence.")
    assert draft.title == "A <b>Title"
    assert draft.body == [
        ("text", "<p>&lt;script&gt;1 &lt; 2 &amp;&amp; 3&lt;/script&gt; is a sentence.</p>")
    ]


def test_somebody_with_a_degree_in_the_middle_of_an_essay_is_no_bio() -> None:
    drafts = read_articles(
        "A Title\n\nSome words.\n\nSample Scholar, PhD, is a psychologist who wrote about this.\n\n"
        "Other words.\n\nMore words."
    )
    assert [draft.kind for draft in drafts] == ["article"]


def test_reading_tells_how_far_it_is() -> None:
    told: list[float] = []
    read_articles(own("capitals"), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


# Lines with a shape of their own, so that chance puts together what people put together.
SHAPED = st.sampled_from(
    [line for name in OURS for line in own(name).split("\n")]
    + ["---", "***", "=====", "-----", "1)", "Step 2:", "# ", "**b**", "> q", "- ", "-- Author"]
    + [
        "\u201ca\u201d \u201cb\u201d",
        "'a' 'b'",
        "\u201ca\u201d \u2014 Some Body",
        "Example: e.g.: x",
    ]
    + ["Some Body, LPC. I am a therapist", "About me", "A Personal Note", "Personal note: yes"]
)
LINE = st.one_of(SHAPED, st.text(max_size=40))
TEXT = st.lists(st.tuples(LINE, st.sampled_from(["\n", "\n\n", "\r\n", "\n\n\n\n"])), max_size=30)


@settings(max_examples=300, deadline=None)
@given(lines=TEXT)
@example(lines=[("1) 1 2", "\n"), ("2) 2", "\n")])
def test_no_text_breaks_the_reader_or_loses_a_line(lines: list[tuple[str, str]]) -> None:
    text = "".join(line + line_end for line, line_end in lines)
    drafts = read_articles(text)  # raises where a line is lost
    kept = json.dumps([[d.title, d.credential, d.body] for d in drafts], ensure_ascii=False)
    for word in re.findall(r"[a-z]{4,}", text):
        assert word in kept or word in {"Step", "Example", "example", "step"}


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=300))
def test_no_string_breaks_the_reader(text: str) -> None:
    read_articles(text)


@pytest.mark.parametrize(
    "piece", ["\u201c", '"a" ', "1. ", "A\n\n", "1) a\n", "Example: ", "Call me.\n\nA Title\n\n"]
)
def test_a_long_text_of_any_shape_is_read(piece: str) -> None:
    """Where an expression goes back over what it has read, this takes hours."""
    read_articles(piece * (200_000 // len(piece)))


def test_no_phrase_of_the_therapists_document_is_in_the_code(seed_document: Path) -> None:
    def phrases(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"[a-z]+", re.sub(r"['\u2019]", "", text.lower()))
        return {tuple(words[i : i + 4]) for i in range(len(words) - 3)}

    text = seed_document.read_text(encoding="utf-8")
    code = [
        *(PROJECT / "blog" / "importers").glob("*.py"),
        PROJECT / "blog" / "management" / "commands" / "import_articles.py",
        *(PROJECT / "tests" / "blog").glob("*import*.py"),
        PROJECT / "tests" / "blog" / "expected_drafts.py",
        *DOCUMENTS.iterdir(),
    ]
    for path in code:
        source = path.read_text(encoding="utf-8")
        assert phrases(source) & phrases(text) == set(), path.name
        for name in text.rstrip().split("\n")[-1].split(",")[0].split():
            assert name not in source
