"""The shape of the project: who imports whom, what lies at the top, what it depends on."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements.txt", "requirements-dev.txt"]

# What architecture allows at the top; what .gitignore names is nobody's to judge.
TOP = {
    *("pyproject.toml", "manage.py", "practice", "blog", "booking", "templates", "tests"),
    *("README.md", "SECURITY.md", "LICENSE", "CHANGELOG.md", "Makefile", *LOCKS),
    *(".ci", "docs", "deploy"),
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
