"""The file of tombstones and wishes, copied beside the backups, since a restore needs the newest.

Each line has a day and a hash that leads to nobody; lines are only ever added.
"""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from practice.backups import stores
from practice.environment import files


def here() -> bytes:
    try:
        return settings.TOMBSTONES_FILE.read_bytes()
    except FileNotFoundError:
        return b""


def merged(texts: Iterable[bytes]) -> list[bytes]:
    """Each line of any of `texts` once, in their order."""
    return list(dict.fromkeys(line for text in texts for line in text.splitlines() if line.strip()))


def copy_to(store: stores.Store) -> None:
    """What lies there stays, also if the file here was lost."""
    there = stores.read(store, stores.TOMBSTONES)
    lines = merged([there, here()])
    if lines != merged([there]) or not there:
        store.write(stores.TOMBSTONES, b"".join(line + b"\n" for line in lines))


def learn(texts: Iterable[bytes]) -> None:
    known = set(merged([here()]))
    new = [line for line in merged(texts) if line not in known]
    file = Path(settings.TOMBSTONES_FILE)
    file.parent.mkdir(parents=True, exist_ok=True)
    files.append(file, (line + b"\n" for line in new))
