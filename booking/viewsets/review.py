"""The review of requests in the Wagtail admin."""

from datetime import date
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import path, reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import BaseListingView, WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet

from booking import calendars, claims, emails, openings, services
from booking.filters import RequestFilterSet
from booking.forms import LetterForm, NoteForm, OfferForm, OutcomeForm, TimeForm
from booking.models import ConsultationRequest, Letter, OutgoingEmail, Schedule
from booking.permissions import require_review
from booking.services import Asks
from booking.templatetags.booking_tags import as_day, as_time
from practice.fields import Unreadable
from practice.models import PracticeSettings, User

TAKEN = "Another consultation, or the pause after it, has this time."
LIST = reverse_lazy("consultations:index")
CRUMBS = [
    {"url": reverse_lazy("wagtailadmin_home"), "label": "Home"},
    {"url": LIST, "label": "Consultations"},
]


@method_decorator(never_cache, name="dispatch")
class ReviewMixin(View):
    """For those who may review alone; others learn nothing, not even that this is here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        require_review(request)
        return super().dispatch(request, *args, **kwargs)

    @property
    def user(self) -> User:
        """Whoever reviews; `dispatch` has let nobody else in."""
        return cast(User, self.request.user)


class RequestMixin(ReviewMixin):
    """A view of one request, `self.consultation`."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        require_review(request)
        self.consultation = get_object_or_404(
            ConsultationRequest.objects.shown().select_related("article"), pk=kwargs["pk"]
        )
        self.practice = PracticeSettings.load(request_or_site=request)
        return super().dispatch(request, *args, **kwargs)

    @property
    def detail_url(self) -> str:
        return reverse("consultations:detail", args=[self.consultation.pk])


class ReplyByColumn(Column):
    cell_template_name = "booking/admin/reply_by_cell.html"


class ListView(ReviewMixin, BaseListingView):
    """Requests, oldest first; those that are over only on asking."""

    model = ConsultationRequest
    everything = False
    index_url_name = "consultations:index"
    index_results_url_name = "consultations:index_results"
    filterset_class = RequestFilterSet
    page_title = "Consultations"
    header_icon = "mail"
    paginate_by = 50
    is_searchable = False
    default_ordering = ("received_at", "pk")
    verbose_name_plural = "requests"
    template_name = "booking/admin/index.html"

    @cached_property
    def practice(self) -> PracticeSettings:
        return PracticeSettings.load(request_or_site=self.request)

    @cached_property
    def columns(self) -> list[Column]:
        def received(row: ConsultationRequest) -> str:
            return as_day(row.received_at.astimezone(self.practice.zone))

        def time(row: ConsultationRequest) -> str:
            if row.starts_at is None:
                return ""
            zone = self.practice.zone
            return f"{as_day(row.starts_at.astimezone(zone))}, {as_time(row.starts_at, zone)}"

        return [
            TitleColumn("name", label="Name", get_url=row_url),
            Column("state", label="State", accessor="get_state_display"),
            ReplyByColumn("reply_by", label="Answer by"),
            Column("who", label="For", accessor="get_who_display", classname="on-wide"),
            Column("starts_at", label="Time", accessor=time, classname="on-wide"),
            Column("article", label="Came from", accessor=lambda row: row.article or ""),
            Column("received_at", label="Received", accessor=received, classname="on-wide"),
        ]

    @cached_property
    def today(self) -> date:
        return self.practice.today()

    def get_base_queryset(self) -> QuerySet[ConsultationRequest]:
        requests = ConsultationRequest.objects.shown().select_related("article")
        requests = requests.marking_late(self.today)
        if self.everything or self.request.GET.get("state"):
            return requests
        return requests.open()

    def get_valid_orderings(self) -> list[Any]:
        return [self.default_ordering]

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [CRUMBS[0], {"url": "", "label": "Consultations"}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting = ConsultationRequest.objects
        return super().get_context_data(
            **kwargs,
            everything=self.everything,
            late=waiting.overdue(self.today).count(),
            untold=waiting.to_be_told(),
            stuck=OutgoingEmail.objects.stuck(timezone.now()).select_related("request"),
            silent=calendars.silent(timezone.now()),
        )


def row_url(row: ConsultationRequest) -> str:
    return reverse("consultations:detail", args=[row.pk])


class DetailView(RequestMixin, WagtailAdminTemplateMixin, TemplateView):
    """Everything about one request, with a button for each decision its state allows."""

    template_name = "booking/admin/detail.html"
    header_icon = "mail"

    def get_page_title(self) -> str:
        return f"Request {self.consultation.pk}"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*CRUMBS, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        request = self.consultation
        today = self.practice.today()
        hidden = isinstance(request.private_note, Unreadable)
        return super().get_context_data(
            **kwargs,
            consultation=request,
            practice=self.practice,
            late=request.is_late(today),
            region=self.practice.region_name(request.region),
            own_zone=request.time_zone not in ("", self.practice.time_zone),
            decisions=services.decisions(request),
            to_tell=request.letters.filter(channel=Letter.Channel.IN_PERSON, told_at=None),
            letters=request.letters.exclude(channel=Letter.Channel.IN_PERSON, told_at=None),
            stuck=request.emails.stuck(timezone.now()),
            history=request.events.select_related("user"),
            outcome_form=OutcomeForm(initial={"outcome": request.outcome}),
            note_form=None if hidden else NoteForm(initial={"note": request.private_note}),
        )


def written_for(given: dict[str, Any]) -> str:
    """What the words of a decision depend on, to be compared when they are sent."""
    names = ("starts_at", "starts", "minutes", "phone", "email", "visitor_calls")
    return "; ".join(str(given[name]) for name in names if name in given)


def find_decision(kind: str) -> services.Decision:
    """Raises Http404 for a word that is no decision."""
    for decision in services.DECISIONS:
        if decision.kind == kind:
            return decision
    raise Http404


class DecideView(RequestMixin, WagtailAdminTemplateMixin, TemplateView):
    """One decision: first its time, where it has one, then its words, then it is done."""

    template_name = "booking/admin/decide.html"
    header_icon = "mail"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.decision = find_decision(kwargs["decision"])

    def get_page_title(self) -> str:
        return self.decision.label

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        request = {"url": self.detail_url, "label": f"Request {self.consultation.pk}"}
        return [*CRUMBS, request, {"url": "", "label": self.get_page_title()}]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        require_review(request)
        if not ConsultationRequest.objects.shown().filter(pk=kwargs["pk"]).exists():
            return self._gone()
        return super().dispatch(request, *args, **kwargs)

    def _gone(self) -> HttpResponse:
        messages.warning(self.request, "This request has been erased since you opened it.")
        return HttpResponseRedirect(str(LIST))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refused := self._refuse():
            return refused
        if self.decision.asks == Asks.NOTHING:
            return self._show(letter=self._draft({}))
        return self._show(time=self._time_form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refused := self._refuse(request.POST.get("version", "")):
            return refused
        time, given = None, {}
        has_letter = "body" in request.POST
        if self.decision.asks != Asks.NOTHING:
            time = self._time_form(request.POST)
            if not time.is_valid() or self._object(time):
                return self._show(time=time, letter=self._posted_letter() if has_letter else None)
            given = self._given(time)
            self._learn(given)
        if not self.decision.writes:
            return self._decide(None, time, given)
        if has_letter and request.POST.get("written_for", "") != written_for(given):
            messages.warning(request, "The times are others now, so the words were written anew.")
            has_letter = False
        letter = self._posted_letter() if has_letter else self._draft(given)
        if letter is None or not has_letter or not letter.is_valid():
            return self._show(time=time, letter=letter, time_is_set=time is not None)
        return self._decide(letter, time, given)

    def _refuse(self, version: str | None = None) -> HttpResponse | None:
        """A way back where the decision cannot be had any more, else None."""
        stale = version is not None and version != str(self.consultation.version)
        if stale or self.decision not in services.decisions(self.consultation):
            return self._too_late(version)
        return None

    def _too_late(self, version: str | None = None) -> HttpResponse:
        """Tells what happened since the page was opened that knew `version`."""
        now = ConsultationRequest.objects.shown().filter(pk=self.consultation.pk).first()
        if now is None:
            return self._gone()
        is_number = version and version.isascii() and version.isdecimal() and len(version) < 10
        read = int(version) if version and is_number else self.consultation.version
        since = now.events.filter(version__gt=read)
        happened = "; ".join(f"{e.get_actor_display()} {e.get_kind_display()}" for e in since)
        messages.warning(
            self.request,
            f'Nothing was done: this request is "{now.get_state_display()}" now. '
            + (f"Since you opened the page: {happened}." if happened else ""),
        )
        return HttpResponseRedirect(self.detail_url)

    def _time_form(self, data: QueryDict | None = None) -> TimeForm | OfferForm:
        """The form about times, at first with the one that is held, or with some that are open."""
        given = {"practice": self.practice}
        if self.decision.asks == Asks.TIMES:
            if data is not None:
                return OfferForm(data, **given)
            starts = openings.starts_now(self.practice)
            parts, zone = self.consultation.parts_of_week, self.practice.zone
            suggested = openings.to_offer(starts, zone, parts, services.MOST_OFFERS)
            return OfferForm.suggesting(suggested, **given)
        if data is not None:
            return TimeForm(data, request=self.consultation, **given)
        asked = self.consultation.starts_at or self.consultation.asked_for
        if asked is None or asked <= timezone.now():
            return TimeForm(request=self.consultation, **given)
        local = asked.astimezone(self.practice.zone)
        initial: dict[str, Any] = {"day": local.date(), "hour": f"{local:%H:%M}"}
        if self.consultation.starts_at and self.consultation.ends_at:
            length = self.consultation.ends_at - self.consultation.starts_at
            initial["minutes"] = round(length.total_seconds() / 60)
        return TimeForm(initial=initial, request=self.consultation, **given)

    def _object(self, form: TimeForm | OfferForm) -> bool:
        """Whether a time cannot be had, or more speaks against it than the therapist knows of."""
        now, minutes = timezone.now(), form.cleaned_data["minutes"]
        schedule = Schedule.load()
        open_now = openings.load(self.practice, now, schedule=schedule, without=self.consultation)
        is_taken = False
        for start in form.starts:
            span = services.lasting(start, minutes)
            if claims.is_taken(span, schedule, by_others_than=self.consultation):
                form.blame(start, TAKEN)
                is_taken = True
            for sentence in open_now.objections(start, minutes, now):
                form.objections.setdefault(sentence, []).append(start)
        return is_taken or bool(form.objections.keys() - set(form.despite))

    def _given(self, form: TimeForm | OfferForm) -> dict[str, Any]:
        """What a valid form about times says, as the decision takes it."""
        told = form.cleaned_data
        given = {"minutes": told["minutes"], "despite": form.despite}
        if isinstance(form, OfferForm):
            return {**given, "starts": form.starts}
        return {**given, "starts_at": form.starts[0], **form.contact}

    def _learn(self, given: dict[str, Any]) -> None:
        """Sets in memory alone what was just told: the words, and how they go, depend on it."""
        self.consultation.phone = given.get("phone") or self.consultation.phone
        self.consultation.email = given.get("email") or self.consultation.email
        self.consultation.visitor_calls |= given.get("visitor_calls", False)
        if self.decision.asks == Asks.TIME:
            self.consultation.medium = self.practice.consultation_medium

    def _posted_letter(self) -> LetterForm:
        return LetterForm(self.request.POST, by_email=bool(self.consultation.email))

    def _draft(self, given: dict[str, Any]) -> LetterForm | None:
        """The proposed words, where the decision writes."""
        if not self.decision.writes:
            return None
        starts = given.get("starts", [])
        proposed = emails.draft(
            self.consultation,
            self.decision.kind,
            starts_at=given.get("starts_at"),
            minutes=given.get("minutes"),
            starts=starts,
            stands_until=services.offer_stands_until(self.consultation, starts) if starts else None,
        )
        return LetterForm(
            initial={
                "subject": proposed.subject,
                "body": proposed.body,
                "written_for": written_for(given),
            },
            by_email=bool(self.consultation.email),
        )

    def _decide(
        self, letter: LetterForm | None, time: TimeForm | OfferForm | None, given: dict[str, Any]
    ) -> HttpResponse:
        if letter is not None:
            told = letter.cleaned_data
            given["words"] = emails.Draft(told.get("subject", ""), told["body"])
        try:
            self.decision.carry_out(self.consultation, user=self.user, **given)
        except (services.Stale, services.NotAllowed):
            return self._too_late()
        except services.TimeTaken:
            self.consultation.refresh_from_db()  # what it was to become was undone
            self._learn(given)
            assert time is not None
            time.add_error(None, TAKEN)
            return self._show(time=time, letter=letter)
        except services.Objections as error:  # since the form was checked
            assert time is not None
            time.objections = dict.fromkeys(error.sentences, time.starts)
            return self._show(time=time, letter=letter)
        messages.success(self.request, self._done())
        return HttpResponseRedirect(self.detail_url)

    def _done(self) -> str:
        if not self.decision.writes:
            return "Done. Nothing was sent."
        if self.consultation.email:
            return "Done. Your letter is on its way."
        return "Done. Below are the words to say or text; press “I told them” when you have."

    def _show(
        self,
        time: TimeForm | OfferForm | None = None,
        letter: LetterForm | None = None,
        *,
        time_is_set: bool = False,
    ) -> HttpResponse:
        """The form about times, or what it said and the letter."""
        return self.render_to_response(
            self.get_context_data(
                consultation=self.consultation,
                practice=self.practice,
                decision=self.decision,
                time_form=time,
                letter_form=letter,
                time_is_set=time_is_set,
                starts=time.starts if time_is_set and time else [],
            )
        )


class NoteView(RequestMixin):
    """Keeps outcome or private note. POST alone."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form: Form
        if "outcome" in request.POST:
            form = OutcomeForm(request.POST)
            if form.is_valid():
                services.set_outcome(
                    self.consultation, form.cleaned_data["outcome"], user=self.user
                )
        else:
            form = NoteForm(request.POST)
            if isinstance(self.consultation.private_note, Unreadable):
                form.add_error(
                    None, "The note on file cannot be read without its key, so it stays."
                )
            if form.is_valid():
                services.set_private_note(
                    self.consultation, form.cleaned_data["note"], user=self.user
                )
        if form.is_valid():
            messages.success(request, "Kept.")
        else:
            messages.error(request, form.errors.as_text())
        return HttpResponseRedirect(self.detail_url)


class ToldView(RequestMixin):
    """ "I told them": the words have reached a visitor without e-mail. POST alone."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        letter = get_object_or_404(self.consultation.letters, pk=kwargs["letter"])
        services.tell(letter, user=self.user)
        messages.success(request, "Noted.")
        return HttpResponseRedirect(self.detail_url)


class ConsultationViewSet(ViewSet):
    name = "consultations"
    icon = "mail"

    def get_urlpatterns(self) -> list[Any]:
        return [
            path("", ListView.as_view(), name="index"),
            path("results/", ListView.as_view(results_only=True), name="index_results"),
            path(
                "all/",
                ListView.as_view(
                    everything=True,
                    index_url_name="consultations:all",
                    index_results_url_name="consultations:all_results",
                ),
                name="all",
            ),
            path(
                "all/results/",
                ListView.as_view(
                    everything=True,
                    results_only=True,
                    index_url_name="consultations:all",
                    index_results_url_name="consultations:all_results",
                ),
                name="all_results",
            ),
            path("<int:pk>/", DetailView.as_view(), name="detail"),
            path("<int:pk>/note/", NoteView.as_view(), name="note"),
            path("<int:pk>/told/<int:letter>/", ToldView.as_view(), name="told"),
            path("<int:pk>/<slug:decision>/", DecideView.as_view(), name="decide"),
        ]


viewset = ConsultationViewSet()
