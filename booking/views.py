"""What a visitor sees. A GET changes nothing: mail scanners open every link."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.models import Page

from booking import services
from booking.forms import ConsultationForm
from booking.models import ConsultationRequest, State, Who
from practice.models import PracticeSettings

View = Callable[..., HttpResponse]


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
    return Page.objects.live().public().filter(pk=pk, depth__gt=2).first()


@sensitive_post_parameters()
@without_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def request_consultation(request: HttpRequest) -> HttpResponse:
    """The form; by POST, a request."""
    practice = PracticeSettings.load(request_or_site=request)
    if "elsewhere" in request.GET:
        return elsewhere(request, practice)
    posted = request.method == "POST"
    sent_in = request.POST if posted else request.GET
    article = find_article(sent_in.get("article", ""))
    initial = {"who": Who.TEEN} if request.GET.get("who") == Who.TEEN else {}
    form = ConsultationForm(
        request.POST if posted else None, initial=initial, practice=practice, article=article
    )
    if posted and form.is_elsewhere:
        return elsewhere(request, practice)
    if posted and form.is_valid() and not request.is_foreign:  # type: ignore[attr-defined]
        try:
            filed, _ = services.submit(form.to_request())
        except services.AlreadySent:
            return render(request, "booking/request.html", _once_more(request, form, practice))
        return HttpResponseRedirect(f"{reverse('booking:sent')}?key={filed.token}", status=303)
    return render(request, "booking/request.html", _form_context(request, form, practice))


def _form_context(
    request: HttpRequest, form: ConsultationForm, practice: PracticeSettings
) -> dict[str, Any]:
    return {
        "form": form,
        "practice": practice,
        "article": form.came_from,
        "reply_by": practice.reply_by(practice.today()),
        "for_teen": form["who"].value() == Who.TEEN,
        "is_foreign": request.method == "POST" and request.is_foreign,  # type: ignore[attr-defined]
    }


def _once_more(
    request: HttpRequest, form: ConsultationForm, practice: PracticeSettings
) -> dict[str, Any]:
    """The form under a new key, for somebody who went back and changed what they had sent."""
    form.data = {**request.POST.dict(), "parts": request.POST.getlist("parts")}
    form.data["key"] = str(uuid.uuid4())
    return {**_form_context(request, form, practice), "was_sent": True}


def elsewhere(request: HttpRequest, practice: PracticeSettings) -> HttpResponse:
    """Other ways to find help. Nothing of what was typed is kept."""
    article = find_article(request.GET.get("article") or request.POST.get("article", ""))
    return render(request, "booking/elsewhere.html", {"practice": practice, "article": article})


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """What happens next; by the private link, until which day."""
    found = ConsultationRequest.objects.by_token(request.GET.get("key", ""))
    if found is not None and found.state not in (State.PENDING, State.SUSPECTED):
        return HttpResponseRedirect(found.get_absolute_url())
    practice = PracticeSettings.load(request_or_site=request)
    return render(request, "booking/sent.html", {"consultation": found, "practice": practice})


@without_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """A visitor's own page: shows the state, never the message; acts by POST alone."""
    found = ConsultationRequest.objects.by_token(token)
    if found is None:
        return render(request, "booking/gone.html", status=404)
    practice = PracticeSettings.load(request_or_site=request)
    context: dict[str, Any] = {"consultation": found, "practice": practice}
    if request.method == "POST" and not request.is_foreign:  # type: ignore[attr-defined]
        act = request.POST.get("act", "")
        if act == "erase" and not request.POST.get("sure"):
            return render(request, "booking/erase.html", context)
        if act == "erase":
            services.erase(found, by=services.Actor.VISITOR)
            return render(request, "booking/erased.html", context)
        _act(found, act)
        return HttpResponseRedirect(request.path, status=303)
    now = timezone.now()
    context["can_withdraw"] = found.may_be_withdrawn(now)
    context["can_restore"] = found.may_be_restored(now)
    context["late"] = found.is_late(practice.today())
    return render(request, "booking/manage.html", context)


def _act(found: ConsultationRequest, act: str) -> None:
    """What the page shows afterwards tells what came of it, also where it came too late."""
    steps = {"withdraw": services.withdraw, "restore": services.restore}
    if act not in steps:
        return
    with suppress(services.NotAllowed):
        try:
            steps[act](found)
        except services.Stale:  # the practice acted meanwhile; the visitor's will still counts
            found.refresh_from_db()
            steps[act](found)
