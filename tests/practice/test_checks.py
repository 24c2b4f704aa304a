"""What must not go live is a numbered message; what is fit to go live gets none."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Tags, run_checks
from django.db import connection

from practice.environment.checks import commits_reach_the_disk, no_log_keeps_values
from practice.launch.checks import pages_say_something, practice_is_complete, sample_is_gone
from practice.models import PracticeSettings
from practice.models.pages import written_pages
from practice.samples import SETTINGS
from tests import factories

PROJECT = Path(__file__).resolve().parent.parent.parent
KEY = "dGVzdHMgYWxvbmU6IG5vdCBhIHNlY3JldCBrZXkhISE="
PRODUCTION = {
    "SITE_URL": "https://practice.example.org",
    "WAGTAILADMIN_BASE_URL": "https://practice.example.org",
    "ALLOWED_HOSTS": ["practice.example.org"],
    "DEBUG": False,
    "SECRET_KEY": "Zk3vLq9wTn6rXb1yHc8mPd5sJf2gRa7uEo4iWt0zKv6xBn3qMh",
    "FIELD_ENCRYPTION_KEYS": [KEY],
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "DEFAULT_FROM_EMAIL": "hello@practice.example.org",
    "BACKUP_TO": "/somewhere/else",
    "BACKUP_RECIPIENT": "age18wyfeap8du624djjxq96zncllgm5g6um70mkh57prsmdjn33zdeqc0sfgc",
}
FAULTS = [
    ("FIELD_ENCRYPTION_KEYS", ["too short"], "practice.E001"),
    ("FIELD_ENCRYPTION_KEYS", [KEY, ""], "practice.E001"),
    ("FIELD_ENCRYPTION_KEYS", ["kein-ASCII-schl\u00fcssel" * 2], "practice.E001"),
    ("SITE_URL", "http://practice.example.org", "practice.E002"),
    ("WAGTAILADMIN_BASE_URL", None, "practice.E003"),
    ("WAGTAILADMIN_BASE_URL", "https://other.example.org", "practice.E003"),
    ("ALLOWED_HOSTS", [], "practice.E004"),
    ("ALLOWED_HOSTS", ["*"], "practice.E004"),
    ("ALLOWED_HOSTS", ["other.example.org"], "practice.E004"),
    ("DEBUG", True, "practice.E005"),
    ("SECRET_KEY", "short", "practice.E006"),
    ("SECRET_KEY", "ab" * 40, "practice.E006"),
    ("SECRET_KEY", "django-insecure-Zk3vLq9wTn6rXb1yHc8mPd5sJf2gRa7uEo4iWt0zKv6x", "practice.E006"),
    ("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend", "practice.E007"),
    ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "practice.E007"),
    ("SECOND_FACTOR_REQUIRED", False, "practice.E008"),
    ("MAIL_SERVICE", "postmrak", "practice.E009"),
    ("MAIL_SERVICE", "postmark", "practice.E009"),
    ("MAIL_SERVICE", "postmark", "practice.W004"),
    ("DEFAULT_FROM_EMAIL", "practice@localhost", "practice.W001"),
    ("BACKUP_RECIPIENT", "age1nearly", "practice.E010"),
    ("BACKUP_RECIPIENT", "AGE-SECRET-KEY-1NOTTHATONE", "practice.E010"),
    ("BACKUP_RECIPIENT", "", "practice.W005"),
    ("BACKUP_TO", "", "practice.W005"),
    ("BACKUP_DAYS", 90, "practice.W006"),
    ("CACHE_URL", "http://cache.example.org", "practice.E012"),
    ("CACHE_URL", "cache.example.org:6379", "practice.E012"),
    ("CACHE_URL", "rediss://cache.example.org:6379/0", "practice.E013"),
    ("CACHE_URL", "redis://localhost:6379/1", "practice.E013"),
    ("CACHE_URL", "redis://[::1]:6379/1", "practice.E013"),
    ("CACHE_URL", "redis://:@127.0.0.1:6379/1", "practice.E013"),
    ("CACHE_URL", "redis:///1", "practice.E013"),
    ("CACHE_URL", "unix:///tmp/valkey.sock", "practice.E013"),
    ("CACHE_URL", "unix:///no/such/folder/valkey.sock", "practice.E013"),
    ("CACHE_URL", "redis://:secret@cache.example.org:6379/0", "practice.W008"),
    ("MEDIA_STORE", "/somewhere", "practice.E014"),
    ("MEDIA_STORE", "https://media.example.org", "practice.E014"),
    ("BACKUP_DAYS", 0, "practice.W006"),
]


@pytest.fixture
def production(settings: Any) -> Any:
    for name, value in PRODUCTION.items():
        setattr(settings, name, value)
    return settings


def found(**options: Any) -> list[Any]:
    messages = run_checks(tags=[Tags.security], **options)
    return [message for message in messages if message.id.startswith("practice.")]


def test_what_is_fit_to_go_live_is_not_complained_of(production: Any) -> None:
    assert found(include_deployment_checks=True) == []


@pytest.mark.parametrize(
    "address",
    [
        "redis://:secret@localhost:6379/1",
        "unix://:secret@/tmp/valkey.sock",
        "unix://{folder}/valkey.sock",
        "valkeys://:secret@cache.example.org:6379/0",
    ],
)
def test_a_cache_that_nobody_else_can_write_to_is_not_complained_of(
    production: Any, address: str, tmp_path: Path
) -> None:
    tmp_path.chmod(0o750)
    production.CACHE_URL = address.format(folder=tmp_path)
    assert found(include_deployment_checks=True) == []


@pytest.mark.parametrize(
    ("uploads", "backups", "is_one_place"),
    [
        ("s3://practice/media", "s3://practice/backups", False),
        ("s3://practice/media", "s3://practice/media-backups", False),
        ("s3://practice/media", "s3://other", False),
        ("s3://practice/media", "/mnt/backups", False),
        ("s3://practice", "s3://practice", True),
        ("s3://practice", "s3://practice/backups", True),
        ("s3://practice/backups/media", "s3://practice/backups/", True),
    ],
)
def test_uploads_and_backups_never_lie_within_each_other(
    production: Any, uploads: str, backups: str, is_one_place: bool
) -> None:
    production.MEDIA_STORE, production.BACKUP_TO = uploads, backups
    numbers = [message.id for message in found(include_deployment_checks=True)]
    assert numbers == (["practice.E014"] if is_one_place else [])


@pytest.mark.parametrize(("name", "value", "number"), FAULTS)
def test_each_fault_has_its_number(production: Any, name: str, value: Any, number: str) -> None:
    setattr(production, name, value)
    assert number in {message.id for message in found(include_deployment_checks=True)}


def test_while_trying_the_site_out_only_keys_and_the_way_of_mail_are_looked_at(
    production: Any,
) -> None:
    for name, value, _ in FAULTS:
        setattr(production, name, value)
    production.FIELD_ENCRYPTION_KEYS = ["too short"]
    numbers = {message.id for message in found()}
    assert numbers == {"practice.E001", "practice.E009", "practice.E014"}


def test_a_message_about_a_key_does_not_show_the_key(production: Any) -> None:
    production.FIELD_ENCRYPTION_KEYS = [KEY, "nearly-a-key"]
    [message] = found()
    assert "nearly-a-key" not in f"{message.msg} {message.hint}"
    assert message.msg.startswith("Key 2 of")


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` in a process of its own, as an operator runs it."""
    keep = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=keep | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def operators_environment(folder: Path) -> dict[str, str]:
    return {
        "DEBUG": "false",
        "SECRET_KEY": str(PRODUCTION["SECRET_KEY"]),
        "FIELD_ENCRYPTION_KEYS": KEY,
        "SITE_URL": "https://practice.example.org",
        "ALLOWED_HOSTS": "practice.example.org",
        "EMAIL_URL": "smtp+tls://user:secret@mail.example.org:587",
        "DEFAULT_FROM_EMAIL": "hello@practice.example.org",
        "DATA_DIR": str(folder),
        "BACKUP_TO": str(PRODUCTION["BACKUP_TO"]),
        "BACKUP_RECIPIENT": str(PRODUCTION["BACKUP_RECIPIENT"]),
    }


def test_a_proper_environment_passes_every_check_with_no_database_at_hand(tmp_path: Path) -> None:
    """Django's own deployment checks included; nothing listens on port 1."""
    environment = operators_environment(tmp_path)
    done = manage(
        *("check", "--deploy", "--fail-level", "WARNING"),
        **environment,
        DATABASE_URL="postgres://nobody@127.0.0.1:1/none",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_key_is_a_sentence_and_not_a_traceback(tmp_path: Path) -> None:
    environment = operators_environment(tmp_path) | {"FIELD_ENCRYPTION_KEYS": "wrong"}
    done = manage("check", **environment)
    assert done.returncode == 1
    assert "practice.E001" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_database_can_be_looked_at_before_it_is_migrated(tmp_path: Path) -> None:
    environment = operators_environment(tmp_path)
    done = manage("check", "--deploy", "--database", "default", **environment)
    assert done.returncode == 0, done.stderr
    assert "practice.E" not in done.stderr
    assert "practice.W" not in done.stderr


# --- What looks into the database ----------------------------------------------------------


def test_what_the_practice_lacks_is_warned_of(home: object) -> None:
    PracticeSettings.objects.all().delete()
    messages = practice_is_complete(None, databases=["default"])
    assert {message.id for message in messages} == {"practice.W003"}
    assert any("Your name" in message.msg for message in messages)
    assert not PracticeSettings.objects.exists(), "a check changes nothing"


def test_a_complete_practice_is_not_warned_of(practice: PracticeSettings) -> None:
    assert practice_is_complete(None, databases=["default"]) == []


def test_the_sample_is_warned_of_while_any_of_it_stands(practice: PracticeSettings) -> None:
    assert sample_is_gone(None, databases=["default"]) == []
    factories.practice_settings(fee=SETTINGS["fee"])
    [message] = sample_is_gone(None, databases=["default"])
    assert message.id == "practice.W002"
    assert "fee for a session" in message.msg


def test_pages_that_were_published_without_a_text_are_warned_of(home: Any) -> None:
    assert "Privacy" in pages_say_something(None, databases=["default"])[0].msg
    for page in written_pages():
        page.introduction = "<p>My own words.</p>"
        factories.publish(page)
    assert pages_say_something(None, databases=["default"]) == []
    home.introduction = ""
    factories.publish(home)
    [message] = pages_say_something(None, databases=["default"])
    assert message.id == "practice.W009"
    assert message.msg == "Published without any text: Home."


def test_a_database_that_does_not_wait_for_the_disk_is_refused(db: None) -> None:
    """As that of the tests, which has nothing to keep."""
    [message] = commits_reach_the_disk(None, databases=["default"])
    assert message.id == "practice.E011"
    assert "synchronous" in message.msg


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no log of statements")
def test_a_database_that_logs_statements_with_their_values_is_warned_of(db: None) -> None:
    """As PostgreSQL does by itself; what `deploy/install` sets: tests/faults/test_everywhere.py."""
    [message] = no_log_keeps_values(None, databases=["default"])
    assert message.id == "practice.W007"
    assert "log_min_error_statement is error" in message.msg


def test_without_a_database_to_look_at_nothing_is_asked() -> None:
    assert practice_is_complete(None) == sample_is_gone(None) == no_log_keeps_values(None) == []
    assert commits_reach_the_disk(None) == pages_say_something(None) == []
