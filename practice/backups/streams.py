"""Pipes and digests, so that a backup of any size needs the same little memory."""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Protocol

CHUNK = 1 << 18  # bytes
Tell = Callable[[str, int, int], None]  # what is being done, how much of it is, of how much


class Reader(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Digesting:
    """A reader that counts and hashes what passes, and remembers why it could not read."""

    def __init__(self, source: Reader) -> None:
        self.source = source
        self.hash = hashlib.sha256()
        self.length = 0
        self.problem: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            data = self.source.read(size)
        except Exception as problem:
            self.problem = problem
            raise
        self.hash.update(data)
        self.length += len(data)
        return data

    def drain(self) -> None:
        while self.read(CHUNK):
            pass


class DigestingWriter:
    """A writer that counts and hashes what passes, and remembers why it could not write."""

    def __init__(self, sink: BinaryIO) -> None:
        self.sink = sink
        self.hash = hashlib.sha256()
        self.length = 0
        self.problem: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            written = self.sink.write(data)
        except OSError as problem:
            self.problem = problem
            raise
        self.hash.update(data)
        self.length += len(data)
        return written

    def flush(self) -> None:
        self.sink.flush()


def digest_of(source: Reader) -> tuple[str, int]:
    """The sha256 (hexadecimal) and the length (bytes) of all that `source` gives."""
    digesting = Digesting(source)
    digesting.drain()
    return digesting.hash.hexdigest(), digesting.length


@contextlib.contextmanager
def piped(produce: Callable[[BinaryIO], Any]) -> Iterator[BinaryIO]:
    """What `produce` writes, to be read while a thread of its own is writing it.

    When `produce` fails, the block is left with its error, however much was read before.
    """
    read_end, write_end = os.pipe()
    problems: list[BaseException] = []

    def run() -> None:
        with contextlib.suppress(BrokenPipeError), open(write_end, "wb", CHUNK) as sink:
            try:
                produce(sink)
            except BaseException as problem:
                problems.append(problem)  # before the pipe is closed, which the reader sees

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    source = open(read_end, "rb", CHUNK)  # noqa: SIM115  (closed on both ways out)
    try:
        yield source
    except BaseException:
        came_first = list(problems)
        source.close()
        thread.join()
        if came_first:
            raise came_first[0] from None
        raise
    source.close()
    thread.join()
    if problems:
        raise problems[0]
