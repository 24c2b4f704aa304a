import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from booking.erasure import data_requests
from practice.monitoring import counted


class Command(BaseCommand):
    """The address is asked for, or read from standard input: an argument would stay in the
    shell's history and in the list of processes.
    """

    help = "Writes a copy of everything on file about a person, found by email or phone."

    def handle(self, *args: Any, **options: Any) -> None:
        contact = ask()
        copy = data_requests.export_person(contact)
        self.stdout.write(json.dumps(copy, indent=2, ensure_ascii=False))
        self.stderr.write(f"{counted(len(copy), 'request')}. {said(contact)}")


def said(contact: str) -> str:
    """What was looked for, and what could not be."""
    sentence = f"Looked for {data_requests.read(contact)}."
    if unreadable := data_requests.unreadable():
        sentence += (
            f" {unreadable} can't be read without their key, so there's no telling whose they are."
        )
    return sentence


def ask() -> str:
    """What somebody types, with an address or a number in it. Raises CommandError for none."""
    if sys.stdin.isatty():
        sys.stderr.write("Email address or phone number: ")
        sys.stderr.flush()
    contact = sys.stdin.readline().strip()
    if not contact:
        raise CommandError("Whose data? Type an email address or a phone number.")
    if not data_requests.read(contact):
        raise CommandError(data_requests.NEITHER)
    return contact
