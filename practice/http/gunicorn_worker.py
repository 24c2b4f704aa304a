"""The web process: threads, in which nobody who is slow or waits keeps a reader waiting.

gunicorn's own worker gives every new connection a thread for five seconds, one that stops in the
middle of a request for good, and its main loop to each client that leaves its connection open
after the answer, for two seconds (so does its worker without threads). Here a request has a thread
once it came whole, or 64 kB of an upload did, and what may wait for a lock has threads of its own.
"""

import re
import selectors
import socket
import struct
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from gunicorn.http import RequestParser
from gunicorn.workers.gthread import TConn, ThreadWorker

from practice.http import waits

WAITING_THREADS = 2  # beside those for readers (gunicorn_conf.threads)
WAITING_AT_MOST = 64  # requests; those beyond wait for nothing and are told at once
LARGEST = 64 * 1024  # bytes that are read here of a request; a thread reads the rest of an upload
SILENT_AT_MOST = 15  # seconds, in which a request, such an upload or an answer must go on
LINGERS = 2  # seconds, in which the other end reads the rest of an answer
HANGS = 15  # seconds, after which the process counts as hanging
READS = (b"GET ", b"HEAD ")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.I)


def is_whole(received: bytes) -> bool:
    """Whether a request needs no thread that waits for more of it. Pure."""
    head, end, body = received.partition(b"\r\n\r\n")
    length = LENGTH.search(head + b"\r\n")
    return len(received) >= LARGEST or bool(end and len(body) >= int(length[1] if length else 0))


class Worker(ThreadWorker):
    """All but `answer` runs in the main loop, which must never wait."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_keepalived = 0  # a second request could stop in the middle, so there is none
        self.waiting: set[TConn] = set()
        self.began: dict[TConn, float] = {}
        self.received: WeakKeyDictionary[TConn, bytes] = WeakKeyDictionary()
        self.answered: WeakSet[TConn] = WeakSet()

    def init_process(self) -> None:
        self.waiting_pool = ThreadPoolExecutor(WAITING_THREADS)
        self.telling_pool = ThreadPoolExecutor(1)  # those beyond, who must not stand before readers
        waits.connect_quickly()
        super().init_process()

    def enqueue_req(self, conn: TConn) -> None:
        """Reads what came over a connection, and gives it a thread when that is a request."""
        try:
            chunk = conn.sock.recv(LARGEST)
        except BlockingIOError:
            return self.listen(conn)
        except OSError:
            chunk = b""
        if not chunk:
            return self.drop(conn)
        if conn in self.answered:
            return self.listen(conn)
        received = self.received[conn] = self.received.get(conn, b"") + chunk
        return self.start(conn, received) if is_whole(received) else self.listen(conn)

    def listen(self, conn: TConn) -> None:
        """Until more can be read, or gunicorn drops what has been silent for too long."""
        if conn in self.answered:
            silent, seconds, ready = self.keepalived_conns, LINGERS, self.on_client_socket_readable
        else:
            silent, seconds = self.pending_conns, SILENT_AT_MOST
            ready = self.on_pending_socket_readable
        conn.timeout = time.monotonic() + seconds
        silent.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(ready, conn))

    def start(self, conn: TConn, received: bytes) -> None:
        conn.data_ready = True
        conn.init()
        assert isinstance(conn.parser, RequestParser)
        conn.parser.unreader.unread(received)
        pool, came = self.tpool, time.monotonic()
        if not received.startswith(READS):
            if len(self.waiting) < WAITING_AT_MOST:
                self.waiting.add(conn)
                pool = self.waiting_pool
            else:
                pool, came = self.telling_pool, float("-inf")
        answered = pool.submit(self.answer, conn, came)
        answered.add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def answer(self, conn: TConn, came: float) -> Any:
        self.began[conn] = time.monotonic()
        waits.came.set(came)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            conn.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", SILENT_AT_MOST, 0))
        return self.handle(conn)

    def finish_request(self, conn: TConn, done: Future[Any]) -> None:
        """Closes our end; the other's is waited for, or what it has not read yet might be lost
        (RFC 9112, 9.6).
        """
        self.waiting.discard(conn)
        self.began.pop(conn, None)
        self.answered.add(conn)
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return self.drop(conn)
        return self.listen(conn)

    def drop(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()

    def notify(self) -> None:
        """Says that this process lives, but not while a thread hangs: gunicorn ends it then."""
        if time.monotonic() - min([*self.began.values()], default=float("inf")) < HANGS:
            super().notify()
