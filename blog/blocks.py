"""The blocks of an essay, beside those that every page may use."""

from wagtail import blocks

from practice.blocks import (
    INLINE,
    CallToActionBlock,
    HeadingBlock,
    NumberedStepsBlock,
    PictureBlock,
    PointsBlock,
    TextBlock,
)


class PullQuoteBlock(blocks.StructBlock):
    quote = blocks.TextBlock(rows=3, help_text="Without quotation marks; the page sets them.")
    attribution = blocks.CharBlock(required=False)

    class Meta:
        icon = "openquote"
        label = "Pull quote"
        description = "One sentence in large type, to pause on."
        template = "blog/blocks/pull_quote.html"
        preview_value = {"quote": "A wall keeps out the rain, and the visitors.", "attribution": ""}


class SpokenLinesBlock(blocks.StructBlock):
    lines = blocks.ListBlock(
        blocks.TextBlock(rows=1, label="Line"),
        min_num=1,
        help_text="Without quotation marks; the page sets them.",
    )

    class Meta:
        icon = "comment"
        label = "Spoken lines"
        description = "What people say in a session, one line for each voice."
        template = "blog/blocks/spoken_lines.html"
        preview_value = {
            "lines": ["I only asked how your day was.", "It never feels like just a question."]
        }


class PatternBlock(blocks.StructBlock):
    name = blocks.CharBlock()
    quote = blocks.TextBlock(rows=2, required=False, help_text="Without quotation marks.")
    explanation = blocks.RichTextBlock(features=INLINE, required=False)


class NamedPatternsBlock(blocks.StructBlock):
    patterns = blocks.ListBlock(PatternBlock(), min_num=1)

    class Meta:
        icon = "tag"
        label = "Named patterns"
        description = "Patterns with a name, each with what it sounds like and where it comes from."
        template = "blog/blocks/named_patterns.html"
        preview_value = {
            "patterns": [
                {
                    "name": "Going quiet",
                    "quote": "If I say nothing, nothing can go wrong.",
                    "explanation": "<p>Often learned where words were used as weapons.</p>",
                }
            ]
        }


class PersonalNoteBlock(blocks.StructBlock):
    title = blocks.CharBlock(required=False)
    text = blocks.RichTextBlock(features=INLINE)

    class Meta:
        icon = "edit"
        label = "Personal note"
        description = "A few words from you to the reader, set apart from the essay."
        template = "blog/blocks/personal_note.html"
        preview_value = {"title": "A note from me", "text": "<p>Be gentle with yourself.</p>"}


class ArticleBody(blocks.StreamBlock):
    heading = HeadingBlock()
    text = TextBlock()
    pull_quote = PullQuoteBlock()
    spoken_lines = SpokenLinesBlock()
    named_patterns = NamedPatternsBlock()
    numbered_steps = NumberedStepsBlock()
    points = PointsBlock()
    personal_note = PersonalNoteBlock()
    picture = PictureBlock()
    call_to_action = CallToActionBlock()
