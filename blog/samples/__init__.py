"""The sample's essays, and what goes when they go."""

from typing import Any

from blog.models import ArticlePage, Topic
from blog.samples import picture
from practice.models import SiteImage
from practice.samples import MARK

TOPICS = {
    "Boundaries": "On saying where one ends, and on hearing it said.",
    "Closeness": "On coming near each other, and on what stands in the way.",
    "Conflict": "On quarrels, and on what they are trying to say.",
}
INDEX_INTRODUCTION = (
    "<p>Essays about how we come near each other, and how we keep away. Take one slowly; nobody "
    f"will ask afterward.</p><p><i>{MARK}</i></p>"
)


def remove_topics_and_picture(sender: Any, **kwargs: Any) -> list[str]:
    """Receiver of `practice.samples.removed`: takes away what no page uses any more."""
    lines = []
    for topic in Topic.objects.filter(name__in=TOPICS):
        if topic.description != TOPICS[topic.name]:
            lines.append(f"Kept the topic {topic}: you changed it.")
        elif ArticlePage.objects.filter(topics=topic).exists():
            lines.append(f"Kept the topic {topic}: an article has it.")
        else:
            topic.delete()
            lines.append(f"Removed the topic {topic}.")
    for image in SiteImage.objects.filter(title=picture.TITLE):
        if image.get_usage().count():
            lines.append(f"Kept the picture {image.title}: a page uses it.")
        else:
            image.delete()
            lines.append(f"Removed the picture {image.title}.")
    return lines
