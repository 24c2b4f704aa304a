"""What every numbered check needs; docs/operator/settings.md explains each.

A room's checks lie in it as `checks.py`. Those that look at what the practice says are run by
`manage.py check --database default`.
"""

from collections.abc import Callable, Iterator

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

IN_ENVIRONMENT = (
    "Change it in /etc/practice/NAME.env and run deploy/install (installed by hand: in .env). "
    "docs/operator/settings.md lists every setting."
)
Messages = list[CheckMessage]
Complaints = Iterator[str]


def check(
    number: str,
    hint: str | None = IN_ENVIRONMENT,
    *,
    tag: str = Tags.security,
    deploy: bool = False,
) -> Callable[[Callable[[], Complaints]], Callable[..., Messages]]:
    """Registers a function that gives complaints: errors where the number has an E, else warnings.

    One of the database's is asked where databases are, and gives nothing while its tables are not
    there: `migrate` asks before it has made them.
    """
    kind = Error if number.startswith("practice.E") else Warning

    def registered(look: Callable[[], Complaints]) -> Callable[..., Messages]:
        def checked(app_configs: object, databases: object = None, **kwargs: object) -> Messages:
            if tag == Tags.database and not databases:
                return []
            try:
                return [kind(complaint, hint=hint, id=number) for complaint in look()]
            except DatabaseError:
                return []

        return register(tag, deploy=deploy)(checked)

    return registered
