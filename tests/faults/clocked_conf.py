"""The site's own configuration of gunicorn, under a clock that a file moves."""

import os
from pathlib import Path
from typing import Any

from practice.gunicorn_conf import *  # noqa: F403
from tests.faults import clocked


def post_fork(server: Any, worker: Any) -> None:
    clocked.follow(Path(os.environ[clocked.OFFSET_FILE]))
