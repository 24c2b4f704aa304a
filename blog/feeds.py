from typing import Any

from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.feedgenerator import Atom1Feed
from wagtail.models import Site

from blog.models import ArticlePage
from practice.models import PracticeSettings


class FullTextAtom(Atom1Feed):
    """Atom 1.0 (RFC 4287) whose entries hold the whole essay in `content`."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["content"], {"type": "html"})


class ArticleFeed(Feed):
    feed_type = FullTextAtom

    def get_object(self, request: HttpRequest) -> PracticeSettings:
        self.request = request
        return PracticeSettings.load(request_or_site=request)

    def title(self, practice: PracticeSettings) -> str:
        return practice.practice_name

    def link(self, practice: PracticeSettings) -> str:
        site = Site.find_for_request(self.request)
        return site.root_page.get_full_url(self.request) if site else "/"

    def items(self, practice: PracticeSettings) -> QuerySet[ArticlePage]:
        return ArticlePage.objects.published()[:20]

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
        return item.author.title if item.author else None

    def item_extra_kwargs(self, item: ArticlePage) -> dict[str, Any]:
        body = render_to_string("blog/feed_entry.html", {"page": item}, request=self.request)
        return {"content": body}
