"""Lighthouse, as a phone on a slow network sees a page of the site behind nginx."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from tests.faults.proxy import Proxy
from tests.faults.site import HOST
from tests.pages import TOOLS

PROGRAM = TOOLS / "lighthouse" / "cli" / "index.js"
MISSING = "Lighthouse is missing: apt install nodejs npm chromium, then `make tools`"
TIMEOUT, TRIES = 180, 3  # seconds
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # The certificate is the test's own, and the name leads nowhere.
    "--ignore-certificate-errors",
    '--host-resolver-rules="MAP {name} {host}"',
)


@dataclass(frozen=True)
class Report:
    """Points out of 100 by category, which audits cost some, and how far the page moved by itself
    (cumulative layout shift; None where speed was not looked at).
    """

    points: dict[str, int]
    faults: list[str]
    shift: float | None


def is_there() -> bool:
    return PROGRAM.exists() and all(map(shutil.which, ("node", "chromium")))


def looked_at(proxy: Proxy, path: str, *categories: str) -> Report:
    """What Lighthouse says of the page at `path`. A run that it calls broken is made again."""
    flags = " ".join(FLAGS).format(name=proxy.name, host=HOST)
    command = [
        *("node", str(PROGRAM), f"{proxy.url}{path}", "--quiet", "--output=json"),
        *(f"--only-categories={','.join(categories)}", f"--chrome-flags={flags}"),
        "--disable-full-page-screenshot",
    ]
    known = os.environ | {"CHROME_PATH": shutil.which("chromium") or ""}
    for _ in range(TRIES):
        done = subprocess.run(command, env=known, capture_output=True, text=True, timeout=TIMEOUT)
        if done.returncode == 0:
            return read(json.loads(done.stdout))
    raise AssertionError(done.stderr[-3000:])


def read(told: dict[str, Any]) -> Report:
    found, faults = {}, []
    for name, category in told["categories"].items():
        found[name] = round(100 * category["score"])
        for reference in category["auditRefs"]:
            audit = told["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 1:
                faults.append(f"{name}: {audit['id']}: {audit['title']}")
    shift = told["audits"].get("cumulative-layout-shift", {}).get("numericValue")
    return Report(found, faults, shift)
