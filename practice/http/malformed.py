"""What no page of the admin would send, and what Wagtail's views make of it."""

import re
import sqlite3
import traceback

from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import NoReverseMatch, ResolverMatch
from django.utils.datastructures import MultiValueDictKeyError
from wagtail.models import Page

from practice.http import outage, private, waits
from practice.http.middleware import Middleware

EXTERNAL_LINK = "wagtailadmin_choose_page_external_link"
OURS = ("practice", "blog", "booking")
UNTAKEN = re.compile(r"\d{19}|\0")  # more than 64 bits, or the end of a text


class MalformedRequests(Middleware):
    """Answers 400 or 404 where a view of the admin fails at what none of its pages would send.

    Wagtail's views read fields and numbers without asking what is in them. What fails in our own
    code, or for any other reason, is a crash and stays one.
    """

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not private.is_admin(request.path):
            return None
        # Its view takes the address to be text before it looks for one.
        is_bare_link = match.url_name == EXTERNAL_LINK and "url" not in request.POST
        lacks_a_field = isinstance(exception, MultiValueDictKeyError) or is_bare_link
        if request.method == "POST" and lacks_a_field:
            return HttpResponseBadRequest("This form came without some of its fields.")
        if is_from_ours(exception):
            return None
        is_missing = isinstance(exception, ObjectDoesNotExist)
        if isinstance(exception, AttributeError):  # of what stands above the root of pages
            numbers = [each for each in match.kwargs.values() if isinstance(each, int)]
            is_missing = Page.objects.filter(depth=1, pk__in=numbers).exists()
        if is_missing:
            raise Http404 from exception
        if is_unreadable(request, match, exception):
            return HttpResponseBadRequest("Something in this address or form can't be read.")
        return None


def is_from_ours(exception: Exception) -> bool:
    """Whether code of this project had a part in it, between the view and where it was raised.

    What stands before every statement (practice/http/waits.py) has none.
    """
    frames = (frame for frame, _ in traceback.walk_tb(exception.__traceback__))
    names = (str(frame.f_globals.get("__name__")) for frame in frames)
    return any(name.startswith(OURS) and name != waits.__name__ for name in names)


def is_unreadable(request: HttpRequest, match: ResolverMatch, exception: Exception) -> bool:
    """Whether the error quotes what was sent, as that of a field of numbers does, or the database
    refused a number or a text of which one was sent that no database takes.
    """
    if outage.is_one(exception):
        return False
    sent = [str(value) for value in match.kwargs.values()]
    for fields in (request.GET, request.POST):
        sent += [text for _, texts in fields.lists() for text in texts]
    if isinstance(exception, (ValueError, NoReverseMatch)):
        words = str(exception)
        if any(repr(text) in words for text in sent):
            return True
    code = getattr(exception.__cause__, "sqlite_errorcode", None)
    is_mismatch = code == sqlite3.SQLITE_MISMATCH  # which Django takes for a breach of integrity
    refused = isinstance(exception, (OverflowError, ValueError, DataError, OperationalError))
    return (refused or is_mismatch) and any(UNTAKEN.search(text) for text in sent)
