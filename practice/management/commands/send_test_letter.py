"""Sends a letter with a code, or takes the code that came in it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from practice import contacts
from practice.mail import proof


class Command(BaseCommand):
    help = (
        "Sends a test letter to ADDRESS; --code CODE, from that letter, proves that mail arrives. "
        "Without either, sends the one that was asked for in the admin."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("address", nargs="?", help="an address at which you can read mail")
        parser.add_argument("--code", help="the code that stands in the letter")

    def handle(self, *args: Any, **options: Any) -> None:
        if code := options["code"]:
            try:
                proof.prove(code)
            except proof.NotProved as error:
                raise CommandError(str(error)) from None
            self.stdout.write("Mail arrives: noted.")
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
            raise CommandError(f"The letter did not leave. {problem}".strip())
        self.stdout.write(f"{sent} test letters sent")
        if address:
            self.stdout.write("When it is there: manage.py send_test_letter --code CODE")
