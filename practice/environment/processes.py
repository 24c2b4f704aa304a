"""The web server and the worker as two processes that live and die together."""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

GRACE = 10  # seconds between asking a process to end and ending it
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in <linux/prctl.h>
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProcessEnded(Exception):
    """One of the processes ended though nobody asked it to."""


class Together:
    """Processes that were started together; those who started them look after them here."""

    def __init__(self, targets: dict[str, tuple[Any, ...]]) -> None:
        # Forked, so that what Django loaded is shared and nothing is imported twice.
        fork = multiprocessing.get_context("fork")
        self.processes = [
            fork.Process(target=begin, args=(os.getpid(), *target), name=name)
            for name, target in targets.items()
        ]
        self.parent = os.getppid()

    def check(self) -> None:
        for process in self.processes:
            if not process.is_alive():
                raise ProcessEnded(
                    f"The {process.name} stopped by itself (exit code {process.exitcode}), "
                    "so everything else was stopped, too."
                )

    def wait(self) -> None:
        """Wait for a signal, which arrives as KeyboardInterrupt, or for a process to end."""
        started_by_make = "MAKELEVEL" in os.environ
        while True:
            self.check()
            if started_by_make and os.getppid() != self.parent:
                raise KeyboardInterrupt  # make was killed and could not say so
            time.sleep(0.3)

    def stop(self) -> None:
        started = [process for process in self.processes if process.pid]
        for process in started:
            process.terminate()
        until = time.monotonic() + GRACE
        for process in started:
            process.join(max(0, until - time.monotonic()))
        for process in started:
            # Its whole group: the children of a killed gunicorn would hold the port.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid or 0, signal.SIGKILL)
            process.kill()
            process.join()


@contextlib.contextmanager
def running_together(targets: dict[str, tuple[Any, ...]]) -> Iterator[Together]:
    """Run each target (a function and its arguments) in a process of its own, named by its key.

    However the block is left, all of them are stopped. When this very process is killed, Linux
    tells them to stop.
    """
    connections.close_all()  # a connection must not be shared across a fork
    gc.freeze()
    together = Together(targets)
    try:
        for process in together.processes:
            process.start()
        yield together
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half behind
        together.stop()


def begin(parent: int, target: Callable[..., None], *arguments: Any) -> None:
    """Become a process of one's own, then call `target`."""
    os.setsid()  # Ctrl-C reaches the parent alone, which then asks politely
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    end_with(parent)
    try:
        target(*arguments)
    except CommandError as problem:
        sys.exit(f"{problem}")


def end_with(parent: int) -> None:
    """Get SIGTERM when `parent` dies, even by kill -9. Only Linux offers this."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit()


def serve(sockets: list[socket.socket]) -> None:
    """Serve the site on listening sockets with gunicorn, until SIGTERM."""
    from django.core.wsgi import get_wsgi_application
    from gunicorn.app.base import BaseApplication

    from practice import gunicorn_conf

    arbiter = os.getpid()

    class Site(BaseApplication):
        def load_config(self) -> None:
            for name, value in vars(gunicorn_conf).items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)
            self.cfg.set("bind", [f"fd://{sock.fileno()}" for sock in sockets])
            self.cfg.set("post_fork", lambda server, worker: end_with(arbiter))

        def load(self) -> Any:
            return get_wsgi_application()

    Site().run()


def work(sockets: list[socket.socket]) -> None:
    """Send mail and do whatever else recurs, until SIGTERM; `sockets` are the web server's."""
    for sock in sockets:
        sock.close()  # or a worker that outlives the others would hold the port
    call_command("worker")
