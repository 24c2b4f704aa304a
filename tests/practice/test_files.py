"""A file is written whole or not at all, and only its owner reads it."""

import os
import time
from pathlib import Path

import pytest

from practice.environment import files


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    for data in (b"old\n", b"new\n"):
        files.replace(file, data)
        assert file.read_bytes() == data
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_replaced_stays_and_leaves_no_part_behind(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    with pytest.raises(IsADirectoryError):
        files.replace(folder, b"new\n")
    assert list(tmp_path.iterdir()) == [folder]


def test_a_line_that_broke_off_is_a_line_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    files.append(file, [b"first\n"])
    with file.open("ab") as torn:
        torn.write(b"sec")
    files.append(file, [b"third\n", b"fourth\n"])
    assert file.read_bytes() == b"first\nsec\nthird\nfourth\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_a_crash_left_is_removed_later_and_read_by_nobody_meanwhile(tmp_path: Path) -> None:
    """nginx reads every file of a folder whose name does not begin with a dot."""
    old, new = tmp_path / ".site.conf.abc.part", tmp_path / ".site.conf.def.part"
    for part in (old, new):
        part.write_text("half")
    hours_ago = time.time() - 2 * files.LEFT_AFTER
    os.utime(old, (hours_ago, hours_ago))
    files.replace(tmp_path / "site.conf", b"whole", 0o644)
    assert {file.name for file in tmp_path.iterdir()} == {"site.conf", new.name}


def test_a_place_that_lets_nobody_change_a_mode_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where another user's share is mounted."""

    def refuses(*arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchmod", refuses)
    files.replace(tmp_path / "digest", b"whole")
    assert (tmp_path / "digest").read_bytes() == b"whole"
