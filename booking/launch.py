"""What the checklist in the admin says about the schedule."""

from typing import Any

from django.urls import reverse

from booking.models import Schedule
from practice.launch.checklist import Item
from practice.models import Intake, PracticeSettings


def items(sender: Any, practice: PracticeSettings, **kwargs: Any) -> list[Item]:
    """Receiver of `checklist.asked`: hours that are nobody's own, in a zone to look at."""
    if practice.intake_now != Intake.OPEN:
        return []
    schedule = Schedule.load()
    to_come = schedule.overrides.filter(day__gte=practice.today(), opens__isnull=False)
    clocks = f"Its time zone is {practice.time_zone}."
    if schedule.hours_are_sample:
        says = f"Your schedule still has the sample hours. {clocks}"
    elif not schedule.rules.exists() and not to_come.exists():
        says = f"The form offers open times, but your schedule has no hours yet. {clocks}"
    else:
        return []
    return [Item(says, "Go to the schedule", reverse("schedule:index"))]
