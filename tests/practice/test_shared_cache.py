"""The cache that several servers share: a real one, and while it is away."""

import contextlib
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.test import Client
from wagtail.models import Site

from blog.models import ArticlePage
from practice.environment import shared_cache
from tests.faults.keyvalue import KeyValueServer
from tests.faults.site import HOST, PROJECT


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KeyValueServer]:
    server = KeyValueServer(tmp_path, HOST)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def shared(server: KeyValueServer, settings: Any) -> KeyValueServer:
    settings.CACHES = {
        "default": {
            "BACKEND": "practice.environment.shared_cache.SharedCache",
            "LOCATION": server.url,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }
    return server


def shell(words: str, env: dict[str, str]) -> str:
    """What a process of its own prints."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", words]
    done = subprocess.run(
        command, cwd=PROJECT, env=os.environ | env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def use() -> list[Any]:
    """What each of a cache's acts says."""
    cache.set("one", [1, "two"])
    cache.set_many({"two": 2, "three": [3]})
    return [
        cache.get("one", "nothing"),
        cache.get_many(["two", "three"]),
        cache.has_key("one"),
        cache.add("four", 4),
        cache.add("four", 5),
        cache.touch("one", 60),
        cache.delete("one"),
        cache.delete_many(["two"]),
        cache.get("one", "nothing"),
    ]


def test_a_site_reads_nothing_that_another_or_its_former_address_left(
    server: KeyValueServer, tmp_path: Path
) -> None:
    """Wagtail keeps the site's addresses there for an hour."""
    words = "from django.core.cache import cache; print(cache.get('at')); cache.set('at', 1)"
    env = {"DJANGO_SETTINGS_MODULE": "practice.settings", "DATA_DIR": str(tmp_path)}
    said = [
        shell(words, {**env, "CACHE_URL": server.url, "SITE_URL": f"https://{name}.example"})
        for name in ("old", "new", "old")
    ]
    assert said == ["None", "None", "1"]


def test_it_keeps_what_it_is_given(shared: KeyValueServer) -> None:
    assert use() == [
        [1, "two"],
        {"two": 2, "three": [3]},
        True,
        True,
        False,
        True,
        True,
        None,
        "nothing",
    ]


def test_while_it_is_away_it_is_empty_and_nobody_waits_for_it(
    shared: KeyValueServer, caplog: pytest.LogCaptureFixture
) -> None:
    shared.stop()
    with caplog.at_level(logging.WARNING):
        assert use() == ["nothing", {}, False, True, True, False, False, None, "nothing"]
    assert len(caplog.messages) == 1, "it was asked once, and then left alone for a while"


class Planted:
    """Unpickled, it leaves a file in the folder it was made for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.folder / "ran"),))


def test_what_is_planted_there_runs_nothing_and_counts_as_none(
    shared: KeyValueServer, site: Site, tmp_path: Path
) -> None:
    wanted = Site.get_site_root_paths()
    with contextlib.closing(redis.Redis.from_url(shared.url)) as planter:
        keys = planter.keys()
        assert keys
        for key in keys:
            planter.set(key, pickle.dumps(Planted(tmp_path)))
    assert Site.get_site_root_paths() == wanted
    assert not (tmp_path / "ran").exists()


def test_what_wagtail_leaves_there_comes_back_as_it_was(
    shared: KeyValueServer, as_therapist: Client, article: ArticlePage, site: Site
) -> None:
    asked = [Site.get_site_root_paths() for _ in range(2)]
    assert asked[0] == asked[1]
    assert asked[1][0].root_path == site.root_page.url_path
    for address in (article.url, "/admin/", "/admin/pages/", "/admin/images/", "/admin/redirects/"):
        for _ in range(2):
            assert as_therapist.get(address, follow=True).status_code == 200, address


def test_pictures_are_not_kept_there(server: KeyValueServer, tmp_path: Path) -> None:
    """Wagtail keeps models of them, which JSON does not hold."""
    words = "from wagtail.images import get_image_model as m; print("
    words += "type(m().get_rendition_model().cache_backend).__name__)"
    env = {"DJANGO_SETTINGS_MODULE": "practice.settings", "DATA_DIR": str(tmp_path)}
    assert shell(words, {**env, "CACHE_URL": server.url}) == "LocMemCache"


def test_when_it_is_back_it_is_asked_again(
    shared: KeyValueServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_cache, "LEAVES_ALONE_FOR", 0)
    shared.stop()
    assert cache.get("one", "nothing") == "nothing"
    shared.start()
    cache.set("one", 1)
    assert cache.get("one") == 1


def test_readers_read_on_while_it_is_away(
    shared: KeyValueServer, visitor: Client, article: ArticlePage
) -> None:
    assert visitor.get(article.url).status_code == 200
    shared.stop()
    assert article.title in visitor.get(article.url).content.decode()


def test_a_socket_is_asked_under_the_very_name_that_it_has() -> None:
    """Valkey speaks as Redis does, so only the scheme is changed."""
    shown = subprocess.run(
        [sys.executable, "-c", "from practice.settings import CACHES as c; print(c['default'])"],
        cwd=PROJECT,
        env=os.environ | {"CACHE_URL": "unix:///run/valkey/valkey.sock", "SECRET_KEY": "for tests"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "'unix:///run/valkey/valkey.sock'" in shown.stdout, shown.stderr
