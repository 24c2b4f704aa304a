import os
import re
import socket
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from practice.encryption import paper
from practice.models import PracticeSettings


class Command(BaseCommand):
    """Prints the keys for paper. Print it, check it with `check_recovery_kit`, keep it locked up.

    It holds keys and nothing else: with a backup it opens every request, without one it opens
    nothing. So it must not lie where the backups do.
    """

    help = "Prints what you need on paper to read a backup on another machine."

    def handle(self, *args: Any, **options: Any) -> None:
        practice = PracticeSettings.objects.first() or PracticeSettings()
        keys = enumerate(settings.FIELD_ENCRYPTION_KEYS, 1)
        sheet = Path(paper.__file__).with_name("recovery_kit.txt").read_text("utf-8")
        words = sheet.format(
            practice=practice.practice_name,
            site=settings.SITE_URL,
            today=f"{timezone.now().astimezone(practice.zone):%Y-%m-%d}",
            keys="\n\n".join("\n".join(paper.lines_of(number, key)) for number, key in keys),
            backups="\n".join(self._backups()),
        )
        self.stdout.write(words)

    def _backups(self) -> list[str]:
        """Where they lie, and what else they need that is not on this sheet, since either alone
        opens nothing.
        """
        for name in ("BACKUP_TO", "BACKUP_RECIPIENT"):
            if not getattr(settings, name):
                return [
                    f"There are no backups yet: {name} isn't set. Once it is, print this again."
                ]
        return [
            "The backups are in",
            *places(),
            "and need another paper, too: the private key of backups, which begins with",
            "AGE-SECRET-KEY-1 and was shown once, when it was made. It goes with",
            settings.BACKUP_RECIPIENT,
        ]


def places() -> list[str]:
    """Where the backups lie, without what opens the store."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    found = [settings.BACKUP_TO]
    if "://" in settings.BACKUP_TO and endpoint:
        found.append(f"at {endpoint}")
    elif "://" not in settings.BACKUP_TO:
        found.append(f"on the server {socket.gethostname()}")
    return [re.sub(r"//[^/@]*@", "//", each).partition("?")[0] for each in found]
