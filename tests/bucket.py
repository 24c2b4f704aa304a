"""A real server of S3 on this machine, and a bucket in it."""

import contextlib
import uuid
from collections.abc import Iterator

import pytest

from practice.backups import stores


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """Gives its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def new_bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> tuple[stores.Bucket, str]:
    """What of a bucket is below its prefix, as `s3://bucket/prefix`, and that address."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "name")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = f"bucket-{uuid.uuid4().hex}"
    store = stores.Bucket(name, "some/practice")
    store.client.create_bucket(Bucket=name)
    return store, f"s3://{name}/some/practice"
