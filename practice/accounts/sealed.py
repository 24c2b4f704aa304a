"""A form of the admin that was sent when its session, second factor or token had ended.

It goes back to the browser that sent it, sealed: the page holds all that was typed, nobody who sits
there can read it, and once signed in again one button sends it on. Nothing of it is stored here.
"""

import json
from datetime import timedelta

from cryptography.fernet import InvalidToken
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from practice.fields import cipher
from practice.http import error_pages, private

SEALED, ONLY_SEAL = "sealed", "only_seal"
GOOD_FOR = timedelta(hours=12)
NOT_TYPED = {SEALED, ONLY_SEAL, "csrfmiddlewaretoken", "act", "next", "version"}


def has_words(request: HttpRequest) -> bool:
    """Whether somebody sent a form with something in it, and looks at what is answered."""
    if request.method != "POST" or not private.is_admin(request.path):
        return False
    if request.FILES or "password" in request.POST:
        return False
    by_script = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    if by_script or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return False
    if SEALED in request.POST:
        return True
    typed = (values for name, values in request.POST.lists() if name not in NOT_TYPED)
    return any(value.strip() for values in typed for value in values)


def give_back(request: HttpRequest, way_in: str = "") -> HttpResponse:
    """The page that holds the form until its sender has been to `way_in`, if anywhere."""
    fields = request.POST.copy()
    for name in (ONLY_SEAL, "csrfmiddlewaretoken"):
        fields.pop(name, None)
    typed = json.dumps([request.path, fields.urlencode()]).encode()
    context = {
        "sealed": request.POST.get(SEALED) or cipher().encrypt(typed).decode(),
        "way_in": way_in,
        "is_signed_in": request.user.is_authenticated,
    }
    return render(request, "account/given_back.html", context, status=403)


def way_to_sign_in() -> str:
    return f"{reverse('account_login')}?next={reverse('wagtailadmin_home')}"


def unseal(request: HttpRequest) -> None:
    """Puts what a sealed form holds in its place. Raises SuspiciousOperation for a wrong one."""
    if SEALED not in request.POST:
        return
    try:
        seconds = int(GOOD_FOR.total_seconds())
        path, fields = json.loads(cipher().decrypt(request.POST[SEALED].encode(), ttl=seconds))
    except (InvalidToken, ValueError) as error:
        raise SuspiciousOperation("This form was not sealed here, or too long ago.") from error
    if path != request.path:
        raise SuspiciousOperation("This form was sealed for another page.")
    request.POST = QueryDict(fields)


def refuse(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: signing in makes new tokens, which a page that was open has not.

    What comes from our own page (W3C Fetch Metadata) is given back to be sent again; nothing else
    is, or one press would carry out what another site has made up.
    """
    if request.headers.get("Sec-Fetch-Site") == "same-origin" and has_words(request):
        return give_back(request, "" if request.user.is_authenticated else way_to_sign_in())
    return error_pages.forbidden(request, is_old=True)
