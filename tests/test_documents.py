"""What the documents name is there: files, folders, commands, and the code that the developer is
shown. What is in angle brackets, begins with / or is the template of a new block is the reader's.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import wagtail
from django.core.management import get_commands

from tests import rooms

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    *sorted(PROJECT.glob("docs/**/*.md")),
    *(PROJECT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")),
]
FOLDERS = ("practice", "blog", "booking", "deploy", "templates", "tests", "docs", ".ci", ".github")
HEAD = rf"(?<![\w./<>~-])(?<!template = \x22)(?:{'|'.join(map(re.escape, FOLDERS))})/"
PATH = re.compile(HEAD + r"[\w./-]*+(?![*<])")
LINK = re.compile(r"\]\((?![a-z]+:)([^)#]+)")
MADE = re.compile(r"(?:^    |`)make ([a-z-]+)", re.MULTILINE)
RUN = re.compile(r"(?:manage\.py|practice (?:main|NAME)) ([a-z_]+)")
MODULE = re.compile(r"python3? -m ((?:practice|tests)[\w.]*)")
# "`X` in `path.py`", also of several names.
PLACED = re.compile(r"((?:`[\w.]+(?:\(\))?`(?:, | and )?)+) (?:in|of) `([\w/]+/\w+\.py)`")
NAME = re.compile(r"`(?:\w+\.)?(?=\w*[_A-Z])([A-Za-z]\w{3,})(?:\(\))?`")

# What stands in italics and begins with a capital is on a screen, but for these documents.
WITHOUT_SCREENS = ("design", "security", "SECURITY")
SCREENS_IN = [
    each for each in (*DOCUMENTS, PROJECT / "CHANGELOG.md") if each.stem not in WITHOUT_SCREENS
]
ITALICS = re.compile(r"(?<!\*)\*(?=[A-Z])([^*]+)(?<!\*)\*(?!\*)")
IN_CODE = re.compile(r"`[^`]*`|^    .*$", re.MULTILINE)
APPS = ("practice", "blog", "booking")
COMMENT = re.compile(r"\{#.*?#\}")
IN_A_TAG = re.compile(r"\{[%{].*?[%}]\}", re.DOTALL)
README_LINES = 45  # one screen


@cache
def code() -> str:
    folders = ("practice", "blog", "booking", "tests", "templates")
    files = [file for name in folders for file in (PROJECT / name).rglob("*.*")]
    return "\n".join(file.read_text() for file in files if file.suffix in (".py", ".html"))


def missing_files(document: Path, text: str) -> set[str]:
    named = {name.rstrip(".") for name in PATH.findall(text)}
    return {name for name in named if not (PROJECT / name).exists()} | {
        link for link in LINK.findall(text) if not (document.parent / link).exists()
    }


def missing_commands(text: str) -> set[str]:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    paths = {name: PROJECT / name.replace(".", "/") for name in MODULE.findall(text)}
    modules = {name for name, path in paths.items() if not any(path.parent.glob(f"{path.name}*"))}
    return {*MADE.findall(text)} - targets | {*RUN.findall(text)} - {*get_commands()} | modules


def misplaced_names(text: str) -> set[tuple[str, str]]:
    """Names, each with the file that is said to define it and does not."""
    named = [
        (name, path)
        for names, path in PLACED.findall(" ".join(text.split()))
        for name in re.findall(r"(\w+)(?:\(\))?`", names)
    ]
    return {pair for pair in named if not defines(PROJECT / pair[1], pair[0])}


def defines(file: Path, name: str) -> bool:
    definition = rf"^ *(?:(?:def|class) {name}\b|{name}(?:: .+)? = )"
    return file.exists() and bool(re.search(definition, file.read_text(), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_each_file_and_command_that_a_document_names_is_there(document: Path) -> None:
    text = document.read_text()
    assert missing_files(document, text) | missing_commands(text) == set()
    assert misplaced_names(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "`booking/nowhere.py`",
        "[x](nowhere.md)",
        "`make nothing`",
        "manage.py no_such",
        "python -m tests.no",
        "`NEXT_STATES` in\n`booking/models/requests.py`",
        "`State` and `Proposal` in `booking/models/states.py`",
    ],
)
def test_what_is_not_there_is_named(text: str) -> None:
    files = missing_files(PROJECT / "docs" / "x.md", text)
    assert files or missing_commands(text) or misplaced_names(text)


def test_the_code_that_the_developer_is_shown_is_there() -> None:
    names = set(NAME.findall(rooms.DOCUMENT.read_text()))
    assert len(names) > 30
    assert {name for name in names if not re.search(rf"\b{name}\b", code())} == set()


def test_the_picture_of_the_rooms_is_the_contracts() -> None:
    document = rooms.DOCUMENT.read_text()
    assert rooms.redrawn(document) == document, "run `make rooms`"


def on_screens(text: str) -> Iterator[str]:
    """What a document says is on a screen."""
    for name in ITALICS.findall(IN_CODE.sub("", text)):
        yield spelled(name)


def spelled(words: str) -> str:
    """Words as they are compared: on one line, with plain apostrophes, beginning large."""
    words = " ".join(words.split()).replace("\u2019", "'").rstrip(".:,")
    return words[:1].upper() + words[1:]


@cache
def screens() -> set[str]:
    """Every piece of text that the site, or Wagtail, may put on a screen as it is."""
    found: list[str] = []
    for app in APPS:
        for module in (PROJECT / app).rglob("*.py"):
            found += said(module)
    for template in (PROJECT / "templates").rglob("*.*"):
        found += written(template.read_text())
    for messages in Path(wagtail.__file__).parent.rglob("locale/en/LC_MESSAGES/*.po"):
        found += re.findall(r'^msgid "(.+)"$', messages.read_text(), re.MULTILINE)
    return {spelled(words) for words in found}


def said(module: Path) -> Iterator[str]:
    """The strings of a module, and its names as Django makes labels of them."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id.replace("_", " ")


def written(template: str) -> Iterator[str]:
    """The texts between a template's tags, and the quoted ones in them, such as `yesno`'s."""
    template = COMMENT.sub("", template)
    for tag in IN_A_TAG.findall(template):
        for quoted in re.findall(r'"([^"]+)"', tag):
            yield from (quoted, *quoted.split(","))
    yield from re.split(r"\0|<[^<>]*>", IN_A_TAG.sub("\0", template))


def missing_names(text: str) -> set[str]:
    """Names in italics that no screen has; of a path, such as "Settings, Practice", any part."""
    return {
        part
        for name in on_screens(text)
        if name not in screens()
        for part in map(spelled, name.split(", "))
        if part not in screens()
    }


@pytest.mark.parametrize("document", SCREENS_IN, ids=lambda document: document.name)
def test_each_screen_and_button_that_a_document_names_is_there(document: Path) -> None:
    assert missing_names(document.read_text()) == set()


def test_the_names_that_the_therapist_is_told_are_found() -> None:
    assert len({*on_screens((PROJECT / "docs/therapist.md").read_text())}) > 60


@pytest.mark.parametrize(
    "text", ["*Frobnicate*", "*Settings, Nowhere*", "press *Send it\nnever*", "*Schedule, Save it*"]
)
def test_a_screen_that_is_not_there_is_named(text: str) -> None:
    assert missing_names(text)


def test_the_readme_says_what_it_is_on_one_screen() -> None:
    text = (PROJECT / "README.md").read_text()
    assert len(text.splitlines()) <= README_LINES
    assert text.count("![") == 1
