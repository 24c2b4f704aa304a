"""The form on which a visitor asks for a consultation, and the page after it."""

import uuid
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

from booking.form_during_outage import keeps_what_was_typed
from booking.forms.visitor import ConsultationForm, as_meant
from booking.models import ConsultationRequest, Schedule, Who
from booking.services import by_visitor, counts
from booking.times import open_times, reservations
from practice.http.network import client_address
from practice.http.origin import is_foreign
from practice.launch import requirements
from practice.models import Intake, PracticeSettings
from practice.pagecache.version import cached

LOOKS_ON = ("zone", "more")  # buttons that show the form again, as far as it is typed


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
@csrf_exempt
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
    if form.is_valid() and not is_foreign(request):
        try:
            sending = form.sending(client_address(request))
            consultation, _ = by_visitor.submit(form.to_request(Schedule.load()), sending, practice)
            by_visitor.note_first(practice)
        except by_visitor.AlreadySent:  # they went back and changed what they had sent
            again = QueryDict(mutable=True)
            again.update(form.data)
            again["key"] = str(uuid.uuid4())
            form.data = again
            return _show(request, form, was_sent=True)
        except counts.TooMany:
            return _show(request, form, status=429, is_too_many=True)
        except reservations.TimeTaken:
            form.find_again()
            form.add_error("when", form.taken(form.cleaned_data["when"]))
        else:
            return HttpResponseRedirect(
                f"{reverse('booking:sent')}?key={consultation.token}", status=303
            )
    return _show(request, form, status=409 if form.has_error("when") else 200)


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
    shown = sent_in.get("weeks", "")
    weeks = int(shown) if shown.isascii() and shown.isdecimal() and len(shown) < 4 else 0
    given: dict[str, Any] = {
        "practice": practice,
        "article": find_article(sent_in.get("article", "")),
        "weeks": weeks + (sent_in.get("act") == "more"),
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


def _show(
    request: HttpRequest,
    form: ConsultationForm,
    *,
    status: int = 200,
    was_sent: bool = False,
    is_too_many: bool = False,
) -> HttpResponse:
    practice, mailbox = form.practice, settings.DEFAULT_FROM_EMAIL
    context = {
        "form": form,
        "practice": practice,
        "article": form.came_from,
        "reply_by": practice.reply_by(practice.today()),
        "for_teen": form["who"].value() == Who.TEEN,
        "is_foreign": form.is_bound and is_foreign(request),
        "was_sent": was_sent,
        "is_too_many": is_too_many,
        # Where answers to letters go; the one in the settings is for alerts, and nobody else's.
        "mailbox": "" if mailbox.endswith("@localhost") else mailbox,
    }
    return render(request, "booking/request.html", context, status=status)


def elsewhere(request: HttpRequest, practice: PracticeSettings) -> HttpResponse:
    """Other ways to find help. Nothing of what was typed is kept."""
    article = find_article(request.GET.get("article") or request.POST.get("article", ""))
    is_posted = request.method == "POST"
    context = {"practice": practice, "article": article, "is_posted": is_posted}
    return render(request, "booking/elsewhere.html", context)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """What happens next; by the private link, until which day."""
    consultation = ConsultationRequest.objects.by_token(request.GET.get("key", ""))
    practice = PracticeSettings.load(request_or_site=request)
    context: dict[str, Any] = {"consultation": consultation, "practice": practice}
    if consultation is not None:
        in_time = consultation.reply_by >= practice.today() and practice.nobody_home_since is None
        if not (consultation.seems_to_wait and in_time):  # what was told when it was sent is over
            return HttpResponseRedirect(consultation.get_absolute_url())
        context["zone"] = consultation.zone_or(practice.zone)
        context["time"] = consultation.time_as_told(timezone.now())
    return render(request, "booking/sent.html", context)
