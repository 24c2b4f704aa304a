"""Pictures: nothing of the camera is stored, and nothing that is no picture comes in."""

import hashlib
import re
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image, IptcImagePlugin
from PIL.ExifTags import GPS, IFD, Base
from PIL.PngImagePlugin import PngInfo
from wagtail.models import Collection, UploadedFile

from practice.media.decoding import LONGEST_SIDE
from practice.media.images import BrokenPicture, stripped
from practice.models import SiteImage

CAMERA = "Canary Camera 7"
WORDS = b"written by the camera"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + WORDS + b"</x:xmpmeta>"
TRACES = [CAMERA.encode(), WORDS, b"Exif\x00\x00", b"Photoshop 3.0", b"x:xmpmeta"]
UPSIDE = 6  # the camera was turned: width and height change places

pytestmark = pytest.mark.django_db


def exif(orientation: int = UPSIDE) -> Image.Exif:
    data = Image.Exif()
    data[Base.Make] = CAMERA
    data[Base.Orientation] = orientation
    data.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] = "N"
    data.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (37.0, 46.0, 30.0)
    return data


def with_iptc(jpeg: bytes) -> bytes:
    """`jpeg` with a caption in the segment where Photoshop keeps it."""
    caption = b"\x1c\x02\x78" + struct.pack(">H", len(WORDS)) + WORDS
    resource = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(caption)) + caption
    segment = b"Photoshop 3.0\x00" + resource + b"\x00" * (len(resource) % 2)
    return jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def picture(mode: str = "RGB", size: tuple[int, int] = (80, 60)) -> Image.Image:
    made = Image.new(mode, size)
    if mode == "RGB":
        made.paste((200, 30, 30), (0, 0, size[0] // 2, size[1]))  # red on the left
    return made


def encoded(kind: str, made: Image.Image | None = None, **options: Any) -> bytes:
    out = BytesIO()
    (made or picture()).save(out, kind, **options)
    return out.getvalue()


def photograph(kind: str) -> bytes:
    """A picture in format `kind` with everything that a camera and an editor write into it."""
    if kind == "JPEG":
        return with_iptc(encoded(kind, exif=exif(), xmp=XMP, comment=WORDS))
    if kind == "PNG":
        info = PngInfo()
        info.add_text("Comment", WORDS.decode())
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        return encoded(kind, exif=exif(), pnginfo=info)
    return encoded(kind, exif=exif().tobytes(), xmp=XMP)  # in bytes, or HEIC is not turned


FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "HEIF": "heic"}


def traces(content: bytes) -> list[bytes]:
    """What is left of the camera in a file, looked for in its bytes and as a reader sees it."""
    found = [trace for trace in TRACES if trace in content]
    with Image.open(BytesIO(content)) as opened:
        left = set(opened.info) & {
            "exif",
            "xmp",
            "comment",
            "Comment",
            "XML:com.adobe.xmp",
            "photoshop",
        }
        found += [name.encode() for name in left]
        if opened.getexif() or IptcImagePlugin.getiptcinfo(opened):
            found.append(b"readable metadata")
    return found


@pytest.mark.parametrize("kind", FORMATS)
def test_the_photograph_of_these_tests_does_hold_what_must_go(kind: str) -> None:
    assert traces(photograph(kind))


@pytest.mark.parametrize("kind", FORMATS)
def test_neither_the_stored_original_nor_a_rendition_tells_where_it_was_taken(kind: str) -> None:
    image = SiteImage(title="Canary")
    image.file = ContentFile(photograph(kind), name=f"canary.{FORMATS[kind]}")
    image.save()
    stored = Path(image.file.path).read_bytes()
    assert traces(stored) == []
    for rendition in image.get_renditions("max-40x40", "fill-30x30", "original").values():
        assert traces(Path(rendition.file.path).read_bytes()) == []


@pytest.mark.parametrize("kind", FORMATS)
def test_a_turned_photograph_stands_upright(kind: str) -> None:
    image = SiteImage(title="Turned")
    image.file = ContentFile(photograph(kind), name=f"turned.{FORMATS[kind]}")
    image.save()
    assert (image.width, image.height) == (60, 80)
    with Image.open(image.file.path) as upright:
        rgb = upright.convert("RGB")
        assert upright.size == (60, 80)
        red, dark = rgb.getpixel((30, 10)), rgb.getpixel((30, 70))
    assert isinstance(red, tuple)
    assert isinstance(dark, tuple)
    assert red[0] > 150 > 60 > dark[0], "what was left is on top"


def test_size_and_hash_are_those_of_the_stored_file() -> None:
    image = SiteImage(title="Counted")
    image.file = ContentFile(photograph("JPEG"), name="counted.jpg")
    image.save()
    stored = Path(image.file.path).read_bytes()
    assert image.file_size == len(stored)
    assert image.file_hash == hashlib.sha1(stored).hexdigest()


def test_a_color_profile_stays_since_colors_depend_on_it() -> None:
    profile = b"\x00" * 36 + b"acsp" + b"\x00" * 88
    file = ContentFile(encoded("JPEG", icc_profile=profile), name="wide.jpg")
    with Image.open(BytesIO(stripped(file).read())) as clean:
        assert clean.info.get("icc_profile") == profile


def test_a_profile_of_ink_does_not_stay_on_a_picture_of_light() -> None:
    profile = b"\x00" * 16 + b"CMYK" + b"\x00" * 16 + b"acsp" + b"\x00" * 88
    file = ContentFile(encoded("JPEG", picture("CMYK"), icc_profile=profile), name="print.jpg")
    with Image.open(BytesIO(stripped(file).read())) as clean:
        assert clean.mode == "RGB"
        assert "icc_profile" not in clean.info


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_of_any_mode_is_stored_and_shown(mode: str) -> None:
    image = SiteImage(title=mode)
    image.file = ContentFile(encoded("PNG", picture(mode)), name="modes.png")
    image.save()
    assert image.get_rendition("width-20").width == 20


def test_sixteen_bits_of_gray_are_scaled_and_not_cut_off() -> None:
    gray = Image.new("I;16", (4, 4), 128 * 256)
    with Image.open(
        BytesIO(stripped(ContentFile(encoded("PNG", gray), name="g.png")).read())
    ) as clean:
        assert clean.getpixel((0, 0)) == 128


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_was_transparent_stays_transparent(kind: str) -> None:
    clear = encoded(kind, Image.new("RGBA", (8, 8), (10, 20, 30, 0)))
    with Image.open(
        BytesIO(stripped(ContentFile(clear, name=f"clear.{FORMATS[kind]}")).read())
    ) as clean:
        pixel = clean.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    assert pixel[3] == 0


def test_a_palette_with_a_transparent_color_stays_transparent() -> None:
    palette = encoded("PNG", picture("P"), transparency=0)
    with Image.open(BytesIO(stripped(ContentFile(palette, name="p.png")).read())) as clean:
        assert clean.getpixel((0, 0)) == (0, 0, 0, 0)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_kept(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    moving = encoded(kind, frames[0], save_all=True, append_images=frames[1:], duration=100)
    with Image.open(
        BytesIO(stripped(ContentFile(moving, name=f"moving.{FORMATS[kind]}")).read())
    ) as clean:
        assert getattr(clean, "n_frames", 1) == 1
        pixel = clean.convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200 > 60 > pixel[1]


def test_a_picture_larger_than_any_screen_is_made_smaller() -> None:
    wide = encoded("JPEG", Image.new("RGB", (LONGEST_SIDE + 400, 300)))
    with Image.open(BytesIO(stripped(ContentFile(wide, name="wide.jpg")).read())) as clean:
        assert clean.width == LONGEST_SIDE


def test_a_truncated_picture_is_called_broken() -> None:
    jpeg = encoded("JPEG", picture(size=(800, 600)))
    with pytest.raises(BrokenPicture):
        stripped(ContentFile(jpeg[: len(jpeg) // 2], name="half.jpg"))


# --- Through the admin's own views ---------------------------------------------------------


def bomb() -> bytes:
    """A PNG of a few kilobytes that claims to be 40,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\x00" * 1_000_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def half(kind: str) -> bytes:
    content = encoded(kind, Image.effect_noise((400, 300), 50).convert("RGB"))
    return content[: len(content) // 2]


REFUSED = {
    "a decompression bomb": ("bomb.png", bomb),
    "half a JPEG": ("half.jpg", lambda: half("JPEG")),
    "half a PNG": ("half.png", lambda: half("PNG")),
    "half a WebP": ("half.webp", lambda: half("WEBP")),
    "half a HEIC": ("half.heic", lambda: half("HEIF")),
    "a text": ("letter.jpg", lambda: b"Dear reader, this is no picture."),
    "nothing": ("empty.jpg", lambda: b""),
    "a PNG that is called a JPEG": ("false.jpg", lambda: encoded("PNG")),
    "a drawing with a script": (
        "drawing.svg",
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    ),
    "the same drawing called a PNG": (
        "drawing.png",
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    ),
}


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def root() -> int:
    return Collection.get_first_root_node().pk


def post_one(client: Client, file: SimpleUploadedFile, title: str = "A picture") -> Any:
    data = {"title": title, "file": file, "collection": root(), "tags": "", "description": ""}
    return client.post(reverse("wagtailimages:add"), data)


def post_several(client: Client, file: SimpleUploadedFile, title: str = "A picture") -> Any:
    data = {"title": title, "files[]": file, "collection": root()}
    return client.post(reverse("wagtailimages:add_multiple"), data)


@pytest.mark.parametrize("what", REFUSED)
def test_the_form_for_one_picture_refuses_what_is_none(as_therapist: Client, what: str) -> None:
    name, content = REFUSED[what]
    answer = post_one(as_therapist, upload(name, content()))
    assert answer.status_code == 200
    assert answer.context["form"].errors["file"]
    assert not SiteImage.objects.exists()


@pytest.mark.parametrize("what", REFUSED)
def test_the_form_for_several_pictures_refuses_what_is_none(
    as_therapist: Client, what: str
) -> None:
    name, content = REFUSED[what]
    answer = post_several(as_therapist, upload(name, content()))
    assert answer.status_code == 200
    assert answer.json()["success"] is False
    assert answer.json()["error_message"]
    assert not SiteImage.objects.exists()
    assert not UploadedFile.objects.exists()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_photograph_sent_alone_is_stored_without_its_traces(
    as_therapist: Client, kind: str
) -> None:
    answer = post_one(as_therapist, upload(f"canary.{FORMATS[kind]}", photograph(kind)))
    assert answer.status_code == 302
    image = SiteImage.objects.get()
    stored = Path(image.file.path).read_bytes()
    assert traces(stored) == []
    assert image.file_size == len(stored)
    assert image.file_hash == hashlib.sha1(stored).hexdigest()
    assert (image.width, image.height) == (60, 80)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_photograph_sent_among_several_is_stored_without_its_traces(
    as_therapist: Client, kind: str
) -> None:
    answer = post_several(as_therapist, upload(f"canary.{FORMATS[kind]}", photograph(kind)))
    assert answer.json()["success"] is True
    assert traces(Path(SiteImage.objects.get().file.path).read_bytes()) == []


def test_a_picture_set_aside_for_its_title_holds_no_traces_either(
    as_therapist: Client, data_folder: Path
) -> None:
    answer = post_several(as_therapist, upload("canary.jpg", photograph("JPEG")), title="x" * 300)
    waiting = UploadedFile.objects.get()
    assert traces(Path(waiting.file.path).read_bytes()) == []
    prefix = f"uploaded-image-{waiting.pk}"
    done = as_therapist.post(
        reverse("wagtailimages:create_multiple_from_uploaded_image", args=[waiting.pk]),
        {f"{prefix}-title": "Shorter", f"{prefix}-collection": root(), f"{prefix}-tags": ""},
    )
    assert answer.json()["success"] is done.json()["success"] is True
    files = [path for path in (data_folder / "media").rglob("*") if path.is_file()]
    assert SiteImage.objects.get().title == "Shorter"
    assert [path for path in files if traces(path.read_bytes())] == []


def test_a_picture_that_replaces_another_is_stripped_too(as_therapist: Client) -> None:
    post_one(as_therapist, upload("first.png", encoded("PNG")))
    image = SiteImage.objects.get()
    answer = as_therapist.post(
        reverse("wagtailimages:edit", args=[image.pk]),
        {
            "title": "Second",
            "file": upload("second.jpg", photograph("JPEG")),
            "collection": root(),
            "tags": "",
            "description": "",
        },
    )
    assert answer.status_code == 302
    image.refresh_from_db()
    stored = Path(image.file.path).read_bytes()
    assert traces(stored) == []
    assert image.file_hash == hashlib.sha1(stored).hexdigest()


def test_a_new_title_leaves_the_stored_picture_as_it_is(as_therapist: Client) -> None:
    post_one(as_therapist, upload("first.jpg", photograph("JPEG")))
    before = SiteImage.objects.get()
    as_therapist.post(
        reverse("wagtailimages:edit", args=[before.pk]),
        {"title": "Renamed", "collection": root(), "tags": "", "description": ""},
    )
    after = SiteImage.objects.get()
    assert after.title == "Renamed"
    assert (after.file.name, after.file_hash) == (before.file.name, before.file_hash)


def test_the_chooser_in_an_article_strips_as_well(as_therapist: Client) -> None:
    answer = as_therapist.post(
        reverse("wagtailimages_chooser:create"),
        {
            "image-chooser-upload-title": "Chosen",
            "image-chooser-upload-file": upload("canary.jpg", photograph("JPEG")),
            "image-chooser-upload-collection": root(),
            "image-chooser-upload-tags": "",
            "image-chooser-upload-description": "",
        },
    )
    assert answer.status_code == 200
    assert re.search(r'"step": ?"chosen"', answer.content.decode())
    assert traces(Path(SiteImage.objects.get().file.path).read_bytes()) == []


# --- Descriptions ------------------------------------------------------------------------------


def test_a_picture_without_a_description_has_none_and_never_its_files_name() -> None:
    picture = SiteImage(title="IMG_2041.jpg")
    assert picture.default_alt_text == ""
    picture.description = "A gate ajar"
    assert picture.default_alt_text == "A gate ajar"


def test_the_form_of_a_picture_asks_what_it_shows(as_editor: Client) -> None:
    for address in ("wagtailimages:add", "wagtailimages_chooser:choose"):
        assert "What does the picture show?" in as_editor.get(reverse(address)).content.decode()
