"""What is erased is gone from every table and file, stays gone, and nothing else goes."""

import io
import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Cast
from django.test import Client

from booking.erasure import data_requests, database_files, erasing, retention
from booking.ledger import tombstones
from booking.models import (
    ConsultationRequest,
    Demand,
    ErasedCount,
    OutgoingEmail,
    State,
    Tombstone,
    digest_of,
)
from booking.services import by_visitor, decisions, transitions
from practice.models import KEPT, PracticeSettings, User
from practice.worker import jobs
from tests import factories

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
PSYCOPG = ("dbname", "user", "password", "host", "port")
TODAY = date(2027, 6, 1)
DAY = timedelta(days=1)
ACTOR = transitions.Actor


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as travels:
        yield travels


@pytest.fixture
def user(therapist: User, practice: PracticeSettings) -> User:
    return therapist


def in_state(state: str, since: datetime, **fields: Any) -> ConsultationRequest:
    if state == State.CONFIRMED:
        fields |= {"starts_at": since - timedelta(minutes=20), "ends_at": since}
    return factories.consultation_request(state=state, state_since=since, **fields)


def command(name: str, *options: str, typed: str = "", aside: Any = None) -> str:
    """What a command says on its output; what it says beside that is written to `aside`."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(typed))
        call_command(name, *options, stdout=out, stderr=aside or io.StringIO())
    return out.getvalue()


# --- How long each state is kept --------------------------------------------------------------

WAITING = ["pending", "proposed", "waitlisted"]


@pytest.mark.parametrize("state", State.values)
def test_each_state_is_kept_as_long_as_the_settings_say(
    state: str, practice: PracticeSettings, clock: Any
) -> None:
    kept = KEPT["waiting" if state in WAITING else state]
    PracticeSettings.objects.update(**{**dict.fromkeys(KEPT.values(), 1000), kept: 10})
    old = in_state(state, NOW - 11 * DAY)
    young = in_state(state, NOW - 9 * DAY)
    assert retention.erase_old(TODAY) == 1
    assert list(ConsultationRequest.objects.all()) == [young]
    assert Tombstone.objects.filter(digest=digest_of(old.invitation_uid)).exists()


def test_nothing_is_erased_while_a_consultation_is_to_come(
    practice: PracticeSettings, clock: Any
) -> None:
    ahead = {"starts_at": NOW + DAY, "ends_at": NOW + DAY + timedelta(minutes=20)}
    for state in (State.CONFIRMED, State.PROPOSED, State.PENDING):
        factories.consultation_request(state=state, state_since=NOW - 2000 * DAY, **ahead)
    assert retention.erase_old(TODAY) == 0


def test_a_request_says_until_when_it_is_kept(practice: PracticeSettings, clock: Any) -> None:
    assert retention.erased_on(in_state(State.DECLINED, NOW)) == TODAY + 90 * DAY
    assert retention.erased_on(in_state(State.WAITLISTED, NOW)) == TODAY + 365 * DAY
    agreed = factories.consultation_request(
        state=State.CONFIRMED, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY
    )
    assert retention.erased_on(agreed) is None


def erased_after(clock: Any, wait: timedelta) -> int:
    clock.move_to(NOW + wait)
    return retention.erase_old(PracticeSettings.load().today())


def test_the_therapist_hears_a_month_before_of_what_waits_too_long(
    practice: PracticeSettings, clock: Any, as_therapist: Client
) -> None:
    in_state(State.PENDING, NOW - 300 * DAY)
    assert "deleted within a month" not in as_therapist.get("/admin/").content.decode()
    in_state(State.WAITLISTED, NOW - 340 * DAY)
    in_state(State.CLOSED, NOW - 70 * DAY)
    page = " ".join(as_therapist.get("/admin/").content.decode().split())
    assert "1 request has waited so long that it will be deleted within a month" in page


# --- Holds ------------------------------------------------------------------------------------


def held(user: User, **fields: Any) -> ConsultationRequest:
    consultation = in_state(State.CLOSED, NOW - 500 * DAY, **fields)
    erasing.place_legal_hold(consultation, TODAY + 3 * DAY, "A complaint", user=user)
    return consultation


def test_a_hold_outranks_time_the_practice_and_the_visitor(user: User, clock: Any) -> None:
    consultation = held(user)
    assert retention.erase_old(TODAY) == 0
    with pytest.raises(erasing.UnderLegalHold):
        erasing.erase(consultation, by=ACTOR.PRACTICE)
    assert erasing.erase(consultation, by=ACTOR.VISITOR) is False
    assert erased_after(clock, 3 * DAY) == 0
    assert erased_after(clock, 4 * DAY) == 1


def test_the_visitors_wish_is_kept_for_the_day_on_which_the_hold_ends(
    user: User, clock: Any
) -> None:
    consultation = in_state(State.PENDING, NOW)
    erasing.place_legal_hold(consultation, TODAY + 3 * DAY, "A complaint", user=user)
    visitor, link = Client(), consultation.get_absolute_url()
    page = visitor.get(link).content.decode()
    assert "required to keep this request until <strong>Friday, June 4" in page
    assert "A complaint" not in page
    answer = visitor.post(link, {"act": "erase", "sure": "yes"}).content.decode()
    assert "It isn't deleted yet" in answer
    consultation.refresh_from_db()
    assert consultation.state == State.WITHDRAWN
    assert decisions.decisions(consultation) == []
    assert "You asked me to delete it" in visitor.get(link).content.decode()
    visitor.post(link, {"act": "erase", "sure": "yes"})  # twice does no harm
    assert erased_after(clock, 3 * DAY) == 0
    assert erased_after(clock, 4 * DAY) == 1
    assert visitor.get(link).status_code == 410


def test_a_wish_after_the_practice_was_told_of_something_else_is_kept_too(
    user: User, clock: Any
) -> None:
    """Both alerts would have been of the same version."""
    consultation = in_state(State.PENDING, NOW)
    erasing.place_legal_hold(consultation, TODAY + 3 * DAY, "A complaint", user=user)
    by_visitor.withdraw(consultation)
    assert erasing.erase(consultation, by=ACTOR.VISITOR) is False
    assert erased_after(clock, 4 * DAY) == 1


def test_whoever_brings_a_request_back_does_not_want_it_erased(user: User, clock: Any) -> None:
    consultation = in_state(State.PENDING, NOW)
    erasing.place_legal_hold(consultation, TODAY, "A complaint", user=user)
    erasing.erase(consultation, by=ACTOR.VISITOR)
    consultation.refresh_from_db()
    by_visitor.restore(consultation)
    assert erased_after(clock, 2 * DAY) == 0


def test_lifting_a_hold_lets_the_visitors_wish_come_true(user: User, clock: Any) -> None:
    consultation = held(user)
    erasing.erase(consultation, by=ACTOR.VISITOR)
    erasing.lift_legal_hold(consultation, user=user)
    assert retention.erase_old(TODAY) == 1


@pytest.mark.parametrize(("until", "reason"), [(TODAY, " "), (TODAY - DAY, "A complaint")])
def test_a_hold_needs_a_reason_and_a_day(until: date, reason: str, user: User, clock: Any) -> None:
    with pytest.raises(ValueError, match="reason"):
        erasing.place_legal_hold(in_state(State.CLOSED, NOW), until, reason, user=user)


@pytest.mark.django_db
def test_the_database_itself_refuses_a_hold_without_a_reason() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.consultation_request(kept_until=TODAY)


# --- What was erased stays erased -------------------------------------------------------------


def test_a_restored_backup_is_erased_again(
    practice: PracticeSettings, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    gone, stays = factories.consultation_request(), factories.consultation_request()
    backup = dict(ConsultationRequest.objects.filter(pk=gone.pk).values()[0])
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(gone, by=ACTOR.PRACTICE)
    Tombstone.objects.all().delete()  # the restored database knows nothing of it
    ErasedCount.objects.all().delete()
    ConsultationRequest.objects.create(**{**backup, "kept_until": TODAY, "kept_because": "x"})
    assert "1 erased again" in command("erase_again")
    assert list(ConsultationRequest.objects.all()) == [stays]
    assert ErasedCount.objects.get().requests == 1
    assert "0 erased again" in command("erase_again")


def test_the_file_of_tombstones_leads_to_nobody(
    practice: PracticeSettings, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    consultation = factories.consultation_request()
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(consultation, by=ACTOR.VISITOR)
    written = settings.TOMBSTONES_FILE.read_text()
    _, digest = written.split()
    assert digest == digest_of(consultation.invitation_uid)
    assert str(consultation.submission_key) not in written
    assert settings.TOMBSTONES_FILE.stat().st_mode & 0o077 == 0


def test_a_file_that_could_not_be_written_is_written_later(
    practice: PracticeSettings,
    settings: Any,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.TOMBSTONES_FILE = tmp_path / "not there yet" / "tombstones.txt"
    with django_capture_on_commit_callbacks(execute=True):
        assert erasing.erase(factories.consultation_request(), by=ACTOR.VISITOR) is True
    settings.TOMBSTONES_FILE.parent.mkdir()
    assert tombstones.write_missing() == 1
    assert tombstones.write_missing() == 0


def test_an_erasure_that_waits_for_a_cancellation_is_not_cut_short(user: User, clock: Any) -> None:
    consultation = factories.agreed_request(NOW + DAY, by=user)
    assert erasing.erase(consultation, by=ACTOR.VISITOR) is False
    assert "0 erased again" in command("erase_again")
    assert OutgoingEmail.objects.filter(kind="letter", sent_at=None).exists()


def test_what_waited_for_a_cancellation_is_scrubbed_once_it_has_left(
    user: User, clock: Any
) -> None:
    erasing.erase(factories.agreed_request(NOW + DAY, by=user), by=ACTOR.VISITOR)
    Tombstone.objects.update(is_scrubbed=True)  # a night goes by
    factories.letters_left()
    assert erasing.finish_erasures() == 1
    assert Tombstone.objects.filter(is_scrubbed=False).exists()


def test_no_alert_keeps_the_time_of_what_was_erased(user: User, clock: Any) -> None:
    erasing.erase(factories.agreed_request(NOW + DAY, by=user), by=ACTOR.VISITOR)
    factories.letters_left()
    retention.erase_old(TODAY)
    assert not OutgoingEmail.objects.exclude(about_time=None).exists()


# --- Nothing is left in a file ----------------------------------------------------------------


def files_of_the_database() -> list[Path]:
    """The files that hold the tables, and on SQLite the write-ahead log."""
    if connection.vendor == "sqlite":
        base = str(connection.settings_dict["NAME"])
        return [path for end in ("", "-wal") if (path := Path(base + end)).exists()]
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0]) / "base"
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        return [path for path in (folder / str(cursor.fetchone()[0])).iterdir() if path.is_file()]


def stands_in_a_file(token: str) -> bool:
    # The last bytes of a token: PostgreSQL may compress what begins it.
    return any(token.encode()[-60:] in path.read_bytes() for path in files_of_the_database())


@pytest.mark.django_db(transaction=True)
def test_what_was_erased_stands_in_no_file_of_the_database_not_even_encrypted(bare: None) -> None:
    rows = [factories.consultation_request(message="canary") for _ in range(30)]
    raw = ConsultationRequest.objects.annotate(raw=Cast("message", models.TextField()))
    tokens = dict(raw.values_list("pk", "raw"))
    connection.close()
    assert stands_in_a_file(tokens[rows[3].pk]), "what is on file is found, so the search works"
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as PostgreSQL does by itself, and keeps what it saw
    for row in rows[2:]:
        erasing.erase(row, by=ACTOR.PRACTICE)
    until_scrubbed()
    assert stands_in_a_file(tokens[rows[0].pk])
    assert [row.pk for row in rows[2:] if stands_in_a_file(tokens[row.pk])] == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite empties its log or says no")
@pytest.mark.parametrize(
    ("database", "begins"),
    [
        pytest.param(None, "SELECT 1", id="a reader"),
        pytest.param("postgres", "SELECT pg_current_xact_id()", id="a writer elsewhere"),
    ],
)
def test_rows_that_an_older_transaction_keeps_are_scrubbed_another_time(
    database: str | None, begins: str, bare: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer in another database of the server is in VACUUM's own snapshot as well."""
    import psycopg

    row = factories.consultation_request(message="canary")
    raw = ConsultationRequest.objects.annotate(raw=Cast("message", models.TextField()))
    token = raw.values_list("raw", flat=True).get()
    given = connection.get_connection_params()
    server = {name: given[name] for name in given if name in PSYCOPG}
    with psycopg.connect(**server | ({"dbname": database} if database else {})) as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute(begins)
        erasing.erase(row, by=ACTOR.PRACTICE)
        with monkeypatch.context() as patch:
            patch.setattr(database_files, "PATIENCE", 0)
            assert not database_files.scrub()
        assert stands_in_a_file(token)
        assert Tombstone.objects.filter(is_scrubbed=False).exists()
    until_scrubbed()
    assert not stands_in_a_file(token)


def until_scrubbed() -> None:
    """As the worker does it, again and again; other tests write on the same server meanwhile."""
    for _ in range(60):
        if command("run_job", "scrub_database") == "scrubbed\n":
            break
        time.sleep(1)
    assert not Tombstone.objects.filter(is_scrubbed=False).exists()


@pytest.mark.django_db
def test_files_are_scrubbed_by_night_and_within_a_day() -> None:
    assert not database_files.is_due(NOW, hour=3), "nothing was erased"
    Tombstone.objects.create(digest="a", erased_at=NOW)
    assert database_files.is_due(NOW + timedelta(hours=1), hour=3)
    assert not database_files.is_due(NOW + timedelta(hours=1), hour=12)
    assert database_files.is_due(NOW + timedelta(hours=21), hour=12)


@pytest.mark.django_db
def test_every_table_of_booking_is_scrubbed() -> None:
    """Of a table without an erasure in it nothing is known; so all are, whatever comes later."""
    holds = {f.model for f in apps.get_model("booking.ConsultationRequest")._meta.related_objects}
    assert all(model._meta.app_label == "booking" for model in holds)


def test_the_worker_does_all_of_it() -> None:
    names = {job.name for job in jobs.recurring(poll=1, stopping=lambda: False)}
    assert {"erase_old_requests", "finish_erasures", "scrub_database"} <= names


# --- A person's demand ------------------------------------------------------------------------


@pytest.fixture
def theirs(practice: PracticeSettings) -> list[ConsultationRequest]:
    return [
        factories.consultation_request(email="Robin@Example.com", message="mine"),
        factories.consultation_request(email="", phone="+14155550123", name="Robin"),
        factories.consultation_request(email="robin@example.com", phone="+14155550123"),
        factories.consultation_request(email="robin@straße.example", phone="+442079460958"),
        factories.consultation_request(
            email="robin@strasse.example", good_hours="or (626) 555-0100", phone="+16265550143"
        ),
    ]


@pytest.mark.parametrize(
    ("contact", "places"),
    [
        ("robin@example.com", [0, 2]),
        (" ROBIN@EXAMPLE.COM ", [0, 2]),
        ("(415) 555-0123", [1, 2]),
        ("+1 415 555 0123", [1, 2]),
        ("Robin <robin@example.com>", [0, 2]),
        ("mailto:robin@example.com", [0, 2]),
        ("robin@example.com,", [0, 2]),
        ('"robin@example.com"', [0, 2]),
        ("ro\u200bbin@example.com", [0, 2]),
        ("kim@example.com, robin@example.com", [0, 2]),
        ("kim@example.com or 415 555 0123 (cell)", [1, 2]),
        ("001 415 555 0123", [1, 2]),
        ("020 7946 0958", [3]),
        ("0044 20 7946 0958", [3]),
        ("robin@xn--strae-oqa.example", [3]),
        ("robin@strasse.example", [4]),
        ("(626) 555-0100", [4]),
        ("robin", []),
        ("obin@example.com", []),
        ("", []),
    ],
)
def test_a_person_is_found_however_they_write_it(
    contact: str, places: list[int], theirs: list[ConsultationRequest]
) -> None:
    assert data_requests.find(contact) == [theirs[place] for place in places]


def test_a_copy_holds_everything_and_the_log_of_it_nothing(
    theirs: list[ConsultationRequest],
) -> None:
    copy = json.loads(command("export_person", typed="robin@example.com\n"))
    assert [each["request"] for each in copy] == [theirs[0].pk, theirs[2].pk]
    assert copy[0]["message"] == "mine"
    personal = {
        field.name
        for field in ConsultationRequest._meta.local_fields
        if type(field).__name__ == "EncryptedTextField"
    }
    assert personal <= set(copy[0])
    logged = Demand.objects.values().get()
    assert (logged["kind"], logged["requests"]) == ("export", 2)
    assert "robin" not in str(logged).lower()


def test_erasing_a_person_leaves_others_and_what_is_held(
    theirs: list[ConsultationRequest], user: User
) -> None:
    other = factories.consultation_request(email="kim@example.com")
    erasing.place_legal_hold(theirs[2], PracticeSettings.load().today(), "A complaint", user=user)
    with pytest.raises(CommandError, match="Nothing was erased"):
        command("erase_person", typed="robin@example.com\nno\n")
    said = command("erase_person", typed="robin@example.com\nyes\n")
    assert "1 request erased" in said
    assert "1 request on legal hold" in said
    assert set(ConsultationRequest.objects.all()) == {*theirs[1:], other}
    theirs[2].refresh_from_db()
    assert theirs[2].erasure_asked_at is not None
    logged = Demand.objects.get()
    assert (logged.kind, logged.requests, logged.held) == ("erase", 2, 1)


def test_what_no_key_opens_is_counted_and_breaks_no_search(
    theirs: list[ConsultationRequest], settings: Any
) -> None:
    from cryptography.fernet import Fernet

    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert data_requests.find("robin@example.com") == []
    assert data_requests.unreadable() == 5


@pytest.mark.parametrize("name", ["export_person", "erase_person"])
def test_a_command_that_finds_nothing_says_what_it_looked_for(
    name: str, theirs: list[ConsultationRequest]
) -> None:
    aside = io.StringIO()
    said = command(name, typed="Kim <kim@example.com>, 213-373-4253\nyes\n", aside=aside)
    said += aside.getvalue()
    assert "0 requests" in said
    assert "Looked for kim@example.com and +1 213-373-4253." in said
    with pytest.raises(CommandError, match="neither an email address nor a phone number"):
        command(name, typed="Robin\nyes\n")
    assert len(theirs) == ConsultationRequest.objects.count()


@pytest.mark.parametrize(
    "email", ["robin@localhost", '"robin lake"@x.example', "robin@[192.0.2.1]"]
)
def test_a_demand_finds_an_address_that_an_earlier_form_took(email: str, db: None) -> None:
    """What is no address any more is on file all the same."""
    theirs = factories.consultation_request(email=email)
    factories.consultation_request(email="other@localhost")
    assert data_requests.find(f" {email.upper()} ") == [theirs]
