"""Wagtail's own beginning, `wagtail start`, with the essay as a page whose body is rich text."""

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.rival_servers import Rival

PAGE = "/essay/"

MODELS = """
from wagtail.fields import RichTextField

class EssayPage(Page):
    body = RichTextField()
"""
TEMPLATE = """{% extends "base.html" %}
{% load wagtailcore_tags %}
{% block content %}<h1>{{ page.title }}</h1>{{ page.body|richtext }}{% endblock %}
"""
SETTINGS = (
    'SECRET_KEY = "of a benchmark alone, which nobody reaches"\nALLOWED_HOSTS = ["127.0.0.1"]\n'
)
ADD = """
from pathlib import Path
from home.models import EssayPage, HomePage
html = Path("{folder}/essay.html").read_text()
HomePage.objects.get().add_child(instance=EssayPage(title="Essay", slug="essay", body=html))
"""


def made(folder: Path, html: str, database: str = "", workers: int = 0) -> Rival:
    """The project in `folder`, with the settings that it brings for production."""
    folder.mkdir()
    wagtail = Path(sys.executable).with_name("wagtail")
    subprocess.run([wagtail, "start", "starter", folder], check=True, stdout=subprocess.DEVNULL)
    rival = Rival(folder, "starter.settings.production", workers)
    (folder / "starter" / "settings" / "local.py").write_text(SETTINGS + database)
    with open(folder / "home" / "models.py", "a") as models:
        models.write(MODELS)
    (folder / "home" / "templates" / "home" / "essay_page.html").write_text(TEMPLATE)
    rival.manage("makemigrations", "home")
    rival.manage("migrate")
    rival.manage("collectstatic", "--no-input")
    (folder / "essay.html").write_text(html)
    rival.manage("shell", "-c", ADD.format(folder=folder))
    return rival
