"""What must not go live, as numbered checks; docs/operator.md explains each.

Those of the environment need no database. Those that look at what the practice says are run by
`manage.py check --database default`.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connection
from django.http.request import validate_host

from practice import site_url
from practice.mail.services import SERVICES
from practice.mail.views import learns_of_bounces

IN_ENVIRONMENT = "Set it in the environment or in .env; docs/operator.md says how."
KEEPS_MAIL = ("filebased", "console", "dummy", "locmem")
CACHE_SCHEMES = ("redis", "rediss", "valkey", "valkeys", "unix")
SQLITE_FULL = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
Messages = list[CheckMessage]


@register(Tags.security)
def keys_are_fernet_keys(app_configs: object, **kwargs: object) -> Messages:
    """A key that is none would fail only when the first visitor sends a request."""
    faulty = []
    for number, key in enumerate(settings.FIELD_ENCRYPTION_KEYS, 1):
        try:
            Fernet(key)
        except ValueError:
            faulty.append(number)
    return [
        Error(
            f"Key {number} of FIELD_ENCRYPTION_KEYS is no Fernet key "
            "(32 random bytes in urlsafe base64).",
            hint=f"{IN_ENVIRONMENT} Several keys are separated by commas.",
            id="practice.E001",
        )
        for number in faulty
    ]


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


@register(Tags.security, deploy=True)
def second_factor_is_required(app_configs: object, **kwargs: object) -> Messages:
    """With a waiver, one guessed or stolen password opens every request on file."""
    if settings.SECOND_FACTOR_REQUIRED:
        return []
    return [
        Error(
            "SECOND_FACTOR_REQUIRED is off, so that a password alone opens the admin.",
            hint="Only DEBUG turns it off.",
            id="practice.E008",
        )
    ]


@register(Tags.security, deploy=True)
def mail_leaves(app_configs: object, **kwargs: object) -> Messages:
    if not any(name in settings.EMAIL_BACKEND for name in KEEPS_MAIL):
        return []
    return [
        Error(
            "Mail does not leave this machine: EMAIL_URL names no mail server.",
            hint=IN_ENVIRONMENT,
            id="practice.E007",
        )
    ]


@register(Tags.security)
def mail_service_is_known(app_configs: object, **kwargs: object) -> Messages:
    """With a slip in its name or no key, every letter would wait."""
    service = SERVICES.get(settings.MAIL_SERVICE)
    if not settings.MAIL_SERVICE or (service and settings.ANYMAIL.get(service.key)):
        return []
    reason = (
        "MAIL_SERVICE_KEY is not set, so that the mail service takes no letter."
        if service
        else f'MAIL_SERVICE is "{settings.MAIL_SERVICE}", and no such service is known here.'
    )
    hint = f"{IN_ENVIRONMENT} Known are {', '.join(SERVICES)}."
    return [Error(reason, hint=hint, id="practice.E009")]


@register(Tags.security, deploy=True)
def bounces_are_learned_of(app_configs: object, **kwargs: object) -> Messages:
    """Else a letter that comes back would be taken for one that arrived."""
    if not settings.MAIL_SERVICE or learns_of_bounces():
        return []
    return [
        Warning(
            "The mail service cannot tell the site of letters that come back.",
            hint=f"{IN_ENVIRONMENT} MAIL_WEBHOOK_SECRET or MAIL_WEBHOOK_SIGNING_KEY.",
            id="practice.W004",
        )
    ]


@register(Tags.security)
def backup_key_is_a_public_one(app_configs: object, **kwargs: object) -> Messages:
    """With a slip in it no backup would be made; with the private one, a thief reads them all."""
    from practice.backups import BackupProblem, sealing

    try:
        if settings.BACKUP_RECIPIENT:
            sealing.recipient(settings.BACKUP_RECIPIENT)
    except BackupProblem as problem:
        return [Error(str(problem), hint=IN_ENVIRONMENT, id="practice.E010")]
    return []


@register(Tags.security, deploy=True)
def backups_are_made(app_configs: object, **kwargs: object) -> Messages:
    if settings.BACKUP_TO and settings.BACKUP_RECIPIENT:
        return []
    return [
        Warning(
            "No backups are made: BACKUP_TO or BACKUP_RECIPIENT is not set.",
            hint=f"{IN_ENVIRONMENT} `manage.py backup --new-key` makes the keys.",
            id="practice.W005",
        )
    ]


@register(Tags.security, deploy=True)
def backups_end(app_configs: object, **kwargs: object) -> Messages:
    """What was erased must not live on in them for longer than visitors are told."""
    if 1 <= settings.BACKUP_DAYS <= 35:
        return []
    return [
        Warning(
            "BACKUP_DAYS is not between 1 and 35: the privacy page promises 35 days at most.",
            hint=IN_ENVIRONMENT,
            id="practice.W006",
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


@register(Tags.security)
def uploads_have_a_place_of_their_own(app_configs: object, **kwargs: object) -> Messages:
    """Backups among the uploads would be backed up in turn, and what is not kept, removed."""
    from practice.backups import BackupProblem, stores

    if not settings.MEDIA_STORE:
        return []
    try:
        bucket, prefix = stores.bucket_of(settings.MEDIA_STORE, "MEDIA_STORE")
    except BackupProblem as problem:
        return [Error(str(problem), hint=IN_ENVIRONMENT, id="practice.E014")]
    if settings.BACKUP_TO.startswith("s3://"):
        places = [(bucket, prefix), stores.bucket_of(settings.BACKUP_TO, "BACKUP_TO")]
        ours, theirs = ["/".join(filter(None, place)) + "/" for place in places]
        if ours.startswith(theirs) or theirs.startswith(ours):
            reason = "MEDIA_STORE and BACKUP_TO are one place, or one within the other."
            return [Error(reason, hint=IN_ENVIRONMENT, id="practice.E014")]
    return []


@register(Tags.security, deploy=True)
def sender_has_a_domain(app_configs: object, **kwargs: object) -> Messages:
    if "@localhost" not in settings.DEFAULT_FROM_EMAIL:
        return []
    return [
        Warning(
            "DEFAULT_FROM_EMAIL ends in @localhost, which mail servers refuse.",
            hint=IN_ENVIRONMENT,
            id="practice.W001",
        )
    ]


def readable(lines: Callable[[], list[str]]) -> list[str]:
    """What `lines` gives, or nothing while its tables are not there.

    `migrate` runs these checks before it has made them.
    """
    try:
        return lines()
    except DatabaseError:
        return []


@register(Tags.database, deploy=True)
def sample_is_gone(app_configs: object, databases: object = None, **kwargs: object) -> Messages:
    from practice import samples

    if not databases or not (left := readable(samples.standing)):
        return []
    return [
        Warning(
            f"Sample content still stands. {'; '.join(left)}.",
            hint="`manage.py remove_sample_content` removes what nobody has changed.",
            id="practice.W002",
        )
    ]


@register(Tags.database, deploy=True)
def pages_say_something(
    app_configs: object, databases: object = None, **kwargs: object
) -> Messages:
    from practice import golive

    def titles() -> list[str]:
        return [page.title for page in golive.silent_pages()]

    if not databases or not (silent := readable(titles)):
        return []
    return [
        Warning(
            f"Published without any text: {', '.join(silent)}.",
            hint="Write them, or unpublish them, in the admin.",
            id="practice.W009",
        )
    ]


@register(Tags.database, deploy=True)
def commits_reach_the_disk(
    app_configs: object, databases: object = None, **kwargs: object
) -> Messages:
    """Whoever reads that a request has arrived must find it after a power cut."""
    if not databases or not (unsafe := readable(unsafe_settings)):
        return []
    return [
        Error(
            f"The database acknowledges what is not on disk yet: {', '.join(unsafe)}.",
            hint="Leave these settings as the database has them by itself.",
            id="practice.E011",
        )
    ]


def unsafe_settings() -> list[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            [synchronous] = cursor.fetchone()
            return [] if synchronous >= SQLITE_FULL else [f"synchronous is {synchronous}"]
        cursor.execute(
            "SELECT name FROM pg_settings WHERE setting = 'off' AND name IN "
            "('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name"
        )
        return [f"{name} is off" for [name] in cursor.fetchall()]


# What PostgreSQL has to be told so that it writes no values into its log, which outlive an erasure.
QUIET = {
    "log_error_verbosity": "terse",  # by itself: the whole row that a constraint refuses
    "log_min_duration_sample": "-1",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",  # by itself: a form that was sent twice
    "log_statement": "none",
}


@register(Tags.database, deploy=True)
def no_log_keeps_values(
    app_configs: object, databases: object = None, **kwargs: object
) -> Messages:
    if not databases or not (loud := readable(loud_settings)):
        return []
    return [
        Warning(
            f"The database writes what people sent into its log: {', '.join(loud)}.",
            hint=f"Set {', '.join(f'{name} = {value}' for name, value in QUIET.items())}.",
            id="practice.W007",
        )
    ]


def loud_settings() -> list[str]:
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name LIKE 'log%' ORDER BY name")
        return [f"{n} is {value}" for n, value in cursor.fetchall() if QUIET.get(n, value) != value]


@register(Tags.database)
def practice_is_complete(
    app_configs: object, databases: object = None, **kwargs: object
) -> Messages:
    from practice.models import PracticeSettings

    def lines() -> list[str]:
        return (PracticeSettings.objects.first() or PracticeSettings()).missing()

    if not databases:
        return []
    return [
        Warning(
            f"The practice still lacks: {line}.",
            hint="Settings, Practice in the admin.",
            id="practice.W003",
        )
        for line in readable(lines)
    ]
