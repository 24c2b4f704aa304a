"""What the documents name is there: files, folders, commands, and the code that the developer is
shown. What is in angle brackets, begins with / or is the template of a new block is the reader's.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from practice.environment import names
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


# What the operator reads: a path, and pages that it leads to.

PATH_PAGE = PROJECT / "docs" / "operator.md"
OPERATORS = [
    PATH_PAGE,
    *sorted(PROJECT.glob("docs/operator/*.md")),
    PROJECT / "docs" / "scaling.md",
]
SETTINGS_PAGE = PROJECT / "docs" / "operator" / "settings.md"
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ANCHOR = re.compile(r"\]\((?![a-z]+:)([^)#]*)#([^)]+)\)")
POINTER = re.compile(r"\b(docs/[\w/-]+\.md)(?:, \\?[\"“]([^\"”\\]+)\\?[\"”])?")
SETTING = re.compile(r"(?<![\w.])[A-Z]+(?:_[A-Z]+)+\b")
UNIT = re.compile(r"\b(practice-[a-z]+@|(?:update|fetch)-practices)(?:main)?(\.[a-z]+)?")
SCRIPT = re.compile(r"(?<!tests/)\bdeploy/([\w-]+)")
OPTIONS = re.compile(
    r"(?:manage\.py |practice main |`(?!practice ))([a-z_]+) ([^`|#\n]*--[^`|#\n]+)"
)
STEP = re.compile(r"^\d+\. .+?(?=^\d+\. |^#|\Z)", re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> set[str]:
    """What a link may name after #, as GitHub makes it of headings."""
    headings = HEADING.findall(document.read_text()) if document.exists() else []
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def lost_anchors(document: Path, text: str) -> set[str]:
    return {
        f"{path}#{anchor}"
        for path, anchor in ANCHOR.findall(text)
        if anchor not in anchors(document.parent / path if path else document)
    }


def unknown_settings(text: str) -> set[str]:
    return {*names.strange(SETTING.findall(text))}


def missing_parts(text: str) -> set[str]:
    """Scripts and systemd's units that would be in deploy/."""
    named = {f"systemd/{stem}{kind or '.service'}" for stem, kind in UNIT.findall(text)}
    named |= {*SCRIPT.findall(text)}
    return {name for name in named if not (PROJECT / "deploy" / name).exists()}


def missing_options(text: str) -> set[str]:
    return {
        f"{name} {option}"
        for name, rest in OPTIONS.findall(text)
        if name in get_commands()
        for option in re.findall(r"--[a-z-]+", rest)
        if option not in help_of(name)
    }


@cache
def help_of(name: str) -> str:
    command = load_command_class(get_commands()[name], name)
    return command.create_parser("manage.py", name).format_help()


def lost_pointers(text: str) -> set[str]:
    """Pages, each perhaps with a heading in quotation marks, to which code points in vain."""
    return {
        f"{page}, {heading}" if heading else page
        for page, heading in POINTER.findall(" ".join(text.split()))
        if not (PROJECT / page).exists()
        or (heading and heading not in HEADING.findall((PROJECT / page).read_text()))
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_each_heading_option_and_part_of_the_server_that_a_document_names_is_there(
    document: Path,
) -> None:
    text = document.read_text()
    assert lost_anchors(document, text) == set()
    assert missing_options(text) | missing_parts(text) == set()


@pytest.mark.parametrize("document", OPERATORS, ids=lambda document: document.name)
def test_each_setting_that_the_operator_reads_of_is_there(document: Path) -> None:
    assert unknown_settings(document.read_text()) == set()


@pytest.mark.parametrize(
    "text",
    [
        "[x](operator.md#nowhere)",
        "[x](#nowhere)",
        "[x](nowhere.md#x)",
        "`manage.py backup --sideways`",
        "    practice main rotate_keys --nothing     # why",
        "`practice main restore FILE --nothing`",
        "`backup --nothing`",
        "`practice-nothing@main.service`",
        "systemctl status practice-nothing@main",
        "`update-practices.socket`",
        "`/opt/practice/current/deploy/nothing`",
        "`BACKUP_TWO`",
        'Ask (docs/operator.md, "Nowhere").',
        "docs/operator/nowhere.md says how.",
    ],
)
def test_what_the_server_does_not_have_is_named(text: str) -> None:
    lost = lost_anchors(PROJECT / "docs" / "x.md", text) | lost_pointers(text)
    assert lost or missing_options(text) or missing_parts(text) or unknown_settings(text)


def test_every_setting_and_every_check_is_in_the_operators_tables() -> None:
    text = SETTINGS_PAGE.read_text()
    listed = " ".join(re.findall(r"^\| (`[A-Z].*?) \|", text, re.MULTILINE))
    assert set(re.findall(r"[A-Z_]+", listed)) == names.known()
    files = (
        file for app in ("practice", "blog", "booking") for file in PROJECT.glob(f"{app}/**/*.py")
    )
    made = {
        number
        for file in files
        for number in re.findall(r"\"(practice\.[EIW]\d+)\"", file.read_text())
    }
    assert set(re.findall(r"^\| (practice\.\w+) \|", text, re.MULTILINE)) == made


def test_each_page_that_the_code_points_to_is_there() -> None:
    folders = ("practice", "blog", "booking", "deploy", "templates")
    files = [file for name in folders for file in (PROJECT / name).rglob("*") if file.is_file()]
    texts = [file for file in files if file.suffix in (".py", ".html", ".txt", ".conf", "")]
    lost = {file: lost_pointers(file.read_text()) for file in [*texts, PROJECT / "CHANGELOG.md"]}
    assert {str(file): pages for file, pages in lost.items() if pages} == {}


def test_the_operators_path_is_short_and_each_step_says_how_to_see_that_it_worked() -> None:
    text = PATH_PAGE.read_text()
    steps = STEP.findall(text)
    assert len(text.splitlines()) <= 150
    assert len(steps) >= 10
    assert [step for step in steps if "It worked if" not in " ".join(step.split())] == []
    assert "rehearse_restore --key" in "".join(steps[-2:])


def test_the_operators_pages_are_all_in_the_index() -> None:
    index = PATH_PAGE.read_text().partition("| you want to | read |")[2]
    assert {f"operator/{page.name}" for page in OPERATORS[1:-1]} - {*LINK.findall(index)} == set()
