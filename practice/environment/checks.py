"""What of the environment must not go live, and where a site's surroundings disagree."""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Tags
from django.db import connection
from django.http.request import validate_host

from practice.environment import names, site_url
from practice.environment.checking import IN_ENVIRONMENT, Complaints, check

CACHE_SCHEMES = ("redis", "rediss", "valkey", "valkeys", "unix")
WITH_TLS = "Use rediss:// instead of redis://, unless no one else is on that network."
CORRECTED = (
    "Restart the worker and it fixes the default entry. Delete any others in Settings, Sites."
)
INSTALLED = "Run deploy/install, which sets this right."
CLOSED = f"chmod 700 {settings.DATA_DIR}"
ADDRESS = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")
SQLITE_FULL = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
# What PostgreSQL has to be told so that it writes no values into its log, which outlive an erasure.
QUIET = {
    "log_error_verbosity": "terse",  # by itself: the whole row that a constraint refuses
    "log_min_duration_sample": "-1",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",  # by itself: a form that was sent twice
    "log_statement": "none",
}
TO_SET = f"Set {', '.join(f'{name} = {value}' for name, value in QUIET.items())}."
AS_IT_IS = "Set them back to the database's own defaults."


@check("practice.E015", f"{IN_ENVIRONMENT} Write it like https://www.example.com, without a path.")
def site_url_is_an_address() -> Complaints:
    """Every absolute address begins with it: with a path or a name in it, each would be wrong."""
    if not ADDRESS.fullmatch(settings.SITE_URL):
        yield f"SITE_URL is “{settings.SITE_URL}”, which isn't the address of a site."


@check("practice.W010", CORRECTED, tag=Tags.database)
def records_agree() -> Complaints:
    """Addresses come from SITE_URL; a record of the site that says another one misleads."""
    from wagtail.models import Site

    ours = (site_url.host(), site_url.port(), True)
    for record in Site.objects.order_by("pk").values_list("hostname", "port", "is_default_site"):
        if record != ours:
            told = f"The admin's Settings, Sites says “{record[0]}:{record[1]}”"
            yield f"{told}, but every address comes from SITE_URL, {settings.SITE_URL}."


@check("practice.W011", "Correct or delete it; docs/operator/settings.md lists them all.")
def names_are_known() -> Complaints:
    """A line for each name in the files of settings that nothing reads, for each line of them
    that cannot be read, and for each name in the environment that is nearly a setting's: with a
    slip in its name, it is as if it were left out. No value is shown.
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


@check("practice.W012", f"{INSTALLED} If you installed by hand: {CLOSED}", deploy=True)
def data_is_for_its_owner() -> Complaints:
    """On a server the group is nginx's, which may pass through to the pictures and list nothing."""
    with suppress(OSError):
        mode = stat.S_IMODE(settings.DATA_DIR.stat().st_mode)
        if mode & 0o067:
            yield f"{settings.DATA_DIR} is open to others on this machine ({mode:o})."


@check("practice.E002", deploy=True)
def site_url_is_https() -> Complaints:
    if not settings.SITE_URL.startswith("https://"):
        yield "SITE_URL isn't an https address."


@check("practice.E003", None, deploy=True)
def admin_address_is_the_sites() -> Complaints:
    """Without it a password letter would point wherever the Host header says."""
    if getattr(settings, "WAGTAILADMIN_BASE_URL", None) != settings.SITE_URL:
        yield "WAGTAILADMIN_BASE_URL isn't the same as SITE_URL."


@check("practice.E004", deploy=True)
def hosts_are_named() -> Complaints:
    host = site_url.host()
    if "*" in settings.ALLOWED_HOSTS:
        yield 'ALLOWED_HOSTS has "*" in it, so anyone can choose the name of the site.'
    elif not validate_host(host, settings.ALLOWED_HOSTS):
        yield f'ALLOWED_HOSTS is missing the host of SITE_URL, "{host}".'


@check("practice.E005", "Remove the DEBUG line, or set DEBUG=false.", deploy=True)
def debug_is_off() -> Complaints:
    """With it, a crash shows strangers what a visitor had typed."""
    if settings.DEBUG:
        yield "DEBUG is on."


@check("practice.E006", f"{IN_ENVIRONMENT} It needs at least 50 random characters.", deploy=True)
def secret_key_is_secret() -> Complaints:
    """Whoever guesses it can sign in as anybody and forge the private links of visitors."""
    key = settings.SECRET_KEY
    if len(key) < 50 or len(set(key)) < 10 or "insecure" in key.lower():
        yield "SECRET_KEY is too short or too easy to guess."


@check("practice.E012", f"{IN_ENVIRONMENT} For example: rediss://:password@cache.example:6379/0.")
def cache_is_known() -> Complaints:
    """With a slip in its address every page would fail."""
    if settings.CACHE_URL and urlsplit(settings.CACHE_URL).scheme not in CACHE_SCHEMES:
        yield "CACHE_URL isn't an address of Redis or Valkey."


@check("practice.E013", deploy=True)
def cache_is_ours_alone() -> Complaints:
    """Whoever can write into it says where links lead. On one machine too: others run there."""
    address = urlsplit(settings.CACHE_URL)
    is_closed = False
    with suppress(OSError):
        folder = Path(address.path).parent
        is_closed = address.scheme == "unix" and not folder.stat().st_mode & 0o007
    if settings.CACHE_URL and not address.password and not is_closed:
        yield "CACHE_URL has no password, and isn't a socket in a folder closed to others."


@check("practice.W008", WITH_TLS, deploy=True)
def cache_is_reached_by_tls() -> Complaints:
    address = urlsplit(settings.CACHE_URL)
    is_here = address.hostname in (None, "localhost", "127.0.0.1", "::1")
    if not is_here and address.scheme not in ("rediss", "valkeys"):
        yield "CACHE_URL reaches another machine without TLS."


@check("practice.E011", AS_IT_IS, tag=Tags.database, deploy=True)
def commits_reach_the_disk() -> Complaints:
    """Whoever reads that a request has arrived must find it after a power cut."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            [level] = cursor.fetchone()
            unsafe = [] if level >= SQLITE_FULL else [f"synchronous is {level}"]
        else:
            cursor.execute(
                "SELECT name FROM pg_settings WHERE setting = 'off' AND name IN "
                "('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name"
            )
            unsafe = [f"{name} is off" for [name] in cursor.fetchall()]
    if unsafe:
        yield f"The database confirms what isn't on disk yet: {', '.join(unsafe)}."


@check("practice.W007", TO_SET, tag=Tags.database, deploy=True)
def no_log_keeps_values() -> Complaints:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name LIKE 'log%' ORDER BY name")
        loud = [f"{n} is {value}" for n, value in cursor.fetchall() if QUIET.get(n, value) != value]
    if loud:
        yield f"The database writes what people sent into its log: {', '.join(loud)}."
