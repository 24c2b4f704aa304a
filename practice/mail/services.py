"""The mail services by which letters may leave instead of SMTP. Pure, since settings.py asks.

Only such as can send without following who opens or clicks, and whose word on a bounce is signed
or carries a secret.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Service:
    """What django-anymail calls the settings of one service, and where that answers."""

    key: str  # the setting that holds its key
    api_url: str
    signs: bool  # whether it signs what it says of bounces, else a secret has to do
    headers: tuple[tuple[str, str], ...] = ()  # that keep our Message-ID
    spf: str = ""  # what the SPF record of the sender's domain has to include
    selectors: tuple[str, ...] = ()  # under which its DKIM keys usually are


SERVICES = {
    "postmark": Service(
        "POSTMARK_SERVER_TOKEN",
        "https://api.postmarkapp.com/",
        signs=False,
        headers=(("X-PM-KeepID", "true"),),
        selectors=("pm",),
    ),
    "mailgun": Service(
        "MAILGUN_API_KEY",
        "https://api.mailgun.net/v3",
        signs=True,
        spf="mailgun.org",
        selectors=("mailo", "mta", "pic", "k1", "smtp"),
    ),
}


@dataclass(frozen=True)
class Provider:
    """What a mail server's name says of who runs it: its SPF, and its usual DKIM selectors."""

    spf: str
    selectors: tuple[str, ...] = ()


# By the end of the name of the SMTP server; each from the provider's own instructions.
PROVIDERS = {
    "amazonaws.com": Provider("amazonses.com"),
    "fastmail.com": Provider("spf.messagingengine.com", ("fm1", "fm2", "fm3")),
    "gmail.com": Provider("_spf.google.com", ("google",)),
    "mailgun.org": Provider("mailgun.org", SERVICES["mailgun"].selectors),
    "office365.com": Provider("spf.protection.outlook.com", ("selector1", "selector2")),
    "outlook.com": Provider("spf.protection.outlook.com", ("selector1", "selector2")),
    "postmarkapp.com": Provider("", SERVICES["postmark"].selectors),
    "protonmail.ch": Provider("_spf.protonmail.ch", ("protonmail", "protonmail2", "protonmail3")),
}
COMMON_SELECTORS = ("default", "mail", "dkim", "s1", "s2", "k1", "selector1", "google")


def provider_of(host: str) -> Provider | None:
    return next((known for end, known in PROVIDERS.items() if f".{host}".endswith(f".{end}")), None)


def backend(name: str) -> str:
    return f"anymail.backends.{name}.EmailBackend"


def for_anymail(
    name: str,
    *,
    key: str,
    api_url: str = "",
    sender_domain: str = "",
    secret: str = "",
    signing_key: str = "",
    timeout: int,
) -> dict[str, Any]:
    """The setting ANYMAIL for the service called `name`; `timeout` in seconds.

    An unknown name gives settings without a service: a check says so.
    """
    chosen: dict[str, Any] = {
        "REQUESTS_TIMEOUT": timeout,
        "SEND_DEFAULTS": {"track_opens": False, "track_clicks": False},
    }
    if secret:
        chosen["WEBHOOK_SECRET"] = secret
    if service := SERVICES.get(name):
        chosen[service.key] = key
        chosen[f"{name.upper()}_API_URL"] = api_url or service.api_url
    if name == "mailgun":
        chosen["MAILGUN_SENDER_DOMAIN"] = sender_domain
        if signing_key:
            chosen["MAILGUN_WEBHOOK_SIGNING_KEY"] = signing_key
    return chosen


def reports_bounces(name: str, secret: str, signing_key: str) -> bool:
    """Whether what comes to the address for bounces can be believed to be the service's."""
    service = SERVICES.get(name)
    return bool(service and (signing_key if service.signs else ":" in secret))


def host_of(api_url: str) -> tuple[str, int]:
    """Where a service answers: host and port."""
    parts = urlsplit(api_url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
