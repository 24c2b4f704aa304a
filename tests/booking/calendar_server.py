"""A server with TLS for tests that fetch calendars; to them 127.0.0.1 is the open internet.

What it answers is each test's to say, and a server that stalls, drips or grows does so until
the test ends, so that coming back at all is the proof.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from booking.busy.fetching import Address, Fetched, fetch

NAME = "calendar.example"
INTERNET = ip_address("127.0.0.1")
INTERNAL = ip_address("10.0.0.1")
BODY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"

Get = Callable[..., Fetched]


class Authority:
    """A certificate authority for one test run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests")])
        usage = dict.fromkeys(
            "digital_signature content_commitment key_encipherment data_encipherment "
            "key_agreement crl_sign encipher_only decipher_only".split(),
            False,
        )
        certificate = self._sign(
            self.name,
            self.key,
            2,
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (x509.KeyUsage(key_cert_sign=True, **usage), True),
            (x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False),
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.trusting = ssl.create_default_context(cadata=pem)
        self.trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # the default since Python 3.13

    def _sign(
        self, name: x509.Name, key: Any, days: int, *extensions: tuple[x509.ExtensionType, bool]
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
            )
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def server_context(self, host: str, days: int = 2) -> ssl.SSLContext:
        """What a server of that name presents; a negative number of days has run out."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        path = self.folder / f"{host}{days}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + self._sign(subject, key, days, (names, False)).public_bytes(
                serialization.Encoding.PEM
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


class Handler(BaseHTTPRequestHandler):
    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers)))
        with contextlib.suppress(OSError):
            self.server.answer(self)
        self.close_connection = True

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def start(self, *lines: str) -> None:
        self.wfile.write("\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode())

    def forever(self, data: bytes, pause: float = 0.0) -> None:
        """Sends it again and again until the test ends or the fetcher goes."""
        while not self.server.ended.wait(pause):
            self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Answers each request by its `answer`, and remembers requests and the names asked for."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Callable[[Handler], None] = lambda handler: handler.reply(200, BODY)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self.asked: list[str | None] = []
        self.ended = threading.Event()
        self.port = self.server_address[1]
        context.sni_callback = lambda _socket, name, _context: self.asked.append(name)
        self.context = context

    def get_request(self) -> tuple[socket.socket, Any]:
        plain, address = super().get_request()
        self.connections += 1
        return self.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), (
            address
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}/secret.ics"


@contextlib.contextmanager
def serving(context: ssl.SSLContext) -> Iterator[Server]:
    server = Server(context)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Names:
    """A resolver whose answers are given in turn, the last of them for ever."""

    def __init__(self, *answers: list[Address]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def fetching(authority: Authority) -> Get:
    """`fetch` in a world whose internet is 127.0.0.1."""

    def get(url: str, **options: Any) -> Fetched:
        defaults: dict[str, Any] = {
            "is_allowed": lambda address: address == INTERNET,
            "resolve": Names([INTERNET]),
            "context": authority.trusting,
            "seconds": 5,
        }
        return fetch(url, **{**defaults, **options})

    return get
