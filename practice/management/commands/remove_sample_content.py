from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from wagtail.models import Page

from practice import samples
from practice.models import PracticeSettings, User
from practice.website.initial_data import THERAPIST

TREE_OF_MIGRATE = 3  # the depth down to which `migrate` makes pages: the home page and those below


class Command(BaseCommand):
    """What the owner changed is the owner's: it stays, and each line says why.

    The pages that `migrate` made become empty drafts again, all others go.
    """

    help = "Remove the sample content that no one has changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would change.")

    def handle(self, *args: Any, dry_run: bool = False, **options: Any) -> None:
        with transaction.atomic():
            lines = list(remove_pages())
            # Whoever publishes a draft of the sample as it came has made it a page of their own.
            for title in samples.marked_titles():
                lines.append(f"Left the page {title}: you published it. Replace what's in it.")
            for _, others in samples.removed.send(sender=type(self)):
                lines += others or []
            lines += [*reset_settings(), *remove_sign_in()]
            transaction.set_rollback(dry_run)
        for line in lines or ["There's no sample content."]:
            self.stdout.write(line)
        if dry_run:
            self.stdout.write("Nothing was changed: this was a dry run.")


def remove_pages() -> Iterator[str]:
    for remembered in samples.standing_pages().order_by("-page__depth", "page__path"):
        page = remembered.page.specific
        if page.latest_revision_id != remembered.revision_id:
            yield f"Left the page {page.title}: you have a draft of it that isn't published yet."
        elif page.depth <= TREE_OF_MIGRATE:
            remembered.delete()
            yield empty(page)
        elif page.numchild:
            yield f"Left the page {page.title}: there are pages below it."
        else:
            page.delete()
            yield f"Removed the page {page.title}."


def empty(page: Page) -> str:
    """Take the sample's words from a page of the bare tree; returns the line that says so.

    It becomes a draft, as `migrate` made it, unless readers pass it on their way to pages of the
    owner's.
    """
    for field in page._meta.local_fields:
        if not field.primary_key:
            setattr(page, field.name, field.get_default())
    page.search_description = ""
    if page.live and page.get_descendants().live().exists():
        page.save_revision().publish()
        return f"Emptied the page {page.title}: it stays published for the pages below it."
    page.unpublish()
    page.revisions.all().delete()
    page.latest_revision = None
    page.first_published_at = page.last_published_at = None
    page.has_unpublished_changes = False
    page.save()
    return f"Emptied the page {page.title}: it is a draft again."


def reset_settings() -> Iterator[str]:
    practice = PracticeSettings.objects.first()
    if practice is None or not (names := samples.standing_settings(practice)):
        return
    for name in names:
        setattr(practice, name, PracticeSettings._meta.get_field(name).get_default())
    practice.save()
    fields = [str(PracticeSettings._meta.get_field(name).verbose_name) for name in names]
    yield f"Emptied under Settings, Practice: {', '.join(fields)}."


def remove_sign_in() -> Iterator[str]:
    user = samples.sign_in()
    if user is None:
        return
    others = User.objects.filter(is_active=True).exclude(pk=user.pk)
    therapists = Group.objects.filter(name=THERAPIST)
    if others.filter(is_superuser=True).exists() or others.filter(groups__in=therapists).exists():
        user.delete()
        yield f"Removed the sign-in {samples.SIGN_IN}."
    else:
        yield f"Left the sign-in {samples.SIGN_IN}: no one else could sign in."
