"""Machines of a test's own: network namespaces on one switch, which nobody else can reach.

Each has an address of 10.77.0.0/24 that exists within these namespaces alone. A thread goes in
and out of one; the sockets that it opens there, and the processes that it starts, are that
machine's. Sockets in files are everybody's, as they are not the network's.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator

from tests.conftest import missing_part

CLONE_NEWNET = 0x40000000  # <linux/sched.h>
FOLDER = "/run/netns"
PREFIX = "practice-test"
SWITCH = "switch"
MASK = 24
ANYBODY = f"10.77.0.0/{MASK}"


class Network:
    """`machines` get an address each, in their order."""

    def __init__(self, machines: list[str]) -> None:
        self.addresses = {name: f"10.77.0.{n}" for n, name in enumerate(machines, 1)}

    def name_of(self, machine: str) -> str:
        return f"{PREFIX}-{os.getpid()}-{machine}"

    def build(self) -> None:
        """Skips the test where this cannot be done."""
        if shutil.which("ip", path=f"{os.environ['PATH']}:/usr/sbin") is None:
            missing_part("iproute2 is missing. On Debian: apt install iproute2")
        sweep()
        switch = self.name_of(SWITCH)
        try:
            ip("netns", "add", switch)
            ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        except subprocess.CalledProcessError as problem:
            missing_part(f"Network namespaces cannot be made here: {problem.stderr.strip()}")
        ip("-n", switch, "link", "set", "bridge", "up")
        for machine, address in self.addresses.items():
            self._plug_in(switch, machine, address)

    def _plug_in(self, switch: str, machine: str, address: str) -> None:
        name = self.name_of(machine)
        ip("netns", "add", name)
        cable = f"to-{machine}"
        ip("-n", switch, "link", "add", cable, "type", "veth", "peer", "eth0", "netns", name)
        ip("-n", switch, "link", "set", cable, "master", "bridge", "up")
        ip("-n", name, "address", "add", f"{address}/{MASK}", "dev", "eth0")
        for device in ("eth0", "lo"):
            ip("-n", name, "link", "set", device, "up")

    def remove(self) -> None:
        for machine in [*self.addresses, SWITCH]:
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("netns", "delete", self.name_of(machine))

    @contextlib.contextmanager
    def on(self, machine: str) -> Iterator[str]:
        """Within it this thread is on `machine`; gives its address."""
        with inside(f"{FOLDER}/{self.name_of(machine)}"):
            yield self.addresses[machine]


def ip(*words: str) -> None:
    path = f"{os.environ['PATH']}:/usr/sbin"
    subprocess.run(["ip", *words], env={"PATH": path}, check=True, capture_output=True, text=True)


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Within it this thread is in the network namespace of that file."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(namespace, os.O_RDONLY)
    try:
        enter(there)
        yield
    finally:
        enter(home)
        os.close(there)
        os.close(home)


def enter(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def sweep() -> None:
    """Removes what a test left behind that was killed."""
    with contextlib.suppress(FileNotFoundError, subprocess.CalledProcessError):
        for name in os.listdir(FOLDER):
            pid = name.removeprefix(f"{PREFIX}-").partition("-")[0]
            is_ours = name.startswith(PREFIX) and pid.isdecimal()
            if is_ours and not os.path.exists(f"/proc/{pid}"):
                ip("netns", "delete", name)


@contextlib.contextmanager
def network(machines: list[str]) -> Iterator[Network]:
    """However the block is left, nothing of it stays."""
    built = Network(machines)
    try:
        built.build()
        yield built
    finally:
        built.remove()
