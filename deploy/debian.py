"""After Debian's own upgrades: a site that is not well has everything started again, since that is
what mostly helps. What fails even so is noted, and tried again with the next upgrade. What could
not be upgraded is told to each practice, whose first page shows it.
"""

import os
from contextlib import suppress

from deploy import health, settings
from deploy.settings import Practice
from deploy.system import alone, asks, main, refuse_unless_root, run
from deploy.update import note, open_for
from practice.environment.firstrun import Refusal


def complaint(practices: list[Practice]) -> str:
    try:
        for practice in practices:
            health.wait(practice)
    except Refusal as problem:
        return str(problem)
    return ""


def look() -> int:
    """0 where all is well in the end."""
    practices = settings.installed()
    if not (wrong := complaint(practices)):
        return 0
    then = wrong.replace(health.FAILS, "stopped working").replace("The", "the", 1)
    note(f"After Debian's updates, {then}")
    ours = [f"practice-{kind}@{each.name}" for each in practices for kind in ("web", "worker")]
    for unit in ("postgresql", "nginx", *ours):
        with suppress(Refusal):  # what does not start must not keep the rest from it
            run("systemctl", "restart", unit)
    wrong = complaint(practices)
    found = wrong.replace(health.FAILS, "still failed") if wrong else "All is well now."
    note(f"Everything was restarted. {found}")
    return int(bool(wrong))


def hand_out(practices: list[Practice]) -> None:
    """Tells each practice which security releases still wait, or that none does; not where apt
    cannot say. Debian installs them by itself, unless they are held, in conflict, or ask something.
    """
    listing = asks("apt", "list", "--upgradable", env={"PATH": "/usr/bin:/bin", "LANG": "C"})
    if not listing:
        return
    found = (line.partition(" ")[0].partition("/") for line in listing.splitlines())
    text = "".join(f"{name}\n" for name, _, suites in found if "security" in suites)
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
