"""docs/security.md claims nothing without a test: each claim names one that is there, or says in
sight why there is none.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENT = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")

NOT_MET = "## Level 2: what is not met"
LIMIT = "What is left:"  # so begins a paragraph that says what the site does not do
UNTESTED = re.compile(r"Not tested: \w+")
COUNTED = re.compile(r"as (\d+) do")


def claims(text: str) -> Iterator[tuple[int, str]]:
    """Each table row, list item and paragraph with the number of its first line.

    Left out are headings, the heads of tables, what stands before the first section, and the
    section of what is not met.
    """
    is_claimed, start, claim = False, 0, ""
    lines = ["", *text.splitlines(), ""]
    for number, line in enumerate(lines):
        is_row, is_heading = line.startswith("|"), line.startswith("#")
        if is_row or is_heading or not line.strip() or re.match(r"\s*([-*+]|\d+\.) ", line):
            if claim:
                yield start, claim
            claim = ""
        if is_heading:
            is_claimed = line.startswith("##") and line != NOT_MET
        is_head = is_row and not lines[number - 1].startswith("|") and is_rule(lines[number + 1])
        if is_claimed and not (is_heading or is_head or is_rule(line)):
            start = start if claim else number
            claim = f"{claim} {line}".strip()


def is_rule(line: str) -> bool:
    """Whether it is what stands below the head of a table."""
    return line.startswith("|-") and not line.strip("|-")


def named(claim: str) -> Iterator[tuple[str, str]]:
    """File and name of each test that a claim names; a name alone is in the file before it.

    Of a file itself the name is empty.
    """
    file = ""
    for word in re.findall(r"\btests/[\w/]+\.py|\btest_\w+", claim):
        file = word if "/" in word else file
        yield file, "" if "/" in word else word


@cache
def there(file: str) -> set[str]:
    """The names of a file's functions and the empty one; none if there is no such file."""
    path = PROJECT / file
    if not path.is_file():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {"", *(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))}


def faults(text: str) -> list[str]:
    """What is wrong with the claims of a document, a line for each fault."""
    found, untested = [], 0
    for number, claim in claims(text):
        tests = list(named(claim))
        untested += len(UNTESTED.findall(claim))
        if not (
            any(name for _, name in tests) or UNTESTED.search(claim) or claim.startswith(LIMIT)
        ):
            found.append(f"line {number} names no test: {claim[:100]}")
        found += [
            f"line {number}: there is no {file}::{name}"
            for file, name in tests
            if name not in there(file)
        ]
    told = COUNTED.search(text)
    if untested != int(told[1] if told else 0):
        found.append(f"not tested are {untested}, and the first paragraph says otherwise")
    return found


def test_each_claim_of_the_security_page_names_a_test_that_is_there() -> None:
    found = faults(DOCUMENT)
    assert not found, "\n" + "\n".join(found)


PROOF = "tests/test_evidence.py::test_a_claim_without_proof_is_named"
ROW = "## A\n| what | proof |\n|---|---|\n| It holds | {} |\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("## A\n\nIt holds.\n", 3),
        ("## A\nIt holds\nand holds.\n\nSo does\nthis.", 2),
        (f"## A\n\nIt holds ({PROOF}).\n\nSo does this.\n", 5),
        (f"## A\n- one {PROOF}\n- two\n", 3),
        (f"## A\n1. one\n2. two {PROOF}\n", 2),
        (ROW.format("tests/test_evidence.py"), 4),
        (ROW.format("see `named`") + f"| also | {PROOF} |", 4),
        (f"## A\n| It holds |\n| twice | {PROOF} |\n", 2),
        ("### A\nWhat holds, and what shows it:\n", 2),
        ("## A\nIt holds. What is left: nothing.\n", 2),
        ("## A\nIt holds. Not tested:\n", 2),
        (f"{NOT_MET}\nMuch.\n## A\nIt holds.\n", 4),
        ("## Level 2: what is not met, and more\nIt holds.\n", 2),
    ],
)
def test_a_claim_without_proof_is_named(text: str, line: int) -> None:
    assert f"line {line} names no test" in "\n".join(faults(text))


@pytest.mark.parametrize(
    "proof",
    [
        "tests/test_evidence.py::test_nobody_wrote",
        f"{PROOF}, ::test_nobody_wrote",
        f"{PROOF}, tests/test_nowhere.py::test_a_claim_without_proof_is_named",
        f"{PROOF}, tests/conftest.py (test_a_claim_without_proof_is_named)",
        f"{PROOF}, tests/test_nowhere.py",
        "::test_a_claim_without_proof_is_named",
    ],
)
def test_a_proof_that_is_not_there_is_named(proof: str) -> None:
    assert "line 4: there is no " in "\n".join(faults(ROW.format(proof)))


@pytest.mark.parametrize(
    "text",
    [
        f"# Security\nFor whom it is.\n{ROW.format(PROOF)}",
        ROW.format("tests/test_evidence.py (test_a_claim_without_proof_is_named)"),
        ROW.format(f"{PROOF}, ::test_a_proof_that_is_not_there_is_named"),
        "## A\nWhat is left: much.\n",
        f"{NOT_MET}\nMuch.\n- All.\n",
        f"As 1 do, or\nas 1 do.\n{ROW.format('Not tested: nobody can')}",
    ],
)
def test_what_is_proved_or_said_to_be_open_is_no_fault(text: str) -> None:
    assert faults(text) == []


def test_how_many_are_not_tested_is_told_and_right() -> None:
    row = ROW.format("Not tested: nobody can")
    for told, is_right in (("as 1 do", True), ("as 2 do", False), ("", False)):
        assert (faults(f"{told}\n{row}") == []) is is_right


def test_the_counts_of_level_1_are_those_of_its_list() -> None:
    told = re.search(
        r"Of its (\d+) requirements of level 1, (\d+) are met, (\d+) do not apply, and these (\d+)",
        DOCUMENT,
    )
    rows = re.findall(r"^\| [\d.]+ \|.*", DOCUMENT.split("| id | requirement")[1], re.MULTILINE)
    otherwise = [sum(words in row for row in rows) for words in ("Does not apply", "**Not met")]
    assert told
    assert [int(number) for number in told.groups()] == [
        len(rows),
        len(rows) - sum(otherwise),
        *otherwise,
    ]
