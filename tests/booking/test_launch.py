"""What the admin's home asks of the schedule before visitors rely on its times."""

from datetime import timedelta

import pytest

from booking.models import DateOverride, Schedule
from booking.samples import load_hours
from practice.launch import checklist
from practice.models import Intake, PracticeSettings
from tests import factories
from tests.factories import NINE_TO_FIVE

pytestmark = pytest.mark.usefixtures("practice")


def asked() -> list[str]:
    """What is said of the schedule."""
    steps = checklist.items(PracticeSettings.load())
    return [step.says for step in steps if "schedule" in step.link]


def test_no_open_hours_are_named_while_the_form_offers_times_and_so_is_their_zone() -> None:
    factories.practice_settings(time_zone="America/New_York")
    [says] = asked()
    assert "has no hours yet" in says
    assert "America/New_York" in says


def test_hours_that_are_a_sample_are_nobodys_own_until_somebody_saves_them() -> None:
    load_hours()
    [says] = asked()
    assert "the sample hours" in says
    Schedule.objects.update(hours_are_sample=False)
    assert asked() == []


def test_weekly_hours_are_enough_and_so_is_a_single_date_that_is_to_come() -> None:
    factories.schedule(NINE_TO_FIVE)
    assert asked() == []
    schedule = factories.schedule({})
    opens, closes = NINE_TO_FIVE[0][0]
    today = PracticeSettings.load().today()
    date = DateOverride(schedule=schedule, day=today - timedelta(days=1), opens=opens)
    date.closes = closes
    date.save()
    assert len(asked()) == 1
    DateOverride.objects.update(day=today + timedelta(days=3))
    assert asked() == []


@pytest.mark.parametrize("intake", [Intake.WITHOUT_TIMES, Intake.WAITING_LIST, Intake.CLOSED])
def test_a_form_without_times_needs_no_hours(intake: Intake) -> None:
    factories.practice_settings(intake=intake)
    assert asked() == []
