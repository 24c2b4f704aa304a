"""The essay that every server shows: one of the samples, without its picture."""

from typing import Any

from blog.samples import friction

TITLE, SLUG, SUMMARY, TOPICS = friction.TITLE, friction.SLUG, friction.SUMMARY, friction.TOPICS
BODY: list[tuple[str, Any]] = [block for block in friction.BODY if block[0] != "picture"]
SENTENCE = "Two people are packing a car."  # by which its page is known
