"""Other people's Python sites, served as ours is: gunicorn with as many processes."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from practice import gunicorn_conf
from tests.benchmarks.rounds import Served
from tests.databases import address_of, empty_database
from tests.faults.browser import Browser
from tests.faults.site import HOST, Service, free_port, wait_until


class Rival:
    """A Django project in `folder` whose settings are `settings_module`."""

    def __init__(self, folder: Path, settings_module: str, workers: int = 0) -> None:
        self.folder = folder
        kept = {name: it for name, it in os.environ.items() if not name.startswith("DJANGO")}
        self.env = kept | {"DJANGO_SETTINGS_MODULE": settings_module, "GUNICORN_CMD_ARGS": ""}
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        gunicorn = [sys.executable, "-m", "gunicorn", f"--chdir={folder}", "--preload"]
        gunicorn += [f"--workers={workers or gunicorn_conf.workers}", "--no-control-socket"]
        wsgi = f"{settings_module.partition('.')[0]}.wsgi"
        self.web = Service(
            [*gunicorn, "--log-level=error", f"--bind={HOST}:{self.port}", wsgi],
            self.env,
            folder / "web.log",
        )

    def manage(self, *command: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=self.folder,
            env=self.env,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def answers(self, path: str) -> bool:
        assert not self.web.has_ended(), (self.folder / "web.log").read_text()
        with contextlib.suppress(OSError):
            return Browser(self.url).get(path).status == 200
        return False

    @contextlib.contextmanager
    def running(self, path: str) -> Iterator[None]:
        """Within it, the page at `path` is answered."""
        self.web.start()
        try:
            wait_until(lambda: self.answers(path), f"{self.folder} answers")
            yield
        finally:
            self.web.stop()

    def page(self, name: str, path: str) -> Served:
        return Served(name, f"{self.url}{path}", self.processes)

    def processes(self) -> list[int]:
        return [self.web.process.pid] if self.web.process else []


@contextlib.contextmanager
def database(folder: Path) -> Iterator[str]:
    """A setting that gives a project an empty database beside ours, or nothing on SQLite.

    There each keeps the file that it makes by itself.
    """
    if connection.vendor == "sqlite":
        yield ""
        return
    with empty_database(folder) as name:
        yield SETTING.format(url=address_of(name))


# With a connection that stays, as ours does: to connect again costs more than the whole page.
SETTING = """
import environ
DATABASES = {{"default": environ.Env.db_url_config("{url}") | {{"CONN_MAX_AGE": 600}}}}
"""
