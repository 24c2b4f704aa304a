"""Fills a scratch database with one of everything, and writes what it holds: see __init__."""

import os
import sys
import tempfile
from pathlib import Path

import django


def fill() -> None:
    """The sample content, people, and a request in each state, one of them erased."""
    from django.contrib.auth.models import Group
    from django.core.management import call_command
    from django.test import override_settings

    from booking import samples
    from booking.erasure import data_requests, erasing
    from booking.models import BusyFeed, Schedule, State
    from booking.services import transitions
    from practice.models import User
    from tests import factories
    from tests.faults.test_everywhere import bring_to

    call_command("migrate", verbosity=0)
    with override_settings(DEBUG=True):
        call_command("load_sample_practice", password="correct horse 7", verbosity=0)
        call_command("load_sample_blog", verbosity=0)
        samples.load_hours()
    factories.user("editor@example.com", Group.objects.get(name="Editor"))
    therapist = User.objects.get(email="therapist@example.com")
    factories.second_factor(therapist)
    requests = [bring_to(state, therapist) for state in State]
    erasing.erase(factories.consultation_request(), by=transitions.Actor.PRACTICE)
    data_requests.erase_person(requests[0].email, user=therapist)
    BusyFeed.objects.create(
        schedule=Schedule.load(), name="Mine", url="https://calendar.example/secret.ics"
    )


def main(version: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/db.sqlite3"
        django.setup()
        from django.apps import apps
        from django.conf import settings
        from django.db import connection
        from django.db.migrations.loader import MigrationLoader

        from tests import releases

        settings.MEDIA_ROOT = Path(folder, "media")
        settings.TOMBSTONES_FILE = Path(folder, "tombstones.txt")
        fill()
        releases.write(apps, version, dict(MigrationLoader(connection).graph.leaf_nodes()))
        connection.close()


main(sys.argv[1])
