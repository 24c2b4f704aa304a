"""Runs the site's commands under a clock that a file moves, in hours.

What may stand behind them, in seconds, has gone by: on the wall, and by the clock that only counts.

    python -m tests.faults.clocked OFFSET_FILE worker --poll 0.1

The web server's processes move theirs by tests/faults/clocked_conf.py.
"""

import contextlib
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import time_machine

OFFSET_FILE = "CLOCK_OFFSET_FILE"


def move(file: Path, hours: float, passed: float = 0) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(f"{hours} {passed}")
    beside.replace(file)


def follow(file: Path) -> None:
    """From now on this process's clock is off by what stands in `file`."""
    clock = time_machine.travel(datetime.now(UTC), tick=True).start()
    counts, shown, passed = time.monotonic, 0.0, 0.0
    time.monotonic = lambda: counts() + passed

    def look() -> None:
        nonlocal shown, passed
        with contextlib.suppress(OSError, ValueError):
            hours, passed = map(float, file.read_text().split())
            wanted = hours * 3600 + passed
            if wanted != shown:
                clock.shift(wanted - shown)
                shown = wanted

    def watch() -> None:
        while True:
            look()
            time.sleep(0.02)

    look()  # or a process that starts under a wrong clock would begin with a right one
    threading.Thread(target=watch, daemon=True).start()


def use(site: object, file: Path) -> None:
    """Puts the processes of a LiveSite under the clock of `file`; call it before they start."""
    site.env[OFFSET_FILE] = str(file)  # type: ignore[attr-defined]
    use_for_worker(site, file)
    web = site.web  # type: ignore[attr-defined]
    place = web.command.index("python:practice.gunicorn_conf")
    web.command[place] = "python:tests.faults.clocked_conf"


def use_for_worker(site: object, file: Path) -> None:
    """Puts its worker alone under the clock of `file`."""
    worker = site.worker  # type: ignore[attr-defined]
    worker.command = [sys.executable, "-m", "tests.faults.clocked", str(file), *worker.command[2:]]


if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    follow(Path(sys.argv[1]))
    execute_from_command_line(["manage.py", *sys.argv[2:]])
