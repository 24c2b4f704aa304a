"""A picture for the sample, drawn when it is loaded: hills behind hills, and a low sun."""

from io import BytesIO
from math import sin

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from practice.models import SiteImage

TITLE = "Sample picture: hills"
DESCRIPTION = "Five rows of hills behind one another, paler toward a low sun."
SIZE = (1600, 1000)
SKY, SUN = "#f3e6d3", "#e9b98a"
HILLS = ("#cdb9a5", "#a99c91", "#857f7e", "#5f6066", "#3e434c")


def draw() -> Image.Image:
    width, height = (2 * side for side in SIZE)  # drawn large and made smaller, for smooth edges
    picture = Image.new("RGB", (width, height), SKY)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((0.62 * width, 0.22 * height, 0.74 * width, 0.22 * height + 0.12 * width), SUN)
    for row, color in enumerate(HILLS):
        ridge = [
            (
                x,
                height * (0.45 + 0.11 * row)
                + height * 0.06 * sin(x / width * (5 + 1.3 * row) + 2.1 * row)
                + height * 0.02 * sin(x / width * (13 + 2 * row) + row),
            )
            for x in range(0, width + 8, 8)
        ]
        pen.polygon([*ridge, (width, height), (0, height)], fill=color)
    return picture.resize(SIZE, Image.Resampling.LANCZOS)


def sample_picture() -> SiteImage:
    """The sample's picture, drawn unless it is there."""
    picture: SiteImage | None = SiteImage.objects.filter(title=TITLE).first()
    if picture is None:
        out = BytesIO()
        draw().save(out, "JPEG", quality=88)
        file = ContentFile(out.getvalue(), name="sample-hills.jpg")
        picture = SiteImage.objects.create(title=TITLE, description=DESCRIPTION, file=file)
    return picture
