"""The environment and the keys of a first run, made in folders of their own."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from practice.environment import firstrun
from practice.environment.firstrun import (
    Refusal,
    prepare_environment,
    prepare_keys,
    write_missing_keys,
)
from tests.conftest import missing_part

PROJECT = Path(__file__).resolve().parent.parent.parent


def values(env_file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in env_file.read_text().splitlines())


# --- Keys --------------------------------------------------------------------------------


def test_the_first_run_writes_keys_that_only_their_owner_can_read(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    assert write_missing_keys(env_file) == ["DEBUG", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS"]
    assert env_file.stat().st_mode & 0o777 == 0o600
    written = values(env_file)
    assert written["DEBUG"] == "true"
    assert len(written["SECRET_KEY"]) >= 50
    Fernet(written["FIELD_ENCRYPTION_KEYS"])  # raises ValueError for what is no key
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_the_second_run_changes_no_key(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    write_missing_keys(env_file)
    before = env_file.read_bytes()
    assert write_missing_keys(env_file) == []
    assert env_file.read_bytes() == before


def test_two_first_runs_make_different_keys(tmp_path: Path) -> None:
    write_missing_keys(tmp_path / "one")
    write_missing_keys(tmp_path / "two")
    assert values(tmp_path / "one")["SECRET_KEY"] != values(tmp_path / "two")["SECRET_KEY"]


@pytest.mark.parametrize(
    "existing",
    [
        "SECRET_KEY=mine\nPORT=9000\n",
        "PORT=9000\nexport SECRET_KEY = mine",  # no newline at the end
        "DEBUG=\nSECRET_KEY=mine\nPORT=9000\n",  # an empty value is a missing one
    ],
)
def test_what_stands_in_the_file_stays_and_what_is_missing_is_added(
    tmp_path: Path, existing: str
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(existing)
    assert write_missing_keys(env_file) == ["DEBUG", "FIELD_ENCRYPTION_KEYS"]
    text = env_file.read_text()
    assert "PORT=9000\n" in text
    assert text.count("SECRET_KEY") == 1
    assert "DEBUG=true\n" in text


def test_a_new_key_beside_an_old_database_is_said_aloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "db.sqlite3"
    database.touch()
    prepare_keys(tmp_path / ".env", database)
    assert "stay unreadable" in capsys.readouterr().out


# --- The environment ---------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose lock names one tiny package that lies beside it."""
    monkeypatch.chdir(tmp_path)
    wheel = tmp_path / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as package:
        package.writestr("tiny.py", "")
        package.writestr(
            "tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n"
        )
        package.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        package.writestr("tiny-1.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    (tmp_path / "requirements-dev.txt").open("a").write("# and more\n")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return tmp_path


@pytest.fixture(scope="module")
def folder_of_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("environment") / ".venv"


@pytest.fixture
def environment(project: Path, folder_of_environment: Path) -> Path:
    """The environment of the tests: made once, as that takes long, and again once broken."""
    lock = project / "requirements-dev.txt"
    prepare_environment(folder_of_environment, lock)
    return folder_of_environment


def has_tiny(environment: Path) -> bool:
    done = subprocess.run([environment / "bin/python", "-c", "import tiny"], capture_output=True)
    return done.returncode == 0


def test_an_install_that_was_interrupted_starts_again_and_a_whole_one_is_left_alone(
    project: Path, environment: Path
) -> None:
    lock = project / "requirements-dev.txt"
    assert has_tiny(environment)
    assert list(environment.rglob("tiny.*.pyc")), "compiled, though the environment says not to"

    mark = environment / "mark"
    mark.touch()
    prepare_environment(environment, lock)
    assert mark.exists(), "nothing was done a second time"

    (environment / "installed-lock").unlink()  # as an interrupted install leaves it
    prepare_environment(environment, lock)
    assert has_tiny(environment)
    assert not mark.exists(), "started again from nothing"


def test_the_environment_of_the_tests_serves_the_site_too(project: Path, environment: Path) -> None:
    stamp = (environment / "installed-lock").read_text()
    prepare_environment(environment, project / "requirements.txt")
    assert (environment / "installed-lock").read_text() == stamp


def test_a_package_with_another_hash_is_refused_with_its_name_and_both_hashes(
    project: Path, environment: Path
) -> None:
    (folder,) = environment.glob("lib/*/site-packages")
    (folder / "tiny.py").unlink()
    shutil.rmtree(folder / "tiny-1.dist-info")
    lock = project / "requirements-dev.txt"
    lock.write_text(lock.read_text().split("sha256:")[0] + f"sha256:{'0' * 64}\n")
    with pytest.raises(Refusal) as refusal:
        prepare_environment(environment, lock)
    said = str(refusal.value)
    assert "DO NOT MATCH THE HASHES" in said
    assert lock.read_text().split("sha256:")[0].split()[0] in said
    assert f"Expected sha256 {'0' * 64}" in said
    assert "Got" in said
    assert "Collecting" not in said
    assert not (environment / "installed-lock").exists()


RETRY = (
    "WARNING: Retrying (Retry(total={left}, connect=None, read=None, redirect=None, status=None)) "
    "after connection broken by 'NewConnectionError('<HTTPSConnection object at 0x7f>: Failed to "
    "establish a new connection: [Errno -2] Name or service not known')': /simple/tiny/"
)
NOTHING_FOUND = [
    "ERROR: Could not find a version that satisfies the requirement tiny==1 (from versions: none)",
    "ERROR: No matching distribution found for tiny==1",
]


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (
            ["Collecting tiny", *(RETRY.format(left=left) for left in (1, 0)), *NOTHING_FOUND],
            [RETRY.format(left=0), *NOTHING_FOUND],
        ),
        (
            ["Collecting tiny", NOTHING_FOUND[1], "", "[notice] A new release of pip is available"],
            [NOTHING_FOUND[1]],
        ),
        (
            ["ERROR: Exception:", "Traceback:", *["  File"] * 40, "OSError: [Errno 28] No space"],
            ["ERROR: Exception:", "Traceback:", "OSError: [Errno 28] No space"],
        ),
        (["Killed"], ["Killed"]),
        ([], []),
    ],
)
def test_the_reason_of_a_failed_install_is_all_of_what_pip_says_of_it(
    output: list[str], reason: list[str]
) -> None:
    found = firstrun.why("\n".join(output))
    assert set(reason) <= set(found)
    assert len(found) <= firstrun.MOST_LINES
    assert not {"Collecting tiny", RETRY.format(left=1), ""} & set(found)


def test_keys_are_made_by_one_run_at_a_time(tmp_path: Path) -> None:
    """Else what the first encrypts could not be read with the keys that the second wrote."""
    run = [sys.executable, "-m", "practice.environment.firstrun", "keys"]
    env = os.environ | {"PYTHONPATH": str(PROJECT)}
    with firstrun.alone(tmp_path):
        second = subprocess.Popen(run, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True)
        assert second.stdout
        assert "Another" in second.stdout.readline()
        assert list(tmp_path.iterdir()) == []
    assert "Wrote to .env" in second.communicate(timeout=60)[0]


def test_a_second_install_waits_for_the_first_and_then_has_nothing_to_do(
    project: Path, environment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = project / "requirements-dev.txt"
    stamp = environment / "installed-lock"
    was = stamp.read_text()
    stamp.unlink()
    with ThreadPoolExecutor() as beside:
        with firstrun.alone(Path()):
            second = beside.submit(prepare_environment, environment, lock)
            with pytest.raises(TimeoutError):
                second.result(1)
            stamp.write_text(was)  # as the first writes it last
        second.result(60)
    assert "Another" in capsys.readouterr().out
    assert has_tiny(environment)


# --- What make says ----------------------------------------------------------------------


def make(*arguments: str, folder: Path = PROJECT, user: int | None = None) -> tuple[int, str]:
    if not shutil.which("make"):
        missing_part("make is missing. On Debian: apt install make")
    command = ["make", "--no-print-directory", *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        user=user,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    return done.returncode, done.stdout + done.stderr


def test_make_alone_lists_both_commands() -> None:
    code, output = make()
    assert code == 0
    assert "make run" in output
    assert "make test" in output


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ("", "Python 3.11 or newer is missing"),
        ("/nonexistent/python3", "is not Python 3.11 or newer"),
    ],
)
@pytest.mark.parametrize("target", ["run", "test"])
def test_a_missing_python_is_one_line(target: str, python: str, sentence: str) -> None:
    code, output = make(target, f"PYTHON={python}")
    assert code != 0
    assert sentence in output.splitlines()[0]
    assert "Traceback" not in output


def test_a_read_only_folder_is_one_line() -> None:
    nobody = 65534 if os.geteuid() == 0 else None  # root may write anywhere
    python = "/usr/bin/python3" if nobody else sys.executable
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent) / "clone"
        (folder / "practice/environment").mkdir(parents=True)
        for name in (
            "Makefile",
            "requirements.txt",
            "requirements-dev.txt",
            "practice/__init__.py",
            "practice/environment/files.py",
            "practice/environment/firstrun.py",
        ):
            shutil.copy(PROJECT / name, folder / name)
        folder.chmod(0o555)
        code, output = make("run", f"PYTHON={python}", folder=folder, user=nobody)
        folder.chmod(0o755)
    assert code != 0
    assert "can't be written to" in output.splitlines()[0]
    assert "Traceback" not in output
