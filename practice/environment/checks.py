"""What of the environment must not go live, and where a site's surroundings disagree."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, Warning
from django.http.request import validate_host

from practice.environment import names, site_url
from practice.environment.checking import IN_ENVIRONMENT, Complaints, check

CACHE_SCHEMES = ("redis", "rediss", "valkey", "valkeys", "unix")
ADDRESS = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")


@check()
def site_url_is_an_address() -> Complaints:
    """Every absolute address begins with it: with a path or a name in it, each would be wrong."""
    if not ADDRESS.fullmatch(settings.SITE_URL):
        reason = f"SITE_URL is “{settings.SITE_URL}”, which isn't the address of a site."
        hint = f"{IN_ENVIRONMENT} Write it like https://www.example.com, without a path."
        yield Error(reason, hint=hint, id="practice.E015")


@check(Tags.database)
def records_agree() -> Complaints:
    """Addresses come from SITE_URL; a record of the site that says another one misleads."""
    from wagtail.models import Site

    ours = (site_url.host(), site_url.port(), True)
    for record in Site.objects.order_by("pk").values_list("hostname", "port", "is_default_site"):
        if record != ours:
            yield Warning(
                f"The admin's Settings, Sites says “{record[0]}:{record[1]}”, but every address "
                f"comes from SITE_URL, {settings.SITE_URL}.",
                hint="The worker corrects this site's own when it starts. Delete any other in "
                "/admin/sites/.",
                id="practice.W010",
            )


@check()
def names_are_known() -> Complaints:
    """A setting with a slip in its name is as if it were left out. No value is shown."""
    hint = "Correct or delete it; docs/operator.md, “Settings”, lists them all."
    for line in strange_names():
        yield Warning(line, hint=hint, id="practice.W011")


def strange_names() -> Iterator[str]:
    """A line for each name in the files of settings that nothing reads, for each line of them
    that cannot be read, and for each name in the environment that is nearly a setting's.
    """
    filed: set[str] = set()
    for file in (settings.BASE_DIR / ".env", settings.PRACTICE_DIR / "settings.env"):
        with suppress(OSError):
            there, unread = names.in_file(file.read_text())
            filed |= {*there}
            yield from (f"{file}: {line}" for line in names.unknown(there))
            for number in unread:
                yield f"{file}, line {number}: write it as NAME=value, without spaces."
    yield from (f"The environment: {line}" for line in names.slips({*os.environ} - filed))


@check(deploy=True)
def data_is_for_its_owner() -> Complaints:
    """On a server the group is nginx's, which may pass through to the pictures and list nothing."""
    with suppress(OSError):
        mode = stat.S_IMODE(settings.DATA_DIR.stat().st_mode)
        if mode & 0o067:
            reason = f"{settings.DATA_DIR} is open to others on this machine ({mode:o})."
            yield Warning(reason, hint=f"chmod 700 {settings.DATA_DIR}", id="practice.W012")


@check(deploy=True)
def site_url_is_https() -> Complaints:
    if not settings.SITE_URL.startswith("https://"):
        yield Error("SITE_URL is no https address.", hint=IN_ENVIRONMENT, id="practice.E002")


@check(deploy=True)
def admin_address_is_the_sites() -> Complaints:
    """Without it a password letter would point wherever the Host header says."""
    if getattr(settings, "WAGTAILADMIN_BASE_URL", None) != settings.SITE_URL:
        yield Error("WAGTAILADMIN_BASE_URL is not SITE_URL.", id="practice.E003")


@check(deploy=True)
def hosts_are_named() -> Complaints:
    host = site_url.host()
    if "*" in settings.ALLOWED_HOSTS:
        reason = 'ALLOWED_HOSTS holds "*", so that anybody may choose the site\'s name.'
    elif not validate_host(host, settings.ALLOWED_HOSTS):
        reason = f'ALLOWED_HOSTS lacks the host of SITE_URL, "{host}".'
    else:
        return
    yield Error(reason, hint=IN_ENVIRONMENT, id="practice.E004")


@check(deploy=True)
def debug_is_off() -> Complaints:
    """With it, a crash shows strangers what a visitor had typed."""
    if settings.DEBUG:
        yield Error("DEBUG is on.", hint=IN_ENVIRONMENT, id="practice.E005")


@check(deploy=True)
def secret_key_is_secret() -> Complaints:
    """Whoever guesses it can sign in as anybody and forge the private links of visitors."""
    key = settings.SECRET_KEY
    if len(key) < 50 or len(set(key)) < 10 or "insecure" in key.lower():
        hint = f"{IN_ENVIRONMENT} It wants at least 50 random characters."
        yield Error("SECRET_KEY is too short or too plain.", hint=hint, id="practice.E006")


@check()
def cache_is_known() -> Complaints:
    """With a slip in its address every page would fail."""
    if settings.CACHE_URL and urlsplit(settings.CACHE_URL).scheme not in CACHE_SCHEMES:
        hint = f"{IN_ENVIRONMENT} Such as rediss://:password@cache.example:6379/0."
        yield Error("CACHE_URL is no address of Redis or Valkey.", hint=hint, id="practice.E012")


@check(deploy=True)
def cache_is_ours_alone() -> Complaints:
    """Whoever can write into it says where links lead. On one machine too: others run there."""
    address = urlsplit(settings.CACHE_URL)
    is_closed = False
    with suppress(OSError):
        folder = Path(address.path).parent
        is_closed = address.scheme == "unix" and not folder.stat().st_mode & 0o007
    if settings.CACHE_URL and not address.password and not is_closed:
        reason = "CACHE_URL has no password, and is no socket in a folder that is closed to others."
        yield Error(reason, hint=IN_ENVIRONMENT, id="practice.E013")
    is_here = address.hostname in (None, "localhost", "127.0.0.1", "::1")
    if not is_here and address.scheme not in ("rediss", "valkeys"):
        reason = "CACHE_URL reaches another machine without TLS."
        hint = "rediss:// instead of redis://, unless nobody else is on that network."
        yield Warning(reason, hint=hint, id="practice.W008")
