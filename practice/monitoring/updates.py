"""What the updaters say that they did.

The project's own writes a line for each update to `updates.log` in the data folder or the one
above it, and Debian's keeps a log of its own. Each line begins with its date (ISO 8601).
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from django.conf import settings

from practice.http.logging import redact

NAME = "updates.log"
WAITS = "debian-waits.txt"  # deploy/debian.py writes it
DEBIAN = Path("/var/log/unattended-upgrades/unattended-upgrades.log")
DATED = re.compile(r"(\d{4}-\d\d-\d\d)[T ]\S* ?(.*)")
UPGRADED = "Packages that will be upgraded:"
FAILED = re.compile(
    r"\b(not updated|couldn't look|failed|failure|went back|rolled back|error)\b", re.IGNORECASE
)
WENT_WELL = "Updated from "
MOST = 200_000  # characters from the end of a log, of which a week takes a few thousand


def since(day: date, file: Path) -> Iterator[str]:
    """The words of each line on or after `day`; none where the file cannot be read."""
    try:
        text = file.read_text(errors="replace")[-MOST:]
    except OSError:
        return
    for line in text.splitlines():
        match = DATED.match(line)
        if match and match[1] >= day.isoformat():
            yield redact(match[2].strip())


def of_the_site(day: date) -> list[tuple[str, bool]]:
    """What the updater says of this site, and of all the sites of this server, each with whether
    somebody has to look after it: what failed, and no update went well since.
    """
    told = []
    for file in sorted({settings.DATA_DIR / NAME, settings.DATA_DIR.parent / NAME}):
        lines = list(since(day, file))
        well = max((n for n, words in enumerate(lines) if words.startswith(WENT_WELL)), default=-1)
        told += [(words, n > well and bool(FAILED.search(words))) for n, words in enumerate(lines)]
    return told


def waiting_of_debian() -> list[str]:
    """The packages with a security release that Debian's own timer could not bring in last time."""
    try:
        return (settings.DATA_DIR / WAITS).read_text(errors="replace").split()
    except OSError:
        return []


def of_debian(day: date) -> int:
    """How many packages Debian's own timer has upgraded since."""
    words = (words.partition(UPGRADED)[2] for words in since(day, DEBIAN))
    return sum(len(names.split()) for names in words)
