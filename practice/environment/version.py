"""Which version of the project runs."""

import tomllib
from functools import cache

from django.conf import settings


@cache
def current() -> str:
    """As pyproject.toml has it, which goes with the code."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
