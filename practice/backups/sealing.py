"""Encryption in the format of age (age-encryption.org/v1), which the program `age` opens too."""

import re
from typing import Any, BinaryIO

import pyrage
from pyrage import x25519

from practice.backups import BackupProblem
from practice.backups.streams import Digesting, Reader

BEGINS = "AGE-SECRET-KEY-1"
PRIVATE = re.compile(BEGINS + "[02-9AC-HJ-NP-Z]{58}", re.IGNORECASE)  # BIP 173's 32 characters


def new_pair() -> tuple[str, str]:
    """A private key and its public one."""
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def recipient(public: str) -> Any:
    """Raises BackupProblem for what is no public key of age."""
    try:
        return x25519.Recipient.from_str(public.strip())
    except pyrage.RecipientError as problem:
        raise BackupProblem(
            "BACKUP_RECIPIENT isn't an age public key; those begin with age1. "
            "`manage.py backup --new-key` makes a pair."
        ) from problem


def private_in(text: str) -> str:
    """The private key that stands in `text`, among whatever else and in groups too; else nothing.

    It may be wrong still.
    """
    found = PRIVATE.search("".join(text.split()))
    return found[0].upper() if found else ""


def identity(text: str) -> Any:
    """The private key that stands in `text`. Raises BackupProblem."""
    try:
        if found := private_in(text):
            return x25519.Identity.from_str(found)
    except pyrage.IdentityError:
        pass
    raise BackupProblem(
        "That isn't an age private key, or part of it is missing. "
        f"It begins with {BEGINS} and is 74 letters long, without the spaces."
    )


def seal(source: Reader, sink: BinaryIO, publics: list[str]) -> tuple[str, int]:
    """Encrypts all of `source` into `sink`; the sha256 and the length of what was written.

    Raises OSError where it cannot be written, and whatever reading raises.
    """
    writer = Digesting(sink)
    try:
        pyrage.encrypt_io(source, writer, [recipient(public) for public in publics])
    except pyrage.EncryptError:
        if writer.problem:
            raise writer.problem from None
        raise
    return writer.hash.hexdigest(), writer.length


def unseal(source: Reader, sink: BinaryIO, private: str, digest: str = "") -> None:
    """Decrypts all of `source` into `sink`; `digest` is what the sha256 of `source` should be.

    Raises BackupProblem. Without a digest, a changed first line may pass for a wrong key.
    """
    reader, writer = Digesting(source), Digesting(sink)
    key = identity(private)
    try:
        pyrage.decrypt_io(reader, writer, [key])
    except (pyrage.DecryptError, OSError) as problem:
        if cause := writer.problem or reader.problem:
            raise cause from None
        reader.drain()
        if "No matching keys" not in str(problem) or (digest and reader.hash.hexdigest() != digest):
            reason = "The backup is damaged: it isn't what was written. Nothing was restored; "
            raise BackupProblem(f"{reason}take another one.") from problem
        reason = "This private key doesn't open the backup, which was made for another key."
        raise BackupProblem(reason) from problem
    reader.drain()
    if digest and reader.hash.hexdigest() != digest:
        reason = "The backup is damaged: it doesn't match its .sha256. Nothing was restored."
        raise BackupProblem(reason)
