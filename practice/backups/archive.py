"""The members of a backup, and the manifest that vouches for them.

A tar archive: README.txt, the database, tombstones.txt, media/, own/ (the practice's own folder),
manifest.json, and manifest.hmac, which only whoever has the practice's keys can write. Without
it, whoever may write where the backups lie could plant a database there, since anybody may
encrypt to a public key.
"""

import contextlib
import hashlib
import hmac
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

from practice.backups import BackupProblem
from practice.backups.streams import CHUNK, Digesting, Reader, Tell

FORMAT = 1
README, TOMBSTONES = "README.txt", "tombstones.txt"
MANIFEST, PROOF = "manifest.json", "manifest.hmac"
SINGLE = {README, MANIFEST, PROOF, TOMBSTONES, "database.sqlite3", "database.pgdump"}
FOLDERS = {"media", "own"}


@dataclass(frozen=True)
class Manifest:
    """`counts` are rows by table; `members` have the sha256 and the length of each file."""

    format: int
    made_at: str
    version: str
    database: str
    migrations: list[str]
    counts: dict[str, int]
    members: dict[str, tuple[str, int]]


def signature(manifest: bytes, key: str) -> str:
    """HMAC-SHA256 under a key made from one of FIELD_ENCRYPTION_KEYS, for this use alone."""
    own = hashlib.sha256(b"manifest of a backup:" + key.encode()).digest()
    return hmac.new(own, manifest, hashlib.sha256).hexdigest()


class Writer:
    def __init__(self, sink: BinaryIO, total: int, tell: Tell) -> None:
        self.tar = tarfile.open(fileobj=sink, mode="w|", bufsize=CHUNK)  # noqa: SIM115
        self.members: dict[str, tuple[str, int]] = {}
        self.total, self.done, self.tell = total, 0, tell

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        """Also what could not be finished is closed, or it would try to end itself later on."""
        with contextlib.suppress(OSError):
            self.tar.close()

    def add_bytes(self, name: str, data: bytes) -> None:
        self.add(name, io.BytesIO(data), len(data))

    def add_file(self, name: str, path: Path) -> None:
        """A file that is gone by now is left out: an upload that was deleted meanwhile."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode):
                self.add(name, file, status.st_size, int(status.st_mtime))

    def add(self, name: str, source: Reader, length: int, changed: int = 0) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = length, changed, 0o600
        reader = Digesting(source)
        self.tar.addfile(member, reader)
        self.members[name] = reader.hash.hexdigest(), reader.length
        self.done += length
        self.tell("Archive", min(self.done, self.total), self.total)

    def end(self, manifest: Manifest, key: str) -> None:
        data = json.dumps(asdict(manifest), indent=1, sort_keys=True).encode()
        self.add_bytes(MANIFEST, data)
        self.add_bytes(PROOF, signature(data, key).encode())
        self.tar.close()


def files_below(root: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Each file below `root` with its name in the archive; links, and whatever may hold keys,
    are left out.
    """
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_symlink() or name.startswith(".env") or name.endswith(".env"):
                continue
            yield f"{prefix}/{path.relative_to(root).as_posix()}", path


def size_of(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())


def unpack(source: BinaryIO, folder: Path, tell: Tell) -> tuple[Manifest, bytes, str]:
    """Unpacks all into `folder` and holds it against its manifest.

    Gives the manifest, its bytes, and what vouches for them. Raises BackupProblem.
    """
    found: dict[str, tuple[str, int]] = {}
    done = 0
    try:
        with tarfile.open(fileobj=source, mode="r|", bufsize=CHUNK) as tar:
            for member in tar:
                target = folder / safe(member)
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                assert content is not None
                reader = Digesting(content)
                with open(target, "wb") as file:
                    while data := reader.read(CHUNK):
                        file.write(data)
                found[member.name] = reader.hash.hexdigest(), reader.length
                done += reader.length
                tell("Unpacked", done, 0)
        while source.read(CHUNK):  # to its very end, which alone proves that nothing is missing
            pass
    except tarfile.TarError as problem:
        reason = f"The backup has no archive that can be read: {problem}."
        raise BackupProblem(reason) from problem
    manifest, data = read_manifest(folder)
    left = found.keys() - {MANIFEST, PROOF}
    if {name: found[name] for name in left} != manifest.members:
        raise BackupProblem("What's in the backup doesn't match its manifest.")
    proof = folder / PROOF
    return manifest, data, proof.read_text().strip() if proof.is_file() else ""


def safe(member: tarfile.TarInfo) -> PurePosixPath:
    """The path of a member below the folder into which it goes. Raises BackupProblem."""
    path = PurePosixPath(member.name)
    known = member.name in SINGLE or (path.parts[0] in FOLDERS and len(path.parts) > 1)
    if not member.isreg() or not known or path.is_absolute() or ".." in path.parts:
        raise BackupProblem("The backup has something in it that no backup of this project has.")
    return path


def read_manifest(folder: Path) -> tuple[Manifest, bytes]:
    try:
        data = (folder / MANIFEST).read_bytes()
        found = json.loads(data)
        if found["format"] > FORMAT:
            raise BackupProblem(
                f"The backup was made by version {found['version']} of this project, which is "
                "newer than this one. Update first."
            )
        found["members"] = {name: (each[0], each[1]) for name, each in found["members"].items()}
        return Manifest(**found), data
    except (FileNotFoundError, ValueError, KeyError, TypeError) as problem:
        raise BackupProblem("The backup has no manifest, so it isn't complete.") from problem
