"""What one and two application servers do, printed for docs/scaling.md.

    make soak-postgres ARGS="tests/faults/test_two_servers_measured.py"

On one machine both servers, the database and the client share its cores, so that CPU time per
request says more than a clock does. The servers are asked directly, with no proxy in front.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from booking.models import ConsultationRequest, OutgoingEmail
from booking.services import by_visitor
from practice.backups import sealing
from tests import factories
from tests.conftest import missing_part
from tests.faults.cluster import Cluster
from tests.faults.machines import Machines, workers
from tests.faults.site import PROJECT, Service, wait_until

CONNECTIONS, SECONDS = 16, int(os.environ.get("LOAD_SECONDS", 20))
ON_FILE = 1_000
SCRIPT = Path(__file__).with_name("post.lua")
TICKS = os.sysconf("SC_CLK_TCK")  # a second

pytestmark = [pytest.mark.django_db, pytest.mark.soak]


# --- What is read of processes -----------------------------------------------------------------


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(int(child) for child in children)]


def seconds_of(pids: list[int]) -> float:
    """CPU time, of the processes that live."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def megabytes_of(service: Service) -> float:
    """Its share of memory (PSS), with all that it started."""
    assert service.process
    rollups = [Path(f"/proc/{pid}/smaps_rollup") for pid in family(service.process.pid)]
    kilobytes = [int(re.findall(r"^Pss: +(\d+) kB", file.read_text(), re.M)[0]) for file in rollups]
    return sum(kilobytes) / 1024


class Spent:
    """CPU seconds of the web servers and of PostgreSQL within a block."""

    def __init__(self, machines: Machines) -> None:
        self.webs = [server.web for server in machines.servers.values()]
        self.cluster = machines.servers["one"].cluster
        self.web = self.database = 0.0

    def _now(self) -> tuple[float, float]:
        assert isinstance(self.cluster, Cluster)
        assert self.cluster.process
        pids = [pid for web in self.webs if web.process for pid in family(web.process.pid)]
        return seconds_of(pids), seconds_of(family(self.cluster.process.pid))

    def __enter__(self) -> "Spent":
        self.before = self._now()
        return self

    def __exit__(self, *raised: object) -> None:
        after = self._now()
        self.web, self.database = (b - a for a, b in zip(self.before, after, strict=True))


# --- Load -----------------------------------------------------------------------------------------


def load(machines: Machines, names: list[str], path: str, *options: str) -> tuple[int, float]:
    """Requests that all were answered well, and how many in a second, over these servers."""
    wrk = shutil.which("wrk")
    if wrk is None:
        missing_part("wrk is missing. On Debian: apt install wrk")
    running = []
    for number, name in enumerate(names):
        url = f"{machines.servers[name].url}{path}"
        connections = str(CONNECTIONS // len(names))
        command = [wrk, "-t1", "-c", connections, f"-d{SECONDS}s", "--latency", *options, url]
        if options:
            command += ["--", str(time.time_ns() % 2**31 + number)]
        with machines.network.on("outside"):
            running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    said = [process.communicate()[0] for process in running]
    for text in said:
        assert "Non-2xx" not in text, text
        assert "Socket errors" not in text, text
    number = sum(int(re.findall(r"(\d+) requests in", text)[0]) for text in said)
    rate = sum(float(re.findall(r"Requests/sec: +([\d.]+)", text)[0]) for text in said)
    return number, rate


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[str], None]]:
    def line(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}", end="", flush=True)

    return line


both = pytest.mark.parametrize("names", [["one"], ["two"], ["one", "two"]], ids="+".join)


@both
def test_articles(machines: Machines, names: list[str], tell: Callable[[str], None]) -> None:
    url = machines.article().url
    for name in names:
        machines.visit(name, url)
    with Spent(machines) as spent:
        number, rate = load(machines, names, url)
    tell(
        f"article, {'+'.join(names)}: {rate:.0f}/s, CPU {1000 * spent.web / number:.2f} ms in the "
        f"site and {1000 * spent.database / number:.2f} ms in PostgreSQL each"
    )


@both
def test_form_posts(machines: Machines, names: list[str], tell: Callable[[str], None]) -> None:
    with machines.database():
        ConsultationRequest.objects.all().delete()
    with Spent(machines) as spent:
        number, rate = load(machines, names, "/consultation/", "-s", str(SCRIPT))
    with machines.database():
        on_file = ConsultationRequest.objects.count()
        owed = OutgoingEmail.objects.count()
    assert number <= on_file <= number + CONNECTIONS, "each that was acknowledged is there"
    assert owed >= 2 * number
    tell(
        f"form post, {'+'.join(names)}: {rate:.0f}/s, CPU {1000 * spent.web / number:.2f} ms in "
        f"the site and {1000 * spent.database / number:.2f} ms in PostgreSQL each"
    )


@contextmanager
def worker_of(machines: Machines, names: list[str]) -> Iterator[None]:
    chosen = {name: machines.servers[name] for name in names}
    with workers(Machines(machines.network, chosen, machines.mail, machines.cache)):
        yield


@pytest.mark.parametrize(("letters", "slowness"), [(400, 0.0), (60, 0.2)], ids=["quick", "slow"])
@pytest.mark.parametrize("names", [["one"], ["one", "two"]], ids="+".join)
def test_letters(
    machines: Machines,
    names: list[str],
    letters: int,
    slowness: float,
    tell: Callable[[str], None],
) -> None:
    """To a mail server on the same machine, and to one that takes up to `slowness` seconds for
    each of three steps.
    """
    mail = machines.mail
    mail.begun.clear()
    with machines.database():
        ConsultationRequest.objects.all().delete()
        OutgoingEmail.objects.all().delete()
        for number in range(letters // 2):
            by_visitor.submit(factories.unsaved_request(email=f"{number}@visitor.example"))
    mail.holds, mail.slowness = True, slowness
    with worker_of(machines, names):
        wait_until(lambda: len({each.came_from for each in mail.begun}) == len(names), "they send")
        before = [seconds_of(pids) for pids in worker_pids(machines, names)]
        began, mail.holds = time.monotonic(), False
        wait_until(lambda: len(mail.accepted) == letters, "every letter left")
        rate = letters / (time.monotonic() - began)
        after = [seconds_of(pids) for pids in worker_pids(machines, names)]
        memory = megabytes_of(machines.servers["one"].worker)
    mail.slowness = 0.0
    assert len({delivery.key for delivery in mail.accepted}) == letters
    spent = 1000 * (sum(after) - sum(before)) / letters
    tell(
        f"letters, workers {'+'.join(names)}, slowness {slowness} s: {rate:.1f}/s, CPU {spent:.0f} "
        f"ms in a worker each; a worker has {memory:.0f} MB"
    )


def worker_pids(machines: Machines, names: list[str]) -> list[list[int]]:
    processes = [machines.servers[name].worker.process for name in names]
    return [family(process.pid) for process in processes if process]


def test_what_a_server_holds(
    machines: Machines, tell: Callable[[str], None], tmp_path: Path
) -> None:
    with machines.database():
        ConsultationRequest.objects.all().delete()
        OutgoingEmail.objects.all().delete()
    for name in machines.servers:
        machines.visit(name, "/")
    with workers(machines):
        for server in machines.servers.values():
            wait_until(lambda web=server: is_connected(machines, web.host, 3), "all are connected")
        webs = [f"{megabytes_of(server.web):.0f} MB" for server in machines.servers.values()]
        tell(f"memory (PSS) of the web servers: {', '.join(webs)}")
        tell(f"connections to PostgreSQL: {connections(machines)}")
    tell(f"backup with no request on file: {backup(machines, tmp_path)}")
    with machines.database():
        for number in range(ON_FILE):
            message = f"A message of {number} words. " * 20
            by_visitor.submit(
                factories.unsaved_request(email=f"{number}@a.example", message=message)
            )
    tell(f"backup with {ON_FILE} requests on file: {backup(machines, tmp_path)}")


def connections(machines: Machines) -> dict[str, int]:
    """By the address that they come from."""
    from django.db import connection

    with machines.database(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT host(client_addr), count(*) FROM pg_stat_activity "
            "WHERE client_addr IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        return dict(cursor.fetchall())


def is_connected(machines: Machines, address: str, least: int) -> bool:
    """Asks the server until each of its processes has a connection."""
    for name, server in machines.servers.items():
        if server.host == address:
            machines.visit(name, "/")
    return connections(machines).get(address, 0) >= least


def backup(machines: Machines, folder: Path) -> str:
    server = machines.servers["one"]
    place = {"BACKUP_TO": str(folder), "BACKUP_RECIPIENT": sealing.new_pair()[1]}
    with machines.network.on("one"):
        done = subprocess.run(
            [sys.executable, "manage.py", "backup"],
            cwd=PROJECT,
            env=server.worker.env | place,
            check=True,
            capture_output=True,
            text=True,
        )
    [line] = [line for line in done.stdout.splitlines() if " MB" in line]
    return line
