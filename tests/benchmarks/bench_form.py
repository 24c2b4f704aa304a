"""The form: shown, and sent at 16 connections while every commit waits for the disk.

Sent by visitors at once, each from an address of their own, with a message, to gunicorn itself;
once without a time, for which the therapist will suggest one, and once with an open time of the
next three weeks for each, most of which are taken in the end. Whoever was told that their request
is on file must be found there, also after web server and database were killed with kill -9 while
visitors sent.
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.db import connection

from booking.models import ConsultationRequest, State
from tests import factories
from tests.benchmarks import database, ours, visitors
from tests.benchmarks.costs import processor_seconds
from tests.benchmarks.figures import Figure
from tests.benchmarks.rounds import Spread, in_turns
from tests.benchmarks.visitors import ACKNOWLEDGED, FORM, Sent, send
from tests.faults.site import LiveSite, wait_until

ROUNDS, PEOPLE = 5, 200  # in each round
WITH_TIME = 50  # the same, of whom each wants a time of their own
# Requests a second at least, and hoped for, and milliseconds, on PostgreSQL.
BUDGET, BUDGET_WITH_TIME = (150, 300, 150), (110, 150, 200)


def figures() -> list[Figure]:
    ours.fill()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        ours.made(Path(folder) / "site") as site,
    ):
        site.env |= {"BEHIND_PROXY": "true"}
        with site.database():
            times = factories.open_times()
        assert len(times) >= ROUNDS * WITH_TIME, len(times)
        site.start_web()

        return [
            shown(site),
            *sending(site, "sent", lambda number: [None] * PEOPLE, BUDGET),
            *sending(
                site,
                "sent with a time",
                lambda number: times[number::ROUNDS][:WITH_TIME],
                BUDGET_WITH_TIME,
            ),
            killed(site),
        ]


def shown(site: LiveSite) -> Figure:
    measured = in_turns([ours.page(site, FORM, FORM)])[FORM]
    cpu = Spread.of(measured.cpu)
    note = f"{cpu}; {measured.by_the_clock}"
    return Figure("shown: processor time", cpu.middle, "ms", note=note)


def sending(
    site: LiveSite,
    what: str,
    whens: Callable[[int], Iterable[datetime | None]],
    budget: tuple[int, int, int],
) -> list[Figure]:
    """`whens` gives the times that are asked for in a round."""
    send(site, [None] * 64)  # so that it is warm
    rates, cpus, everybody = [], [], []
    for number in range(ROUNDS):
        before, began = processor_seconds(ours.processes(site)), time.perf_counter()
        sent = send(site, whens(number))
        rates.append(len(sent) / (time.perf_counter() - began))
        cpus.append(1000 * (processor_seconds(ours.processes(site)) - before) / len(sent))
        everybody += sent
    print(f"  {what}: {Spread.of(rates)} a second", file=sys.stderr)
    assert {each.status for each in everybody} == {ACKNOWLEDGED}, everybody
    took = statistics.quantiles([each.milliseconds for each in everybody], n=100)
    live = connection.vendor == "postgresql"  # on which a busy practice runs
    rate, cpu = Spread.of(rates), Spread.of(cpus)
    a_second = Figure(f"{what}: a second", rate.middle, "requests", note=str(rate))
    p99 = Figure(f"{what}: 99 in 100 within", took[98], "ms", note=f"p50 {took[49]:.0f} ms")
    if live:
        least, reach, most = budget
        a_second = replace(a_second, least=least, reach=reach, is_target=True)
        p99 = replace(p99, most=most, is_target=True)
    return [
        Figure(f"{what}: processor time", cpu.middle, "ms", note=str(cpu)),
        a_second,
        p99,
        lost(site, f"{what}: acknowledged and not on file", everybody),
    ]


def lost(site: LiveSite, what: str, sent: list[Sent]) -> Figure:
    with site.database():
        on_file = set(visitors.names_on_file())
        assert not ConsultationRequest.objects.filter(state=State.SUSPECTED).exists()
    told = {each.name for each in sent if each.status == ACKNOWLEDGED}
    note = f"of {len(told):,} acknowledged, {len(sent) - len(told)} not"
    return Figure(what, len(told - on_file), "", 0, note, is_target=True)


def killed(site: LiveSite) -> Figure:
    """Everything that serves ends at once while visitors send; what they were told still holds."""
    sent: list[Sent] = []
    sending = threading.Thread(target=lambda: sent.extend(send(site, [None] * PEOPLE)))
    before = _count(site)
    sending.start()
    wait_until(lambda: _count(site) > before + PEOPLE / 10, "some are on file")
    site.web.kill()
    connection.close()
    if database.server:
        database.server.kill()
        database.server.start_again()
    sending.join()
    site.start_web()
    return lost(site, "acknowledged before kill -9 of all, and not on file", sent)


def _count(site: LiveSite) -> int:
    with site.database():
        return ConsultationRequest.objects.count()
