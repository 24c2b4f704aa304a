"""The sample's essays, as the importer reads them."""

from typing import NamedTuple

from blog.importers.draft import Block
from blog.importers.plaintext import read_articles
from blog.samples import CONTENT, FOLDER


class Essay(NamedTuple):
    """An essay. If it has a picture, that stands below the heading `picture_below`."""

    slug: str
    title: str
    body: list[Block]
    summary: str
    topics: list[str]
    picture_below: str = ""


def read(slug: str) -> Essay:
    [draft] = read_articles((FOLDER / f"{slug}.txt").read_text("utf-8"))
    return Essay(slug, draft.title, draft.body, **CONTENT["essays"][slug])


def essays() -> list[Essay]:
    """All of them; the last one is the newest."""
    return [read(slug) for slug in CONTENT["essays"]]
