"""A practice's own templates, each in the place of one of the site's that may change by itself."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.template.utils import get_app_template_dirs

FROM = re.compile(r"\{# from ([0-9a-f]{12}) #\}")
ITS_OWN = "{# own #}"  # in the place of none


def folder() -> Path:
    return Path(settings.PRACTICE_DIR) / "templates"


def original(name: str) -> Path | None:
    """The site's own template of that name, which may be Wagtail's."""
    folders = [settings.BASE_DIR / "templates", *get_app_template_dirs("templates")]
    return next((each / name for each in folders if (each / name).is_file()), None)


def mark(file: Path) -> str:
    """What a copy of `file` says of where it came from."""
    return f"{{# from {hashlib.sha256(file.read_bytes()).hexdigest()[:12]} #}}"


def copy(name: str) -> Path:
    """Puts a copy of the site's template of that name where it can be changed. Raises
    FileNotFoundError if there is none, and FileExistsError if there is a copy.
    """
    file, own = original(name), folder() / name
    if file is None:
        raise FileNotFoundError(name)
    own.parent.mkdir(parents=True, exist_ok=True)
    with own.open("x", encoding="utf-8") as out:
        out.write(mark(file) + file.read_text("utf-8"))
    return own


def doubtful() -> Iterator[str]:
    """A line for each that stands for a template that is gone, or is another than it was."""
    for own in sorted(folder().rglob("[!.]*")):
        if not own.is_file():
            continue
        name = own.relative_to(folder()).as_posix()
        head, file = own.read_bytes().partition(b"\n")[0].decode(errors="replace"), original(name)
        if file is None and ITS_OWN not in head:
            yield (
                f"{own} replaces a template that the site no longer has. Delete it, or, if "
                f"another of yours includes it, begin it with {ITS_OWN}"
            )
        elif file and mark(file) not in head:
            change = "has changed since" if FROM.search(head) else "may have changed since"
            yield (
                f"{own} was made from {file}, which {change}. Compare them, then begin yours with "
                f"{mark(file)}"
            )
