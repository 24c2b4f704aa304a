"""Addresses that the site uses itself: a page that took one would never be seen."""

from collections.abc import Collection

from django.core.exceptions import ValidationError

# What urls.py serves at the top before any page, now or in what is planned.
TOP = "_util account admin calendar consultation documents healthz mail media".split()
TOP += "metrics readyz static".split()


def refuse_reserved(slug: str, reserved: Collection[str] = TOP) -> None:
    """Raises ValidationError, beside the field, for a slug that is one of `reserved`."""
    if slug in reserved:
        message = f'The site uses the web address "{slug}" itself. Choose another.'
        raise ValidationError({"slug": message})
