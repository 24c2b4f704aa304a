"""vnu, the Nu HTML checker, finds no error on any page in any state."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import pages
from tests.conftest import missing_part

CHECKER = pages.TOOLS / "vnu-jar" / "build" / "dist" / "vnu.jar"
TIMEOUT = 120  # seconds
BROKEN = pages.Shown("broken", "/", 200, "<!doctype html><title>A page</title><p><div></p>")


@pytest.fixture
def checker() -> list[str]:
    java = shutil.which("java")
    if not (java and CHECKER.exists()):
        missing_part("vnu is missing: apt install default-jre-headless npm, then `make tools`")
    return [java, "-jar", str(CHECKER), "--format", "json", "--errors-only"]


@pytest.mark.usefixtures("bare")
def test_no_page_has_an_error_in_its_html(checker: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "html"
    folder.mkdir()
    pages.load_sample()
    shown = pages.everything()
    for number, page in enumerate([BROKEN, *shown]):
        (folder / f"{number}.html").write_text(page.html)
    found = subprocess.run([*checker, folder], capture_output=True, text=True, timeout=TIMEOUT)
    faults = {
        f"{[BROKEN, *shown][int(Path(each['url']).stem)].name}: {each['message']}"
        f" {each.get('extract', '')!r}"
        for each in json.loads(found.stderr)["messages"]
    }
    of_broken = {fault for fault in faults if fault.startswith(f"{BROKEN.name}: ")}
    assert of_broken, "vnu looked at nothing"
    assert faults == of_broken, "\n".join(sorted(faults - of_broken))
