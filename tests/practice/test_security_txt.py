"""Where whoever finds a hole in the site learns whom to tell (RFC 9116)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from practice.models import PracticeSettings

PATH = "/.well-known/security.txt"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def fields(client: Client) -> dict[str, str]:
    answer = client.get(PATH)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    return dict(line.split(": ", 1) for line in answer.content.decode().splitlines())


def test_without_a_contact_it_is_not_there(practice: PracticeSettings, visitor: Client) -> None:
    assert practice.security_contact == ""
    assert visitor.get(PATH).status_code == 404


@pytest.mark.parametrize(
    ("contact", "uri"),
    [
        ("security@practice.example", "mailto:security@practice.example"),
        ("a+b%c@practice.example", "mailto:a+b%25c@practice.example"),
        ("https://practice.example/report", "https://practice.example/report"),
    ],
)
def test_it_says_whom_to_tell_and_ends_before_a_year_is_over(
    practice: PracticeSettings, visitor: Client, contact: str, uri: str
) -> None:
    PracticeSettings.objects.update(security_contact=contact)
    for days in (0, 400):
        with time_machine.travel(NOW + timedelta(days=days), tick=False):
            said = fields(visitor)
        assert list(said) == ["Contact", "Expires", "Preferred-Languages", "Canonical"]
        assert said["Contact"] == uri
        assert said["Canonical"] == f"http://testserver{PATH}"
        ends = datetime.fromisoformat(said["Expires"])
        left = ends - NOW - timedelta(days=days)
        assert timedelta(days=90) < left < timedelta(days=365), "2.5.5 recommends less than a year"


def test_it_changes_at_once_with_its_contact(practice: PracticeSettings, visitor: Client) -> None:
    for name in ("one", "two"):
        PracticeSettings.objects.update(security_contact=f"{name}@practice.example")
        assert fields(visitor)["Contact"] == f"mailto:{name}@practice.example"
    PracticeSettings.objects.update(security_contact="")
    assert visitor.get(PATH).status_code == 404


@pytest.mark.parametrize(
    "contact",
    [
        "me",
        "http://practice.example",
        "me@x.example\nExpires: never",
        "javascript:alert(1)@x.example",
    ],
)
def test_a_contact_that_nobody_could_use_is_refused(
    practice: PracticeSettings, contact: str
) -> None:
    practice.security_contact = contact
    with pytest.raises(ValidationError) as refused:
        practice.full_clean()
    assert "security_contact" in refused.value.message_dict
