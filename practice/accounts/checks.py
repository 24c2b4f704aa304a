"""Who gets in."""

from django.conf import settings

from practice.environment.checking import Complaints, check


@check("practice.E008", "DEBUG is what turns it off. Take DEBUG out of the settings.", deploy=True)
def second_factor_is_required() -> Complaints:
    """With a waiver, one guessed or stolen password opens every request on file."""
    if not settings.SECOND_FACTOR_REQUIRED:
        yield "SECOND_FACTOR_REQUIRED is off, so a password alone opens the admin."
