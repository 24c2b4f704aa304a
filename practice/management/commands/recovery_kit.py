import os
import re
import socket
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

    help = "Prints what has to be kept on paper to read a backup on another machine."

    def handle(self, *args: Any, **options: Any) -> None:
        practice = PracticeSettings.objects.first() or PracticeSettings()
        lines = [
            f"RECOVERY KIT of {practice.practice_name}, {settings.SITE_URL}",
            f"Printed on {timezone.now().astimezone(practice.zone):%Y-%m-%d}",
            "",
            "Whoever has this sheet and a backup can read every request on file. Keep it",
            "locked up, apart from the backups, and print it anew whenever a key changes.",
            "",
        ]
        for number, key in enumerate(settings.FIELD_ENCRYPTION_KEYS, 1):
            lines += [*paper.lines_of(number, key), ""]
        lines += [
            *self._backups(),
            "To read a backup on another machine (after deploy/install `manage.py COMMAND` is",
            "`practice main COMMAND`, where main is what the practice is called there):",
            "1. Install this site there (docs/operator.md says how), and stop it.",
            "2. Run `manage.py check_recovery_kit --env` and type the lines above.",
            "3. Put the line that it prints in the place of FIELD_ENCRYPTION_KEYS there, in",
            "   /etc/practice/main.env, or in .env where the site was installed by hand.",
            "4. Run `manage.py restore` and the backup's file, or the folder or s3://... in which",
            "   it lies, and type the private key. It puts the backup back and erases again what",
            "   had been erased.",
            "5. Run `manage.py rotate_keys --check`: it says that all can be read.",
            "6. Start it: /opt/practice/current/deploy/install, where that is there. If you",
            "   cannot get in: `manage.py reset_second_factor` and `manage.py invite`.",
            "",
            "Not on this sheet: SECRET_KEY. Without it everybody signs in anew and private",
            "links that visitors hold lead nowhere; nothing that they wrote is lost.",
        ]
        self.stdout.write("\n".join(lines))

    def _backups(self) -> list[str]:
        """Where they lie, and what else they need that is not on this sheet, since either alone
        opens nothing.
        """
        for name in ("BACKUP_TO", "BACKUP_RECIPIENT"):
            if not getattr(settings, name):
                return [f"No backups are made yet: {name} is not set. When it is, print anew.", ""]
        return [
            "The backups lie in",
            *places(),
            "and need another paper as well: the private key of backups, which begins with",
            "AGE-SECRET-KEY-1 and was shown once when it was made. It fits",
            settings.BACKUP_RECIPIENT,
            "",
        ]


def places() -> list[str]:
    """Where the backups lie, without what opens the store."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    found = [settings.BACKUP_TO]
    if "://" in settings.BACKUP_TO and endpoint:
        found.append(f"at {endpoint}")
    elif "://" not in settings.BACKUP_TO:
        found.append(f"of the server {socket.gethostname()}")
    return [re.sub(r"//[^/@]*@", "//", each).partition("?")[0] for each in found]
