"""A disk that fills up under load: no false acknowledgement, no broken database, and back again.

On a small tmpfs, which root alone may mount: SQLite's folder, or PostgreSQL's whole cluster.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from booking.models import ConsultationRequest, State
from tests.conftest import missing_part
from tests.faults.cluster import Cluster, filled_cluster
from tests.faults.site import LiveSite, wait_until
from tests.faults.test_kills import (
    Attempt,
    NoAnswer,
    NotSent,
    assert_database_is_whole,
    key,
)
from tests.throwaway_postgres import USER

LEAVES = 400_000  # bytes, before the visitors come
DUMMY_MAIL = "dummymail://"


class Disk:
    """A small file system of its own, and a file that takes up what is left of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"

    def free(self) -> int:
        told = os.statvfs(self.folder)
        return told.f_bavail * told.f_frsize

    def fill(self, leave: int) -> None:
        with open(self.ballast, "ab") as file:
            file.write(bytes(max(0, self.free() - leave)))

    def make_room(self) -> None:
        self.ballast.unlink()


@pytest.fixture
def disk() -> Iterator[Disk]:
    folder = Path(tempfile.mkdtemp(prefix="disk-"))  # pytest's own is closed to PostgreSQL's user
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    options = f"size=200m,mode=755,uid={os.getuid()}"
    try:
        mount = [*as_root, "mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        subprocess.run(mount, check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        missing_part(
            "a small tmpfs cannot be mounted here: that takes root, or sudo without asking"
        )
    yield Disk(folder)
    subprocess.run([*as_root, "umount", "--lazy", folder], check=True)
    folder.rmdir()


@pytest.fixture
def site_on(
    tmp_path: Path, filled_database: str, disk: Disk, live_site: Callable[..., LiveSite], db: None
) -> Iterator[LiveSite]:
    """A live site whose data lie on the small disk; its uploads do on both databases."""
    with contextlib.ExitStack() as at_the_end:
        cluster: Cluster | None = None
        if connection.vendor == "postgresql":
            small = ("--wal-segsize=1",)
            made = filled_cluster(filled_database, disk.folder / "cluster" / "data", *small)
            (disk.folder / "cluster").mkdir()
            cluster = at_the_end.enter_context(made)
            folder = tmp_path / "served"
            folder.mkdir()
            (folder / "data").mkdir()
            site = LiveSite(folder, filled_database, DUMMY_MAIL, debug=False, cluster=cluster)
        else:
            site = live_site(DUMMY_MAIL)
            (disk.folder / "data").mkdir()
            file = Path(shutil.move(site.database_name, disk.folder / "data" / "db.sqlite3"))
            site.database_name = str(file)
            site.env |= {"DATABASE_URL": f"sqlite:///{file}", "DATA_DIR": str(file.parent)}
            site.web.env = site.worker.env = site.env
        at_the_end.callback(site.kill)
        yield site


def post_many(site: LiveSite, count: int, *, until_refused: bool = False) -> list[Attempt]:
    """Requests with long messages, each tried once, until so many were refused or taken in."""
    attempts: list[Attempt] = []
    done = 0
    while done < count:
        attempt = Attempt(message="x" * 990)
        attempts.append(attempt)
        try:
            attempt.post(site.port)
        except NotSent:
            attempt.unanswered += 1
            attempt.not_sent += 1
            done += until_refused
        except (NoAnswer, OSError):
            attempt.unanswered += 1
            done += until_refused
        else:
            done += not until_refused
    return attempts


@pytest.mark.parametrize("refusals", [5, pytest.param(100, marks=pytest.mark.soak)])
def test_a_full_disk_acknowledges_nothing_that_is_not_kept(
    site_on: LiveSite,
    disk: Disk,
    report: dict[str, object],
    refusals: int,
) -> None:
    site = site_on
    site.start_web()
    attempts = post_many(site, 3)
    disk.fill(LEAVES)
    attempts += post_many(site, refusals, until_refused=True)
    told = sum(attempt.not_sent for attempt in attempts)
    assert told >= 1
    broke_down = site.cluster is not None and site.cluster.has_ended()
    disk.make_room()
    if broke_down:  # then systemd starts it again
        assert site.cluster
        site.cluster.kill()
        site.cluster.start_again()
    wait_until(lambda: post_many(site, 1, until_refused=False), "it takes requests again")
    attempts += post_many(site, 3)
    acknowledged = {attempt.key for attempt in attempts if attempt.location}
    with site.database():
        found = {
            key(consultation): consultation for consultation in ConsultationRequest.objects.all()
        }
        report |= {
            "acknowledged": len(acknowledged),
            "found of them": len(acknowledged & found.keys()),
            "told that it was not sent": told,
            "stored all the same": len(
                {a.key for a in attempts if a.not_sent and not a.location} & found.keys()
            ),
            "the database itself broke down": broke_down,
        }
        assert acknowledged <= found.keys()
        for attempt in attempts:
            if attempt.location:
                assert found[attempt.key].name == attempt.name
        for consultation in found.values():
            owes = 0 if consultation.state == State.SUSPECTED else 2
            assert consultation.emails.count() == owes, "each is there whole"
        assert_database_is_whole()
    if site.cluster:
        read_everything(site.cluster)


def read_everything(cluster: Cluster) -> None:
    """Each row of each table by a dump, and each page and index by PostgreSQL's own checks."""
    ours = ["-h", str(cluster.folder), "-U", USER]
    dump = [cluster.programs / "pg_dump", *ours, "-f", "/dev/null", USER]
    subprocess.run(dump, cwd=cluster.folder, check=True)
    if (cluster.programs / "pg_amcheck").exists():
        check = [cluster.programs / "pg_amcheck", *ours, "--install-missing", USER]
        done = subprocess.run(check, cwd=cluster.folder, capture_output=True, text=True)
        assert "could not" in done.stderr or not done.returncode, done.stdout + done.stderr
