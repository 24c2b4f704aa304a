"""Keys change under a site that serves, though the change is killed: nothing is lost.

`make soak` does it with 10,000 requests on file, eight clients and five kills, and prints how
long clients waited before and during it.
"""

import os
import random
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken

from booking.models import ConsultationRequest
from practice.encryption import rotation
from tests import factories
from tests.faults.browser import Browser
from tests.faults.site import PROJECT, LiveSite, Service, wait_until

NOWHERE = "smtp://127.0.0.1:9"
SIZES = [
    pytest.param(1_000, 2, 1, 0.5, id="few"),
    pytest.param(10_000, 8, 5, 15.0, id="many", marks=pytest.mark.soak),
]


@dataclass
class Client:
    """Somebody who sends a request and reads their private page, again and again."""

    url: str
    links: list[str] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def run(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            began = time.monotonic()
            browser = Browser(self.url)
            fields = {"name": "While rotating", "email": f"{uuid.uuid4().hex}@visitor.example"}
            sent = browser.post("/consultation/", fields)
            token = sent.url.partition("?key=")[2]
            if not token:
                self.faults.append(f"{sent.status} for the form: {sent.text[:200]}")
                continue
            page = browser.get(f"/consultation/manage/{token}/")
            if page.status != 200:
                self.faults.append(f"{page.status} for a private page")
            self.links.append(token)
            self.waits.append((began, time.monotonic() - began))

    def between(self, start: float, end: float) -> list[float]:
        return [wait for began, wait in self.waits if start <= began < end]


def fill(count: int) -> None:
    rows = [
        factories.unsaved_request(
            name=f"Visitor {number}",
            email=f"visitor-{number}@visitor.example",
            message="a few lines of a message " * 8,
            private_note="a note",
        )
        for number in range(count)
    ]
    ConsultationRequest.objects.bulk_create(rows, batch_size=500)


def is_under(key: str, pk: int) -> bool:
    [[_, token]] = rotation.raw(ConsultationRequest, ["name"]).filter(pk=pk)
    try:
        Fernet(key).decrypt(token)
    except InvalidToken:
        return False
    return True


def rotate(site: LiveSite, new: str, kills: int, chance: random.Random) -> None:
    """Runs the command to its end, after it was killed so often, each time further on."""
    command = [sys.executable, "manage.py", "rotate_keys"]
    pks = list(ConsultationRequest.objects.exclude(private_note="").values_list("pk", flat=True))
    part = len(pks) // (kills + 1)
    for number in range(kills):
        reached = pks[number * part + chance.randrange(part // 2)]
        service = Service(command, site.env, site.logs / "rotation.log")
        service.start()
        wait_until(
            lambda service=service, reached=reached: is_under(new, reached) or service.has_ended(),
            "the rotation goes on",
        )
        service.kill()
        assert not is_under(new, pks[-1]), "it ended before it was killed"
    subprocess.run(command, cwd=PROJECT, env=site.env, check=True, capture_output=True)


@pytest.mark.parametrize(("count", "clients", "kills", "seconds"), SIZES)
def test_keys_change_while_clients_write_and_read_and_the_change_is_killed(
    count: int,
    clients: int,
    kills: int,
    seconds: float,
    live_site: Callable[..., LiveSite],
    settings: Any,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    chance = random.Random(int(os.environ.get("KILLS_SEED", "7")))
    site = live_site(NOWHERE)
    with site.database():
        fill(count)
    site.env["FIELD_ENCRYPTION_KEYS"] = f"{new},{old}"
    site.collect_static()
    site.start_web()
    stopping = threading.Event()
    people = [Client(site.url) for _ in range(clients)]
    threads = [threading.Thread(target=each.run, args=(stopping,), daemon=True) for each in people]
    for thread in threads:
        thread.start()
    time.sleep(seconds)  # how long they wait while nothing else goes on
    began = time.monotonic()
    with site.database():
        rotate(site, new, kills, chance)
    ended = time.monotonic()
    stopping.set()
    for thread in threads:
        thread.join(60)
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert [fault for each in people for fault in each.faults] == []
    with site.database():
        found = rotation.count([new])
        assert (found.rotated, found.unreadable) == (0, 0)
        links = [link for each in people for link in each.links]
        assert all(ConsultationRequest.objects.by_token(link) for link in links)
        assert ConsultationRequest.objects.count() == count + len(links)
        first = ConsultationRequest.objects.order_by("pk")[:count]
        assert [row.name for row in first] == [f"Visitor {number}" for number in range(count)]
    before = [wait for each in people for wait in each.between(0, began)]
    during = [wait for each in people for wait in each.between(began, ended)]
    figures = (
        f"{count} requests, {found.current} values, {kills} kills, {len(links)} new, "
        f"rotation {ended - began:.0f} s; a post and a read took {statistics.median(before):.3f} s "
        f"before and {statistics.median(during):.3f} s during it"
    )
    if not request.node.get_closest_marker("soak"):
        return
    with capsys.disabled():
        print(f"\n{figures}")
    assert statistics.median(during) < 2 * statistics.median(before)
