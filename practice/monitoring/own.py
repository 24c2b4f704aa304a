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
WATCHING, BACKUPS = "Seeing without watching", "Backups"


def ask(part: str) -> str:
    """Whom to ask, and where the operator finds more."""
    return f'Ask whoever looks after the server (docs/operator.md, "{part}").'


# --- What can be measured ------------------------------------------------------------------


def measure(sender: Any, now: datetime, **kwargs: Any) -> list[Gauge]:
    pending = readiness.pending_migrations()
    return [
        Gauge("migrations_pending", "Migrations that the database lacks", pending),
        Gauge("clock_in_doubt", "1 while the date is not believed", int(bool(clocks.doubt(now)))),
        *_heartbeat(now),
        *(
            Gauge(
                "disk_free_bytes",
                "What the site may still write",
                readiness.free(folder),
                {"holds": holds},
            )
            for holds, folder in readiness.disks().items()
        ),
        *(
            Gauge(
                "proof_age_seconds",
                "Time since the last backup and rehearsal that were good",
                age.total_seconds(),
                {"kind": kind},
            )
            for kind, age in proofs(now).items()
            if age is not None
        ),
    ]


def _heartbeat(now: datetime) -> list[Gauge]:
    age = heartbeat.age(heartbeat.WORKER, now)
    if age is None:
        return []
    words = "Time since the worker's last sign of life"
    return [Gauge("worker_heartbeat_age_seconds", words, age.total_seconds())]


def proofs(now: datetime) -> dict[str, timedelta | None]:
    """How old the last good backup and rehearsal are; None for one that there never was."""
    good = BackupProof.objects.filter(ok=True)
    last = {
        what: good.filter(kind__in=kinds).order_by("-at").first()
        for what, kinds in PROVED_BY.items()
    }
    return {what: None if one is None else now - one.at for what, one in last.items()}


# --- What the weekly mail says -------------------------------------------------------------


def report(sender: Any, now: datetime, **kwargs: Any) -> list[Finding]:
    practice = PracticeSettings.load()
    since = (now - WEEK).astimezone(practice.zone).date()
    return [
        *_clock(now),
        _worker(now),
        *_disks(),
        *_migrations(),
        *_certificate(now),
        *(_proof(kind, age) for kind, age in proofs(now).items()),
        *(_update(*told) for told in updates.of_the_site(since)),
        *_debian(updates.of_debian(since)),
        *standing.findings(practice),
        *(
            Finding(f"Sample content still stands. {line}.", "Replace or remove it.")
            for line in samples.standing()
        ),
        *(
            Finding(
                f"Business associate agreement. {line}.",
                "See to it, and note it in the settings of the practice.",
            )
            for line in agreements.to_see_to(practice)
        ),
    ]


def _clock(now: datetime) -> list[Finding]:
    doubt = clocks.doubt(now)
    says = "Until you say it's right, on the admin's first page, nothing ends or is erased."
    advice = f"{says} {ask(WATCHING)}"
    return [Finding(str(doubt), advice)] if doubt else []


def _worker(now: datetime) -> Finding:
    gaps = Silence.objects.filter(name=heartbeat.WORKER, until__gte=now - WEEK)
    if not gaps:
        return Finding("The worker, which sends the mail, ran all week.")
    minutes = max((gap.until - gap.since) // timedelta(minutes=1) for gap in gaps)
    times, longest = counted(len(gaps), "time"), counted(minutes, "minute")
    return Finding(
        f"The worker, which sends the mail, stood still {times}, {longest} at the longest.",
        f"That is right if the server was off. Otherwise: {ask(WATCHING)}",
    )


def _disks() -> list[Finding]:
    """One for each disk, of which most servers have one."""
    disks: dict[int, list[str]] = {}
    for holds, folder in readiness.disks().items():
        disks.setdefault(readiness.disk_of(folder), []).append(holds)
    return [_room(holds) for holds in disks.values()]


def _room(holds: list[str]) -> Finding:
    free = readiness.free(readiness.disks()[holds[0]])
    enough = free >= WARN_TIMES * readiness.least_free()
    advice = "" if enough else f"Make room, or take a larger disk. {ask(WATCHING)}"
    return Finding(f"{free / 1e9:.1f} GB are free for the {' and the '.join(holds)}.", advice)


def _migrations() -> list[Finding]:
    if not (pending := readiness.pending_migrations()):
        return []
    return [Finding(f"The database waits for {counted(pending, 'migration')}.", ask(WATCHING))]


def _certificate(now: datetime) -> list[Finding]:
    try:
        days = certificates.days_left(now)
    except certificates.Unknown:
        says = "The site's certificate could not be looked at from the server itself."
        return [Finding(says, f"Open your site. If the browser warns of it: {ask(WATCHING)}")]
    if days is None:
        return []
    if days < 0:
        return [Finding("The site's certificate is over, and browsers warn of it.", ask(WATCHING))]
    says = f"The site's certificate is good for {counted(days, 'day')}."
    soon = days < certificates.WARN.days
    return [Finding(says, f"It should have been renewed by now. {ask(WATCHING)}" if soon else "")]


def _proof(kind: str, age: timedelta | None) -> Finding:
    what = "backup" if kind == "backup" else "rehearsed restore"
    if age is None:
        return Finding(f"There was no {what} yet.", ask(BACKUPS))
    days = max(age // timedelta(days=1), 0)
    when = "less than a day" if days == 0 else counted(days, "day")
    is_old = age > PROOF_GOOD_FOR[kind]
    return Finding(
        f"The last good {what} is {when} old.", f"That is too old. {ask(BACKUPS)}" if is_old else ""
    )


def _update(words: str, has_failed: bool) -> Finding:
    return Finding(f"Update: {words}", ask(WATCHING) if has_failed else "")


def _debian(packages: int) -> list[Finding]:
    if not packages:
        return []
    return [Finding(f"Debian upgraded {counted(packages, 'package')}.")]
