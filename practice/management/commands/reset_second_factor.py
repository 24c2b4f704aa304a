"""For somebody who has lost every passkey, app and recovery code."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from practice.accounts import factors
from practice.models import User


class Command(BaseCommand):
    help = (
        "Remove the passkeys, app and recovery codes of an account and end its sessions. Its "
        "owner signs in with the password, or by a link from `invite`, and makes a new one. "
        "Be sure that it is they who ask."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"{email} has no account.")
        removed, ended = factors.reset(user)
        self.stdout.write(f"Removed {removed} second factors of {user.email}.")
        self.stdout.write(f"Ended {ended} sessions.")
