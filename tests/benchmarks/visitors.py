"""Visitors who send the form, many at once, each with words of their own."""

import http.client
import itertools
import re
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from booking.forms.times import as_value
from booking.models import ConsultationRequest
from tests.benchmarks.load import CONNECTIONS
from tests.faults.browser import Browser
from tests.faults.site import HOST, PATIENCE, LiveSite

FORM = "/consultation/"
ACKNOWLEDGED = 303
_numbers = itertools.count()


@dataclass(frozen=True)
class Sent:
    """Who sent, what was answered (0: nothing was), and after how many milliseconds."""

    name: str
    status: int
    milliseconds: float


def opened(site: LiveSite) -> str:
    """What the form carries hidden to show that it was opened before."""
    found = re.search(r'name="opened" value="([^"]+)"', Browser(site.url).get(FORM).text)
    assert found
    return found[1]


def send(site: LiveSite, whens: Iterable[datetime | None]) -> list[Sent]:
    """One visitor for each of `whens`, the time asked for if any; as many at once as there are
    connections. The site must run BEHIND_PROXY, since they come from many addresses.
    """
    waiting, mark = iter(list(whens)), opened(site)
    answers: list[Sent] = []
    guard = threading.Lock()

    def run() -> None:
        while True:
            with guard:
                try:
                    when = next(waiting)
                except StopIteration:
                    return
            answers.append(_one(site.port, when, mark))

    threads = [threading.Thread(target=run) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _one(port: int, when: datetime | None, mark: str) -> Sent:
    number, key = next(_numbers), str(uuid.uuid4())
    fields = {
        "key": key,
        "opened": mark,
        "name": f"Visitor {key}",
        "email": f"{key}@visitor.example",
        "message": f"A few words of somebody's own, as people write them: {key}",
        "when": as_value(when) if when else "suggest",
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1",
    }
    began = time.perf_counter()
    status = 0
    site = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        site.request("POST", FORM, urlencode(fields), headers)
        answer = site.getresponse()
        answer.read()
        status = answer.status
    except (OSError, http.client.HTTPException):
        pass  # a server that was killed says nothing
    finally:
        site.close()
    return Sent(fields["name"], status, 1000 * (time.perf_counter() - began))


def names_on_file() -> Iterator[str]:
    """Call it within the site's database."""
    return (consultation.name for consultation in ConsultationRequest.objects.iterator())
