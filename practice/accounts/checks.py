"""Who gets in."""

from django.conf import settings
from django.core.checks import Error, Tags, register

from practice.environment.checking import Messages


@register(Tags.security, deploy=True)
def second_factor_is_required(app_configs: object, **kwargs: object) -> Messages:
    """With a waiver, one guessed or stolen password opens every request on file."""
    if settings.SECOND_FACTOR_REQUIRED:
        return []
    return [
        Error(
            "SECOND_FACTOR_REQUIRED is off, so that a password alone opens the admin.",
            hint="Only DEBUG turns it off.",
            id="practice.E008",
        )
    ]
