"""The keys by which personal fields are written."""

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import Error, Tags, register

from practice.environment.checking import IN_ENVIRONMENT, Messages


@register(Tags.security)
def keys_are_fernet_keys(app_configs: object, **kwargs: object) -> Messages:
    """A key that is none would fail only when the first visitor sends a request."""
    faulty = []
    for number, key in enumerate(settings.FIELD_ENCRYPTION_KEYS, 1):
        try:
            Fernet(key)
        except ValueError:
            faulty.append(number)
    return [
        Error(
            f"Key {number} of FIELD_ENCRYPTION_KEYS is no Fernet key "
            "(32 random bytes in urlsafe base64).",
            hint=f"{IN_ENVIRONMENT} Several keys are separated by commas.",
            id="practice.E001",
        )
        for number in faulty
    ]
