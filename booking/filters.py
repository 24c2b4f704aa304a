import django_filters
from django import forms
from django.db.models import QuerySet
from wagtail.admin.filters import WagtailFilterSet
from wagtail.models import Page

from booking.models import ConsultationRequest, State, Who


def articles_with_requests(request: object) -> QuerySet[Page]:
    """The pages from which somebody has asked."""
    asked = ConsultationRequest.objects.exclude(article=None).values("article")
    return Page.objects.filter(pk__in=asked).order_by("title")


class RequestFilterSet(WagtailFilterSet):
    state = django_filters.MultipleChoiceFilter(
        choices=State.choices, widget=forms.CheckboxSelectMultiple, label="State"
    )
    article = django_filters.ModelChoiceFilter(
        queryset=articles_with_requests, widget=forms.RadioSelect, label="Article"
    )
    who = django_filters.MultipleChoiceFilter(
        choices=Who.choices, widget=forms.CheckboxSelectMultiple, label="For"
    )

    class Meta:
        model = ConsultationRequest
        fields = ["state", "article", "who"]
