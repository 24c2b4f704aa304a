"""A clean Debian 12 in a namespace of its own, with systemd, as a server that one has bought.

Its network is its own: it reaches Debian's archive through slirp4netns, and nobody reaches it but
who goes in. The root that it is copied from is made by debootstrap once, in
CLEAN_ROOT (/var/tmp/practice-debian-12), and what apt fetches is kept beside it.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.conftest import missing_part
from tests.faults.network import inside

CLEAN_ROOT = Path(os.environ.get("CLEAN_ROOT", "/var/tmp/practice-debian-12"))
FETCHED = CLEAN_ROOT.with_name(f"{CLEAN_ROOT.name}-fetched")
BROUGHT = "systemd,systemd-sysv,dbus,ca-certificates"  # what any bought server has
STARTS_WITHIN = 120  # seconds
NEEDED = "debootstrap slirp4netns systemd-container"
RESOLVER = "10.0.2.3"  # slirp4netns's own, which asks the host's
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def needs(*programs: str) -> None:
    if os.geteuid() != 0:
        missing_part("a server of its own is made by root alone")
    for program in programs:
        if shutil.which(program, path=PATH) is None:
            missing_part(f"{program} is missing. On Debian: apt install {NEEDED}")


def clean_root() -> Path:
    needs("debootstrap", "slirp4netns", "systemd-nspawn", "nsenter")
    if not (CLEAN_ROOT / "etc").exists():
        unready = CLEAN_ROOT.with_name(f"{CLEAN_ROOT.name}-unready")
        shutil.rmtree(unready, ignore_errors=True)
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={BROUGHT}", "bookworm", unready],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        unready.rename(CLEAN_ROOT)
    return CLEAN_ROOT


class Server:
    """Started and stopped by whoever made it; `run` runs a command in it as root."""

    def __init__(self, folder: Path, binds: dict[Path, str]) -> None:
        self.root, self.binds = folder / "root", binds
        self.process: subprocess.Popen[bytes] | None = None
        self.cable: subprocess.Popen[bytes] | None = None
        self.log = folder / "console.log"

    def make(self) -> None:
        subprocess.run(["cp", "-a", "--reflink=auto", clean_root(), self.root], check=True)
        (self.root / "etc/resolv.conf").write_text(f"nameserver {RESOLVER}\n")
        (self.root / "etc/machine-id").write_text("")
        (self.root / "etc/apt/sources.list").write_text(
            "deb http://deb.debian.org/debian bookworm main\n"
            "deb http://deb.debian.org/debian-security bookworm-security main\n"
        )
        FETCHED.mkdir(exist_ok=True)
        self.binds[FETCHED] = "/var/cache/apt/archives"

    def start(self) -> None:
        binds = [f"--bind={source}:{target}" for source, target in self.binds.items()]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [
                    *("systemd-nspawn", "--quiet", "--directory", self.root, "--boot"),
                    *("--register=no", "--keep-unit", "--machine=practice", "--console=pipe"),
                    *("--resolv-conf=off", "--timezone=off"),
                    *("--private-network", *binds),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + STARTS_WITHIN
        while self.tries("systemctl", "is-system-running").stdout.strip() not in (
            "running",
            "degraded",
        ):
            assert time.monotonic() < until, f"it did not start:\n{self.log.read_text()[-2000:]}"
            time.sleep(0.5)
        self.connect()

    def connect(self) -> None:
        """To the outside, but not to what the host has for itself alone."""
        ready, tells = os.pipe()
        with open(self.log, "ab") as log:
            self.cable = subprocess.Popen(
                [
                    *("slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback"),
                    *(f"--ready-fd={tells}", str(self.init), "tap0"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[tells],
            )
        os.close(tells)
        with open(ready, "rb") as told:
            assert told.read(1) == b"1", self.log.read_text()[-2000:]

    def inside(self) -> contextlib.AbstractContextManager[None]:
        """Within it this thread connects as from the server itself."""
        return inside(f"/proc/{self.init}/ns/net")

    @property
    def init(self) -> int:
        """The process that is 1 within."""
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = children.read_text().split()
        return int(found[0]) if found else 0

    def within(self, *command: str) -> list[str]:
        """The command by which the host runs `command` in it."""
        return [
            *("nsenter", "--target", str(self.init), "--all", "--", "env", "-i"),
            *(f"PATH={PATH}", "LANG=C.UTF-8", "HOME=/root", *command),
        ]

    def tries(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.within(*command), stdin=subprocess.DEVNULL, capture_output=True, text=True
        )

    def run(self, *command: str) -> str:
        """What it prints. Raises AssertionError with all of it where it fails."""
        done = self.tries(*command)
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def stop(self) -> None:
        """At once, as when the power goes: nothing of it is needed any more."""
        if self.cable is not None:
            self.cable.kill()
            self.cable.wait()
            self.cable = None
        if self.process is not None:
            if self.init:
                os.kill(self.init, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            self.process.kill()
            self.process.wait()
            self.process = None
