"""Makes pages from drafts, whatever they were read from, and keeps what was edited since."""

import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from html import unescape
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from blog.blocks import ArticleBody
from blog.importers.draft import ArticleDraft, Block
from blog.models import ArticleIndexPage, ArticlePage, BioPage, ImportedPage
from practice.models import SamplePage
from practice.website.initial_data import is_untouched

RESERVED_SLUGS = {"feed", "topics"}  # addresses of their own below the list of articles
EDITORS_KEY = re.compile(r'\s+data-block-key="[^"]*"')

Progress = Callable[[float], None]
Imported = ArticlePage | BioPage


class Action(StrEnum):
    """What an import does about one page."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept as edited"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Result:
    draft: ArticleDraft
    action: Action
    page: Imported | None


def write(
    drafts: Iterable[ArticleDraft],
    *,
    index: ArticleIndexPage,
    publish: bool,
    dry_run: bool = False,
    progress: Progress = lambda done: None,
) -> list[Result]:
    """One page for each draft below `index`, all or none; a bio becomes the articles' author.

    With `publish` the list of articles is published, too, if it still is the draft that `migrate`
    made. With `dry_run` nothing is written, and the results say what would be. `progress` is told
    which part of the work is done, from 0 to 1.

    Raises ValidationError for a draft that makes no valid page.
    """
    keyed = list(with_keys(drafts))
    results: dict[str, Result] = {}
    author: BioPage | None = None
    with transaction.atomic():
        for done, (key, draft) in enumerate(
            sorted(keyed, key=lambda each: each[1].kind == "article"), 1
        ):
            action, page = decide(draft, key, publish)
            if not dry_run:
                page = carry_out(action, draft, key, page, index, author, publish)
            if isinstance(page, BioPage):
                author = author or page
            results[key] = Result(draft, action, page)
            progress(done / len(keyed))
        if publish and not dry_run and is_untouched(index):
            index.save_revision().publish()
    return [results[key] for key, _ in keyed]


def with_keys(drafts: Iterable[ArticleDraft]) -> Iterable[tuple[str, ArticleDraft]]:
    """Each draft with the key by which its page is found again: kind and title."""
    seen: Counter[tuple[str, str]] = Counter()
    for draft in drafts:
        name = (draft.kind, " ".join(draft.title.split()).casefold())
        seen[name] += 1
        yield sha256(json.dumps([*name, seen[name]]).encode()).hexdigest(), draft


def decide(draft: ArticleDraft, key: str, publish: bool) -> tuple[Action, Imported | None]:
    """What is to be done about `draft`, and about which page, in its latest revision."""
    record = ImportedPage.objects.select_related("page").filter(source_key=key).first()
    if record is None:
        return Action.CREATED, empty_bio() if draft.kind == "bio" else None
    public: Imported = record.page.specific
    page: Imported = public.get_latest_revision_as_object()
    current = digest(page)
    if current == digest(fill(type(page)(), draft, key)):
        waits = publish and (not public.live or digest(public) != current)
        return Action.PUBLISHED if waits else Action.UNCHANGED, page
    return Action.UPDATED if current == record.digest else Action.KEPT, page


def empty_bio() -> BioPage | None:
    """The page about the therapist that nobody has written yet, or that is still the sample's."""
    for page in BioPage.objects.order_by("pk"):
        draft: BioPage = page.get_latest_revision_as_object()
        if is_sample(page):
            draft.introduction, draft.portrait = "", None
            return draft
        if not (draft.body or draft.introduction or draft.credential):
            return draft
    return None


def is_sample(page: BioPage) -> bool:
    """Whether `page` is as the sample content made it."""
    return SamplePage.objects.filter(pk=page.pk, revision_id=page.latest_revision_id).exists()


def carry_out(
    action: Action,
    draft: ArticleDraft,
    key: str,
    page: Imported | None,
    index: ArticleIndexPage,
    author: BioPage | None,
    publish: bool,
) -> Imported | None:
    if action in {Action.UNCHANGED, Action.KEPT}:
        return page
    if page is None:
        page = new_page(draft, key, index, author)
    elif action is not Action.PUBLISHED:
        fill(page, draft, key)
    revision = page.save_revision()
    if publish:
        revision.publish()
    ImportedPage.objects.update_or_create(
        page_id=page.pk, defaults={"source_key": key, "digest": digest(page)}
    )
    page.refresh_from_db()
    return page


def new_page(
    draft: ArticleDraft, key: str, index: ArticleIndexPage, author: BioPage | None
) -> Imported:
    """An unpublished page: an article below `index`, a bio beside it."""
    blank = ArticlePage() if draft.kind == "article" else BioPage()
    page: ArticlePage | BioPage = fill(blank, draft, key)
    page.live = False
    slug = slugify(draft.title, allow_unicode=True)
    if not slug or slug in RESERVED_SLUGS:
        page.slug = f"{slug or draft.kind}-{key[:6]}"
    if isinstance(page, ArticlePage):
        page.author = author
        index.add_child(instance=page)
    else:
        index.get_parent().add_child(instance=page)
    return page


def fill(page: Any, draft: ArticleDraft, key: str) -> Any:
    """`page` with what the draft says; what an import does not bring stays as it is."""
    page.title = page.draft_title = draft.title
    if isinstance(page, BioPage):
        page.credential = draft.credential
    else:
        page.summary = draft.summary
    page.body = json.dumps(raw_body(draft.body, key))
    return page


def raw_body(body: list[Block], key: str) -> list[dict[str, Any]]:
    """The blocks as the database keeps them, with ids that depend on the draft alone."""
    blocks = ArticleBody().child_blocks
    return [
        {
            "type": name,
            "value": blocks[name].get_prep_value(blocks[name].to_python(value)),
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{key} {number}")),
        }
        for number, (name, value) in enumerate(body)
    ]


def digest(page: Any) -> str:
    """A fingerprint of what an import brings, whatever the ids and the editor's HTML."""
    extra = page.credential if isinstance(page, BioPage) else page.summary
    content = [page.title, extra, bare(page.body.get_prep_value())]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def bare(value: Any) -> Any:
    """A raw value without ids and without the keys that the editor adds to paragraphs."""
    if isinstance(value, str):
        return unescape(EDITORS_KEY.sub("", value)).replace("\xa0", " ")
    if isinstance(value, list):
        return [bare(part) for part in value]
    if isinstance(value, dict):
        return {name: bare(part) for name, part in value.items() if name != "id"}
    return value
