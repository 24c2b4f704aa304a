"""Which time zone data counts: the newer of the locked package's (tzdata) and this machine's.

Governments change clocks at a few months' notice, and neither source is always ahead. Python by
itself takes the machine's, however old it is. All that asks `zoneinfo` goes by what is chosen here;
the database is asked for no zone arithmetic at all.
"""

import os
import zoneinfo
from contextlib import suppress
from importlib.resources import files
from typing import Any

from django.core.checks import CheckMessage, Info, register
from django.utils import timezone

MACHINE = zoneinfo.TZPATH  # the folders in which Python looks, as they were before anyone chose
PACKAGE = str(files("tzdata") / "zoneinfo")
NAMED_IN = "tzdata.zi"  # which every maker of the data ships, its edition in the first line

_seen: object = None  # the machine's file at the last choice


def edition(folder: str) -> str:
    """`2026f`: the edition of the data in a folder, "" where there is none or it does not say."""
    try:
        with open(os.path.join(folder, NAMED_IN), encoding="utf-8") as file:
            return file.readline().removeprefix("# version ").strip()[:5]
    except (OSError, UnicodeDecodeError):
        return ""


def of_machine() -> str:
    """The edition of the first folder that has one, as Python would find it."""
    return next(filter(None, map(edition, MACHINE)), "")


def used() -> str:
    """The edition by which this process goes."""
    return of_machine() if zoneinfo.TZPATH else edition(PACKAGE)


def use_newest() -> None:
    """Chooses, and forgets every zone that was made from another edition."""
    global _seen
    _seen = _files()
    machine = of_machine()
    is_newer = machine[:1].isdigit() and machine > edition(PACKAGE)
    zoneinfo.reset_tzpath(MACHINE if is_newer else ())  # without a path it is the package
    zoneinfo.ZoneInfo.clear_cache()
    timezone.get_default_timezone.cache_clear()  # type: ignore[attr-defined]


def refresh(**kwargs: Any) -> None:
    """Receiver of `request_started`, and before each job: chooses anew if the machine's changed."""
    if _files() != _seen:
        use_newest()


def _files() -> object:
    """By which a change of the machine's data shows: number, size and time of its files."""
    found = []
    for folder in MACHINE:
        with suppress(OSError):
            stat = os.stat(os.path.join(folder, NAMED_IN))
            found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return found


@register(deploy=True)
def says_which_is_used(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    package, machine = edition(PACKAGE), of_machine() or "none"
    said = (
        f"{machine}, from this machine. tzdata has {package}."
        if zoneinfo.TZPATH
        else f"{package}, from tzdata. This machine has {machine}."
    )
    return [Info(f"Time zone data: {said}", id="practice.I001")]
