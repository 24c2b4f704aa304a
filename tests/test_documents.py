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
