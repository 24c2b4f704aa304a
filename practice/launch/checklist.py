"""What stands between the site and its readers, beside what the settings lack (completeness.py).

The admin's home names it under "Before you go live". Other apps answer by receivers of a signal,
since this one knows none of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.dispatch import Signal
from django.urls import reverse
from wagtail.models import Page, Site

from practice.launch.completeness import words
from practice.models import PracticeSettings
from practice.models.pages import written_pages

asked = Signal()  # receivers take `practice` and give Steps
NO_BACKUPS = (
    "No backups are made. Ask whoever runs the server: all that is on it would be lost "
    "with it. docs/operator/backups.md says how they are set up."
)


@dataclass(frozen=True)
class Item:
    """Something to be done, and where in the admin, if it is done there."""

    says: str
    link: str = ""
    url: str = ""


def items(practice: PracticeSettings) -> list[Item]:
    found = list(_unpublished())
    for page in silent_pages():
        says = f"“{page.title}” is published, but there is no text on it."
        found.append(Item(says, "Write it", _edit(page)))
    if not (settings.BACKUP_TO and settings.BACKUP_RECIPIENT):
        found.append(Item(NO_BACKUPS))
    answer: Any  # Django's stubs think of text
    for _, answer in asked.send(sender=None, practice=practice):
        found += answer
    return found


def silent_pages() -> list[Page]:
    """The published pages that show nothing but their title; a list shows at least its articles."""
    bare = [page for page in written_pages() if not getattr(page, "body", True)]
    return [p for p in bare if not words(f"{getattr(p, 'heading', '')}{p.introduction}")]


def _unpublished() -> Iterator[Item]:
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is None:
        return
    home = site.root_page
    if not home.live:
        says = "The home page is not published: the address of your site leads to nothing yet."
        yield Item(says, "Look at the home page", _edit(home))
    privacy = home.get_children().filter(slug="privacy").first()
    if privacy is None:
        says = "There is no privacy page, at whose address (slug) “privacy” stands."
        yield Item(says, "Look at the pages", reverse("wagtailadmin_explore", args=[home.pk]))
    elif not privacy.live:
        says = "The privacy page is not published: visitors cannot read what is kept about them."
        yield Item(says, "Look at the privacy page", _edit(privacy))


def _edit(page: Page) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])
