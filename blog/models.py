"""What people read: essays under their index, and who wrote them."""

from __future__ import annotations

from itertools import chain, count
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.db import models
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest
from django.utils.functional import cached_property
from django.utils.text import slugify
from modelcluster.fields import ParentalManyToManyField
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page, PageManager, PageQuerySet
from wagtail.search import index
from wagtail.snippets.models import register_snippet

from blog import reading
from blog.blocks import ArticleBody
from blog.forms import ArticleForm
from practice.blocks import INLINE
from practice.models import FixedPage, ReaderPage, SiteImage
from practice.models.slugs import refuse_reserved
from practice.pagecache import site
from practice.pagecache.version import cached, cached_each


@register_snippet
class Topic(models.Model):
    """What an essay is about; a page of its own lists the essays on it."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True, blank=True)
    description = models.CharField(max_length=300, blank=True)

    panels: ClassVar = ["name", "slug", "description"]

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            wanted = slugify(self.name)[:50] or "topic"  # nothing is left of a name in Greek
            taken = set(Topic.objects.exclude(pk=self.pk).values_list("slug", flat=True))
            tries = chain([wanted], (f"{wanted}-{number}" for number in count(2)))
            self.slug = next(slug for slug in tries if slug not in taken)
        super().save(*args, **kwargs)


class BioPage(FixedPage):
    """Who the therapist is: credential, work and themes."""

    credential = models.CharField(max_length=160, blank=True)
    portrait = models.ForeignKey(
        SiteImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    introduction = RichTextField(features=INLINE, blank=True)
    body = StreamField(ArticleBody(), blank=True)

    content_panels: ClassVar = [
        *Page.content_panels,
        *("credential", "portrait", "introduction", "body"),
    ]
    template = "blog/bio_page.html"
    subpage_types: ClassVar = []

    class Meta:
        verbose_name = "about the therapist"

    def clean(self) -> None:
        super().clean()
        refuse_reserved(self.slug)

    @property
    def name(self) -> str:
        """Who this is: the title, or nothing while that is the "About" which `migrate` wrote."""
        return "" if self.title == "About" else self.title


class ArticleQuerySet(PageQuerySet):
    def published(self) -> ArticleQuerySet:
        """Live, open to everybody, newest first."""
        open_to_all = self.live().public() if site.has_closed_pages() else self.live()
        return open_to_all.order_by("-first_published_at", "-pk")

    def listed(self) -> ArticleQuerySet:
        """The published ones for a list, without the long part."""
        return self.published().defer("body")


class ArticlePage(ReaderPage):
    author = models.ForeignKey(
        BioPage, null=True, blank=True, on_delete=models.SET_NULL, related_name="articles"
    )
    summary = models.CharField(
        max_length=300,
        blank=True,
        help_text="One or two sentences for search engines, and for lists without a voice line.",
    )
    picture = models.ForeignKey(
        SiteImage,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Shows when someone shares the article.",
    )
    topics = ParentalManyToManyField(Topic, blank=True, related_name="articles")
    voice_line = models.CharField(
        max_length=160,
        blank=True,
        default="",
        db_default="",
        help_text=(
            "A line that people say to themselves. Leave it empty to use the first spoken line in "
            "the essay."
        ),
    )
    quick_exit = models.BooleanField(
        "Show “Leave this page”",
        default=True,
        db_default=True,
        help_text="For readers who may be watched. One tap takes them to a weather page.",
    )
    body = StreamField(ArticleBody())

    objects = PageManager.from_queryset(ArticleQuerySet)()

    content_panels: ClassVar = [
        *Page.content_panels,
        *("summary", "voice_line", "author", "topics", "body", "picture", "quick_exit"),
    ]
    search_fields: ClassVar = [*Page.search_fields, index.SearchField("body")]
    base_form_class = ArticleForm
    template = "blog/article_page.html"
    parent_page_types: ClassVar = ["blog.ArticleIndexPage"]
    subpage_types: ClassVar = []

    class Meta:
        verbose_name = "article"

    def clean(self) -> None:
        super().clean()
        refuse_reserved(self.slug, ("feed", "topics"))

    @cached_property
    def contents(self) -> list[reading.Entry]:
        """The headings with their ids, where there are enough to need a list."""
        return reading.contents(self.body)

    @cached_property
    def excerpt(self) -> reading.Excerpt:
        """What a list shows of the body; `with_excerpts` gives it to many at once."""
        [excerpt] = cached_each("excerpt", [self.pk], lambda _: [reading.excerpt(self.body)])
        return excerpt

    @property
    def minutes(self) -> int:
        return self.excerpt.minutes

    @property
    def spoken_line(self) -> str:
        """What somebody says in it, by which readers find it; nothing where nobody speaks."""
        return self.voice_line or self.excerpt.spoken_line

    def further(self, count: int) -> list[ArticlePage]:
        """Others to read on with: those on one of its published topics first, each the newest
        first.

        By their number, of which there is an index: by date, all would be sorted to show two.
        """
        return cached(("further", self.pk, count), lambda: self._further(count))

    def _further(self, count: int) -> list[ArticlePage]:
        others = ArticlePage.objects.listed().exclude(pk=self.pk).order_by("-pk")
        on_its_topics = ArticlePage.topics.through.objects.filter(
            articlepage=OuterRef("pk"), topic__articles=self.pk
        )
        found = [*others.filter(Exists(on_its_topics))[:count]]
        if missing := count - len(found):
            found += others.exclude(pk__in=[each.pk for each in found])[:missing]
        return found


class ArticleIndexPage(FixedPage):
    """All essays, newest first, page by page."""

    introduction = RichTextField(features=INLINE, blank=True)
    per_page = 20

    content_panels: ClassVar = [*Page.content_panels, "introduction"]
    template = "blog/article_index_page.html"
    subpage_types: ClassVar = ["blog.ArticlePage"]
    max_count = 1

    class Meta:
        verbose_name = "list of articles"

    def clean(self) -> None:
        super().clean()
        refuse_reserved(self.slug)

    def route(self, request: HttpRequest, path_components: list[str]) -> Any:
        """As Wagtail does it, but an essay comes in one query, and its author is held."""
        if len(path_components) != 1:
            return super().route(request, path_components)
        try:
            essay = ArticlePage.objects.child_of(self).get(slug=path_components[0])
        except ArticlePage.DoesNotExist:
            raise Http404 from None
        if essay.author_id:
            authors = BioPage.objects.select_related("portrait")
            essay.author = cached(
                ("author", essay.author_id), lambda: authors.get(pk=essay.author_id)
            )
        return essay.route(request, [])

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        articles = ArticlePage.objects.child_of(self).listed()
        context["articles"] = Paginator(articles, self.per_page).get_page(request.GET.get("page"))
        topics = Topic.objects.filter(articles__in=articles).distinct()
        context["topics"] = cached(("topics", self.pk), lambda: list(topics))
        return context


class ImportedPage(models.Model):
    """Remembers which document a page came from, and what it looked like then."""

    page = models.OneToOneField(Page, primary_key=True, on_delete=models.CASCADE, related_name="+")
    source_key = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)

    wagtail_reference_index_ignore = True
