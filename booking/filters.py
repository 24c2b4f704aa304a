"""How the admin's list of requests is searched and filtered."""

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from wagtail.admin.filters import WagtailFilterSet
from wagtail.models import Page

from booking.models import ConsultationRequest, State, Who
from practice import contacts
from practice.models import PracticeSettings

FEWEST_DIGITS = 4
NEWEST = 1000  # requests that a search opens; each costs about a tenth of a millisecond


def with_words(
    requests: QuerySet[ConsultationRequest], words: str
) -> QuerySet[ConsultationRequest]:
    """Those whose name, e-mail address or telephone holds every one of `words`.

    What is encrypted cannot be asked for, and an index of names would let whoever has a copy of
    the database check a guess. So the newest are opened and looked through, and nothing is kept.
    """
    wanted, number = contacts.visible(words).casefold().split(), _digits(words)
    typed = contacts.read(words, PracticeSettings.load().country)
    rows = requests.select_related(None).order_by("-received_at", "-pk")
    found = [
        row.pk
        for row in rows.only("name", "email", "phone")[:NEWEST]
        if all(word in f"{row.name} {row.email} {row.phone}".casefold() for word in wanted)
        or (number and number in _digits(row.phone))
        or typed.reach(row.email, row.phone)
    ]
    return requests.filter(pk__in=found)


def _digits(text: str) -> str:
    """Its digits, where there are enough of them to be part of a number."""
    digits = "".join(each for each in text if each.isdecimal())
    return digits if len(digits) >= FEWEST_DIGITS else ""


def articles_with_requests(request: object) -> QuerySet[Page]:
    """The pages from which somebody has asked."""
    asked = ConsultationRequest.objects.filter(article=OuterRef("pk"))
    return Page.objects.filter(Exists(asked)).order_by("title")


class RequestFilterSet(WagtailFilterSet):
    state = django_filters.MultipleChoiceFilter(
        choices=State.choices, widget=forms.CheckboxSelectMultiple, label="Status"
    )
    article = django_filters.ModelChoiceFilter(
        queryset=articles_with_requests, widget=forms.RadioSelect, label="Essay"
    )
    who = django_filters.MultipleChoiceFilter(
        choices=Who.choices, widget=forms.CheckboxSelectMultiple, label="For"
    )

    class Meta:
        model = ConsultationRequest
        fields = ["state", "article", "who"]
