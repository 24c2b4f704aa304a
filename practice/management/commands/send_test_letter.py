"""Sends a letter with a code, or takes the code that came in it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from practice import contacts
from practice.mail import proof
from practice.monitoring import counted


class Command(BaseCommand):
    help = (
        "Sends a test email to ADDRESS; --code CODE, from that email, proves that it arrived. "
        "Without either, sends the one that was asked for in the admin."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("address", nargs="?", help="an address where you can read email")
        parser.add_argument("--code", help="the code from the email")

    def handle(self, *args: Any, **options: Any) -> None:
        if code := options["code"]:
            try:
                proof.prove(code)
            except proof.NotProved as error:
                raise CommandError(str(error)) from None
            self.stdout.write("Noted: email arrives.")
            return
        if address := options["address"]:
            try:
                address = contacts.email(address)
            except ValidationError as error:
                raise CommandError(error.message) from None
            proof.ask(address)
        sent = proof.send_due()
        if address and not sent:
            problem = getattr(proof.state().letter, "problem", "")
            raise CommandError(f"The email didn't go out. {problem}".strip())
        self.stdout.write(f"{counted(sent, 'test email')} sent")
        if address:
            self.stdout.write("When it arrives: manage.py send_test_letter --code CODE")
