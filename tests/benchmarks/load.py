"""Asking a server for one page again and again over several connections, by Debian's h2load.

It sends a number of requests, each once the one before it on its connection is answered, so that
whatever the servers spend meanwhile was spent on exactly these.
"""

import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.throwaway_postgres import Missing

CONNECTIONS = 16
AS_BROWSERS = {"Accept-Encoding": "gzip", "User-Agent": "Mozilla/5.0"}


@dataclass(frozen=True)
class Load:
    """How it went: requests a second, and milliseconds of each request, by the clock."""

    requests: int
    rate: float
    milliseconds: list[float]

    def within(self, percent: int) -> float:
        """So many in a hundred were answered within so many milliseconds."""
        return statistics.quantiles(self.milliseconds, n=100, method="inclusive")[percent - 1]


def asked(
    url: str,
    requests: int,
    *,
    connections: int = CONNECTIONS,
    headers: Mapping[str, str] = AS_BROWSERS,
    port: int = 0,
) -> Load:
    """Asks for `url`, on loopback's `port` if given, whatever name the address has.

    Raises Missing without h2load, RuntimeError where an answer was anything but a 200.
    """
    if shutil.which("h2load") is None:
        raise Missing("h2load is missing. On Debian: apt install nghttp2-client")
    with tempfile.NamedTemporaryFile() as log:
        options = ["--h1", f"-n{requests}", f"-c{min(connections, requests)}"]
        options += [f"--log-file={log.name}", *(f"-H{name}: {it}" for name, it in headers.items())]
        options += [f"--connect-to=127.0.0.1:{port}"] if port else []
        done = subprocess.run(["h2load", *options, url], capture_output=True, text=True)
        lines = [line.split("\t") for line in Path(log.name).read_text().splitlines()]
    told = re.search(r"finished in .*?, ([\d.]+) req/s", done.stdout)
    statuses = {line[1] for line in lines}
    if not told or len(lines) != requests or statuses != {"200"}:
        raise RuntimeError(f"{url}: {len(lines)} answers, {statuses}\n{done.stdout}{done.stderr}")
    return Load(requests, float(told[1]), [int(line[2]) / 1000 for line in lines])
