"""Which addresses are private: each app declares its own in `ready`, and all else goes by that.

What a browser and other sites are told (headers.py), what a log masks (logging.py) and what the
page cache leaves alone. nginx spells them again (deploy/nginx/common.conf): a test compares.
"""

import re
from dataclasses import dataclass
from functools import cached_property

# However an address is misspelled: in other capitals, with slashes twice, as dots or in percents.
START = r"(?:\b|(?<=2[fF]))"
SLASH = r"(?:[/\\]|%(?:25)*(?:2f|5c))(?:[/\\.]|%(?:25)*(?:2[ef]|5c))*"


@dataclass(frozen=True)
class Place:
    """An address, and all below it, that no cache keeps."""

    prefix: str
    of_visitors: bool = False  # other sites and search engines learn nothing of it
    begins_public: bool = False  # but of the page at `prefix` itself, which is for everybody
    key_at: str | None = None  # behind which, below `prefix`, stands what opens it
    keys_within: bool = False  # any long part of it may be what opens it

    @cached_property
    def mask(self) -> re.Pattern[str] | None:
        """What a log must not keep of such an address; it may keep the first group."""
        head = START + SLASH.join(f"{self.prefix}{self.key_at or ''}".strip("/").split("/")) + SLASH
        if self.key_at is not None:
            return re.compile(rf"(?i)({head})[\s\"'?&]*[^\s/\"'?&]+")
        if self.keys_within:
            parts = rf"(?:[a-z0-9_-]+{SLASH})*?"
            long = r"(?=[^\s/\"'?&]*[0-9A-Z])[^\s/\"'?&]{12,}"
            return re.compile(rf"((?i:{head}{parts})){long}")
        return None


ADMIN = "/admin/"  # Wagtail's, at which some of what we do looks
places: dict[str, Place] = {}


def declare(*declared: Place) -> None:
    places.update((place.prefix, place) for place in declared)


def is_admin(path: str) -> bool:
    return path.startswith(ADMIN)


def place_of(path: str) -> Place | None:
    return next((place for place in places.values() if path.startswith(place.prefix)), None)
