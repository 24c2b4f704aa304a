"""What a log never keeps: the private links of visitors."""

import logging
import sys

import pytest

from practice.logging import RedactingFormatter

FORMATTER = RedactingFormatter("{message}", style="{")


@pytest.mark.parametrize(
    "address",
    [
        "/consultation/manage/12-abc_DEF.signature-xyz/",
        "/consultation/sent/?key=12-abc_DEF.signature-xyz",
        "/calendar/12-abc_DEF.signature-xyz.ics",
    ],
)
def test_a_private_link_is_masked_in_message_arguments_and_traceback(address: str) -> None:
    try:
        raise ValueError(f"failed at {address}")
    except ValueError:
        record = logging.LogRecord(
            "any", logging.ERROR, __file__, 1, "GET %s failed", (address,), sys.exc_info()
        )
    written = FORMATTER.format(record)
    assert "signature" not in written
    assert "abc_DEF" not in written
    assert written.count("[private]") == 2


def test_all_else_is_written_as_it_is() -> None:
    record = logging.LogRecord("any", logging.INFO, __file__, 1, "GET %s", ("/articles/",), None)
    assert FORMATTER.format(record) == "GET /articles/"
