"""What of a calendar could not be read, as the therapist is told."""

from collections import Counter
from enum import Enum


class Loss(Enum):
    """One sentence, and one for several. Neither tells what an event is about."""

    TIME = (
        "This site can't read when one event is. Visitors may be offered that time.",
        "This site can't read when {} events are. Visitors may be offered those times.",
    )
    PART = (
        "This site can read only part of one event. It may keep the wrong times busy.",
        "This site can read only part of {} events. They may keep the wrong times busy.",
    )
    END = (
        "This site can't read when one event ends. It keeps one hour busy, or the whole day.",
        "This site can't read when {} events end. Each keeps one hour busy, or the whole day.",
    )
    RULE = (
        "This site can't read how one event repeats. Only its first time is kept busy.",
        "This site can't read how {} events repeat. Only their first times are kept busy.",
    )
    TOO_OFTEN = (
        "One event repeats too often for this site. Only its first time is kept busy.",
        "{} events repeat too often for this site. Only their first times are kept busy.",
    )


def sentences(losses: Counter[Loss]) -> list[str]:
    return [
        loss.value[0] if number == 1 else loss.value[1].format(number)
        for loss, number in losses.items()
    ]
