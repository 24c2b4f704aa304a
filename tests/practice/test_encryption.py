"""Keys change while the site serves, and paper is enough to read everything again."""

import io
import os
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import models
from django.db.models.functions import Cast
from hypothesis import given
from hypothesis import strategies as st

from booking.models import ConsultationRequest, Letter
from practice.encryption import paper, rotation
from practice.fields import Unreadable
from tests import factories

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def ring(settings: Any) -> Any:
    """FIELD_ENCRYPTION_KEYS, to be set to what a test says."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    return settings


def rotate(*options: str) -> str:
    out = io.StringIO()
    call_command("rotate_keys", *options, stdout=out)
    return out.getvalue()


def raw(name: str = "name") -> list[str]:
    rows = ConsultationRequest.objects.annotate(raw=Cast(name, models.TextField()))
    return list(rows.order_by("pk").values_list("raw", flat=True))


@pytest.mark.django_db
def test_after_a_rotation_the_new_key_alone_reads_everything(ring: Any) -> None:
    for number in range(rotation.BATCH + 3):
        factories.consultation_request(name=f"Robin {number}", message="" if number % 2 else "x")
    Letter.objects.create(
        request=ConsultationRequest.objects.first(), version=1, kind="confirm", body="words"
    )
    ring.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert "still need the first key" in rotate("--check")
    said = rotate()
    assert f"consultation requests: {rotation.BATCH + 3} of {rotation.BATCH + 3}" in said
    ring.FIELD_ENCRYPTION_KEYS = [NEW]
    names = [consultation.name for consultation in ConsultationRequest.objects.order_by("pk")]
    assert names == [f"Robin {number}" for number in range(rotation.BATCH + 3)]
    assert Letter.objects.get().body == "words"
    assert rotate("--check").startswith("0 values")


@pytest.mark.django_db
def test_what_is_under_the_first_key_already_is_not_written_again(ring: Any) -> None:
    factories.consultation_request()
    before = raw()
    rotate()
    assert raw() == before


@pytest.mark.django_db
def test_what_changes_while_keys_rotate_is_not_overwritten(
    ring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    consultation = factories.consultation_request(name="before", message="untouched")
    ring.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    under_first = rotation.Ring.under_first

    def and_somebody_saves(self: rotation.Ring, token: str) -> str:
        ConsultationRequest.objects.filter(pk=consultation.pk).update(name="after")
        return under_first(self, token)

    monkeypatch.setattr(rotation.Ring, "under_first", and_somebody_saves)
    rotate()
    monkeypatch.undo()
    consultation.refresh_from_db()
    assert (consultation.name, consultation.message) == ("after", "untouched")
    rotate()
    ring.FIELD_ENCRYPTION_KEYS = [NEW]
    consultation.refresh_from_db()
    assert (consultation.name, consultation.message) == ("after", "untouched")


@pytest.mark.django_db
def test_what_no_key_opens_stays_as_it_is_and_the_rest_is_rotated(ring: Any) -> None:
    ring.FIELD_ENCRYPTION_KEYS = [LOST]
    factories.consultation_request(name="lost")
    ring.FIELD_ENCRYPTION_KEYS = [OLD]
    factories.consultation_request(name="found")
    before = raw()[0]
    ring.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="end of FIELD_ENCRYPTION_KEYS"):
        rotate()
    assert raw()[0] == before
    ring.FIELD_ENCRYPTION_KEYS = [NEW]
    lost, found = ConsultationRequest.objects.order_by("pk")
    assert isinstance(lost.name, Unreadable)
    assert found.name == "found"


# --- The recovery kit -------------------------------------------------------------------------


def kit() -> str:
    out = io.StringIO()
    call_command("recovery_kit", stdout=out)
    return out.getvalue()


@pytest.fixture
def typed_paper(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Types `text` from paper into `check_recovery_kit`; gives what it says."""

    def check(text: str, *options: str) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        out = io.StringIO()
        call_command("check_recovery_kit", *options, stdout=out)
        return out.getvalue()

    return check


@pytest.mark.django_db
def test_paper_alone_reads_what_was_written(ring: Any, typed_paper: Any) -> None:
    factories.consultation_request(name="Robin")
    ring.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    factories.consultation_request(name="Kim")
    printed = kit()
    assert "The paper is good" in typed_paper(printed)
    ring.FIELD_ENCRYPTION_KEYS = [LOST]  # another machine
    line = typed_paper(printed, "--env").strip()
    assert line == f"FIELD_ENCRYPTION_KEYS={NEW},{OLD}"
    ring.FIELD_ENCRYPTION_KEYS = line.partition("=")[2].split(",")
    assert [r.name for r in ConsultationRequest.objects.order_by("pk")] == ["Robin", "Kim"]


@pytest.mark.django_db
def test_paper_that_is_out_of_date_is_told_so(ring: Any, typed_paper: Any) -> None:
    printed = kit()
    ring.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="encrypts with now isn't on the paper"):
        typed_paper(printed)
    factories.consultation_request()
    with pytest.raises(CommandError, match="is missing a key"):
        typed_paper(printed)


@pytest.mark.parametrize("text", ["", "\n", "hello\n1. first do this\n", "a b c"])
def test_what_holds_no_key_is_told_so(text: str, typed_paper: Any) -> None:
    with pytest.raises(CommandError, match="no line of a key"):
        typed_paper(text)


def test_a_slip_is_found_where_it_was_made() -> None:
    lines = paper.lines_of(1, NEW)
    where = lines[1].index("  ") + 2
    wrong = "B" if lines[1][where] != "B" else "C"
    slipped = [lines[0], lines[1][:where] + wrong + lines[1][where + 1 :], *lines[2:]]
    with pytest.raises(paper.Misread, match="Line 1b"):
        paper.keys_from("\n".join(slipped))
    with pytest.raises(paper.Misread, match="Key 1 isn't complete"):
        paper.keys_from("\n".join([lines[0], *lines[2:]]))
    with pytest.raises(paper.Misread, match="Line 1a"):
        paper.keys_from("\n".join(["1a" + lines[1][2:], "1b" + lines[0][2:], *lines[2:]]))


def test_a_slip_at_the_terminal_is_asked_for_again_at_once(
    terminal: Callable[[str], object], ring: Any
) -> None:
    """Labels are shown, and may be typed too."""
    lines = [
        line for number, key in enumerate((NEW, OLD), 1) for line in paper.lines_of(number, key)
    ]
    typed = [line[4:] for line in lines]
    typed[1:1] = ["", "mfrg gzdf mztw q2lk 7hx4"]
    typed[5] = lines[3].lower()
    terminal("\n".join([*typed, "", ""]))
    out = io.StringIO()
    shown = io.StringIO()
    call_command("check_recovery_kit", "--env", stdout=out, stderr=shown)
    assert out.getvalue().strip() == f"FIELD_ENCRYPTION_KEYS={NEW},{OLD}"
    asked = [shown.getvalue().count(f"{label}  ") for label in ("1a", "1b", "2d", "3a")]
    assert asked == [1, 3, 1, 1]
    assert shown.getvalue().count("Line 1b has a typo") == 1


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4), st.booleans())
def test_every_key_survives_paper(raw_keys: list[bytes], sloppily: bool) -> None:
    import base64

    ring = [base64.urlsafe_b64encode(each).decode() for each in raw_keys]
    printed = "\n".join(
        line for number, key in enumerate(ring, 1) for line in paper.lines_of(number, key)
    )
    if sloppily:
        body = {"O": "0", "I": "1", "B": "8", "P": "9"}
        printed = "\n".join(
            line[:2] + "".join(body.get(each, each) for each in line[2:]).lower()
            for line in printed.splitlines()
        )
    assert paper.keys_from(printed) == ring


def test_the_kit_says_which_other_paper_a_backup_needs(settings: Any, db: None) -> None:
    assert "There are no backups yet" in kit()
    settings.BACKUP_RECIPIENT = "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqsdemo"
    assert "There are no backups yet" in kit()
    settings.BACKUP_TO = "/mnt/disk/main"
    printed = kit()
    assert settings.BACKUP_RECIPIENT in printed
    assert "AGE-SECRET-KEY-1" in printed
    assert "manage.py restore" in printed
    assert paper.keys_from(printed) == settings.FIELD_ENCRYPTION_KEYS


def test_the_kit_says_where_the_backups_lie_and_nothing_that_opens_the_store(
    settings: Any, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKUP_RECIPIENT = "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqsdemo"
    settings.BACKUP_TO = "/mnt/disk/main"
    assert "/mnt/disk/main\n" in kit()
    settings.BACKUP_TO = "s3://bucket/main"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://name:hidden@s3.example.com")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    assert "s3://bucket/main\nat https://s3.example.com\n" in kit()
    assert "hidden" not in kit()


def test_the_kit_says_the_command_as_it_is_called_on_a_server(db: None) -> None:
    assert "`practice main COMMAND`" in kit()


def test_the_kit_holds_no_secret_but_the_keys(settings: Any, db: None) -> None:
    assert settings.SECRET_KEY not in kit()
    assert os.environ["FIELD_ENCRYPTION_KEYS"] not in kit()  # only as groups of letters
