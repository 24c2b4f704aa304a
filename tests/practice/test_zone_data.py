"""Which edition of the time zone data counts, in a process that runs for months too."""

import re
import shutil
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.checks import run_checks
from django.core.signals import request_started
from django.utils import timezone

from practice.jurisdiction import zone_data
from practice.worker.jobs import Job

PROJECT = Path(__file__).resolve().parent.parent.parent
WINTER = datetime(2026, 12, 10, 20, tzinfo=UTC)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of a machine's own zone data, empty to begin with."""
    with monkeypatch.context() as patch:
        patch.setattr(zone_data, "MACHINE", (str(tmp_path / "none"), str(tmp_path)))
        zone_data.use_newest()
        yield tmp_path
    zone_data.use_newest()


def install(machine: Path, edition: str) -> None:
    """Zone data of that edition, by which Vancouver has the clocks of Tokyo."""
    (machine / "America").mkdir(exist_ok=True)
    shutil.copy(Path(zone_data.PACKAGE, "Asia", "Tokyo"), machine / "America" / "Vancouver")
    (machine / "tzdata.zi").write_text(f"# version {edition}\n# redo posix_only\n")


def offset() -> timedelta | None:
    return WINTER.astimezone(ZoneInfo("America/Vancouver")).utcoffset()


def test_the_winter_of_vancouver_is_right_whatever_the_machine_knows() -> None:
    """British Columbia stays on UTC-7 from November 2026 on (tzdata 2026b)."""
    assert offset() == timedelta(hours=-7)


@pytest.mark.parametrize("edition", ["2017c", "2025b", "none of that"])
def test_an_older_edition_of_the_machine_is_not_used(machine: Path, edition: str) -> None:
    install(machine, edition)
    zone_data.use_newest()
    assert offset() == timedelta(hours=-7)
    assert zone_data.used() == zone_data.edition(zone_data.PACKAGE)


@pytest.mark.parametrize(
    "live",
    [
        pytest.param(lambda: request_started.send(sender=None), id="a web process"),
        pytest.param(lambda: Job("nothing", lambda: None).run_if_due(), id="the worker"),
    ],
)
def test_a_newer_edition_is_noticed_without_a_restart_and_so_is_its_end(
    machine: Path, live: Callable[[], object], db: None
) -> None:
    default = timezone.get_default_timezone()
    install(machine, "2999a")
    live()
    assert offset() == timedelta(hours=9)
    assert zone_data.used() == "2999a"
    assert timezone.get_default_timezone() is not default, "Django's own is made anew"
    assert ZoneInfo("Europe/Berlin"), "what the machine lacks comes from the package"
    (machine / "tzdata.zi").unlink()
    live()
    assert offset() == timedelta(hours=-7)


def test_the_same_edition_from_the_machine_changes_nothing(machine: Path) -> None:
    install(machine, zone_data.edition(zone_data.PACKAGE))
    zone_data.use_newest()
    assert zoneinfo.TZPATH == ()


def test_a_check_says_which_is_used(machine: Path) -> None:
    def said() -> list[str]:
        found = run_checks(include_deployment_checks=True)
        return [message.msg for message in found if message.id == "practice.I001"]

    packaged = zone_data.edition(zone_data.PACKAGE)
    assert re.fullmatch(r"20\d\d[a-z]", packaged)
    install(machine, "2025b")
    zone_data.refresh()
    assert said() == [f"Time zone data: {packaged}, from tzdata. This machine has 2025b."]
    install(machine, "2999a")
    zone_data.refresh()
    assert said() == [f"Time zone data: 2999a, from this machine. tzdata has {packaged}."]


def test_the_database_is_never_asked_which_day_it_is_somewhere() -> None:
    """PostgreSQL has zone data of its own, which knows nothing of ours."""
    asks = re.compile(
        r"\b(Trunc|Extract)[A-Z]\w*|AT TIME ZONE|date_trunc|date_part"
        r"|__(date|time|year|month|day|week_?day|hour|minute|quarter|week)(?=\b|__)"
    )
    found = [
        f"{file.relative_to(PROJECT)}: {hit[0]}"
        for room in ("practice", "blog", "booking")
        for file in (PROJECT / room).rglob("*.py")
        for hit in asks.finditer(file.read_text())
    ]
    assert found == []
