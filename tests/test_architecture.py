"""The shape of the project: who imports whom, what lies at the top, what it depends on."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements.txt", "requirements-dev.txt"]

# What architecture allows at the top; what .gitignore names is nobody's to judge.
TOP = {
    *("pyproject.toml", "manage.py", "practice", "blog", "booking", "templates", "tests"),
    *("README.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "CHANGELOG.md", "Makefile"),
    *(*LOCKS, ".ci", ".github", "docs", "deploy", ".secrets.baseline"),
    *(".git", ".gitignore", ".gitattributes", ".editorconfig", ".pre-commit-config.yaml"),
}
MADE = {".env", ".venv", "data", "test-results"}
MADE_BY_TOOLS = re.compile(r"__pycache__|\.hypothesis|\..*_cache|\.coverage.*|\.env.*")


def test_each_room_imports_only_what_it_may() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


# Who may not name whom, though it be in a text alone: what the linter cannot see.
STRANGERS = {
    "practice": ("blog", "booking"),
    "blog": ("booking",),
    "booking": ("blog",),
}
PUT_THE_SITE_TOGETHER = {"practice/settings.py", "practice/urls.py"}


def calls_by_a_string(text: str, strangers: tuple[str, ...]) -> bool:
    """Whether a text names a module, a model or a command of one of `strangers`."""
    app, dot, rest = text.partition(".")
    if app in strangers and dot and rest.replace(".", "").isidentifier():
        return True
    commands = [PROJECT / each / f"management/commands/{text}.py" for each in strangers]
    return text.isidentifier() and any(command.exists() for command in commands)


def calls_what_it_makes_up(tree: ast.AST) -> bool:
    """Whether a file calls a command whose name is not written there."""
    return any(
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "call_command"
        and not isinstance(node.args[0], ast.Constant | ast.Call)
        for node in ast.walk(tree)
    )


def test_no_app_calls_another_by_a_string() -> None:
    found = []
    for app, strangers in STRANGERS.items():
        for file in (PROJECT / app).rglob("*.py"):
            name, tree = file.relative_to(PROJECT).as_posix(), ast.parse(file.read_text())
            assert not calls_what_it_makes_up(tree), name
            texts = {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
            if "/migrations/" not in name and name not in PUT_THE_SITE_TOGETHER:
                found += [(name, each) for each in texts if calls_by_a_string(each, strangers)]
    assert found == []


@pytest.mark.parametrize("text", ["booking.models", "booking.Schedule", "erase_again"])
def test_what_calls_another_app_by_a_string_is_found(text: str) -> None:
    assert calls_by_a_string(text, ("blog", "booking"))
    assert calls_what_it_makes_up(ast.parse('call_command(f"load_{app}")'))


def test_nothing_lies_at_the_top_that_a_newcomer_would_not_expect() -> None:
    found = {path.name for path in PROJECT.iterdir()}
    strangers = {name for name in found - TOP - MADE if not MADE_BY_TOOLS.fullmatch(name)}
    assert strangers == set()


def dependencies() -> list[str]:
    """The lines of pyproject.toml that name a dependency."""
    return re.findall(
        r'^ {4}"[a-z].*', (PROJECT / "pyproject.toml").read_text().split("[tool.")[0], re.MULTILINE
    )


def test_every_dependency_has_one_line_that_says_why() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    assert len(dependencies()) == len(named)
    silent = [line for line in dependencies() if not re.search(r"# +\w+", line)]
    assert silent == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_hashes_and_no_address(lock: str) -> None:
    text = (PROJECT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "no options, such as an index"
    packages = re.split(r"\n(?=\S)", text.strip())
    without = [package.splitlines()[0] for package in packages if "--hash=sha256:" not in package]
    assert without == []


def test_the_lock_of_the_tools_holds_hashes_and_no_address_of_a_package() -> None:
    packages = json.loads((PROJECT / "tests/tools/package-lock.json").read_text())["packages"]
    fetched = [package for name, package in packages.items() if name]
    assert fetched
    assert all(each["integrity"].startswith("sha512-") for each in fetched)
    assert not any("resolved" in each for each in fetched)


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^(\S+?)==(\S+)", (PROJECT / lock).read_text(), re.MULTILINE))


def test_the_development_lock_holds_the_whole_of_the_other_one() -> None:
    """`make run` relies on it: the environment of the tests serves the site as well."""
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_every_direct_dependency_is_locked() -> None:
    names = [re.match(r'\s*"([A-Za-z0-9-]+)', line) for line in dependencies()]
    assert {name[1].lower() for name in names if name} <= pins("requirements-dev.txt").keys()


def test_the_migration_of_the_user_stands_alone() -> None:
    """Pages and images beside it would make a circle with Wagtail's own migrations."""
    [first] = (PROJECT / "practice" / "migrations").glob("0001_*.py")
    assert re.findall(r"CreateModel\(\s*name=.(\w+)", first.read_text()) == ["User"]


def test_the_modules_whose_types_are_not_strict_become_fewer_and_never_more() -> None:
    """A new one is strict. When one becomes so, take it off the list and lower this number."""
    overrides = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    loose = {each for part in overrides if "warn_return_any" in part for each in part["module"]}
    files = [(PROJECT / name.replace(".", "/")).with_suffix(".py") for name in loose]
    assert all(file.is_file() for file in files)
    assert len(loose) == 16


# What would make code, a command or an object of a text, or a page of it without escaping.
DANGEROUS = {"eval", "exec", "system", "popen", "getoutput", "getstatusoutput", "mark_safe"}
PARSERS = {"pickle", "marshal", "shelve", "yaml", "xml", "lxml", "defusedxml"}
ALLOWED = {
    ("practice/blocks.py", "mark_safe"),  # what Wagtail's editor has cleaned
    ("practice/templatetags/practice_tags.py", "mark_safe"),  # JSON, escaped there
}


def test_no_text_becomes_code_a_command_or_an_object() -> None:
    found = set()
    for room in ("practice", "blog", "booking"):
        for file in (PROJECT / room).rglob("*.py"):
            name = file.relative_to(PROJECT).as_posix()
            found |= {(name, what) for what in dangers(ast.parse(file.read_text()))}
    assert found == ALLOWED


def dangers(tree: ast.AST) -> Iterator[str]:
    """What of the above a file calls or imports, and whether it starts a shell."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            yield from {called} & DANGEROUS
            yield from {word.arg for word in node.keywords if word.arg} & {"shell"}
        elif isinstance(node, ast.ImportFrom):
            yield from {(node.module or "").partition(".")[0]} & PARSERS
        elif isinstance(node, ast.Import):
            yield from {name.name.partition(".")[0] for name in node.names} & PARSERS


@pytest.mark.parametrize(
    "code",
    ["eval(x)", "os.system(x)", "run(x, shell=True)", "import pickle", "from xml.dom import y"],
)
def test_what_would_do_so_is_found(code: str) -> None:
    assert list(dangers(ast.parse(code)))


def test_no_script_of_ours_makes_code_or_markup_of_a_text() -> None:
    makes = re.compile(r"\b(eval|Function|innerHTML|outerHTML|insertAdjacentHTML|write) ?[=(]")
    scripts = [file for room in ("practice", "booking") for file in (PROJECT / room).rglob("*.js")]
    assert len(scripts) >= 5
    assert [file.name for file in scripts if makes.search(file.read_text())] == []
    assert makes.search("place.innerHTML = text")
    assert makes.search("document.write(text)")


def test_only_mail_in_plain_text_is_written_without_escaping() -> None:
    templates = [*(PROJECT / "templates").rglob("*.*")]
    plain = {file for file in templates if "autoescape off" in file.read_text()}
    assert {file.suffix for file in plain} == {".txt"}
    assert {file.parent.name for file in plain} == {"email", "emails"}
