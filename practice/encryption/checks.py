"""The keys by which personal fields are written."""

from cryptography.fernet import Fernet
from django.conf import settings

from practice.environment.checking import IN_ENVIRONMENT, Complaints, check


@check("practice.E001", f"{IN_ENVIRONMENT} Several keys are separated by commas.")
def keys_are_fernet_keys() -> Complaints:
    """A key that is none would fail only when the first visitor sends a request."""
    for number, key in enumerate(settings.FIELD_ENCRYPTION_KEYS, 1):
        try:
            Fernet(key)
        except ValueError:
            what = "not a Fernet key (32 random bytes in urlsafe base64)"
            yield f"Key {number} of FIELD_ENCRYPTION_KEYS is {what}."
