"""What is encrypted is in clear nowhere, and a lost key loses no more than it must."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.db import connection
from django.db.models import F, Q

from booking.models import ConsultationRequest
from practice.fields import EncryptedTextField, Unreadable
from tests import factories

SECRET = ("name", "email", "phone", "good_hours", "message", "private_note")


def column(name: str, consultation: ConsultationRequest) -> str:
    """What the database itself holds."""
    table = connection.ops.quote_name(ConsultationRequest._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {connection.ops.quote_name(name)} FROM {table} WHERE id = %s",
            [consultation.pk],
        )
        return cursor.fetchone()[0]


def test_these_are_the_encrypted_fields_of_a_request() -> None:
    fields = ConsultationRequest._meta.local_fields
    assert {f.name for f in fields if isinstance(f, EncryptedTextField)} >= set(SECRET)


@pytest.mark.django_db(transaction=True)
def test_a_canary_stands_in_clear_neither_in_the_database_nor_in_its_log() -> None:
    canary, visible = f"canary-{secrets.token_hex(8)}", secrets.token_hex(4)
    consultation = factories.consultation_request(
        region=visible, **{name: f"{canary}-{name}@example.com" for name in SECRET}
    )
    consultation.refresh_from_db()
    consultation.message = f"{canary} again"
    consultation.save()
    for name in SECRET:
        assert canary in getattr(consultation, name)
        assert canary not in column(name, consultation)
    if connection.vendor == "sqlite":
        base = str(connection.settings_dict["NAME"])
        written = [Path(base + end) for end in ("", "-wal") if Path(base + end).exists()]
        content = b"".join(path.read_bytes() for path in written)
        assert visible.encode() in content, (
            "what is not encrypted can be found, so the search works"
        )
        assert canary.encode() not in content


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["Robin", "Zo\u00eb \U0001f33f", "a\nb\tc", " ", "0" * 5000])
def test_a_text_comes_back_as_it_was(text: str) -> None:
    consultation = factories.consultation_request(message=text)
    assert ConsultationRequest.objects.get(pk=consultation.pk).message == text


@pytest.mark.django_db
def test_an_empty_text_stays_empty_and_can_be_asked_for() -> None:
    factories.consultation_request(phone="")
    called = factories.consultation_request(phone="+14155550100")
    assert column("phone", called) != ""
    assert ConsultationRequest.objects.exclude(phone="").get() == called
    assert ConsultationRequest.objects.filter(~Q(phone="") & Q(name__isnull=False)).get() == called


@pytest.mark.django_db
def test_one_text_is_another_token_each_time() -> None:
    one, other = factories.consultation_request(), factories.consultation_request()
    assert one.name == other.name
    assert column("name", one) != column("name", other)


@pytest.mark.django_db
def test_updates_and_rows_written_at_once_are_encrypted_too() -> None:
    consultation = factories.consultation_request()
    ConsultationRequest.objects.filter(pk=consultation.pk).update(name="Updated")
    assert "Updated" not in column("name", consultation)
    consultation.name = "At once"
    ConsultationRequest.objects.bulk_update([consultation], ["name"])
    assert "At once" not in column("name", consultation)
    assert ConsultationRequest.objects.values_list("name", flat=True).get() == "At once"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "lookup",
    [
        {"name": "Robin"},
        {"name__exact": "Robin"},
        {"name__iexact": "Robin"},
        {"name__contains": "Rob"},
        {"name__startswith": "Rob"},
        {"name__in": ["Robin"]},
        {"name__gt": "R"},
        {"name__regex": "R"},
        {"name": F("email")},
    ],
    ids=str,
)
def test_a_lookup_that_could_find_nothing_is_refused(lookup: dict[str, Any]) -> None:
    factories.consultation_request()
    with pytest.raises(FieldError):
        ConsultationRequest.objects.filter(**lookup).exists()


@pytest.mark.django_db
def test_the_first_key_writes_and_every_key_reads(settings: Any) -> None:
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    consultation = factories.consultation_request(name="Before")
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    consultation.refresh_from_db()
    assert consultation.name == "Before"
    consultation.save()
    settings.FIELD_ENCRYPTION_KEYS = [new]
    consultation.refresh_from_db()
    assert consultation.name == "Before"
    settings.FIELD_ENCRYPTION_KEYS = [old]
    consultation.refresh_from_db()
    assert isinstance(consultation.name, Unreadable)


@pytest.mark.django_db
def test_a_value_without_its_key_takes_no_list_down_and_survives_a_save(settings: Any) -> None:
    key = settings.FIELD_ENCRYPTION_KEYS[0]
    lost = factories.consultation_request(name="Lost for now")
    token = column("name", lost)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    found = factories.consultation_request(name="Readable")
    names = [consultation.name for consultation in ConsultationRequest.objects.order_by("pk")]
    assert names == ["[unreadable: its key is missing]", "Readable"]
    lost.refresh_from_db()
    lost.private_note = "Written meanwhile"
    lost.save()
    assert column("name", lost) == token
    settings.FIELD_ENCRYPTION_KEYS = [key]
    lost.refresh_from_db()
    assert lost.name == "Lost for now"
    assert found.pk != lost.pk


@pytest.mark.django_db
def test_a_damaged_token_is_unreadable_and_no_error() -> None:
    consultation = factories.consultation_request()
    table = connection.ops.quote_name(ConsultationRequest._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET name = 'no token \u00fc' WHERE id = %s", [consultation.pk]
        )
    consultation.refresh_from_db()
    assert isinstance(consultation.name, Unreadable)


@pytest.mark.django_db
def test_what_a_log_keeps_of_a_request_says_nothing_about_anybody() -> None:
    consultation = factories.consultation_request(message="My secret")
    for text in (str(consultation), repr(consultation), f"{consultation}", "%s" % consultation):  # noqa: UP031
        assert "Robin" not in text
        assert "robin@example.com" not in text
        assert "secret" not in text
