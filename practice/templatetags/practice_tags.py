"""What the frame of every public page asks for."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.db.models import Q
from django.http import HttpRequest
from django.template.base import FilterExpression, Parser, Token
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from wagtail.blocks import StreamValue
from wagtail.models import Page, Site

from practice import blocks, samples
from practice.models import PracticeSettings
from practice.pagecache import rich_text
from practice.pagecache.version import cached
from practice.website import initials, theme

register = template.Library()

SMALL_PRINT = ("privacy", "accessibility")
OPENING, CLOSING = '\u201c\u201e"', '\u201d\u201c"'


@dataclass(frozen=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True)
class SiteLinks:
    menu: list[Link]
    small_print: list[Link]


@register.simple_tag(takes_context=True)
def site_links(context: template.Context) -> SiteLinks:
    """The pages right below the home page that stand in the head and the foot, in one query."""
    request = context["request"]
    site = Site.find_for_request(request)
    if not site:
        return SiteLinks([], [])
    return cached(("links", site.pk), lambda: _links(request, site))


def _links(request: HttpRequest, site: Site) -> SiteLinks:
    wanted = Q(show_in_menus=True) | Q(slug__in=SMALL_PRINT)
    found: tuple[list[Link], list[Link]] = ([], [])
    for page in Page.objects.child_of(site.root_page).live().filter(wanted):
        url = page.get_url(request, current_site=site)
        if url:
            found[page.slug in SMALL_PRINT].append(Link(page.title, url))
    return SiteLinks(*found)


class HeldNode(template.Node):
    def __init__(self, differs_by: list[FilterExpression], content: template.NodeList) -> None:
        self.differs_by, self.content = differs_by, content

    def render(self, context: template.Context) -> SafeString:
        site = Site.find_for_request(context["request"])
        key = (
            "rendered",
            site.pk if site else None,
            *(each.resolve(context) for each in self.differs_by),
        )
        return cached(key, lambda: self.content.render(context))


@register.tag
def hold(parser: Parser, token: Token) -> HeldNode:
    """`{% hold "name" %}` … `{% endhold %}`: a part that is the same on every page of the site.

    Nothing within it may ask for the page, the request or the visitor, but for what follows the
    name: `{% hold "header" place %}`.
    """
    differs_by = [parser.compile_filter(each) for each in token.split_contents()[1:]]
    content = parser.parse(["endhold"])
    parser.delete_first_token()
    return HeldNode(differs_by, content)


@dataclass(frozen=True)
class Place:
    """Where in the site a reader is: on a page that the head names, or somewhere below it."""

    page: str = ""
    part: str = ""


@register.simple_tag
def place(of_site: SiteLinks, path: str) -> Place:
    named = ["/", reverse("booking:request"), *(link.url for link in of_site.menu)]
    if path in named:
        return Place(page=path)
    return Place(part=next((url for url in named[1:] if path.startswith(url)), ""))


@register.simple_tag(takes_context=True)
def script(context: template.Context, name: str) -> SafeString:
    """One of our scripts, and the word to headers.py that this page may run it.

    Not within `hold`, whose text comes without the word the next time.
    """
    try:
        address = static(name)
    except ValueError:  # of no collected file: an error page without its script beats none
        return SafeString("")
    if "request" in context:
        vars(context["request"])["runs_script"] = True
    return format_html('<script src="{}" defer></script>', address)


@register.simple_tag
def style_sheet_url(practice: PracticeSettings) -> str:
    """The address of the style sheet with its version, under which it is kept for good."""
    return f"{reverse('theme')}?v={theme.style_sheet(practice.accent).version}"


@register.simple_tag
def theme_colors() -> SafeString:
    """The paper of both themes, for what the browser draws around the page."""
    each = ((f"(prefers-color-scheme: {name})", paper) for name, paper in theme.PAPER.items())
    return format_html_join("", '<meta name="theme-color" media="{}" content="{}">', each)


register.simple_tag(theme.palette)


@register.simple_tag
def weave(name: str) -> SafeString:
    return initials.endpaper(name)


@register.filter(name="initials")
def initials_of(name: str) -> str:
    return initials.initials(name)


@register.simple_tag
def fetch_links(body: StreamValue) -> str:
    """Before a body is rendered: the pages that its texts link to, in one query."""
    rich_text.fetch_pages(blocks.texts(body))
    return ""


@register.filter
def first_name(name: str) -> str:
    return initials.first_name(name)


register.filter(blocks.join_dashes)
register.filter(blocks.closing)
register.filter(blocks.without_closing)
register.filter(blocks.sections)
register.filter(blocks.has_block)


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
def beside(fact: str, name: str) -> str:
    """A license or credential of whoever is called `name`: the sample's belongs to the sample's
    own name, and to no real one.
    """
    is_sample = fact.endswith(samples.SUFFIX)
    return "" if is_sample and name != samples.SETTINGS["therapist_name"] else fact


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
