from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from blog.models import ArticleIndexPage, ArticlePage, BioPage, Topic
from blog.samples import CONTENT
from blog.samples.essays import Essay, essays
from blog.samples.picture import DESCRIPTION, sample_picture
from practice import samples
from practice.website.initial_data import is_untouched


class Command(BaseCommand):
    """Fills what nobody has touched yet, so that a second run, or one on a real site, is safe."""

    help = "Publish three sample essays, the list of articles and a bio, marked as sample."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        index, author = ArticleIndexPage.objects.first(), BioPage.objects.first()
        if author and is_untouched(author):
            samples.fill(author, CONTENT["bio"])
            samples.publish(author)
        if index and is_untouched(index):
            samples.fill(index, CONTENT["index"])
            samples.publish(index)
            for essay in essays():
                add(essay, index, author)


def add(essay: Essay, index: ArticleIndexPage, author: BioPage | None) -> None:
    page = ArticlePage(
        title=essay.title, slug=essay.slug, summary=essay.summary, author=author, live=False
    )
    blocks = [("text", samples.MARK_LINE), *essay.body]
    if essay.picture_below:
        picture = {"image": sample_picture().pk, "alt_text": DESCRIPTION, "decorative": False}
        blocks.insert(blocks.index(("heading", essay.picture_below)) + 1, ("picture", picture))
    page.body = samples.body(page, blocks)
    index.add_child(instance=page)
    page.topics.set(
        Topic.objects.get_or_create(name=name, defaults={"description": CONTENT["topics"][name]})[0]
        for name in essay.topics
    )
    samples.publish(page)
