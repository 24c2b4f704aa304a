"""Sample content: how it is published, remembered and known again.

What the sample says lies in `pages.json` here and in `blog/samples/`.
"""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.db.models import F, Q, QuerySet
from django.dispatch import Signal
from wagtail.models import Page, Revision

from practice.models import PracticeSettings, SamplePage, User
from practice.models.pages import written_pages

MARK = "Sample text: replace it with your own."
MARK_LINE = f"<p><i>{MARK}</i></p>"
SUFFIX = "(sample)"  # of a fact
SIGN_IN = "therapist@example.com"

# Each value is one that nobody would choose: who is an LMFT must not be told that this is sample.
SETTINGS: dict[str, str] = {
    "practice_name": "Sample Practice",
    "therapist_name": "Sample Therapist",
    "credential": "LMFT (sample)",
    "license_number": "000000 (sample)",
    "telephone": "(415) 555-0100",
    "email": SIGN_IN,
    "for_whom": "Couples, individuals, and teens (sample)",
    "fee": "$150 (sample)",
    "insurance": (
        "Sample: I don't bill insurance. Each month I'll give you a superbill, a receipt you can "
        "send in yourself."
    ),
    "sliding_scale": "Sample: I hold a few spots at a lower fee. Just ask.",
}

# Sent after the sample's settings and pages were loaded, so that each app adds its own.
loaded = Signal()

# Sent after the sample's pages are gone, so that each app takes away what else it brought.
# A receiver returns one line for each thing that it removed or kept.
removed = Signal()


def page_texts(today: date) -> dict[str, dict[str, Any]]:
    """What each page of the bare tree is filled with, by its slug."""
    text = Path(__file__).with_name("pages.json").read_text("utf-8")
    day = f"{today:%B} {today.day}, {today.year}"
    texts: dict[str, dict[str, Any]] = json.loads(text.replace("{today}", day))
    return texts


def fill(page: Page, fields: dict[str, Any]) -> None:
    """Give `page` the sample's texts, and below its introduction a line that says what they are."""
    for name, value in fields.items():
        setattr(page, name, body(page, value) if name == "body" else value)
    page.introduction += MARK_LINE


def body(page: Page, blocks: Iterable[Iterable[Any]]) -> list[tuple[str, Any]]:
    """The body of `page` from kinds of blocks and their values as they are stored: what a value
    leaves out, such as the words on a button, is the block's default.
    """
    kinds = page.body.stream_block.child_blocks
    return [(kind, kinds[kind].to_python(value)) for kind, value in blocks]


def publish(page: Page) -> None:
    """Publish `page`, which is in the tree, and remember how it looked then."""
    keep_draft(page).publish()


def keep_draft(page: Page) -> Revision:
    """Make a draft of `page`, which is in the tree, and remember how it looked then."""
    revision = page.save_revision()
    SamplePage.objects.update_or_create(page_id=page.pk, defaults={"revision_id": revision.pk})
    return revision


def standing_pages() -> QuerySet[SamplePage]:
    """The pages that still are, or still show readers, what the sample wrote."""
    return SamplePage.objects.filter(
        Q(page__latest_revision_id=F("revision_id")) | Q(page__live_revision_id=F("revision_id"))
    ).select_related("page")


def marked_titles() -> list[str]:
    """The titles of the published pages that still say that they are a sample, though somebody's
    own revision of them is what readers see.
    """
    known = set(standing_pages().values_list("page_id", flat=True))
    return [
        page.title for page in written_pages() if MARK in page.introduction and page.pk not in known
    ]


def standing_settings(practice: PracticeSettings) -> list[str]:
    """Names of the fields whose value still is the sample's, or that of an earlier one."""
    now = {name: str(getattr(practice, name)) for name in SETTINGS}
    return [name for name in now if now[name] == SETTINGS[name] or now[name].startswith("Sample: ")]


def sign_in() -> User | None:
    user: User | None = User.objects.filter(email=SIGN_IN).first()
    return user


def standing() -> list[str]:
    """What of the sample is left, one short line for each kind."""
    practice = PracticeSettings.objects.first() or PracticeSettings()
    lines = []
    if titles := [*standing_pages().values_list("page__title", flat=True), *marked_titles()]:
        lines.append(f"Pages: {', '.join(titles)}")
    if names := standing_settings(practice):
        fields = [str(PracticeSettings._meta.get_field(name).verbose_name) for name in names]
        lines.append(f"Settings, Practice: {', '.join(fields)}")
    if sign_in():
        lines.append(f"The sign-in {SIGN_IN}")
    return lines
