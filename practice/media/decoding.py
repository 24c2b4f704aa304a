"""One upload made into a plain picture, by a process of its own that bounds itself first.

`python -I decoding.py KIND PIXELS`, with the upload as its input; images.py starts it. It imports
no Django, so that it starts quickly and holds little, and is given no environment: whoever takes a
decoder over finds no key there.
"""

import resource
import sys
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image, ImageOps

MEMORY = 270_000_000  # bytes that it may fill, beside 20 MB of programs
SECONDS = 4  # of computing
LONGEST_SIDE = 2400  # pixels; no page shows more, and every rendition has to read them all
STRIP = 100  # rows
KEEPS_ALPHA = ("PNG", "WEBP")
TOO_MANY_PIXELS = 3  # an exit status; a failure or a limit gives another


def main(kind: str, most_pixels: int) -> None:
    """Exits with TOO_MANY_PIXELS, or raises whatever a decoder does."""
    # Not RLIMIT_AS: libraries reserve far more addresses than they fill.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    picture = opened(BytesIO(sys.stdin.buffer.read()), kind)
    width, height = picture.size
    if width * height > most_pixels:
        sys.exit(TOO_MANY_PIXELS)
    plain = smaller(picture, keeps_alpha=kind in KEEPS_ALPHA)
    # A profile would describe other channels.
    profile = picture.info.get("icc_profile") if plain.mode == picture.mode else None
    if kind != "HEIF":  # which libheif has turned already
        plain.info = picture.info
        ImageOps.exif_transpose(plain, in_place=True)
    plain.info = {}  # a comment would be written from here
    out = BytesIO()
    kept_as = kind if kind in KEEPS_ALPHA else "JPEG"
    # A PNG of level 3 takes half the time of 6 and no more room.
    plain.save(out, kept_as, quality=90, compress_level=3, icc_profile=profile)
    sys.stdout.buffer.write(out.getvalue())


def opened(sent: BytesIO, kind: str) -> Any:
    """A picture of Pillow's or a file of pillow_heif's, of which no pixel has been read."""
    if kind == "HEIF":
        pillow_heif.options.DECODE_THREADS = 1
        return pillow_heif.open_heif(sent)
    Image.MAX_IMAGE_PIXELS = None  # `main` asks in Pillow's place
    return Image.open(sent, formats=[kind])


def smaller(picture: Any, *, keeps_alpha: bool) -> Image.Image:
    """`picture` in a plain mode, no side longer than LONGEST_SIDE.

    It goes by strips, each made as narrow as the whole will be: one more copy of 48 megapixels
    would take 195 MB.
    """
    if isinstance(picture, Image.Image):
        picture.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG decodes at half its size, too
    else:
        picture[picture.primary_index].load()  # which may find another size
    longest = max(picture.size)
    by = max(1, longest // LONGEST_SIDE)  # averaged, which is quick; the rest is resampled
    width, height = (max(1, round(side * min(1, LONGEST_SIDE / longest))) for side in picture.size)
    narrow = None
    for top in range(0, picture.size[1], STRIP * by):
        strip = in_plain_mode(rows(picture, top, STRIP * by), keeps_alpha=keeps_alpha).reduce(by)
        if narrow is None:
            narrow = Image.new(strip.mode, (width, -(-picture.size[1] // by)))
        narrow.paste(strip.resize((width, strip.height)), (0, top // by))
    assert narrow is not None
    return narrow.resize((width, height))


def rows(picture: Any, top: int, many: int) -> Image.Image:
    width, height = picture.size
    bottom = min(top + many, height)
    if isinstance(picture, Image.Image):
        return picture.crop((0, top, width, bottom))
    # Pillow's plugin would copy all of it first.
    mode, stride = picture.mode, picture.stride
    data = picture.data[top * stride : bottom * stride]
    return Image.frombytes(mode, (width, bottom - top), data, "raw", mode, stride)


def in_plain_mode(picture: Image.Image, *, keeps_alpha: bool) -> Image.Image:
    """`picture` in gray or color of eight bits, with alpha if it has some and may keep it."""
    if picture.mode.startswith("I"):  # sixteen bits of gray, which would be cut off, not scaled
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if keeps_alpha and picture.has_transparency_data:
        mode = "RGBA"
    else:
        mode = "L" if picture.mode in ("1", "L", "LA") else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
