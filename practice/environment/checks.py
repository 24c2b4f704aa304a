"""What of the environment must not go live, and where a site's surroundings disagree."""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.http.request import validate_host

from practice.environment import names, site_url
from practice.environment.checking import IN_ENVIRONMENT, Messages, readable

CACHE_SCHEMES = ("redis", "rediss", "valkey", "valkeys", "unix")
ADDRESS = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")


@register(Tags.security)
def site_url_is_an_address(app_configs: object, **kwargs: object) -> Messages:
    """Every absolute address begins with it: with a path or a name in it, each would be wrong."""
    if ADDRESS.fullmatch(settings.SITE_URL):
        return []
    reason = f"SITE_URL is “{settings.SITE_URL}”, which isn't the address of a site."
    hint = f"{IN_ENVIRONMENT} Write it like https://www.example.com, without a path."
    return [Error(reason, hint=hint, id="practice.E015")]


@register(Tags.database)
def records_agree(app_configs: object, databases: object = None, **kwargs: object) -> Messages:
    """Addresses come from SITE_URL; a record of the site that says another one misleads."""
    hint = "The worker corrects this site's own when it starts. Delete any other in /admin/sites/."
    return [
        Warning(
            f"The admin's Settings, Sites says “{record}”, but every address comes from "
            f"SITE_URL, {settings.SITE_URL}.",
            hint=hint,
            id="practice.W010",
        )
        for record in (readable(strange_records) if databases else [])
    ]


def strange_records() -> list[str]:
    from wagtail.models import Site

    ours = (site_url.host(), site_url.port(), True)
    found = Site.objects.order_by("pk").values_list("hostname", "port", "is_default_site")
    return [f"{record[0]}:{record[1]}" for record in found if record != ours]


@register(Tags.security)
def names_are_known(app_configs: object, **kwargs: object) -> Messages:
    """A setting with a slip in its name is as if it were left out. No value is shown."""
    hint = "Correct or delete it; docs/operator.md, “Settings”, lists them all."
    return [Warning(line, hint=hint, id="practice.W011") for line in strange_names()]


def strange_names() -> list[str]:
    """A line for each name in the files of settings that nothing reads, for each line of them
    that cannot be read, and for each name in the environment that is nearly a setting's.
    """
    found, filed = [], set()
    for file in (settings.BASE_DIR / ".env", settings.PRACTICE_DIR / "settings.env"):
        with suppress(OSError):
            there, unread = names.in_file(file.read_text())
            filed |= {*there}
            found += [f"{file}: {line}" for line in names.unknown(there)]
            found += [f"{file}, line {n}: write it as NAME=value, without spaces." for n in unread]
    return [*found, *(f"The environment: {line}" for line in names.slips({*os.environ} - filed))]


@register(Tags.security, deploy=True)
def data_is_for_its_owner(app_configs: object, **kwargs: object) -> Messages:
    """On a server the group is nginx's, which may pass through to the pictures and list nothing."""
    with suppress(OSError):
        mode = stat.S_IMODE(settings.DATA_DIR.stat().st_mode)
        if mode & 0o067:
            reason = f"{settings.DATA_DIR} is open to others on this machine ({mode:o})."
            hint = f"chmod 700 {settings.DATA_DIR}"
            return [Warning(reason, hint=hint, id="practice.W012")]
    return []


@register(Tags.security, deploy=True)
def site_url_is_https(app_configs: object, **kwargs: object) -> Messages:
    if settings.SITE_URL.startswith("https://"):
        return []
    return [Error("SITE_URL is no https address.", hint=IN_ENVIRONMENT, id="practice.E002")]


@register(Tags.security, deploy=True)
def admin_address_is_the_sites(app_configs: object, **kwargs: object) -> Messages:
    """Without it a password letter would point wherever the Host header says."""
    if getattr(settings, "WAGTAILADMIN_BASE_URL", None) == settings.SITE_URL:
        return []
    return [Error("WAGTAILADMIN_BASE_URL is not SITE_URL.", id="practice.E003")]


@register(Tags.security, deploy=True)
def hosts_are_named(app_configs: object, **kwargs: object) -> Messages:
    host = site_url.host()
    if "*" in settings.ALLOWED_HOSTS:
        reason = 'ALLOWED_HOSTS holds "*", so that anybody may choose the site\'s name.'
    elif not validate_host(host, settings.ALLOWED_HOSTS):
        reason = f'ALLOWED_HOSTS lacks the host of SITE_URL, "{host}".'
    else:
        return []
    return [Error(reason, hint=IN_ENVIRONMENT, id="practice.E004")]


@register(Tags.security, deploy=True)
def debug_is_off(app_configs: object, **kwargs: object) -> Messages:
    """With it, a crash shows strangers what a visitor had typed."""
    if not settings.DEBUG:
        return []
    return [Error("DEBUG is on.", hint=IN_ENVIRONMENT, id="practice.E005")]


@register(Tags.security, deploy=True)
def secret_key_is_secret(app_configs: object, **kwargs: object) -> Messages:
    """Whoever guesses it can sign in as anybody and forge the private links of visitors."""
    key = settings.SECRET_KEY
    if len(key) >= 50 and len(set(key)) >= 10 and "insecure" not in key.lower():
        return []
    return [
        Error(
            "SECRET_KEY is too short or too plain.",
            hint=f"{IN_ENVIRONMENT} It wants at least 50 random characters.",
            id="practice.E006",
        )
    ]


@register(Tags.security)
def cache_is_known(app_configs: object, **kwargs: object) -> Messages:
    """With a slip in its address every page would fail."""
    if not settings.CACHE_URL or urlsplit(settings.CACHE_URL).scheme in CACHE_SCHEMES:
        return []
    hint = f"{IN_ENVIRONMENT} Such as rediss://:password@cache.example:6379/0."
    return [Error("CACHE_URL is no address of Redis or Valkey.", hint=hint, id="practice.E012")]


@register(Tags.security, deploy=True)
def cache_is_ours_alone(app_configs: object, **kwargs: object) -> Messages:
    """Whoever can write into it says where links lead. On one machine too: others run there."""
    address = urlsplit(settings.CACHE_URL)
    found: Messages = []
    if settings.CACHE_URL and not address.password and not _is_closed_socket(address):
        reason = "CACHE_URL has no password, and is no socket in a folder that is closed to others."
        found.append(Error(reason, hint=IN_ENVIRONMENT, id="practice.E013"))
    is_here = address.hostname in (None, "localhost", "127.0.0.1", "::1")
    if not is_here and address.scheme not in ("rediss", "valkeys"):
        reason = "CACHE_URL reaches another machine without TLS."
        hint = "rediss:// instead of redis://, unless nobody else is on that network."
        found.append(Warning(reason, hint=hint, id="practice.W008"))
    return found


def _is_closed_socket(address: SplitResult) -> bool:
    """Whether it is a Unix socket whose folder others may not enter."""
    try:
        return address.scheme == "unix" and not Path(address.path).parent.stat().st_mode & 0o007
    except OSError:
        return False
