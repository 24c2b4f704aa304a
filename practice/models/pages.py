"""The plain pages of the site."""

from typing import ClassVar

from django.db import models
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page

from practice.addresses import refuse_reserved
from practice.blocks import INLINE, PageBody


class StandardPage(Page):
    """Services, fees, questions, privacy, accessibility; or a specialty of the practice."""

    introduction = RichTextField(features=INLINE, blank=True)
    body = StreamField(PageBody(), blank=True)

    content_panels: ClassVar = [
        *Page.content_panels,
        FieldPanel("introduction"),
        FieldPanel("body"),
    ]
    template = "practice/standard_page.html"

    class Meta:
        verbose_name = "page"

    def clean(self) -> None:
        super().clean()
        refuse_reserved(self.slug)


class HomePage(Page):
    """Who this is for, who the therapist is, what to read, and one way to a consultation."""

    heading = models.CharField(max_length=160, blank=True)
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


class SamplePage(models.Model):
    """Remembers a page of the sample and the revision that made it: newer ones are the owner's."""

    page = models.OneToOneField(Page, primary_key=True, on_delete=models.CASCADE, related_name="+")
    revision_id = models.PositiveBigIntegerField()

    wagtail_reference_index_ignore = True

    def __str__(self) -> str:
        return f"Sample page {self.page_id}"
