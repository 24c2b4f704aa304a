"""Pictures without what the camera wrote into them: renditions keep it unless the original goes."""

from io import BytesIO
from pathlib import PurePath

from django.conf import settings
from django.core.files.base import ContentFile, File
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

register_heif_opener()

KEEPS_ALPHA = {"PNG": "png", "WEBP": "webp"}
LONGEST_SIDE = 4000  # pixels; no screen shows more, and every rendition has to read them all


class BrokenPicture(ValueError):
    """The file cannot be read to its end as a picture, or would fill the memory."""


class CleanPicture(ContentFile):
    """A picture that holds pixels and a color profile, and nothing else."""


def stripped(file: File) -> CleanPicture:
    """The same picture, upright and not larger than a screen, without position, camera or date.

    EXIF, GPS, XMP, IPTC, comments and further frames are left behind. PNG and WebP stay what
    they are, all else becomes JPEG. Raises BrokenPicture.
    """
    file.seek(0)
    try:
        with Image.open(file) as picture:  # which reads its size alone
            if picture.width * picture.height > settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS:
                raise BrokenPicture("This picture has too many pixels. Make it smaller first.")
            kind = picture.format if picture.format in KEEPS_ALPHA else "JPEG"
            out = BytesIO()
            save(picture, kind, out)
    except BrokenPicture:
        raise
    except Exception as error:  # each decoder fails in its own way
        raise BrokenPicture("This picture is damaged or not complete.") from error
    name = PurePath(file.name or "picture").with_suffix("." + KEEPS_ALPHA.get(kind, "jpg")).name
    return CleanPicture(out.getvalue(), name=name)


def save(picture: Image.Image, kind: str, out: BytesIO) -> None:
    profile = picture.info.get("icc_profile")
    plain = in_plain_mode(picture, keeps_alpha=kind in KEEPS_ALPHA)
    if plain.mode != picture.mode:
        profile = None  # it described other channels
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    ImageOps.exif_transpose(plain, in_place=True)
    plain.info = {}  # a comment would be written from here
    plain.save(out, kind, quality=90, icc_profile=profile)


def in_plain_mode(picture: Image.Image, *, keeps_alpha: bool) -> Image.Image:
    """`picture` in gray or color of eight bits, with alpha if it has some and may keep it."""
    if picture.mode.startswith("I"):  # sixteen bits of gray, which would be cut off, not scaled
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if keeps_alpha and picture.has_transparency_data:
        mode = "RGBA"
    else:
        mode = "L" if picture.mode in ("1", "L", "LA") else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)
