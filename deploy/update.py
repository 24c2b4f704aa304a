"""`deploy/update`: another version, with a backup first and a way back.

    deploy/update practice-0.2.0.tar.gz     from an archive or a folder
    deploy/update --by-timer                what fetch-practices.service has laid ready

The order: lay out beside the others, check, back up, migrate while the old version serves, let
`current` lead to the new one, start again, ask whether all is well. Where any of it fails the
old version serves on, or again. The database is only ever migrated forward.
"""

import argparse
import datetime
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from deploy import fetch, release, settings
from deploy.manage import manage
from deploy.settings import Practice
from deploy.system import alone, asks, at, main, refuse_unless_root, run, say, write
from practice.environment.firstrun import Refusal, why

# A night without the network is nothing to tell; after this many seconds nobody looks any more.
LOOKS_WITHIN = 2 * 86_400 + 7_200
FETCHED, SIGNERS = "/var/cache/fetch-practices", "/etc/practice/signers"
# Names the version that served before, for as long as the next one has not proved itself.
UNFINISHED = "/opt/practice/unfinished"
# Names the version that failed, so that the timer does not try it every night.
REFUSED = "/opt/practice/refused"


def note(line: str) -> None:
    """For whoever looks, and for the weekly mail of each practice."""
    say(line)
    now = datetime.datetime.now(datetime.UTC)
    for practice in settings.installed():
        with open_for(practice, "updates.log", os.O_APPEND) as file:
            file.write(f"{now:%Y-%m-%dT%H:%M:%SZ} {line}\n")


def open_for(practice: Practice, name: str, how: int) -> TextIO:
    """A file of the practice's to write to, in a folder of its own user, who must not choose what
    root writes to. Raises OSError where a link of that name leads elsewhere.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how
    return open(os.open(practice.data / name, flags, 0o644), "w")


def change(before: str, after: str) -> bool:
    """Whether `after` serves now, by its own installer; else it is `before` again, and why has been
    noted.
    """
    write(at(UNFINISHED), f"{before}\n")
    try:
        run(release.place(after) / "deploy/install", "--locked")
    except Refusal as problem:
        write(at(REFUSED), f"{after}\n")
        note(f"The update to {after} failed: {reason(problem)}")
        say(str(problem))
        run(release.place(before) / "deploy/install", "--locked")
        at(UNFINISHED).unlink()
        note(f"Went back to {before}, which is running.")
        release.prune({before})
        return False
    at(UNFINISHED).unlink()
    at(REFUSED).unlink(missing_ok=True)
    note(f"Updated from {before} to {after}.")
    release.prune({before, after})
    return True


def reason(problem: Refusal) -> str:
    """In one line: of pip's what it says of its errors, else the last line that says something."""
    lines = [line.strip() for line in why(str(problem)) if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR:", "WARNING: Retrying"))]
    return " ".join(errors or lines[-1:])[:600]


def settle() -> None:
    """Finish what an update that was killed has begun, or take it back."""
    if not at(UNFINISHED).exists():
        return
    before, now = at(UNFINISHED).read_text().strip(), release.current_version()
    if before == now:
        say(f"An update was interrupted; {now} is still running.")
        at(UNFINISHED).unlink()
    else:
        say(f"An update from {before} to {now} was interrupted.")
        change(before, now)


def update(source: Path, wheels: str) -> bool:
    """Whether the version in `source` serves now.

    Raises Refusal where it is known before anything changed that it cannot.
    """
    before, after = release.current_version(), release.version_of(source)
    if after == before:
        say(f"{after} is already running.")
        return True
    practices = settings.installed()
    say(f"Unpacking {after}")  # anew, since a mended one may bear the same number
    release.lay_out(source, after, wheels)
    for practice in practices:
        manage(practice, release.place(after), "check")
    for practice in practices:
        if practice.settings.get("BACKUP_TO"):
            say(f"Backing up {practice.name}")
            run("systemctl", "start", f"practice-backup@{practice.name}.service")
    say(f"Switching from {before} to {after}")
    return change(before, after)


@contextmanager
def unpacked(source: Path) -> Iterator[Path]:
    """The folder of a release. Raises Refusal where `source` holds none."""
    if source.is_dir():
        yield source.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="practice-") as folder:
        run("tar", "-xf", source.resolve(), "-C", folder, "--no-same-owner")
        found = [*Path(folder).glob("pyproject.toml"), *Path(folder).glob("*/pyproject.toml")]
        if not found:
            raise Refusal(f"{source} isn't a release: it has no pyproject.toml.")
        yield found[0].parent


@contextmanager
def laid_ready() -> Iterator[Path | None]:
    """The folder of the version that was fetched, if it is newer and rightly signed."""
    mark = at(FETCHED) / fetch.TAG
    tag = mark.read_text().strip() if mark.exists() else ""
    here = release.order(release.current_version())
    if not re.fullmatch(r"v[\w.]+", tag) or release.order(tag) <= here:
        yield None
        return
    if at(REFUSED).exists() and at(REFUSED).read_text().strip() == tag[1:]:
        say(f"{tag} failed before. Updates wait for a newer one, or for you.")
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="practice-") as folder:
        repository, source = Path(folder) / "repository", Path(folder) / "source"
        run("git", "clone", "--quiet", "--bare", at(FETCHED) / fetch.BUNDLE, repository)
        signed = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={at(SIGNERS)}")
        if not asks("git", "-C", repository, *signed, "verify-tag", tag):
            raise Refusal(f"{tag} isn't signed by anyone in {at(SIGNERS)}, so it wasn't installed.")
        source.mkdir()
        archive = Path(folder) / "source.tar"
        run("git", "-C", repository, "archive", "--output", archive, tag)
        run("tar", "-xf", archive, "-C", source)
        if release.version_of(source) != tag[1:]:
            raise Refusal(
                f"{tag} calls itself {release.version_of(source)}, so it wasn't installed."
            )
        yield source


def refuse_unless_looked() -> None:
    """Raises Refusal where nobody could look for a newer version yet, or for two days. The note of
    it goes into the weekly mail, so it says nothing of the journal.
    """
    looked = at(FETCHED) / fetch.LOOKED
    if not looked.exists() or time.time() - looked.stat().st_mtime > LOOKS_WITHIN:
        since = "for two days" if looked.exists() else "ever since it was set up"
        note(f"The site couldn't look for a newer version {since}.")
        raise Refusal("Why: journalctl -u fetch-practices -n 20")


def by_timer() -> int:
    settle()
    conf = at("/etc/practice/updates.conf")
    if not (conf.exists() and settings.read(conf).get("RELEASES")):
        say(fetch.NOWHERE)
        return 0
    try:
        with laid_ready() as source:
            if source is not None:
                return 0 if update(source, str(at(FETCHED) / fetch.WHEELS)) else 1
    except Refusal as problem:
        note(f"Not updated: {reason(problem)}")
        raise
    refuse_unless_looked()
    say("There's nothing newer to install.")
    return 0


def body() -> int:
    options = parsed()
    refuse_unless_root()
    if not release.current_version():
        raise Refusal("Nothing is installed here yet. Run deploy/install first.")
    with alone(waits=options.by_timer):
        if options.by_timer:
            return by_timer()
        settle()
        if options.source is None:
            raise Refusal("Which version? For example: deploy/update practice-0.2.0.tar.gz")
        with unpacked(options.source) as source:
            return 0 if update(source, options.wheels) else 1


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy/update", description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", type=Path, help="an archive or a folder of a release")
    parser.add_argument(
        "--wheels", default="", metavar="FOLDER", help="a folder of Python packages"
    )
    parser.add_argument("--by-timer", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main(body)
