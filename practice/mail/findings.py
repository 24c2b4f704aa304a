"""What a look at one part of the mail found, in words for whoever runs the server."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    GOOD = "good"
    ADVICE = "could be better"
    FAULT = "to be mended"


@dataclass(frozen=True)
class Finding:
    """`about` is the part, `says` how it stands, `todo` what to do; `record` goes into DNS."""

    about: str
    verdict: Verdict
    says: str
    todo: str = ""
    record: str = ""

    def lines(self) -> list[str]:
        shown = [f"{self.about}: {self.verdict.value}. {self.says}"]
        if self.todo:
            shown.append(f"    To do: {self.todo}")
        if self.record:
            shown.append(f"    Record: {self.record}")
        return shown


def good(about: str, says: str) -> Finding:
    return Finding(about, Verdict.GOOD, says)


def advice(about: str, says: str, todo: str, record: str = "") -> Finding:
    return Finding(about, Verdict.ADVICE, says, todo, record)


def fault(about: str, says: str, todo: str, record: str = "") -> Finding:
    return Finding(about, Verdict.FAULT, says, todo, record)
