"""The sample's essays, and what goes when they go.

Each essay is a text as a therapist would paste it, named after its address. `content.json` says
what a text cannot, and holds the sample's list of articles and its bio.
"""

import json
from pathlib import Path
from typing import Any

from blog.models import ArticlePage, Topic
from blog.samples import picture
from practice.models import SiteImage

FOLDER = Path(__file__).parent
CONTENT = json.loads((FOLDER / "content.json").read_text("utf-8"))


def remove_topics_and_picture(sender: Any, **kwargs: Any) -> list[str]:
    """Receiver of `practice.samples.removed`: takes away what no page uses any more."""
    lines = []
    for topic in Topic.objects.filter(name__in=CONTENT["topics"]):
        if topic.description != CONTENT["topics"][topic.name]:
            lines.append(f"Left the topic {topic}: you changed it.")
        elif ArticlePage.objects.filter(topics=topic).exists():
            lines.append(f"Left the topic {topic}: an article has it.")
        else:
            topic.delete()
            lines.append(f"Removed the topic {topic}.")
    for image in SiteImage.objects.filter(title=picture.TITLE):
        if image.get_usage().count():
            lines.append(f"Left the picture {image.title}: a page uses it.")
        else:
            image.delete()
            lines.append(f"Removed the picture {image.title}.")
    return lines
