"""Fields that say something about a person, and those that are encrypted with our keys."""

from functools import lru_cache
from typing import Any, TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.lookups import Exact

AnyField = TypeVar("AnyField", bound=models.Field)


def personal(field: AnyField, *, typed: bool = False) -> AnyField:
    """Marks what says something about a person, and whether the person typed or chose it.

    That is all there is to do: erasure, the copy of somebody's data, the copy in plain text and
    the form that comes back go by `personal_fields`.
    """
    vars(field).update(is_personal=True, is_typed=typed)
    return field


def personal_fields(model: type[models.Model], *, typed: bool = False) -> list[Any]:
    """The fields of `model` that are marked as personal, or of those the `typed`."""
    mark = "is_typed" if typed else "is_personal"
    return [field for field in model._meta.local_fields if vars(field).get(mark)]


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """The keys in force: the first encrypts, every one decrypts."""
    return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))


class Unreadable(str):
    """Stands for a value whose key is not here; saved again, it keeps what is stored.

    A wrong key must neither take a whole list down nor overwrite what another key could
    still read.
    """

    stored: str

    def __new__(cls, stored: str) -> "Unreadable":
        value = super().__new__(cls, "[unreadable: its key is missing]")
        value.stored = stored
        return value


def reveal(stored: str) -> str:
    """The text that is stored as this; `Unreadable` without its key."""
    try:
        return cipher().decrypt(stored.encode()).decode() if stored else stored
    except InvalidToken:
        return Unreadable(stored)


class EncryptedTextField(models.TextField):
    """Text that the database holds only as a Fernet token; an empty text stays empty.

    It cannot be searched or ordered by. `dumpdata` writes it in the clear.
    """

    description = "Encrypted text"

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if not value:
            return value
        if isinstance(value, Unreadable):
            return value.stored
        return cipher().encrypt(value.encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return reveal(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name not in ("exact", "isnull"):
            raise FieldError(f"An encrypted field cannot be looked up by {lookup_name!r}.")
        return super().get_lookup(lookup_name)


@EncryptedTextField.register_lookup
class IsEmpty(Exact):
    """Only emptiness can be asked for: each encryption of one text is another token."""

    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            raise FieldError('An encrypted field can only be compared with "".')
        return self.rhs
