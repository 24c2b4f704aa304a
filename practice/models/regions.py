"""Where the therapist is licensed."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError


@dataclass(frozen=True)
class Region:
    code: str
    name: str


def parse_regions(text: str) -> list[Region]:
    """One region for each line, "CA California".

    Raises ValueError for a line without a name, and for a code that comes twice.
    """
    regions: dict[str, Region] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        code, _, name = line.partition(" ")
        if not name or len(code) > 8 or not code.isalnum():
            raise ValueError(f'"{line}" needs a short code, a space and a name: CA California')
        code = code.upper()
        if code in regions:
            raise ValueError(f"{code} is here twice.")
        regions[code] = Region(code, name.strip())
    return list(regions.values())


def validate_regions(text: str) -> None:
    try:
        if not parse_regions(text):
            raise ValueError("Enter at least one place.")
    except ValueError as error:
        raise ValidationError(str(error)) from error
