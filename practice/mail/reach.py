"""Whether the configured way out is open: the mail server's port, its TLS, and the signing in."""

import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from practice.mail import findings
from practice.mail.findings import Finding
from practice.mail.services import host_of

WAY, SIGNING_IN = "Connection", "Sign-in"
PORTS = {25: "smtp", 465: "smtp+ssl", 587: "smtp+tls", 2525: "smtp+tls"}
LOCAL = ("localhost", "127.0.0.1", "::1")
TIMEOUT = 10.0
good = partial(findings.good, about=WAY)
advice = partial(findings.advice, about=WAY)
fault = partial(findings.fault, about=WAY)


@dataclass(frozen=True)
class Server:
    host: str
    port: int
    tls: bool  # STARTTLS after the greeting
    ssl: bool  # TLS from the first byte
    user: str = ""
    password: str = ""


def is_open(host: str, port: int, timeout: float) -> bool:
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError:
        return False
    return True


def look_at_server(
    server: Server,
    *,
    context: ssl.SSLContext | None = None,
    others: Sequence[int] = tuple(PORTS),
    timeout: float = TIMEOUT,
) -> list[Finding]:
    """Opens a connection as a letter would, up to signing in, and sends nothing."""
    where = f"{server.host}, port {server.port},"
    try:
        smtp = _connect(server, context or ssl.create_default_context(), timeout)
    except socket.gaierror:
        return [fault(f"There is no server called {server.host}.", "See EMAIL_URL.")]
    except ssl.SSLCertVerificationError as error:
        says = f"{where} shows a certificate that can't be trusted ({error.verify_message})."
        return [fault(says, "In EMAIL_URL, write the server's name the way your provider does.")]
    except (ssl.SSLError, smtplib.SMTPNotSupportedError, smtplib.SMTPServerDisconnected):
        other = "smtp+ssl://, usually with 465"
        if server.ssl:
            other = "smtp+tls://, usually with port 587"
        says = f"{where} responds, but not with the TLS that EMAIL_URL asks for."
        return [fault(says, f"Try {other}, as your provider says.")]
    except (OSError, smtplib.SMTPException):
        return [_not_reached(server, where, others, timeout)]
    with smtp:
        way = _judge_tls(server, where)
        return [way, _sign_in(smtp, server)] if server.user else [way]


def _connect(server: Server, context: ssl.SSLContext, timeout: float) -> smtplib.SMTP:
    if server.ssl:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=context)
    smtp = smtplib.SMTP(server.host, server.port, timeout=timeout)
    if server.tls:
        smtp.starttls(context=context)
    return smtp


def _judge_tls(server: Server, where: str) -> Finding:
    if server.tls or server.ssl:
        return good(f"{where} responds and uses TLS.")
    if server.host in LOCAL:
        return advice(
            f"{where} responds on this machine.",
            "Make sure that this mail server passes email on with TLS. What it sends out directly "
            "leaves by port 25, which many hosts block.",
        )
    return fault(
        f"{where} responds, but emails and the password would go to it unencrypted.",
        "Write smtp+tls:// (port 587) or smtp+ssl:// (port 465) in EMAIL_URL.",
    )


def _not_reached(server: Server, where: str, others: Sequence[int], timeout: float) -> Finding:
    if server.host in LOCAL:
        return fault(
            f"{where} doesn't respond: no mail server runs on this machine.",
            "Put your provider's in EMAIL_URL, such as "
            "smtp+tls://name:password@mail.example.com:587, or choose a MAIL_SERVICE.",
        )
    ports = [port for port in others if port != server.port]
    answering = [port for port in ports if is_open(server.host, port, timeout / 2)]
    if answering:
        # 25 last: it is for mail between servers.
        port = max(answering, key=lambda each: (each != 25, each == 587, each == 465))
        scheme = PORTS.get(port, "smtp+tls")
        return fault(
            f"{where} doesn't respond, but port {port} there does.",
            f"Write {scheme}://name:password@{server.host}:{port} in EMAIL_URL.",
        )
    return fault(
        f"{where} doesn't respond, nor does it on "
        f"{', '.join(map(str, ports))}: your host probably blocks email.",
        "Ask your host to open port 587, or send through a mail service over HTTPS "
        "(MAIL_SERVICE), which no host blocks.",
    )


def _sign_in(smtp: smtplib.SMTP, server: Server) -> Finding:
    try:
        smtp.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError:
        return fault(
            "The server refuses the user name or password.",
            "See EMAIL_URL. Many providers require an app password. In the address, "
            "write @ as %40, : as %3A and / as %2F.",
            about=SIGNING_IN,
        )
    except (OSError, smtplib.SMTPException) as error:
        return fault(
            f"The server doesn't allow this kind of sign-in ({type(error).__name__}).",
            "Write smtp+tls:// in EMAIL_URL: most accept a password only over TLS.",
            about=SIGNING_IN,
        )
    return good("The server accepts the user name and password.", about=SIGNING_IN)


def look_at_service(name: str, api_url: str, *, timeout: float = TIMEOUT) -> list[Finding]:
    host, port = host_of(api_url)
    where = f"{name} at {host}, port {port},"
    try:
        with socket.create_connection((host, port), timeout) as connection:
            if api_url.startswith("https://"):
                context = ssl.create_default_context()
                context.wrap_socket(connection, server_hostname=host).close()
    except ssl.SSLError:
        says = f"{where} shows a certificate that can't be trusted."
        return [fault(says, "See MAIL_SERVICE_URL.")]
    except OSError:
        todo = "Check MAIL_SERVICE_URL, and whether a firewall lets this server reach port 443."
        return [fault(f"{where} doesn't respond.", todo)]
    return [good(f"{where} responds. No mail port is needed.")]
