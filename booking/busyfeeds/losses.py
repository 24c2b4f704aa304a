"""What of a calendar could not be read, as the therapist is told."""

from collections import Counter
from enum import Enum


class Loss(Enum):
    """One sentence, and one for several. Neither tells what an event is about."""

    TIME = (
        "An event was left out, since its time cannot be read. It keeps nothing busy.",
        "{} events were left out, since their times cannot be read. They keep nothing busy.",
    )
    PART = (
        "An event was read without a part that makes no sense. It may be busy too long or too "
        "often.",
        "{} events were read without a part that makes no sense. They may be busy too long or too "
        "often.",
    )
    END = (
        "An event's end cannot be read. It keeps one hour busy, or its day.",
        "The ends of {} events cannot be read. They keep one hour busy each, or their days.",
    )
    RULE = (
        "A repeating event's rule cannot be read. Only its first time is kept busy.",
        "The rules of {} repeating events cannot be read. Only their first times are kept busy.",
    )
    TOO_OFTEN = (
        "An event repeats too often to be followed. Only its first time is kept busy.",
        "{} events repeat too often to be followed. Only their first times are kept busy.",
    )


def sentences(losses: Counter[Loss]) -> list[str]:
    return [
        loss.value[0] if number == 1 else loss.value[1].format(number)
        for loss, number in losses.items()
    ]
