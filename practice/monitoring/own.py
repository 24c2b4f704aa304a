"""What this app measures and reports: worker, disk, migrations, certificate, updates, dates."""

from datetime import datetime, timedelta
from typing import Any

from practice import samples
from practice.launch import agreements
from practice.models import BackupProof, PracticeSettings, Silence
from practice.monitoring import Finding, Gauge, certificates, counted, readiness, standing, updates
from practice.worker import clocks, heartbeat

WEEK = timedelta(days=7)
WARN_TIMES = 5  # of what the site needs to be ready
PROVED_BY = {
    "backup": [BackupProof.Kind.BACKUP],
    "rehearsal": [BackupProof.Kind.REHEARSAL, BackupProof.Kind.WITH_KEY],
}
PROOF_GOOD_FOR = {"backup": timedelta(days=2), "rehearsal": timedelta(days=35)}
WATCHING, BACKUPS = "docs/operator/monitoring.md", "docs/operator/backups.md"
BROKEN = "docs/operator/troubleshooting.md"


UNTIL_SAID = (
    "If the date is right, press “The date is right” on the admin's first page. Until then, no "
    "offer runs out and nothing is deleted by age."
)


def ask(page: str) -> str:
    """Whom to ask, and where the operator finds more."""
    return f"Ask the person who looks after your server ({page})."


def measure(sender: Any, now: datetime, **kwargs: Any) -> list[Gauge]:
    pending = readiness.pending_migrations()
    found = [
        Gauge("migrations_pending", "Migrations that the database still needs", pending),
        Gauge("clock_in_doubt", "1 while the site doubts the date", int(bool(clocks.doubt(now)))),
    ]
    beat = heartbeat.age(heartbeat.WORKER, now)
    if beat is not None:
        words = "Time since the worker's last sign of life"
        found.append(Gauge("worker_heartbeat_age_seconds", words, beat.total_seconds()))
    words = "Disk space left for the site"
    for holds, folder in readiness.disks().items():
        free = readiness.free(folder)
        found.append(Gauge("disk_free_bytes", words, free, {"holds": holds}))
    words = "Time since the last good backup and restore test"
    for kind, age in proofs(now).items():
        if age is not None:
            found.append(Gauge("proof_age_seconds", words, age.total_seconds(), {"kind": kind}))
    return found


def proofs(now: datetime) -> dict[str, timedelta | None]:
    """How old the last good backup and rehearsal are; None for one that there never was."""
    good = BackupProof.objects.filter(ok=True)
    found: dict[str, timedelta | None] = {}
    for what, kinds in PROVED_BY.items():
        last = good.filter(kind__in=kinds).order_by("-at").first()
        found[what] = now - last.at if last else None
    return found


def report(sender: Any, now: datetime, **kwargs: Any) -> list[Finding]:
    practice = PracticeSettings.load()
    since = (now - WEEK).astimezone(practice.zone).date()
    found = []
    if doubt := clocks.doubt(now):
        found.append(Finding(str(doubt), f"{UNTIL_SAID} {ask(BROKEN)}"))
    found += [_worker(now), *_disks()]
    if pending := readiness.pending_migrations():
        says = f"An update isn't finished: the database still needs {counted(pending, 'change')}."
        found.append(Finding(says, ask(WATCHING)))
    found += _certificate(now)
    found += [_proof(kind, age) for kind, age in proofs(now).items()]
    for words, has_failed in updates.of_the_site(since):
        found.append(Finding(words, ask(WATCHING) if has_failed else ""))
    if packages := updates.of_debian(since):
        found.append(Finding(f"Debian upgraded {counted(packages, 'package')}."))
    found += standing.findings(practice)
    for line in samples.standing():
        found.append(
            Finding(f"Some sample content is still there. {line}.", "Replace or remove it.")
        )
    advice = "Take care of it, then note it under Settings, Practice."
    for line in agreements.to_see_to(practice):
        found.append(Finding(f"Business associate agreement. {line}.", advice))
    return found


def _worker(now: datetime) -> Finding:
    gaps = Silence.objects.filter(name=heartbeat.WORKER, until__gte=now - WEEK)
    if not gaps:
        return Finding("The program that sends your email ran all week.")
    minutes = max((gap.until - gap.since) // timedelta(minutes=1) for gap in gaps)
    times, longest = counted(len(gaps), "time"), counted(minutes, "minute")
    return Finding(
        f"The program that sends your email stopped {times}, {longest} at the longest.",
        f"That's fine if the server was off. Otherwise: {ask(WATCHING)}",
    )


def _disks() -> list[Finding]:
    """One for each disk, of which most servers have one."""
    disks: dict[int, list[str]] = {}
    for holds, folder in readiness.disks().items():
        disks.setdefault(readiness.disk_of(folder), []).append(holds)
    found = []
    for names in disks.values():
        free = readiness.free(readiness.disks()[names[0]])
        enough = free >= WARN_TIMES * readiness.least_free()
        says = f"There's {free / 1e9:.1f} GB free for the {' and the '.join(names)}."
        advice = "" if enough else f"Free up space, or get a larger disk. {ask(WATCHING)}"
        found.append(Finding(says, advice))
    return found


def _certificate(now: datetime) -> list[Finding]:
    try:
        days = certificates.days_left(now)
    except certificates.Unknown:
        says = "The server couldn't check the site's certificate."
        return [Finding(says, f"Open your site. If your browser warns you: {ask(WATCHING)}")]
    if days is None:
        return []
    if days < 0:
        return [
            Finding("The site's certificate has expired, and browsers warn people.", ask(WATCHING))
        ]
    says = f"The site's certificate is good for {counted(days, 'day')}."
    soon = days < certificates.WARN.days
    return [Finding(says, f"It should have been renewed by now. {ask(WATCHING)}" if soon else "")]


def _proof(kind: str, age: timedelta | None) -> Finding:
    what = "backup" if kind == "backup" else "restore test"
    if age is None:
        return Finding(f"There has been no {what} yet.", ask(BACKUPS))
    days = max(age // timedelta(days=1), 0)
    when = "less than a day" if days == 0 else counted(days, "day")
    is_old = age > PROOF_GOOD_FOR[kind]
    return Finding(
        f"The last good {what} is {when} old.", f"That's too old. {ask(BACKUPS)}" if is_old else ""
    )
