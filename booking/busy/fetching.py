"""Fetches a calendar from an address that the therapist pasted, and nothing else.

The address decides where this machine connects to, so it is held to the open internet: https
alone, and no address of a private, local or otherwise special network. A name is resolved once
and the connection goes to the very address that was checked, because a name may answer
differently the next time (DNS rebinding). Redirects are followed by hand and checked again.
Such an address is a secret of the calendar's owner: sentences name its host alone.
"""

import http.client
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, Queue
from threading import Thread
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[Address]]

SECONDS = 10
MAX_BYTES = 5 * 1024 * 1024
MAX_REDIRECTS = 5
CHUNK = 64 * 1024
# No address takes all of the time: the next, often of the other IP version, may answer.
CONNECT_SECONDS = 4

HEADERS = {
    "Accept": "text/calendar, */*;q=0.5",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "practice-calendar-reader",
}
INTERNET_6 = ip_network("2000::/3")
NAT64 = ip_network("64:ff9b::/96")
# Relays, tunnels and documentation, which not every version of Python knows to be special.
SPECIAL = [
    ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")
]


class FetchError(Exception):
    """Nothing was fetched. Its text is a sentence for the therapist."""


class AddressRefused(FetchError):
    """The address is, or redirects to, one that this site does not go to."""


@dataclass(frozen=True)
class Fetched:
    """What came; `body` is None where nothing changed since the last time (status 304)."""

    body: bytes | None
    etag: str
    last_modified: str


@dataclass(frozen=True)
class Target:
    host: str
    port: int
    path: str  # with the query

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}{self.path}"


def left(deadline: float) -> float:
    """Seconds until then, more than 0, however slowly each byte comes. Raises TimeoutError."""
    if (seconds := deadline - time.monotonic()) <= 0:
        raise TimeoutError
    return seconds


class TimedSocket(ssl.SSLSocket):
    """A socket whose reads end by a deadline; the usual timeout begins again with each read."""

    deadline: float | None = None

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self.deadline:
            self.settimeout(left(self.deadline))
        return super().recv_into(*args, **kwargs)


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet; one in NAT64 is judged as what it wraps."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in INTERNET_6:
            return False
    special = address.is_multicast or address.is_reserved
    return address.is_global and not special and not any(address in each for each in SPECIAL)


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a name, in the order in which to try them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(address[0]) for *_, address in found))


def target(url: str) -> Target:
    """What an address means. Raises AddressRefused for one that is no https address."""
    try:
        parts = urlsplit(url.strip())
        port = 443 if parts.port is None else parts.port
        host = parts.hostname or ""
        host = host if ":" in host else host.encode("idna").decode()
    except ValueError as error:
        raise AddressRefused("This isn't the address of a calendar.") from error
    if parts.scheme not in ("https", "webcal", "webcals"):  # as Apple and Outlook hand them out
        raise AddressRefused("A calendar's address has to begin with https://.")
    if not host:
        raise AddressRefused("The address has no host name.")
    if "@" in parts.netloc:
        raise AddressRefused("The address can't contain a user name or password.")
    if port != 443 and port < 1024:
        raise AddressRefused(f"This site doesn't read calendars from port {port}.")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    return Target(host, port, f"{path}?{query}" if query else path)


def fetch(
    url: str,
    *,
    etag: str = "",
    last_modified: str = "",
    is_allowed: Callable[[Address], bool] = is_public,
    resolve: Resolve = resolve,
    context: ssl.SSLContext | None = None,
    seconds: float = SECONDS,
) -> Fetched:
    """What an https (or webcal) address holds, in `seconds` all in all.

    `etag` and `last_modified` are those of the last Fetched: what has not changed since then
    comes without a body. Raises FetchError; AddressRefused if trying again cannot help.
    """
    context = context or ssl.create_default_context()
    context.sslsocket_class = TimedSocket
    deadline = time.monotonic() + seconds
    headers = HEADERS | {
        name: value
        for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified))
        if value
    }
    there = target(url)
    for _ in range(MAX_REDIRECTS + 1):
        with _sentences(there.host, seconds):
            addresses = _resolved(resolve, there, deadline)
            if not addresses or not all(map(is_allowed, addresses)):
                raise AddressRefused(f"{there.host} isn't on the public internet.")
            connection = http.client.HTTPSConnection(there.host, there.port, context=context)
            connection.sock = _connected(addresses, there, context, deadline)
            with closing(connection):
                connection.request("GET", there.path, headers=headers)
                answer = _answer(connection.getresponse(), there, headers)
        if isinstance(answer, Fetched):
            return answer
        there = answer
    raise FetchError(f"The address redirects more than {MAX_REDIRECTS} times.")


@contextmanager
def _sentences(host: str, seconds: float) -> Iterator[None]:
    """Turns what can go wrong on the way into a FetchError."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise FetchError(f"The certificate of {host} isn't valid.") from error
    except TimeoutError as error:
        raise FetchError(f"{host} didn't respond within {seconds:g} seconds.") from error
    except OSError as error:
        raise FetchError(f"This site can't reach {host}.") from error
    except (http.client.HTTPException, ValueError, zlib.error) as error:
        raise FetchError(f"{host} sent something that this site can't read.") from error


def _resolved(resolve: Resolve, there: Target, deadline: float) -> list[Address]:
    """Asks in a thread, since a resolver takes the time that it likes. Raises OSError."""
    answers: Queue[list[Address] | OSError] = Queue()

    def ask() -> None:
        try:
            answers.put(resolve(there.host, there.port))
        except OSError as error:
            answers.put(error)
        except ValueError:  # a label that is too long
            answers.put([])

    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=left(deadline))
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _connected(
    addresses: list[Address], there: Target, context: ssl.SSLContext, deadline: float
) -> ssl.SSLSocket:
    """A connection to the first address that answers, whose certificate is the name's."""
    for address in addresses:
        try:
            timeout = min(left(deadline), CONNECT_SECONDS)
            plain = socket.create_connection((str(address), there.port), timeout)
            break
        except OSError:
            if address == addresses[-1]:
                raise
    plain.settimeout(left(deadline))
    secure = context.wrap_socket(plain, server_hostname=there.host)
    assert isinstance(secure, TimedSocket)
    secure.deadline = deadline
    return secure


def _answer(
    response: http.client.HTTPResponse, there: Target, headers: dict[str, str]
) -> Fetched | Target:
    """What a server gave, or where it redirects to. Raises FetchError."""
    etag, last_modified = headers.get("If-None-Match"), headers.get("If-Modified-Since")
    match response.status:
        case 200:
            body = _body(response, there.host)
            return Fetched(
                body, _validator(response, "ETag"), _validator(response, "Last-Modified")
            )
        case 304 if etag or last_modified:
            return Fetched(None, etag or "", last_modified or "")
        case 301 | 302 | 303 | 307 | 308:
            return target(urljoin(there.url, response.getheader("Location", "")))
        case 401 | 403:
            raise FetchError(f"{there.host} doesn't let this site read the calendar.")
        case 404 | 410:
            raise FetchError(f"{there.host} has no calendar at this address.")
        case status:
            raise FetchError(f"{there.host} responded with an error ({status}).")


def _validator(response: http.client.HTTPResponse, name: str) -> str:
    """A header that is to be sent back, or nothing where it is not fit for that."""
    value = response.getheader(name, "")
    return value if len(value) <= 200 and value.isascii() and value.isprintable() else ""


def _body(response: http.client.HTTPResponse, host: str) -> bytes:
    """All of the body, unpacked. Raises FetchError if that is too much, or not all."""
    encoding = response.getheader("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "deflate"):
        raise FetchError(f"{host} compressed the calendar in a way that this site can't open.")
    # Some servers pack what was asked for plain. 47 reads gzip and zlib alike.
    unpacker = None if encoding == "identity" else zlib.decompressobj(wbits=47)
    body, received = bytearray(), 0
    while chunk := response.read(CHUNK):
        received += len(chunk)
        body += unpacker.decompress(chunk, MAX_BYTES + 1 - len(body)) if unpacker else chunk
        if max(received, len(body)) > MAX_BYTES:
            raise FetchError("The calendar is larger than 5 MB.")
    if response.length or (unpacker and not unpacker.eof):
        raise FetchError(f"{host} stopped in the middle of the calendar.")
    return bytes(body)
