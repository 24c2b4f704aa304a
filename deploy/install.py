"""`deploy/install`: from a bare Debian 12, or from whatever there is, to running sites.

Every step says whether it holds already, so a second run changes nothing, one that was cut
short goes on, and `--check` only says what would change.
"""

import argparse
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from deploy import release, settings
from deploy.certificates import certificates, lets_encrypt
from deploy.foundation import foundation
from deploy.machine import SOURCE, server
from deploy.serving import nginx, services
from deploy.settings import LETS_ENCRYPT, Practice
from deploy.system import Step, alone, file, link, main, refuse_unless_root, run, say, take
from practice.environment import names as site_names
from practice.environment.firstrun import Refusal


def steps(practices: list[Practice], version: str, wheels: str) -> Iterator[Step]:
    folder = release.place(version)
    for practice in practices:  # first, so that nothing is asked again after what fails later
        yield file(practice.file, practice.text(), 0o600, f"write the settings to {practice.file}")
    yield from server(version, wheels)
    for practice in practices:
        yield from foundation(practice, folder)
        yield from certificates(practice)
    # Until here nothing has changed for visitors; what follows goes on from wherever it was cut.
    yield link(release.current(), f"releases/{version}", f"switch to version {version}")
    yield from services(practices, folder)
    yield from nginx(practices)
    for practice in practices:
        if practice.settings["CERTIFICATE"] == LETS_ENCRYPT:
            yield from lets_encrypt(practice)
            yield from nginx(practices)


def body() -> int:
    options = parsed()
    if not options.check:
        refuse_unless_root()
    practices = served() if options.locked else gather(options.name, options.answers)
    to_take = steps(practices, release.version_of(SOURCE), options.wheels)
    if options.check:
        say(f"Changes it would make: {take(to_take, check=True)}.")
        return 0
    with nullcontext() if options.locked else alone():
        changes = take(to_take, check=False)
        for practice in practices:
            run(  # by systemd, since an update has no network
                *("systemd-run", "--quiet", "--wait", "--collect", "--pipe"),
                f"--working-directory={SOURCE}",
                *("/usr/bin/python3", "-B", "-m", "deploy.health", practice.name),
            )
            say(f"{practice.settings['SITE_URL']} is up.")
    say(f"Changes made: {changes}.")
    return 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy/install", description=__doc__.splitlines()[0])
    parser.add_argument(
        "name",
        nargs="?",
        help="the practice's short name; without it, all practices on this server",
    )
    parser.add_argument("--answers", type=Path, metavar="FILE", help="one NAME=value per line")
    parser.add_argument("--check", action="store_true", help="only say what would change")
    parser.add_argument(
        "--wheels", default="", metavar="FOLDER", help="a folder of Python packages"
    )
    parser.add_argument("--locked", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def gather(name: str | None, answers: Path | None) -> list[Practice]:
    """All practices of this server, with `name` among them, each with its settings complete."""
    there = settings.names()
    if name is None and len(there) != 1 and answers:
        raise Refusal("Which practice are the answers for? Run: deploy/install NAME --answers FILE")
    chosen = name or (there[0] if len(there) == 1 else "main")
    everybody = {*there, chosen} if name or not there else set(there)
    practices = [Practice.called(each) for each in sorted(everybody)]
    for practice in practices:
        given = settings.read(answers) if answers and practice.name == chosen else {}
        if answers:
            settings.refuse_unknown(given, answers)
        settings.complete(practice, given)
        for line in site_names.unknown(practice.settings):
            say(f"{practice.file}: {line}")
    return practices


def served() -> list[Practice]:
    """Those that an update is for; whatever was begun and given up is left alone."""
    practices = settings.installed()
    for practice in practices:
        settings.complete(practice, {})
    return practices


if __name__ == "__main__":
    main(body)
