from types import ModuleType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from blog.samples import INDEX_INTRODUCTION, TOPICS, bio, boundaries, friction, pushing_away
from blog.samples.picture import DESCRIPTION, sample_picture
from practice import samples
from practice.website.initial_data import is_untouched

ESSAYS = (boundaries, friction, pushing_away)  # the last one is the newest


class Command(BaseCommand):
    """Fills what nobody has touched yet, so that a second run, or one on a real site, is safe."""

    help = "Publish three sample essays, the list of articles and a bio, marked as sample."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        index, author = ArticleIndexPage.objects.first(), BioPage.objects.first()
        if author and is_untouched(author):
            author.credential = bio.CREDENTIAL
            author.introduction = bio.INTRODUCTION
            author.body = bio.BODY
            samples.publish(author)
        if index and is_untouched(index):
            index.introduction = INDEX_INTRODUCTION
            samples.publish(index)
            for essay in ESSAYS:
                add(essay, index, author)


def add(essay: ModuleType, index: ArticleIndexPage, author: BioPage | None) -> None:
    page = ArticlePage(
        title=essay.TITLE,
        slug=essay.SLUG,
        summary=essay.SUMMARY,
        author=author,
        body=[("text", f"<p><i>{samples.MARK}</i></p>"), *map(with_picture, essay.BODY)],
        live=False,
    )
    index.add_child(instance=page)
    page.topics.set(
        Topic.objects.get_or_create(name=name, defaults={"description": TOPICS[name]})[0]
        for name in essay.TOPICS
    )
    samples.publish(page)


def with_picture(block: tuple[str, Any]) -> tuple[str, Any]:
    """`block`, or the sample's picture where the essay wants one."""
    if block[0] != "picture":
        return block
    return "picture", {"image": sample_picture(), "alt_text": DESCRIPTION, "decorative": False}
