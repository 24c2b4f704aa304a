"""Words to start from: the standard ones, others that come with the site, and the therapist's own.

All are what stands between greeting and signature (`booking/emails/reply_letter.txt`), but for the
standard ones, which are whole.
"""

import re
from collections.abc import Callable
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from booking.models import Reply
from booking.models.replies import placeholders

STANDARD = ""
# By kind, in `booking/emails/<kind>_<slug>.txt`.
BUILT_IN: dict[str, dict[str, Any]] = {
    "confirm": {"first": _("They've never done this")},
    "offer": {"gone": _("Their time is gone")},
    "move": {"busy": _("Something came up")},
    "waitlist": {"soon": _("I may have room soon")},
    "decline": {
        "outside": _("Outside what I do"),
        "full": _("I'm full"),
        "more": _("They need more than I can give"),
    },
    "cancel": {"ill": _("I'm sick")},
}
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def names(kind: str) -> list[tuple[str, Any]]:
    """What a reply of this kind may start from, as a form chooses it; the standard one first."""
    own = Reply.objects.filter(kind=kind).values_list("pk", "name")
    return [
        (STANDARD, _("Standard")),
        *BUILT_IN.get(kind, {}).items(),
        *((str(pk), name) for pk, name in own),
    ]


def middle(kind: str, chosen: str, context: dict[str, Any]) -> str:
    """The words of one of `names`, about what `context` holds (`emails.for_visitor`); none of a
    reply that was deleted.
    """
    if chosen in BUILT_IN.get(kind, {}):
        return render_to_string(f"booking/emails/{kind}_{chosen}.txt", context).strip()

    def value_of(name: str) -> str:
        if name not in placeholders(kind):
            return ""
        given = {**context, "name": name}
        return render_to_string("booking/emails/placeholder.txt", given).strip()

    own = Reply.objects.filter(kind=kind, pk=chosen).values_list("body", flat=True).first()
    return fill(own or "", value_of)


def fill(text: str, value_of: Callable[[str], str]) -> str:
    """`text` with its placeholders filled in, each once; what has no value stays. Pure.

    Never `str.format`, which would reach into what it is given.
    """
    return PLACEHOLDER.sub(lambda found: value_of(found[1]) or found[0], text)


def unfilled(text: str) -> list[str]:
    """The placeholders that are left in a letter. Pure."""
    known = {name for kind in Reply.Kind.values for name in placeholders(kind)}
    return [found[0] for found in PLACEHOLDER.finditer(text) if found[1] in known]
