"""What stays wrong until somebody sees to it: in the weekly mail, and on the admin's first page."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from practice import monitoring
from practice.models import PracticeSettings
from practice.monitoring import own
from tests import factories

pytestmark = pytest.mark.django_db


def told(client: Client) -> tuple[str, str]:
    """What is wrong in the weekly mail with what to do, and the admin's first page."""
    wrong, _ = monitoring.split(own.report(sender=None, now=timezone.now()))
    mail = "\n".join(f"{each.says} {each.advice}" for each in wrong)
    return mail, client.get(reverse("wagtailadmin_home")).content.decode()


def day(moment: date) -> str:
    return f"{moment:%B} {moment.day}, {moment.year}"


@pytest.mark.parametrize(
    ("in_days", "says"),
    [
        (90, ""),
        (60, "Your license ends on {day}."),
        (0, "Your license ends on {day}."),
        (-1, "Your license ended on {day}."),
        (-400, "Your license ended on {day}."),
    ],
)
def test_a_license_is_told_of_before_it_ends_and_until_the_date_is_changed(
    practice: PracticeSettings, as_therapist: Client, as_editor: Client, in_days: int, says: str
) -> None:
    ends = practice.today() + timedelta(days=in_days)
    factories.practice_settings(license_expires=ends)
    for place in told(as_therapist):
        assert ("Your license end" in place) is bool(says)
        assert says.format(day=day(ends)) in place
    assert "Your license end" not in told(as_editor)[1]
    factories.practice_settings(license_expires=None)
    assert all("Your license end" not in place for place in told(as_therapist))


def test_what_debian_could_not_update_stands_there_until_it_can(
    practice: PracticeSettings, as_therapist: Client, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    waits = tmp_path / "debian-waits.txt"
    assert all("Debian" not in place for place in told(as_therapist))
    waits.write_text("libssl3\nopenssl\n")
    for place in told(as_therapist):
        assert "t update 2 packages: libssl3, openssl." in place
        assert "docs/operator/updates.md" in place
    waits.write_text("<b>x\n" + "".join(f"package{number}\n" for number in range(30)))
    page = told(as_therapist)[1]
    assert "&lt;b&gt;x" in page
    assert "and 23 more" in page
    waits.write_text("")
    assert all("Debian" not in place for place in told(as_therapist))
