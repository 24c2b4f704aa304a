"""What every numbered check needs; docs/operator.md explains each.

A room's checks lie in it as `checks.py`. Those that look at what the practice says are run by
`manage.py check --database default`.
"""

from collections.abc import Callable

from django.core.checks import CheckMessage
from django.db import DatabaseError

IN_ENVIRONMENT = "Set it in the environment or in .env; docs/operator.md says how."
Messages = list[CheckMessage]


def readable(lines: Callable[[], list[str]]) -> list[str]:
    """What `lines` gives, or nothing while its tables are not there.

    `migrate` runs these checks before it has made them.
    """
    try:
        return lines()
    except DatabaseError:
        return []
