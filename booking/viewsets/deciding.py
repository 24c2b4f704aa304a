"""The pages on which the therapist decides: a time, the words, and it is done."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.forms.review import LetterForm, OfferForm, StartForm, TimeForm
from booking.letters import emails
from booking.models import ConsultationRequest, State
from booking.services import after_call, decisions, transitions
from booking.services.decisions import Asks, Decision
from booking.times import choice, open_times, reservations
from booking.viewsets.base import RequestView
from practice.models import PracticeSettings

TAKEN = _("This time is taken by another consultation, or by the break after it. Pick another.")


def open_decisions(consultation: ConsultationRequest) -> list[Decision]:
    """What the therapist may decide now, letters after the call among it."""
    return [*decisions.decisions(consultation), *after_call.letters(consultation)]


def written_for(given: dict[str, Any], start: StartForm) -> str:
    """What the words of a decision depend on, to be compared when they are sent."""
    names = ("starts_at", "starts", "minutes", "phone", "email", "visitor_calls")
    chosen = start.chosen
    named = [f"names {each.pk}" for each in chosen["referrals"]]
    started = [chosen["start_from"]] if chosen["start_from"] else []
    return "; ".join([*(str(given[name]) for name in names if name in given), *started, *named])


class DecideView(RequestView):
    """One decision: first its time, where it has one, then its words, then it is done."""

    template_name = "booking/admin/decide.html"
    header_icon = "mail"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        named = {each.kind: each for each in (*decisions.DECISIONS, *after_call.LETTERS)}
        if kwargs["decision"] not in named:
            raise Http404
        self.decision = named[kwargs["decision"]]

    @cached_property
    def told(self) -> PracticeSettings:
        """The settings as the visitor is told them."""
        return self.schedule.as_told(self.practice)

    @cached_property
    def start(self) -> StartForm:
        """What the words were started from, once there are some."""
        posted = self.request.POST if "body" in self.request.POST else None
        return StartForm(posted, kind=self.decision.kind)

    def get_page_title(self) -> str:
        return self.decision.label

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refused := self._refuse():
            return refused
        time = self._time_form()
        return self._show(time=time, letter=None if time else self._draft({}))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refused := self._refuse(request.POST.get("version", "")):
            return refused
        given, letter = {}, self._posted_letter()
        if time := self._time_form(request.POST):
            if not time.is_valid() or self._object(time) or "back" in request.POST:
                return self._show(time=time, letter=letter)
            given = time.given
            self._learn(given)
            letter = self._posted_letter()  # by email or not: an address may have been learned
        if not self.decision.writes:
            return self._decide(None, time, given)
        is_as_written = request.POST.get("written_for", "") == written_for(given, self.start)
        if letter is None or "use" in request.POST or not is_as_written:
            if letter is not None and "use" not in request.POST:
                messages.warning(request, self._new_draft(letter))
            return self._show(time=time, letter=self._draft(given, letter), time_is_set=bool(time))
        if not letter.is_valid():
            return self._show(time=time, letter=letter, time_is_set=bool(time))
        return self._decide(letter, time, given)

    @staticmethod
    def _new_draft(before: LetterForm) -> str:
        said = gettext(
            "You changed the time, the names, or the words to start from, so this is a new draft."
        )
        if before.own_words:
            said += " " + gettext("What you'd typed is below it.")
        return said

    def _refuse(self, version: str | None = None) -> HttpResponse | None:
        """A way back where the decision can no longer be had, else None."""
        stale = version is not None and version != str(self.consultation.version)
        refused = stale or self.decision not in open_decisions(self.consultation)
        return self._too_late(version) if refused else None

    def _too_late(self, version: str | None = None) -> HttpResponse:
        """Tells what happened since the page was opened that knew `version`.

        What was typed stays: in its form if the decision can still be had, else to copy.
        """
        now = ConsultationRequest.objects.shown().filter(pk=self.consultation.pk).first()
        if now is None:
            return self.gone()
        is_number = version and version.isascii() and version.isdecimal() and len(version) < 10
        read = int(version) if version and is_number else self.consultation.version
        if self._was_done(now, read):
            return self.back(self._done())
        since = now.events.filter(version__gt=read)
        happened = "; ".join(f"{e.get_actor_display()} {e.get_kind_display()}" for e in since)
        state = now.get_state_display()
        told = gettext("Nothing was sent or changed. This request is now “%s”.") % state
        told += " " + gettext("Since you opened the page: %s.") % happened if happened else ""
        if self.request.method != "POST" or self.decision not in open_decisions(now):
            return self.give_back(told, self.detail_url)
        messages.warning(self.request, f"{told} {gettext('What you typed is still here.')}")
        self.consultation = now
        return self._show(time=self._time_form(self.request.POST), letter=self._posted_letter())

    def _was_done(self, now: ConsultationRequest, read: int) -> bool:
        """Whether it is this very form that changed the request: a button pressed twice."""
        letter = self._posted_letter()
        if letter is None:
            asked_for = not self.decision.writes and self.request.method == "POST"
            return asked_for and now.state == self.decision.to and now.version > read
        sent = now.letters.filter(version__gt=read, kind=self.decision.kind).last()
        return sent is not None and letter.is_valid() and sent.body == letter.cleaned_data["body"]

    def _time_form(self, data: QueryDict | None = None) -> TimeForm | OfferForm | None:
        """The form about times, at first with the one that is held, or with some that are open."""
        if self.decision.asks == Asks.NOTHING:
            return None
        if self.decision.asks == Asks.TIME:
            return TimeForm(data, practice=self.told, consultation=self.consultation)
        if data is not None:
            return OfferForm(data, practice=self.told)
        starts = open_times.starts_now(self.practice, self.schedule)
        parts, zone = self.consultation.parts_of_week, self.practice.zone
        suggested = choice.to_offer(starts, zone, parts, decisions.MOST_OFFERS)
        return OfferForm.suggesting(suggested, self.told)

    def _object(self, form: TimeForm | OfferForm) -> bool:
        """Whether a time cannot be had, or more speaks against it than the therapist knows of."""
        now, minutes = timezone.now(), form.cleaned_data["minutes"]
        open_now = open_times.load(
            self.practice, self.schedule, now, without=self.consultation, until=max(form.starts)
        )
        is_taken = False
        for start in form.starts:
            span = decisions.lasting(start, minutes)
            if reservations.is_taken(span, self.schedule, by_others_than=self.consultation):
                form.blame(start, str(TAKEN))
                is_taken = True
            for sentence in open_now.objections(start, minutes, now):
                form.objections.setdefault(sentence, []).append(start)
        return is_taken or not form.is_known

    def _learn(self, given: dict[str, Any]) -> None:
        """Sets in memory alone what was just told: the words, and how they go, depend on it."""
        self.consultation.phone = given.get("phone") or self.consultation.phone
        self.consultation.email = given.get("email") or self.consultation.email
        self.consultation.visitor_calls |= given.get("visitor_calls", False)
        if self.decision.asks == Asks.TIME:
            self.consultation.medium = self.told.consultation_medium

    def _posted_letter(self) -> LetterForm | None:
        if "body" not in self.request.POST:
            return None
        return LetterForm(self.request.POST, contact=self.consultation.contact)

    def _draft(self, given: dict[str, Any], before: LetterForm | None = None) -> LetterForm | None:
        """The proposed words, where the decision writes, beside one's own from before."""
        if not self.decision.writes:
            return None
        about: dict[str, Any] = {name: given.get(name) for name in ("starts_at", "minutes")}
        if starts := given.get("starts"):
            until = decisions.offer_stands_until(self.consultation, starts)
            about |= {"starts": starts, "stands_until": until}
        about |= self.start.chosen
        proposed = emails.draft(self.consultation, self.decision.kind, **about)
        return LetterForm(
            initial={
                "subject": proposed.subject,
                "body": proposed.body,
                "written_for": written_for(given, self.start),
                "earlier": before.own_words if before else "",
            },
            contact=self.consultation.contact,
        )

    def _decide(
        self, letter: LetterForm | None, time: TimeForm | OfferForm | None, given: dict[str, Any]
    ) -> HttpResponse:
        if letter is not None:
            told = letter.cleaned_data
            given["words"] = emails.Draft(told.get("subject", ""), told["body"])
        try:
            self.decision.carry_out(self.consultation, user=self.user, **given)
        except (transitions.Stale, transitions.NotAllowed):
            return self._too_late()
        except reservations.TimeTaken:
            self.consultation.refresh_from_db()  # what it was to become was undone
            self._learn(given)
            assert time is not None
            time.add_error(None, TAKEN)
            return self._show(time=time, letter=letter)
        except decisions.Objections as error:  # since the form was checked
            assert time is not None
            time.objections = dict.fromkeys(error.sentences, time.starts)
            return self._show(time=time, letter=letter)
        return self.back(self._done())

    def _done(self) -> str:
        if self.consultation.state == State.PENDING and self.decision.kind == "accept":
            return gettext("Done. It's waiting for your reply.")
        if not self.decision.writes:
            return gettext("Done. Nothing was sent.")
        contact = self.consultation.contact
        if contact.letter and contact.discreet:
            return gettext(
                "Done. Your words are on their page, and an email without them is on its way."
            )
        if contact.letter:
            return gettext("Done. Your reply is on its way.")
        said = gettext("Done. Below are the words to %s; press “I told them” when you have.")
        return said % contact.say

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
                decision=self.decision,
                time_form=time,
                start_form=self.start if letter else None,
                letter_form=letter,
                time_is_set=time_is_set,
            )
        )
