from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone
from wagtail.models import Page

from practice import samples
from practice.models import HomePage, PracticeSettings, StandardPage, User
from practice.website.initial_data import THERAPIST, is_untouched


class Command(BaseCommand):
    """Fills what nobody has touched yet, so that a second run, or one on a real site, is safe."""

    help = "Fill empty settings and empty pages with sample content, marked as such."

    def add_arguments(self, parser: CommandParser) -> None:
        kind = parser.add_mutually_exclusive_group()
        kind.add_argument(
            "--drafts",
            action="store_true",
            help="Fill only the empty pages, and publish none: for a site of your own.",
        )
        kind.add_argument(
            "--password", help=f"Also make the sign-in {samples.SIGN_IN} with this password."
        )

    @transaction.atomic
    def handle(
        self, *args: Any, password: str | None = None, drafts: bool = False, **options: Any
    ) -> None:
        if drafts:
            fill_pages(PracticeSettings.load(), samples.keep_draft)
        else:
            practice = PracticeSettings.load()
            for name, value in samples.SETTINGS.items():
                if getattr(practice, name) == PracticeSettings._meta.get_field(name).get_default():
                    setattr(practice, name, value)
            practice.save()
            fill_pages(practice, samples.publish)
        if password and not samples.sign_in():
            user = User.objects.create_user(
                samples.SIGN_IN, password, first_name="Sample", last_name="Therapist"
            )
            user.groups.add(Group.objects.get(name=THERAPIST))


def fill_pages(practice: PracticeSettings, keep: Callable[[Page], object]) -> None:
    """Hands each page of the bare tree that is untouched to `keep`, with the sample's text."""
    home = HomePage.objects.first()
    if home is None:
        return
    texts = samples.page_texts(timezone.localdate(timezone=practice.zone))
    for page in [home, *StandardPage.objects.child_of(home).filter(slug__in=texts)]:
        if is_untouched(page):
            samples.fill(page, texts[page.slug])
            keep(page)
