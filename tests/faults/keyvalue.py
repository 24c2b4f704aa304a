"""A real Valkey or Redis of a test's own, which keeps nothing on disk."""

import contextlib
import shutil
import socket
import subprocess
from pathlib import Path

import redis

from tests.conftest import missing_part
from tests.faults.site import free_port, wait_until

PASSWORD = "of-the-tests"


class KeyValueServer:
    def __init__(self, folder: Path, host: str, port: int = 0) -> None:
        self.folder, self.host, self.port = folder, host, port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@{self.host}:{self.port}/0"

    def start(self) -> None:
        program = shutil.which("valkey-server") or shutil.which("redis-server")
        if program is None:
            missing_part("Valkey and Redis are missing. On Debian: apt install redis-server")
        options = {
            "bind": self.host,
            "port": str(self.port),
            "requirepass": PASSWORD,
            "save": "",
            "dir": str(self.folder),
            "logfile": str(self.folder / "keyvalue.log"),
        }
        command = [
            program,
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until(self._listens, "the cache listens")

    def _listens(self) -> bool:
        assert self.process
        assert self.process.poll() is None, (self.folder / "keyvalue.log").read_text()
        with contextlib.suppress(OSError):
            socket.create_connection((self.host, self.port)).close()
            return True
        return False

    def asked(self) -> dict[str, int]:
        """How often each command was given."""
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            found = client.info("commandstats")
        return {name.removeprefix("cmdstat_"): row["calls"] for name, row in found.items()}

    def forget(self) -> None:
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            client.flushall()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None
