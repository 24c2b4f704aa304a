"""What `deploy/install` would do and write; that it does so is shown by test_server.py."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from deploy import (
    certificates,
    debian,
    health,
    install,
    proxy,
    release,
    serving,
    settings,
    system,
    update,
)
from deploy.fetch import fetch, newest
from deploy.machine import SOURCE
from deploy.settings import Practice
from deploy.system import Refusal, Step, take
from tests.conftest import missing_part
from tests.faults.proxy import write_certificate
from tests.faults.site import free_port

UNITS = SOURCE / "deploy/systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
ANSWERS = {
    "SITE_URL": "https://practice.example",
    "OTHER_NAMES": "www.practice.example",
    "CERTIFICATE": "test",
    "DEFAULT_FROM_EMAIL": "office@practice.example",
    "EMAIL_URL": 'smtp+tls://name:pass"word$@mail.practice.example:587',
    "TIME_ZONE": "America/New_York",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server of which there is nothing yet but this folder."""
    monkeypatch.setattr(system, "ROOT", tmp_path / "root")
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def answered(name: str = "main") -> Practice:
    practice = Practice.called(name)
    settings.complete(practice, dict(ANSWERS))
    return practice


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        package = {"nginx": "nginx-light"}.get(name, "systemd")
        missing_part(f"{name} is missing. On Debian: apt install {package}")
    return str(found)


# --- Steps ----------------------------------------------------------------------------------


def test_a_check_says_what_would_change_and_writes_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = take(install.steps([answered()], "0.1.0", ""), check=True)
    said = capsys.readouterr().out
    assert said.count("would: ") == changes > 20
    assert "would: make the user practice-main" in said
    assert list(root.iterdir()) == []


def test_a_step_that_does_not_come_about_stops_the_rest() -> None:
    steps = [
        Step("do nothing", lambda: False, lambda: None),
        Step("never come to this", lambda: False, lambda: pytest.fail("it went on")),
    ]
    with pytest.raises(Refusal, match="do nothing"):
        take(steps, check=False)


def test_a_step_that_was_made_is_not_made_again(root: Path) -> None:
    steps = [
        system.file(root / "etc/one", "1\n", 0o600),
        system.link(root / "opt/current", "releases/1"),
        system.directory(root / "var/two"),
    ]
    if os.geteuid():
        del steps[2]
    assert take(steps, check=False) == len(steps)
    assert take(steps, check=False) == 0
    (root / "etc/one").chmod(0o644)
    assert take(steps, check=False) == 1


def test_only_one_install_runs_at_a_time(root: Path) -> None:
    (root / "run/lock").mkdir(parents=True)
    with system.alone(), pytest.raises(Refusal, match="Another"), system.alone():
        pass


def test_the_timer_waits_for_an_install_that_runs(
    two_releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer is set by the install itself, and looks at once."""
    (two_releases.parent.parent / "run/lock").mkdir(parents=True)
    monkeypatch.setattr(sys, "argv", ["update", "--by-timer"])
    monkeypatch.setattr(update, "refuse_unless_root", lambda: None)
    with ThreadPoolExecutor() as beside:
        with system.alone():
            done = beside.submit(update.body)
            with pytest.raises(TimeoutError):
                done.result(0.3)
        assert done.result(60) == 0


# --- Health ---------------------------------------------------------------------------------


def test_a_page_that_fails_is_not_waited_for_as_long_as_a_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Visitors meet the broken version for as long as that takes."""
    monkeypatch.setattr(health, "SURE_AFTER", 0.2)
    monkeypatch.setattr(health, "not_ready", lambda practice: "")
    monkeypatch.setattr(health, "broken", lambda practice: "/consultation/ answers 500")
    practice = Practice("main", dict(ANSWERS))
    with ThreadPoolExecutor() as beside, pytest.raises(Refusal, match="answers 500"):
        beside.submit(health.wait, practice).result(10)


# --- Settings -------------------------------------------------------------------------------


def test_settings_are_asked_once_and_keys_made_once(root: Path) -> None:
    practice = answered()
    system.write(practice.file, practice.text(), 0o600)
    again = Practice.called("main")
    assert again.settings == practice.settings
    settings.complete(again, {})  # nobody is there to be asked
    assert again.text() == practice.file.read_text()


def test_what_somebody_wrote_into_the_settings_stays(root: Path) -> None:
    practice = answered()
    by_hand = practice.text() + "# Since spring.\nBACKUP_TO='/srv/backups of mine'\n"
    system.write(practice.file, by_hand, 0o600)
    again = Practice.called("main")
    settings.complete(again, {"SITE_URL": "https://other.example"})
    assert "# Since spring.\nBACKUP_TO='/srv/backups of mine'\n" in again.text()
    assert "\nSITE_URL=https://other.example\n" in again.text()
    assert "\nALLOWED_HOSTS=other.example\n" in again.text()
    assert again.settings["SECRET_KEY"] == practice.settings["SECRET_KEY"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_URL", "http://practice.example"),
        ("SITE_URL", "https://practice.example/site"),
        ("SITE_URL", "https://practice.example;{"),
        ("OTHER_NAMES", "www.practice.example;}"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("CERTIFICATE", "/nowhere/certificate.pem"),
        ("DEFAULT_FROM_EMAIL", "office"),
        ("EMAIL_URL", "mail.example.com"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(root: Path, name: str, value: str) -> None:
    with pytest.raises(Refusal):
        settings.complete(Practice.called("main"), ANSWERS | {name: value})


def test_an_answer_to_nothing_is_refused_with_what_was_meant(root: Path, tmp_path: Path) -> None:
    """Else the slip would be kept, and the setting that was meant would be as if left out."""
    answers = tmp_path / "answers"
    written = "".join(settings.line(name, value) for name, value in ANSWERS.items())
    answers.write_text(f"{written}OTHER_NAME=a.example\nBACKUP_TOO=/srv\nAWS_PROFILE=x\n")
    with pytest.raises(Refusal) as refusal:
        install.gather("main", answers)
    assert "OTHER_NAME: did you mean OTHER_NAMES?" in str(refusal.value)
    assert "BACKUP_TOO: did you mean BACKUP_TO?" in str(refusal.value)
    assert "AWS_PROFILE" not in str(refusal.value)
    answers.write_text(f"{written}CERTIFICATE_KEY=/k\nTLS_PORT=8443\nPLAIN_PORT=8080\n")
    assert install.gather("main", answers)[0].port("TLS_PORT", 443) == 8443


def test_a_setting_by_hand_that_is_none_is_named_and_stays(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    practice = answered()
    system.write(practice.file, practice.text() + "BACKUP_DAY=9\n", 0o600)
    [again] = install.gather("main", None)
    assert "main.env: BACKUP_DAY: did you mean BACKUP_DAYS?" in capsys.readouterr().out
    assert "BACKUP_DAY=9\n" in again.text()


def test_the_hosts_that_are_allowed_follow_an_address_that_was_changed_by_hand(root: Path) -> None:
    """Else every page of the new name would be refused."""
    practice = answered()
    text = practice.text().replace("https://practice.example", "https://other.example")
    system.write(practice.file, text, 0o600)
    again = Practice.called("main")
    settings.complete(again, {})
    assert again.settings["ALLOWED_HOSTS"] == "other.example"
    again.settings["ALLOWED_HOSTS"] = "other.example,second.example"
    settings.complete(again, {})
    assert again.settings["ALLOWED_HOSTS"] == "other.example,second.example", "which is somebody's"


def test_an_answer_that_cannot_be_is_asked_for_again_at_once_and_alone(
    root: Path, terminal: Callable[[str], object], capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(
        "practice.example\nhttps://practice.example/\n"
        "www.practice.example, a;b\nwww.practice.example, second.example\n"
        "/nowhere.pem\ntest\noffice\noffice@practice.example\n"
        "mail.practice.example\nsmtp://mail.practice.example\nMars\n\n"
    )
    practice = Practice.called("main")
    settings.complete(practice, {})
    said = capsys.readouterr().out
    assert practice.settings["SITE_URL"] == "https://practice.example"
    assert practice.names[1:] == ["www.practice.example", "second.example"]
    assert practice.settings["TIME_ZONE"] == "America/Los_Angeles"
    for question in settings.QUESTIONS:
        assert said.count(f"{question.asks}") == 2
        assert f"\n  {question.name}" in said.replace(": ", "\n")


def test_a_setting_that_cannot_be_is_told_before_anything_is_asked(
    root: Path, terminal: Callable[[str], object], capsys: pytest.CaptureFixture[str]
) -> None:
    terminal("")
    with pytest.raises(Refusal, match="Mars"):
        settings.complete(Practice.called("main"), {"TIME_ZONE": "Mars"})
    assert capsys.readouterr().out == ""


def test_what_was_answered_is_written_before_anything_can_fail(root: Path) -> None:
    """Else all is asked again after apt or pip had no network."""
    practice = answered()
    first = next(install.steps([practice], "0.1.0", ""))
    assert take([first], check=False) == 1
    assert practice.file.stat().st_mode & 0o7777 == 0o600
    again = Practice.called("main")
    assert again.settings == practice.settings
    assert take([next(install.steps([again], "0.1.0", ""))], check=False) == 0


def test_what_was_not_installed_to_the_end_is_no_practice_to_update(root: Path) -> None:
    practice = answered()
    system.write(practice.file, practice.text(), 0o600)
    assert (settings.names(), settings.installed()) == (["main"], [])
    update.note("Updated from 1.0 to 2.0.")
    assert install.served() == []
    system.write(practice.site, "server {}")
    assert [each.name for each in settings.installed()] == ["main"]
    assert [each.name for each in install.served()] == ["main"]


def test_a_practice_has_a_plain_name() -> None:
    for name in ("", "../etc", "a b", "Main", "x" * 40):
        with pytest.raises(Refusal):
            Practice.called(name)


def test_a_certificate_of_ones_own_is_made_anew_for_another_name(root: Path) -> None:
    program("openssl")
    practice = answered()
    practice.certificates.mkdir(parents=True)
    certificates.make_certificate(practice)
    assert certificates.certifies(practice.certificates / "certificate.pem", practice)
    practice.settings["OTHER_NAMES"] = "other.example, www.practice.example"
    assert not certificates.certifies(practice.certificates / "certificate.pem", practice)
    certificates.make_certificate(practice)
    assert certificates.certifies(practice.certificates / "certificate.pem", practice)


# --- Units ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units as on a server, with a program in the place of what only a server has."""
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(UNITS, folder / "etc/systemd/system")
    for path in (folder / "etc/systemd/system").glob("*.service"):
        path.write_text(path.read_text().replace("=/opt/practice/current/deploy/", "=/bin/true "))
    return folder


def test_each_timer_that_is_set_is_there_with_its_service() -> None:
    there = {path.name.partition("@")[0] for path in UNITS.glob("practice-*@.timer")}
    assert there == {f"practice-{kind}" for kind in serving.TIMERS}
    assert all((UNITS / f"{name}@.service").exists() for name in there)


def test_what_goes_by_the_date_starts_once_the_clock_is_set_and_readers_never_wait() -> None:
    waiting = {name for name in SERVICES if "time-sync.target" in (UNITS / name).read_text()}
    assert waiting == {name for name in SERVICES if "practice-web@" not in name}
    for name in waiting:
        text = (UNITS / name).read_text()
        assert re.search(r"^Wants=.*\btime-sync\.target\b", text, re.MULTILINE), name
        assert re.search(r"^After=.*\btime-sync\.target\b", text, re.MULTILINE), name


def test_an_install_has_the_server_wait_for_its_clock_but_not_for_ever(root: Path) -> None:
    """Nothing comes before time-sync.target by itself: that takes a unit of its own."""
    asked = "systemd-time-wait-sync.service"
    there = root / "lib/systemd/system" / asked
    assert not any(asked in step.says for step in serving.clock())
    there.parent.mkdir(parents=True)
    there.touch()
    assert any(asked in step.says for step in serving.clock())
    limit = UNITS / f"{asked}.d/limit.conf"
    assert "TimeoutStartSec=" in limit.read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_scores_two_or_better(units: Path, service: str) -> None:
    judged = subprocess.run(
        [
            *(program("systemd-analyze"), "security", "--offline=true", "--no-pager"),
            *(f"--root={units}", "--threshold=20", service),
        ],
        capture_output=True,
        text=True,
    )
    assert judged.returncode == 0, judged.stdout[-3000:] + judged.stderr


def test_the_web_server_reaches_no_network() -> None:
    text = (UNITS / "practice-web@.service").read_text()
    assert {"PrivateNetwork=yes", "RestrictAddressFamilies=AF_UNIX"} <= set(text.splitlines())


def test_systemd_understands_each_unit(units: Path) -> None:
    files = [path for path in UNITS.iterdir() if path.is_file()]
    names = [path.name.replace("@.", "@main.") for path in files]
    verified = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", *names],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{units}/etc/systemd/system:"},
        capture_output=True,
        text=True,
    )
    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_units_let_what_reads_a_picture_bound_itself() -> None:
    """setrlimit is among @resources, which they forbid; libc calls prlimit64, which is not."""
    always = subprocess.run(
        [program("systemd-analyze"), "syscall-filter", "@default"], capture_output=True, text=True
    )
    assert "prlimit64" in always.stdout.split()


# --- nginx ----------------------------------------------------------------------------------


def test_nginx_takes_what_is_written_for_two_practices(root: Path, tmp_path: Path) -> None:
    ports = {"PLAIN_PORT": str(free_port()), "TLS_PORT": str(free_port())}
    practices = [answered("one"), answered("two")]
    practices[1].settings |= {"SITE_URL": "https://two.example", "OTHER_NAMES": ""}
    practices[1].settings |= {"MEDIA_STORE": "s3://two/media"}
    for practice in practices:
        practice.settings |= ports
        practice.certificates.mkdir(parents=True)
        write_certificate(practice.certificates, practice.host)
    (root / "var/lib/nginx").mkdir(parents=True)  # as Debian's package has it
    written = "".join([proxy.common(practices), *map(proxy.site, practices)])
    written = written.replace("/var/log/nginx", str(tmp_path))
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ client_body_temp_path {tmp_path}/1; proxy_temp_path {tmp_path}/2;\n"
        f"fastcgi_temp_path {tmp_path}/3; uwsgi_temp_path {tmp_path}/4;\n"
        f"scgi_temp_path {tmp_path}/5;\n{written} }}"
    )
    tested = subprocess.run(
        [program("nginx"), "-t", "-p", tmp_path, "-e", tmp_path / "error.log", "-c", configuration],
        capture_output=True,
        text=True,
    )
    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr


def test_nginx_speaks_tls_1_2_and_1_3_alone_and_names_no_version(root: Path) -> None:
    site, common = proxy.site(answered()), proxy.common([answered()])
    assert re.findall("ssl_protocols.*", site + common) == ["ssl_protocols TLSv1.2 TLSv1.3;"]
    assert "server_tokens off;" in common


def test_pictures_in_a_store_come_through_the_site_and_documents_never_by_their_path(
    root: Path,
) -> None:
    practice = answered()
    on_disk = proxy.site(practice)
    practice.settings["MEDIA_STORE"] = "s3://main/media"
    in_store = proxy.site(practice)
    assert [text.count("alias") for text in (on_disk, in_store)] == [1, 0]
    for text in (on_disk, in_store):
        assert text.count("{") == text.count("}")
        assert "location /media/documents/ { return 404; }" in text
        assert "proxy_pass http://unix:" in text


# --- Versions -------------------------------------------------------------------------------


def test_versions_are_compared_by_their_numbers() -> None:
    ordered = ["0.1.0.dev0", "0.1.0", "0.2.0rc1", "0.2.0", "0.10.0", "1.0"]
    assert sorted(set(ordered), key=release.order) == ordered


def test_a_release_lies_there_without_its_history_and_its_tests() -> None:
    names = [".git", ".env", "data", "tests", "practice", "manage.py"]
    assert release.ignore_of(SOURCE)(str(SOURCE), names) == {".git", ".env", "data", "tests"}


def test_a_release_may_bring_a_second_lock_for_stores_that_speak_s3(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fetched and laid out by this version, so that a later one may move boto3 there."""
    source, cache = tmp_path / "source", tmp_path / "cache"
    for folder in (source, cache):
        folder.mkdir()
    for name in ("requirements.txt", "requirements-s3.txt"):
        (source / name).write_text("")
    git = ("git", "-C", source, "-c", "user.name=a", "-c", "user.email=a@practice.example")
    subprocess.run(["git", "init", "--quiet", source], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "2.0"], check=True)
    subprocess.run([*git, "tag", "v2.0"], check=True)
    python = release.place("1.0") / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n')
    python.chmod(0o755)
    release.current().symlink_to("releases/1.0")
    fetch(str(source), cache)
    asked = (tmp_path / "asked").read_text()
    assert f"-r {cache}/requirements-s3.txt -r {cache}/requirements.txt" in asked

    ran: list[str] = []
    monkeypatch.setattr(release, "run", lambda *parts, **_: ran.append(" ".join(map(str, parts))))
    release.lay_out(source, "2.0")
    there = release.place("2.0")
    assert f"-r {there}/requirements.txt -r {there}/requirements-s3.txt" in ran[1]


def test_the_newest_version_is_found_among_the_tags() -> None:
    tags = ["v0.9.0", "v0.10.0", "v0.11.0rc1", "nightly", "w1.0"]
    assert newest("".join(f"abc\trefs/tags/{tag}\n" for tag in tags)) == "v0.10.0"
    assert newest("") == ""


@pytest.fixture
def two_releases(root: Path) -> Path:
    """Two releases whose installers do as a file `fails` or `dies` beside them says."""
    (root / "opt/practice").mkdir(parents=True)
    (root / "var/lib/practice").mkdir(parents=True)
    for version in ("1.0", "2.0"):
        folder = root / "opt/practice/releases" / version
        (folder / "deploy").mkdir(parents=True)
        script = folder / "deploy/install"
        script.write_text(
            f"#!/bin/sh\ncd {root}/opt/practice\n"
            f"ln -sfn releases/{version} current\n"
            f"if [ -e releases/{version}/fails ]; then echo no heart; exit 1; fi\n"
            f"echo {version} > serves\n"
        )
        script.chmod(0o755)
    (root / "opt/practice/current").symlink_to("releases/1.0")
    return root / "opt/practice"


def test_an_update_that_is_well_stays(two_releases: Path) -> None:
    assert update.change("1.0", "2.0")
    assert (two_releases / "serves").read_text() == "2.0\n"
    assert not (two_releases / "unfinished").exists()


def test_the_log_of_updates_says_what_pip_says(root: Path, tmp_path: Path) -> None:
    """The weekly mail repeats it: the last line alone, such as a hash, would tell nobody why."""
    said = "connection broken by 'Name or service not known'"
    pip = tmp_path / "pip"
    pip.write_text(
        f'#!/bin/sh\nseq 40; echo "WARNING: Retrying after {said}"\n'
        'echo "ERROR: No matching distribution found for tiny==1"; seq 40; exit 1\n'
    )
    pip.chmod(0o755)
    with pytest.raises(Refusal) as refusal:
        system.run(pip)
    assert said in str(refusal.value)
    assert said in update.reason(refusal.value)
    assert "ERROR: No matching distribution found for tiny==1" in update.reason(refusal.value)


def test_an_update_that_is_not_well_goes_back(
    two_releases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (two_releases / "releases/2.0/fails").touch()
    assert not update.change("1.0", "2.0")
    assert release.current_version() == "1.0"
    assert (two_releases / "serves").read_text() == "1.0\n"
    assert (two_releases / "refused").read_text() == "2.0\n"
    assert "failed: no heart" in capsys.readouterr().out


def test_a_version_that_is_tried_again_is_laid_out_anew(
    two_releases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mended archive may bear the number of the one that failed or was cut short."""
    (two_releases / "releases/2.0" / release.DONE).touch()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "practice"\nversion = "2.0"\n')
    laid_out: list[str] = []
    monkeypatch.setattr(release, "lay_out", lambda source, version, _: laid_out.append(version))
    assert update.update(tmp_path, "")
    assert laid_out == ["2.0"]


def test_an_update_goes_back_though_its_terminal_is_gone(
    two_releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (two_releases / "releases/2.0/fails").touch()
    read, write = os.pipe()
    os.close(read)
    with suppress(BrokenPipeError), os.fdopen(write, "w") as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        assert not update.change("1.0", "2.0")
    assert (two_releases / "serves").read_text() == "1.0\n"


def test_an_update_does_not_end_with_the_connection_over_which_it_was_started(
    tmp_path: Path,
) -> None:
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\nkill -HUP $$\necho it goes on\n")
    python.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([SOURCE / "deploy/update"], env=path, capture_output=True, text=True)
    assert done.stdout == "it goes on\n"


@pytest.mark.parametrize(("fails", "serves"), [(False, "2.0"), (True, "1.0")])
def test_an_update_that_was_killed_is_finished_or_taken_back(
    two_releases: Path, fails: bool, serves: str
) -> None:
    (two_releases / "unfinished").write_text("1.0\n")
    (two_releases / "current").unlink()
    (two_releases / "current").symlink_to("releases/2.0")
    if fails:
        (two_releases / "releases/2.0/fails").touch()
    update.settle()
    assert release.current_version() == serves
    assert not (two_releases / "unfinished").exists()


def test_old_releases_go_and_those_in_use_stay(two_releases: Path) -> None:
    for number in range(3, 7):
        folder = two_releases / f"releases/{number}.0"
        folder.mkdir()
        os.utime(folder, (number, number))
    release.prune({"3.0", "6.0"})
    assert len(list((two_releases / "releases").iterdir())) == release.KEPT
    assert {"3.0", "6.0"} <= {path.name for path in (two_releases / "releases").iterdir()}


def test_the_timer_says_so_where_no_address_of_releases_is_set(
    two_releases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert update.by_timer() == 0
    assert "/etc/practice/updates.conf" in capsys.readouterr().out


def test_the_timer_tells_when_nobody_could_look_for_a_newer_version(
    two_releases: Path, root: Path
) -> None:
    """Else a site whose address of releases is wrong would never be mended, without a word."""
    practice = answered()
    system.write(practice.file, practice.text(), 0o600)
    practice.data.mkdir(parents=True)
    system.write(practice.site, "server {}")
    system.write(root / "etc/practice/updates.conf", "RELEASES=https://nowhere.example/\n")
    with pytest.raises(Refusal):
        update.by_timer()
    assert "newer version ever since it was set up" in (practice.data / "updates.log").read_text()

    looked = root / "var/cache/fetch-practices/looked"
    looked.parent.mkdir(parents=True)
    looked.touch()
    assert update.by_timer() == 0
    night = time.time() - 30 * 3600
    os.utime(looked, (night, night))
    assert update.by_timer() == 0, "one night without the network is nothing to tell"
    os.utime(looked, (0, 0))
    with pytest.raises(Refusal, match="journalctl"):
        update.by_timer()
    told = (practice.data / "updates.log").read_text()
    assert told.splitlines()[-1].endswith(
        "The site couldn't look for a newer version for two days."
    )
    assert "journalctl" not in told, "which the weekly mail would pass on"


# --- Debian's upgrades ----------------------------------------------------------------------

LISTED = """\
Listing...
libssl3/stable-security 3.0.17-1~deb12u3 amd64 [upgradable from: 3.0.17-1~deb12u2]
openssl/stable,stable-security 3.0.17-1~deb12u3 amd64 [upgradable from: 3.0.17-1~deb12u2]
tzdata/stable-updates 2026c-0+deb12u1 all [upgradable from: 2026b-0+deb12u1]
other/unknown 2.0 amd64 [upgradable from: 1.0]
"""


def test_what_of_debians_security_releases_waits_is_handed_to_each_practice(
    root: Path, upgraded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held packages too. What is newer elsewhere is not updated by itself, and so not missed."""
    well_after("", upgraded, monkeypatch)
    monkeypatch.setattr(debian, "refuse_unless_root", lambda: None)
    (root / "run/lock").mkdir(parents=True)
    waits = root / "var/lib/practice/main/debian-waits.txt"
    listing = LISTED
    monkeypatch.setattr(debian, "asks", lambda *command, **options: listing)
    assert debian.body() == 0
    assert waits.read_text() == "libssl3\nopenssl\n"
    listing = ""  # apt could not say
    assert debian.body() == 0
    assert waits.read_text() == "libssl3\nopenssl\n"
    listing = "Listing..."
    assert debian.body() == 0
    assert waits.read_text() == ""


def test_what_waits_is_never_written_where_a_practices_own_link_leads(
    root: Path, upgraded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    well_after("", upgraded, monkeypatch)
    monkeypatch.setattr(debian, "asks", lambda *command, **options: LISTED)
    (root / "etc/target").write_text("kept")
    waits = root / "var/lib/practice/main/debian-waits.txt"
    waits.symlink_to(root / "etc/target")
    debian.hand_out(settings.installed())
    assert (root / "etc/target").read_text() == "kept"


@pytest.fixture
def upgraded(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A server that Debian has upgraded just now; what is run there, in its order."""
    practice = answered()
    system.write(practice.file, practice.text(), 0o600)
    practice.data.mkdir(parents=True)
    system.write(practice.site, "server {}")
    commands: list[str] = []

    def run(*command: str, **options: object) -> None:
        commands.append(" ".join(command))
        if (root / "does-not-start").exists() and command[:2] == ("systemctl", "restart"):
            raise Refusal(f"{commands[-1]} failed")

    monkeypatch.setattr(debian, "run", run)
    return commands


def well_after(command: str, commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The site is not well until `command` has run."""

    def wait(practice: Practice) -> None:
        if command not in "\n".join(commands):
            raise Refusal("The site of main isn't working: nginx responds with 502.")

    monkeypatch.setattr(health, "wait", wait)


def updates_log(root: Path) -> str:
    return (root / "var/lib/practice/main/updates.log").read_text()


def test_after_an_upgrade_that_did_no_harm_nothing_is_done(
    root: Path, upgraded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    well_after("", upgraded, monkeypatch)
    assert debian.look() == 0
    assert upgraded == []
    assert not (root / "var/lib/practice/main/updates.log").exists()


def test_after_an_upgrade_that_did_harm_everything_is_started_again(
    root: Path, upgraded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    well_after("practice-worker@main", upgraded, monkeypatch)
    assert debian.look() == 0
    assert not any("apt" in command for command in upgraded)
    first = "After Debian's updates, the site of main stopped working: nginx responds with 502."
    assert first in updates_log(root)
    assert "Everything was restarted. All is well now." in updates_log(root)


def test_what_fails_after_an_upgrade_is_told_each_night_until_it_is_well_and_nothing_is_held(
    root: Path, upgraded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where what Debian brought does not even start: its next release can mend that."""
    (root / "does-not-start").touch()
    well_after("never", upgraded, monkeypatch)
    assert debian.look() == 1
    assert debian.look() == 1
    assert updates_log(root).count("The site of main still failed: nginx responds with 502.") == 2
    assert "systemctl restart practice-worker@main" in upgraded, "though nginx did not start"
    assert not any("apt" in command for command in upgraded)
    well_after("", upgraded, monkeypatch)
    assert debian.look() == 0
