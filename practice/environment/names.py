"""The names of the site's settings, and what somebody probably meant by one that is none.

Only the standard library may be imported here: the installer asks too, before there is Django.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from pathlib import Path

READ = re.compile(r"""(?:\benv\.\w+|\brequired)\(\s*["']([A-Z][A-Z_]+)["']""")
LINE = re.compile(r"(?:export )?([A-Za-z_0-9]+)=.*")  # as django-environ reads one
INSTALLERS = {"CERTIFICATE", "CERTIFICATE_KEY", "OTHER_NAMES", "PLAIN_PORT", "TLS_PORT"}
# What the libraries and programs read with which the site works.
OTHERS = re.compile(
    r"DJANGO_SETTINGS_MODULE|(?:AWS|GUNICORN|LC|PYTHON)_?\w+|PG[A-Z]+|LANG|PATH|HOME|TMPDIR|TZ|"
    r"(?:HTTPS?|NO|ALL)_PROXY|SSL_CERT_(?:FILE|DIR)"
)
SLIP, GUESS = 0.85, 0.6  # how alike two names are; PGPORT is no slip of PORT (0.8)


@cache
def known() -> frozenset[str]:
    """What practice/settings.py asks the environment for, and what the installer takes."""
    settings = Path(__file__).parent.with_name("settings.py").read_text()
    return frozenset(READ.findall(settings)) | INSTALLERS


def meant(name: str, alike: float = SLIP) -> str:
    """The setting that somebody meant by `name`; nothing where none is like it."""
    return next(iter(get_close_matches(name.upper(), sorted(known()), n=1, cutoff=alike)), "")


def unknown(given: Iterable[str]) -> list[str]:
    """A line for each of `given` that nothing reads, such as of a file of settings."""
    return [told(name, meant(name, GUESS)) for name in strange(given)]


def slips(given: Iterable[str]) -> list[str]:
    """A line for each of `given` that is nearly a setting; all others may be the system's own."""
    return [told(name, guess) for name in strange(given) if (guess := meant(name))]


def strange(given: Iterable[str]) -> list[str]:
    return sorted(name for name in {*given} - known() if not OTHERS.fullmatch(name))


def told(name: str, guess: str) -> str:
    return f"{name}: did you mean {guess}?" if guess else f"{name} isn't a setting of this site."


def in_file(text: str) -> tuple[list[str], list[int]]:
    """The names that stand in a file of settings, and the numbers of the lines that are none."""
    lines = enumerate(text.splitlines(), 1)
    said = [(number, line) for number, line in lines if line and not line.startswith("#")]
    read = [(number, LINE.fullmatch(line)) for number, line in said]
    return [match[1] for _, match in read if match], [n for n, match in read if not match]
