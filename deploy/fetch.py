"""Lays the newest signed version ready to be installed: the only part that asks the internet.

It runs as a user who owns nothing else. What it brings is believed by nobody: `deploy/update`
asks again whether the tag is signed, and pip whether each package is the one that was locked.
"""

import os
import shutil
from pathlib import Path

from deploy import release
from deploy.system import main, run, say
from practice.environment.firstrun import Refusal

NOWHERE = "RELEASES isn't set in /etc/practice/updates.conf, so there was nothing to look for."
TAG, BUNDLE, WHEELS, LOOKED = "tag", "release.bundle", "wheels", "looked"


def newest(listing: str) -> str:
    """Of what `git ls-remote --tags` prints, the tag of the highest version; else nothing."""
    tags = [line.rpartition("refs/tags/")[2] for line in listing.splitlines()]
    whole = [tag for tag in tags if tag.startswith("v") and release.order(tag)[-1:] == (1,)]
    return max(whole, key=release.order, default="")


def fetch(address: str, folder: Path) -> None:
    """Raises Refusal where the address does not answer, or a package cannot be had."""
    tag = newest(run("git", "ls-remote", "--tags", "--refs", address))
    here = release.current_version()
    if release.order(tag) <= release.order(here):
        say(f"{here} is the newest version.")
        return
    mark = folder / TAG
    if mark.exists() and mark.read_text().strip() == tag:
        say(f"{tag} is ready to install.")
        return
    mark.unlink(missing_ok=True)
    repository, wheels = folder / "repository", folder / WHEELS
    for old in (repository, wheels):
        shutil.rmtree(old, ignore_errors=True)
    run("git", "clone", "--quiet", "--bare", address, repository)
    run("git", "-C", repository, "bundle", "create", "--quiet", folder / BUNDLE, f"refs/tags/{tag}")
    locks: list[str | Path] = []
    for name in run("git", "-C", repository, "ls-tree", "--name-only", tag, *release.LOCKS).split():
        (folder / name).write_text(run("git", "-C", repository, "show", f"{tag}:{name}"))
        locks += ["-r", folder / name]
    run(
        *(release.current() / ".venv/bin/python", "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--require-hashes", "--only-binary=:all:", "--disable-pip-version-check"),
        *("--no-cache-dir", "--dest", wheels, *locks),
    )
    mark.write_text(f"{tag}\n")
    say(f"{tag} is ready to install.")


def body() -> int:
    address = os.environ.get("RELEASES", "")
    folder = os.environ.get("CACHE_DIRECTORY", "")
    if not address:
        say(NOWHERE)
        return 0
    if not folder:
        raise Refusal(
            "fetch-practices.service runs this. To start it: systemctl start fetch-practices"
        )
    fetch(address, Path(folder))
    (Path(folder) / LOOKED).touch()
    return 0


if __name__ == "__main__":
    main(body)
