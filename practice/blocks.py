"""The blocks that every kind of page may use; `blog/blocks.py` adds those of an essay."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from wagtail import blocks
from wagtail.images.blocks import ImageBlock
from wagtail.rich_text import RichText, expand_db_html

INLINE = ["bold", "italic", "link"]
PROSE = [*INLINE, "ol", "ul"]


def heading_id(block: Any) -> str:
    """The id of a heading: its block's own, which survives rewording and reordering."""
    name = getattr(block, "id", None)
    return f"h-{name[:8]}" if name else f"h-{slugify(getattr(block, 'value', block))}"


def texts(body: Any) -> Iterator[str]:
    """All that is written in a body, markup and all, in order."""
    for block in body.raw_data:
        yield from _texts(block["value"])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        # What lies in a list comes wrapped, and neither its type nor its id is read by anybody.
        wrapped = value.keys() == {"type", "value", "id"}
        for part in [value["value"]] if wrapped else value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def join_dashes(text: str) -> str:
    """`text` in which no line begins with a dash: a word joiner (U+2060) stands before each."""
    return re.sub("(?=[\u2013\u2014])", "\u2060", text)


def closing(body: Any) -> Any:
    """The invitation in which a body ends, if it has one of its own."""
    last = body[-1] if body else None
    return last if last is not None and last.block_type == "call_to_action" else None


def without_closing(body: Any) -> list[Any]:
    return [block for block in body or () if block is not closing(body)]


def has_block(body: Any, kind: str) -> bool:
    return any(block.block_type == kind for block in body)


class Section(NamedTuple):
    heading: Any
    blocks: list[Any]


def sections(body: Any) -> list[Section]:
    """A body but for its closing, in parts that begin at a heading; the first may have none."""
    parts: list[Section] = []
    for block in without_closing(body):
        if block.block_type == "heading":
            parts.append(Section(block, []))
        else:
            parts = parts or [Section(None, [])]
            parts[-1].blocks.append(block)
    return parts


class HeadingBlock(blocks.CharBlock):
    class Meta:
        icon = "title"
        label = "Heading"
        description = "Starts a new part of the page, and shows in its list of contents."
        preview_value = "What we're protecting"

    def render(self, value: str, context: dict[str, Any] | None = None) -> SafeString:
        """Without a template, of which half a page's headings and texts would need one each."""
        block = (context or {}).get("child", value)
        return format_html('<h2 id="{}">{}</h2>', heading_id(block), join_dashes(value))


class TextBlock(blocks.RichTextBlock):
    class Meta:
        icon = "pilcrow"
        label = "Text"
        description = "One or more paragraphs."
        preview_value = "<p>Most of us learned early how to keep the peace.</p>"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"features": PROSE, **kwargs})

    def render(self, value: RichText, context: dict[str, Any] | None = None) -> SafeString:
        return mark_safe(str(expand_db_html(value.source)))


class PointsBlock(blocks.StructBlock):
    items = blocks.ListBlock(blocks.TextBlock(rows=2, label="Point"), min_num=1)

    class Meta:
        icon = "list-ul"
        label = "List or questions to reflect on"
        description = "A plain list, one thought per line."
        template = "components/blocks/points.html"
        preview_value = {
            "items": ["When did I first learn this?", "What would happen if I didn't?"]
        }


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock()
    text = blocks.RichTextBlock(features=INLINE, required=False)
    example = blocks.TextBlock(rows=2, required=False)


class NumberedStepsBlock(blocks.StructBlock):
    steps = blocks.ListBlock(StepBlock(), min_num=1)

    class Meta:
        icon = "list-ol"
        label = "Numbered steps"
        description = "Steps in order, each with an example if it helps."
        template = "blog/blocks/numbered_steps.html"
        preview_value = {
            "steps": [
                {
                    "title": "Notice what you feel.",
                    "text": "<p>Before any word about the other person.</p>",
                    "example": "I feel left out when plans are made without me.",
                }
            ]
        }


class PictureBlock(ImageBlock):
    class Meta:
        icon = "image"
        label = "Picture"
        description = "A picture with a description for people who can't see it."
        template = "components/blocks/picture.html"
        preview_template = "components/blocks/picture_preview.html"
        preview_value = None


class CallToActionBlock(blocks.StructBlock):
    heading = blocks.CharBlock(required=False)
    text = blocks.RichTextBlock(features=INLINE, required=False)
    button = blocks.CharBlock(
        max_length=60,
        default="Ask for a free consultation",
        help_text="The words on the button that leads to the consultation form.",
    )

    class Meta:
        icon = "mail"
        label = "Invitation"
        description = "Invites the reader to ask for a free consultation."
        template = "components/blocks/call_to_action.html"
        preview_value = {
            "heading": "Would it help to talk?",
            "text": "<p>The first call is free.</p>",
            "button": "Ask for a free consultation",
        }


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock()
    answer = blocks.RichTextBlock(features=PROSE)


class QuestionsBlock(blocks.StructBlock):
    questions = blocks.ListBlock(QuestionBlock(), min_num=1)

    class Meta:
        icon = "help"
        label = "Questions and answers"
        description = "Questions that people ask, each with its answer."
        template = "components/blocks/questions.html"
        preview_value = {
            "questions": [{"question": "How long is a session?", "answer": "<p>50 minutes.</p>"}]
        }


class FactsBlock(blocks.StaticBlock):
    class Meta:
        icon = "tag"
        label = "Fee, length and insurance"
        admin_text = "Shows your fee, length and insurance from Settings, Practice."
        description = "The practical facts, from Settings, Practice."
        template = "components/blocks/facts.html"
        preview_value = None


class NoticesBlock(blocks.StaticBlock):
    class Meta:
        icon = "warning"
        label = "Notices"
        admin_text = (
            "Shows your board's and the Good Faith Estimate notice from Settings, Practice."
        )
        description = "The notices that the law requires, from Settings, Practice."
        template = "components/blocks/notices.html"
        preview_value = None


class CrisisBlock(blocks.StaticBlock):
    class Meta:
        icon = "help"
        label = "Crisis help"
        admin_text = "Shows the crisis lines from Settings, Practice."
        description = "Where to get help right away, from Settings, Practice."
        template = "components/blocks/crisis.html"
        preview_value = None


class KeptForBlock(blocks.StaticBlock):
    class Meta:
        icon = "history"
        label = "How long requests are kept"
        admin_text = "Shows how many days you keep each kind of request, from Settings, Practice."
        description = "How many days you keep requests, from Settings, Practice."
        template = "components/blocks/kept_for.html"
        preview_value = None


class PageBody(blocks.StreamBlock):
    """What a page of the site, other than an essay, is made of."""

    heading = HeadingBlock()
    text = TextBlock()
    points = PointsBlock()
    numbered_steps = NumberedStepsBlock()
    questions = QuestionsBlock()
    facts = FactsBlock()
    notices = NoticesBlock()
    crisis = CrisisBlock()
    kept_for = KeptForBlock()
    picture = PictureBlock()
    call_to_action = CallToActionBlock()
