"""On what a benchmark ran: the machine, and the versions of all that took part."""

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from tests.throwaway_postgres import Missing, programs

WORDPRESS = Path("/usr/share/wordpress/wp-includes/version.php")
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


def machine() -> str:
    """Processor, cores and memory of this machine, as far as Linux tells them."""
    about = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    named = re.search(r"model name\s*: (.+)", about)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    processor = named[1] if named else platform.machine()
    return (
        f"{platform.system()} with {os.cpu_count()} cores ({processor}) and {memory:.0f} GB of "
        "memory"
    )


def versions() -> str:
    """Of what is there; what is not there was not measured."""
    try:
        postgres: str | None = str(programs() / "postgres")
    except Missing:
        postgres = None
    wordpress = WORDPRESS.read_text() if WORDPRESS.exists() else ""
    found = {
        "Python": platform.python_version(),
        **{name: version(name) for name in ("Django", "Wagtail", "gunicorn")},
        "PostgreSQL": _told(postgres, "--version"),
        "nginx": _told(shutil.which("nginx", path=PATH), "-v"),
        "h2load": _told(shutil.which("h2load"), "--version"),
        "WordPress": _number(wordpress.partition("$wp_version")[2]),
        "PHP": _told(shutil.which("php"), "--version"),
        "MariaDB": _told(shutil.which("mariadbd", path=PATH), "--version"),
    }
    return ", ".join(f"{name} {number}" for name, number in found.items() if number)


def _told(program: str | None, option: str) -> str:
    if program is None:
        return ""
    done = subprocess.run([program, option], capture_output=True, text=True)
    return _number(done.stdout + done.stderr)


def _number(text: str) -> str:
    found = re.search(r"\d+(\.\d+)+", text)
    return found[0] if found else ""
