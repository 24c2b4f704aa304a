"""A mail service on this machine: the HTTP of Postmark and Mailgun as their manuals have it."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from practice.mail import services

KEY, SECRET, SIGNING_KEY = "key-of-the-service", "hook:a-long-secret", "signing-key"


class MailService(ThreadingHTTPServer):
    """Keeps what it is sent, and answers as it is told to."""

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.name = name
        self.asked: list[dict[str, Any]] = []
        self.status = 200
        self.answer: dict[str, Any] | None = None
        self.headers: list[dict[str, str]] = []
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def takes(self, sent: dict[str, Any]) -> dict[str, Any]:
        """What a service answers that takes a message."""
        if self.name == "mailgun":
            return {"id": "<1@example.org>", "message": "Queued. Thank you."}
        return {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a", "To": sent["To"]}

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: MailService

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sent = {"body": body.decode("utf-8", "replace"), "path": self.path}
        if self.headers["Content-Type"].startswith("application/json"):
            sent = json.loads(body)
        self.server.asked.append(sent)
        self.server.headers.append(dict(self.headers))
        answer = json.dumps(self.server.answer or self.server.takes(sent)).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: Any) -> None:
        pass


def use(settings: Any, name: str, url: str) -> None:
    """Lets mail leave by the service called `name`, which answers at `url`."""
    settings.MAIL_SERVICE = name
    settings.MAIL_WEBHOOK_SECRET = SECRET if name == "postmark" else ""
    settings.MAIL_WEBHOOK_SIGNING_KEY = SIGNING_KEY if name == "mailgun" else ""
    settings.EMAIL_BACKEND = services.backend(name)
    settings.ANYMAIL = services.for_anymail(
        name,
        key=KEY,
        api_url=url,
        sender_domain="example.org",
        secret=settings.MAIL_WEBHOOK_SECRET,
        signing_key=settings.MAIL_WEBHOOK_SIGNING_KEY,
        timeout=5,
    )


def basic(secret: str = SECRET) -> dict[str, str]:
    """How a service that has only a secret proves itself."""
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(secret.encode()).decode()}


def postmark_says(kind: str, key: object, address: str, **more: Any) -> dict[str, Any]:
    """The body of Postmark's word on a message; `kind` is Delivery or Bounce."""
    return {
        "RecordType": kind,
        "Type": "HardBounce",
        "MessageID": "b7bc2f4a",
        "Metadata": {"key": str(key)},
        "Email" if kind == "Bounce" else "Recipient": address,
        "BouncedAt" if kind == "Bounce" else "DeliveredAt": "2026-11-24T09:00:00Z",
        **more,
    }


def mailgun_says(
    event: str,
    key: object,
    address: str,
    *,
    signing_key: str = SIGNING_KEY,
    at: float | None = None,
    token: str = "",
    **more: Any,
) -> dict[str, Any]:
    """The body of Mailgun's word on a message, signed; `event` is delivered or failed.

    `at` is in seconds since 1970, now if it is not given.
    """
    signed_at, token = str(int(time.time() if at is None else at)), token or secrets.token_hex(25)
    signature = hmac.new(
        signing_key.encode(), f"{signed_at}{token}".encode(), hashlib.sha256
    ).hexdigest()
    return {
        "signature": {"timestamp": signed_at, "token": token, "signature": signature},
        "event-data": {
            "event": event,
            "timestamp": time.time(),
            "recipient": address,
            "user-variables": {"key": str(key)},
            **more,
        },
    }
