"""The rule by which backups are kept, the keys, and what the admin shows; the rest of it is
tests/faults/test_backups.py.
"""

import io
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from practice.backups import (
    BackupProblem,
    archive,
    commands,
    keeping,
    proofs,
    sealing,
    stores,
    streams,
)
from practice.models import BackupProof
from practice.worker import heartbeat

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONGEST = timedelta(days=35)
Kind = BackupProof.Kind


# --- Which are kept ------------------------------------------------------------------------


def test_seven_daily_and_four_weekly_are_kept() -> None:
    nightly = [NOW - timedelta(days=days, hours=10) for days in range(100)]
    kept = sorted(keeping.kept(nightly, NOW, LONGEST), reverse=True)
    assert [(NOW - each).days for each in kept] == [0, 1, 2, 3, 4, 5, 6, 7, 9, 16, 23]


def test_of_many_in_a_day_the_newest_is_kept() -> None:
    hourly = [NOW - timedelta(hours=hours) for hours in range(12)]
    assert keeping.kept(hourly, NOW, LONGEST) == {NOW}


def test_the_last_one_is_kept_whatever_its_age() -> None:
    old = [NOW - timedelta(days=days) for days in (90, 100)]
    assert keeping.kept(old, NOW, LONGEST) == {old[0]}
    assert keeping.kept([], NOW, LONGEST) == set()


@given(st.lists(st.integers(0, 200 * 24), max_size=60), st.integers(1, 35))
def test_none_but_the_last_is_ever_older_than_promised(hours: list[int], days: int) -> None:
    times = {NOW - timedelta(hours=each) for each in hours}
    kept = keeping.kept(times, NOW, timedelta(days=days))
    assert kept <= times
    assert len(kept) <= keeping.DAYS + keeping.WEEKS
    assert all(NOW - each <= timedelta(days=days) for each in kept - {max(times, default=NOW)})
    assert bool(kept) == bool(times)


# --- Keys and streams ----------------------------------------------------------------------


def test_a_new_pair_is_printed_once_with_what_to_do(settings: Any) -> None:
    said = io.StringIO()
    call_command("backup", "--new-key", stdout=said)
    public = sealing.identity(said.getvalue()).to_public()
    assert f"BACKUP_RECIPIENT={public}" in said.getvalue()
    words = said.getvalue().partition("BACKUP_RECIPIENT")[0].split()
    assert max(len(word) for word in words) == len(sealing.BEGINS), "the rest is in groups"


def test_a_private_key_is_found_among_other_lines_in_small_letters_and_in_groups() -> None:
    private, public = sealing.new_pair()
    small = sealing.identity(f"# created today\n\n  {private.lower()}  \n")
    assert str(small.to_public()) == public
    groups = f"{private[:16]}\n{private[16:30]} {private[30:45]}\t{private[45:]}\nIt begins so"
    grouped = sealing.identity(f"It begins with {sealing.BEGINS} and goes on:\n{groups}")
    assert str(grouped.to_public()) == public
    with pytest.raises(BackupProblem, match="74 letters"):
        sealing.identity(private[:-1])


def test_a_private_key_is_typed_line_by_line(
    terminal: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    private, _ = sealing.new_pair()
    for lines in ([private], [private[:16], private[16:40], private[40:]], [private[:16], ""]):
        left = list(lines)
        monkeypatch.setattr("getpass.getpass", lambda prompt, left=left: left.pop(0))
        assert commands.private_key("-") == "".join(lines)
        assert left == []


def test_memory_does_not_grow_with_the_backup() -> None:
    """Nothing asks for more than a piece at a time, on the way in or out."""

    class Endless:
        left = 200_000_000
        largest = 0

        def read(self, size: int = -1) -> bytes:
            self.largest = max(self.largest, size)
            given = min(size, self.left)
            self.left -= given
            return bytes(given)

    private, public = sealing.new_pair()
    source = Endless()
    with (
        streams.piped(lambda sink: sealing.seal(source, sink, [public])) as sealed,
        streams.piped(lambda sink: sealing.unseal(sealed, sink, private)) as plain,
    ):
        assert streams.digest_of(plain)[1] == 200_000_000
    assert 0 < source.largest <= streams.CHUNK


def test_what_fails_while_it_writes_fails_for_who_reads() -> None:
    def produce(sink: Any) -> None:
        sink.write(b"half")
        raise BackupProblem("the other half is gone")

    with pytest.raises(BackupProblem, match="other half"), streams.piped(produce) as source:
        assert source.read() == b"half"


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "media/../../escaped", "escaped", "media", "own/../x", "../media/x"]
)
def test_no_member_leaves_the_folder_into_which_it_is_unpacked(name: str) -> None:
    import tarfile

    with pytest.raises(BackupProblem):
        archive.safe(tarfile.TarInfo(name))
    link = tarfile.TarInfo("media/x")
    link.type = tarfile.SYMTYPE
    with pytest.raises(BackupProblem):
        archive.safe(link)


def test_the_name_of_a_backup_says_when_it_was_begun() -> None:
    name = stores.name_at(NOW)
    assert name == "practice-20261124T120000Z.tar.age"
    assert stores.time_of(name) == NOW
    with pytest.raises(BackupProblem):
        stores.time_of("practice.tar")


def test_files_that_may_hold_keys_are_left_out(tmp_path: Any) -> None:
    for name in ("settings.env", ".env", ".env.old", "templates/home.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("SECRET_KEY=x")
    os.symlink("/etc/passwd", tmp_path / "link")
    assert [name for name, _ in archive.files_below(tmp_path, "own")] == ["own/templates/home.html"]


# --- What the admin shows ------------------------------------------------------------------


def home_of(client: Client) -> str:
    return client.get(reverse("wagtailadmin_home")).content.decode()


def prove(kind: str, days: float, *, ok: bool = True, what: str = "figures") -> None:
    at = timezone.now() - timedelta(days=days)
    BackupProof.objects.create(kind=kind, at=at, ok=ok, what=what)


def test_the_therapist_sees_when_it_was_last_proved(
    as_therapist: Client, home: object, settings: Any
) -> None:
    settings.BACKUP_TO = "/somewhere"
    for kind in Kind:
        prove(kind, 1)
    said = home_of(as_therapist)
    assert "Restore test by the server" in said
    assert said.count("last on") == 3
    assert "manage.py backup" not in said


def test_what_is_too_old_says_what_to_do(as_therapist: Client, home: object, settings: Any) -> None:
    settings.BACKUP_TO = "/somewhere"
    prove(Kind.BACKUP, 3)
    prove(Kind.REHEARSAL, 20)
    said = home_of(as_therapist)
    assert "manage.py backup" in said
    assert "never yet" in said
    assert said.count("manage.py rehearse_restore") == 2


def test_a_failure_since_is_shown(as_therapist: Client, home: object, settings: Any) -> None:
    settings.BACKUP_TO = "/somewhere"
    prove(Kind.BACKUP, 1)
    prove(Kind.BACKUP, 0.5, ok=False, what="No space left on device")
    assert "No space left on device" in home_of(as_therapist)
    prove(Kind.BACKUP, 0)
    assert "No space left on device" not in home_of(as_therapist)


def test_an_editor_sees_nothing_of_it(as_editor: Client, home: object, settings: Any) -> None:
    settings.BACKUP_TO = "/somewhere"
    assert "backups-panel" not in home_of(as_editor)


def test_where_none_are_made_nothing_is_shown(as_therapist: Client, home: object) -> None:
    assert "backups-panel" not in home_of(as_therapist)


def test_old_proofs_go(home: object) -> None:
    prove(Kind.BACKUP, 900)
    heartbeat.note(heartbeat.WORKER, timezone.now())
    proofs.record(Kind.BACKUP, ok=True, what="x" * 500)
    assert [len(each.what) for each in BackupProof.objects.all()] == [250]
