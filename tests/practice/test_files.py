"""A file is written whole or not at all, and only its owner reads it."""

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
