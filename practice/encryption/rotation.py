"""Changing the keys of what is encrypted, while the site serves.

Every EncryptedTextField of every model, and the secrets of second factors. A value is replaced
only where it still is what was read, so that nobody's change is lost, and what is under the
first key already is left alone: killed at any moment, it goes on where it was.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Cast

from practice.fields import EncryptedTextField

BATCH = 100  # rows in a transaction: on SQLite, visitors wait for as long as one takes

TELLS_EVERY = 1000
TOKEN = "gAAAA"  # how each Fernet token begins: its version, and four bytes of a time before 2106


@dataclass
class Count:
    """How many values there are: under the first key, brought under it, and under none known."""

    current: int = 0
    rotated: int = 0
    unreadable: int = 0


class Ring:
    """Keys, the first of which encrypts."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.first = Fernet(keys[0])
        self.all = MultiFernet([Fernet(key) for key in keys])
        self.count = Count()

    def under_first(self, token: str) -> str:
        """`token` under the first key, counted; one that no key opens stays as it is."""
        with suppress(InvalidToken):
            self.first.decrypt(token)
            self.count.current += 1
            return token
        with suppress(InvalidToken):
            rotated = self.all.rotate(token.encode()).decode()
            self.count.rotated += 1
            return rotated
        self.count.unreadable += 1
        return token


def encrypted_models() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Each model that encrypts something, with the names of those fields."""
    for model in apps.get_models():
        names = [f.name for f in model._meta.local_fields if isinstance(f, EncryptedTextField)]
        if names:
            yield model, names


def rotate(tell: Callable[[str], None]) -> Count:
    """Brings every value under the first of FIELD_ENCRYPTION_KEYS; `tell` hears of the progress.

    What is written meanwhile by a process that knows the new key is under it already.
    """
    return _walk(Ring(settings.FIELD_ENCRYPTION_KEYS), tell, changes=True)


def count(keys: Sequence[str]) -> Count:
    """What a rotation with `keys` would find, and changes nothing."""
    return _walk(Ring(keys), lambda line: None, changes=False)


def _walk(ring: Ring, tell: Callable[[str], None], *, changes: bool) -> Count:
    for model, names in encrypted_models():
        total, done, last = model._base_manager.count(), 0, 0
        while batch := list(raw(model, names).filter(pk__gt=last).order_by("pk")[:BATCH]):
            _walk_batch(model, names, batch, ring, changes)
            last, done = batch[-1][0], done + len(batch)
            if done % TELLS_EVERY == 0 or done >= total:
                tell(f"{model._meta.verbose_name_plural}: {done} of {max(total, done)}")
    _walk_second_factors(ring, changes)
    return ring.count


def raw(model: type[models.Model], names: list[str]) -> Any:
    """Rows as `(pk, token, ...)`: what the database holds, not what it means."""
    raw = {f"raw_{name}": Cast(name, models.TextField()) for name in names}
    return model._base_manager.annotate(**raw).values_list("pk", *raw)


def _walk_batch(
    model: type[models.Model],
    names: list[str],
    batch: list[tuple[Any, ...]],
    ring: Ring,
    changes: bool,
) -> None:
    found = []
    for pk, *read in batch:
        old = {name: token for name, token in zip(names, read, strict=True) if token}
        new = {name: ring.under_first(token) for name, token in old.items()}
        if new != old:
            found.append((pk, old, {name: new[name] for name in new if new[name] != old[name]}))
    if not found or not changes:
        return
    with transaction.atomic():
        for pk, old, new in found:
            as_read = {f"raw_{name}": old[name] for name in new}
            text = models.TextField()
            tokens = {name: models.Value(token, output_field=text) for name, token in new.items()}
            raw(model, names).filter(pk=pk, **as_read).update(**tokens)


def _walk_second_factors(ring: Ring, changes: bool) -> None:
    for pk in Authenticator.objects.values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if factor is None:
                continue
            data = {key: _secret(value, ring) for key, value in factor.data.items()}
            if data != factor.data and changes:
                Authenticator.objects.filter(pk=pk).update(data=data)


def _secret(value: Any, ring: Ring) -> Any:
    """One entry of a second factor's data; those that are no secret are no tokens."""
    if isinstance(value, list):
        return [_secret(each, ring) for each in value]
    if not isinstance(value, str) or not value.startswith(TOKEN):
        return value
    return ring.under_first(value)
