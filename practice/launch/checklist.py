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
    "You have no backups. If the server is lost, so is everything on it. Ask the person who looks "
    "after your server to set them up (docs/operator/backups.md)."
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
        says = f"“{page.title}” is published, but has no text on it."
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
        says = "Your home page isn't published, so your site's web address shows nothing yet."
        yield Item(says, "Go to the home page", _edit(home))
    privacy = home.get_children().filter(slug="privacy").first()
    if privacy is None:
        says = (
            "You have no privacy page yet. The site looks for the one whose web address ends in "
            "“privacy.”"
        )
        yield Item(says, "Go to the pages", reverse("wagtailadmin_explore", args=[home.pk]))
    elif not privacy.live:
        says = "Your privacy page isn't published, so visitors can't read what you store."
        yield Item(says, "Go to the privacy page", _edit(privacy))


def _edit(page: Page) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])
