"""nginx as a live server has it, and beside the site the same article as a file of its own."""

import contextlib
import gzip
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks import ours
from tests.benchmarks.rounds import Served
from tests.faults.proxy import Proxy
from tests.faults.site import HOST, LiveSite, free_port
from tests.throwaway_postgres import Missing

# What Debian's own nginx.conf says of speed; tests of what nginx lets pass do without.
DEBIAN = "sendfile on; tcp_nopush on; gzip on;"
# The log and the certificate are the site's, so that both do the same work but for the page.
STATIC = """
server {{
    listen {host}:{plain};
    listen {host}:{tls} ssl http2;
    server_name {name};
    access_log {folder}/logs/nginx-access.log traces;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    root {folder}/files;
    gzip_static on;
}}
"""


class Front(Proxy):
    """`site_port` is that of the site behind it; whatever nginx keeps of it, it keeps."""

    def __init__(self, folder: Path, site_port: int) -> None:
        super().__init__(folder, site_port)
        self.site_plain, self.file_plain, self.file_tls = free_port(), free_port(), free_port()

    def _installed(self) -> str:
        live = super()._installed()
        static = STATIC.format(
            host=HOST,
            plain=self.file_plain,
            tls=self.file_tls,
            name=self.name,
            folder=self.folder,
        )
        return "\n".join([DEBIAN, live, self._without_tls(live), static])

    def _without_tls(self, live: str) -> str:
        """The site's own block once more, for those who are to be measured without TLS."""
        block = live[live.rindex("\nserver {") :]
        block, found = re.subn(r"listen \S+ ssl http2;", f"listen {HOST}:{self.site_plain};", block)
        assert found == 1, block
        return re.sub(r"(?m)^\s*(ssl_|http2 ).*\n", "", block)

    def text_of(self, path: str) -> str:
        answer = self.ask(path, {"Accept-Encoding": "identity"})
        assert answer.status == 200, answer.raw
        return answer.text

    def put(self, text: str) -> None:
        """The file, as it is and packed ahead of time as gzip_static wants it."""
        page = text.encode()
        (self.folder / "files").mkdir()
        (self.folder / "files" / "essay.html").write_bytes(page)
        (self.folder / "files" / "essay.html.gz").write_bytes(gzip.compress(page, 9))

    def page(self, name: str, port: int, path: str, also: list[int], **options: Any) -> Served:
        """`also` are processes that take part beside nginx."""
        scheme = "https" if port in (self.port, self.file_tls) else "http"

        def processes() -> list[int]:
            assert self.process
            return [self.process.pid, *also]

        url = f"{scheme}://{self.name}:{port}{path}"
        return Served(name, url, processes, port=port, **options)


@contextlib.contextmanager
def behind_nginx(
    folder: Path, articles: int = 0, *, cache_mb: int
) -> Iterator[tuple[LiveSite, Front]]:
    """The site and nginx in front of it, both running. Raises Missing without nginx."""
    if not (shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")):
        raise Missing("nginx is missing. On Debian: apt install nginx-light")
    with ours.made(folder, articles, cache_mb=cache_mb) as site:
        front = Front(folder, site.port)
        site.env |= {
            "SITE_URL": front.url,
            "ALLOWED_HOSTS": f"{front.name},{HOST}",
            "BEHIND_PROXY": "true",
        }
        site.start_web()
        try:
            front.start()
            yield site, front
        finally:
            front.stop()
