"""What went wrong when a letter was sent: its kind for the log, and a sentence for people.

Neither holds an address: the texts of errors do.
"""

import smtplib
import socket
import ssl

from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.conf import settings


def reason(error: BaseException) -> BaseException:
    """The error itself, or why a mail service was not reached or answered nonsense."""
    cause = error.__cause__
    return cause if cause and isinstance(error, AnymailAPIError) else error


def describe(error: BaseException) -> str:
    """The kind of an error, and the number that the server or service answered with."""
    error = reason(error)
    code = getattr(error, "smtp_code", None) or getattr(error, "status_code", None) or ""
    return f"{type(error).__name__} {code}".strip()[:80]


def is_the_servers(error: BaseException) -> bool:
    """Whether the mail server or service was not reached, hung, or takes nothing from us just
    now: the next letter would meet the same.
    """
    match reason(error):
        case (
            smtplib.SMTPServerDisconnected()
            | smtplib.SMTPConnectError()
            | smtplib.SMTPHeloError()
            | smtplib.SMTPAuthenticationError()
            | smtplib.SMTPNotSupportedError()
            | smtplib.SMTPResponseException(smtp_code=421)
        ):
            return True
        case smtplib.SMTPException():
            return False
        case AnymailAPIError(status_code=int(code)):
            return code in (401, 403, 429) or code >= 500
        case found:  # sockets, certificates, names, and those of requests, which are OSErrors
            return isinstance(found, OSError)


def server() -> str:
    if settings.MAIL_SERVICE:
        return f"the mail service {settings.MAIL_SERVICE}"
    return f"the mail server at {settings.EMAIL_HOST}, port {settings.EMAIL_PORT}"


def explain(error: BaseException) -> str:
    where, service = server(), bool(settings.MAIL_SERVICE)
    match reason(error):
        case smtplib.SMTPAuthenticationError():
            return f"The user name or password for {where} is wrong: see EMAIL_URL."
        case smtplib.SMTPRecipientsRefused() | AnymailRecipientsRefused():
            return f"The address was refused by {where}."
        case smtplib.SMTPSenderRefused():
            return f"The sender in DEFAULT_FROM_EMAIL was refused by {where}."
        case smtplib.SMTPNotSupportedError():
            return f"TLS or sign-in isn't available at {where}: see EMAIL_URL."
        case ssl.SSLError():
            return f"No safe connection to {where}: wrong port or certificate."
        case socket.gaierror():
            return f"There's no such server: {where}. See EMAIL_URL."
        case TimeoutError():
            return f"No response from {where}: the port may be blocked. Run check_mail."
        case ConnectionRefusedError():
            return f"Nothing responds at {where}."
        case AnymailAPIError(status_code=401 | 403):
            return f"The key was refused by {where}: see MAIL_SERVICE_KEY."
        case found if service:
            return f"It was refused by {where} ({describe(found)})."
        case found:
            return f"It was refused by {where} ({describe(found)}). Run check_mail."


def in_words(kind: str) -> str:
    """A sentence for the therapist on what `describe` has kept; it names nothing but the reason."""
    match kind.split(" "):
        case [""]:
            return "The site hasn't tried to send it yet."
        case ["SMTPRecipientsRefused" | "AnymailRecipientsRefused", *_]:
            return "The mail server refused the address."
        case ["SMTPSenderRefused", *_]:
            return "The mail server refused this site's own address."
        case ["SMTPAuthenticationError", *_] | [_, "401" | "403"]:
            return "The mail server didn't let this site sign in."
        case ["SMTPDataError" | "SMTPResponseException", *_] | [_, _]:
            return "The mail server refused the email."
        case ["UnreadableLetter"]:
            return "The site couldn't read the email, because its key is missing."
        case ["NobodyToWriteTo"]:
            return "There's no address for alerts in Settings, Practice."
        case [name] if "Timeout" in name:
            return "The mail server didn't respond in time."
        case [name] if "SSL" in name:
            return "The site couldn't make a secure connection to the mail server."
        case [name] if "onnect" in name or name in ("gaierror", "OSError", "SMTPHeloError"):
            return "The site couldn't reach the mail server."
        case _:
            return "The site couldn't put the email together. See the worker's log on the server."
