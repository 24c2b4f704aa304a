"""The first account, and every other that is not made in the admin."""

from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from practice import contacts
from practice.accounts.letters import one_time_link
from practice.models import User
from practice.website.initial_data import THERAPIST


class Command(BaseCommand):
    help = (
        "Make an account, or find it, and print a one-time link with which its owner chooses a "
        "passkey or a password. The link is good for a day."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--group", help="Therapist or Editor; a new account needs one")
        parser.add_argument("--superuser", action="store_true", help="allow everything")

    def handle(
        self, *args: Any, email: str, group: str | None, superuser: bool, **options: Any
    ) -> None:
        try:
            email = contacts.email(email)
        except ValidationError as error:
            raise CommandError(f'"{email}" isn\'t an email address.') from error
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            user = self.make(email, group, superuser)
        elif group or superuser:
            raise CommandError(f"{user.email} already has an account. Change it in the admin.")
        elif not user.is_active:
            raise CommandError(f"{user.email}'s account is closed.")
        self.stdout.write(
            "This link works once, and only for a day. Send it to its owner and no one else:"
        )
        self.stdout.write(one_time_link(user))

    def make(self, email: str, name: str | None, superuser: bool) -> User:
        group = Group.objects.filter(name=name).first() if name else None
        if name and group is None:
            raise CommandError(f'There is no group "{name}".')
        if group is None and not superuser:
            raise CommandError(f"Say what they may do: --group {THERAPIST} or --superuser.")
        user = User.objects.create_user(email, None, is_superuser=superuser, is_staff=superuser)
        if group:
            user.groups.add(group)
        self.stdout.write(f"Made an account for {user.email}.")
        return user
