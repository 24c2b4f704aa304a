"""vnu, the Nu HTML checker, finds no error on any page in any state."""

import json
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from tests import pages
from tests.conftest import missing_part

CHECKER = pages.TOOLS / "vnu-jar" / "build" / "dist" / "vnu.jar"
pytestmark = pytest.mark.looks
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
    shown = [BROKEN, *pages.everything()]
    for number, page in enumerate(shown):
        (folder / f"{number}.html").write_text(page.html)
    found = subprocess.run([*checker, folder], capture_output=True, text=True, timeout=TIMEOUT)
    faults: dict[str, list[str]] = defaultdict(list)
    for each in json.loads(found.stderr)["messages"]:
        fault = f"{each['message']} {each.get('extract', '')!r}"
        faults[fault].append(shown[int(Path(each["url"]).stem)].name)
    of_broken = [fault for fault, names in faults.items() if BROKEN.name in names]
    assert of_broken, "vnu looked at nothing"
    assert {*faults} == {*of_broken}, "\n".join(
        f"{fault} on {len(names)} pages: {', '.join(names[:5])}" for fault, names in faults.items()
    )
