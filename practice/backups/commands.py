"""What the three commands have in common: how far they are, and how they end."""

import contextlib
import getpass
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError

from practice.backups import BackupProblem, proofs, sealing
from practice.backups.streams import Tell

EVERY = 1.0  # seconds


def progress(wanted: bool) -> Tell:
    """Says on standard error how far it is, if wanted or if somebody looks on."""
    if not wanted and not sys.stderr.isatty():
        return lambda what, done, total: None
    last_what, last_line, told_at = "", "", 0.0

    def tell(what: str, done: int, total: int) -> None:
        nonlocal last_what, last_line, told_at
        now = time.monotonic()
        so_far = f" {done // 1_000_000} MB" if done else ""
        line = f"{what} {100 * done // total} %" if total else f"{what}{so_far}"
        is_step = what == last_what and not (total and done >= total)
        if line != last_line and not (is_step and now - told_at < EVERY):
            last_what, last_line, told_at = what, line, now
            print(line, file=sys.stderr, flush=True)  # noqa: T201

    return tell


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Whatever can be expected to go wrong ends the command in one line."""
    try:
        yield
    except BackupProblem as problem:
        raise CommandError(str(problem)) from problem
    except OSError as problem:
        where = f": {problem.filename}" if problem.filename else ""
        whose = f"; this runs as the user {getpass.getuser()}"
        whose = whose if isinstance(problem, PermissionError) else ""
        raise CommandError(f"{problem.strerror or problem}{where}{whose}") from problem
    except DatabaseError as problem:
        raise CommandError(f"The database: {str(problem).splitlines()[0]}") from problem


@contextlib.contextmanager
def recording(kind: str) -> Iterator[Callable[[str], None]]:
    """Records what is noted within as proved, and what went wrong as that."""
    noted: list[str] = []
    try:
        with plainly():
            yield noted.append
    except CommandError as problem:
        proofs.record(kind, ok=False, what=str(problem))
        raise
    proofs.record(kind, ok=True, what="; ".join(noted))


def private_key(file: str) -> str:
    """From a file, standard input ("-"), or typed where nobody sees it. Raises CommandError."""
    if file not in ("", "-"):
        with plainly():
            return Path(file).read_text()
    if not sys.stdin.isatty():
        return sys.stdin.read()
    typed = line = getpass.getpass(
        f"The private key ({sealing.BEGINS}...), with or without spaces: "
    )
    while line and not sealing.private_in(typed):
        line = getpass.getpass(
            "That isn't all of it, or it has a typo. Type the next line (or an empty one to stop): "
        )
        typed += line
    return typed
