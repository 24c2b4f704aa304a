"""Whether a practice's site answers as it should, asked at its socket and through nginx.

python3 -m deploy.health NAME
"""

import http.client
import json
import socket
import ssl
import sys
import time
from pathlib import Path

from deploy.settings import Practice
from deploy.system import main
from practice.environment.firstrun import Refusal

PATIENCE = 60  # seconds, for the web server to start and the worker to show itself
SURE_AFTER = 5  # seconds, in which a page fails again and again: visitors meet it meanwhile
TIMEOUT = 15  # seconds, for one answer
FAILS = "isn't working"
PAGES = ["/", "/consultation/", "/articles/", "/account/login/"]


class SocketConnection(http.client.HTTPConnection):
    """Over a Unix socket, as nginx speaks with gunicorn."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(str(self.path))


class NginxConnection(http.client.HTTPConnection):
    """Over TLS to nginx on this server, whoever signed its certificate."""

    def __init__(self, practice: Practice) -> None:
        super().__init__("127.0.0.1", practice.port("TLS_PORT", 443), timeout=TIMEOUT)
        self.name = practice.host

    def connect(self) -> None:
        super().connect()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock, server_hostname=self.name)


def ask(connection: http.client.HTTPConnection, practice: Practice, path: str) -> tuple[int, str]:
    """Status and text; status 0 and the reason where there is no answer."""
    headers = {"Host": practice.host, "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as problem:
        return 0, str(problem) or type(problem).__name__
    finally:
        connection.close()


def not_ready(practice: Practice) -> str:
    """What the site itself says is wrong, in one line; nothing where it says that it is ready."""
    status, text = ask(SocketConnection(practice.socket), practice, "/readyz/")
    if status == 200:
        return ""
    try:
        said = ", ".join(json.loads(text)["failing"])
    except (ValueError, KeyError, TypeError):
        said = str(status) if text.startswith("<") else f"{status}: {' '.join(text.split())[:300]}"
    return f"it isn't ready ({said})"


def broken(practice: Practice) -> str:
    """Which page fails, though the site says that it is ready; nothing where none does."""
    for page in PAGES:
        status, text = ask(SocketConnection(practice.socket), practice, page)
        if status == 0 or status >= 500:
            return f"{page} responds with {status or text}"
    status, text = ask(NginxConnection(practice), practice, "/healthz/")
    return "" if status == 200 else f"nginx responds with {status or text}"


def wait(practice: Practice) -> None:
    """Returns when all is well. Raises Refusal, saying what is not, if it never is."""
    for complaint, patience in ((not_ready, PATIENCE), (broken, SURE_AFTER)):
        until = time.monotonic() + patience
        while wrong := complaint(practice):
            if time.monotonic() > until:
                raise Refusal(f"The site of {practice.name} {FAILS}: {wrong}.")
            time.sleep(1)


def body() -> int:
    for name in sys.argv[1:]:
        wait(Practice.called(name))
    return 0


if __name__ == "__main__":
    main(body)
