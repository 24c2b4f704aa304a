"""Readiness, measures, heartbeat and what is looked at for the weekly mail."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from practice import monitoring
from practice.environment import version
from practice.launch import agreements
from practice.models import Agreement, BackupProof, Heartbeat, PracticeSettings, Silence
from practice.monitoring import certificates, metrics, own, readiness, updates
from practice.worker import heartbeat
from tests import factories

DatabaseWrapper: Any = type(connection._connections[connection._alias])
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TOKEN = "a-token-of-tests"


@pytest.fixture
def worker_lives(db: None) -> None:
    heartbeat.note(heartbeat.WORKER, timezone.now())


def failing(client: Client) -> tuple[int, list[str]]:
    answer = client.get("/readyz/")
    said = json.loads(answer.content)
    assert set(said) == {"ready", "failing"}
    assert said["ready"] is (not said["failing"])
    assert "no-store" in answer["Cache-Control"]
    return answer.status_code, said["failing"]


# --- /readyz/ ------------------------------------------------------------------------------


def test_a_site_that_can_do_its_work_is_ready(visitor: Client, worker_lives: None) -> None:
    assert failing(visitor) == (200, [])


def test_a_worker_that_never_was_or_is_silent_is_named(visitor: Client, db: None) -> None:
    assert failing(visitor) == (503, ["worker"])
    heartbeat.note(heartbeat.WORKER, timezone.now() - 6 * MINUTE)
    assert failing(visitor) == (503, ["worker"])
    heartbeat.note(heartbeat.WORKER, timezone.now() - 4 * MINUTE)
    assert failing(visitor) == (200, [])


def test_a_migration_that_waits_is_named(visitor: Client, worker_lives: None) -> None:
    MigrationRecorder.Migration.objects.filter(app="booking").delete()
    assert failing(visitor) == (503, ["migrations"])
    assert readiness.pending_migrations() >= 1


def test_a_disk_without_room_or_without_its_folder_is_named(
    visitor: Client, worker_lives: None, settings: Any, tmp_path: Path
) -> None:
    settings.LEAST_FREE_MB = 10**12
    assert failing(visitor) == (503, ["disk"])
    settings.LEAST_FREE_MB = 1
    settings.DATA_DIR = tmp_path / "gone"
    assert failing(visitor) == (503, ["disk"])


def test_a_database_that_is_away_is_named_and_all_else_that_needs_it_is_not_asked(
    visitor: Client, worker_lives: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(DatabaseWrapper, "connect", away)
        assert failing(visitor) == (503, ["database"])
    assert failing(visitor) == (200, []), "it comes back by itself"


def test_a_database_that_hangs_holds_nobody_up(
    visitor: Client, worker_lives: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def hangs(self: object) -> None:
        goes_on.wait(20)
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(DatabaseWrapper, "connect", hangs)
        began = time.monotonic()
        assert not readiness.database_answers(within=0.1)
        assert not readiness.database_answers(within=0.1), "and no second thread waits"
        assert time.monotonic() - began < 5
        goes_on.set()
        assert readiness._asking.acquire(timeout=5)
        readiness._asking.release()
    assert failing(visitor) == (200, [])


def test_readiness_is_asked_over_plain_http_on_the_machine_itself(
    visitor: Client, worker_lives: None, settings: Any
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert visitor.get("/readyz/").status_code == 200
    assert visitor.get("/healthz/").status_code == 200
    assert visitor.get("/about/").status_code == 301


# --- Heartbeat -----------------------------------------------------------------------------


def test_a_pulse_is_noted_once_a_minute_however_often_it_beats(
    db: None, django_assert_num_queries: Any
) -> None:
    pulse = heartbeat.Pulse("worker")
    pulse.beat()
    with django_assert_num_queries(0):
        for _ in range(100):
            pulse.beat()
    pulse.next_at = time.monotonic() - 1
    before = Heartbeat.objects.get().seen_at
    pulse.beat()
    assert Heartbeat.objects.get().seen_at > before


def test_a_long_silence_is_noted_when_it_is_over_and_a_short_one_is_not(db: None) -> None:
    now = timezone.now()
    for at in (now - 60 * MINUTE, now - 56 * MINUTE, now - 10 * MINUTE, now):
        heartbeat.note("worker", at)
    lengths = [each.until - each.since for each in Silence.objects.all()]
    assert lengths == [46 * MINUTE, 10 * MINUTE]


def test_a_pulse_survives_a_database_that_is_away(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(name: str, now: datetime, **lived: Any) -> None:
        raise OperationalError("with words in it")

    monkeypatch.setattr(heartbeat, "note", away)
    heartbeat.Pulse("worker").beat()
    assert "OperationalError" in caplog.text
    assert "words" not in caplog.text


def test_a_clock_that_is_set_forward_is_no_silence(db: None) -> None:
    pulse = heartbeat.Pulse("worker")
    pulse.beat()
    pulse.next_at = 0.0
    with time_machine.travel(timezone.now() + DAY, tick=False):
        pulse.beat()
    assert not Silence.objects.exists()
    with time_machine.travel(timezone.now() + 1.9 * DAY, tick=False):
        heartbeat.Pulse("worker").beat()
    assert Silence.objects.count() == 1, "a worker that begins cannot know better"


def test_a_sign_from_the_future_counts_as_one_of_now(db: None) -> None:
    heartbeat.note("worker", timezone.now() + DAY)
    assert heartbeat.age("worker", timezone.now()) == timedelta()


# --- /metrics ------------------------------------------------------------------------------


def scraped(text: str) -> dict[str, Any]:
    """Families by name, as another program reads them."""
    return {family.name: family for family in text_string_to_metric_families(text)}


def ask(client: Client, authorization: str) -> Any:
    return client.get("/metrics", HTTP_AUTHORIZATION=authorization)


def test_measures_are_there_for_the_token_alone(visitor: Client, db: None, settings: Any) -> None:
    for token in ("", TOKEN):
        settings.METRICS_TOKEN = token
        assert visitor.get("/metrics").status_code == 404
        for given in (
            "",
            "Bearer",
            "Bearer ",
            "Bearer x",
            f"Basic {TOKEN}",
            "Bearer \u00fc",
            TOKEN,
        ):
            assert ask(visitor, given).status_code == 404, given
        assert visitor.get(f"/metrics?token={TOKEN}").status_code == 404
    answer = ask(visitor, f"Bearer {TOKEN}")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert "no-store" in answer["Cache-Control"]


def test_measures_can_be_read_as_openmetrics(
    visitor: Client, practice: PracticeSettings, worker_lives: None, settings: Any
) -> None:
    settings.METRICS_TOKEN = TOKEN
    factories.consultation_request()
    families = scraped(ask(visitor, f"Bearer {TOKEN}").content.decode())
    assert families["practice"].samples[0].labels == {"version": version.current()}
    assert families["practice_database_up"].samples[0].value == 1
    by_state = {s.labels["state"]: s.value for s in families["practice_requests"].samples}
    assert by_state["pending"] == 1
    assert sum(by_state.values()) == 1
    assert families["practice_worker_heartbeat_age_seconds"].samples[0].value < 60
    free = {s.labels["holds"]: s.value for s in families["practice_disk_free_bytes"].samples}
    assert free["data"] > 0
    for name in "letters_owed letters_failed requests_late migrations_pending".split():
        assert families[f"practice_{name}"].samples[0].value == 0


def test_measures_say_nothing_about_a_person(
    practice: PracticeSettings, worker_lives: None
) -> None:
    factories.consultation_request(name="Quillon", phone="+16265550143", message="canary")
    text = metrics.as_text().decode()
    for word in ("Quillon", "robin", "example.com", "6265550143", "canary", "practice@"):
        assert word not in text


def test_measures_without_a_database_say_so(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "database_answers", lambda: False)
    families = scraped(metrics.as_text().decode())
    assert families["practice_database_up"].samples[0].value == 0
    assert set(families) == {"practice", "practice_database_up"}


def test_what_cannot_be_looked_at_holds_up_nothing_else(
    practice: PracticeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(sender: Any, **kwargs: Any) -> list[Any]:
        raise ValueError("a secret")

    monitoring.measured.connect(breaks)
    monitoring.reported.connect(breaks)
    try:
        now = timezone.now()
        assert "letters_owed" in {gauge.name for gauge in monitoring.gauges(now)}
        wrong, well = monitoring.split(monitoring.findings(now))
        assert "The site couldn't check one thing." in [finding.says for finding in wrong]
        assert well
        assert "breaks" in caplog.text
    finally:
        monitoring.measured.disconnect(breaks)
        monitoring.reported.disconnect(breaks)


# --- What the weekly mail says -------------------------------------------------------------


def said(of: Callable[..., Any]) -> tuple[list[str], list[str]]:
    """What is wrong and what is well, in words."""
    wrong, well = monitoring.split(of(sender=None, now=timezone.now()))
    return [finding.says for finding in wrong], well


def test_a_worker_that_stood_still_is_told(practice: PracticeSettings) -> None:
    assert "The program that sends your email ran all week." in said(own.report)[1]
    now = timezone.now()
    Silence.objects.create(name="worker", since=now - 3 * DAY, until=now - 3 * DAY + 90 * MINUTE)
    Silence.objects.create(name="worker", since=now - 9 * DAY, until=now - 8 * DAY)
    words = "The program that sends your email stopped 1 time, 90 minutes at the longest."
    assert words in said(own.report)[0]


def test_a_disk_is_told_of_before_it_is_full(practice: PracticeSettings, settings: Any) -> None:
    assert not [line for line in said(own.report)[0] if "free" in line]
    settings.LEAST_FREE_MB = readiness.free(settings.DATA_DIR) // readiness.MEGABYTE // 2
    assert [line for line in said(own.report)[0] if "GB free for the data" in line]


def certificate(folder: Path, days: int) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - 99 * DAY)
        .not_valid_after(datetime.now(UTC) + days * DAY + MINUTE)
        .sign(key, hashes.SHA256())
    )
    files = folder / "site.pem", folder / "site.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.mark.parametrize(
    ("days", "is_well", "words"),
    [
        (60, True, "The site's certificate is good for 60 days."),
        (5, False, "The site's certificate is good for 5 days."),
        (-2, False, "The site's certificate has expired, and browsers warn people."),
    ],
)
def test_a_certificate_is_told_of_before_it_ends(
    settings: Any, tmp_path: Path, days: int, is_well: bool, words: str
) -> None:
    settings.CERTIFICATE_FILE = str(certificate(tmp_path, days)[0])
    [finding] = own._certificate(timezone.now())
    assert (finding.says, finding.advice == "") == (words, is_well)


def test_a_certificate_is_asked_for_at_the_sites_own_address(settings: Any, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path, days=40))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            plain, _ = listening.accept()
            with context.wrap_socket(plain, server_side=True):
                pass

        server = threading.Thread(target=answer)
        server.start()
        settings.SITE_URL = f"https://localhost:{listening.getsockname()[1]}"
        assert certificates.days_left(timezone.now()) == 40
        server.join()
    with pytest.raises(certificates.Unknown):
        certificates.days_left(timezone.now())
    settings.SITE_URL = "http://localhost"
    assert certificates.days_left(timezone.now()) is None


def test_updates_of_the_week_are_told_and_one_that_failed_is_wrong(
    practice: PracticeSettings, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path / "one-practice"
    (tmp_path / "updates.log").write_text(
        "2026-09-01T03:00:00+00:00 0.0.9 installed\n"
        "2026-11-20T03:00:00+00:00 0.1.1 installed\n"
        "2026-11-21T03:00:00+00:00 0.1.2 failed, went back to 0.1.1\n"
        "no date\n"
    )
    debian = tmp_path / "unattended-upgrades.log"
    debian.write_text(
        "2026-11-19 06:25:01,123 INFO Packages that will be upgraded: libssl3 openssl\n"
        "2026-11-20 06:25:01,123 INFO No packages found that can be upgraded unattended\n"
        "2026-11-20 06:30:01,123 INFO Packages that will be upgraded: tzdata\n"
    )
    monkeypatch.setattr(updates, "DEBIAN", debian)
    with time_machine.travel(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=False):
        wrong, well = said(own.report)
    assert "0.1.1 installed" in well
    assert "0.1.2 failed, went back to 0.1.1" in wrong
    assert "Debian upgraded 3 packages." in well
    assert not [line for line in wrong + well if "0.0.9" in line]


def test_an_update_that_was_refused_is_wrong_until_one_goes_well(
    practice: PracticeSettings, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path / "one-practice"
    log = tmp_path / "updates.log"
    log.write_text("2026-11-20T03:00:00Z Not updated: v0.1.2 is not signed by anybody\n")
    with time_machine.travel(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=False):
        assert [line for line in said(own.report)[0] if "not signed" in line]
        with open(log, "a") as more:
            more.write("2026-11-21T03:00:00Z Updated from 0.1.1 to 0.1.3.\n")
        wrong, well = said(own.report)
    assert not [line for line in wrong if "pdated" in line]
    assert [line for line in well if "not signed" in line], "it is still told"


def test_a_backup_or_rehearsal_that_is_missing_or_too_old_is_told(
    practice: PracticeSettings,
) -> None:
    assert {"There has been no backup yet.", "There has been no restore test yet."} <= set(
        said(own.report)[0]
    )
    now = timezone.now()
    for kind, ago, ok in (
        ("backup", 3 * DAY, True),
        ("backup", timedelta(), False),
        ("with_key", 9 * DAY, True),
    ):
        BackupProof.objects.create(kind=kind, at=now - ago, ok=ok, what="x")
    wrong, well = said(own.report)
    assert "The last good backup is 3 days old." in wrong
    assert "The last good restore test is 9 days old." in well
    ages = {g.labels["kind"]: g.value for g in own.measure(None, now) if "proof" in g.name}
    assert ages == {"backup": 3 * 86400, "rehearsal": 9 * 86400}


def test_sample_content_is_told(practice: PracticeSettings) -> None:
    factories.practice_settings(fee="$150 (sample)")
    assert [line for line in said(own.report)[0] if "Some sample content is still there" in line]


# --- Business associate agreements ---------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "Host: not signed yet"),
        ({"needed": False}, ""),
        ({"signed_on": date(2026, 1, 1)}, ""),
        ({"signed_on": date(2026, 1, 1), "ends_on": date(2027, 1, 1)}, ""),
        (
            {"signed_on": date(2026, 1, 1), "ends_on": date(2026, 12, 1)},
            "Host: renew by December 1, 2026",
        ),
        (
            {"signed_on": date(2025, 1, 1), "ends_on": date(2026, 1, 1)},
            "Host: was due for renewal by January 1, 2026",
        ),
    ],
)
def test_an_agreement_is_due_when_it_is_missing_over_or_soon_over(
    fields: dict[str, Any], line: str
) -> None:
    one = Agreement(service="Host", **fields)
    assert agreements.due([one], date(2026, 11, 24)) == ([line] if line else [])


def test_a_practice_in_another_country_is_not_asked_for_any(practice: PracticeSettings) -> None:
    assert agreements.to_see_to(practice) == [agreements.NONE_NOTED]
    practice.country = "GB"
    assert agreements.to_see_to(practice) == []


def test_an_agreement_that_is_due_stands_on_the_admins_home_and_in_the_weekly_mail(
    practice: PracticeSettings, as_therapist: Client, as_editor: Client
) -> None:
    home = reverse("wagtailadmin_home")
    assert escape(agreements.NONE_NOTED) in as_therapist.get(home).content.decode()
    Agreement.objects.create(practice=practice, service="Northern Host")
    assert escape(agreements.NONE_NOTED) not in as_therapist.get(home).content.decode()
    assert "Northern Host: not signed yet" in as_therapist.get(home).content.decode()
    assert "Northern Host" not in as_editor.get(home).content.decode()
    assert [line for line in said(own.report)[0] if "Northern Host: not signed yet" in line]
