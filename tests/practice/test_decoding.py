"""How much of the machine a picture may take: real ones come in, and bombs are refused in words."""

import fcntl
import html
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image
from wagtail.models import UploadedFile

from practice.media import decoding, images
from practice.media.images import BrokenPicture, stripped
from practice.models import SiteImage
from tests.practice import bombs
from tests.practice.test_images import post_one, post_several, upload

MOST_MEMORY = 300_000_000  # bytes, all in all
MOST_SECONDS = 10  # of computing

PHONE, WEB = (8064, 6048), (4000, 3000)

# Between the site and Python: what this run took, once it has ended in whatever way.
WITNESS = """#!{python}
import os, resource, signal, subprocess, sys
ended = subprocess.run(["{python}", *sys.argv[1:]]).returncode
took = resource.getrusage(resource.RUSAGE_CHILDREN)
with open("{notes}", "a") as notes:
    print(took.ru_maxrss * 1024, took.ru_utime + took.ru_stime, ended, file=notes)
os.kill(os.getpid(), -ended) if ended < 0 else sys.exit(ended)
"""

Took = Callable[[], SimpleNamespace]


@pytest.fixture
def took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Took:
    """Says and prints what the reading of one picture took."""
    notes, witness = tmp_path / "notes", tmp_path / "python"
    witness.write_text(WITNESS.format(python=sys.executable, notes=notes))
    witness.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(witness))
    monkeypatch.setattr(images, "LONGEST_WORK", 120)  # by the clock; a busy machine needs more

    def look() -> SimpleNamespace:
        (line,) = notes.read_text().splitlines()
        memory, seconds, ended = line.split()
        with capsys.disabled():
            what = os.environ["PYTEST_CURRENT_TEST"].partition("[")[2].partition("]")[0]
            print(f"\n{what}: {int(memory) / 1e6:.0f} MB, {float(seconds):.1f} s, ended {ended}")
        return SimpleNamespace(memory=int(memory), seconds=float(seconds), ended=int(ended))

    return look


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def jpeg(size: tuple[int, int], mode: str = "RGB", **options: Any) -> bytes:
    return encoded(bombs.noisy(size, mode), "JPEG", **options)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg(WEB, exif=exif)


def two_in_one() -> bytes:
    """As phones add a depth or a brightness to a JPEG."""
    small = bombs.noisy((800, 600))
    return encoded(bombs.noisy(WEB), "MPO", save_all=True, append_images=[small])


def sixteen_bits() -> bytes:
    return encoded(Image.linear_gradient("L").resize(WEB).convert("I;16"), "PNG", compress_level=1)


def palette() -> bytes:
    return encoded(bombs.noisy(WEB, "L").quantize(64), "PNG", transparency=3, compress_level=1)


def moving() -> bytes:
    frames = [Image.new("RGB", (1200, 900), color) for color in ("red", "green", "blue")]
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], method=0)


slow = pytest.mark.soak
PICTURES = {
    "48 megapixels of HEIC": ("heic", lambda: bombs.grid(*PHONE)),
    "48 megapixels of JPEG": ("jpg", lambda: jpeg(PHONE)),
    "48 megapixels of progressive JPEG": ("jpg", lambda: jpeg(PHONE, progressive=True)),
    "a JPEG": ("jpeg", lambda: jpeg(WEB, quality=92)),
    "a turned JPEG": ("jpg", turned),
    "a JPEG of ink": ("jpg", lambda: jpeg(WEB, "CMYK")),
    "two JPEGs in one file": ("jpg", two_in_one),
    "a PNG": ("png", lambda: encoded(bombs.noisy(WEB), "PNG", compress_level=1)),
    "a PNG of sixteen bits": ("png", sixteen_bits),
    "a PNG with a palette and alpha": ("png", palette),
    "a WebP": ("webp", lambda: encoded(bombs.noisy(WEB), "WEBP", method=0)),
    "a WebP that moves": ("webp", moving),
}
OF_EACH_RUN = ("48 megapixels of HEIC", "48 megapixels of JPEG", "a WebP that moves")


@pytest.mark.parametrize(
    "what",
    [pytest.param(what, marks=() if what in OF_EACH_RUN else slow) for what in PICTURES],
)
def test_a_real_picture_is_taken_within_bounds(what: str, took: Took) -> None:
    ending, made = PICTURES[what]
    with Image.open(BytesIO(stripped(ContentFile(made(), name=f"it.{ending}")).read())) as clean:
        assert max(clean.size) == min(decoding.LONGEST_SIDE, 1200 if "moves" in what else 9999)
        clean.load()
    reading = took()
    assert reading.memory < MOST_MEMORY
    assert reading.seconds < MOST_SECONDS


BOMBS = {
    "34 bytes of WebP": ("webp", bombs.webp),
    "34 bytes of WebP, larger than is taken": ("webp", lambda: bombs.webp(16_384)),
    "a JPEG of 200 scans": ("jpg", lambda: bombs.scans(200)),
    "a PNG of zeros, 50,000 pixels a side": (
        "png",
        lambda: bombs.png(50_000, 50_000, bytes(10**6)),
    ),
    "a GIF called PNG": ("png", lambda: bombs.gif(5_000)),
    "a TIFF called JPEG": ("jpg", bombs.tiff),
    "HEIC of 16,384 tiles": ("heic", lambda: bombs.grid(65_535, 65_535)),
    "HEIC, very wide": ("heic", lambda: bombs.grid(65_535, 900)),
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_refused_within_bounds_and_in_words(
    what: str, took: Took, as_therapist: Client
) -> None:
    ending, made = BOMBS[what]
    answer = post_one(as_therapist, upload(f"it.{ending}", made()), title="What I had typed")
    assert answer.status_code == 200
    (words,) = answer.context["form"].errors["file"]
    assert words in (images.UNREADABLE, images.TOO_MANY_PIXELS)
    page = html.unescape(answer.content.decode())
    assert words in page
    assert "What I had typed" in page
    assert not SiteImage.objects.exists()
    reading = took()
    assert reading.memory < MOST_MEMORY
    assert reading.seconds < 5


def test_no_bomb_of_these_tests_is_itself_large() -> None:
    assert all(len(made()) < 200_000 for _, made in BOMBS.values())


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["gif", "avif", "tiff", "bmp", "heif", ""])
def test_of_another_kind_it_is_said_what_is_taken(as_therapist: Client, ending: str) -> None:
    answer = post_one(as_therapist, upload(f"it.{ending}", encoded(bombs.noisy((9, 9)), "PNG")))
    assert answer.context["form"].errors["file"] == [images.OTHER_KIND]


def test_what_reads_a_picture_knows_nothing_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes a decoder over finds no key in its environment."""
    given: list[Any] = []
    run = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda *args, **options: given.append(options) or run(*args, **options)
    )
    stripped(ContentFile(jpeg((90, 60)), name="it.jpg"))
    assert given[0]["env"] == {}
    loaded = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", decoding.__file__, "JPEG", "1"],
        input=b"",
        capture_output=True,
    ).stderr
    assert b"PIL.Image" in loaded
    assert b"django" not in loaded


# --- One at a time ---------------------------------------------------------------------------


def test_of_several_at_once_one_is_read_and_the_others_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once, most = threading.Semaphore(1), []
    run = subprocess.run

    def watched(*args: Any, **options: Any) -> Any:
        most.append(at_once.acquire(blocking=False))
        try:
            return run(*args, **options)
        finally:
            at_once.release()

    monkeypatch.setattr(subprocess, "run", watched)
    content = jpeg((300, 200))
    taken: list[int] = []

    def send() -> None:
        taken.append(len(stripped(ContentFile(content, name="it.jpg")).read()))

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert most == [True] * 4
    assert len(taken) == 4


@pytest.mark.django_db
def test_who_waits_too_long_is_told_and_keeps_what_was_typed(
    as_therapist: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(images, "LONGEST_WAIT", 0)
    picture = jpeg((90, 60))
    with open(settings.DATA_DIR / "picture.lock", "a") as another_process:
        fcntl.flock(another_process, fcntl.LOCK_EX)
        answer = post_one(as_therapist, upload("it.jpg", picture), title="What I had typed")
        several = post_several(as_therapist, upload("it.jpg", picture))
    assert answer.context["form"].errors["file"] == [images.BUSY]
    assert "What I had typed" in answer.content.decode()
    assert several.json()["error_message"] == images.BUSY
    assert post_one(as_therapist, upload("it.jpg", picture)).status_code == 302


def test_a_turn_lasts_as_long_as_the_reading_even_if_the_web_server_is_killed(
    settings: Any,
) -> None:
    """The next one would otherwise be read beside it."""
    with images.my_turn() as lock:
        reading = subprocess.Popen(["sleep", "60"], pass_fds=[lock])
    with open(settings.DATA_DIR / "picture.lock", "a") as next_one:
        with pytest.raises(BlockingIOError):
            fcntl.flock(next_one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        reading.kill()
        reading.wait()
        fcntl.flock(next_one, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A decoder that sleeps uses no computing time."""
    sleeper = tmp_path / "python"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(sleeper))
    monkeypatch.setattr(images, "LONGEST_WORK", 0.2)
    with pytest.raises(BrokenPicture):
        stripped(ContentFile(jpeg((90, 60)), name="it.jpg"))


@pytest.mark.django_db
def test_a_picture_set_aside_for_its_title_is_read_once(took: Took, as_therapist: Client) -> None:
    """A second reading could find another's turn, when nobody is told any more."""
    answer = post_several(as_therapist, upload("it.jpg", jpeg((90, 60))), title="x" * 300)
    assert answer.json()["success"] is True
    assert UploadedFile.objects.count() == 1
    assert took().ended == 0
