"""A practice's own template is named when the one it stands for is gone, or another than it was."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command

from practice.website import own_templates

FOOTER, NOWHERE = "includes/footer.html", "includes/nowhere.html"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.PRACTICE_DIR = tmp_path
    return tmp_path / "templates"


def told() -> list[str]:
    found = run_checks(tags=[Tags.templates])
    return [str(each.msg) for each in found if each.id == "practice.W013"]


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_a_practice_without_templates_of_its_own_hears_nothing() -> None:
    assert told() == []


def test_a_copy_is_good_until_the_one_it_was_made_from_changes(folder: Path) -> None:
    call_command("copy_template", FOOTER)
    copy = folder / FOOTER
    file = own_templates.original(FOOTER)
    assert file
    assert copy.read_text().endswith(file.read_text())
    copy.write_text(copy.read_text().replace("address", "div"))
    assert told() == []
    copy.write_text("{# from 0123456789ab #}<p>Ours</p>")
    [line] = told()
    assert f"{copy} was made from {file}, which has changed" in line
    copy.write_text(line.rpartition(" begin yours with ")[2] + "<p>Ours</p>")
    assert told() == []


def test_a_template_that_does_not_say_what_it_was_made_from_is_named(folder: Path) -> None:
    write(folder, FOOTER, "<p>Ours</p>")
    [line] = told()
    assert "may have changed" in line


def test_a_template_in_the_place_of_wagtails_counts_too(folder: Path) -> None:
    write(folder, "wagtailadmin/home.html", "{# from 0123456789ab #}")
    [line] = told()
    assert "wagtail/admin/templates" in line


def test_a_template_that_stands_for_none_is_named_unless_it_says_so(folder: Path) -> None:
    write(folder, NOWHERE, "<p>Ours</p>")
    [line] = told()
    assert "no longer has" in line
    write(folder, NOWHERE, "{# own #}<p>Ours</p>")
    assert told() == []


def test_nothing_is_copied_over_what_a_practice_wrote(folder: Path) -> None:
    write(folder, FOOTER, "<p>Ours</p>")
    with pytest.raises(CommandError, match="is already there"):
        call_command("copy_template", FOOTER)
    with pytest.raises(CommandError, match="no template"):
        call_command("copy_template", NOWHERE)
    assert (folder / FOOTER).read_text() == "<p>Ours</p>"


def test_what_is_no_template_stops_no_command(folder: Path) -> None:
    folder.mkdir()
    (folder / ".DS_Store").write_bytes(b"\x00\xff\xfe")
    (folder / "portrait.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    [line] = told()
    assert "portrait.jpg" in line
