"""What a first visit to the essay loads, without pictures, through nginx and TLS.

The page and whatever it names that a browser fetches by itself: style sheets with their fonts,
scripts, the icon. Counted is what comes over the connection, header fields included.
"""

import re
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from tests.benchmarks import bench_pages, ours
from tests.benchmarks.figures import Figure
from tests.benchmarks.front import behind_nginx
from tests.faults.proxy import Answer

AS_BROWSERS = {"Accept-Encoding": "gzip, deflate, br"}
FETCHED = {"stylesheet", "icon", "preload", "modulepreload", "manifest"}
APART = (".woff2", ".js")  # the font, and the script of the way out where an essay has one
MOST_BYTES, MOST_OF_FONT = 16_000, 20_000
MOST_REQUESTS = 3  # page, style sheet, icon


class Named(HTMLParser):
    """The addresses that a page names for the browser to fetch."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "link" and FETCHED & set(given.get("rel", "").split()):
            self.found.append(given["href"])
        if tag in ("script", "iframe") and given.get("src"):
            self.found.append(given["src"])


def figures() -> list[Figure]:
    ours.fill()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        behind_nginx(Path(folder) / "site", cache_mb=bench_pages.CACHE_MB) as (_, front),
    ):
        loaded: dict[str, Answer] = {}
        waiting = [ours.ESSAY]
        while waiting:
            path = waiting.pop()
            if path not in loaded:
                answer = loaded[path] = front.ask(path, AS_BROWSERS)
                assert answer.status == 200, (path, answer.raw)
                waiting += [urljoin(path, each) for each in named(front.text_of(path), path)]
    font = sum(len(answer.raw) for path, answer in loaded.items() if ".woff2" in path)
    bare = [len(answer.raw) for path, answer in loaded.items() if not path.endswith(APART)]
    return [
        Figure("a first visit", sum(bare), "bytes", MOST_BYTES, is_target=True),
        Figure("a first visit: its font, apart", font, "bytes", MOST_OF_FONT, is_target=True),
        Figure("a first visit: requests", len(bare), "", MOST_REQUESTS, is_target=True),
        *(
            Figure(without_hash(path), len(answer.raw), "bytes", note=packed(answer))
            for path, answer in loaded.items()
        ),
    ]


def named(text: str, path: str) -> list[str]:
    """By a page or a style sheet; pictures are left out."""
    if urlsplit(path).path.endswith(".css"):
        return re.findall(r"url\(['\"]?([^)'\"]+\.woff2?)['\"]?\)", text)
    return Named(text).found if "<html" in text else []


def packed(answer: Answer) -> str:
    return answer.headers.get("Content-Encoding", "not packed")


def without_hash(path: str) -> str:
    return re.sub(r"\.[0-9a-f]{12}(?=\.\w+$)", "", urlsplit(path).path)
