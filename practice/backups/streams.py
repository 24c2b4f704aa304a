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
    """A reader or writer that counts and hashes what passes, and remembers why it failed."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.hash = hashlib.sha256()
        self.length = 0
        self.problem: Exception | None = None

    @contextlib.contextmanager
    def _remembering(self) -> Iterator[None]:
        try:
            yield
        except Exception as problem:
            self.problem = problem
            raise

    def _note(self, data: bytes) -> None:
        self.hash.update(data)
        self.length += len(data)

    def read(self, size: int = -1) -> bytes:
        with self._remembering():
            data: bytes = self.file.read(size)
        self._note(data)
        return data

    def drain(self) -> None:
        while self.read(CHUNK):
            pass

    def write(self, data: bytes) -> int:
        with self._remembering():
            written: int = self.file.write(data)
        self._note(data)
        return written

    def flush(self) -> None:
        self.file.flush()


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
