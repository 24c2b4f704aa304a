"""What a look at one part of the mail found, in words for whoever runs the server."""

from dataclasses import dataclass
from enum import Enum
from functools import partial


class Verdict(Enum):
    GOOD = "good"
    ADVICE = "could be better"
    FAULT = "needs fixing"


@dataclass(frozen=True)
class Finding:
    """`about` is the part, `says` how it stands, `todo` what to do; `record` goes into DNS."""

    verdict: Verdict
    says: str
    todo: str = ""
    record: str = ""
    about: str = ""

    def lines(self) -> list[str]:
        shown = [f"{self.about}: {self.verdict.value}. {self.says}"]
        if self.todo:
            shown.append(f"    To do: {self.todo}")
        if self.record:
            shown.append(f"    Record: {self.record}")
        return shown


good = partial(Finding, Verdict.GOOD)
advice = partial(Finding, Verdict.ADVICE)
fault = partial(Finding, Verdict.FAULT)
