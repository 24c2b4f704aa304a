import re
from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.feedgenerator import Atom1Feed

from blog.models import ArticlePage
from practice.environment import site_url
from practice.models import PracticeSettings

# What XML 1.0 cannot hold; a word processor leaves some of it in what is pasted.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def printable(text: str) -> str:
    return FORBIDDEN.sub("", text)


class FullTextAtom(Atom1Feed):
    """Atom 1.0 (RFC 4287) whose entries hold the whole essay in `content`."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        item = {k: printable(v) if isinstance(v, str) else v for k, v in item.items()}
        super().add_item_elements(handler, item)
        attributes = {"type": "html", "xml:base": item["link"]}  # for links within the site
        handler.addQuickElement("content", item["content"], attributes)


class ArticleFeed(Feed):
    feed_type = FullTextAtom

    def get_object(self, request: HttpRequest) -> PracticeSettings:
        self.request = request
        self.practice = PracticeSettings.load(request_or_site=request)
        return self.practice

    def title(self, practice: PracticeSettings) -> str:
        return printable(practice.practice_name)

    def link(self, practice: PracticeSettings) -> str:
        return site_url.absolute("/")

    def feed_url(self, practice: PracticeSettings) -> str:
        return site_url.absolute(self.request.path)

    def items(self, practice: PracticeSettings) -> QuerySet[ArticlePage]:
        return ArticlePage.objects.published().select_related("author")[:20]

    def item_title(self, item: ArticlePage) -> str:
        return item.title

    def item_description(self, item: ArticlePage) -> str:
        return item.summary

    def item_link(self, item: ArticlePage) -> str:
        return item.get_full_url(self.request)

    def item_guid(self, item: ArticlePage) -> str:
        return f"urn:uuid:{item.translation_key}"

    def item_pubdate(self, item: ArticlePage) -> Any:
        return item.first_published_at

    def item_updateddate(self, item: ArticlePage) -> Any:
        return item.last_published_at

    def item_author_name(self, item: ArticlePage) -> str | None:
        return (item.author.name if item.author else "") or self.practice.therapist_name

    def item_extra_kwargs(self, item: ArticlePage) -> dict[str, Any]:
        context = {
            "page": item,
            "practice": self.practice,
            "site_address": settings.SITE_URL,
        }
        return {"content": render_to_string("blog/feed_entry.html", context, request=self.request)}
