"""A real nginx in front of a real gunicorn: what strangers may write changes nothing.

Neither who one is, nor where a link points, nor whom a limit counts.
"""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from booking.models import ConsultationRequest, DailyCount, DailySalt
from practice.models import PracticeSettings
from tests.databases import copied_database
from tests.faults.proxy import NAME, Answer, KeptConnection, Proxy, exchange, message
from tests.faults.site import HOST, PROJECT, THERAPIST, LiveSite, wait_until
from tests.practice.test_logging import LINKS, misspelled

pytestmark = pytest.mark.django_db  # of which the site's own is a copy
EVIL = "evil.example"
FORGED = {
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Server": EVIL,
    "X-Forwarded-Port": "666",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Ssl": "off",
    "X-Forwarded-Prefix": f"//{EVIL}",
    "X-Forwarded-For": "203.0.113.66, 198.51.100.1",
    "X-Real-Ip": "203.0.113.66",
    "Forwarded": f"for=203.0.113.66;host={EVIL};proto=http",
    "X-Original-Url": "/admin/",
    "X-Rewrite-Url": "/admin/",
    "X-Host": EVIL,
    "Script-Name": f"//{EVIL}",
    "SCRIPT_NAME": f"//{EVIL}",
    "PATH_INFO": "/admin/",
    "X_Forwarded_For": "203.0.113.66",
    "X_Forwarded_Host": EVIL,
    "X_Forwarded_Proto": "http",
    "Remote-User": THERAPIST,
    "REMOTE_USER": THERAPIST,
    "X-Remote-User": THERAPIST,
    "X-Forwarded-User": THERAPIST,
    "X-Http-Method-Override": "POST",
    "X-Method-Override": "DELETE",
    "Proxy": f"http://{EVIL}",
}


class Served:
    """The site, and nginx in front of it."""

    def __init__(self, site: LiveSite, proxy: Proxy, log: Path) -> None:
        self.site, self.proxy, self.log = site, proxy, log

    def reached(self) -> str:
        """What gunicorn has been asked for so far."""
        return self.log.read_text()

    def direct(self, raw: bytes) -> Answer:
        """What gunicorn itself answers, as if nginx had let these bytes pass."""
        with socket.create_connection((HOST, self.site.port), 30) as connection:
            return exchange(connection, raw)


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory,
    filled_database: str,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Served]:
    """Started once for all: the attacks leave nothing that the next one could see."""
    folder = tmp_path_factory.mktemp("proxied")
    (folder / "data").mkdir()
    with ExitStack() as at_the_end:
        at_the_end.enter_context(django_db_blocker.unblock())
        name = at_the_end.enter_context(copied_database(filled_database, folder / "data"))
        site = LiveSite(folder, name, f"filemail:///{folder}/data/mail", debug=False)
        proxy = Proxy(folder, site.port)
        site.env |= {
            "SITE_URL": proxy.url,
            "ALLOWED_HOSTS": NAME,
            "BEHIND_PROXY": "true",
            "SECURE_SSL_REDIRECT": "true",
        }
        log = site.logs / "gunicorn-access.log"
        site.web.command += ["--access-logfile", str(log)]
        at_the_end.callback(site.kill)
        at_the_end.callback(proxy.stop)
        proxy.start()  # first: without nginx nothing else need be made
        site.collect_static()
        site.web.start()
        wait_until(lambda: proxy.ask("/healthz/").status == 200, "the site answers")
        yield Served(site, proxy, log)


def test_the_site_is_served_over_tls_alone(served: Served) -> None:
    home = served.proxy.ask("/")
    assert home.status == 200
    assert "max-age=31536000" in home.headers["Strict-Transport-Security"]
    with socket.create_connection((HOST, served.proxy.plain_port)) as plain:
        raw = message("/x/", FORGED, method="GET", body=b"", host=NAME)
        answer = exchange(plain, raw)
    assert (answer.status, answer.headers["Location"]) == (301, f"{served.proxy.url}/x/")
    # gunicorn without nginx's word that it was TLS, and with everybody else's.
    forged = FORGED | {"X-Forwarded-Proto": "http", "X-Forwarded-Ssl": "on"}
    bare = served.direct(message("/", forged, method="GET", body=b"", host=NAME))
    assert (bare.status, bare.headers["Location"]) == (301, f"{served.proxy.url}/")


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True),
        ("br, GZIP; q=0.001", True),
        ("x-gzip;q=1.0, br", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, br", False),
        ("gzip;q=many", False),
        ("notgzip, br", False),
        ("br;x=gzip", False),
        ("identity", False),
    ],
)
def test_pages_come_packed_to_whoever_takes_that(served: Served, header: str, takes: bool) -> None:
    for _ in range(2):  # from the site, and from what nginx keeps
        answer = served.proxy.ask("/about/", {"Accept-Encoding": header})
        assert answer.status == 200
        assert (answer.headers["Content-Encoding"] == "gzip") is takes


def test_whoever_finds_a_hole_learns_whom_to_tell_through_the_proxy(served: Served) -> None:
    with served.site.database():
        PracticeSettings.objects.update(security_contact="security@practice.example")
    answer = served.proxy.ask("/.well-known/security.txt")
    assert answer.status == 200
    assert answer.text.startswith("Contact: mailto:security@practice.example\nExpires: ")
    assert f"Canonical: {served.proxy.url}/.well-known/security.txt\n" in answer.text


def test_no_answer_says_which_version_of_what_gives_it(served: Served) -> None:
    for path in ("/", "/no-such-page/", "/admin/", "/media/images/none.jpg", "/" + "a" * 9_000):
        answer = served.proxy.ask(path)
        assert not re.search(r"\d|gunicorn|python", answer.headers["Server"] or "", re.IGNORECASE)
        assert answer.headers["X-Powered-By"] is None


def test_static_files_are_told_apart_from_pages_by_no_header(served: Served) -> None:
    named = re.search(r'href="(/static/[^"]+)"', served.proxy.ask("/").text)
    assert named
    told = served.proxy.ask(named[1])
    assert told.status == 200
    assert told.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    assert told.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert told.headers["X-Frame-Options"] == "DENY"
    assert told.headers["Access-Control-Allow-Origin"] is None


def test_pictures_are_for_this_site_and_documents_go_through_it(served: Served) -> None:
    for folder in ("images", "documents"):
        (served.site.data / "media" / folder).mkdir(parents=True)
        (served.site.data / "media" / folder / "a.txt").write_text("kept apart")
    picture = served.proxy.ask("/media/images/a.txt")
    assert picture.text == "kept apart"
    assert picture.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("documents/a.txt", "images/../documents/a.txt", "images/%2e%2e/documents/a.txt"):
        assert served.proxy.ask(f"/media/{path}").status == 404
    assert served.proxy.ask("/media/../../data/db.sqlite3").status in (400, 404)


# --- Where a link points -------------------------------------------------------------------


@pytest.mark.parametrize("name", [EVIL, f"{NAME}.{EVIL}", f"{EVIL}:443", f"{NAME}@{EVIL}", "", "*"])
def test_a_site_of_another_name_does_not_exist(served: Served, name: str) -> None:
    answer = served.proxy.ask("/", {"Host": name})
    assert answer.status in (0, 400)
    behind = served.direct(
        message("/", {"X-Forwarded-Proto": "https"}, method="GET", body=b"", host=name)
    )
    assert behind.status == 400
    assert EVIL not in behind.text


@pytest.mark.parametrize(
    "line",
    [
        f"GET https://{EVIL}/robots.txt HTTP/1.1\r\nHost: {NAME}",
        f"GET /robots.txt HTTP/1.1\r\nHost: {NAME}\r\nHost: {EVIL}",
        f"GET /robots.txt HTTP/1.1\r\nHost: {EVIL}\r\nHost: {NAME}",
        f"GET /robots.txt HTTP/1.1\r\nHost: {NAME}\r\n Host: {EVIL}",
        f"GET /robots.txt HTTP/1.0\r\nX-Forwarded-Host: {EVIL}",
    ],
)
def test_a_request_with_two_names_has_none(served: Served, line: str) -> None:
    answer = served.proxy.send(f"{line}\r\nConnection: close\r\n\r\n".encode())
    assert answer.status in (0, 400)


def test_forged_headers_change_no_link_and_no_redirect(served: Served) -> None:
    proxy = served.proxy
    for path in ("/", "/robots.txt", "/sitemap.xml", "/articles/", "/articles/feed/"):
        plain, forged = proxy.ask(path), proxy.ask(path, FORGED)
        assert (forged.status, forged.text) == (plain.status, plain.text) != (0, "")
        assert EVIL.encode() not in forged.raw
        assert b"//practice.example:666" not in forged.raw
    assert f"{proxy.url}/sitemap.xml" in proxy.ask("/robots.txt").text
    for path in ("/articles", "/admin/", "/admin/consultations/", f"//{EVIL}/..", f"/{EVIL}"):
        answer = proxy.ask(path, FORGED)
        assert answer.status in (301, 302, 404)
        target = answer.headers["Location"] or "/"
        assert target.startswith(("/", f"{proxy.url}/"))
        assert not target.startswith("//")


def test_letters_point_to_the_site_whatever_was_forged(served: Served) -> None:
    proxy, site = served.proxy, served.site
    form = proxy.ask("/account/password/forgotten/", FORGED)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
    assert token
    given = form.headers.get_all("Set-Cookie") or []
    assert given
    for cookie in given:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    cookies = "; ".join(cookie.partition(";")[0] for cookie in given)
    fields = {"email": THERAPIST, "csrfmiddlewaretoken": token[1]}
    sent = proxy.ask(
        "/account/password/forgotten/",
        FORGED | {"Cookie": cookies, "Referer": f"{proxy.url}/account/password/forgotten/"},
        method="POST",
        body=urlencode(fields).encode(),
    )
    assert sent.status == 302, sent.text
    ask = {"name": "Robin", "email": "robin@visitor.example", "state": "CA"}
    asked = proxy.ask("/consultation/", FORGED, method="POST", body=urlencode(ask).encode())
    assert asked.status == 303, asked.text
    assert asked.headers["Location"].startswith("/consultation/sent/")
    send = (
        "from booking.letters import outbox; from practice.accounts import letters; "
        "assert letters.send_due() == 1; assert outbox.send_due() == 2"
    )
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", send],
        cwd=PROJECT,
        env=site.env,
        check=True,
    )
    mail = "".join(file.read_text() for file in (site.data / "mail").iterdir())
    mail = mail.replace("=\n", "")
    links = re.findall(r"https?://[^\s/]+", mail)
    assert set(links) == {proxy.url, "https://988lifeline.org"}
    assert EVIL not in mail


# --- Who one is, and whom a limit counts ----------------------------------------------------


def test_nobody_gets_in_by_a_header_or_a_method(served: Served) -> None:
    proxy = served.proxy
    for path in ("/admin/", "/admin/consultations/", "/account/sessions/"):
        for headers in ({}, FORGED, {"Authorization": "Basic dGhlcmFwaXN0OmE="}):
            answer = proxy.ask(path, headers)
            assert answer.status == 302
            assert answer.headers["Location"].startswith("/account/login/")
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "POSTX"):
        assert proxy.ask("/consultation/", FORGED, method=method).status in (0, 400, 405)
    overridden = urlencode({"_method": "DELETE", "method": "PUT", "_HttpMethod": "DELETE"})
    answer = proxy.ask(f"/theme.css?{overridden}", FORGED)
    assert answer.status == 200
    answer = proxy.ask("/consultation/", FORGED, method="POST", body=overridden.encode())
    assert answer.status == 200
    assert "Tell me what to call you" in answer.text


def test_a_limit_counts_the_real_address_whatever_is_forged(served: Served) -> None:
    with served.site.database():
        before = ConsultationRequest.objects.count()
    forgeries = [
        {},
        FORGED,
        {"X-Forwarded-For": "198.51.100.7"},
        {"X-Forwarded-For": "127.0.0.2, 10.0.0.1, ::1"},
        {"X-Forwarded-For": "1.2.3.4\r\nX-Forwarded-For: 5.6.7.8"},
        {"x-forwarded-for": "unknown"},
        {"X-Forwarded-For": ""},
    ]
    for number, forged in enumerate(forgeries):
        fields = {"name": f"Robin {number}", "email": f"r{number}@visitor.example", "state": "CA"}
        body = urlencode(fields).encode()
        assert served.proxy.ask("/consultation/", forged, method="POST", body=body).status == 303
    with served.site.database():
        today = timezone.now().date()
        digest = DailySalt.of(today).digest("address", HOST)
        assert ConsultationRequest.objects.count() == before + len(forgeries)
        assert DailyCount.objects.get(digest=digest).count == before + len(forgeries)


# --- Too large, too slow -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"path": "/" + "a" * 9_000}, {414}),
        ({"path": "/?" + "a" * 5_000}, {400, 414}),
        ({"headers": {"Cookie": "a=" + "b" * 40_000}}, {400}),
        ({"headers": {f"X-A{n}": "b" for n in range(200)}}, {400, 431}),
        ({"method": "POST", "headers": {"Content-Length": str(30 * 2**20)}}, {413}),
        ({"method": "POST", "body": b"message=" + b"a" * 3_000_000}, {400}),
        ({"method": "POST", "body": b"a=&" * 10_001}, {400}),
    ],
)
def test_what_is_too_large_is_refused(
    served: Served, sent: dict[str, object], status: set[int]
) -> None:
    answer = served.proxy.ask(**({"path": "/consultation/"} | sent))  # type: ignore[arg-type]
    assert answer.status in status


@pytest.mark.parametrize("length", [1_300, 4_000])
def test_a_redirect_to_a_long_address_arrives(served: Served, length: int) -> None:
    """Its quotes take three letters each in where it leads, and that goes beside all else."""
    answer = served.proxy.ask(f"/admin/?{'%22' * (length // 3)}")
    assert answer.status == 302
    assert len(answer.headers["Location"]) > length


def test_the_slow_are_cut_off_and_keep_nobody_waiting(served: Served) -> None:
    beginnings = [
        b"GET / HTTP/1.1\r\nHost: " + NAME.encode() + b"\r\nX-Slow: ",
        message("/consultation/", {"Content-Length": "100"}, method="POST", body=b"na", host=NAME),
    ]
    with ExitStack() as open_ones:
        slow = []
        for number in range(16):  # eight times as many as gunicorn has workers
            connection = open_ones.enter_context(served.proxy.connection())
            connection.sendall(beginnings[number % 2])
            slow.append(connection)
        assert served.proxy.ask("/").status == 200
        for connection in slow:
            assert exchange(connection, b"").status in (0, 408)


def test_slow_readers_keep_nobody_waiting(served: Served) -> None:
    """Each asks for many pages at once and reads none of them: they wait in nginx."""
    many = message("/", {"Connection": "keep-alive"}, method="GET", body=b"", host=NAME) * 30
    with ExitStack() as open_ones:
        for _ in range(16):
            connection = open_ones.enter_context(served.proxy.connection())
            connection.settimeout(0.2)
            with suppress(TimeoutError, OSError):
                connection.sendall(many)
        asked = time.monotonic()
        assert served.proxy.ask("/").status == 200
        assert time.monotonic() - asked < 20


def test_a_reader_whose_connection_was_closed_opens_it_again(served: Served) -> None:
    """Of the tests' own client, which elsewhere keeps its connection for hundreds of answers."""
    headers = {"Host": served.proxy.host}
    with closing(KeptConnection(served.proxy, HOST)) as connection:
        for last in ({"Connection": "close"}, {}):
            connection.request("GET", "/", headers=headers | last)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200


# --- Two requests in one ---------------------------------------------------------------------

INSIDE = f"GET /smuggled/ HTTP/1.1\r\nHost: {NAME}\r\nX-Forwarded-Proto: https\r\n\r\n"
LENGTH = str(len(INSIDE) + 5)


def smuggled(*headers: str, body: str) -> bytes:
    lines = ["POST /consultation/ HTTP/1.1", f"Host: {NAME}", "X-Forwarded-Proto: https"]
    lines += ["Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


CHUNKED_END = "0\r\n\r\n" + INSIDE
SMUGGLED = {
    "CL.TE": smuggled(f"Content-Length: {LENGTH}", "Transfer-Encoding: chunked", body=CHUNKED_END),
    "TE.CL": smuggled(
        "Transfer-Encoding: chunked",
        "Content-Length: 4",
        body=f"{len(INSIDE):x}\r\n{INSIDE}\r\n0\r\n\r\n",
    ),
    "TE twice": smuggled(
        "Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=CHUNKED_END
    ),
    "TE of another kind": smuggled("Transfer-Encoding: xchunked", body=CHUNKED_END),
    "TE with more": smuggled("Transfer-Encoding: chunked, cow", body=CHUNKED_END),
    "TE after a tab": smuggled(
        "Transfer-Encoding:\x0bchunked", f"Content-Length: {LENGTH}", body=CHUNKED_END
    ),
    "TE before a space": smuggled(
        "Transfer-Encoding : chunked", f"Content-Length: {LENGTH}", body=CHUNKED_END
    ),
    "TE with an underscore": smuggled(
        "Transfer_Encoding: chunked", f"Content-Length: {LENGTH}", body=CHUNKED_END
    ),
    "TE on a folded line": smuggled(
        "X-A: b\r\n Transfer-Encoding: chunked", f"Content-Length: {LENGTH}", body=CHUNKED_END
    ),
    "CL twice": smuggled("Content-Length: 0", f"Content-Length: {LENGTH}", body=CHUNKED_END),
    "CL as a list": smuggled(f"Content-Length: 0, {LENGTH}", body=CHUNKED_END),
    "CL with a sign": smuggled(f"Content-Length: +{LENGTH}", body=CHUNKED_END),
    "CL below nothing": smuggled("Content-Length: -1", body=CHUNKED_END),
    "CL in hex": smuggled("Content-Length: 0x0", body=CHUNKED_END),
    "chunks of junk": smuggled("Transfer-Encoding: chunked", body=f"zz\r\n{INSIDE}\r\n0\r\n\r\n"),
    "a chunk of less than none": smuggled(
        "Transfer-Encoding: chunked", body=f"-1\r\n{INSIDE}\r\n0\r\n\r\n"
    ),
    "a chunk too large to count": smuggled(
        "Transfer-Encoding: chunked", body=f"{'f' * 17}\r\n{INSIDE}\r\n0\r\n\r\n"
    ),
    "a header with an end in it": smuggled(f"X-A: b\r{INSIDE}", "Content-Length: 0", body=""),
    "a header with a NUL": smuggled("X-A: b\0c", f"Content-Length: {LENGTH}", body=CHUNKED_END),
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + INSIDE.encode(),
}


@pytest.mark.parametrize("way", SMUGGLED)
def test_a_second_request_is_not_carried_in_the_first(served: Served, way: str) -> None:
    """Neither past nginx, nor past gunicorn, should nginx pass it on."""
    raw = SMUGGLED[way]
    through = served.proxy.send(raw)
    assert through.raw.count(b"HTTP/1.1 ") <= 1 or through.status >= 400
    assert "This page isn't here" not in through.raw.decode(errors="replace")
    behind = served.direct(raw)
    assert "This page isn't here" not in behind.raw.decode(errors="replace")
    assert served.proxy.ask("/healthz/").text == "ok\n", "the next visitor gets their own answer"
    assert "smuggled" not in served.reached()


# --- Traces ----------------------------------------------------------------------------------


def test_a_request_has_one_number_in_nginx_and_in_the_site(served: Served) -> None:
    number = served.proxy.ask("/healthz/", {"X-Request-ID": "f" * 32}).headers["X-Request-ID"]
    assert number != "f" * 32, "nobody chooses their own"
    log = served.site.logs / "nginx-access.log"
    wait_until(lambda: number in log.read_text(), "nginx writes its line with the same number")


def test_no_log_on_the_way_keeps_an_address_a_query_or_a_private_link(served: Served) -> None:
    served.proxy.ask("/articles/?q=kanariquery", {"User-Agent": "kanariagent"})
    served.proxy.ask("/consultation/manage/17-kanarinonce.kanarisignature/?kanariquery")
    served.proxy.ask("/", {"Cookie": "a=" + "kanaricookie" * 9_000})
    served.proxy.ask("/media/images/missing.jpg?kanariquery")  # which nginx does not find
    served.proxy.ask("/?kanariquery", {"Content-Length": str(30 * 2**20)}, method="POST")
    raw = message("/\x7f?kanariquery", {"X-A": "kanariheader\0"}, method="G{T", body=b"", host=NAME)
    served.direct(raw)
    for link in LINKS:
        for address in misspelled(link):
            served.proxy.ask(address.replace(" ", "%20"))
    wait_until(lambda: "manage/[private]" in served.reached(), "gunicorn writes its line")
    logs = {file.name: file.read_text() for file in served.site.logs.iterdir()}
    assert "GET /consultation/manage/[private]" in logs["gunicorn-access.log"]
    assert "GET /consultation/manage/[private]" in logs["nginx-access.log"]
    assert "GET /articles/" in logs["gunicorn-access.log"]
    for name, log in logs.items():
        for secret in ("kanari", "signed9", "abcdef", "ab_cdef"):  # the last of the misspelled
            assert secret not in log.lower(), name
        assert HOST not in log.replace(f"{HOST}:{served.site.port}", ""), name
