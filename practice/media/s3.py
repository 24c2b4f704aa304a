"""How the site speaks with a store that speaks S3: for uploads, and for backups."""

from typing import Any
from urllib.parse import urlsplit


class NoBucket(ValueError):
    """What was set is no address of a bucket; the message says so."""


def bucket_of(address: str, setting: str) -> tuple[str, str]:
    """Bucket and prefix of `s3://bucket/prefix`. Raises NoBucket, naming `setting`."""
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc:
        kinds = "neither a folder nor" if setting == "BACKUP_TO" else "not"
        raise NoBucket(f"{setting} is {kinds} s3://bucket/prefix.")
    return parts.netloc, parts.path.strip("/")


def plain_config(*, seconds: int = 20, tries: int = 4) -> Any:
    """How boto3 speaks with a store: `seconds` to connect, and three times as many to answer.

    Newer checksums are refused by many stores that are not Amazon's.
    """
    from botocore.config import Config

    return Config(
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=seconds,
        read_timeout=3 * seconds,
        retries={"mode": "standard", "max_attempts": tries},
    )
