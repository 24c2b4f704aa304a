"""A portrait of nobody, drawn where pictures need a face."""

from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from blog.models import BioPage
from practice.models import PracticeSettings, SiteImage
from tests.factories import publish

SIZE = (800, 1000)
WALL, SHIRT, SKIN, HAIR = "#cfc6b8", "#4d5f63", "#c99f86", "#4a3a33"


def draw() -> Image.Image:
    """Head and shoulders before a wall, without features."""
    picture = Image.new("RGB", SIZE, WALL)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((250, 170, 550, 520), HAIR)
    pen.rectangle((345, 480, 455, 700), SKIN)
    pen.ellipse((275, 215, 525, 575), SKIN)
    pen.pieslice((255, 170, 545, 470), 180, 360, HAIR)
    pen.ellipse((110, 650, 690, 1300), SHIRT)
    return picture


def hang() -> None:
    """Gives it to the practice and to whoever writes."""
    out = BytesIO()
    draw().save(out, "JPEG", quality=88)
    file = ContentFile(out.getvalue(), name="portrait.jpg")
    portrait = SiteImage.objects.create(title="Portrait", description="A portrait", file=file)
    PracticeSettings.objects.update(portrait=portrait)
    for bio in BioPage.objects.all():
        bio.portrait = portrait
        publish(bio)
