"""What pages show of the articles: the latest ones, and data for search engines."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django import template
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from wagtail.models import Page

from blog import reading
from blog.importers.draft import first_sentences
from blog.models import ArticlePage, BioPage, Topic
from practice.models import PracticeSettings, SiteImage
from practice.pagecache.version import cached_each
from practice.templatetags.practice_tags import beside, json_ld

register = template.Library()

WRITTEN = ("search_description", "summary", "description")


@register.simple_tag
def latest_articles(count: int) -> QuerySet[ArticlePage]:
    return ArticlePage.objects.listed()[:count]


@register.simple_tag
def further_articles(page: ArticlePage, count: int) -> list[ArticlePage]:
    return page.further(count)


@register.simple_tag
def name_of(author: BioPage, practice: PracticeSettings) -> str:
    return author.name or practice.therapist_name or author.title


@register.simple_tag(takes_context=True)
def signed_by(context: template.Context) -> str:
    """Who speaks on a page: its author, or the person it is about, else the therapist."""
    page = context.get("page")
    author = getattr(page, "author", page)
    practice = context.get("practice") or PracticeSettings()
    return getattr(author, "name", "") or practice.therapist_name


@register.simple_tag
def portrait_of(author: BioPage, practice: PracticeSettings) -> SiteImage | None:
    """Their own, else the practice's if it shows them: never another person's face."""
    is_therapist = author.name in ("", practice.therapist_name)
    return author.portrait or (practice.portrait if is_therapist else None)


@register.simple_tag
def with_excerpts(articles: Iterable[ArticlePage]) -> list[ArticlePage]:
    """The articles, each with what a list shows of its body; the bodies come in one query, if at
    all.
    """
    pages = list(articles)
    excerpts = cached_each("excerpt", [page.pk for page in pages], _excerpts)
    for page, excerpt in zip(pages, excerpts, strict=True):
        page.excerpt = excerpt
    return pages


def _excerpts(numbers: list[int]) -> list[reading.Excerpt]:
    pages = ArticlePage.objects.only("body").in_bulk(numbers)
    # One that was deleted since it was listed is still shown this once.
    return [
        reading.excerpt(pages[number].body) if number in pages else reading.Excerpt()
        for number in numbers
    ]


@register.simple_tag
def description_of(subject: Page | Topic | None, practice: PracticeSettings) -> str:
    """What search engines show of it: what was written for them, else how it begins, else who and
    for whom the practice is.
    """
    written = (getattr(subject, name, "") for name in WRITTEN)
    return next(filter(None, chain(written, _beginnings(subject))), "") or _own_line(practice)


def _beginnings(subject: Page | Topic | None) -> Iterator[str]:
    yield first_sentences(getattr(subject, "introduction", ""))
    for block in getattr(subject, "body", ()):
        if block.block_type == "text":
            yield first_sentences(block.value.source)


def _own_line(practice: PracticeSettings) -> str:
    facts = (practice.practice_name, practice.for_whom, _("The consultation is free."))
    return " ".join(f"{fact.rstrip('.')}." for fact in facts if fact)


@register.simple_tag(takes_context=True)
def person_data(context: template.Context, page: BioPage, practice: PracticeSettings) -> SafeString:
    portrait = page.portrait or practice.portrait
    picture = portrait.get_rendition("fill-600x750").full_url if portrait else ""
    name = page.name or practice.therapist_name
    number = beside(practice.license_number, name)
    license = {
        "@type": "EducationalOccupationalCredential",
        "credentialCategory": "license",
        "name": practice.license_type,
        "identifier": number,
    }
    return json_ld(
        {
            "@type": "Person",
            "name": name,
            "url": page.get_full_url(context["request"]),
            "image": picture,
            "honorificSuffix": beside(page.credential or practice.credential, name),
            "jobTitle": practice.license_type,
            "description": description_of(page, practice),
            "hasCredential": license if number else {},
            "worksFor": {
                "@type": "LocalBusiness",
                "name": practice.practice_name,
                "telephone": practice.telephone,
                "areaServed": [region.name for region in practice.regions],
            },
        }
    )


@register.simple_tag(takes_context=True)
def article_data(
    context: template.Context, page: ArticlePage, practice: PracticeSettings
) -> SafeString:
    author: dict[str, Any] = {}
    if page.author:
        url = page.author.get_full_url(context["request"]) if page.author.live else ""
        name = page.author.name or practice.therapist_name
        author = {"@type": "Person", "name": name, "url": url}
    return json_ld(
        {
            "@type": "Article",
            "headline": page.title,
            "description": description_of(page, practice),
            "author": author,
            "datePublished": page.first_published_at and page.first_published_at.isoformat(),
            "dateModified": page.last_published_at and page.last_published_at.isoformat(),
            "mainEntityOfPage": page.get_full_url(context["request"]),
        }
    )
