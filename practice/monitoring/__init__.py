"""How the site is doing, for /readyz/, /metrics and the therapist's weekly mail.

Each app answers by receivers of two signals, since this one knows none of the others. Nothing
here says anything about a person: there are counts, ages and dates.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.dispatch import Signal

measured = Signal()  # receivers take `now` and give Gauges
reported = Signal()  # receivers take `now` and give Findings


@dataclass(frozen=True)
class Gauge:
    """A number of /metrics. Those of one name differ by their labels."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """A sentence of the weekly mail; with `advice`, something is wrong, and that is what to do."""

    says: str
    advice: str = ""


def gauges(now: datetime) -> list[Gauge]:
    """What can be measured; a receiver that fails is left out, and Django logs that."""
    found: list[Gauge] = []
    for _, answer in measured.send_robust(sender=None, now=now):
        if not isinstance(answer, Exception):
            found += answer
    return found


def findings(now: datetime) -> list[Finding]:
    """What the weekly mail says, of each app in turn; what could not be looked at is one too."""
    found: list[Finding] = []
    for _, answer in reported.send_robust(sender=None, now=now):
        if isinstance(answer, Exception):
            advice = (
                "The person who looks after your server can find the reason in the worker's log."
            )
            found.append(Finding("The site couldn't check one thing.", advice))
        else:
            found += answer
    return found


def counted(number: int, noun: str) -> str:
    """`number` with its noun: "1 letter", "2 letters"."""
    return f"{number:,} {noun}" + "s" * (number != 1)


def split(found: Iterable[Finding]) -> tuple[list[Finding], list[str]]:
    found = list(found)
    return [each for each in found if each.advice], [each.says for each in found if not each.advice]
