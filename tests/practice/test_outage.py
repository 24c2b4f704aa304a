"""While the database is away: an honest 503, the telephone, and what was typed."""

import errno
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from booking.models import ConsultationRequest
from practice.http import outage
from practice.models import PracticeSettings
from tests import factories

TYPED = {
    "key": "0b5ad2a2-9d39-4f34-a6b3-2bd7f8b1a0a4",
    "name": "Robin <b>",
    "email": "robin@visitor.example",
    "phone": "626 555 0143",
    "message": 'Two lines,\nand "quotes".',
    "good_hours": "after 6",
    "state": "CA",
    "who": "teen",
    "parts": ["mornings", "evenings"],
    "when": "parts",
    "anything_else": "",
    "act": "send",
}


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture(params=[OperationalError, InterfaceError])
def away(request: pytest.FixtureRequest, practice: PracticeSettings) -> Iterator[None]:
    def refuse(execute: Any, *arguments: Any) -> None:
        raise request.param("away")

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.parametrize("path", ["/", "/articles/", "/consultation/", "/sitemap.xml", "/none/"])
def test_every_page_says_so_with_the_telephone(away: None, visitor: Client, path: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert answer["Cache-Control"] == "no-store"
    text = answer.content.decode()
    assert "try again in a few minutes" in text
    assert 'href="tel:+1-415-555-0100"' in text
    assert "was not saved" not in text
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_the_style_of_these_pages_needs_no_database(away: None, visitor: Client) -> None:
    assert visitor.get("/theme.css").status_code == 200


def test_the_form_keeps_all_that_was_typed_and_says_that_it_was_not_sent(
    away: None, visitor: Client
) -> None:
    answer = visitor.post("/consultation/", TYPED)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    text = answer.content.decode()
    assert "Your request was not sent" in text
    assert "+1 415 555 0100" in text
    assert "Robin &lt;b&gt;" in text
    assert "<b>" not in text
    assert not answer.cookies


def test_sent_again_from_that_page_it_is_one_request(
    practice: PracticeSettings, visitor: Client
) -> None:
    def fail(execute: Any, sql: str, *arguments: Any) -> Any:
        if "booking_requestevent" in sql:
            raise OperationalError("the disk is full")
        return execute(sql, *arguments)

    with connection.execute_wrapper(fail):
        answer = visitor.post("/consultation/", TYPED)
    assert answer.status_code == 503
    assert not ConsultationRequest.objects.exists()
    fields = fields_of(answer.content.decode())
    assert fields["parts"] == ["mornings", "evenings"]
    for _ in range(2):
        assert visitor.post("/consultation/", fields).status_code == 303
    consultation = ConsultationRequest.objects.get()
    assert (consultation.name, consultation.who, consultation.good_hours) == (
        "Robin <b>",
        "teen",
        "after 6",
    )
    assert consultation.message.splitlines() == ["Two lines,", 'and "quotes".']
    assert consultation.parts_of_week == ["mornings", "evenings"]


def fields_of(page: str) -> dict[str, list[str]]:
    """What a browser sends of the page's one form."""
    fields: dict[str, list[str]] = {"act": ["send"]}
    for tag in re.findall(r"<input[^>]*>", page):
        told = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        fields.setdefault(told["name"], []).append(unescape(told.get("value", "")))
    for name, text in re.findall(
        r'<textarea[^>]*name="(\w+)"[^>]*>\n?(.*?)</textarea>', page, re.S
    ):
        fields[name] = [unescape(text)]
    return fields


def test_a_post_elsewhere_says_that_nothing_was_saved(away: None, visitor: Client) -> None:
    answer = visitor.post("/consultation/manage/1-a.b/", {"act": "withdraw"})
    assert answer.status_code == 503
    assert "What you sent wasn't saved" in answer.content.decode()


def test_a_crash_is_no_outage(visitor: Client, practice: PracticeSettings) -> None:
    def crash(execute: Any, *arguments: Any) -> None:
        raise ZeroDivisionError

    with connection.execute_wrapper(crash):
        assert visitor.get("/consultation/").status_code == 500


def test_the_telephone_is_the_last_that_was_saved(practice: PracticeSettings) -> None:
    factories.practice_settings(telephone="626 555 0177")
    assert outage.recall().telephone == "626 555 0177"


def test_without_the_file_the_process_still_knows_it(
    practice: PracticeSettings, settings: Any
) -> None:
    Path(settings.OUTAGE_FILE).write_text("{broken")
    assert outage.recall().telephone == practice.telephone != ""


def test_a_file_that_cannot_be_written_harms_nobody(
    practice: PracticeSettings, settings: Any, visitor: Client
) -> None:
    settings.OUTAGE_FILE = Path("/proc/none/outage.json")
    assert visitor.get("/consultation/").status_code == 200
    assert outage.recall().telephone == practice.telephone


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_an_upload_to_a_full_disk_is_answered_with_a_sentence(
    as_therapist: Client, practice: PracticeSettings, monkeypatch: Any, number: int
) -> None:
    def fail(*arguments: Any) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(FileSystemStorage, "_save", fail)
    as_therapist.raise_request_exception = False
    file = SimpleUploadedFile("notes.txt", b"notes")
    answer = as_therapist.post("/admin/documents/add/", {"title": "Notes", "file": file})
    assert answer.status_code == 503
    assert "can't save anything right now" in answer.content.decode()
