"""What a visitor sees. A GET changes nothing: mail scanners open every link."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.models import Page

from booking.erasure import erasing
from booking.form_during_outage import keeps_what_was_typed
from booking.forms import ConsultationForm, PickForm
from booking.forms.visitor import as_meant, parse_start
from booking.models import ConsultationRequest, Schedule, State, Who
from booking.services import by_visitor, counts, transitions
from booking.times import open_times, reservations
from practice.http.network import client_address
from practice.launch import requirements
from practice.models import Intake, PracticeSettings
from practice.pagecache.version import cached

View = Callable[..., HttpResponse]
Act = Callable[[ConsultationRequest, PickForm], None]

LOOKS_ON = ("zone", "more")  # buttons that show the form again, as far as it is typed


def without_cookie(view: View) -> View:
    """Guards a visitor's form by what the browser says of its origin, not by a cookie.

    Nobody is signed in here, so a cookie would prove nothing; it would mark the device, and
    these pages send no referrer, under which browsers give `Origin: null` and Django's own
    guard refuses the form. Sec-Fetch-Site (W3C Fetch Metadata) tells a foreign page's post.
    `request.is_foreign` is for the view, which then shows the form again instead of a wall.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        origin = request.headers.get("Sec-Fetch-Site", "none")
        request.is_foreign = origin not in ("same-origin", "none")  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return csrf_exempt(guarded)


def find_article(value: Any) -> Page | None:
    """The published, open page of that id, if there is one."""
    try:
        pk = int(str(value))
    except ValueError:
        return None
    if not 0 < pk < 2**31:
        return None
    return cached(
        ("article", pk), lambda: Page.objects.live().public().filter(pk=pk, depth__gt=2).first()
    )


@sensitive_post_parameters()
@without_cookie
@require_http_methods(["GET", "HEAD", "POST"])
@keeps_what_was_typed
def request_consultation(request: HttpRequest) -> HttpResponse:
    """The form; by POST, a request. What cannot be had any more is answered with 409, and what
    one address sends too often with 429 and other ways to reach the practice.
    """
    practice = PracticeSettings.load(request_or_site=request)
    if not requirements.is_open(practice):
        return _closed(request, practice, "booking/not_open.html")
    if "elsewhere" in request.GET:
        return elsewhere(request, practice)
    if practice.intake_now == Intake.CLOSED:
        return _closed(request, practice, "booking/closed.html")
    form = _form(request, practice)
    if not form.is_bound:
        return _show(request, form)
    if form.is_elsewhere:
        return elsewhere(request, practice)
    if form.is_valid() and not request.is_foreign:  # type: ignore[attr-defined]
        try:
            sending = form.sending(client_address(request))
            consultation, _ = by_visitor.submit(form.to_request(Schedule.load()), sending, practice)
            by_visitor.note_first(practice)
        except by_visitor.AlreadySent:
            return _show(request, _under_new_key(form), was_sent=True)
        except counts.TooMany:
            return _show(request, form, status=429, is_too_many=True)
        except reservations.TimeTaken:
            form.find_again()
            form.add_error("when", form.taken(form.cleaned_data["when"]))
        else:
            return HttpResponseRedirect(
                f"{reverse('booking:sent')}?key={consultation.token}", status=303
            )
    return _show(request, form, status=409 if form.lost_time() else 200)


def _closed(request: HttpRequest, practice: PracticeSettings, page: str) -> HttpResponse:
    """Why no request is taken; after a post, which is not kept, with what was typed."""
    typed = [
        (ConsultationForm.base_fields[name].label, text)
        for name in ConsultationForm.in_words()
        if (text := request.POST.get(name, "").strip())
    ]
    context = {"practice": practice, "typed": typed}
    return render(request, page, context, status=409 if request.method == "POST" else 200)


def _form(request: HttpRequest, practice: PracticeSettings) -> ConsultationForm:
    """The form as it was opened, as it was sent, or as it was typed so far."""
    posted = request.method == "POST"
    sent_in = as_meant(request.POST) if posted else request.GET
    given: dict[str, Any] = {
        "practice": practice,
        "article": find_article(sent_in.get("article", "")),
        "pages": _pages(sent_in.get("pages", ""), sent_in.get("act") == "more"),
    }
    if practice.intake_now == Intake.OPEN:
        given["starts"] = lambda: open_times.starts_now(practice, Schedule.load())
    if posted and request.POST.get("act") not in LOOKS_ON:
        return ConsultationForm(sent_in, **given)
    initial: dict[str, Any] = {}
    if posted:
        initial = sent_in.dict() | {"parts": sent_in.getlist("parts")}
    elif request.GET.get("who") == Who.TEEN:
        initial = {"who": Who.TEEN}
    return ConsultationForm(initial=initial, **given)


def _pages(shown: str, one_more: bool) -> int:
    """How many pages of open times to show."""
    before = int(shown) if shown.isascii() and shown.isdecimal() and len(shown) < 4 else 0
    return before + one_more


def _show(
    request: HttpRequest,
    form: ConsultationForm,
    *,
    status: int = 200,
    was_sent: bool = False,
    is_too_many: bool = False,
) -> HttpResponse:
    practice = form.practice
    context = {
        "form": form,
        "practice": practice,
        "article": form.came_from,
        "reply_by": practice.reply_by(practice.today()),
        "for_teen": form["who"].value() == Who.TEEN,
        "is_foreign": form.is_bound and request.is_foreign,  # type: ignore[attr-defined]
        "was_sent": was_sent,
        "is_too_many": is_too_many,
        "mailbox": _mailbox() if is_too_many else "",
    }
    return render(request, "booking/request.html", context, status=status)


def _mailbox() -> str:
    """Where answers to letters go; the one in the settings is for alerts, and nobody else's."""
    mailbox = settings.DEFAULT_FROM_EMAIL
    return "" if mailbox.endswith("@localhost") else mailbox


def _under_new_key(form: ConsultationForm) -> ConsultationForm:
    """The same form for somebody who went back and changed what they had sent."""
    data = QueryDict(mutable=True)
    data.update(form.data)
    data["key"] = str(uuid.uuid4())
    form.data = data
    return form


def elsewhere(request: HttpRequest, practice: PracticeSettings) -> HttpResponse:
    """Other ways to find help. Nothing of what was typed is kept."""
    article = find_article(request.GET.get("article") or request.POST.get("article", ""))
    return render(request, "booking/elsewhere.html", {"practice": practice, "article": article})


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """What happens next; by the private link, until which day."""
    consultation = ConsultationRequest.objects.by_token(request.GET.get("key", ""))
    practice = PracticeSettings.load(request_or_site=request)
    if consultation is not None and not _keeps_its_promise(consultation, practice):
        return HttpResponseRedirect(consultation.get_absolute_url())
    context: dict[str, Any] = {"consultation": consultation, "practice": practice}
    if consultation is not None:
        context["zone"] = consultation.zone_or(practice.zone)
        context["time"] = consultation.time_as_told(timezone.now())
    return render(request, "booking/sent.html", context)


def _keeps_its_promise(consultation: ConsultationRequest, practice: PracticeSettings) -> bool:
    """Whether what was told when it was sent still holds: it waits, and a reply comes in time."""
    in_time = consultation.reply_by >= practice.today() and practice.nobody_home_since is None
    return consultation.seems_to_wait and in_time


@sensitive_post_parameters()
@without_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """A visitor's own page: shows the state, never the message; acts by POST alone."""
    consultation = ConsultationRequest.objects.by_token(token)
    if consultation is None:
        return render(request, "booking/gone.html", status=404)
    practice = PracticeSettings.load(request_or_site=request)
    if request.method != "POST" or request.is_foreign:  # type: ignore[attr-defined]
        return _show_request(request, consultation, practice)
    act = request.POST.get("act", "")
    if act == "erase":
        return _erase(request, consultation, practice)
    form = PickForm(request.POST, consultation=consultation, practice=practice)
    if act == "pick" and consultation.state == State.PROPOSED and not form.is_valid():
        return _show_request(request, consultation, practice, form)
    # An answer to an offer that was never seen is no answer.
    knows = request.POST.get("version", str(consultation.version)) == str(consultation.version)
    if act not in ACTS or ((knows or act == "withdraw") and _act(consultation, ACTS[act], form)):
        return HttpResponseRedirect(request.path, status=303)
    now = ConsultationRequest.objects.by_token(token)
    if now is None:
        return render(request, "booking/gone.html", status=404)
    if _is_done(now, act, request.POST.get("time", "")):
        return HttpResponseRedirect(request.path, status=303)
    typed = {name: request.POST.get(name, "") for name in ("phone", "visitor_calls")}
    form = PickForm(initial=typed, consultation=now, practice=practice)
    return _show_request(request, now, practice, form, too_late=True)


def _show_request(
    request: HttpRequest,
    consultation: ConsultationRequest,
    practice: PracticeSettings,
    form: PickForm | None = None,
    *,
    too_late: bool = False,
) -> HttpResponse:
    now = timezone.now()
    waits = consultation.was_promised_a_reply
    context = {
        "consultation": consultation,
        "practice": practice,
        "told": Schedule.of(consultation).as_told(practice),
        "zone": consultation.zone_or(practice.zone),
        "form": form or PickForm(consultation=consultation, practice=practice),
        "time": consultation.time_as_told(now),
        "lost_its_time": consultation.lost_its_time(now),
        "is_ahead": consultation.is_ahead(now),
        "can_withdraw": consultation.may_be_withdrawn(now),
        "can_restore": consultation.may_be_restored(now),
        "held_until": consultation.kept_until if consultation.is_held(practice.today()) else None,
        "late": waits and consultation.reply_by < practice.today(),
        "nobody_home": practice.nobody_home_since
        and (waits or consultation.state == State.WAITLISTED),
        "none_suited": consultation.state == State.PENDING
        and consultation.events.filter(
            kind=transitions.Kind.NONE_SUITS, version=consultation.version
        ).exists(),
        "too_late": too_late,
    }
    return render(request, "booking/manage.html", context, status=409 if too_late else 200)


def _pick(consultation: ConsultationRequest, form: PickForm) -> None:
    if not form.is_valid():
        raise transitions.NotAllowed
    told = form.cleaned_data
    by_visitor.pick(
        consultation,
        told["time"],
        phone=told.get("phone", ""),
        visitor_calls=told.get("visitor_calls", False),
    )


ACTS: dict[str, Act] = {
    "pick": _pick,
    "none_suits": lambda consultation, form: by_visitor.none_suits(consultation),
    "ask_to_move": lambda consultation, form: by_visitor.ask_to_move(consultation),
    "withdraw": lambda consultation, form: by_visitor.withdraw(consultation),
    "restore": lambda consultation, form: by_visitor.restore(consultation),
}


def _act(
    consultation: ConsultationRequest,
    step: Callable[[ConsultationRequest, PickForm], None],
    form: PickForm,
) -> bool:
    """Takes a visitor's step; whether it could be taken.

    Where the practice acted meanwhile, the visitor's will still counts if the new state lets it.
    """
    try:
        try:
            step(consultation, form)
        except transitions.Stale:
            again = ConsultationRequest.objects.by_token(consultation.token)
            if again is None:
                return False
            step(again, form)
    except (transitions.NotAllowed, transitions.Stale):
        return False
    return True


def _is_done(consultation: ConsultationRequest, act: str, time: str) -> bool:
    """Whether it already stands as was wished: a button that was pressed twice."""
    confirmed = consultation.state == State.CONFIRMED
    return {
        "pick": confirmed and consultation.starts_at == parse_start(time),
        "ask_to_move": confirmed and consultation.move_asked_at is not None,
        "withdraw": consultation.state == State.WITHDRAWN,
        "restore": consultation.seems_to_wait,
    }.get(act, False)


def _erase(
    request: HttpRequest, consultation: ConsultationRequest, practice: PracticeSettings
) -> HttpResponse:
    context: dict[str, Any] = {"consultation": consultation, "practice": practice}
    context["held_until"] = (
        consultation.kept_until if consultation.is_held(practice.today()) else None
    )
    if not request.POST.get("sure"):
        context["is_ahead"] = consultation.is_ahead(timezone.now())
        return render(request, "booking/erase.html", context)
    context["is_gone"] = erasing.erase(consultation, by=transitions.Actor.VISITOR)
    return render(request, "booking/erased.html", context)
