"""What `make run` does before Django can be imported: the environment, and the keys.

    python3 -m practice.environment.firstrun environment requirements.txt
    python3 -m practice.environment.firstrun keys

Only the standard library may be imported here, and by `files`.
"""

import base64
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, STDOUT

from practice.environment import files

DEV_LOCK = Path("requirements-dev.txt")
STAMP = "installed-lock"
ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*")
PIP_OPTIONS = ["--require-hashes", "--only-binary=:all:", "--compile", "--no-input"]

MOST_LINES = 12  # of what a program that failed has said
# Beside its errors, what pip's last try to reach something ended with.
REACHED = re.compile(r"\s*(?:WARNING: Retrying|Could not fetch URL)")
NOISE = re.compile(r"\s*(?:\[notice\].*)?")


class Refusal(Exception):
    """Something stands in the way; the message says what, and what to do."""


def lock(folder: Path, *, waits: bool = False) -> int | None:
    """Locks `folder` for as long as this process lives, however it ends, and those it forks.

    None where another process has it, unless it `waits`. A file system that knows no locks is
    taken for one on which nobody else runs.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        pass
    return descriptor


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Within it, no other run prepares `folder`: it waits until another one is done."""
    descriptor = lock(folder)
    if descriptor is None:
        say("Another run is preparing this folder. Waiting for it to finish.")
        descriptor = lock(folder, waits=True)
    assert descriptor is not None
    try:
        yield
    finally:
        os.close(descriptor)


def prepare_environment(folder: Path, lock: Path) -> None:
    """Make `folder` a virtual environment that holds what `lock` names, or leave it as it is.

    A stamp with the lock's digest is written last, so an install that was interrupted has none
    and starts again from nothing: pip takes a half-installed package for a whole one.

    Raises Refusal when an install fails or the folder cannot be written.
    """
    if is_prepared(folder, lock):
        return
    refuse_unless_writable(Path())
    with alone(Path()):
        if is_prepared(folder, lock):  # by the run that this one waited for
            return
        started = time.monotonic()
        stamp = folder / STAMP
        if stamp.exists() and answers(folder):
            stamp.unlink()
        else:
            say("Making the environment in .venv/ (once, about a minute)")
            shutil.rmtree(folder, ignore_errors=True)
            venv = [sys.executable, "-m", "venv", str(folder)]
            made = subprocess.run(venv, stdout=PIPE, stderr=STDOUT, text=True)
            if made.returncode:
                raise Refusal(because("The environment couldn't be made", made.stdout))
        install(folder, lock)
        stamp.write_text(digest(lock))
        say(f"Installed in {time.monotonic() - started:.0f} s")


def is_prepared(folder: Path, lock: Path) -> bool:
    """Whether all of `lock` is there; the development lock holds the whole of the other one."""
    stamp = folder / STAMP
    enough = {digest(lock), digest(DEV_LOCK)}
    return stamp.exists() and stamp.read_text() in enough and answers(folder)


def digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def answers(folder: Path) -> bool:
    """Whether the environment's Python still works: a newer system Python leaves it empty."""
    try:
        done = subprocess.run([folder / "bin/python", "-c", "import pip"], capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def install(folder: Path, lock: Path) -> None:
    """Install `lock` with pip, showing one package at a time."""
    total = len(re.findall(r"^\S+==", lock.read_text(), re.MULTILINE))
    pip_install = [f"{folder}/bin/python", "-m", "pip", "install", *PIP_OPTIONS]
    quiet = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    output = []
    command = [*pip_install, "-r", str(lock)]
    with subprocess.Popen(command, stdout=PIPE, stderr=STDOUT, text=True, env=quiet) as pip:
        assert pip.stdout
        found = 0
        for line in pip.stdout:
            output.append(line)
            if named := re.match(r"(?:Collecting|Requirement already satisfied:) ([^=\s]+)", line):
                found += 1
                say(f"  package {found} of {total}: {named[1]}", passing=True)
            elif line.startswith("Installing collected packages"):
                say("  unpacking (the longest part)", passing=True)
    if pip.returncode:
        raise Refusal(because(f"Installing {lock} failed", "".join(output)))


def because(what: str, output: str) -> str:
    """`what` failed, with the reason that its program gave, and what to do then."""
    reason = [f"    {line}" for line in why(output)] or ["    It gave no reason."]
    return "\n".join([f"{what}:", *reason, "Once that is fixed, run it again."])


def why(output: str) -> list[str]:
    """The lines that say why a program such as pip failed: from its first error on, and before
    that what kept it from reaching something; without an error, its last lines. Pure.
    """
    lines = [line.rstrip() for line in output.splitlines() if not NOISE.fullmatch(line)]
    first = next((n for n, line in enumerate(lines) if line.lstrip().startswith("ERROR:")), None)
    if first is None:
        return lines[-MOST_LINES:]
    unreached = [line for line in lines[:first] if REACHED.match(line)][-1:]
    told = [*unreached, *lines[first:]]
    half = MOST_LINES // 2  # a traceback says what it is first, and why last
    return told if len(told) <= MOST_LINES else told[:half] + told[-half:]


def refuse_unless_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Refusal(f"{folder.resolve()} can't be written to. Copy the project somewhere else.")


def say(text: str, *, passing: bool = False) -> None:
    """Print a line; one that is `passing` is written over by the next, on a terminal."""
    if not sys.stdout.isatty():
        print(text, flush=True)
    else:
        print(f"\r\033[K{text}", end="" if passing else "\n", flush=True)


def write_missing_keys(env_file: Path) -> list[str]:
    """Add to `env_file` what a first start needs and it lacks; return the names added.

    A value that stands there is never changed; an empty one counts as missing. The file is
    replaced in one step, readable by its owner alone. The encryption key has Fernet's form:
    urlsafe base64 of 32 random bytes.

    Raises Refusal when the folder cannot be written.
    """
    lines = env_file.read_text().splitlines() if env_file.exists() else []
    assigned = {m[1]: m[2] for line in lines if (m := ASSIGNMENT.fullmatch(line))}
    wanted = {
        "DEBUG": "true",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    missing = {name: value for name, value in wanted.items() if not assigned.get(name)}
    if missing:
        lines = [line for line in lines if line.strip() not in {f"{name}=" for name in missing}]
        lines += [f"{name}={value}" for name, value in missing.items()]
        refuse_unless_writable(env_file.parent)
        files.replace(env_file, ("\n".join(lines) + "\n").encode())
    return list(missing)


def prepare_keys(env_file: Path, database: Path) -> None:
    with alone(env_file.parent):
        added = write_missing_keys(env_file)
    if added:
        say(f"Wrote to {env_file}: {', '.join(added)}")
    if "FIELD_ENCRYPTION_KEYS" in added and database.exists():
        say(
            f"Careful: {database} is older than its new encryption key. Requests encrypted with "
            f"the old key stay unreadable until that key is back in {env_file}."
        )


def main(arguments: list[str]) -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # with it every start takes seconds longer
    match arguments:
        case ["environment", lock]:
            prepare_environment(Path(".venv"), Path(lock))
        case ["keys"]:
            prepare_keys(Path(".env"), Path("data/db.sqlite3"))
        case _:
            raise Refusal("Say `environment LOCK` or `keys`.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (Refusal, OSError) as problem:
        sys.exit(f"\n{problem}" if sys.stdout.isatty() else str(problem))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The next run picks up where this one stopped.")
