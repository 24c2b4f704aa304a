"""The sample practice's weekly hours."""

from datetime import time
from typing import Any

from django.db import transaction

from booking.models import AvailabilityRule, Schedule, Weekday

DAYS = (Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY)
WINDOWS = ((time(9), time(12)), (time(13), time(17)))


@transaction.atomic
def load_hours(**kwargs: Any) -> None:
    """Receiver of `practice.samples.loaded`: gives the schedule the sample's hours, unless it has
    any, and marks them as such.
    """
    schedule = Schedule.load().lock()
    if schedule.rules.exists():
        return
    AvailabilityRule.objects.bulk_create(
        AvailabilityRule(schedule=schedule, weekday=day, opens=opens, closes=closes)
        for day in DAYS
        for opens, closes in WINDOWS
    )
    schedule.hours_are_sample = True
    schedule.save(update_fields=["hours_are_sample"])


def remove_hours(sender: Any, **kwargs: Any) -> list[str]:
    """Receiver of `practice.samples.removed`: hours that nobody has saved since go."""
    schedule = Schedule.objects.filter(hours_are_sample=True).first()
    if schedule is None:
        return []
    schedule.rules.all().delete()
    schedule.hours_are_sample = False
    schedule.save(update_fields=["hours_are_sample"])
    return ["Removed the weekly hours: visitors see no times until you enter yours."]
