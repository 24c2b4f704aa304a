"""The plain pages of the site."""

from collections.abc import Iterator
from typing import Any, ClassVar, cast

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.html import strip_tags
from wagtail.admin.panels import FieldPanel, HelpPanel, MultiFieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page, PageViewRestriction

from practice.blocks import INLINE, PageBody, closing
from practice.models.page_forms import PageForm
from practice.models.slugs import refuse_reserved
from practice.pagecache import site
from practice.permissions import FixedPagePermissions


class ReaderPage(Page):
    """A page as Wagtail has it, found and opened with fewer queries."""

    base_form_class = PageForm

    class Meta:
        abstract = True

    def get_view_restrictions(self) -> QuerySet[PageViewRestriction]:
        """As Wagtail looks for them, on this page and all above it, if any page has one at all."""
        if not site.has_closed_pages():
            return PageViewRestriction.objects.none()
        return super().get_view_restrictions()


def written_pages() -> Iterator[ReaderPage]:
    """The published pages that begin with an introduction: all but articles."""
    for model in apps.get_models():
        if issubclass(model, ReaderPage) and hasattr(model, "introduction"):
            yield from model.objects.live()


class FixedPage(ReaderPage):
    """A page that the site stands on: it is changed by those who may change the practice."""

    class Meta:
        abstract = True

    def permissions_for_user(self, user: Any) -> FixedPagePermissions:
        return FixedPagePermissions(user, self)


class StandardPage(FixedPage):
    """Services, fees, questions, privacy, accessibility; or a page for one concern."""

    introduction = RichTextField(features=INLINE, blank=True)
    body = StreamField(PageBody(), blank=True)
    invitation_heading = models.CharField(
        "heading", max_length=120, blank=True, default="", db_default=""
    )
    invitation_text = RichTextField("text", features=INLINE, blank=True, default="", db_default="")
    invitation_button = models.CharField(
        "button", max_length=60, blank=True, default="", db_default=""
    )

    content_panels: ClassVar = [
        *Page.content_panels,
        FieldPanel("introduction"),
        FieldPanel("body"),
        MultiFieldPanel(
            [
                HelpPanel(
                    "<p>A page in the menu ends in an invitation. Whatever you leave empty comes "
                    "from Settings, Practice.</p>"
                ),
                FieldPanel("invitation_heading"),
                FieldPanel("invitation_text"),
                FieldPanel("invitation_button"),
            ],
            heading="Invitation",
        ),
    ]
    template = "practice/standard_page.html"

    class Meta:
        verbose_name = "page"

    def clean(self) -> None:
        super().clean()
        refuse_reserved(self.slug)
        if not strip_tags(self.invitation_text).strip():
            self.invitation_text = ""  # the editor leaves an empty paragraph

    @property
    def has_invitation(self) -> bool:
        """Whether it ends in an invitation: what stands in the menu does, small print does not."""
        has_its_own = self.invitation_heading or self.invitation_text or closing(self.body)
        return self.show_in_menus or bool(has_its_own)


class HomePage(FixedPage):
    """Who this is for, who the therapist is, what to read, and one way to a consultation."""

    heading = models.CharField(
        max_length=160,
        blank=True,
        help_text=(
            "One sentence, the way you'd say it out loud: who you work with, or what hurts. It "
            "shows in large type below your name."
        ),
    )
    introduction = RichTextField(features=INLINE, blank=True)
    body = StreamField(PageBody(), blank=True)

    content_panels: ClassVar = [
        *Page.content_panels,
        FieldPanel("heading"),
        FieldPanel("introduction"),
        FieldPanel("body"),
    ]
    template = "practice/home_page.html"
    max_count = 1

    class Meta:
        verbose_name = "home page"

    def route(self, request: HttpRequest, path_components: list[str]) -> Any:
        """As Wagtail does it, from the pages right below this one as they are held."""
        if not path_components:
            return super().route(request, path_components)
        slug, *rest = path_components
        page = site.child_of(self, slug)
        if page is None:
            raise Http404
        return page.route(request, rest)


class SamplePage(models.Model):
    """Remembers a page of the sample and the revision that made it: newer ones are the owner's."""

    page = models.OneToOneField(Page, primary_key=True, on_delete=models.CASCADE, related_name="+")
    revision_id = models.PositiveBigIntegerField()

    wagtail_reference_index_ignore = True

    def __str__(self) -> str:
        return f"Sample page {self.page_id}"


class DeletedPage(models.Model):
    """A page that somebody deleted, as it was last saved, until it is brought back or forgotten."""

    page_id = models.PositiveIntegerField(primary_key=True)  # which it gets again
    parent_id = models.PositiveIntegerField()
    content = models.JSONField(encoder=DjangoJSONEncoder)  # as a revision has it
    deleted_at = models.DateTimeField(default=timezone.now, db_index=True)
    deleted_by = models.CharField(max_length=310)  # a name that outlives the account

    class Meta:
        ordering: ClassVar = ["-deleted_at", "page_id"]

    def __str__(self) -> str:
        return f"Deleted page {self.page_id}"

    @property
    def title(self) -> str:
        return self.content["title"]

    @property
    def model(self) -> type[Page]:
        kind = ContentType.objects.get_for_id(self.content["content_type"])
        return cast(type[Page], kind.model_class())
