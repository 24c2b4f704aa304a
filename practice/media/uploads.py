"""Pictures and documents in a store that speaks S3, where several servers share them.

A reader's browser asks the site alone, never the store: pictures come from below MEDIA_URL and
documents from Wagtail's own view, which knows who may see them. So all of it may be private there.
"""

import contextlib
import errno
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

from practice.media import s3


@contextlib.contextmanager
def as_a_disk() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as problem:
        raise OSError(errno.EIO, f"The store of uploads: {problem}"[:200]) from problem


class InBucket(S3Storage):
    """MEDIA_STORE. As for backups, boto3 finds credentials, region and endpoint in the environment.

    Raises OSError (EIO) while the store cannot be used, as a disk would.
    """

    def __init__(self, **options: Any) -> None:
        bucket, prefix = s3.bucket_of(settings.MEDIA_STORE, "MEDIA_STORE")
        super().__init__(
            bucket_name=bucket,
            location=prefix,
            file_overwrite=False,
            client_config=s3.plain_config(seconds=3, tries=2),  # somebody waits for it
            **options,
        )

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        return f"{settings.MEDIA_URL}{filepath_to_uri(name.lstrip('/'))}"

    _open = as_a_disk()(S3Storage._open)
    _save = as_a_disk()(S3Storage._save)
    exists = as_a_disk()(S3Storage.exists)
    delete = as_a_disk()(S3Storage.delete)
