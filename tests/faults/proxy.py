"""nginx with TLS in front of a live site, and a client that may send it anything at all."""

import contextlib
import datetime
import http.client
import io
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.proxy import filled
from tests.conftest import missing_part
from tests.faults.site import HOST, free_port, wait_until

NAME = "practice.example"
TIMEOUT = 30  # seconds, for an answer
CUTS_AFTER = 1  # seconds in which nginx wants to hear something; a live one waits longer

# What a live server has from its own Debian; the rest is what `deploy/install` writes there.
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/logs/nginx-error.log error;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_header_timeout {cuts_after}s;
    client_body_timeout {cuts_after}s;
    lingering_timeout {cuts_after}s;
    {installed}
}}
"""


def write_certificate(folder: Path, name: str) -> None:
    """A key, and a certificate for `name` that it signs itself, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class Answer:
    """What came back, whole; `status` is 0 where the connection was closed without a word."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.status, self.headers, self.text = 0, http.client.HTTPMessage(), ""
        if not raw:
            return
        parsed = http.client.HTTPResponse(_Recorded(raw))  # type: ignore[arg-type]
        parsed.begin()
        self.status, self.headers = parsed.status, parsed.msg
        with contextlib.suppress(http.client.IncompleteRead):
            self.text = parsed.read().decode(errors="replace")


class _Recorded:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self.raw)


class KeptConnection(http.client.HTTPConnection):
    """One that stays open, and is opened again where nginx closed it: by its port on this machine,
    since the site's name leads nowhere here.
    """

    def __init__(self, proxy: "Proxy", source: str) -> None:
        super().__init__(proxy.host)
        self.proxy, self.source = proxy, source

    def connect(self) -> None:
        self.sock = self.proxy.dial(self.source)


class Proxy:
    """nginx for the site on `site_port`. It must be started, and stopped by whoever did."""

    def __init__(self, folder: Path, site_port: int, name: str = NAME) -> None:
        self.folder, self.site_port, self.name = folder, site_port, name
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://{name}:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            missing_part("nginx is missing. On Debian: apt install nginx-light")
        write_certificate(self.folder, self.name)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(
            CONFIGURATION.format(
                folder=self.folder, cuts_after=CUTS_AFTER, installed=self._installed()
            )
        )
        log = self.folder / "logs" / "nginx-start.log"
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                [program, "-p", self.folder, "-e", log, "-c", configuration], stdout=out, stderr=out
            )
        wait_until(self._listens, "nginx listens")

    def _installed(self) -> str:
        """As on a live server, on ports of one's own and without IPv6."""
        values = {
            "plain": f"{HOST}:{self.plain_port}",
            "tls": f"{HOST}:{self.port}",
            "names": self.name,
            "host": self.name,
            "port": f":{self.port}",
            "url": self.url,
            "certificates": str(self.folder),
            "media": f"{self.folder}/data/media",
            "challenges": str(self.folder),
            "cache": f"{self.folder}/pages",
            "access_log": f"{self.folder}/logs/nginx-access.log",
            "site": f"http://{HOST}:{self.site_port}",
        }
        lines = "".join(filled(name, values) for name in ("common.conf", "site.conf"))
        return "\n".join(line for line in lines.splitlines() if "listen [::]" not in line)

    def _listens(self) -> bool:
        assert self.process
        assert self.process.poll() is None, "nginx ended"
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, self.port)).close()
            return True
        return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(TIMEOUT)

    def dial(self, source: str = HOST) -> ssl.SSLSocket:
        """TLS to the site, from an address of this machine; the caller closes it."""
        context = ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))
        plain = socket.create_connection((HOST, self.port), TIMEOUT, (source, 0))
        return context.wrap_socket(plain, server_hostname=self.name)

    def connection(self, source: str = HOST) -> contextlib.closing[ssl.SSLSocket]:
        return contextlib.closing(self.dial(source))

    def send(self, raw: bytes) -> Answer:
        """What nginx answers to these very bytes, over TLS, until it closes the connection."""
        with self.connection() as tls:
            return exchange(tls, raw)

    def ask(
        self,
        path: str,
        headers: dict[str, str] | None = None,
        *,
        method: str = "GET",
        body: bytes = b"",
    ) -> Answer:
        return self.send(message(path, headers, method=method, body=body, host=self.host))

    @property
    def host(self) -> str:
        return f"{self.name}:{self.port}"


def message(
    path: str, headers: dict[str, str] | None, *, method: str, body: bytes, host: str
) -> bytes:
    """A request that closes its connection; `headers` may replace any of its own."""
    named = {"Host": host, "Connection": "close"}
    if body or method == "POST":
        named |= {
            "Content-Length": str(len(body)),
            "Content-Type": "application/x-www-form-urlencoded",
        }
    named |= headers or {}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def exchange(connection: socket.socket, raw: bytes) -> Answer:
    with contextlib.suppress(OSError):  # it may close before it has heard all
        connection.sendall(raw)
    received = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while chunk := connection.recv(65536):
            received += chunk
    return Answer(received)
