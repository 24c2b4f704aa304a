"""Steps: what shall hold on this server, whether it does, and how to make it so."""

import fcntl
import os
import pwd
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from practice.environment import files  # of the standard library alone, like the next
from practice.environment.firstrun import Refusal, why

ROOT = Path("/")  # tests put another in its place


def at(path: str | Path) -> Path:
    return ROOT / str(path).lstrip("/")


def say(line: str) -> None:
    """To whoever looks on; nothing ends because nobody does any more."""
    with suppress(OSError):
        print(line, flush=True)


def run(*command: str | Path, **options: object) -> str:
    """What the command prints. Raises Refusal with the lines that say why where it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    if done.returncode:
        last = "\n".join(f"    {line}" for line in why(done.stdout))
        raise Refusal(f"{shlex.join(map(str, command))} failed:\n{last}")
    return str(done.stdout)


def asks(*command: str | Path, **options: object) -> str:
    """What the command prints, or nothing where it fails or is not there."""
    with suppress(OSError, KeyError):  # KeyError: the user that it shall run as
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **options,  # type: ignore[call-overload]
        )
        if not done.returncode:
            return done.stdout.strip() or "yes"
    return ""


@dataclass(frozen=True)
class Step:
    """`holds` only looks, and never fails for what earlier steps have not made yet."""

    says: str
    holds: Callable[[], object]
    make: Callable[[], object]


def take(steps: Iterable[Step], *, check: bool) -> int:
    """How many of the steps did not hold; each of them is made, unless `check`.

    Raises Refusal where one does not hold even then.
    """
    changes = 0
    for step in steps:
        if step.holds():
            continue
        changes += 1
        say(f"would: {step.says}" if check else f"  {step.says}")
        if not check:
            step.make()
            if not step.holds():
                raise Refusal(f"This step ran but didn't work: {step.says}.")
    return changes


def make_all(steps: list[Step]) -> None:
    for step in steps:
        if not step.holds():
            step.make()


@contextmanager
def alone(*, waits: bool = False) -> Iterator[None]:
    """Within it no other install or update runs.

    Raises Refusal while another does, unless it `waits`, as what a timer starts must.
    """
    with open(at("/run/lock/practice"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Refusal("Another install or update is running. Wait until it's done.") from None
        yield


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Whole or not at all, even if the power goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, text.encode(), mode)


def file(path: Path, text: str, mode: int = 0o644, says: str = "") -> Step:
    def holds() -> bool:
        with suppress(OSError, UnicodeDecodeError):
            return path.read_text() == text and path.stat().st_mode & 0o7777 == mode
        return False

    return Step(says or f"write {path}", holds, lambda: write(path, text, mode))


def link(path: Path, target: str | Path, says: str = "") -> Step:
    def make() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        new.symlink_to(target)
        new.replace(path)

    return Step(
        says or f"link {path} to {target}",
        lambda: path.is_symlink() and os.readlink(path) == str(target),
        make,
    )


def no_file(path: Path) -> Step:
    return Step(f"remove {path}", lambda: not os.path.lexists(path), path.unlink)


def directory(path: Path, owner: str = "root", group: str = "root", mode: int = 0o755) -> Step:
    def holds() -> bool:
        with suppress(OSError, KeyError):
            found = path.stat()
            here = (found.st_mode & 0o7777, path.owner(), path.group())
            return path.is_dir() and here == (mode, owner, group)
        return False

    def make() -> None:
        run("install", "-d", "-o", owner, "-g", group, "-m", f"{mode:o}", path)

    return Step(f"make the folder {path}", holds, make)


def started(unit: str) -> float:
    """When the running unit was started, in seconds since 1970; 0 where it does not run."""
    wanted = ("-p", "ActiveState", "-p", "ActiveEnterTimestampMonotonic")
    shown = asks("systemctl", "show", unit, *wanted)
    values = dict(line.partition("=")[::2] for line in shown.splitlines())
    if values.get("ActiveState") != "active":
        return 0
    since_start = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)
    return since_start + int(values["ActiveEnterTimestampMonotonic"]) / 1e6


def changed(paths: Iterable[Path]) -> float:
    """When the last of these was changed; later than anything where one is missing."""
    try:
        return max(path.lstat().st_mtime for path in paths)
    except FileNotFoundError:
        return float("inf")


def service(unit: str, reads: list[Path], says: str) -> Step:
    """The unit runs now and after a start of the server, and has read `reads` as they are."""

    def make() -> None:
        run("systemctl", "enable", "--quiet", unit)
        run("systemctl", "restart", unit)

    return Step(
        says,
        lambda: (
            asks("systemctl", "is-enabled", unit) == "enabled"
            and (begun := started(unit))
            and begun >= changed(reads)
        ),
        make,
    )


def timer(unit: str) -> Step:
    return Step(
        f"set {unit}",
        lambda: asks("systemctl", "is-enabled", unit) == "enabled" and started(unit),
        lambda: run("systemctl", "enable", "--quiet", "--now", unit),
    )


def user_exists(name: str) -> bool:
    with suppress(KeyError):
        pwd.getpwnam(name)
        return True
    return False


def refuse_unless_root() -> None:
    if os.geteuid():
        raise Refusal("Run this as root: put `sudo` in front of it.")


def main(body: Callable[[], int]) -> None:
    """Ends the program with what `body` gives; a Refusal is told in its own words."""
    try:
        sys.exit(body())
    except Refusal as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    except (KeyboardInterrupt, EOFError):
        print("Stopped. Run it again, and it picks up where it left off.", file=sys.stderr)
        sys.exit(130)
