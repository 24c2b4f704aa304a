"""Pictures of phones, and small files that claim to be huge, made here byte by byte."""

import struct
import zlib
from functools import cache
from io import BytesIO

import pillow_heif
from PIL import Image

SIDE = 7_700  # pixels: its square is just below the most that are taken


def noisy(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """What costs a decoder about as much as a photograph."""
    width, height = size
    gray = Image.effect_noise((width // 8 + 1, height // 8 + 1), 80).resize(size)
    return gray.convert(mode)


# --- HEIF: ISO/IEC 14496-12 and 23008-12 -----------------------------------------------------


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I", len(data) + 8) + kind + data


@cache
def tile(side: int = 512) -> tuple[bytes, bytes]:
    """How one square of HEVC is set up (hvcC), and its pixels."""
    out = BytesIO()
    pillow_heif.from_pillow(noisy((side, side))).save(out, quality=60)
    file = out.getvalue()
    setup, pixels = file.index(b"hvcC") - 4, file.index(b"mdat") - 4

    def whole(begin: int) -> bytes:
        return file[begin : begin + int.from_bytes(file[begin : begin + 4], "big")]

    return whole(setup), whole(pixels)[8:]


def grid(width: int, height: int, side: int = 512) -> bytes:
    """As phones write them: of tiles, which are decoded one by one; here always the same one."""
    setup, pixels = tile(side)
    columns, rows = -(-width // side), -(-height // side)
    derived = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, width, height)
    whole, part = 1, 2  # numbers of items
    sizes = [
        box(b"ispe", struct.pack(">III", 0, *size)) for size in ((side, side), (width, height))
    ]
    has = struct.pack(">IIHBBHBBB", 0, 2, whole, 1, 3, part, 2, 0x81, 2)
    items = b"".join(
        box(b"infe", struct.pack(">IHH", 2 << 24, item, 0), kind, b"\0")
        for item, kind in ((whole, b"grid"), (part, b"hvc1"))
    )
    tiles = struct.pack(">HH", whole, columns * rows) + struct.pack(">H", part) * columns * rows

    def file(begin: int) -> bytes:
        """With the tile's pixels where they would be if `derived` lay at byte `begin`."""
        at = (whole, 0, 1, begin, len(derived)), (part, 0, 1, begin + len(derived), len(pixels))
        extents = b"".join(struct.pack(">HHHII", *place) for place in at)
        meta = (
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", struct.pack(">IH", 0, whole)),
            box(b"iinf", struct.pack(">IH", 0, 2), items),
            box(b"iref", bytes(4), box(b"dimg", tiles)),
            box(b"iprp", box(b"ipco", setup, *sizes), box(b"ipma", has)),
            box(b"iloc", struct.pack(">IBBH", 0, 0x44, 0, 2), extents),
        )
        head = box(b"ftyp", b"heic", bytes(4), b"mif1heic") + box(b"meta", bytes(4), *meta)
        return head + box(b"mdat", derived, pixels)

    return file(len(file(0)) - len(derived) - len(pixels))


# --- Others ----------------------------------------------------------------------------------


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def scans(times: int) -> bytes:
    """A gray progressive JPEG that says of every block, `times` over, that nothing changes."""
    blocks = (SIDE // 8 + 1) ** 2
    no_difference, long_run = (
        bytes([kind, 1, *bytes(15), code]) for kind, code in ((0, 0), (16, 0xE0))
    )
    bits = ("0" + 14 * "1") * (blocks // 32_767 + 1)  # each a run of so many blocks
    bits += "1" * (-len(bits) % 8)
    runs = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xDB, bytes([0, *[1] * 64])),
            segment(0xC2, struct.pack(">BHHB", 8, SIDE, SIDE, 1) + b"\1\x11\0"),
            segment(0xC4, no_difference),
            segment(0xC4, long_run),
            segment(0xDA, b"\1\1\0\0\0\0") + bytes(blocks // 8 + 1),
            (segment(0xDA, b"\1\1\0\1\x3f\x21") + runs) * times,
            b"\xff\xd9",
        )
    )


def webp(side: int = SIDE) -> bytes:
    """34 bytes that claim a canvas of one color."""
    pixels = struct.pack("<BI", 0x2F, (side - 1) | (side - 1) << 14) + b"\x88\x88\x08" + bytes(6)
    return b"RIFF" + struct.pack("<I", 26) + b"WEBPVP8L" + struct.pack("<I", 14) + pixels


def png(width: int, height: int, rows: bytes) -> bytes:
    """One of eight bits of gray."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def gif(frames: int) -> bytes:
    """As large as it can be, with frames of one pixel."""
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2D\1\0"
    head = b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + bytes(6)
    return head + frame * frames + b";"


def tiff() -> bytes:
    """A TIFF of one strip that claims to be as large."""
    tags = ((256, 65_535), (257, 65_535), (258, 8), (259, 1), (262, 1), (273, 8), (279, 1))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
