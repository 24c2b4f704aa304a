"""A section in a process of its own, on a database of its own, which goes with it."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import django

from tests.benchmarks import database
from tests.benchmarks.figures import Figure
from tests.throwaway_postgres import Missing

NOT_HERE = 3  # how a section says by its exit that a part is missing


def on_sqlite(module: str, **environment: str) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return measured(module, f"sqlite:///{Path(folder) / 'bench.sqlite3'}", **environment)


def on_postgresql(module: str, **environment: str) -> list[Figure]:
    """Raises Missing where its programs are not installed."""
    folder, url = database.elsewhere()
    try:
        return measured(module, url, **{database.FOLDER: folder}, **environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measured(module: str, database_url: str, **environment: str) -> list[Figure]:
    """What `module` prints at the end; it speaks of its progress to stderr."""
    known = {"DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.apart", module],
        env=os.environ | known | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said, _ = child.communicate()
    finally:
        child.terminate()  # if this process is told to end: it stops all that it started
        child.wait()
    if child.returncode == NOT_HERE:
        raise Missing(said.strip())
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, module, said)
    return [Figure(**each) for each in json.loads(said.splitlines()[-1])]


def end(number: int, frame: object) -> None:
    """On being told to end, all that was started is stopped; being told twice changes nothing."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(module: str) -> int:
    """In the process of its own: what the module's `figures()` gives, as one line."""
    signal.signal(signal.SIGTERM, end)
    django.setup()
    try:
        with database.running():
            figures = importlib.import_module(module).figures()
    except Missing as missing:
        print(missing)
        return NOT_HERE
    print(json.dumps([asdict(figure) for figure in figures]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
