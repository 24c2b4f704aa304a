"""An address that an app declares private is kept nowhere: no cache, no log, no other site."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver

from practice.http import private
from practice.http.logging import redact
from practice.http.private import Place
from practice.models import PracticeSettings
from practice.pagecache.middleware import is_apart

KEY = "SIGned9-xyzAbcDefGhiJkl_1"
NGINX = Path(settings.BASE_DIR) / "deploy/nginx/common.conf"
# What everybody may read: pages, what they load, and what says how the site is.
PUBLIC = re.compile(
    r"/?(?:articles|documents|mail|media|static|_util|healthz|readyz|metrics|robots|theme|sitemap"
    r"|icon|favicon|apple-touch-icon"
    r"|\.well-known|\^|\(|$)"
)


def test_every_address_is_declared_private_or_known_to_be_public() -> None:
    """A new one fails here, until somebody has thought of who may see it."""
    for pattern in get_resolver().url_patterns:
        start = str(pattern.pattern).lstrip("^")
        inner = getattr(pattern, "url_patterns", []) if not start else [pattern]
        for each in inner:
            path = "/" + str(each.pattern).lstrip("^")
            assert private.place_of(path) or PUBLIC.match(path), path


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place("/workshop/", of_visitors=True, key_at="seat/")
    monkeypatch.setitem(private.places, place.prefix, place)
    return place


def test_what_is_declared_is_kept_by_no_cache_and_told_to_no_other_site(
    declared: Place, practice: PracticeSettings, visitor: Client
) -> None:
    answer = visitor.get("/workshop/seat/gone/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert is_apart("/workshop/")
    assert not is_apart("/workshops/")


def test_the_key_in_what_is_declared_stands_in_no_log(declared: Place) -> None:
    for address in (f"/workshop/seat/{KEY}/", f"/WORKSHOP//seat%2F{KEY}"):
        assert KEY not in redact(f"GET {address} 404")
    assert redact("GET /workshop/about/") == "GET /workshop/about/"


def test_only_the_form_itself_is_for_everybody(practice: PracticeSettings, visitor: Client) -> None:
    assert visitor.get("/consultation/").headers["X-Robots-Tag"] == "all"
    assert visitor.get("/consultation/sent/").headers["X-Robots-Tag"] == "noindex"
    assert visitor.get("/calendar/wrong.ics").headers["X-Robots-Tag"] == "noindex"


def test_what_robots_are_asked_to_leave_alone_is_private(
    practice: PracticeSettings, visitor: Client
) -> None:
    lines = visitor.get("/robots.txt").content.decode().splitlines()
    asked = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow: ")]
    assert asked
    assert all(private.place_of(path) for path in asked)


WITH_KEYS = [place for place in private.places.values() if place.mask]


@pytest.mark.parametrize("place", WITH_KEYS, ids=lambda place: place.prefix)
def test_the_log_of_nginx_masks_the_same_keys(place: Place) -> None:
    """As it is written there; tests/faults/test_proxy.py has nginx itself write one."""
    said = re.findall(r'^    "~\*(.+?)" "\$start\[private\]";$', NGINX.read_text(), re.M)
    patterns = [re.compile(each.replace("(?<start>", "(?P<start>"), re.I) for each in said]
    key = "1a-cx3k2p-0123456789abcdef0123456789abcdef" if place.keys_within else KEY
    below = "password/link/" if place.keys_within else place.key_at
    address = f"{place.prefix}{below}{key}/"
    matches = [match for pattern in patterns if (match := pattern.match(address))]
    assert matches
    assert key not in matches[0]["start"]
    assert KEY not in redact(f"GET {address}")
