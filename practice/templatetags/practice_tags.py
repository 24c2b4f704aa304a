"""What the frame of every public page asks for."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from wagtail.models import Page, Site

from practice import theme
from practice.blocks import heading_id
from practice.models import PracticeSettings

register = template.Library()
register.filter("heading_id", heading_id)

SMALL_PRINT = ("privacy", "accessibility")
OPENING, CLOSING = '\u201c\u201e"', '\u201d\u201c"'


@dataclass(frozen=True)
class Link:
    """A page to go to, and whether the reader is in that part of the site."""

    title: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class SiteLinks:
    menu: list[Link]
    small_print: list[Link]


@register.simple_tag(takes_context=True)
def site_links(context: template.Context) -> SiteLinks:
    """The pages right below the home page that stand in the head and the foot, in one query."""
    request = context["request"]
    site = Site.find_for_request(request)
    if site is None:
        return SiteLinks([], [])
    wanted = Q(show_in_menus=True) | Q(slug__in=SMALL_PRINT)
    found: tuple[list[Link], list[Link]] = ([], [])
    for page in Page.objects.child_of(site.root_page).live().filter(wanted):
        url = page.get_url(request, current_site=site)
        if url:
            link = Link(page.title, url, request.path.startswith(url))
            found[page.slug in SMALL_PRINT].append(link)
    return SiteLinks(*found)


@register.simple_tag
def style_sheet_url(practice: PracticeSettings) -> str:
    """The address of the style sheet with its version, under which it is kept for good."""
    return f"{reverse('theme')}?v={theme.style_sheet(practice.accent).version}"


@register.filter
def quoted(text: str) -> str:
    """`text` between quotation marks, unless somebody typed a pair already."""
    text = text.strip()
    if len(text) > 1 and text[0] in OPENING and text[-1] in CLOSING:
        text = text if any(mark in text[1:-1] for mark in OPENING + CLOSING) else text[1:-1]
        if text[0] in OPENING:
            return text
    return f"\u201c{text}\u201d"


@register.filter
def dial(number: str) -> str:
    """What a telephone dials of `number`: its digits, and a plus sign in front."""
    return "".join(sign for sign in number if sign in "+0123456789")


@register.filter
def host(url: str) -> str:
    """The name of the place that `url` leads to, as one would say it."""
    return urlsplit(url).netloc.removeprefix("www.")


def json_ld(data: dict[str, Any]) -> SafeString:
    """`data` for search engines, less what is empty; no text in it can end the element."""
    filled = {"@context": "https://schema.org", **{k: v for k, v in data.items() if v}}
    text = json.dumps(filled, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04X}")
    return mark_safe(f'<script type="application/ld+json">{text}</script>')
