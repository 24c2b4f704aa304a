"""What the documents name is there: files, folders, commands, and the code that the developer is
shown. What is in angle brackets, begins with / or is the template of a new block is the reader's.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests import rooms

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    *sorted(PROJECT.glob("docs/*.md")),
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
