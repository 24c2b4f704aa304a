"""The list of requests and the page of each."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import BaseListingView

from booking.busy import sync
from booking.erasure import retention
from booking.filters import NEWEST, RequestFilterSet, with_words
from booking.forms.contact import AddressForm, ReachForm
from booking.forms.notes import NotesForm
from booking.letters import bounces, emails
from booking.models import ConsultationRequest, Letter, State
from booking.services import after_call, again, decisions
from booking.services.transitions import Recipient
from booking.viewsets.base import CRUMBS, RequestView, ReviewMixin, listed
from practice.jurisdiction import times

MOST_LETTERS = 200  # of what is looked for


class ReplyByColumn(Column):
    cell_template_name = "booking/admin/reply_by_cell.html"


class ListView(ReviewMixin, BaseListingView):
    """Requests, oldest first; those that are over, or held apart, only on asking."""

    model = ConsultationRequest
    everything = False
    apart = False
    index_url_name = "consultations:index"
    index_results_url_name = "consultations:index_results"
    filterset_class = RequestFilterSet
    page_title = "Consultations"
    header_icon = "mail"
    paginate_by = 50
    http_method_names = ["get", "head", "post"]
    default_ordering = ("received_at", "pk")
    verbose_name_plural = "requests"
    template_name = "booking/admin/index.html"

    @cached_property
    def columns(self) -> list[Column]:
        def received(row: ConsultationRequest) -> str:
            return times.day(row.received_at.astimezone(self.practice.zone))

        def time(row: ConsultationRequest) -> str:
            if row.starts_at is None:
                return ""
            local = row.starts_at.astimezone(self.practice.zone)
            return f"{times.day(local)}, {times.clock(local)}{times.which_of_two(local)}"

        return [
            TitleColumn("name", label="Name", url_name="consultations:detail"),
            Column("state", label="Status", accessor="get_state_display"),
            ReplyByColumn("reply_by", label="Reply by"),
            Column("who", label="For", accessor="get_who_display", classname="on-wide"),
            Column("starts_at", label="Time", accessor=time, classname="on-wide"),
            Column("article", label="Came from", accessor=lambda row: row.article or ""),
            Column("received_at", label="Received", accessor=received, classname="on-wide"),
        ]

    def get_base_queryset(self) -> QuerySet[ConsultationRequest]:
        requests = ConsultationRequest.objects.shown().select_related("article")
        requests = requests.for_list(self.practice.today())
        if self.apart:
            return requests.held_apart()
        if self.request.GET.get("state"):
            return requests
        return (requests if self.everything else requests.open()).exclude(state=State.SUSPECTED)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Looks for somebody: by POST, since addresses stay in histories and logs."""
        return self.get(request, *args, **kwargs)

    @cached_property
    def search_query(self) -> str:
        return self.request.POST.get("q", "").strip()[:MOST_LETTERS]

    @cached_property
    def filters(self) -> Any:
        """None beside what a search found, or the next click on one would lose the search."""
        return None if self.is_searching else super().filters

    def get_paginate_by(self, queryset: QuerySet[ConsultationRequest]) -> int:
        return NEWEST if self.is_searching else self.paginate_by  # a link to page 2 loses it, too

    def search_queryset(
        self, queryset: QuerySet[ConsultationRequest]
    ) -> QuerySet[ConsultationRequest]:
        return with_words(queryset, self.search_query) if self.is_searching else queryset

    def get_valid_orderings(self) -> list[Any]:
        return [self.default_ordering]

    def get_page_title(self) -> str:
        return "Possible spam" if self.apart else self.page_title

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        above = CRUMBS if self.apart else CRUMBS[:1]
        return [*above, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting = ConsultationRequest.objects
        return super().get_context_data(
            **kwargs,
            everything=self.everything,
            apart=self.apart,
            is_searching=self.is_searching,
            search_query=self.search_query,
            held_apart=waiting.held_apart().count(),
            late=waiting.overdue(self.practice.today()).count(),
            untold=waiting.to_be_told(),
            unreached=waiting.shown().with_returned_letter(),
            lost_alerts=bounces.alerts(),
            **bounces.stuck(timezone.now()),
            silent=sync.silent(timezone.now()),
        )


class DetailView(RequestView):
    """Everything about one request, with a button for each decision its state allows."""

    template_name = "booking/admin/detail.html"
    header_icon = "mail"

    def get_page_title(self) -> str:
        return f"Request {self.consultation.pk}"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*CRUMBS, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        consultation = self.consultation
        kwargs.setdefault("notes_form", self.notes_form())
        kwargs.setdefault("address_form", AddressForm(consultation=consultation))
        return super().get_context_data(
            **kwargs,
            contact=consultation.contact,
            reach_form=ReachForm(consultation=consultation),
            late=consultation.is_late(self.practice.today()),
            erased_on=retention.erased_on(consultation),
            region=self.practice.region_name(consultation.region),
            own_zone=self._own_zone(),
            decisions=decisions.decisions(consultation),
            after_call=after_call.letters(consultation),
            told=self.schedule.as_told(self.practice),
            conflicts=listed(self.practice, self.schedule, [consultation]),
            to_tell=consultation.letters.filter(channel=Letter.Channel.IN_PERSON, told_at=None),
            letters=consultation.letters.exclude(channel=Letter.Channel.IN_PERSON, told_at=None),
            stuck=consultation.emails.stuck(timezone.now()).filter(given_up_at=None),
            given_up=[
                (email, emails.words(email), again.why_not_again(email))
                for email in consultation.emails.given_up().filter(recipient=Recipient.VISITOR)
            ],
            returned=consultation.emails.came_back().filter(recipient=Recipient.VISITOR),
            history=consultation.events.select_related("user"),
            facts=[
                (capfirst(field.verbose_name), value)
                for field in consultation.told_fields()
                if (value := consultation.meaning_of(field)) not in ("", None, [])
            ],
        )

    def _own_zone(self) -> ZoneInfo | None:
        """The visitor's, where its clocks show another hour than ours at the times on the page."""
        consultation, here = self.consultation, self.practice.zone
        shown = [
            consultation.starts_at,
            consultation.asked_for,
            *(p.starts_at for p in consultation.proposals.all()),
        ]
        moments = list(filter(None, shown)) or [timezone.now()]
        zone = consultation.zone_or(here)
        return None if times.agree(zone, here, moments) else zone

    def notes_form(self, data: QueryDict | None = None) -> NotesForm:
        return NotesForm(data, consultation=self.consultation, practice=self.practice)
