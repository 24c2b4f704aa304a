"""`practice NAME COMMAND ...`: a command of manage.py as the practice's user, with its settings."""

import os
import pwd
import sys
from pathlib import Path
from typing import Any

from deploy import release, settings, system
from deploy.settings import Practice
from deploy.system import asks, run
from practice.environment.firstrun import Refusal


def surroundings(practice: Practice, folder: Path) -> dict[str, Any]:
    """As whom, where, and with which environment a command of the practice runs."""
    user = pwd.getpwnam(practice.user)
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(practice.data),
        "STATIC_ROOT": str(static_root(practice, folder)),
    }
    return {
        "user": user.pw_uid,
        "group": user.pw_gid,
        "extra_groups": [],
        "umask": 0o022,
        "cwd": folder,
        "env": environment | settings.read(practice.file),
    }


def static_root(practice: Practice, folder: Path) -> Path:
    return folder / "static" / practice.name


def manage(practice: Practice, folder: Path, *arguments: str) -> str:
    """Raises Refusal where the command fails."""
    return run(*command(folder), *arguments, **surroundings(practice, folder))


def manages(practice: Practice, folder: Path, *arguments: str) -> str:
    """What the command prints, or nothing where it fails."""
    if not (practice.file.exists() and system.user_exists(practice.user) and folder.exists()):
        return ""
    return asks(*command(folder), *arguments, **surroundings(practice, folder))


def command(folder: Path) -> list[str]:
    return [str(folder / ".venv/bin/python"), "manage.py"]


def body() -> int:
    """Becomes that command. Raises Refusal where there is no such practice."""
    if len(sys.argv) < 3:
        raise Refusal("Run: practice NAME COMMAND ..., such as: practice main check --deploy")
    system.refuse_unless_root()
    practice = Practice.called(sys.argv[1])
    if not (practice.file.exists() and practice.data.exists()):
        known = ", ".join(each.name for each in settings.installed()) or "none"
        raise Refusal(
            f"There's no practice {practice.name!r} on this server. Practices here: {known}."
        )
    folder = release.current().resolve()
    how = surroundings(practice, folder)
    os.chdir(folder)
    os.setgroups([])
    os.setgid(how["group"])
    os.setuid(how["user"])
    os.umask(how["umask"])
    terminal = {name: os.environ[name] for name in ("TERM", "COLUMNS") if name in os.environ}
    os.execve(command(folder)[0], [*command(folder), *sys.argv[2:]], terminal | how["env"])


if __name__ == "__main__":
    system.main(body)
