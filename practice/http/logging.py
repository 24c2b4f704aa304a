"""What a log must not keep: what visitors wrote, their private links, and who they are.

Nothing of that is logged on purpose. Should a call do so by mistake, the formatter, which
touches every line last, leaves it out; and of a crash it keeps the kinds of the errors and the
places in the code, since their words may be somebody's.
"""

import copy
import json
import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_network
from pathlib import PurePath
from types import TracebackType
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from practice.http import private, request_ids
from practice.http.private import START

PLAIN = (str, int, float, Decimal, date, time, timedelta, UUID, PurePath, Promise)
PRIVATE, QUERY, EMAIL, PHONE = r"\1[private]", "?[query]", "[email]", "[phone]"
MASKS = [
    (re.compile(pattern), mask)
    for pattern, mask in (
        # What the end of a private address looks like, wherever it stands: a visitor's, then one
        # to choose a password.
        (rf"(){START}\d+-[\w-]{{20,}}(?:\.|%(?:25)*2[eE])[\w-]{{20,}}", PRIVATE),
        (rf"(?i)(){START}[0-9a-z]+-[0-9a-z]{{6,}}-[0-9a-f]{{32,}}", PRIVATE),
        (r"(?<=/)\?[^\s\"'<>]+", QUERY),
        (r"(?<=\w)\?[^\s\"'<>=?]+=[^\s\"'<>]*", QUERY),
        (r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+", EMAIL),
        # Of North America, with or without the country's code; then of any country, with it.
        (r"(?<![\w.-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-]?)\d{3}[ .-]?\d{4}(?![\w-])", PHONE),
        (r"(?<!\w)\+\d(?:[ ().-]{0,2}\d){7,14}(?!\w)", PHONE),
    )
]


NETWORK = re.compile(
    r"(?<![\w.:])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)|"
    r"(?<![\w.:])[0-9A-Fa-f]*(?::[0-9A-Fa-f]*){2,}(?!\w)"
)


def _shortened(match: re.Match[str]) -> str:
    """A network address without its end; the machine's own, and what is no address, as it is."""
    try:
        address = ip_address(match[0])
    except ValueError:
        return match[0]
    if address.is_loopback or address.is_unspecified:
        return match[0]
    return str(ip_network((match[0], 24 if address.version == 4 else 48), strict=False))


def redact(text: str) -> str:
    """`text` with private addresses, queries, e-mail addresses, telephone numbers and the end
    of network addresses masked.
    """
    for place in private.places.values():
        text = place.mask.sub(PRIVATE, text) if place.mask else text
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return NETWORK.sub(_shortened, text)


def neutral(value: Any) -> Any:
    """`value` where it is plain, else a word for what it is that says nothing of what it holds.

    Text is plain: whoever logs a field of a form by itself is beyond help but for `redact`.
    """
    if value is None or isinstance(value, PLAIN):
        return value
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, Model):
        return f"<{type(value).__name__} {value.pk}>"
    if isinstance(value, HttpRequest):
        return f"<{value.method} {value.path}>"
    return f"<{type(value).__name__}>"


def message_of(record: logging.LogRecord) -> str:
    """What the call wanted to say, of neutral arguments; its bare format where they do not fit."""
    arguments: Any = record.args
    message = str(neutral(record.msg))
    if not isinstance(arguments, Mapping):
        arguments = tuple(map(neutral, arguments or ()))
    elif "%(" in message:
        arguments = {name: neutral(value) for name, value in arguments.items()}
    else:
        arguments = (neutral(arguments),)  # the one mapping of a call, meant to be shown whole
    try:
        return message % arguments if arguments else message
    except (KeyError, TypeError, ValueError):
        return message


def places(error: BaseException | None) -> str:
    """The traceback of `error` and of what led to it, without the words of any of them."""
    parts: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        lines = "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        parts.insert(0, f"Traceback (most recent call last):\n{lines}\n{kind}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nwhich led to:\n\n".join(parts)


ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def number_of(record: logging.LogRecord) -> str:
    """The number of the request or run that the record belongs to, or nothing."""
    request = getattr(record, "request", None)
    return getattr(request, "request_id", "") or request_ids.current()


class RedactingFormatter(logging.Formatter):
    """Writes neutral arguments, tracebacks without words, and everything redacted."""

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        # In one line, so that no text can pass for a line of its own.
        record.msg, record.args = "\\n".join(message_of(record).splitlines()), None
        record.exc_text = None  # where another formatter may have left it with its words
        vars(record)["request_id"] = number_of(record) or "-"
        return redact(super().format(record))

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802
        return places(ei[1])


class JSONFormatter(RedactingFormatter):
    """A JSON object a line, redacted in each of its values: after escaping, a mask might miss."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(message_of(record)),
            "request_id": number_of(record),
        }
        if record.exc_info:
            line["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(line)


def formatter(kind: str, line: str = "", dates: str | None = None) -> logging.Formatter:
    """What writes a log of `kind` (LOG_FORMAT), `line` being the format of plain lines."""
    return JSONFormatter() if kind == "json" else RedactingFormatter(line, dates)


class DiscreetReporter(ExceptionReporter):
    """A crash on the page of DEBUG, or in a mail if one were sent: no value of any variable."""

    def get_traceback_text(self) -> SafeString:
        return SafeString(self._places())

    def get_traceback_html(self) -> SafeString:
        page = "<!doctype html><title>A crash</title><h1>A crash</h1><pre>{}</pre>"
        return format_html(page, self._places())

    def _places(self) -> str:
        # Of a log line without an error, Django gives its words instead of one.
        error = self.exc_value if isinstance(self.exc_value, BaseException) else None
        return redact(places(error))
