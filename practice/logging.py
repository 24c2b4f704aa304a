"""What a log must not keep: the private links of visitors."""

import logging
import re

PRIVATE_LINK = re.compile(
    r"(/consultation/manage/|/consultation/sent/\?key=|/calendar/)[^\s/\"'?&]+"
)


def redact(text: str) -> str:
    """`text` with the secret part of private addresses masked."""
    return PRIVATE_LINK.sub(r"\1[private]", text)


class RedactingFormatter(logging.Formatter):
    """Masks private links in whatever is written: arguments and tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
