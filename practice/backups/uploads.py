"""The uploads, wherever the site keeps them: in the media folder, or in a store (MEDIA_STORE)."""

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from django.conf import settings

from practice.backups import archive, stores

PREFIX = "media/"  # of their names in a backup


class InFolder:
    """By their names in a backup. Raises OSError, BackupProblem."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def files(self) -> Iterator[tuple[str, Path]]:
        return archive.files_below(self.root, PREFIX.rstrip("/"))

    def size(self) -> int:
        """Bytes, of all of them."""
        return archive.size_of(path for _, path in self.files())

    def write_to(self, writer: archive.Writer) -> None:
        for name, path in self.files():
            writer.add_file(name, path)

    def put(self, name: str, file: Path, digest: str) -> None:
        """Moves `file`, whose sha256 is `digest`, to where uploads are."""
        move(file, self.root / name.removeprefix(PREFIX))

    def remove_all_but(self, names: Collection[str]) -> None:
        for name, path in list(self.files()):
            if name not in names:
                path.unlink()


class InStore:
    """As InFolder."""

    def __init__(self, store: stores.Store) -> None:
        self.store = store

    def size(self) -> int:
        return sum(self.store.sizes().values())

    def write_to(self, writer: archive.Writer) -> None:
        """One that is gone by now is left out: an upload that was deleted meanwhile."""
        for name, length in sorted(self.store.sizes().items()):
            try:
                with self.store.open(name) as file:
                    writer.add(f"{PREFIX}{name}", file, length)
            except stores.Gone:
                continue

    def put(self, name: str, file: Path, digest: str) -> None:
        self.store.keep(file, name.removeprefix(PREFIX), digest)

    def remove_all_but(self, names: Collection[str]) -> None:
        for name in self.store.names():
            if f"{PREFIX}{name}" not in names:
                self.store.delete(name)


Uploads = InFolder | InStore


def here() -> Uploads:
    if settings.MEDIA_STORE:
        return InStore(stores.at(settings.MEDIA_STORE, "MEDIA_STORE"))
    return InFolder(Path(settings.MEDIA_ROOT))


def move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.chmod(source, settings.FILE_UPLOAD_PERMISSIONS or 0o644)
    shutil.move(source, target)
