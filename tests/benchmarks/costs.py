"""Processor time and memory of whole trees of processes, as Linux counts them."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and all that it started, and those in turn."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:  # it has just ended
        return []
    return [pid, *(one for child in children for one in tree(int(child)))]


def trees(pids: Iterable[int]) -> list[int]:
    return [one for pid in pids for one in tree(pid)]


def processor_seconds(pids: Iterable[int]) -> float:
    """Of these processes and all below them, with what those spent that have ended already."""
    return sum(map(_seconds, trees(pids)))


def _seconds(pid: int) -> float:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # its parent has its time now
    # utime, stime and the same of children that were waited for: fields 14 to 17 of proc(5).
    return sum(map(int, after_name[11:15])) / TICKS


def megabytes(pids: Iterable[int]) -> float:
    """Proportional set size: what several share counts once, in equal parts (proc(5))."""
    return sum(map(_kilobytes, trees(pids))) / 1024


def _kilobytes(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (ProcessLookupError, FileNotFoundError):  # it has ended, waited for or not
        return 0
    return int(rollup.partition("\nPss:")[2].split()[0])
