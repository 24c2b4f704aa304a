"""No page may take an address that the site uses itself."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import get_resolver

from blog.models import ArticleIndexPage, BioPage
from practice.models import HomePage, StandardPage
from practice.models.slugs import TOP

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", [StandardPage, BioPage, ArticleIndexPage])
@pytest.mark.parametrize("slug", TOP)
def test_a_reserved_address_is_refused_beside_its_field(
    home: HomePage, kind: type, slug: str
) -> None:
    page = kind(title="In the way", slug=slug)
    with pytest.raises(ValidationError) as caught:
        home.add_child(instance=page)
    assert list(caught.value.message_dict) == ["slug"]


def test_a_title_that_leads_to_a_reserved_address_is_refused_too(home: HomePage) -> None:
    with pytest.raises(ValidationError):
        home.add_child(instance=StandardPage(title="Consultation"))


def test_every_first_step_of_the_sites_own_addresses_is_reserved() -> None:
    """Read from the resolver, so that a new address is not forgotten."""
    routes = [str(pattern.pattern) for pattern in get_resolver().url_patterns]
    inner = [
        str(inner.pattern)
        for pattern in get_resolver().url_patterns
        if str(pattern.pattern) == "" and getattr(pattern, "app_name", None)
        for inner in pattern.url_patterns
    ]
    first = {re.sub(r"^\^", "", route).split("/")[0] for route in routes + inner}
    words = {step for step in first if re.fullmatch(r"[\w-]+", step)}
    assert words - {"articles"} <= set(TOP)
    assert "consultation" in words
