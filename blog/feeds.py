"""The newest essays in full, as Atom."""

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import http_date
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from blog.models import ArticlePage
from practice.environment import site_url
from practice.models import PracticeSettings

# What XML 1.0 cannot hold; a word processor leaves some of it in what is pasted.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class FullTextAtom(Atom1Feed):
    """Atom 1.0 (RFC 4287) whose entries hold the whole essay in `content`."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        item = {k: FORBIDDEN.sub("", v) if isinstance(v, str) else v for k, v in item.items()}
        super().add_item_elements(handler, item)
        attributes = {"type": "html", "xml:base": item["link"]}  # for links within the site
        handler.addQuickElement("content", item["content"], attributes)


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    practice = PracticeSettings.load(request_or_site=request)
    atom = FullTextAtom(
        title=FORBIDDEN.sub("", practice.practice_name),
        link=site_url.absolute("/"),
        description="",
        language=get_language(),
        feed_url=site_url.absolute(request.path),
    )
    for page in ArticlePage.objects.published().select_related("author")[:20]:
        context = {"page": page, "practice": practice, "site_address": settings.SITE_URL}
        atom.add_item(
            title=page.title,
            link=page.get_full_url(request),
            description=page.summary,
            author_name=(page.author.name if page.author else "") or practice.therapist_name,
            unique_id=f"urn:uuid:{page.translation_key}",
            pubdate=page.first_published_at,
            updateddate=page.last_published_at,
            content=render_to_string("blog/feed_entry.html", context, request=request),
        )
    response = HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type)
    response.headers["Last-Modified"] = http_date(atom.latest_post_date().timestamp())
    return response
