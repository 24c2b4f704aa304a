"""How gunicorn serves the site: `gunicorn --config python:practice.gunicorn_conf practice.wsgi`.

It keeps no access log, since the proxy in front may keep one and twice is once too often. Who
turns it on (`--access-logfile -`) gets no address of a visitor and no query.
"""

import gc
import os
from typing import Any

from gunicorn.glogging import Logger

from practice.http.logging import formatter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")


class DiscreetLogger(Logger):
    """gunicorn's own logs, written with the site's formatter."""

    def setup(self, cfg: Any) -> None:
        from django.conf import settings

        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter(settings.LOG_FORMAT, self.error_fmt, self.datefmt))
        for handler in self.access_log.handlers:
            handler.setFormatter(formatter(settings.LOG_FORMAT, self.access_fmt))


def when_ready(server: Any) -> None:
    """Before the processes are forked: the collector shall not touch, and so copy, what they share.

    Saved a fifth of the memory.
    """
    gc.collect()
    gc.freeze()


workers = 2
worker_class = "practice.http.gunicorn_worker.Worker"
threads = 4  # for readers; practice/http/gunicorn_worker.py has those for the others
timeout = 15  # seconds without a sign of life, which a process gives for 15 s of a request
worker_connections = 500  # fewer than files may be open
sendfile = False  # it would wait for a reader without end
preload_app = True
control_socket_disable = True
graceful_timeout = 5  # seconds
loglevel = "error"  # a warning quotes what of a request it could not read, and from where
logger_class = DiscreetLogger
accesslog = None
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(B)s %(M)s"
# Only the site itself decides whose word on the scheme counts: BEHIND_PROXY.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
