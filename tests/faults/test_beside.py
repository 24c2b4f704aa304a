"""An update migrates while the version before still serves: its form and its worker go on beside
the new ones on the new schema, on a database that it had filled with a request in every state.

    make soak ARGS="tests/faults/test_beside.py"
    BEFORE="<commit> ..." make soak-postgres ARGS="tests/faults/test_beside.py"
"""

import os
import subprocess
import sys
import tarfile
import threading
from collections import Counter
from pathlib import Path

import pytest

from booking.models import ConsultationRequest, OutgoingEmail, SlotClaim
from practice.models import PracticeSettings
from tests import factories
from tests.benchmarks.visitors import ACKNOWLEDGED, Sent, send
from tests.conftest import missing_part
from tests.databases import address_of, empty_database
from tests.faults.browser import Browser
from tests.faults.mailserver import MailServer
from tests.faults.site import PROJECT, LiveSite

RELEASE_0_1_0, BEFORE_THE_ROOMS = "bc96500", "cd5311f"
VERSIONS = os.environ.get("BEFORE", f"{RELEASE_0_1_0} {BEFORE_THE_ROOMS}").split()
PEOPLE = 10  # at each form, with a time and without one
# The version's own way to fill a database, which its releases are written by.
FILL = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
source = open("tests/releases/__main__.py").read().replace("main(sys.argv[1])", "")
exec(compile(source, "fill", "exec"))
fill()
"""
Reservation = tuple[int, int]  # request and cell


@pytest.mark.soak
@pytest.mark.django_db
@pytest.mark.parametrize("version", VERSIONS)
def test_the_version_before_serves_beside_this_one_on_its_own_filled_database(
    version: str, tmp_path: Path, mail_server: MailServer
) -> None:
    before = code_of(version, tmp_path / "before")
    for name in ("old", "new"):
        (tmp_path / name / "data").mkdir(parents=True)
    with empty_database(tmp_path) as database:
        run([sys.executable, "-c", FILL], before, {"DATABASE_URL": address_of(database)})
        settings = {"BEHIND_PROXY": "true"}
        old, new = (
            LiveSite(
                tmp_path / name,
                database,
                mail_server.url,
                debug=False,
                settings=settings | {"STATIC_ROOT": str(tmp_path / name / "static")},
                project=project,
            )
            for name, project in (("old", before), ("new", PROJECT))
        )
        run([sys.executable, "manage.py", "migrate", "--verbosity=0"], PROJECT, new.env)
        for site, project in ((old, before), (new, PROJECT)):
            collect = ["manage.py", "collectstatic", "--no-input", "--verbosity=0"]
            run([sys.executable, *collect], project, site.env)
        try:
            serve_together(old, new, mail_server)
        finally:
            print(old.log()[-3_000:], new.log()[-3_000:])
            old.kill()
            new.kill()
        assert "Traceback" not in old.log() + new.log()


def serve_together(old: LiveSite, new: LiveSite, mail_server: MailServer) -> None:
    with new.database():
        PracticeSettings.objects.update(has_taken_request=True)
        reserved, filled = reservations(), ConsultationRequest.objects.count()
        owed = set(OutgoingEmail.objects.filter(sent_at=None).values_list("key", flat=True))
        times = factories.open_times()
    assert reserved
    assert owed
    old.start_web()
    new.start_web()
    sent = at_both(old, new, times[: 4 * PEOPLE : 2])
    assert Counter(each.status for each in sent) == {ACKNOWLEDGED: 4 * PEOPLE}
    with new.database():
        names = Counter(each.name for each in ConsultationRequest.objects.all())
        assert names & Counter(each.name for each in sent) == Counter(each.name for each in sent)
        assert ConsultationRequest.objects.count() == filled + 4 * PEOPLE
        mine = ConsultationRequest.objects.filter(starts_at__in=times[: 4 * PEOPLE : 2])
        assert mine.count() == 2 * PEOPLE, "each has the time that was asked for"
        assert reserved < reservations()
        pages = [each.get_absolute_url() for each in ConsultationRequest.objects.shown()]
    for site in (old, new):
        assert {Browser(site.url).get(page).status for page in pages} == {200}
        site.worker.start()
    with new.database():
        new.wait_for_mail()
        gone = reserved - reservations()
        assert not old.worker.has_ended(), old.log()
    assert not gone
    came = Counter(delivery.key for delivery in mail_server.accepted)
    assert owed <= {key for key in owed if came[str(key)]}
    assert set(came.values()) == {1}
    visitors = {each.name.removeprefix("Visitor ") for each in sent}
    written_to = {to.partition("@")[0] for each in mail_server.accepted for to in each.to}
    assert visitors <= written_to


def at_both(old: LiveSite, new: LiveSite, times: list[object]) -> list[Sent]:
    """Visitors at both forms at once, half of them with a time of their own."""
    sent: list[Sent] = []
    shares = ((old, times[::2]), (new, times[1::2]))
    threads = [
        threading.Thread(
            target=lambda site=site, share=share: sent.extend(
                send(site, [*share, *[None] * PEOPLE])
            )
        )
        for site, share in shares
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent


def reservations() -> set[Reservation]:
    return set(SlotClaim.objects.values_list("request_id", "cell"))


def code_of(version: str, folder: Path) -> Path:
    """The code of a commit, laid into `folder`."""
    folder.mkdir()
    archive = folder.with_suffix(".tar")
    found = subprocess.run(
        ["git", "archive", "--output", str(archive), version], cwd=PROJECT, capture_output=True
    )
    if found.returncode:
        missing_part(f"The commit {version} is not in this clone's history.")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


def run(command: list[str], project: Path, env: dict[str, str]) -> None:
    subprocess.run(command, cwd=project, env=os.environ | env, check=True)
