"""What a file is that is no prose, by its first bytes and by what stands in it, not by its name.

Read as an essay it would come in with all of its markup and, from a blog's export, with the email
and IP addresses of those who commented.
"""

import json
import re

# https://www.iana.org/assignments/media-types and the makers' own specifications.
SIGNATURES: list[tuple[bytes | tuple[bytes, ...], str]] = [
    (b"%PDF-", "a PDF"),
    (b"%!PS", "PostScript"),
    (b"{\\rtf", "a rich text document (.rtf)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.doc)"),
    (
        (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*"),
        "a picture",
    ),
    ((b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"), "an archive"),
    (b"bplist00", "a web archive"),
]
IN_ZIP = [
    (b"word/", "a Word document (.docx)"),
    (b"mimetypeapplication/vnd.oasis.opendocument", "an OpenDocument text (.odt)"),
    (b"mimetypeapplication/epub+zip", "an e-book (.epub)"),
    (b".iwa", "a Pages document"),
]
COMMENTS = re.compile(r"\A(?:\s|<!--.*?-->)+", re.DOTALL)
HTML = re.compile(r"<(?:!doctype html|html|head|body|meta|title|style|script)\b", re.IGNORECASE)
HTML_LINE = re.compile(
    r"</?(?:p|div|h[1-6]|ul|ol|li|table|tr|td|blockquote|figure|section|article|br|hr|img)\b[^>]*>"
    r"|<!-- /?wp:",
    re.IGNORECASE,
)
XML = re.compile(r"<\?xml\b|<(?:rss|feed|opml|svg|rdf:RDF)\b")
JSON = re.compile(r'(?:[\w.$]+\s*=\s*\[?\s*)?\{\s*"[^"\n]*"\s*:')
MAIL = re.compile(r"^(?:MIME-Version|Message-ID|Content-Transfer-Encoding):", re.I | re.M)
LATEX = re.compile(r"^\s*\\(?:documentclass|begin\{document\})", re.MULTILINE)


def of_bytes(data: bytes) -> str:
    """`a PDF`: what a file is that begins with `data`, "" where it may be a text."""
    data = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith(b"PK\x03\x04"):
        return next((kind for mark, kind in IN_ZIP if mark in data), "an archive")
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "a picture"
    if data[4:8] == b"ftyp":
        return "a picture, video or recording"
    return next((kind for marks, kind in SIGNATURES if data.startswith(marks)), "")


def of_text(text: str) -> str:
    """`a web page (HTML)`: what a text is that is no prose, or the beginning of one; else ""."""
    text = text.lstrip("\ufeff").strip("\0 \t\r\n")
    begins = COMMENTS.sub("", text)
    if "//wordpress.org/export/" in text or "<wp:comment" in text:
        return "a WordPress export (XML)"
    if XML.match(begins):
        return "XML"
    if HTML.match(begins) or _is_html(text):
        return "a web page (HTML)"
    if JSON.match(text) or (text.startswith("[") and _is_json(text)):
        return "JSON"
    head = re.split(r"\r?\n\r?\n", text[:5000])[0]
    if MAIL.search(head):
        return "an email, or a page saved as one"
    return "LaTeX" if LATEX.search(text[:5000]) else ""


def _is_html(text: str) -> bool:
    """Whether more than a third of the lines are marked up: raw HTML here and there is prose."""
    lines = [line for line in text.splitlines() if line.strip()]
    return sum(bool(HTML_LINE.search(line)) for line in lines) * 3 > len(lines)


def _is_json(text: str) -> bool:
    try:
        return bool(json.loads(text))
    except (ValueError, RecursionError):
        return False
