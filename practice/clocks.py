"""Whether the machine's clock can be believed just now."""

import logging
import time

logger = logging.getLogger(__name__)

JUMP = 60.0  # seconds: more than what a clock is ever slowed or sped up by between two looks
DISTRUSTED_FOR = 600.0  # seconds: time in which whoever set the clock sets it right again


class WallClock:
    """Notices when somebody sets the clock: it then parts from the one that only counts seconds.

    A machine that was suspended looks the same, and ten minutes later nothing is lost by it.
    """

    def __init__(self) -> None:
        self._apart = time.time() - time.monotonic()
        self._set_at: float | None = None

    def is_steady(self) -> bool:
        """Ask often: what lies between two looks is one jump."""
        apart = time.time() - time.monotonic()
        jumped = apart - self._apart
        self._apart = apart
        if abs(jumped) > JUMP:
            self._set_at = time.monotonic()
            logger.warning("The clock was set by %+.0f s: what it would end waits.", jumped)
        return self._set_at is None or time.monotonic() - self._set_at > DISTRUSTED_FOR
