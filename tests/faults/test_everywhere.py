"""Every personal field in every state: in clear nowhere, and once erased nowhere in cipher."""

import contextlib
import logging
import os
import sqlite3
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from booking.erasure import database_files, erasing
from booking.letters import emails
from booking.models import ConsultationRequest, Letter, Outcome, Schedule, State, Tombstone
from booking.services import by_visitor, decisions, expiry, notes, transitions
from booking.times import open_times
from deploy.machine import POSTGRESQL
from practice.encryption import rotation
from practice.environment.checks import no_log_keeps_values
from practice.models import PracticeSettings, User
from tests import factories
from tests.databases import working_on
from tests.faults.canaries import found_in
from tests.faults.cluster import Cluster, filled_cluster
from tests.throwaway_postgres import USER, programs

CANARY = "kanari8w4hq2"
STAYS = "kanari3v9xk7"  # planted where it is seen, so that the search is known to work
DAY = timedelta(days=1)
TYPED = ConsultationRequest.in_words()
Way = Callable[[ConsultationRequest, User], object]


def words(about: str) -> emails.Draft:
    return emails.Draft(f"{CANARY} subject {about}", f"{CANARY} letter {about}")


def at(hour: int) -> dict[str, object]:
    day = (timezone.now() + 9 * DAY).replace(hour=hour, minute=0, second=0, microsecond=0)
    return {"starts_at": day, "minutes": 20, "despite": open_times.OBJECTIONS}


def confirm(consultation: ConsultationRequest, user: User) -> None:
    hour = consultation.pk % 24
    decisions.confirm(consultation, user=user, words=words("confirmed"), **at(hour))  # type: ignore[arg-type]


def offer(consultation: ConsultationRequest, user: User) -> None:
    when = at(consultation.pk % 24)
    when["starts"] = [when.pop("starts_at")]
    decisions.offer(consultation, user=user, words=words("offered"), **when)  # type: ignore[arg-type]


def cancel(consultation: ConsultationRequest, user: User) -> None:
    confirm(consultation, user)
    decisions.cancel(consultation, user=user, words=words("cancelled"))


def expire(consultation: ConsultationRequest, user: User) -> None:
    offer(consultation, user)
    factories.letters_left()
    past = timezone.now() - DAY
    ConsultationRequest.objects.filter(pk=consultation.pk).update(holds_until=past)
    expiry.expire_offers()


WAYS: dict[State, Way] = {
    State.SUSPECTED: lambda consultation, user: ConsultationRequest.objects.filter(
        pk=consultation.pk
    ).update(state=State.SUSPECTED),
    State.PENDING: lambda consultation, user: None,
    State.PROPOSED: offer,
    State.WAITLISTED: lambda consultation, user: decisions.waitlist(
        consultation, user=user, words=words("w")
    ),
    State.CONFIRMED: confirm,
    State.DECLINED: lambda consultation, user: decisions.decline(
        consultation, user=user, words=words("d")
    ),
    State.CANCELLED: cancel,
    State.EXPIRED: expire,
    State.WITHDRAWN: lambda consultation, user: by_visitor.withdraw(consultation),
    State.CLOSED: lambda consultation, user: decisions.close(consultation, user=user),
}


def bring_to(state: State, user: User) -> ConsultationRequest:
    """A request in `state`, with a canary in every field that says anything of a person."""
    number = list(State).index(state)
    consultation, _ = by_visitor.submit(
        factories.unsaved_request(
            **{name: f"{CANARY} {name} {number}" for name in TYPED}
            | {
                "email": f"{CANARY}-{number}@visitor.example",
                "phone": f"+1626555014{number}",
            }
        )
    )
    notes.save_notes(consultation, note=f"{CANARY} note", user=user)
    notes.save_notes(consultation, outcome=Outcome.REFERRED, user=user)
    erasing.place_legal_hold(
        consultation, timezone.now().date() + DAY, f"{CANARY} reason", user=user
    )
    WAYS[state](consultation, user)
    consultation.refresh_from_db()
    assert consultation.state == state
    return consultation


def tables() -> bytes:
    """Every value of every table, Django's, Wagtail's and the search index's among them."""
    names = connection.introspection.table_names()
    lines = []
    with connection.cursor() as cursor:
        for name in names:
            with contextlib.suppress(sqlite3.Error):  # the shadow tables of SQLite's search
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
                lines += [f"{name} {row}" for row in cursor.fetchall()]
    return "\n".join(lines).encode()


def files(*, with_log: bool) -> bytes:
    """The database's own files as they lie on the disk, its write-ahead log where asked for."""
    if connection.vendor == "sqlite":
        base = str(connection.settings_dict["NAME"])
        return read([Path(base + end) for end in ("", "-wal", "-shm", "-journal")])
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0])
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        folders = [folder / "base" / str(cursor.fetchone()[0])]
        folders += [folder / "pg_wal"] if with_log else []
        for _ in range(20):
            cursor.execute("CHECKPOINT")
            with contextlib.suppress(subprocess.CalledProcessError):
                return read([path for each in folders for path in each.iterdir()])
    raise AssertionError("PostgreSQL took some file away each time that all were read")


def read(paths: list[Path]) -> bytes:
    """All that are files, one after the other. Raises CalledProcessError for one that vanishes."""
    # By another process: reading SQLite's files here would drop our own connection's locks.
    present = [str(path) for path in paths if path.is_file()]
    return subprocess.run(["cat", *present], check=True, capture_output=True).stdout


def backup(folder: Path) -> bytes:
    if connection.vendor == "sqlite":
        with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"])) as database:
            database.execute("VACUUM INTO ?", [str(folder / "backup.sqlite3")])
        return (folder / "backup.sqlite3").read_bytes()
    server = connection.settings_dict
    places = {f"PG{name}": str(server[name]) for name in ("HOST", "PORT", "USER", "PASSWORD")}
    return subprocess.run(
        [programs() / "pg_dump", server["NAME"]],
        env=os.environ | places,
        check=True,
        capture_output=True,
    ).stdout


def tokens() -> set[bytes]:
    """What stands for the canaries: the last bytes of each, since PostgreSQL may compress."""
    mine = (ConsultationRequest, Letter)
    found = set()
    for model, names in rotation.encrypted_models():
        if model in mine:
            for _, *values in rotation.raw(model, names):
                found |= {value.encode()[-60:] for value in values if value}
    return found


def work() -> None:
    call_command("worker", "--once", stdout=open(os.devnull, "w"))  # noqa: SIM115


def a_day_passes() -> None:
    """The worker comes every quarter of an hour, and is in nobody's way: what others read or write
    meanwhile, on PostgreSQL other tests in their databases too, puts off the scrubbing.
    """
    with time_machine.travel(timezone.now() + DAY):
        for _ in range(60):
            work()
            if not Tombstone.objects.filter(is_scrubbed=False).exists():
                return
            time.sleep(1)
    pytest.fail("For a minute there always was somebody from before, so nothing was scrubbed.")


@pytest.mark.django_db(transaction=True)
def test_a_canary_in_every_field_and_state_is_nowhere_in_clear_and_once_erased_nowhere(
    committed: object,
    practice: PracticeSettings,
    therapist: User,
    as_therapist: Client,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    factories.schedule()
    Schedule.objects.update(gap=0)
    PracticeSettings.objects.update(insurance=STAYS)
    requests = [bring_to(state, therapist) for state in State]
    work()
    for consultation in requests:
        assert (
            CANARY in as_therapist.get(f"/admin/consultations/{consultation.pk}/").content.decode()
        )
    as_therapist.post("/admin/consultations/all/", {"q": CANARY})

    def assert_nothing_in_clear() -> None:
        for where in (tables(), files(with_log=True), backup(tmp_path)):
            assert list(found_in(where, [CANARY])) == []
            assert STAYS.encode() in where, "what is not encrypted is found, so the search works"
        assert CANARY not in caplog.text
        for letter in mail.outbox:
            if CANARY not in letter.to[0]:
                assert list(found_in(letter.message().as_bytes(), [CANARY])) == []

    assert_nothing_in_clear()
    in_cipher = tokens()
    assert len(in_cipher) >= 8 * len(requests)
    on_disk = files(with_log=True)
    assert all(token in on_disk for token in in_cipher)

    for consultation in requests:
        erasing.lift_legal_hold(consultation, user=therapist)
        by = transitions.Actor.VISITOR if consultation.pk % 2 else transitions.Actor.PRACTICE
        erasing.erase(consultation, by=by)
    a_day_passes()
    left = tables(), files(with_log=connection.vendor == "sqlite")
    assert [token for token in in_cipher if any(token in where for where in left)] == []
    assert not ConsultationRequest.objects.exists()
    (tmp_path / "backup.sqlite3").unlink(missing_ok=True)
    assert_nothing_in_clear()


@pytest.fixture
def installed(filled_database: str, db: None) -> Iterator[Cluster]:
    """A PostgreSQL as `deploy/install` sets it, which models and services work on."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's log is looked at above")
    with filled_cluster(filled_database) as cluster, working_on(USER, str(cluster.folder)):
        with open(cluster.data / "postgresql.conf", "a") as configuration:
            configuration.write(POSTGRESQL)
        cluster.stop()
        cluster.start()
        yield cluster


def test_no_log_of_postgresqls_keeps_what_was_erased(installed: Cluster) -> None:
    """Of its write-ahead log a file is closed after six hours, and deleted by the next checkpoint;
    of a statement that fails, as that of a form which was sent twice, the other log has no values.
    """
    typed = {"message": CANARY, "submission_key": uuid.uuid4()}
    consultation, _ = by_visitor.submit(factories.unsaved_request(**typed))
    assert by_visitor.submit(factories.unsaved_request(**typed)) == (consultation, False)
    in_cipher = tokens()
    erasing.erase(consultation, by=transitions.Actor.VISITOR)
    assert database_files.scrub()
    assert all(token in log_of(installed) for token in in_cipher)
    with connection.cursor() as cursor:
        cursor.execute("SHOW archive_timeout")
        assert cursor.fetchone() == ("6h",)
        cursor.execute("SELECT pg_switch_wal()")  # what it does when they are over
        cursor.execute("CHECKPOINT")
    assert [token for token in in_cipher if token in log_of(installed)] == []
    told = (installed.folder / "log").read_text()
    assert "duplicate key value violates unique constraint" in told
    assert "gAAAA" not in told
    assert no_log_keeps_values(None, databases=["default"]) == []


def log_of(cluster: Cluster) -> bytes:
    """The write-ahead log as it lies there."""
    files = (path for path in (cluster.data / "pg_wal").iterdir() if path.is_file())
    return b"".join(path.read_bytes() for path in files)
