"""After Debian's own upgrades: whether the sites are well, and if not, the packages of before.

First everything is started again, since that is what mostly helps. If it does not, the packages
of the last upgrade go back to their versions of before, where Debian's archive still has them,
and are held there until somebody says `apt-mark unhold`. What could not be upgraded is told to each
practice, whose first page shows it.
"""

import os
import re
import time
from contextlib import suppress
from datetime import datetime

from deploy import health, settings
from deploy.settings import Practice
from deploy.system import Refusal, alone, asks, at, main, refuse_unless_root, run
from deploy.update import note, open_for, reason

KINDS = ("web", "worker")
RECENT = 3 * 3600  # seconds, within which an upgrade is the one that was just made
UPGRADED = re.compile(r"([^\s,()]+) \(([^\s,()]+), ([^\s,()]+)(?:, automatic)?\)")


def upgraded(history: str, now: float) -> list[tuple[str, str]]:
    """Names and former versions in the recent entries of apt's history.log.

    Of what Debian did by itself: what somebody installed by hand meanwhile stays.
    """
    found: dict[str, str] = {}
    for entry in history.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in entry.strip().splitlines())
        started = fields.get("Start-Date", "")
        by_itself = fields.get("Commandline", "").startswith("/usr/bin/unattended-upgrade")
        if not (started and by_itself) or now - when(started) > RECENT:
            continue
        for name, before, _ in UPGRADED.findall(fields.get("Upgrade", "")):
            found.setdefault(name, before)
    return sorted(found.items())


def when(text: str) -> float:
    """Of apt's `2026-11-24  04:39:52`, in the server's own zone."""
    return datetime.strptime(" ".join(text.split()), "%Y-%m-%d %H:%M:%S").timestamp()


def complaint(practices: list[Practice]) -> str:
    try:
        for practice in practices:
            health.wait(practice)
    except Refusal as problem:
        return str(problem)
    return ""


def start_again(practices: list[Practice]) -> None:
    """Each by itself: what does not start must not keep the rest, or the way back, from coming."""
    of_practices = [f"practice-{kind}@{each.name}" for each in practices for kind in KINDS]
    for unit in ("postgresql", "nginx", *of_practices):
        with suppress(Refusal):
            run("systemctl", "restart", unit)


def go_back(packages: list[tuple[str, str]]) -> None:
    """Raises Refusal where the archive has them no longer."""
    quiet = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    wanted = [f"{name}={version}" for name, version in packages]
    options = ("-qq", "-y", "--allow-downgrades", "-o", "Dpkg::Options::=--force-confold")
    run("apt-get", *options, "install", *wanted, env=quiet)
    run("apt-mark", "hold", *(name for name, _ in packages))


def look() -> int:
    """0 where all is well in the end."""
    practices = settings.installed()
    if not (wrong := complaint(practices)):
        return 0
    note(f"After Debian's upgrade: {wrong}")
    start_again(practices)
    if not complaint(practices):
        note("Everything was started again, and is well.")
        return 0
    history = at("/var/log/apt/history.log")
    packages = upgraded(history.read_text() if history.exists() else "", time.time())
    if not packages:
        note("The site failed, and nothing was upgraded lately that could go back.")
        return 1
    names = ", ".join(name for name, _ in packages)
    try:
        go_back(packages)
    except Refusal as problem:
        note(f"Going back failed for {names}: {reason(problem)}")
        return 1
    start_again(practices)
    wrong = complaint(practices)
    note(f"Went back to the former {names}, held there: {wrong or 'all is well'}")
    return int(bool(wrong))


# --- What could not be upgraded -------------------------------------------------------------


def waiting(listing: str) -> list[str]:
    """Of what `apt list --upgradable` prints, the packages with a security release: those are
    upgraded by themselves, unless they are held, in each other's way, or ask something. Pure.
    """
    found = (line.partition(" ")[0].partition("/") for line in listing.splitlines())
    return [name for name, _, suites in found if "security" in suites]


def hand_out(practices: list[Practice]) -> None:
    """Tells each practice what still waits, or that nothing does; not where apt cannot say."""
    listing = asks("apt", "list", "--upgradable", env={"PATH": "/usr/bin:/bin", "LANG": "C"})
    if not listing:
        return
    text = "".join(f"{name}\n" for name in waiting(listing))
    for practice in practices:
        with suppress(OSError), open_for(practice, "debian-waits.txt", os.O_TRUNC) as file:
            file.write(text)


def body() -> int:
    refuse_unless_root()
    with alone(waits=True):
        code = look()
        hand_out(settings.installed())
        return code


if __name__ == "__main__":
    main(body)
