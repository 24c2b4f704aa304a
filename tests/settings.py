"""The settings of a test run: those of production where they can be, with keys of their own."""

import os
import tempfile
from pathlib import Path

os.environ["DEBUG"] = "false"
os.environ["SECRET_KEY"] = "for tests alone"
os.environ["FIELD_ENCRYPTION_KEYS"] = "dGVzdHMgYWxvbmU6IG5vdCBhIHNlY3JldCBrZXkhISE="
os.environ["SITE_URL"] = "http://testserver"
os.environ["ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
os.environ["DATA_DIR"] = str(Path(tempfile.gettempdir()) / "practice-tests")

from practice.settings import *  # noqa: F403
from practice.settings import DATA_DIR, DATABASES, SQLITE_OPTIONS, STATIC_ROOT, STORAGES

DATA_DIR.chmod(0o700)  # which an earlier version may have made for everybody
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
SECURE_SSL_REDIRECT = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Nothing here has to outlive a power cut. Tests of durability run the real settings.
    DATABASES["default"]["OPTIONS"] = {
        **SQLITE_OPTIONS,
        "init_command": str(SQLITE_OPTIONS["init_command"]).replace("FULL", "OFF"),
    }
