"""A setting whose name has a slip in it is named, with what was meant; the system's own are not."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Tags, run_checks

from deploy.settings import QUESTIONS

# What a shell, a service manager, a language or another program sets, and none of it is ours.
THE_SYSTEMS = (
    "CERTIFICATE CERTIFICATE_KEY DEBUGINFOD_URLS DEBIAN_FRONTEND EDITOR GUNICORN_CMD_ARGS HOME "
    "HOSTNAME HTTPS_PROXY INVOCATION_ID JOURNAL_STREAM LANG LC_TIME LOGNAME LS_COLORS MAIL MAILTO "
    "MAKELEVEL NOTIFY_SOCKET OLDPWD OTHER_NAMES PATH PGPORT PLAIN_PORT PWD REQUESTS_CA_BUNDLE "
    "SECRETS SHELL SSH_TTY TERM TLS_PORT TMPDIR TZ USER XDG_DATA_DIRS"
)


def said() -> str:
    found = [each for each in run_checks(tags=[Tags.security]) if each.id == "practice.W011"]
    return "\n".join(each.msg for each in found)


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.BASE_DIR = settings.PRACTICE_DIR = tmp_path
    return tmp_path


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("SITE_ULR", "SITE_URL"),
        ("ALOWED_HOSTS", "ALLOWED_HOSTS"),
        ("BACKUP_RECIPENT", "BACKUP_RECIPIENT"),
        ("TIMEZONE", "TIME_ZONE"),
        ("site_url", "SITE_URL"),
    ],
)
def test_a_slip_in_the_environment_is_named_with_what_was_meant(
    monkeypatch: pytest.MonkeyPatch, slip: str, meant: str
) -> None:
    monkeypatch.setenv(slip, "secret")
    assert f"{slip}: did you mean {meant}?" in said()
    assert "secret" not in said()


@pytest.mark.parametrize("name", [*THE_SYSTEMS.split(), *(each.name for each in QUESTIONS)])
def test_what_the_system_or_the_installer_sets_is_not_named(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")
    assert said() == ""


@pytest.mark.parametrize("file", [".env", "settings.env"])
def test_whatever_is_no_setting_is_named_in_a_file_of_settings(files: Path, file: str) -> None:
    (files / file).write_text(
        "# SITE_ULR=x\n\nexport DEBUG=true\nEMAIL_HOST=hidden\nLOG_LEVEL=hidden\n"
        "AWS_ACCESS_KEY_ID=x\nSECRET_KEY = hidden\n"
    )
    lines = said().splitlines()
    assert len(lines) == 3
    assert any("EMAIL_HOST: did you mean EMAIL_URL?" in line for line in lines)
    assert any("LOG_LEVEL isn't a setting" in line for line in lines)
    assert any("line 7" in line for line in lines), "which is read by nobody, because of its spaces"
    assert all(str(files / file) in line and "hidden" not in line for line in lines)


# --- The data folder ------------------------------------------------------------------------


def test_a_data_folder_into_which_others_may_look_is_told(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"
    for mode, is_told in ((0o755, True), (0o701, True), (0o710, False), (0o700, False)):
        settings.DATA_DIR.mkdir(exist_ok=True)
        settings.DATA_DIR.chmod(mode)
        found = run_checks(tags=[Tags.security], include_deployment_checks=True)
        assert ("practice.W012" in {each.id for each in found}) is is_told
    settings.DATA_DIR.rmdir()
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    assert "practice.W012" not in {each.id for each in found}
