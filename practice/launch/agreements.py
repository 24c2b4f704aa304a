"""Which business associate agreements are missing, over, or to be renewed."""

from collections.abc import Iterable
from datetime import date, timedelta

from practice.models import Agreement, PracticeSettings

AHEAD = timedelta(days=30)
HIPAA_HOLDS_IN = "US"
NONE_NOTED = "None is noted yet for host, mail and backups; note also those that you do not need"


def to_see_to(practice: PracticeSettings) -> list[str]:
    """What needs something done, one line each; all of it where none is noted at all."""
    noted = list(practice.agreements.all())
    if not noted and practice.country == HIPAA_HOLDS_IN:
        return [NONE_NOTED]
    return due(noted, practice.today())


def due(agreements: Iterable[Agreement], today: date) -> list[str]:
    """One line for each that needs something done. Pure."""
    lines = (_due(agreement, today) for agreement in agreements if agreement.needed)
    return [line for line in lines if line]


def _due(agreement: Agreement, today: date) -> str:
    name, end = agreement.service, agreement.ends_on
    if agreement.signed_on is None:
        return f"{name}: not signed yet"
    if end is None or end > today + AHEAD:
        return ""
    day = f"{end:%B} {end.day}, {end.year}"
    return f"{name}: was to be renewed by {day}" if end < today else f"{name}: renew by {day}"
