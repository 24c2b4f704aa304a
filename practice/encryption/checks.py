"""The keys by which personal fields are written."""

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import Error

from practice.environment.checking import IN_ENVIRONMENT, Complaints, check


@check()
def keys_are_fernet_keys() -> Complaints:
    """A key that is none would fail only when the first visitor sends a request."""
    for number, key in enumerate(settings.FIELD_ENCRYPTION_KEYS, 1):
        try:
            Fernet(key)
        except ValueError:
            yield Error(
                f"Key {number} of FIELD_ENCRYPTION_KEYS is no Fernet key "
                "(32 random bytes in urlsafe base64).",
                hint=f"{IN_ENVIRONMENT} Several keys are separated by commas.",
                id="practice.E001",
            )
