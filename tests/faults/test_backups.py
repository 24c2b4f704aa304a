"""Backups made while visitors write, restored into another database, and compared.

`make soak` makes fifty.
"""

import contextlib
import getpass
import hashlib
import io
import os
import resource
import shutil
import signal
import subprocess
import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from booking.erasure import erasing, retention
from booking.models import ConsultationRequest, OutgoingEmail, RequestEvent, Schedule, digest_of
from booking.services import by_visitor, expiry, readdress
from booking.services.transitions import Actor
from practice.backups import (
    BackupProblem,
    making,
    owning,
    rehearsing,
    restoring,
    sealing,
    snapshots,
    stores,
)
from practice.models import BackupProof, User
from practice.worker import heartbeat
from tests import factories
from tests.bucket import new_bucket, s3_server
from tests.conftest import missing_part
from tests.databases import address_of, copied_database, working_on
from tests.faults.canaries import found_below, found_in

CANARY = "quillonwhisper"
PRIVATE, PUBLIC = sealing.new_pair()


def silent(what: str, done: int, total: int) -> None:
    pass


@pytest.fixture
def name(tmp_path: Path, filled_database: str, db: None) -> Iterator[str]:
    """The database of a practice, which this process works on."""
    folder = tmp_path / "database"
    folder.mkdir()
    with copied_database(filled_database, folder) as name, working_on(name):
        yield name


@pytest.fixture
def other(tmp_path: Path, filled_database: str, name: str) -> Iterator[str]:
    """The database into which a backup is restored."""
    folder = tmp_path / "other"
    folder.mkdir()
    with copied_database(filled_database, folder) as other:
        yield other


@pytest.fixture
def place(name: str, settings: Any, tmp_path: Path) -> Path:
    """The folder of the backups, and settings that lead to it."""
    settings.DATA_DIR = tmp_path
    settings.BACKUP_TO = str(tmp_path / "backups")
    settings.BACKUP_RECIPIENT = PUBLIC
    settings.PRACTICE_DIR = tmp_path / "own"
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


@pytest.fixture
def key(tmp_path: Path) -> str:
    file = tmp_path / "paper.txt"
    file.write_text(f"# kept in the safe\n{PRIVATE}\n")
    return str(file)


def backup() -> Path:
    """Makes one by the command; its file."""
    call_command("backup", stdout=io.StringIO())
    return newest(Path(making.settings.BACKUP_TO))


def newest(place: Path) -> Path:
    return place / stores.complete(stores.Folder(place))[0]


def restore(what: object, key: str, *options: str) -> None:
    call_command("restore", str(what), f"--key={key}", *options, stdout=io.StringIO())


def submit(number: object = "") -> ConsultationRequest:
    consultation, _ = by_visitor.submit(
        factories.unsaved_request(
            name=f"{CANARY} {number}", email=f"{CANARY}{number}@visitor.example", message=CANARY
        )
    )
    return consultation


def refused(*arguments: Any) -> str:
    """What a command says when it refuses; one line, and nothing was touched."""
    before = snapshots.counts()
    with pytest.raises(CommandError) as refusal:
        call_command(*arguments)
    said = str(refusal.value)
    assert "\n" not in said
    after = snapshots.counts()
    after["practice_backupproof"] = before["practice_backupproof"]
    assert after == before
    return said


# --- Made under load, and restored ---------------------------------------------------------


@dataclass
class Visitor:
    """Somebody who sends requests until told to stop, and remembers which were taken in."""

    database: str
    acknowledged: list[uuid.UUID] = field(default_factory=list)
    attempted: set[uuid.UUID] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def run(self, stopping: threading.Event) -> None:
        with working_on(self.database):
            while not stopping.is_set():
                consultation = factories.unsaved_request(
                    name=CANARY, email="", phone="+16265550143"
                )
                self.attempted.add(consultation.submission_key)
                try:
                    by_visitor.submit(consultation)
                except Exception as fault:
                    self.faults.append(repr(fault))
                    return
                self.acknowledged.append(consultation.submission_key)
                time.sleep(0.05)


@contextlib.contextmanager
def visitors(database: str, count: int) -> Iterator[list[Visitor]]:
    people = [Visitor(database) for _ in range(count)]
    stopping = threading.Event()
    threads = [threading.Thread(target=each.run, args=(stopping,), daemon=True) for each in people]
    for thread in threads:
        thread.start()
    try:
        yield people
    finally:
        stopping.set()
        for thread in threads:
            thread.join(60)
    assert [fault for each in people for fault in each.faults] == []


def compare(acknowledged: set[uuid.UUID], attempted: set[uuid.UUID]) -> int:
    """Holds what came back against what visitors know; how many of the acknowledged are there."""
    found = set(ConsultationRequest.objects.values_list("submission_key", flat=True))
    assert found <= attempted
    assert all(each.name == CANARY for each in ConsultationRequest.objects.all())
    with_event = RequestEvent.objects.values_list("request__submission_key", flat=True)
    with_mail = OutgoingEmail.objects.values_list("request__submission_key", flat=True)
    assert found == set(with_event), "a request and its history come in one transaction"
    assert found <= set(with_mail), "and so does the letter that is owed for it"
    return len(acknowledged & found)


@pytest.mark.parametrize("backups", [1, pytest.param(50, marks=pytest.mark.soak)])
def test_a_backup_under_load_comes_back_as_it_was(
    backups: int,
    name: str,
    other: str,
    place: Path,
    key: str,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    started, seconds, promised, found = time.monotonic(), 0.0, 0, 0
    with visitors(name, 3) as people:
        for _ in range(backups):
            until = time.monotonic() + 0.3
            while time.monotonic() < until or not all(each.acknowledged for each in people):
                time.sleep(0.02)
            before = {key for each in people for key in each.acknowledged}
            began = time.monotonic()
            file = backup()
            seconds += time.monotonic() - began
            attempted = {key for each in people for key in list(each.attempted)}
            with working_on(other):
                restore(file, key, "--replace")
                found += compare(before, attempted)
            promised += len(before)
    line = (
        f"{backups} backups under load on {connection.vendor}: acknowledged {promised}, found "
        f"{found}; {seconds / backups:.2f} s each, {time.monotonic() - started:.0f} s in all"
    )
    with capsys.disabled() if request.node.get_closest_marker("soak") else contextlib.nullcontext():
        print(f"\n{line}")
    assert promised == found


def test_uploads_come_back_and_what_came_since_goes(
    place: Path, key: str, settings: Any, other: str
) -> None:
    media = settings.MEDIA_ROOT
    (media / "original_images").mkdir(parents=True)
    (media / "original_images" / "house.jpg").write_bytes(os.urandom(300_000))
    (media / "nam\u00e9 with spaces.pdf").write_bytes(b"words")
    (media / "link").symlink_to("/etc/passwd")
    before = (media / "original_images" / "house.jpg").read_bytes()
    file = backup()
    (media / "original_images" / "house.jpg").write_bytes(b"changed since")
    (media / "later.jpg").write_bytes(b"came since")
    (media / "link").unlink()
    with working_on(other):
        restore(file, key, "--replace")
    assert (media / "original_images" / "house.jpg").read_bytes() == before
    assert {path.name for path in media.rglob("*") if path.is_file()} == {
        "house.jpg",
        "nam\u00e9 with spaces.pdf",
    }
    assert not (settings.DATA_DIR / "backup-scratch").exists()


def test_the_practices_own_templates_come_back_and_its_settings_do_not(
    place: Path, key: str, settings: Any, other: str
) -> None:
    own = settings.PRACTICE_DIR
    (own / "templates").mkdir(parents=True)
    (own / "templates" / "home.html").write_text("mine")
    (own / "settings.env").write_text("SECRET=x")
    file = backup()
    shutil.rmtree(own)
    with working_on(other):
        restore(file, key, "--replace")
    assert (own / "templates" / "home.html").read_text() == "mine"
    assert not (own / "settings.env").exists()


def test_a_restore_erases_again_what_was_erased_since(
    name: str, other: str, place: Path, key: str, settings: Any, tmp_path: Path
) -> None:
    """As well when the server is lost, with its own file of tombstones."""
    gone, stays = submit(1), submit(2)
    file = backup()
    erasing.erase(gone, by=Actor.PRACTICE)
    call_command("backup", "--tombstones")
    settings.TOMBSTONES_FILE = tmp_path / "another server" / "tombstones.txt"
    with working_on(other):
        restore(file, key, "--replace")
        assert [each.pk for each in ConsultationRequest.objects.all()] == [stays.pk]
    assert settings.TOMBSTONES_FILE.read_text() == (place / "tombstones.txt").read_text()


def test_a_restore_honors_what_was_wished_since(
    name: str, other: str, place: Path, key: str, settings: Any, tmp_path: Path
) -> None:
    """As well when the server is lost: it stands beside the backups, and names nobody."""
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    user, soon = User.objects.all()[0], noon + timedelta(days=3)
    agreed = factories.agreed_request(soon, by=user, name=CANARY)
    called = factories.agreed_request(soon + timedelta(hours=3), by=user, phone="+16265550143")
    doomed, bound = submit(1), submit(2)
    erasing.place_legal_hold(bound, timezone.localdate() + timedelta(days=9), CANARY, user=user)
    file = backup()
    by_visitor.withdraw(agreed)
    readdress.reach_by(called, user=user, text_ok=False, voicemail_ok=False, email_ok=False)
    erasing.place_legal_hold(doomed, timezone.localdate() + timedelta(days=31), CANARY, user=user)
    erasing.erase(doomed, by=Actor.VISITOR)
    erasing.lift_legal_hold(bound, user=user)
    call_command("backup", "--tombstones")
    settings.TOMBSTONES_FILE = tmp_path / "another server" / "tombstones.txt"
    said = io.StringIO()
    with working_on(other):
        call_command("restore", str(file), f"--key={key}", "--replace", stdout=said)
        assert "0 erased again, 4 wishes honored" in said.getvalue()
        for each in (agreed, called, doomed, bound):
            each.refresh_from_db()
        assert (agreed.state, agreed.claims.count()) == ("withdrawn", 0)
        assert (doomed.state, doomed.is_held(timezone.localdate())) == ("withdrawn", True)
        assert (called.state, called.email, bound.kept_until) == ("confirmed", "", None)
        expiry.queue_reminders()
        to_visitors = OutgoingEmail.objects.filter(recipient="visitor", sent_at=None)
        assert set(to_visitors.values_list("request", flat=True)) == {bound.pk}
        with time_machine.travel(timezone.now() + timedelta(days=32)):
            retention.erase_old(timezone.localdate())
        assert not ConsultationRequest.objects.filter(pk=doomed.pk).exists()
    assert CANARY not in (place / "tombstones.txt").read_text()


def test_tombstones_beside_the_backups_outlive_the_loss_of_those_here(
    place: Path, settings: Any
) -> None:
    erasing.erase(submit(), by=Actor.PRACTICE)
    call_command("backup", "--tombstones")
    kept = (place / "tombstones.txt").read_bytes()
    assert kept.strip()
    settings.TOMBSTONES_FILE.unlink()
    backup()
    assert (place / "tombstones.txt").read_bytes() == kept


@pytest.mark.parametrize("days", [6, 400, -6, -400])
def test_no_backup_goes_by_a_wrong_date_and_none_is_in_the_way_later(
    place: Path, days: int
) -> None:
    heartbeat.note(heartbeat.WORKER, timezone.now())
    backup()
    nights = [stores.name_at(timezone.now() - timedelta(days=night)) for night in range(60)]
    for night in nights:
        (place / night).write_bytes(b"x")
        (place / f"{night}{stores.DIGEST}").write_text("x")
    BackupProof.objects.create(
        kind="with_key", at=timezone.now() - timedelta(790), ok=True, what=""
    )
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=True):
        by_wrong_date = backup()
    there = set(stores.complete(stores.Folder(place)))
    assert set(nights) < there, "none has gone"
    assert BackupProof.objects.filter(kind="with_key").exists(), "nor any proof"
    assert BackupProof.objects.filter(at__gt=timezone.now()).count() == 0
    assert by_wrong_date.name in there
    right = backup()
    assert newest(place) == right, "what is restored by itself is the newest in truth"
    assert len(stores.complete(stores.Folder(place))) < 60, "and by a right date the rule holds"


def test_a_restore_brings_back_whom_a_wrong_date_had_erased(
    name: str, other: str, place: Path, key: str
) -> None:
    """As it was: a worker 400 days ahead erased everybody, and each restore did so again."""
    young, wished = submit(1), submit(2)
    heartbeat.note(heartbeat.WORKER, timezone.now())
    file = backup()
    erasing.erase(wished, by=Actor.PRACTICE)
    assert retention.erase_old(timezone.now().date() + timedelta(days=4000)) == 1
    call_command("backup", "--tombstones")
    with working_on(other):
        restore(file, key, "--replace")
        assert [each.pk for each in ConsultationRequest.objects.all()] == [young.pk]


def test_a_restore_erases_by_age_only_with_the_limit_of_a_round(
    name: str, other: str, place: Path, key: str
) -> None:
    """So does a rehearsal, which restores by the same command."""
    heartbeat.note(heartbeat.WORKER, timezone.now())
    for number in range(21):
        consultation = submit(number)
        ConsultationRequest.objects.filter(pk=consultation.pk).update(
            state="closed", state_since=timezone.now() - timedelta(days=4000)
        )
    said, file = io.StringIO(), backup()
    with working_on(other):
        call_command("restore", str(file), f"--key={key}", "--replace", stdout=said)
        assert "0 erased for their age, 21 more wait" in said.getvalue()
    ConsultationRequest.objects.filter(pk=consultation.pk).update(state_since=timezone.now())
    file = backup()
    with working_on(other):
        call_command("restore", str(file), f"--key={key}", "--replace", stdout=said)
        assert "20 erased for their age" in said.getvalue()
        assert ConsultationRequest.objects.count() == 1


# --- What must be noticed ------------------------------------------------------------------


def test_one_flipped_byte_is_noticed_wherever_it_is(place: Path, key: str) -> None:
    file = backup()
    whole = file.read_bytes()
    offsets = [0, 30, 80, 150, 210, 300, 70_000, len(whole) // 2, len(whole) - 1]
    for offset in offsets:
        changed = bytearray(whole)
        changed[offset] ^= 1
        file.write_bytes(changed)
        assert "damaged" in refused("restore", str(file), f"--key={key}", "--replace")
    for length in (10, 70_000, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert "damaged" in refused("restore", str(file), f"--key={key}", "--replace")


def test_a_flipped_byte_is_noticed_without_the_digest_beside_it(place: Path, key: str) -> None:
    file = backup()
    Path(f"{file}.sha256").unlink()
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 128
    file.write_bytes(changed)
    assert "damaged" in refused("restore", str(file), f"--key={key}", "--replace")


def test_a_wrong_key_says_so(place: Path, tmp_path: Path) -> None:
    file = backup()
    wrong = tmp_path / "wrong.txt"
    wrong.write_text(sealing.new_pair()[0])
    said = refused("restore", str(file), f"--key={wrong}", "--replace")
    assert "doesn't open" in said
    assert "damaged" not in said
    wrong.write_text(PRIVATE[:-1])
    assert "part of it is missing" in refused("restore", str(file), f"--key={wrong}", "--replace")
    wrong.write_text(PUBLIC)
    assert "isn't an age private key" in refused(
        "restore", str(file), f"--key={wrong}", "--replace"
    )


def test_a_site_that_holds_something_is_not_overwritten_by_mistake(place: Path, key: str) -> None:
    file = backup()
    assert "--replace" in refused("restore", str(file), f"--key={key}")


def test_a_site_that_was_just_installed_and_looked_at_holds_nothing(name: str) -> None:
    User.objects.all().delete()
    ConsultationRequest.objects.all().delete()
    Schedule.load()
    restoring.refuse_if_in_use()
    submit()
    with pytest.raises(BackupProblem):
        restoring.refuse_if_in_use()


def test_a_backup_that_was_made_with_other_keys_is_refused(
    place: Path, key: str, settings: Any
) -> None:
    """It may be planted: anybody can encrypt to a public key."""
    file = backup()
    settings.FIELD_ENCRYPTION_KEYS = ["b3RoZXIga2V5cyBhbG9uZTogbm90IGEgc2VjcmV0ISE="]
    said = refused("restore", str(file), f"--key={key}", "--replace")
    assert "recovery kit" in said


def test_a_backup_of_newer_code_is_refused(place: Path, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)",
            ["booking", "9999_later", "2026-01-01 00:00:00+00:00"],
        )
    assert "Update first" in refused("restore", str(backup()), f"--key={key}", "--replace")


def test_a_backup_of_older_code_is_migrated(place: Path, key: str, other: str) -> None:
    def applied() -> list[str]:
        found = MigrationRecorder(connection).applied_migrations()
        return sorted(name for app, name in found if app == "axes")

    newest = applied()
    call_command("migrate", "axes", newest[-2], verbosity=0)
    file = backup()
    with working_on(other):
        restore(file, key, "--replace")
        assert applied() == newest


# --- What must not be left behind ----------------------------------------------------------


@pytest.mark.parametrize("moment", ["Database", "Archive", "Read again"])
def test_a_backup_that_is_killed_leaves_none_under_a_good_name(place: Path, moment: str) -> None:
    first = backup()
    kept = first.read_bytes()

    def die(what: str, done: int, total: int) -> None:
        if what == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    connection.close()  # two processes that talk over one mix up what it answers
    child = os.fork()
    if not child:
        try:
            with making.at_work() as scratch:
                making.make(scratch, die)
        except BaseException:
            traceback.print_exc()
        finally:  # or it would go on with the tests that are left
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert [each.name for each in place.glob("*.tar.age")] == [first.name]
    assert stores.complete(stores.Folder(place)) == [first.name]
    assert first.read_bytes() == kept
    backup()
    assert list(place.glob("*.part")) == []
    assert not (making.settings.DATA_DIR / "backup-scratch").exists()


@contextlib.contextmanager
def files_no_longer_than(length: int) -> Iterator[None]:
    """A disk on which no file grows beyond `length` bytes."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_without_room_says_so_and_keeps_no_half(place: Path, settings: Any) -> None:
    first = backup()
    settings.MEDIA_ROOT.mkdir()
    length = first.stat().st_size
    (settings.MEDIA_ROOT / "large.jpg").write_bytes(bytes(length))
    with files_no_longer_than(length + length // 2):
        assert "too large" in refused("backup")
    assert {each.name for each in place.iterdir()} == {
        first.name,
        f"{first.name}.sha256",
        "installation.txt",
        "tombstones.txt",
    }
    assert [proof.ok for proof in BackupProof.objects.all()] == [False, True]


def test_a_folder_that_cannot_be_written_says_so(place: Path, settings: Any) -> None:
    settings.BACKUP_TO = "/sys"
    said = refused("backup")
    assert "/sys/installation.txt" in said
    assert f"as the user {getpass.getuser()}" in said, "whose it has to be"
    settings.BACKUP_TO = str(place / "not mounted")
    assert "Is its disk attached?" in refused("backup")
    assert not (place / "not mounted").exists()
    settings.BACKUP_TO = "backups"
    assert "slash" in refused("backup")
    settings.BACKUP_TO = "ftp://somewhere/backups"
    assert "neither a folder nor s3://" in refused("backup")
    settings.BACKUP_TO = ""
    assert "BACKUP_TO isn't set" in refused("backup")


def test_two_at_once_are_refused(place: Path) -> None:
    with making.at_work():
        assert "Another backup" in refused("backup")


def installed_anew(settings: Any, folder: Path) -> None:
    """As on another server that has the same settings: its data folder is empty."""
    settings.DATA_DIR = folder
    folder.mkdir()


def test_a_new_server_lets_no_backup_of_the_old_one_go(
    place: Path, key: str, settings: Any, tmp_path: Path
) -> None:
    """Made on the same day, and nothing in it: it would be the newest of that day."""
    old = backup()
    installed_anew(settings, tmp_path / "new")
    assert "Another installation" in refused("backup")
    assert newest(place) == old
    restore("", key, "--replace")
    assert backup() != old


def test_a_restore_takes_over_the_place_that_it_came_from_however_that_is_named(
    place: Path, key: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = backup()
    stick = tmp_path / "stick"
    shutil.copytree(place, stick)
    whose = (stick / "installation.txt").read_bytes()
    installed_anew(settings, tmp_path / "new")
    monkeypatch.chdir(stick)
    restore(file.name, key, "--replace")
    assert (stick / "installation.txt").read_bytes() == whose, "a copy is nobody's place"
    assert "Another installation" in refused("backup")
    restore(f"{place}/", key, "--replace")
    backup()


def test_a_restore_that_cannot_take_over_says_that_all_came_back(
    place: Path, key: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup()
    installed_anew(settings, tmp_path / "new")

    def refuse(*_: object) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr(stores.Folder, "write", refuse)
    said, told = io.StringIO(), io.StringIO()
    call_command("restore", f"--key={key}", "--replace", stdout=said, stderr=told)
    assert "came back unchanged" in said.getvalue()
    assert "backup --take-over" in told.getvalue()


def test_backups_of_which_nothing_says_whose_they_are_are_not_a_new_servers(
    place: Path, settings: Any
) -> None:
    backup()
    (place / "installation.txt").unlink()
    backup()
    (place / "installation.txt").unlink()
    BackupProof.objects.all().delete()
    assert "Another installation (unknown)" in refused("backup")


def test_after_the_move_the_old_server_adds_nothing(
    place: Path, key: str, settings: Any, tmp_path: Path
) -> None:
    backup()
    before = settings.DATA_DIR
    installed_anew(settings, tmp_path / "new")
    restore(newest(place).name, key, "--replace")
    settings.DATA_DIR = before
    assert "Another installation" in refused("backup")
    call_command("backup", "--take-over", stdout=io.StringIO())
    backup()


def test_a_rehearsal_takes_no_backups_over(
    place: Path, key: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup()
    before = settings.DATA_DIR
    monkeypatch.setenv("BACKUP_TO", str(place))  # for the process that restores
    installed_anew(settings, tmp_path / "new")
    call_command("rehearse_restore", f"--key={key}", stdout=io.StringIO())
    settings.DATA_DIR = before
    backup()


def test_old_backups_go_by_the_rule(place: Path) -> None:
    now = timezone.now().replace(microsecond=0)
    for days in range(60):
        name = stores.name_at(now - timedelta(days=days, hours=1))
        (place / name).write_bytes(b"old")
        (place / f"{name}.sha256").write_bytes(b"old")
    owning.take_over(stores.Folder(place))
    half = stores.name_at(now - timedelta(days=3, hours=2))
    (place / half).write_bytes(b"never got its digest")
    (place / "notes.txt").write_bytes(b"somebody's own")
    backup()
    left = [stores.time_of(name) for name in stores.complete(stores.Folder(place))]
    assert max(now - each for each in left) <= timedelta(days=35)
    assert len(left) == 11, "seven daily and four weekly"
    names = {each.name for each in place.iterdir()}
    assert half not in names
    assert {name for name in names if name.endswith(".sha256")} == {
        f"{stores.name_at(each)}.sha256" for each in left
    }
    assert "notes.txt" in names


# --- What nobody may read in it ------------------------------------------------------------


def unpacked(file: Path, folder: Path) -> None:
    """Opens the backup without any of the project's code but age."""
    folder.mkdir()
    with open(file, "rb") as sealed, open(folder / "backup.tar", "wb") as plain:
        sealing.unseal(sealed, plain, PRIVATE)  # type: ignore[arg-type]
    subprocess.run(["tar", "xf", "backup.tar"], cwd=folder, check=True)
    (folder / "backup.tar").unlink()
    if (folder / "database.pgdump").exists():  # which is compressed
        program = snapshots._program("pg_restore")
        command = [program, "--file=database.sql", "database.pgdump"]
        subprocess.run(command, cwd=folder, check=True)


def test_no_word_of_a_visitor_stands_in_a_backup_in_clear(
    place: Path, tmp_path: Path, settings: Any
) -> None:
    submit()
    file = backup()
    keys = [settings.SECRET_KEY, *settings.FIELD_ENCRYPTION_KEYS]
    readable = ["consultation", "sqlite format", "manifest", CANARY, "media/", "pgdmp"]
    assert list(found_in(file.read_bytes(), readable)) == []
    unpacked(file, tmp_path / "open")
    database = next((tmp_path / "open").glob("database.s*")).read_bytes()
    assert list(found_in(database, ["consultationrequest"])), "it holds the tables"
    assert found_below(tmp_path / "open", [CANARY, "visitor.example"]) == []
    everything = b"".join(p.read_bytes() for p in (tmp_path / "open").rglob("*") if p.is_file())
    assert not any(each.encode() in everything for each in keys)


def test_the_program_age_opens_it_in_an_emergency(place: Path, key: str, tmp_path: Path) -> None:
    if shutil.which("age") is None:
        missing_part("age opens backups. On Debian: apt install age")
    file = backup()
    plain = subprocess.run(["age", "-d", "-i", key, file], check=True, capture_output=True).stdout
    listed = subprocess.run(["tar", "t"], input=plain, check=True, capture_output=True).stdout
    assert {"README.txt", snapshots.name(), "manifest.json"} <= set(listed.decode().split())
    check = ["sha256sum", "--check", f"{file.name}.sha256"]
    assert subprocess.run(check, cwd=place, capture_output=True).returncode == 0


# --- Any store that speaks S3 --------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket_server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(
    bucket_server: str, place: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> stores.Bucket:
    store, settings.BACKUP_TO = new_bucket(bucket_server, monkeypatch)
    return store


@pytest.fixture
def uploads_store(
    bucket_server: str, place: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> stores.Bucket:
    """Where uploads are, while backups go to a folder."""
    store, settings.MEDIA_STORE = new_bucket(bucket_server, monkeypatch)
    return store


def test_uploads_in_a_store_are_in_the_backup_and_come_back_to_it(
    uploads_store: stores.Bucket, other: str, key: str, settings: Any
) -> None:
    large = os.urandom(9_000_000)
    uploads_store.write("images/large.jpg", large)
    uploads_store.write("documents/intake.pdf", b"%PDF-")
    made = backup()
    uploads_store.delete("images/large.jpg")
    uploads_store.write("images/later.jpg", b"came after the backup")
    with working_on(other):
        restore(made, key, "--replace")
    assert uploads_store.names() == {"images/large.jpg", "documents/intake.pdf"}
    assert stores.read(uploads_store, "images/large.jpg") == large
    assert not settings.MEDIA_ROOT.exists()


def test_an_upload_that_goes_while_the_backup_is_made_is_left_out(
    uploads_store: stores.Bucket, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads_store.write("images/stays.jpg", b"stays")
    sizes = stores.Bucket.sizes
    monkeypatch.setattr(stores.Bucket, "sizes", lambda self: sizes(self) | {"images/gone.jpg": 5})
    out = io.StringIO()
    call_command("backup", stdout=out)
    assert "1 uploads" in out.getvalue()


def test_a_rehearsal_touches_no_upload_in_the_store(
    uploads_store: stores.Bucket,
    name: str,
    place: Path,
    key: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The restore on trial is another process, with the site's environment."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "practice.settings")
    monkeypatch.setenv("DATABASE_URL", address_of(name))
    monkeypatch.setenv("BACKUP_TO", str(place))
    monkeypatch.setenv("MEDIA_STORE", settings.MEDIA_STORE)
    for picture in ("images/one.jpg", "images/two.jpg"):
        uploads_store.write(picture, b"as it was")
    backup()
    uploads_store.write("images/one.jpg", b"as it is now")
    uploads_store.delete("images/two.jpg")
    call_command("rehearse_restore", f"--key={key}", stdout=io.StringIO())
    assert BackupProof.objects.get(kind="with_key").ok
    assert uploads_store.names() == {"images/one.jpg"}
    assert stores.read(uploads_store, "images/one.jpg") == b"as it is now"


def test_a_backup_goes_to_a_bucket_and_comes_back(
    bucket: stores.Bucket, other: str, key: str, settings: Any
) -> None:
    """With 9 MB of uploads it goes in more than one part."""
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "large.jpg").write_bytes(os.urandom(9_000_000))
    stays = submit()
    call_command("backup", stdout=io.StringIO())
    [name] = stores.complete(bucket)
    assert bucket.names() == {name, f"{name}.sha256", "installation.txt", "tombstones.txt"}
    (settings.MEDIA_ROOT / "large.jpg").unlink()
    with working_on(other):
        restore(settings.BACKUP_TO, key, "--replace")
        assert [each.pk for each in ConsultationRequest.objects.all()] == [stays.pk]
    assert (settings.MEDIA_ROOT / "large.jpg").stat().st_size == 9_000_000
    assert not (settings.DATA_DIR / "backup-scratch").exists()


def test_in_a_bucket_too_damage_is_noticed_and_old_ones_go(bucket: stores.Bucket, key: str) -> None:
    old = stores.name_at(datetime(2020, 1, 1, tzinfo=UTC))
    bucket.write(old, b"old")
    bucket.write(f"{old}.sha256", hashlib.sha256(b"old").hexdigest().encode())
    owning.take_over(bucket)
    call_command("backup", stdout=io.StringIO())
    [name] = stores.complete(bucket)
    changed = bytearray(stores.read(bucket, name))
    changed[5_000] ^= 1
    bucket.write(name, bytes(changed))
    assert "damaged" in refused("restore", name, f"--key={key}", "--replace")


def test_a_store_that_refuses_says_so(bucket: stores.Bucket, settings: Any) -> None:
    settings.BACKUP_TO = "s3://nobodys-bucket"
    assert "The store refused: NoSuchBucket" in refused("backup")


# --- The rehearsal -------------------------------------------------------------------------


def test_a_rehearsal_proves_a_restore_and_leaves_nothing_behind(
    name: str,
    place: Path,
    key: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The restore itself is a process of its own, with production's settings."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "practice.settings")
    monkeypatch.setenv("DATABASE_URL", address_of(name))
    monkeypatch.setenv("BACKUP_TO", str(place))
    gone, leaves = submit(1), submit(2)
    settings.TOMBSTONES_FILE.write_text(f"2026-01-01 {digest_of(gone.invitation_uid)}\n")
    call_command("rehearse_restore", "--progress")
    said = capsys.readouterr()
    assert "1 erased again" in said.out
    assert "Archive 100 %" in said.err
    by_visitor.withdraw(leaves)
    call_command("rehearse_restore", f"--key={key}")
    assert "unchanged; 1 erased again, 1 wishes honored" in capsys.readouterr().out
    assert ConsultationRequest.objects.count() == 2, "the site itself is left alone"
    kinds = list(BackupProof.objects.order_by("pk").values_list("kind", "ok"))
    assert kinds == [("rehearsal", True), ("backup", True), ("with_key", True)]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_database WHERE datname ~ '^rehearsal_'")
            assert cursor.fetchone() == (0,)
    assert not (settings.DATA_DIR / "backup-scratch").exists()


def test_what_was_damaged_where_it_lies_is_named(place: Path) -> None:
    file = backup()
    store = stores.Folder(place)
    rehearsing.reread(store, silent)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BackupProblem, match=f"Damaged in storage: {file.name}"):
        rehearsing.reread(store, silent)


def test_a_file_is_found_by_whatever_names_it(place: Path) -> None:
    file = backup()
    for what in ("", str(place), str(file), file.name):
        store, name = restoring.find(what)
        assert (Path(store.path), name) == (place, file.name)  # type: ignore[attr-defined]
    with pytest.raises(BackupProblem, match="no backup in"):
        restoring.find("/nowhere")
