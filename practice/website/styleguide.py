"""Each component in each state on one page, for those who change the look; under DEBUG alone."""

from types import SimpleNamespace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from wagtail.rich_text import RichText

from practice.accounts.forms import OurFields

NAME = "Sample Therapist"
TWO = [("one", "The one"), ("other", "The other")]
SENTENCES = (
    {"line": "You never say what you want.", "title": "When the house goes quiet", "minutes": 7},
    {"line": "", "title": "An essay in which nobody speaks", "minutes": 12},
)
BLOCKS: dict[str, dict[str, Any]] = {
    "voices": {"lines": ["I did not want to start it again.", "So you left me alone with it."]},
    "pull_quote": {"quote": "Quiet can be a way of holding on.", "attribution": "From a letter"},
    "patterns": {
        "patterns": [
            {
                "name": "The locked room",
                "quote": "If nobody comes in, nothing breaks.",
                "explanation": RichText("<p>Learned where doors were slammed.</p>"),
            },
            {"name": "The polite guest", "quote": "I'm fine."},
        ]
    },
    "steps": {
        "steps": [
            {
                "title": "Say what you see.",
                "text": RichText("<p>Only that.</p>"),
                "example": "I notice that we both went quiet.",
            },
            {"title": "Wait.", "text": RichText("<p>As long as it takes.</p>")},
        ]
    },
    "points": {"items": ["Whose quiet is this?", "Who taught it to me?"]},
    "note": {"title": "A note", "text": RichText("<p>I have been quiet too.</p>")},
    "questions": {
        "questions": [
            {"question": "How long is it?", "answer": RichText("<p>Fifty minutes.</p>")},
        ]
    },
}


class Fields(forms.Form):
    """One of each kind of field."""

    default_renderer = OurFields
    line = forms.CharField(label="A line", help_text="A hint.")
    email = forms.EmailField(label="An email", required=False)
    text = forms.CharField(label="Several lines", widget=forms.Textarea(attrs={"rows": 3}))
    choice = forms.ChoiceField(label="One of several", choices=TWO)
    radios = forms.ChoiceField(label="One of two", choices=TWO, widget=forms.RadioSelect)
    ticks = forms.MultipleChoiceField(
        label="Any of two", choices=TWO, widget=forms.CheckboxSelectMultiple
    )
    tick = forms.BooleanField(label="A checkbox")


def show(request: HttpRequest) -> HttpResponse:
    lists = {"previous_page_number": 1, "next_page_number": 3}
    both = SimpleNamespace(has_other_pages=True, has_previous=True, has_next=True, **lists)
    context = {
        "empty": Fields(prefix="empty"),
        "filled": Fields(
            prefix="filled",
            initial={"line": "Robin", "radios": "one", "ticks": ["other"], "tick": True},
        ),
        "wrong": Fields({"wrong-email": "robin"}, prefix="wrong"),
        "name": NAME,
        "sentences": SENTENCES,
        "blocks": BLOCKS,
        "articles": both,
    }
    return render(request, "practice/styleguide.html", context)
