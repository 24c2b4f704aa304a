"""Which business associate agreements are missing, over, or to be renewed."""

from collections.abc import Iterable
from datetime import date, timedelta

from practice.models import Agreement, PracticeSettings

AHEAD = timedelta(days=30)
HIPAA_HOLDS_IN = "US"
NONE_NOTED = "None noted yet for your host, email and backups. Note the ones you don't need, too"


def to_see_to(practice: PracticeSettings) -> list[str]:
    """What needs something done, one line each; all of it where none is noted at all."""
    noted = list(practice.agreements.all())
    if not noted and practice.country == HIPAA_HOLDS_IN:
        return [NONE_NOTED]
    return due(noted, practice.today())


def due(agreements: Iterable[Agreement], today: date) -> list[str]:
    """One line for each that needs something done. Pure."""
    lines = []
    for agreement in agreements:
        end = agreement.ends_on
        if agreement.needed and agreement.signed_on is None:
            lines.append(f"{agreement.service}: not signed yet")
        elif agreement.needed and end and end <= today + AHEAD:
            verb = "was due for renewal" if end < today else "renew"
            lines.append(f"{agreement.service}: {verb} by {end:%B} {end.day}, {end.year}")
    return lines
