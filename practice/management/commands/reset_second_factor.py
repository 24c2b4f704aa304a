"""For somebody who has lost every passkey, app and recovery code."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from practice.accounts import factors
from practice.models import User
from practice.monitoring import counted


class Command(BaseCommand):
    help = (
        "Remove an account's passkeys, authenticator app and recovery codes, and sign it out "
        "everywhere. Its owner signs in with the password, or with a link from `invite`, and makes "
        "a new passkey. Make sure that it's really the owner who asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"{email} has no account.")
        removed, ended = factors.reset(user)
        self.stdout.write(f"Removed {counted(removed, 'second factor')} of {user.email}.")
        self.stdout.write(f"Signed out {counted(ended, 'device')}.")
