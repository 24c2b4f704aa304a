"""`manage.py import_articles`: pages from a document, and nothing by halves."""

import os
import pwd
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from wagtail.models import Page, Revision

from blog.importers.plaintext import read_articles
from blog.importers.source import LIMIT, read_source
from blog.models import ArticleIndexPage, ArticlePage, BioPage, ImportedPage
from practice.models import SamplePage
from tests.blog.expected_drafts import CAPITALS, DOCUMENTS
from tests.conftest import SHARED

pytestmark = pytest.mark.usefixtures("home")

PROJECT = Path(__file__).resolve().parent.parent.parent
OWN = DOCUMENTS / "capitals.txt"
TITLES = [title for kind, title, *_ in CAPITALS if kind == "article"]


def run(path: Path, **options: object) -> str:
    out = StringIO()
    call_command("import_articles", str(path), stdout=out, **options)
    return out.getvalue()


def refused(path: Path, **options: object) -> str:
    """The one line in which the command refuses, after which nothing has changed."""
    before = (Page.objects.count(), Revision.objects.count(), ImportedPage.objects.count())
    with pytest.raises(CommandError) as refusal:
        run(path, **options)
    after = (Page.objects.count(), Revision.objects.count(), ImportedPage.objects.count())
    assert after == before
    line = str(refusal.value)
    assert "\n" not in line
    return line


def document(folder: Path, text: str) -> Path:
    path = folder / "document.txt"
    path.write_text(text, encoding="utf-8")
    return path


def saved_in_the_editor(page: Page) -> None:
    page.save_revision()
    page.refresh_from_db()


def edit(title: str, words: str = "My own words.") -> ArticlePage:
    """What the therapist does in the admin, without publishing."""
    page = ArticlePage.objects.get(title=title).get_latest_revision_as_object()
    page.body[0] = ("text", f"<p>{words}</p>")
    page.save_revision()
    return page


@pytest.mark.parametrize("name", ["capitals", "marked", "wrapped", "seed"])
def test_each_draft_becomes_a_page_with_the_same_blocks(
    name: str, index: ArticleIndexPage, request: pytest.FixtureRequest
) -> None:
    path = DOCUMENTS / f"{name}.txt"
    if name == "seed":
        path = request.getfixturevalue("seed_document")
    run(path, publish=True)
    drafts = read_articles(path.read_text(encoding="utf-8"))
    for draft in drafts:
        model = ArticlePage if draft.kind == "article" else BioPage
        page = model.objects.live().get(title=draft.title)
        assert [block.block_type for block in page.body] == [block for block, _ in draft.body]
        assert page.get_parent().pk == (index if model is ArticlePage else index.get_parent()).pk
        for block, (_, value) in zip(page.body, draft.body, strict=True):
            if block.block_type == "heading":
                assert block.value == value
            if block.block_type == "text":
                assert block.value.source == value
            if block.block_type in {"spoken_lines", "points"}:
                [items], [kept] = value.values(), block.value.values()
                assert list(kept) == items
            if block.block_type == "call_to_action":
                assert block.value["heading"] == value["heading"]
                assert block.value["text"].source == value["text"]
                assert block.value["button"]
    assert ArticlePage.objects.count() == sum(draft.kind == "article" for draft in drafts)


def test_articles_are_drafts_unless_they_are_published() -> None:
    told = run(OWN)
    assert not ArticlePage.objects.live().exists()
    assert [page.title for page in ArticlePage.objects.order_by("path")] == TITLES
    assert f'Created "{TITLES[0]}" (not published)' in told


def test_the_command_says_what_it_guessed_and_that_no_line_is_lost() -> None:
    told = run(OWN)
    assert 'Article from line 41: "WHEN YOUR TEENAGER STOPS TALKING"' in told
    assert "line 36: a personal note (short line that announces a note" in told
    lines = sum(bool(line.strip()) for line in OWN.read_text().split("\n"))
    assert f"All {lines} lines of capitals.txt are accounted for." in told


def test_a_dry_run_says_what_would_be_done_and_does_nothing() -> None:
    told = run(OWN, dry_run=True, publish=True)
    assert f'Would be created: "{TITLES[0]}"' in told
    assert not ArticlePage.objects.exists()
    assert not ImportedPage.objects.exists()
    assert not BioPage.objects.get().body


def test_the_bio_fills_the_empty_page_and_becomes_the_articles_author(bio: BioPage) -> None:
    run(OWN, publish=True)
    filled = BioPage.objects.get()
    assert filled.pk == bio.pk
    assert (filled.title, filled.credential, filled.slug) == ("Sample Author", "LCSW", "about")
    assert filled.body
    assert {page.author for page in ArticlePage.objects.all()} == {filled}


def test_the_bio_takes_the_place_of_the_samples_while_that_is_unchanged(bio: BioPage) -> None:
    bio.introduction = "<p>Sample text.</p>"
    sample = bio.save_revision()
    sample.publish()
    SamplePage.objects.create(page=bio, revision_id=sample.pk)
    run(OWN, publish=True)
    filled = BioPage.objects.get()
    assert (filled.pk, filled.title, filled.introduction) == (bio.pk, "Sample Author", "")


def test_a_bio_that_is_written_is_not_overwritten(bio: BioPage) -> None:
    bio.introduction = "<p>Written by hand.</p>"
    saved_in_the_editor(bio)
    run(OWN)
    bio.refresh_from_db()
    assert bio.title != "Sample Author"
    assert BioPage.objects.count() == 2


def test_publishing_publishes_a_list_of_articles_that_nobody_has_touched(
    index: ArticleIndexPage,
) -> None:
    Page.objects.filter(pk=index.pk).update(live=False, latest_revision=None, live_revision=None)
    run(OWN)
    assert not ArticleIndexPage.objects.get().live
    run(OWN, publish=True)
    assert ArticleIndexPage.objects.get().live


def test_publishing_leaves_a_list_alone_that_was_unpublished(index: ArticleIndexPage) -> None:
    index.unpublish()
    run(OWN, publish=True)
    assert not ArticleIndexPage.objects.get().live


def test_a_second_import_changes_nothing() -> None:
    run(OWN, publish=True)
    revisions = Revision.objects.count()
    told = run(OWN, publish=True)
    assert told.count("Unchanged") == 4
    assert Revision.objects.count() == revisions
    assert ArticlePage.objects.count() == 3


def test_drafts_are_published_by_a_second_import_that_says_so() -> None:
    run(OWN)
    told = run(OWN, publish=True)
    assert told.count("Published") == 4
    assert "not published" not in told
    assert BioPage.objects.get().body
    assert ArticlePage.objects.live().count() == 3


def test_an_edit_is_kept_and_the_command_says_so() -> None:
    run(OWN, publish=True)
    edit(TITLES[1])
    told = run(OWN, publish=True)
    assert f'Kept your edit of "{TITLES[1]}"' in told
    page = ArticlePage.objects.get(title=TITLES[1])
    assert "My own words." in str(page.get_latest_revision_as_object().body[0])
    assert "My own words." not in str(page.body[0])


def test_an_edited_page_is_known_under_its_new_title_and_address() -> None:
    run(OWN, publish=True)
    page = ArticlePage.objects.get(title=TITLES[1])
    page.title, page.slug = "Behind the door", "behind-the-door"
    page.save_revision().publish()
    assert "Kept your edit" in run(OWN)
    assert ArticlePage.objects.count() == 3


def test_another_address_or_a_topic_is_no_edit_of_the_text() -> None:
    run(OWN, publish=True)
    page = ArticlePage.objects.get(title=TITLES[1])
    page.slug = "behind-the-door"
    page.save_revision().publish()
    assert run(OWN).count("Unchanged") == 4


def test_opening_and_saving_a_page_in_the_editor_is_no_edit() -> None:
    """The editor gives each paragraph a key and spells quotation marks its own way."""
    run(OWN, publish=True)
    page = ArticlePage.objects.get(title=TITLES[0])
    raw = page.body.raw_data[0]
    raw["value"] = raw["value"].replace("<p>", '<p data-block-key="a1b2c">').replace("'", "&#x27;")
    saved_in_the_editor(page)
    assert run(OWN).count("Unchanged") == 4


def test_a_changed_document_updates_what_nobody_edited(tmp_path: Path) -> None:
    run(OWN, publish=True)
    edit(TITLES[1])
    ids = [block.id for block in ArticlePage.objects.get(title=TITLES[0]).body]
    text = OWN.read_text().replace("Open a window.", "Open two.").replace("It is only", "Only")
    text = text.replace("A witness makes", "Witnesses make")
    told = run(document(tmp_path, text), publish=True)
    assert f'Updated "{TITLES[2]}"' in told
    assert f'Updated "{TITLES[0]}"' in told
    assert f'Kept your edit of "{TITLES[1]}"' in told
    assert "Open two." in str(ArticlePage.objects.get(title=TITLES[2]).body)
    assert [block.id for block in ArticlePage.objects.get(title=TITLES[0]).body] == ids


def test_an_article_that_was_deleted_comes_back() -> None:
    run(OWN)
    ArticlePage.objects.get(title=TITLES[0]).delete()
    assert f'Created "{TITLES[0]}"' in run(OWN)


def test_a_title_can_be_given(tmp_path: Path) -> None:
    path = document(tmp_path, "One Essay\n\nSome words.\n\nAnother Essay\n\nOther words.")
    run(path, titles=["Another Essay"])
    assert {page.title for page in ArticlePage.objects.all()} == {"One Essay", "Another Essay"}
    assert "no line of the document reads" in refused(path, titles=["A Third"])


@pytest.mark.parametrize("title", ["Topics", "Feed", "\u2753 \u2757", "\u611b"])
def test_any_title_finds_an_address(title: str, tmp_path: Path) -> None:
    run(document(tmp_path, f"---\n# {title}\n\nSome words."), publish=True)
    page = ArticlePage.objects.get(title=title)
    assert page.slug not in {"", "topics", "feed"}


def test_two_articles_of_one_title_stay_two(tmp_path: Path) -> None:
    path = document(tmp_path, "# Twice\n\nSome words.\n\n# Twice\n\nOther words.")
    run(path)
    assert run(path).count("Unchanged") == 2
    assert ArticlePage.objects.filter(title="Twice").count() == 2


def test_nothing_is_imported_by_halves(tmp_path: Path) -> None:
    long_title = "word " * 60
    text = f"# One\n\nSome words.\n\n# {long_title}\n\nOther words."
    assert "255" in refused(document(tmp_path, text), publish=True)
    assert "line 5" in refused(document(tmp_path, "# One\n\nSome words.\n---\n# Two\n"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_document_may_have_a_byte_order_mark(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "document.txt"
    path.write_text(OWN.read_text(encoding="utf-8"), encoding=encoding)
    run(path)
    assert {page.title for page in ArticlePage.objects.all()} == set(TITLES)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\xc2\xa0\n", "is empty"),
        (b"---\n---\n", "has no text"),
        (
            b"\xc7\xe0\xe3\xee\xeb\xee\xe2\xee\xea\n\n\xd1\xeb\xee\xe2\xe0.",
            "isn't in UTF-8 (line 1)",
        ),
        ("見出し\n\n言葉がいくつか。".encode("shift-jis"), "isn't in UTF-8 (line 1)"),
        (
            b"Tytu\xb3\n\nKilka s\xb3\xf3w i mo\xbfe.",
            "isn't in UTF-8 (line 1)",
        ),
        (
            "A Title\n\n\u201cSome\u201d \u2014 ".encode() + b"\x80 cut.",
            "isn't in UTF-8 (line 3)",
        ),
        (b"\xff\xfeA\x00\xff", "isn't in UTF-8"),
        (b"A Title\n\n\x1b[31mSome words.", "isn't plain text"),
        (b"A Title\n\nSome\x00words.", "isn't plain text"),
    ],
    ids="empty blank bare cyrillic japanese polish damaged half-utf-16 escape nul".split(),
)
def test_what_is_no_text_is_refused_in_one_line(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "document.txt"
    path.write_bytes(content)
    assert reason in refused(path)


WORDPRESS = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel><item><title>One</title>
<wp:comment><wp:comment_author_email>maya@example.com</wp:comment_author_email>
<wp:comment_author_IP>192.0.2.7</wp:comment_author_IP></wp:comment></item></channel></rss>"""
ESSAY_IN_HTML = "<p>Some words.</p>\n\n<h2>A heading</h2>\n\n<p>Other words.</p>\n"


def zipped(*members: str, mimetype: str = "") -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for member in members:
            archive.writestr(member, "<x/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
        (b"{\\rtf1\\ansi Some words.}", "a rich text document (.rtf)"),
        (zipped("[Content_Types].xml", "word/document.xml"), "a Word document (.docx)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(9), "an old Office document (.doc)"),
        (
            zipped("content.xml", mimetype="application/vnd.oasis.opendocument.text"),
            "an OpenDocument text (.odt)",
        ),
        (zipped("META-INF/container.xml", mimetype="application/epub+zip"), "an e-book (.epub)"),
        (zipped("Index/Document.iwa"), "a Pages document"),
        (zipped("essay.txt"), "an archive"),
        (b"\x1f\x8b\x08\x00", "an archive"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"RIFF\x00\x00\x00\x00WEBP", "a picture"),
        (b"\x00\x00\x00\x18ftypheic", "a picture, video or recording"),
        (WORDPRESS.encode(), "a WordPress export (XML)"),
        (WORDPRESS.encode("utf-16"), "a WordPress export (XML)"),
        (b"\n<rss version='2.0'><channel></channel></rss>", "XML"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>\n", "XML"),
        (b"\xef\xbb\xbf<!-- saved --><!DOCTYPE html><title>One</title>", "a web page (HTML)"),
        (b"  <HTML><body>Some words.", "a web page (HTML)"),
        (ESSAY_IN_HTML.encode(), "a web page (HTML)"),
        ("<p>Caf\u00e9</p>".encode("cp1252"), "a web page (HTML)"),
        (b"<!-- wp:paragraph -->\n<p>Some words.</p>\n<!-- /wp:paragraph -->", "a web page (HTML)"),
        (b'{"posts": [{"title": "One"}]}', "JSON"),
        (b'[\n {"title": "One"}]', "JSON"),
        (b'{"title": "One"}\n{"title": "Two"}\n', "JSON"),
        (b'window.YTD.notes.part0 = [ {"note": {"text": "One"}} ]', "JSON"),
        (b"Subject: One\r\nMIME-Version: 1.0\r\n\r\nWords.", "an email, or a page saved as one"),
        (b"%!PS-Adobe-3.0\n", "PostScript"),
        (b"% One\n\\documentclass{article}\n", "LaTeX"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("length", ["short", "long"])
def test_what_is_no_prose_is_refused_by_what_it_is(
    content: bytes, kind: str, length: str, tmp_path: Path
) -> None:
    """Whatever it is called: its markup, or who commented from where, is no essay."""
    path = tmp_path / "essay.txt"
    path.write_bytes(content)
    if length == "long":
        os.truncate(path, LIMIT + 9)
    assert refused(path) == (
        f"{path} is {kind}, which can't be imported. Save the essays as plain text (.txt) or "
        "Markdown (.md) and import that."
    )


@pytest.mark.parametrize(
    "text",
    [
        '{Some words} in "braces": they are words.',
        "[Some words](https://example.com) begin it.",
        "<b>Some</b> words, <em>raw</em>.\n\nOther words.\n\n<p>One of three.</p>",
        "From: here on\n\nSome words. MIME-Version: said nobody.",
        "PK, as we called him.\n\nII* Some words.",
        "BMI is a number.\n\n%PDF is no word.",
    ],
)
def test_prose_that_only_begins_like_something_else_comes_in(text: str, tmp_path: Path) -> None:
    run(document(tmp_path, f"{text}\n\nAnd so it ends.\n"))
    assert ArticlePage.objects.count() == 1


TYPED = """When the Caf\u00e9 Closes

\u201cI don\u2019t know,\u201d she said\u2014and na\u00efvely \u2026

What Stays Behind

\u2022 A key
\u2022 A cup

\u2018Tout \u00e0 c\u00f4t\u00e9,\u2019 he said. \u00c9mile paid \u00a320 \u2013 a fa\u00e7ade.
"""


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1252", "Windows-1252"), ("mac-roman", "Mac Roman")]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_text_of_an_older_computer_is_decoded_and_the_import_says_so(
    encoding: str, name: str, end: str, tmp_path: Path
) -> None:
    path = tmp_path / "essay.txt"
    path.write_bytes(TYPED.replace("\n", end).encode(encoding))
    source = read_source(path)
    assert "".join(source.text.split()) == "".join(TYPED.split())
    assert f"essay.txt was read as {name}" in run(path)
    page = ArticlePage.objects.get()
    assert page.title == "When the Caf\u00e9 Closes"
    assert [block.block_type for block in page.body] == ["text", "heading", "points", "text"]


def test_an_essay_in_windows_1252_comes_in_whole(tmp_path: Path) -> None:
    typed = (DOCUMENTS / "casserole.txt").read_text(encoding="utf-8")
    path = tmp_path / "essay.txt"
    path.write_bytes(typed.replace("\n", "\r\n").encode("cp1252"))
    assert "was read as Windows-1252" in run(path)
    page = ArticlePage.objects.get()
    assert page.title == "When Grief Has No Funeral"
    kinds = [block.block_type for block in page.body]
    assert kinds == ["text", "heading", "points", "text"]
    paragraphs = typed.split("\n\n")
    for words in (paragraphs[1], paragraphs[4]):
        assert words in str(page.body)
    assert "read as" not in run(OWN, dry_run=True)


def test_the_case_that_came_in_torn_is_one_essay_with_its_invitation() -> None:
    path = SHARED / "cases" / "essays" / "06-win1252.txt"
    if not path.exists():
        pytest.skip("the cases are not beside this checkout; the two tests above are their twins")
    assert "was read as Windows-1252" in run(path)
    page = ArticlePage.objects.get()
    kinds = [block.block_type for block in page.body]
    assert kinds == ["text", "heading", "points", "text", "call_to_action"]
    assert "don\u2019t get a casserole. \u201cI don\u2019t know" in page.body[0].value.source
    assert "Caf\u00e9 tables, na\u00efve questions \u2026" in page.body[3].value.source


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "document.txt"
    path.write_bytes(b"word ")
    os.truncate(path, 50_000_000)
    assert f"larger than {LIMIT // 1_000_000} MB" in refused(path)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"{tmp_path} isn't a file."
    assert "doesn't exist" in refused(tmp_path / "nothing.txt")
    assert "can't be read" in refused(tmp_path / ("n" * 300))


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Root may read everything: so it is somebody else for a while."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    yield
    os.seteuid(before)


@pytest.mark.usefixtures("as_nobody")
def test_a_file_that_may_not_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = document(Path(folder), "A Title\n\nSome words.")
        path.chmod(0)
        with pytest.raises(CommandError, match="can't be read: permission denied"):
            run(path)


def test_a_refusal_is_one_line_and_exit_status_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "import_articles", str(tmp_path / "nothing.txt")],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "nothing.txt doesn't exist" in done.stderr


def test_a_long_document_shows_progress(tmp_path: Path) -> None:
    text = "\n\n".join([OWN.read_text()] * 50)
    told = run(document(tmp_path, text), dry_run=True)
    for step in ("Reading: 30%", "Reading: 100%", "Writing: 50%", "Writing: 100%"):
        assert step in told


def test_without_a_list_of_articles_there_is_nothing_to_import_into(
    index: ArticleIndexPage,
) -> None:
    index.delete()
    assert "Run migrate first" in refused(OWN)
