"""Runs the site's commands under a clock that a file moves, in hours.

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


def move(file: Path, hours: float) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(str(hours))
    beside.replace(file)


def follow(file: Path) -> None:
    """From now on this process's clock is off by what stands in `file`."""
    clock = time_machine.travel(datetime.now(UTC), tick=True).start()
    shown = 0.0

    def watch() -> None:
        nonlocal shown
        while True:
            with contextlib.suppress(OSError, ValueError):
                wanted = float(file.read_text())
                if wanted != shown:
                    clock.shift((wanted - shown) * 3600)
                    shown = wanted
            time.sleep(0.02)

    threading.Thread(target=watch, daemon=True).start()


def use(site: object, file: Path) -> None:
    """Puts the processes of a LiveSite under the clock of `file`; call it before they start."""
    site.env[OFFSET_FILE] = str(file)  # type: ignore[attr-defined]
    worker, web = site.worker, site.web  # type: ignore[attr-defined]
    worker.command = [sys.executable, "-m", "tests.faults.clocked", str(file), *worker.command[2:]]
    place = web.command.index("python:practice.gunicorn_conf")
    web.command[place] = "python:tests.faults.clocked_conf"


if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    follow(Path(sys.argv[1]))
    execute_from_command_line(["manage.py", *sys.argv[2:]])
