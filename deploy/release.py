"""Releases lie side by side in /opt/practice/releases/VERSION; `current` leads to one of them."""

import os
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

from deploy.system import at, run, write
from practice.environment.firstrun import Refusal

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".env*", "__pycache__", ".*_cache", ".hypothesis", "static-*"
)
KEPT = 3  # releases, the one that serves among them
# The second is not there yet: a later release moves there what only a store that speaks S3 needs.
LOCKS = ("requirements.txt", "requirements-s3.txt")
DONE = "laid-out"


def version_of(source: Path) -> str:
    """Raises Refusal where `source` is no release of this project."""
    try:
        project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as problem:
        raise Refusal(f"{source} isn't a release: it has no readable pyproject.toml.") from problem
    if project.get("name") != "practice" or not re.fullmatch(r"[\w.+-]+", project["version"]):
        raise Refusal(f"{source} isn't a release of this project.")
    return str(project["version"])


def order(version: str) -> tuple[int, ...]:
    """To compare versions by; what is made before 1.0 (`.dev0`, `rc1`) comes before 1.0."""
    numbers = re.match(r"v?(\d+(?:\.\d+)*)", version)
    if not numbers:
        return ()
    parts = tuple(int(part) for part in numbers[1].split("."))
    whole = len(numbers[0]) == len(version)
    return (*parts, *[0] * (4 - len(parts)), int(whole))


def releases() -> Path:
    return at("/opt/practice/releases")


def current() -> Path:
    return at("/opt/practice/current")


def place(version: str) -> Path:
    return releases() / version


def current_version() -> str:
    return os.readlink(current()).rpartition("/")[2] if current().is_symlink() else ""


def lay_out(source: Path, version: str, wheels: str = "") -> None:
    """Copy `source` to its place and install what it needs.

    One that was interrupted lacks its mark and is made anew. Raises Refusal where it fails.
    """
    folder = place(version)
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(source, folder, ignore=ignore_of(source))
    run("python3", "-m", "venv", folder / ".venv")
    by_hand = ["--no-index", "--find-links", wheels] if wheels else []
    locks = [folder / name for name in LOCKS if (folder / name).exists()]
    run(
        folder / ".venv/bin/python",
        *("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--require-hashes", "--only-binary=:all:", "--compile", "--no-cache-dir", *by_hand),
        *(part for lock in locks for part in ("-r", lock)),
    )
    packages = sorted(path.parent.name for path in folder.glob("*/__init__.py"))
    run(folder / ".venv/bin/python", "-m", "compileall", "-q", *packages, cwd=folder)
    run("chown", "-R", "root:root", folder)
    run("chmod", "-R", "u=rwX,go=rX", folder)
    write(folder / DONE, f"{version}\n")


def ignore_of(source: Path) -> Callable[[str, list[str]], set[str]]:
    """What of a release is no part of a live site: tests, and in a checkout what it has made."""

    def ignore(folder: str, names: list[str]) -> set[str]:
        at_the_top = {"tests", "data", "static"} if Path(folder) == source else set()
        return {*LEFT_OUT(folder, names), *(at_the_top & set(names))}

    return ignore


def prune(keep: set[str]) -> None:
    """Remove the oldest releases, but none of `keep`."""
    there = sorted(releases().iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in [each for each in there if each.name not in keep][max(0, KEPT - len(keep)) :]:
        shutil.rmtree(folder)
