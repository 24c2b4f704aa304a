"""What a page costs with 100,000 requests on file, beside the same with 100.

Those on file are past ones, each with its events, besides forty that are to come; the lists and
one request are asked for by the therapist, signed in.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.contrib.auth.models import Group
from django.urls import reverse

from blog.models import ArticlePage
from booking.models import ConsultationRequest, State
from tests import factories
from tests.benchmarks import bench_site, ours
from tests.benchmarks.figures import Figure
from tests.benchmarks.load import AS_BROWSERS
from tests.benchmarks.rounds import Served, Spread, in_turns, ratios
from tests.faults.site import LiveSite

FEW, MANY = 100, 100_000
CONNECTIONS = 4  # since these pages are asked for by one person, or two
MOST = 1.5  # times the cost with few
WAITING, ALL, ONE, FORM = "list of those that wait", "list of all", "one request", "the form"


def figures() -> list[Figure]:
    ours.fill()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as running:
        pages = [
            page
            for number in (FEW, MANY)
            for page in running.enter_context(started(Path(folder) / f"{number}", number))
        ]
        found = in_turns(sorted(pages, key=lambda page: page.name), rounds=5)
    compared = {
        what: ratios(found[named(what, MANY)].cpu, found[named(what, FEW)].cpu)
        for what in (WAITING, ALL, ONE, FORM)
    }
    return [
        *(
            Figure(
                f"{what}: beside that with {FEW}", it.middle, "times", MOST, str(it), is_target=True
            )
            for what, it in compared.items()
        ),
        *(
            Figure(name, Spread.of(it.cpu).middle, "ms", note=it.by_the_clock)
            for name, it in found.items()
        ),
    ]


def named(what: str, number: int) -> str:
    return f"{what}, {number:,} on file"


@contextmanager
def started(folder: Path, number: int) -> Iterator[list[Served]]:
    with ours.made(folder) as site:
        with site.database():
            bench_site.add_past(ArticlePage.objects.get().pk, number)
            bench_site.add_upcoming()
            upcoming = ConsultationRequest.objects.filter(state=State.PENDING).latest("starts_at")
            cookie = signed_in()
        site.start_web()
        paths = {
            WAITING: reverse("consultations:index"),
            ALL: reverse("consultations:all"),
            ONE: reverse("consultations:detail", args=[upcoming.pk]),
        }
        therapist, visitor = AS_BROWSERS | {"Cookie": cookie}, AS_BROWSERS
        yield [
            *(page(site, named(what, number), path, therapist) for what, path in paths.items()),
            page(site, named(FORM, number), reverse("booking:request"), visitor),
        ]


def page(site: LiveSite, name: str, path: str, headers: Mapping[str, str]) -> Served:
    return ours.page(site, name, path, headers=headers, connections=CONNECTIONS)


def signed_in() -> str:
    """The cookie of a therapist who has shown password and second factor."""
    person = factories.user("therapist@example.com", Group.objects.get(name="Therapist"))
    client = factories.signed_in(person)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
