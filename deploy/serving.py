"""What serves: the units of systemd, and nginx in front of them."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from deploy import proxy, release
from deploy.machine import SOURCE
from deploy.settings import Practice
from deploy.system import (
    Step,
    asks,
    at,
    changed,
    file,
    link,
    make_all,
    no_file,
    run,
    service,
    started,
    timer,
)

TIMERS = "backup rehearse tombstones".split()
UNITS = "/etc/systemd/system"


def unit_files(practices: list[Practice], folder: Path) -> list[Step]:
    """Backups may be written to the folder that a practice's settings name, if they name one."""
    there = (folder if folder.exists() else SOURCE) / "deploy/systemd"
    found = [path for path in sorted(there.rglob("*")) if path.is_file()]
    files = [file(at(UNITS) / path.relative_to(there), path.read_text()) for path in found]
    for practice in practices:
        place = practice.settings.get("BACKUP_TO", "")
        for kind in TIMERS if place.startswith("/") else []:
            path = at(UNITS) / f"practice-{kind}@{practice.name}.service.d/folder.conf"
            files.append(file(path, f"[Service]\nReadWritePaths=-{place}\n"))
    return files


def clock() -> Iterator[Step]:
    """That time-sync.target waits for the clock, which it does not by itself. Debian's package of
    systemd-timesyncd brings the unit; where another program sets the clock it may be missing.
    """
    waits = "systemd-time-wait-sync.service"
    if at(f"/lib/systemd/system/{waits}").exists():
        yield Step(
            f"make jobs that go by the date wait for the clock ({waits})",
            lambda: asks("systemctl", "is-enabled", waits) == "enabled",
            lambda: run("systemctl", "enable", "--quiet", waits),
        )


def services(practices: list[Practice], folder: Path) -> Iterator[Step]:
    files = unit_files(practices, folder)

    def write_units() -> None:
        make_all(files)
        run("systemctl", "daemon-reload")

    yield Step(
        "write the systemd units",
        lambda: all(step.holds() for step in files),
        write_units,
    )
    yield from clock()
    yield link(at("/usr/local/bin/practice"), "/opt/practice/current/deploy/practice")
    for practice in practices:
        name = practice.name
        yield timer(f"practice-web@{name}.socket")
        for kind in ("web", "worker"):
            unit = at(UNITS) / f"practice-{kind}@.service"
            sandbox = at(UNITS) / "practice-.service.d/sandbox.conf"
            yield service(
                f"practice-{kind}@{name}.service",
                [release.current(), practice.file, unit, sandbox],
                f"start the {kind} of {name} with its current settings",
            )
        for kind in TIMERS:
            yield timer(f"practice-{kind}@{name}.timer")
    yield timer("update-practices.timer")


def nginx(practices: list[Practice]) -> Iterator[Step]:
    enabled = at("/etc/nginx/sites-enabled")
    files = [
        file(at("/etc/nginx/conf.d/practice.conf"), proxy.common(practices)),
        *(file(each.site, proxy.site(each)) for each in practices),
    ]
    yield no_file(enabled / "default")
    yield from files
    reads = [at("/etc/nginx/conf.d/practice.conf")]
    for practice in practices:
        reads += [practice.site, practice.certificates / "certificate.pem"]
    stamp = at("/run/practice-nginx")

    def loaded() -> bool:
        seen = started("nginx.service")
        with suppress(OSError):
            seen = max(seen, stamp.stat().st_mtime) if seen else 0
        return bool(seen) and seen >= changed(reads)

    def load() -> None:
        run("systemd-run", "--quiet", "--wait", "--collect", "--pipe", "/usr/sbin/nginx", "-t")
        run("systemctl", "enable", "--quiet", "nginx")
        run("systemctl", "reload-or-restart", "nginx")
        stamp.touch()

    yield Step("reload nginx", loaded, load)
