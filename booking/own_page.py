"""A visitor's own page, at a private link. A GET changes nothing: mail scanners open every link."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from booking import tokens
from booking.erasure import erasing
from booking.forms.times import PickForm, parse_start
from booking.letters import emails, ical
from booking.models import FINAL_STATES, ConsultationRequest, Letter, Schedule, State
from booking.models.letters import AFTER_CALL
from booking.services import by_visitor, codes, counts, transitions
from practice.fields import Unreadable
from practice.http.network import client_address
from practice.http.origin import is_foreign
from practice.models import Caller, Medium, PracticeSettings

Kind = transitions.Kind
Act = Callable[[ConsultationRequest, PickForm], None]
SETTLES = {
    State.CONFIRMED: (Kind.CONFIRM, Kind.MOVE, Kind.KEEP, Kind.PICKED),
    State.DECLINED: (Kind.DECLINE,),
}


@sensitive_post_parameters()
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """A visitor's own page: shows the state, nothing that they wrote; acts by POST alone."""
    consultation = ConsultationRequest.objects.by_token(token)
    if consultation is None:
        return _gone(request, token)
    practice = PracticeSettings.load(request_or_site=request)
    if request.method != "POST" or is_foreign(request):
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
        return _gone(request, token)
    if _is_done(now, act, request.POST.get("time", "")):
        return HttpResponseRedirect(request.path, status=303)
    typed = {name: request.POST.get(name, "") for name in ("phone", "visitor_calls")}
    form = PickForm(initial=typed, consultation=now, practice=practice)
    return _show_request(request, now, practice, form, too_late=True)


def _gone(request: HttpRequest, token: str) -> HttpResponse:
    """410 for a link that was good once, which its signature tells, else 404."""
    was_ours = tokens.read(token) is not None
    status = 410 if was_ours else 404
    return render(request, "booking/gone.html", {"was_ours": was_ours}, status=status)


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
    stage = stage_of(consultation, now)
    context = {
        "consultation": consultation,
        "practice": practice,
        "zone": consultation.zone_or(practice.zone),
        "form": form or PickForm(consultation=consultation, practice=practice),
        "time": consultation.time_as_told(now),
        "lost_its_time": consultation.lost_its_time(now),
        "is_ahead": consultation.is_ahead(now),
        "can_move": stage == "agreed" and consultation.move_asked_at is None,
        "can_withdraw": consultation.may_be_withdrawn(now),
        "can_restore": consultation.may_be_restored(now),
        "restorable_until": consultation.state_since + consultation.UNDO_WITHIN,
        "held_until": consultation.kept_until if consultation.is_held(practice.today()) else None,
        "kept_days": _kept_days(consultation, stage, practice),
        "late": waits and consultation.reply_by < practice.today(),
        "nobody_home": practice.nobody_home_since
        and (waits or consultation.state == State.WAITLISTED),
        "none_suited": consultation.state == State.PENDING
        and consultation.events.filter(kind=Kind.NONE_SUITS, version=consultation.version).exists(),
        "letters": _letters(consultation),
        "too_late": too_late,
        "calendar_file": _calendar_file(consultation, now),
        **_how(consultation, practice),
    }
    status = 409 if too_late else 200
    return render(request, f"booking/own/{stage}.html", context, status=status)


def stage_of(consultation: ConsultationRequest, now: datetime) -> str:
    """Which template in `booking/own/` says how it stands. Pure."""
    if consultation.seems_to_wait:
        return "waiting"
    if consultation.state == State.CONFIRMED:
        return "agreed" if consultation.is_ahead(now) else "past"
    return str(consultation.state)


def _how(consultation: ConsultationRequest, practice: PracticeSettings) -> dict[str, Any]:
    """How they talk, and who calls whom, as their own therapist does it."""
    told = Schedule.of(consultation).as_told(practice)
    medium = consultation.medium or told.consultation_medium
    therapist_calls = told.caller == Caller.THERAPIST and not consultation.visitor_calls
    return {
        "told": told,
        "medium": medium,
        "minutes": consultation.minutes,
        "i_call": medium == Medium.TELEPHONE and therapist_calls and consultation.contact.call,
    }


def _kept_days(
    consultation: ConsultationRequest, stage: str, practice: PracticeSettings
) -> int | None:
    """After how many days it is erased by itself, once it is over."""
    is_over = stage == "past" or consultation.state in FINAL_STATES
    return practice.kept_for(consultation.state).days if is_over else None


def _letters(consultation: ConsultationRequest) -> list[Letter]:
    """Those that say how things stand, as they were sent: all that were written after the call,
    else the one that settled it.
    """
    emailed = consultation.letters.filter(channel=Letter.Channel.EMAIL, is_automatic=False)
    kinds = SETTLES.get(State(consultation.state), ())
    letters = emailed.filter(version=_last(consultation, kinds) or consultation.version)
    if consultation.state in (State.CONFIRMED, State.CLOSED):
        agreed = _last(consultation, SETTLES[State.CONFIRMED]) or 0
        letters = emailed.filter(kind__in=AFTER_CALL, version__gt=agreed) or letters
    return [each for each in letters if not isinstance(each.body, Unreadable)]


def _last(consultation: ConsultationRequest, kinds: tuple[Kind, ...]) -> int | None:
    """The version that the last event of one of `kinds` made."""
    last = consultation.events.filter(kind__in=kinds).order_by("version").last()
    return last.version if last else None


def _pick(consultation: ConsultationRequest, form: PickForm) -> None:
    if not form.is_valid():
        raise transitions.NotAllowed
    told = dict(form.cleaned_data)
    by_visitor.pick(consultation, told.pop("time"), **told)


ACTS: dict[str, Act] = {
    "pick": _pick,
    "none_suits": lambda consultation, form: by_visitor.none_suits(consultation),
    "ask_to_move": lambda consultation, form: by_visitor.ask_to_move(consultation),
    "withdraw": lambda consultation, form: by_visitor.withdraw(consultation),
    "restore": lambda consultation, form: by_visitor.restore(consultation),
    "calendar_file": lambda consultation, form: by_visitor.want_calendar_file(consultation),
}


def _act(consultation: ConsultationRequest, step: Act, form: PickForm) -> bool:
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
        "calendar_file": consultation.wants_calendar_file,
    }.get(act, False)


def _erase(
    request: HttpRequest, consultation: ConsultationRequest, practice: PracticeSettings
) -> HttpResponse:
    is_held = consultation.is_held(practice.today())
    context: dict[str, Any] = {
        "consultation": consultation,
        "practice": practice,
        "held_until": consultation.kept_until if is_held else None,
        "is_ahead": consultation.is_ahead(timezone.now()),
        "backup_days": settings.BACKUP_DAYS,
    }
    if not request.POST.get("sure"):
        return render(request, "booking/erase.html", context)
    context["is_gone"] = erasing.erase(consultation, by=transitions.Actor.VISITOR)
    return render(request, "booking/erased.html", context)


def _calendar_file(consultation: ConsultationRequest, now: datetime) -> dict[str, Any] | None:
    """What the page offers for their own calendar: a file to `download`, and one `by_email`."""
    agreed = transitions.agreed_time(consultation, now)
    is_over = consultation.state == State.CONFIRMED and not agreed
    may_ask = consultation.contact_as_told.calendar_file and consultation.is_open
    offered = {
        "download": agreed and reverse("booking:calendar_file", args=[consultation.token]),
        "by_email": may_ask and not is_over,
        "is_wanted": consultation.wants_calendar_file and consultation.is_open and not is_over,
    }
    return offered if any(offered.values()) else None


@require_safe
def calendar_file(request: HttpRequest, token: str) -> HttpResponse:
    """The agreed time for the visitor's own calendar, which others may see: when, and no more."""
    now = timezone.now()
    consultation = ConsultationRequest.objects.by_token(token)
    agreed = transitions.agreed_time(consultation, now) if consultation else None
    if consultation is None or agreed is None:
        return render(request, "booking/gone.html", status=404)
    content = ical.appointment(
        emails.calendar_uid(consultation),
        agreed.start,
        agreed.end,
        sequence=consultation.invitation_sequence or 0,
        now=now,
    )
    return HttpResponse(
        content,
        content_type=ical.FEED_TYPE,
        headers={"Content-Disposition": 'attachment; filename="appointment.ics"'},
    )


@sensitive_post_parameters()
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def by_code(request: HttpRequest) -> HttpResponse:
    """Where a code that was read out is typed; it leads to the visitor's own page."""
    typed = "" if is_foreign(request) else request.POST.get("code", "").strip()
    try:
        consultation = codes.open_by(typed, client_address(request)) if typed else None
    except counts.TooMany:
        return render(request, "booking/code.html", {"is_too_many": True}, status=429)
    if consultation is None:
        return render(request, "booking/code.html", {"is_wrong": bool(typed)})
    return HttpResponseRedirect(consultation.get_absolute_url(), status=303)
