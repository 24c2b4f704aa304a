"""The fetcher against a real server with TLS that misbehaves. All of it stays on loopback.

To the tests, 127.0.0.1 is the open internet and everything else is internal. A server that
stalls, drips or grows does so until the test ends, so that coming back at all is the proof.
"""

import contextlib
import gzip
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable
from ipaddress import ip_address

import pytest

from booking.busy import fetching
from booking.busy.fetching import Address, AddressRefused, Fetched, FetchError, fetch, is_public
from tests.booking.calendar_server import (
    BODY,
    INTERNAL,
    INTERNET,
    NAME,
    Authority,
    Get,
    Handler,
    Names,
    Server,
    serving,
)

ZEROS = bytes(1024 * 1024)


# What comes


def test_a_calendar_comes_with_what_its_next_request_needs(server: Server, get: Get) -> None:
    server.answer = lambda handler: handler.reply(
        200, BODY, ETag='"v1"', Last_Modified="Sun, 01 Mar 2026 00:00:00 GMT"
    )
    assert get(server.url) == Fetched(BODY, '"v1"', "Sun, 01 Mar 2026 00:00:00 GMT")


def test_the_server_is_asked_by_its_name_although_an_address_is_connected_to(
    server: Server, get: Get
) -> None:
    get(server.url + "?a=b c&d=\u00e9#fragment")
    ((path, headers),) = server.requests
    assert path == "/secret.ics?a=b%20c&d=%C3%A9"
    assert headers["Host"] == f"{NAME}:{server.port}"
    assert headers["Accept-Encoding"] == "identity"
    assert server.asked == [NAME]


def test_a_webcal_address_is_fetched_by_https(server: Server, get: Get) -> None:
    assert get(server.url.replace("https", "webcal")).body == BODY


def test_what_has_not_changed_costs_one_conditional_request(server: Server, get: Get) -> None:
    server.answer = lambda handler: handler.reply(304)
    found = get(server.url, etag='"v1"', last_modified="Sun, 01 Mar 2026 00:00:00 GMT")
    assert found == Fetched(None, '"v1"', "Sun, 01 Mar 2026 00:00:00 GMT")
    ((_, headers),) = server.requests
    assert headers["If-None-Match"] == '"v1"'
    assert headers["If-Modified-Since"] == "Sun, 01 Mar 2026 00:00:00 GMT"


def test_a_validator_that_is_not_fit_to_be_sent_back_is_dropped(server: Server, get: Get) -> None:
    server.answer = lambda handler: handler.reply(200, BODY, ETag="x" * 300, Last_Modified="\u00e9")
    assert get(server.url) == Fetched(BODY, "", "")


# Named, since gzip writes the time into what it packs, and a name has to stay the same.
@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress(BODY)), ("deflate", zlib.compress(BODY))],
    ids=["gzip", "deflate"],
)
def test_a_server_that_packs_unasked_is_understood(
    server: Server, get: Get, encoding: str, packed: bytes
) -> None:
    server.answer = lambda handler: handler.reply(200, packed, Content_Encoding=encoding)
    assert get(server.url).body == BODY


def test_a_chunked_body_comes_whole(server: Server, get: Get) -> None:
    def answer(handler: Handler) -> None:
        handler.start("Transfer-Encoding: chunked")
        for part in (BODY[:10], BODY[10:]):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        handler.wfile.write(b"0\r\n\r\n")

    server.answer = answer
    assert get(server.url).body == BODY


def test_a_proxy_of_the_environment_is_not_used(
    server: Server, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert get(server.url).body == BODY


def test_the_next_address_is_tried_where_one_does_not_answer(server: Server, get: Get) -> None:
    found = get(
        server.url,
        is_allowed=lambda address: address.is_loopback,
        resolve=Names([ip_address("127.0.0.2"), INTERNET]),
    )
    assert found.body == BODY


# Where it does not go


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.8.8.8", "[::1]", "[::]", "169.254.169.254", "10.0.0.1", "172.16.0.1",
        "192.168.1.1", "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1",
        "192.0.2.1", "198.18.0.1", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]",
        "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[fc00::1]",
        "[fe80::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "localhost", "LOCALHOST",
        "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "\uff11\uff12\uff17.0.0.1",
    ],
)  # fmt: skip
def test_by_default_no_internal_address_is_connected_to_however_it_is_written(
    host: str, server: Server, authority: Authority
) -> None:
    with pytest.raises(FetchError):
        fetch(f"https://{host}:{server.port}/", context=authority.trusting, seconds=5)
    assert server.connections == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]", "localhost"]
)
def test_the_refusal_says_why_and_that_trying_again_does_not_help(host: str) -> None:
    with pytest.raises(AddressRefused, match="isn't on the public internet"):
        fetch(f"https://{host}/")


@pytest.mark.parametrize(
    "text",
    [
        "93.184.216.34",
        "2606:2800:220:1:248:1893:25c8:1946",
        "64:ff9b::5db8:d822",  # the first, through NAT64
    ],
)
def test_an_address_of_the_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.0.8", "192.88.99.1", "::1", "::",
        "::ffff:127.0.0.1", "::ffff:93.184.216.34", "::7f00:1", "64:ff9b::7f00:1",
        "64:ff9b::c0a8:101", "64:ff9b:1::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1",
        "5f00::1", "fc00::1", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
    ],
)  # fmt: skip
def test_an_address_with_a_purpose_of_its_own_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("answer", [[INTERNAL], [INTERNET, INTERNAL], [INTERNAL, INTERNET], []])
def test_a_name_with_any_internal_address_or_none_is_refused(
    server: Server, get: Get, answer: list[Address]
) -> None:
    with pytest.raises(AddressRefused, match=f"{NAME} isn't on the public internet"):
        get(server.url, resolve=Names(answer))
    assert server.connections == 0


def test_a_name_that_answers_differently_the_second_time_is_asked_once(
    server: Server, get: Get
) -> None:
    rebinding = Names([INTERNET], [INTERNAL])
    assert get(server.url, resolve=rebinding).body == BODY
    assert rebinding.asked == [NAME]


def test_a_name_that_rebinds_between_redirects_is_refused(server: Server, get: Get) -> None:
    server.answer = lambda handler: handler.reply(302, Location="/again")
    rebinding = Names([INTERNET], [INTERNAL])
    with pytest.raises(AddressRefused):
        get(server.url, resolve=rebinding)
    assert (server.connections, rebinding.asked) == (1, [NAME, NAME])


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("https://127.0.0.1:{port}/", "isn't on the public internet"),
        ("//localhost:{port}/", "isn't on the public internet"),
        ("https://169.254.169.254/latest/meta-data/", "isn't on the public internet"),
        ("http://calendar.example:{port}/", "begin with https"),
        ("file:///etc/passwd", "begin with https"),
        ("ftp://calendar.example/", "begin with https"),
        ("https://user:word@calendar.example/", "user name"),
        ("https://calendar.example:25/", "port 25"),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(
    server: Server, get: Get, location: str, sentence: str
) -> None:
    server.answer = lambda handler: handler.reply(302, Location=location.format(port=server.port))

    def names(host: str, port: int) -> list[Address]:
        return [INTERNET] if host == NAME else fetching.resolve(host, port)

    with pytest.raises(AddressRefused, match=sentence):
        get(server.url, resolve=names, is_allowed=_only_once_allowed())
    assert server.connections == 1


def _only_once_allowed() -> Callable[[Address], bool]:
    """The first address is the server's; from then on the real rule holds."""
    seen: list[Address] = []

    def is_allowed(address: Address) -> bool:
        seen.append(address)
        return len(seen) == 1 or is_public(address)

    return is_allowed


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_up_to_five_redirects_are_followed(server: Server, get: Get, status: int) -> None:
    def answer(handler: Handler) -> None:
        step = len(server.requests)
        if step <= 5:
            handler.reply(status, Location=f"../step/{step}")
        else:
            handler.reply(200, BODY)

    server.answer = answer
    assert get(server.url).body == BODY
    assert server.requests[-1][0] == "/step/5"


@pytest.mark.parametrize("headers", [{"Location": "/again"}, {}])
def test_endless_redirects_end(server: Server, get: Get, headers: dict[str, str]) -> None:
    server.answer = lambda handler: handler.reply(302, **headers)
    with pytest.raises(FetchError, match="more than 5 times"):
        get(server.url)
    assert server.connections == 6


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://calendar.example/", "begin with https"),
        ("file:///etc/passwd", "begin with https"),
        ("gopher://calendar.example/", "begin with https"),
        ("data:text/calendar,BEGIN:VCALENDAR", "begin with https"),
        ("calendar.example/secret.ics", "begin with https"),
        ("", "begin with https"),
        ("https://", "no host"),
        ("https:///secret.ics", "no host"),
        ("https://user:word@calendar.example/", "user name"),
        ("https://user@calendar.example/", "user name"),
        ("https://@calendar.example/", "user name"),
        ("https://calendar.example:22/", "port 22"),
        ("https://calendar.example:80/", "port 80"),
        ("https://calendar.example:0/", "port 0"),
        ("https://calendar.example:99999/", "isn't the address"),
        ("https://calendar.example:x/", "isn't the address"),
        ("https://[::1/", "isn't the address"),
        ("https://" + "a" * 70 + ".example/", "isn't the address"),
        ("https://a..example/", "isn't the address"),
    ],
)
def test_an_address_that_is_none_is_refused_with_a_sentence(
    get: Get, url: str, sentence: str
) -> None:
    names = Names([INTERNET])
    with pytest.raises(AddressRefused, match=sentence) as refusal:
        get(url, resolve=names)
    assert names.asked == []
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("port", ["", ":443"])
def test_the_port_is_443_unless_it_is_said(port: str) -> None:
    assert fetching.target(f"https://Calendar.Example{port}") == fetching.Target(NAME, 443, "/")


def test_line_breaks_and_spaces_in_an_address_cannot_write_headers(
    server: Server, get: Get
) -> None:
    get(f"\t{server.url}\r\nX-Evil: 1\r\n")
    ((path, headers),) = server.requests
    assert path == "/secret.icsX-Evil:%201"
    assert "X-Evil" not in headers


# What it does not wait for


def stall(handler: Handler) -> None:
    handler.server.ended.wait()


def drip_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    handler.forever(b"x", 0.05)


def drip_body(handler: Handler) -> None:
    handler.start(f"Content-Length: {len(BODY) * 1000}")
    handler.forever(b"x", 0.05)


def drip_chunks(handler: Handler) -> None:
    handler.start("Transfer-Encoding: chunked")
    handler.forever(b"1\r\nx\r\n", 0.05)


def go_on_continuing(handler: Handler) -> None:
    handler.forever(b"HTTP/1.1 100 Continue\r\n\r\n", 0.05)


def redirect_slowly(handler: Handler) -> None:
    handler.server.ended.wait(0.3)
    handler.reply(302, Location="/again")


@pytest.mark.parametrize(
    "answer", [stall, drip_headers, drip_body, drip_chunks, go_on_continuing, redirect_slowly]
)
def test_a_server_has_so_many_seconds_in_all_however_it_spends_them(
    server: Server, get: Get, answer: Callable[[Handler], None]
) -> None:
    server.answer = answer
    with pytest.raises(FetchError, match="didn't respond within 1 seconds"):
        get(server.url, seconds=1)


def test_a_server_that_never_shakes_hands_is_left(get: Get) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(FetchError, match=r"didn't respond within 0\.5 seconds"):
            get(f"https://{NAME}:{port}/", seconds=0.5)


def test_a_server_that_drips_its_handshake_is_left(get: Get) -> None:
    ended = threading.Event()

    def drip(listener: socket.socket) -> None:
        with contextlib.suppress(OSError), listener.accept()[0] as connection:
            # The header of a record of 16 KB, of which the rest comes byte by byte.
            connection.sendall(b"\x16\x03\x03\x40\x00")
            while not ended.wait(0.05):
                connection.sendall(b"\x02")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        with pytest.raises(FetchError, match=r"didn't respond within 0\.5 seconds"):
            get(f"https://{NAME}:{listener.getsockname()[1]}/", seconds=0.5)
        ended.set()
        thread.join()


def test_a_resolver_that_stalls_is_left(get: Get) -> None:
    ended = threading.Event()

    def stalling(host: str, port: int) -> list[Address]:
        ended.wait(5)
        return [INTERNAL]

    with pytest.raises(FetchError, match=r"didn't respond within 0\.2 seconds"):
        get(f"https://{NAME}/", resolve=stalling, seconds=0.2)
    ended.set()


# How much it takes


def grow_in_chunks(handler: Handler) -> None:
    handler.start("Transfer-Encoding: chunked")
    handler.forever(b"100000\r\n" + ZEROS + b"\r\n")


def grow_without_a_length(handler: Handler) -> None:
    handler.start("Connection: close")
    handler.forever(ZEROS)


def say_50_mb(handler: Handler) -> None:
    handler.start("Content-Length: 52428800")
    handler.forever(ZEROS)


def gzip_bomb(handler: Handler) -> None:
    packer = zlib.compressobj(wbits=31)
    packed = b"".join(packer.compress(ZEROS) for _ in range(100)) + packer.flush()
    handler.reply(200, packed, Content_Encoding="gzip")


def gzip_of_nothing_without_end(handler: Handler) -> None:
    handler.start("Content-Encoding: gzip", "Connection: close")
    packer = zlib.compressobj(0, wbits=31)
    handler.wfile.write(packer.compress(b""))
    # Empty blocks: nothing ever comes out of them.
    handler.forever(b"\x00\x00\x00\xff\xff" * 100_000)


@pytest.mark.parametrize(
    "answer",
    [
        grow_in_chunks,
        grow_without_a_length,
        say_50_mb,
        gzip_bomb,
        gzip_of_nothing_without_end,
    ],
)
def test_no_more_than_5_mb_are_taken_packed_or_unpacked(
    server: Server, get: Get, answer: Callable[[Handler], None]
) -> None:
    server.answer = answer
    with pytest.raises(FetchError, match="larger than 5 MB"):
        get(server.url, seconds=30)


def test_a_bomb_is_not_unpacked_beyond_what_is_taken(server: Server, get: Get) -> None:
    server.answer = gzip_bomb
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match="larger than 5 MB"):
            get(server.url, seconds=30)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20 * 1024 * 1024


def test_5_mb_are_taken(server: Server, get: Get) -> None:
    server.answer = lambda handler: handler.reply(200, ZEROS * 5)
    assert get(server.url, seconds=30).body == ZEROS * 5


# What is no answer


def break_off(handler: Handler) -> None:
    handler.start("Content-Length: 1000")
    handler.wfile.write(BODY)


def break_off_a_chunk(handler: Handler) -> None:
    handler.start("Transfer-Encoding: chunked")
    handler.wfile.write(b"400\r\n" + BODY)


def break_off_gzip(handler: Handler) -> None:
    handler.reply(200, gzip.compress(BODY)[:-4], Content_Encoding="gzip")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda handler: handler.reply(401), "doesn't let this site read"),
        (lambda handler: handler.reply(403), "doesn't let this site read"),
        (lambda handler: handler.reply(404), "no calendar at this address"),
        (lambda handler: handler.reply(410), "no calendar at this address"),
        (lambda handler: handler.reply(500), r"an error \(500\)"),
        (lambda handler: handler.reply(204), r"an error \(204\)"),
        (lambda handler: handler.reply(304), r"an error \(304\)"),
        (lambda handler: handler.reply(302, Location="https://[/"), "can't read"),
        (break_off, "stopped in the middle"),
        (break_off_a_chunk, "can't read"),
        (break_off_gzip, "stopped in the middle"),
        (lambda handler: handler.reply(200, BODY, Content_Encoding="gzip"), "can't read"),
        (lambda handler: handler.reply(200, BODY, Content_Encoding="br"), "compressed"),
        (lambda handler: handler.wfile.write(b"220 mail ready\r\n\r\n"), "can't read"),
        (lambda handler: handler.wfile.write(b""), "can't re"),
        (lambda handler: handler.start("X-Long: " + "x" * 70_000), "can't read"),
        (lambda handler: handler.start(*["X: 1"] * 200), "can't read"),
    ],
)
def test_what_is_no_calendar_is_told_in_a_sentence_without_the_secret_address(
    server: Server, get: Get, answer: Callable[[Handler], None], sentence: str
) -> None:
    server.answer = answer
    with pytest.raises(FetchError, match=sentence) as failure:
        get(server.url)
    assert not isinstance(failure.value, AddressRefused)
    assert str(failure.value).endswith(".")
    assert "secret" not in str(failure.value)


def test_a_name_that_nobody_knows_cannot_be_reached(get: Get) -> None:
    def unknown(host: str, port: int) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(FetchError, match=f"can't reach {NAME}"):
        get(f"https://{NAME}/", resolve=unknown)


def test_a_port_where_nobody_listens_cannot_be_reached(get: Get) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(FetchError, match="can't reach"):
        get(f"https://{NAME}:{port}/")


def test_a_server_without_tls_cannot_be_reached(get: Get) -> None:
    def speak_plainly(listener: socket.socket) -> None:
        with listener.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak_plainly, args=(listener,), daemon=True)
        thread.start()
        with pytest.raises(FetchError, match="can't reach"):
            get(f"https://{NAME}:{listener.getsockname()[1]}/")
        thread.join()


# Whom it believes


def test_a_certificate_of_an_unknown_authority_is_not_believed(server: Server, get: Get) -> None:
    with pytest.raises(FetchError, match=f"certificate of {NAME} isn't valid"):
        get(server.url, context=None)
    assert server.requests == []


@pytest.mark.parametrize(("host", "days"), [("other.example", 2), (NAME, -1)])
def test_a_certificate_of_another_name_or_past_its_days_is_not_believed(
    authority: Authority, get: Get, host: str, days: int
) -> None:
    with (
        serving(authority.server_context(host, days)) as impostor,
        pytest.raises(FetchError, match="certificate"),
    ):
        get(impostor.url)
    assert impostor.requests == []
