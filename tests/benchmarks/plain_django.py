"""The least that Django can do for an article: `startproject`, one row and one template."""

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.rival_servers import Rival

ROW, KEPT = "/essay/1/", "/kept/1/"

MODELS = """
from django.db import models

class Essay(models.Model):
    title = models.CharField(max_length=200)
    html = models.TextField()
"""
VIEWS = """
from django.shortcuts import get_object_or_404, render
from essays.models import Essay

def essay(request, pk):
    return render(request, "essay.html", {"essay": get_object_or_404(Essay, pk=pk)})
"""
URLS = """
from django.urls import path
from django.views.decorators.cache import cache_page
from essays.views import essay

urlpatterns = [path("essay/<int:pk>/", essay), path("kept/<int:pk>/", cache_page(3600)(essay))]
"""
TEMPLATE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>{{ essay.title }}</title>
    <link rel="stylesheet" href="/static/style.css">
  </head>
  <body>
    <main>{{ essay.html|safe }}</main>
  </body>
</html>
"""
# Added to what `startproject` writes, whose cache is local memory and whose middleware stays.
SETTINGS = """
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS.append("essays")
"""


def made(folder: Path, html: str, database: str = "") -> Rival:
    """The project in `folder`, whose one row holds the essay as our own page shows it.

    `database` is a setting, or nothing for the file that Django makes by itself.
    """
    folder.mkdir()
    django = [sys.executable, "-m", "django"]
    subprocess.run([*django, "startproject", "plain", folder], check=True)
    rival = Rival(folder, "plain.settings")
    rival.manage("startapp", "essays")
    essays = folder / "essays"
    (essays / "templates").mkdir()
    (essays / "templates" / "essay.html").write_text(TEMPLATE)
    (essays / "models.py").write_text(MODELS)
    (essays / "views.py").write_text(VIEWS)
    (folder / "plain" / "urls.py").write_text(URLS)
    with open(folder / "plain" / "settings.py", "a") as settings:
        settings.write(SETTINGS + database)
    rival.manage("makemigrations", "essays")
    rival.manage("migrate")
    (folder / "essay.html").write_text(html)
    rival.manage("shell", "-c", ADD.format(folder=folder))
    return rival


ADD = """
from pathlib import Path
from essays.models import Essay
Essay.objects.create(title="An essay", html=Path("{folder}/essay.html").read_text())
"""
