"""What goes by age: told apart from a person's wish, and never a great many at once unseen."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from booking.erasure import erasing, retention
from booking.models import ConsultationRequest, State, Tombstone, digest_of
from practice.models import PracticeSettings
from practice.monitoring import findings
from practice.worker import heartbeat
from tests import factories
from tests.booking.test_erasure import ACTOR, DAY, NOW, TODAY, clock, command, user

__all__ = ["clock", "user"]  # fixtures


def test_what_went_by_age_is_told_apart_from_what_a_person_wished(
    practice: PracticeSettings, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """By a word between day and digest: the version before takes a line's last word."""
    old = factories.consultation_request(state=State.CLOSED, state_since=NOW - 4000 * DAY)
    asked = factories.consultation_request(
        state=State.CLOSED, state_since=NOW, erasure_asked_at=NOW - DAY
    )
    wished = factories.consultation_request()
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(wished, by=ACTOR.VISITOR)
        retention.erase_old(TODAY)
    digests = {digest_of(each.invitation_uid): each for each in (old, asked, wished)}
    lines = [line.split() for line in settings.TOMBSTONES_FILE.read_text().splitlines()]
    assert {words[-1]: words[1:-1] for words in lines} == {
        digest: ["retention"] if each == old else [] for digest, each in digests.items()
    }
    of_retention = Tombstone.objects.filter(of_retention=True)
    assert [digests[stone.digest] for stone in of_retention] == [old]


def test_who_is_only_thought_to_be_old_comes_back_with_a_backup(
    practice: PracticeSettings, settings: Any
) -> None:
    """As after a wrong date had erased them: age is looked at again, a wish is not."""
    young, old, wished, unknown = (
        factories.consultation_request(state=State.CLOSED, state_since=timezone.now() - age)
        for age in (DAY, 4000 * DAY, DAY, DAY)
    )
    settings.TOMBSTONES_FILE.write_text(
        f"2028-01-01 retention {digest_of(young.invitation_uid)}\n"
        f"2026-01-01 retention {digest_of(old.invitation_uid)}\n"
        f"2026-01-01 retention {digest_of(wished.invitation_uid)}\n"
        f"2026-01-01 {digest_of(wished.invitation_uid)}\n"
        f"2026-01-01 {digest_of(unknown.invitation_uid)}\n"
    )
    command("erase_again")
    assert list(ConsultationRequest.objects.all()) == [young]


def test_a_wish_stays_one_when_its_last_rest_goes_by_itself(user: Any, clock: Any) -> None:
    erasing.erase(factories.agreed_request(NOW + DAY, by=user), by=ACTOR.VISITOR)
    factories.letters_left()
    assert erasing.finish_erasures() == 1
    assert not Tombstone.objects.get().of_retention


def test_a_wish_after_age_had_it_erased_and_a_backup_brought_it_back_is_remembered(
    practice: PracticeSettings, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    consultation = factories.consultation_request(state=State.CLOSED, state_since=NOW - 4000 * DAY)
    backup = dict(ConsultationRequest.objects.filter(pk=consultation.pk).values()[0])
    with django_capture_on_commit_callbacks(execute=True):
        retention.erase_old(TODAY)
    again = ConsultationRequest.objects.create(**backup)
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(again, by=ACTOR.PRACTICE)
    first, second = settings.TOMBSTONES_FILE.read_text().splitlines()
    assert ("retention" in first, "retention" in second) == (True, False)
    assert not Tombstone.objects.get().of_retention


# --- So many at once --------------------------------------------------------------------------


def many(old: int, young: int) -> None:
    for age, number in ((4000 * DAY, old), (timedelta(), young)):
        for _ in range(number):
            factories.consultation_request(state=State.CLOSED, state_since=NOW - age)


@pytest.mark.parametrize(
    ("old", "young", "goes_on"), [(20, 0, True), (21, 189, True), (21, 188, False)]
)
def test_a_round_that_would_erase_a_great_many_stops(
    user: Any, clock: Any, old: int, young: int, goes_on: bool
) -> None:
    many(old, young)
    assert retention.erase_old(TODAY) == (old if goes_on else 0)
    assert ConsultationRequest.objects.count() == (young if goes_on else old + young)


def test_a_round_that_stopped_tells_and_goes_on_by_itself_three_days_later(
    user: Any, clock: Any, as_therapist: Client
) -> None:
    many(30, 30)
    heartbeat.note(heartbeat.WORKER, timezone.now())
    assert "past the time you keep them" not in as_therapist.get("/admin/").content.decode()
    assert retention.erase_old(TODAY) == 0
    page = " ".join(as_therapist.get("/admin/").content.decode().split())
    assert "30 requests are past the time you keep them" in page
    assert any("30 requests" in each.says for each in findings(timezone.now()) if each.advice)
    clock.shift(2.9 * DAY)
    assert retention.erase_old(TODAY) == 0
    clock.shift(0.2 * DAY)
    assert retention.erase_old(TODAY) == 30
    assert retention.erase_old(TODAY) == 0
    many(30, 0)
    assert retention.erase_old(TODAY) == 0, "another time is told of anew"


def test_a_wish_does_not_wait_for_a_round_that_stopped(user: Any, clock: Any) -> None:
    many(30, 0)
    factories.consultation_request(erasure_asked_at=NOW - DAY)
    assert retention.erase_old(TODAY) == 1


def test_what_a_backup_brings_back_goes_by_age_with_the_same_limit(
    practice: PracticeSettings,
) -> None:
    for _ in range(30):
        factories.consultation_request(state=State.CLOSED, state_since=timezone.now() - 4000 * DAY)
    command("erase_again")
    assert ConsultationRequest.objects.count() == 30
