"""Files for download: what comes in is what it is called, and leaves as a download alone.

Pictures have test_images.py.
"""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from wagtail.documents import get_document_model
from wagtail.models import Collection, UploadedFile
from wagtail.users.models import UserProfile

from practice.media.images import BrokenPicture, stripped
from practice.models import User

Document = get_document_model()
pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def archive(**files: bytes) -> bytes:
    """A zip file; `__` in a name stands for a slash and `_` for a dot."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


def docx(**more: bytes) -> bytes:
    made = BytesIO(archive(word__document_xml=b"<w:document/>", **more))
    with ZipFile(made, "a") as file:
        file.writestr("[Content_Types].xml", b"<Types/>")
    return made.getvalue()


def odt(kind: bytes = b"application/vnd.oasis.opendocument.text") -> bytes:
    return archive(mimetype=kind, content_xml=b"<office:document-content/>")


GOOD = {
    "form.pdf": lambda: PDF,
    "FORM.PDF": lambda: PDF,
    "letter.docx": docx,
    "letter.odt": odt,
    "plain.txt": lambda: "Caf\u00e9, and more.\r\n\tOf it.".encode(),
    "windows.txt": lambda: "Caf\u00e9".encode("cp1252"),
    "notepad.txt": lambda: "Caf\u00e9".encode("utf-16"),
}
SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
REFUSED = {
    "a page called a PDF": ("form.pdf", lambda: b"<script>alert(1)</script>"),
    "half a PDF": ("form.pdf", lambda: PDF[:20]),
    "a PDF called a text": ("form.txt", lambda: PDF),
    "a program called a text": ("run.txt", lambda: b"MZ\x90\x00\x03\x00"),
    "a program": ("run.exe", lambda: b"MZ\x90\x00\x03\x00"),
    "a page": ("page.html", lambda: b"<script>alert(1)</script>"),
    "a drawing": ("drawing.svg", lambda: SCRIPT),
    "a drawing with two endings": ("drawing.pdf.svg", lambda: PDF),
    "a name without an ending": ("form", lambda: PDF),
    "an archive called a Word file": ("letter.docx", lambda: archive(a_txt=b"a")),
    "a Word file with macros": ("letter.docx", lambda: docx(word__vbaProject_bin=b"macro")),
    "a Word file of 10,000 parts": (
        "letter.docx",
        lambda: docx(**{f"word__{number:0100}_xml": b"" for number in range(10_000)}),
    ),
    "an OpenDocument table called a text": (
        "letter.odt",
        lambda: odt(b"application/vnd.oasis.opendocument.spreadsheet"),
    ),
    "a Word file called OpenDocument": ("letter.odt", docx),
    "a damaged archive": ("letter.docx", lambda: docx()[:-30]),
    "a zip bomb": ("letter.odt", lambda: odt(b"\x00" * 10_000_000)),
    "nothing": ("empty.pdf", lambda: b""),
}


def fields(**more: Any) -> dict[str, Any]:
    return {"title": "A form", "collection": Collection.get_first_root_node().pk, "tags": ""} | more


def post_one(client: Client, name: str, content: bytes) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("wagtaildocs:add"), fields(file=file))


def post_several(client: Client, name: str, content: bytes, title: str = "A form") -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("wagtaildocs:add_multiple"), fields(title=title) | {"files[]": file})


def post_chosen(client: Client, name: str, content: bytes) -> Any:
    prefix = "document-chooser-upload-"
    sent = {prefix + key: value for key, value in fields().items()}
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("wagtaildocs_chooser:create"), sent | {f"{prefix}file": file})


@pytest.mark.parametrize("name", GOOD)
def test_a_document_that_is_what_it_is_called_comes_in(as_therapist: Client, name: str) -> None:
    assert post_one(as_therapist, name, GOOD[name]()).status_code == 302
    assert post_several(as_therapist, name, GOOD[name]()).json()["success"] is True
    assert Document.objects.count() == 2


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_document_is_refused_beside_the_field(as_therapist: Client, what: str) -> None:
    name, content = REFUSED[what]
    answer = post_one(as_therapist, name, content())
    assert answer.status_code == 200
    assert answer.context["form"].errors["file"]
    several = post_several(as_therapist, name, content())
    assert several.status_code == 200
    assert several.json()["success"] is False
    assert several.json()["error_message"]
    chosen = post_chosen(as_therapist, name, content())
    assert chosen.status_code == 200
    assert '"step": "chosen"' not in chosen.content.decode()
    assert not Document.objects.exists()
    assert not UploadedFile.objects.exists()


def test_a_refusal_says_what_would_be_taken(as_therapist: Client) -> None:
    page = post_one(as_therapist, "form.pdf", b"<script>").content.decode()
    assert "Save it as one of these" in page


def test_a_document_that_replaces_another_is_looked_at_too(as_therapist: Client) -> None:
    post_one(as_therapist, "form.pdf", PDF)
    document = Document.objects.get()
    file = SimpleUploadedFile("form.pdf", SCRIPT)
    address = reverse("wagtaildocs:edit", args=[document.pk])
    answer = as_therapist.post(address, fields(file=file))
    assert answer.context["form"].errors["file"]
    document.refresh_from_db()
    assert Path(document.file.path).read_bytes() == PDF


@pytest.mark.parametrize(
    ("view", "name", "setting"),
    [
        ("wagtaildocs", "form.pdf", "WAGTAILDOCS_MAX_UPLOAD_SIZE"),
        ("wagtailimages", "big.png", "WAGTAILIMAGES_MAX_UPLOAD_SIZE"),
    ],
)
def test_what_is_too_large_is_refused_with_how_large_it_may_be(
    as_therapist: Client, settings: Any, view: str, name: str, setting: str
) -> None:
    assert getattr(settings, setting) <= 20 * 1024 * 1024
    setattr(settings, setting, 1024)
    content = PDF[:9] + b" " * 2000 + PDF[9:] if name.endswith("pdf") else picture(40, 40, 2000)
    for page in ("add", "add_multiple"):
        file = SimpleUploadedFile(name, content)
        key = "files[]" if page == "add_multiple" else "file"
        answer = as_therapist.post(reverse(f"{view}:{page}"), fields() | {key: file})
        assert answer.status_code == 200
        assert "too big" in answer.content.decode()
        assert "1.0" in answer.content.decode()


def picture(width: int, height: int, comment: int = 0) -> bytes:
    """A PNG that says it is so large, whatever it holds."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\x00" * (3 * width + 1) * min(height, 40))
    parts = chunk(b"IHDR", header) + chunk(b"tEXt", b"Comment\x00" + b"x" * comment)
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    bomb = ContentFile(picture(9_000, 9_000), name="bomb.png")  # below what Pillow itself refuses
    with pytest.raises(BrokenPicture, match="too many pixels"):
        stripped(bomb)


# --- How they leave ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["form.pdf", "plain.txt", "letter.docx"])
def test_a_document_leaves_as_a_download_that_can_do_nothing(
    as_therapist: Client, visitor: Client, name: str
) -> None:
    post_one(as_therapist, name, GOOD[name]())
    answer = visitor.get(Document.objects.get().url)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert "html" not in answer.headers["Content-Type"]


def test_no_name_of_a_file_leads_out_of_its_folder(as_therapist: Client, settings: Any) -> None:
    content = GOOD["form.pdf"]().decode("latin-1")
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields().items()]
    parts.append(f'name="file"; filename="../../form.pdf"\r\n\r\n{content}')
    head = "--line\r\nContent-Disposition: form-data; "
    body = "".join(f"{head}{part}\r\n" for part in parts) + "--line--\r\n"
    as_therapist.post(
        reverse("wagtaildocs:add"),
        body.encode("latin-1"),
        content_type="multipart/form-data; boundary=line",
    )
    kept = Path(Document.objects.get().file.path)
    assert kept == settings.MEDIA_ROOT / "documents" / "form.pdf"


# --- No picture of oneself -----------------------------------------------------------------


def test_nobody_keeps_a_picture_of_themselves(as_therapist: Client, therapist: User) -> None:
    """Wagtail would keep it as it was sent."""
    page = as_therapist.get(reverse("wagtailadmin_account"))
    assert page.status_code == 200
    assert "avatar-avatar" not in page.content.decode()
    file = SimpleUploadedFile("me.png", picture(40, 40))
    as_therapist.post(reverse("wagtailadmin_account"), {"avatar-avatar": file})
    profile = UserProfile.objects.filter(user=therapist).first()
    assert profile is None or not profile.avatar


def test_redirects_are_typed_and_not_unpacked_from_a_file(as_therapist: Client) -> None:
    page = as_therapist.get("/admin/redirects/")
    assert page.status_code == 200
    assert "/admin/redirects/add/" in page.content.decode()
    assert "/admin/redirects/import/" not in page.content.decode()
    for address in ("/admin/redirects/import/", "/admin/redirects/import/process/"):
        assert as_therapist.post(address).status_code == 404
