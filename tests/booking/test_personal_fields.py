"""A personal field is declared on the model, and all that goes by it follows from that."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django import forms
from django.contrib.auth.models import Group
from django.db import OperationalError, connection
from django.db.models import TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.views.debug import get_exception_reporter_class

from booking.erasure import data_requests, database_files, erasing
from booking.forms.visitor import ConsultationForm
from booking.models import ConsultationRequest, Limit, PartOfWeek, State, Who
from booking.services.transitions import Actor
from booking.spam.signals import Signal
from practice.fields import EncryptedTextField, personal, personal_fields
from practice.http.logging import JSONFormatter, RedactingFormatter
from practice.models import HomePage, PracticeSettings
from tests import factories

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
WORD = "kanari7p2v"
TYPED = {"name": "Robin", "email": "robin@example.com", "pronouns": WORD}


def test_each_field_is_declared_personal_or_harmless_and_not_both() -> None:
    """A new one fails here, until somebody has thought of what becomes of it."""
    told = [field.name for field in ConsultationRequest.told_fields()]
    declared = [*told, *ConsultationRequest.HARMLESS]
    assert sorted(declared) == sorted(f.name for f in ConsultationRequest._meta.local_fields)


def test_what_is_encrypted_is_personal() -> None:
    encrypted = {
        field.name
        for field in ConsultationRequest._meta.local_fields
        if isinstance(field, EncryptedTextField)
    }
    assert encrypted <= {field.name for field in personal_fields(ConsultationRequest)}


@pytest.fixture
def pronouns(committed: HomePage, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A new personal field: a column, a mark on the model, and a question on the form."""
    factories.practice_settings()
    factories.schedule()
    asked = {**ConsultationForm.base_fields, "pronouns": forms.CharField(required=False)}
    monkeypatch.setattr(ConsultationForm, "base_fields", asked)
    field = personal(EncryptedTextField(null=True), typed=True)
    ConsultationRequest.add_to_class("pronouns", field)
    with connection.schema_editor() as editor:
        editor.add_field(ConsultationRequest, field)
    yield
    with connection.schema_editor() as editor:
        editor.remove_field(ConsultationRequest, field)
    del ConsultationRequest.pronouns  # type: ignore[attr-defined]
    meta = ConsultationRequest._meta
    meta.local_fields.remove(field)
    meta._expire_cache()  # type: ignore[attr-defined]


def sent(visitor: Client, **typed: str) -> ConsultationRequest:
    assert visitor.post("/consultation/", TYPED | typed).status_code == 303
    return ConsultationRequest.objects.latest("pk")


def test_a_new_personal_field_is_kept_as_it_was_typed(pronouns: None, visitor: Client) -> None:
    key = "8b3c9a52-7f5e-4a57-9f39-2c6a1f1d0c11"
    consultation: Any = sent(visitor, key=key)
    assert consultation.pronouns == WORD
    raw = ConsultationRequest.objects.annotate(raw=Cast("pronouns", TextField()))
    assert WORD not in raw.values_list("raw", flat=True).get()
    again = visitor.post("/consultation/", TYPED | {"key": key, "pronouns": "she"})
    assert "she" in again.content.decode(), "another word is not dropped as a double click"
    assert ConsultationRequest.objects.count() == 1


def test_a_new_personal_field_comes_back_from_a_form_that_could_not_be_saved(
    pronouns: None, visitor: Client
) -> None:
    def fail(execute: Any, sql: str, *arguments: Any) -> Any:
        if "booking_requestevent" in sql:
            raise OperationalError("the disk is full")
        return execute(sql, *arguments)

    with connection.execute_wrapper(fail):
        answer = visitor.post("/consultation/", TYPED)
    assert answer.status_code == 503
    assert f'type="text" name="pronouns" value="{WORD}"' in answer.content.decode()


def test_a_new_personal_field_is_in_both_copies(pronouns: None, visitor: Client) -> None:
    consultation = sent(visitor)
    [copy] = data_requests.export_person("robin@example.com")
    assert copy["pronouns"] == WORD
    group = Group.objects.get(name="Therapist")
    therapist = factories.signed_in(factories.user("t@example.com", group))
    page = therapist.get(f"/admin/consultations/{consultation.pk}/").content.decode()
    assert f"Pronouns: {WORD}" in page


def test_a_new_personal_field_is_emptied_at_once_where_a_cancellation_must_leave_first(
    pronouns: None,
) -> None:
    with time_machine.travel(NOW, tick=False):
        user = factories.user("t@example.com")
        consultation = factories.agreed_request(NOW + timedelta(days=1), by=user, pronouns=WORD)
        assert erasing.erase(consultation, by=Actor.VISITOR) is False
    consultation.refresh_from_db()
    assert consultation.state == State.WITHDRAWN
    for field in personal_fields(ConsultationRequest):
        value = getattr(consultation, field.name)
        assert field.name == "email" or value == field.get_default(), field.name
    factories.letters_left()
    assert erasing.finish_erasures() == 1


def test_a_copy_has_words_in_place_of_codes(practice: PracticeSettings) -> None:
    factories.consultation_request(
        who=Who.MY_TEEN,
        parts_of_week=[PartOfWeek.EVENINGS],
        held_apart_for=[Signal.LINKS.code],
        limits_reached=[Limit.NETWORK],
        kept_until=NOW.date(),
        kept_because="A complaint",
    )
    [copy] = data_requests.export_person("robin@example.com")
    assert (copy["for"], copy["parts_of_week"]) == ("My teen", ["Weekday evenings"])
    assert copy["held_apart_for"] == [Signal.LINKS.words]
    assert copy["limits_reached"] == [Limit.NETWORK.label]
    assert (copy["kept_until"], copy["kept_because"]) == ("2027-06-01", "A complaint")


def test_spam_in_a_new_personal_field_is_put_aside(pronouns: None, visitor: Client) -> None:
    assert sent(visitor, pronouns="").state == State.PENDING
    link = '<a href="https://shop.example">cheap</a> [url=https://shop.example]cheap[/url]'
    assert sent(visitor, pronouns=link).state == State.SUSPECTED


def test_of_a_new_personal_field_no_statistics_are_kept(pronouns: None) -> None:
    table = ConsultationRequest._meta.db_table
    assert (table, "pronouns") in database_files.columns_of_one_person()


@pytest.mark.parametrize("formatter", [RedactingFormatter(), JSONFormatter()])
def test_a_new_personal_field_stands_in_no_log(
    pronouns: None, visitor: Client, formatter: logging.Formatter
) -> None:
    consultation = sent(visitor)
    request = RequestFactory().post("/consultation/", TYPED)
    for given in (
        consultation,
        vars(consultation),
        request,
        request.POST,
        [(field.name, WORD) for field in personal_fields(ConsultationRequest)],
    ):
        assert WORD not in line(formatter, given)
    assert WORD not in f"{consultation}{consultation!r}"
    with pytest.raises(ValueError, match=WORD) as caught:
        raise ValueError(WORD)
    assert WORD not in line(formatter, "failed", caught.value)
    assert WORD not in report(request, caught.value)


def line(formatter: logging.Formatter, given: Any, error: Exception | None = None) -> str:
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("any", logging.ERROR, __file__, 1, "saw %s", (given,), exc_info)
    return formatter.format(record)


def report(request: HttpRequest, error: Exception) -> str:
    """What Django would send of a crash to administrators, or show under DEBUG."""
    reporter = get_exception_reporter_class(request)(
        request, type(error), error, error.__traceback__
    )
    return reporter.get_traceback_text() + reporter.get_traceback_html()
