"""What stays wrong until somebody sees to it, and is told until then: every week in the mail, and
on the admin's first page.
"""

from datetime import date, timedelta

from practice.models import PracticeSettings
from practice.monitoring import Finding, counted, updates

LICENSE_AHEAD = timedelta(days=60)  # a renewal by mail takes weeks
NAMED = 8  # packages; the server itself knows all of them


def findings(practice: PracticeSettings) -> list[Finding]:
    return [
        *of_license(practice.license_expires, practice.today()),
        *of_debian(updates.waiting_of_debian()),
    ]


def of_license(ends: date | None, today: date) -> list[Finding]:
    """Pure."""
    if ends is None or ends > today + LICENSE_AHEAD:
        return []
    verb = "ended" if ends < today else "ends"
    return [
        Finding(
            f"Your license {verb} on {ends:%B} {ends.day}, {ends.year}.",
            "Renew it, then write the new date under Settings, Practice.",
        )
    ]


def of_debian(packages: list[str]) -> list[Finding]:
    """Pure."""
    if not packages:
        return []
    named, more = ", ".join(packages[:NAMED]), len(packages) - NAMED
    rest = f", and {more} more" if more > 0 else ""
    return [
        Finding(
            f"Debian could not update {counted(len(packages), 'package')}: {named}{rest}.",
            'Ask the person who runs your server (docs/operator.md, "Updating").',
        )
    ]
