"""What a log must not keep: the private links of visitors."""

import logging
import re

PRIVATE_LINK = re.compile(
    r"(/consultation/manage/|/consultation/sent/\?key=|/calendar/)[^\s/\"'?&]+"
)


def redact(text: str) -> str:
    """`text` with the secret part of private addresses masked."""
    return PRIVATE_LINK.sub(r"\1[private]", text)


class Redact(logging.Filter):
    """Masks private links in whatever is logged, arguments included."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = redact(message)
        if masked != message:
            record.msg, record.args = masked, ()
        return True
