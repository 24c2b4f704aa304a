"""What stays wrong until somebody sees to it, and is told until then: every week in the mail, and
on the admin's first page.
"""

from datetime import timedelta

from practice.models import PracticeSettings
from practice.monitoring import Finding, counted, updates

LICENSE_AHEAD = timedelta(days=60)  # a renewal by mail takes weeks
NAMED = 8  # packages; the server itself knows all of them


def findings(practice: PracticeSettings) -> list[Finding]:
    found = []
    ends, today = practice.license_expires, practice.today()
    if ends and ends <= today + LICENSE_AHEAD:
        verb = "ended" if ends < today else "ends"
        says = f"Your license {verb} on {ends:%B} {ends.day}, {ends.year}."
        advice = "Renew it, then enter the new date under Settings, Practice."
        found.append(Finding(says, advice))
    if packages := updates.waiting_of_debian():
        more = len(packages) - NAMED
        named = ", ".join(packages[:NAMED]) + (f", and {more} more" if more > 0 else "")
        says = f"Debian couldn't update {counted(len(packages), 'package')}: {named}."
        advice = "Ask the person who looks after your server (docs/operator/updates.md)."
        found.append(Finding(says, advice))
    return found
