"""No template, text of the code or document uses the words that tests/words.py lists."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_documents import DOCUMENTS, PROJECT
from tests.words import (
    BUTTONS,
    NEVER,
    OTHER_NAMES,
    banned,
    buttons,
    grade,
    read_out,
    sentences,
    text_of,
)

LOGS = {"debug", "info", "warning", "error", "exception", "critical"}
ESSAYS = PROJECT / "blog" / "samples"
# Of templates: what is a comment, what branches, and which words stand in a tag.
COMMENT = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}", re.DOTALL)
BRANCH = re.compile(r"{%\s*(?:el|end)?(?:if|for|else|plural|blocktranslate|block)\b.*?%}")
TRANSLATED = re.compile(r"{%\s*translate\s+\"([^\"]*)\".*?%}")
TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
QUOTED = re.compile(r"_\(\"([^\"]+)\"\)")
CODE = re.compile(r"^```.*?^```|^    .*?$|`[^`\n]*`|(?<=\])\([^)]*\)", re.DOTALL | re.MULTILINE)
WRAPPED = re.compile(r"\n *(?![\s|#>*-]|\d+\.)")


def said_by_template(text: str) -> str:
    """What a template says, in every branch at once."""
    bare = COMMENT.sub("", text)
    words = [*QUOTED.findall(bare), *re.findall(r"=\"([^\"{<>]* [^\"{<>]*)\"", bare)]
    bare = TAG.sub(" ", BRANCH.sub("\n", TRANSLATED.sub(r"\1", bare)))
    lines = re.sub(r"\n\s*", "<br>", bare)
    return "\n".join([text_of(lines), *read_out(bare), *words])


def said_by_code(source: str) -> Iterator[str]:
    """The texts in a module, but for what its own writers read: docstrings and lines of the log."""
    yield from _said(ast.parse(source))


def _said(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(p.value if isinstance(p, ast.Constant) else "X" for p in parts)
            for part in parts:
                if isinstance(part, ast.FormattedValue):
                    yield from _said(part)
        case ast.Expr(value=ast.Constant()):
            pass
        case ast.Call(func=ast.Attribute(value=ast.Name(id="logger"), attr=name)) if name in LOGS:
            pass
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _said(child)


def said_by_document(text: str) -> str:
    """The prose of a document, each paragraph and each item of a list on a line of its own."""
    return WRAPPED.sub(" ", CODE.sub("X", text))


def faults(texts: Iterator[tuple[str, str]], words: tuple[str, ...] = NEVER) -> str:
    """A line for each word that is to be left alone: where, which, and in what sentence."""
    return "".join(
        f"\n{place}: {found.word!r} in {found.sentence!r}"
        for place, text in texts
        for found in banned(text, words)
    )


# --- What is found, and what is not --------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Whoever has the link may open it.",
        "It's somebody's mailbox.",
        "It is not so on a phone.",
        "That could not be done.",
        "I have no more times for you this week any more.",
        "A list of which nobody has the last page.",
        "Held apart",
        "Take it all the same",
        "If it can\u2019t wait, call 911.",
        "Feel free to reach out.",
        "Your journey starts here.",
        "This is a safe space.",
        "Unfortunately, I'm full.",
        "A victim of violence.",
        "He committed suicide.",
        "Thank you!",
        "Write me an e-mail.",
        "You're on the waiting list.",
        "The call did not come about.",
        "A letter of its address was lost on the way.",
    ],
)
def test_a_word_that_a_therapist_would_not_say_is_found_with_its_sentence(text: str) -> None:
    [found] = banned(f"All is well.\n{text}\nAll is well.")
    assert found.word.lower() in text.replace("\u2019", "'").lower()
    assert found.sentence == text.replace("\u2019", "'")


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for our talk.",
        "Does asking cost anything?",
        "The first conversation is free.",
        "You'll have my answer by Friday.",
        "Your inquiry came in.",
    ],
)
def test_another_name_for_the_request_the_consultation_or_the_reply_is_found(text: str) -> None:
    assert len(banned(text, OTHER_NAMES)) == 1
    assert banned(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "How can I reach you? Phone or email. One is enough.",
        "A short email is on its way to you.",
        "Someone else may see it. You're on my waitlist.",
        "We talk, you ask, and I answer what I can.",
        "Is someone hurting or scaring you? Call 1-800-799-7233.",
        "if a != b, {name!r}",
    ],
)
def test_plain_words_are_left_alone(text: str) -> None:
    assert banned(text, NEVER + OTHER_NAMES) == []


def test_a_button_that_does_not_say_what_it_does_is_found() -> None:
    page = "<button>Keep it</button><a class='button'>OK</a><button>Send request</button>"
    assert [bool(banned(name, BUTTONS)) for name in buttons(page)] == [True, True, False]


def test_a_text_falls_into_its_sentences() -> None:
    text = (
        "Call me at 10:00 a.m. today. \u201cReally?\u201d Yes: I mean it.\nWhat to bring\nNothing"
    )
    assert sentences(text) == [
        *("Call me at 10:00 a.m.", "today.", "\u201cReally?\u201d", "Yes:", "I mean it."),
        *("What to bring", "Nothing"),
    ]


def test_the_grade_is_flesch_and_kincaids() -> None:
    """Ten words and eleven of pyphen's syllables in two sentences."""
    said = "The cat sat on it. The re-quest is with me."
    assert grade(said.replace("re-quest", "request")) == pytest.approx(
        0.39 * 10 / 2 + 11.8 * 11 / 10 - 15.59
    )
    long = "The practice is required to retain documentation concerning your consultation request."
    assert grade(long) > 12
    assert grade("Email") == 0


def test_a_template_is_read_in_all_its_branches_without_its_comments() -> None:
    template = (
        '{# whoever #}<p title="{% translate "Somebody" %}">{% if x %}Held apart{% else %}'
        '{% blocktranslate trimmed %}An\n  <a href="{{ y }}">e-mail</a>{% endblocktranslate %}'
        '{% endif %}{{ name|default:_("My journey") }}</p>'
    )
    found = {each.word for each in banned(said_by_template(template))}
    assert found == {"Somebody", "Held apart", "e-mail", "journey"}


def test_of_code_what_people_read_is_looked_at() -> None:
    code = (
        '"""Whoever reads it."""\nlogger.warning("somebody")\n'
        'label = _("By e-" "mail")\nhelp = f"{name} is held apart"\n'
    )
    found = [each.word for text in said_by_code(code) for each in banned(text)]
    assert found == ["e-mail", "held apart"]


def test_a_document_is_read_without_its_code_and_across_its_lines() -> None:
    text = "Call\nwho-\never `somebody`\n\n    whoever\n\n- no more\n  of it any more\n- e-mail\n"
    assert [each.word for each in banned(said_by_document(text))] == [
        "no more of it any more",
        "e-mail",
    ]


# --- What the project says -----------------------------------------------------------------


def test_no_template_uses_such_words() -> None:
    folder = PROJECT / "templates"
    files = [file for file in sorted(folder.rglob("*")) if file.suffix in (".html", ".txt")]
    assert len(files) > 100
    texts = [(str(file.relative_to(folder)), said_by_template(file.read_text())) for file in files]
    assert not (found := faults(iter(texts), NEVER + OTHER_NAMES)), found


@pytest.mark.parametrize("app", ["practice", "blog", "booking"])
def test_no_text_in_the_code_uses_such_words(app: str) -> None:
    files = [file for file in (PROJECT / app).rglob("*.py") if "migrations" not in file.parts]
    assert files
    texts = (
        (str(file.relative_to(PROJECT)), text)
        for file in sorted(files)
        for text in said_by_code(file.read_text())
    )
    assert not (found := faults(texts)), found


@pytest.mark.parametrize(
    "document", [*DOCUMENTS, PROJECT / "CHANGELOG.md"], ids=lambda document: document.name
)
def test_no_document_uses_such_words(document: Path) -> None:
    assert not (found := faults(iter([("", said_by_document(document.read_text()))]))), found


def test_no_sample_uses_such_words() -> None:
    """An essay may speak of an answer or a conversation; a sample page has one name for each."""
    essays = [(file.name, file.read_text()) for file in ESSAYS.glob("*.txt")]
    assert not (found := faults(iter(essays))), found
    pages = [ESSAYS / "content.json", PROJECT / "practice" / "samples" / "pages.json"]
    texts = [(file.name, text) for file in pages for text in values(json.loads(file.read_text()))]
    assert not (found := faults(iter(texts), NEVER + OTHER_NAMES)), found


def values(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield text_of(content)
    elif isinstance(content, dict | list):
        for each in content.values() if isinstance(content, dict) else content:
            yield from values(each)
