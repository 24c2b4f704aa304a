"""Links within rich text to pages and documents, held like everything else that readers see."""

import re
from collections.abc import Iterable
from typing import Any

from wagtail.documents.rich_text import DocumentLinkHandler
from wagtail.models import Page
from wagtail.rich_text import FeatureRegistry
from wagtail.rich_text.pages import PageLinkHandler

from practice.pagecache import site
from practice.pagecache.version import cached_each

PAGE_LINK = re.compile(r'<a (?=[^>]*linktype="page")[^>]*\bid="(\d+)"')


class HeldLink:
    """Looks up together what is not cached, and each only once while the version stands."""

    identifier: str

    @classmethod
    def expand_db_attributes_many(cls, attrs_list: list[dict[str, str]]) -> list[str]:
        expand: Any = super().expand_db_attributes_many  # type: ignore[misc]
        numbers = [attrs.get("id") for attrs in attrs_list]
        return cached_each(
            cls.identifier, numbers, lambda missing: expand([{"id": number} for number in missing])
        )


class HeldPageLink(HeldLink, PageLinkHandler):
    @classmethod
    def get_many(cls, attrs_list: list[dict[str, Any]]) -> list[Page | None]:
        """With the site's addresses as they are held, where Wagtail looks for them first."""
        pages: list[Page | None] = super().get_many(attrs_list)
        for page in filter(None, pages):
            page._wagtail_cached_site_root_paths = site.addresses()
        return pages


class HeldDocumentLink(HeldLink, DocumentLinkHandler):
    pass


def register(features: FeatureRegistry) -> None:
    """For the hook `register_rich_text_features`."""
    features.register_link_type(HeldPageLink)
    features.register_link_type(HeldDocumentLink)


def fetch_pages(texts: Iterable[str]) -> None:
    """Looks up all pages that these rich texts link to, in one query."""
    numbers = [{"id": number} for text in texts for number in PAGE_LINK.findall(text)]
    HeldPageLink.expand_db_attributes_many(numbers)
