"""Where backups lie: a folder, or a bucket of any store that speaks S3. Uploads may lie in one too.

A backup is there when its `.sha256` is, which is written last, after the backup was read again.
Whatever else bears the name of one was left by a backup that did not come to its end.
"""

import contextlib
import io
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from practice.backups import BackupProblem
from practice.backups.streams import Reader, digest_of
from practice.environment import files
from practice.environment.files import PART
from practice.media import s3

SUFFIX, DIGEST = ".tar.age", ".sha256"
TOMBSTONES = "tombstones.txt"
STAMP = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"practice-(\d{8}T\d{6}Z)\.tar\.age")
FORGOTTEN = timedelta(days=1)  # after which an upload is nobody's any more


def name_at(moment: datetime) -> str:
    return f"practice-{moment.astimezone(UTC).strftime(STAMP)}{SUFFIX}"


def time_of(name: str) -> datetime:
    """When (UTC) the backup called `name` was begun. Raises BackupProblem."""
    if match := NAME.fullmatch(name):
        return datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)
    raise BackupProblem(f"{name} isn't the name of a backup.")


class Gone(BackupProblem):
    """There is no file of that name in a bucket."""


class Folder:
    """Files by name. Raises OSError, or BackupProblem with a line that says what to do."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def address(self) -> str:
        """The same for the same place, however it was named."""
        return str(self.path.resolve())

    def names(self) -> set[str]:
        try:
            return {entry.name for entry in os.scandir(self.path) if entry.is_file()}
        except FileNotFoundError:
            return set()

    def sizes(self) -> dict[str, int]:
        """The length (bytes) of each."""
        return {name: (self.path / name).stat().st_size for name in self.names()}

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        with open(self.path / name, "rb") as file:
            yield file

    def workplace(self, scratch: Path) -> Path:
        """The folder in which a file is written that `keep` then takes. It is never made: where a
        disk is not mounted, it would be on the wrong one.
        """
        if not self.path.is_dir():
            problem = (
                f"There is no folder {self.path}. Is its disk attached? If so, make the folder."
            )
            raise BackupProblem(problem)
        return self.path

    def keep(self, part: Path, name: str, digest: str) -> None:
        """Takes the file at `part` in, by that name, if it is what was written.

        It is read again from where it lies for good; `digest` is its sha256. Raises BackupProblem.
        """
        with open(part, "rb") as file:
            # Or the same memory that it was written from would be read again, and no disk.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            verify(file, digest)
        files.put(part, self.path / name)

    def write(self, name: str, data: bytes) -> None:
        files.replace(self.path / name, data)

    def delete(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    def sweep(self, now: datetime) -> None:
        """Removes what was left half written. Call it while no other backup is being made."""
        for name in self.names():
            if name.endswith(PART):
                self.delete(name)


class Bucket:
    """As a Folder. boto3 finds credentials, region and endpoint in the environment."""

    def __init__(self, bucket: str, prefix: str) -> None:
        import boto3  # takes half a second, which only those who need it wait for

        self.bucket, self.prefix = bucket, f"{prefix}/" if prefix else ""
        with self._plainly():
            self.client = boto3.client("s3", config=s3.plain_config())

    @property
    def address(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as problem:
            error = problem.response.get("Error", {})
            if error.get("Code") == "NoSuchKey":
                raise Gone("The store has no such file.") from problem
            raise BackupProblem(
                f"The store refused: {error.get('Code')} {error.get('Message', '')}"[:200]
            ) from problem
        except (BotoCoreError, Boto3Error) as problem:
            raise BackupProblem(f"The store couldn't be used: {problem}"[:200]) from problem

    def _key(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": f"{self.prefix}{name}"}

    def names(self) -> set[str]:
        return set(self.sizes())

    def sizes(self) -> dict[str, int]:
        pages = self.client.get_paginator("list_objects_v2")
        with self._plainly():
            return {
                each["Key"].removeprefix(self.prefix): each["Size"]
                for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix)
                for each in page.get("Contents", [])
            }

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Any]:
        with self._plainly():
            body = self.client.get_object(**self._key(name))["Body"]
        with contextlib.closing(body), self._plainly():
            yield body

    def workplace(self, scratch: Path) -> Path:
        return scratch

    def keep(self, part: Path, name: str, digest: str) -> None:
        """An object is there when all of it is: an upload that ends early leaves none."""
        with self._plainly():
            self.client.upload_file(str(part), **self._key(name))
        try:
            with self.open(name) as file:
                verify(file, digest)
        except BackupProblem:
            self.delete(name)
            raise
        part.unlink()

    def write(self, name: str, data: bytes) -> None:
        with self._plainly():
            self.client.put_object(**self._key(name), Body=io.BytesIO(data))

    def delete(self, name: str) -> None:
        with self._plainly():
            self.client.delete_object(**self._key(name))

    def sweep(self, now: datetime) -> None:
        """Not every store can tell of uploads that never ended, and none needs to."""
        with contextlib.suppress(BackupProblem), self._plainly():
            uploads = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=self.prefix)
            for upload in uploads.get("Uploads", []):
                if now - upload["Initiated"] > FORGOTTEN:
                    self.client.abort_multipart_upload(
                        Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )


Store = Folder | Bucket


def at(address: str, setting: str = "BACKUP_TO") -> Store:
    """The store at a path, or at `s3://bucket/prefix`. Raises BackupProblem, naming `setting`."""
    if not address:
        raise BackupProblem(
            f"{setting} isn't set. It names a folder or s3://bucket/prefix for the backups."
        )
    if "://" not in address:
        if not Path(address).is_absolute():
            raise BackupProblem(f"{setting} is a path that doesn't begin with a slash.")
        return Folder(Path(address))
    try:
        return Bucket(*s3.bucket_of(address, setting))
    except s3.NoBucket as problem:
        raise BackupProblem(str(problem)) from problem


def complete(store: Store) -> list[str]:
    """The names of the backups that are whole, newest first."""
    names = store.names()
    whole = (name for name in names if NAME.fullmatch(name) and f"{name}{DIGEST}" in names)
    return sorted(whole, reverse=True)


def read(store: Store, name: str) -> bytes:
    """Nothing where it is not there."""
    if name not in store.names():
        return b""
    with store.open(name) as file:
        return file.read()


def noted_digest(store: Store, name: str) -> str:
    """What the sha256 of the backup was when it was made; "" where nothing says so."""
    return next(iter(read(store, f"{name}{DIGEST}").decode("ascii", "replace").split()), "")


def private(path: str, flags: int) -> int:
    """An opener for files that nobody else may read."""
    return os.open(path, flags, 0o600)


def verify(file: Reader, digest: str) -> None:
    """Raises BackupProblem where `file` is not what was written."""
    if digest_of(file)[0] != digest:
        raise BackupProblem("The backup was read again and didn't match what had been written.")
