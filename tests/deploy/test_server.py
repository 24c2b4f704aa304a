"""From a bare Debian 12 to running sites, through updates good and bad: one story, in its order.

systemd itself runs there. `make soak` tells it; it takes some minutes, most of them pip's.
"""

import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import pytest
from packaging.markers import Marker

from deploy import release
from deploy.machine import SOURCE
from tests.deploy.server import FETCHED, Server
from tests.faults.proxy import Answer, exchange, message
from tests.faults.site import HOST

pytestmark = pytest.mark.soak

FIRST, GOOD, LATER, SIGNED = "0.1.0", "0.9.1", "0.9.5", "0.9.6"
DEBIANS_PYTHON = "3.11.2"
OTHER_WORDS = "Words that the version before did not have."
SECOND_NAMES = {"one": "one.example", "two": "two.example"}
MARKER = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("practice", "{after}")]
    operations = [migrations.RunSQL("create table {table} (n integer)"){more}]
"""


# What the form waits for: the therapist fills in the settings, and signs in.
SET_UP = """\
from booking.services import presence
from practice.models import PracticeSettings
practice = PracticeSettings.load()
practice.practice_name = "Quiet Harbor Counseling"
practice.therapist_name = "The Therapist"
practice.license_number = "000000"
practice.email = "therapist@practice.example"
practice.save()
presence.note_presence(PracticeSettings.load())
"""


class Story:
    """The server, and the versions that are put on it."""

    def __init__(self, folder: Path) -> None:
        self.versions = folder / "versions"
        self.server = Server(folder, {self.versions: "/srv/versions", wheels(): "/srv/wheels"})
        self.acknowledged: dict[str, list[str]] = {name: [] for name in SECOND_NAMES}

    def version(self, number: str, change: Callable[[Path], object] = lambda folder: None) -> str:
        """Where on the server a version with this number and change lies."""
        folder = self.versions / number
        shutil.copytree(SOURCE, folder, ignore=release.ignore_of(SOURCE))
        project = folder / "pyproject.toml"
        named = re.sub(r'^version = ".*"', f'version = "{number}"', project.read_text(), flags=re.M)
        project.write_text(named)
        change(folder)
        return f"/srv/versions/{number}"

    def install(self, *arguments: str, version: str = FIRST) -> str:
        command = f"/srv/versions/{version}/deploy/install"
        return self.server.run(command, "--wheels", "/srv/wheels", *arguments)

    def update(self, source: str) -> subprocess.CompletedProcess[str]:
        command = "/opt/practice/current/deploy/update"
        return self.server.tries(command, "--wheels", "/srv/wheels", source)

    def notes(self, name: str) -> str:
        """What the weekly mail of this practice will tell of updates and upgrades."""
        return (self.server.root / f"var/lib/practice/{name}/updates.log").read_text()

    def serves(self) -> str:
        return self.server.run("readlink", "/opt/practice/current").strip().rpartition("/")[2]

    def ask(self, name: str, path: str, **more: object) -> Answer:
        """What nginx answers over TLS, with the certificate that was made for the test."""
        host = SECOND_NAMES[name]
        certificate = self.server.root / f"etc/practice/tls/{name}/certificate.pem"
        context = ssl.create_default_context(cadata=certificate.read_text())
        given = {"headers": None, "method": "GET", "body": b"", "host": host} | more
        with (
            self.server.inside(),
            socket.create_connection((HOST, 443), 60) as plain,
            context.wrap_socket(plain, server_hostname=host) as connection,
        ):
            return exchange(connection, message(path, **given))  # type: ignore[arg-type]

    def set_up(self, name: str) -> None:
        assert "This form isn't open yet." in self.ask(name, "/consultation/").text
        first = self.ask(name, "/")
        assert first.status == 200
        assert "Opening soon" in first.text
        self.server.run("practice", name, "shell", "-c", SET_UP)

    def send_request(self, name: str) -> None:
        """As a visitor does. The answer that it was sent is the acknowledgement."""
        form = self.ask(name, "/consultation/").text
        hidden = {
            field: re.search(rf'name="{field}" value="([^"]*)"', form)[1]  # type: ignore[index]
            for field in ("key", "opened")
        }
        time.sleep(4)  # nobody fills in a form at once
        fields = {**hidden, "name": "Sample", "email": "sample@practice.example", "who": "me"}
        fields |= {"when": "suggest"}
        body = urlencode(fields).encode()
        origin = {"Origin": f"https://{SECOND_NAMES[name]}"}
        answer = self.ask(name, "/consultation/", headers=origin, method="POST", body=body)
        assert answer.status == 303, answer.text
        assert answer.headers["Location"].startswith("/consultation/sent/")
        self.acknowledged[name].append(hidden["key"])

    def found(self, name: str) -> list[str]:
        return self.query(name, "select submission_key from booking_consultationrequest")

    def stamp(self, name: str) -> list[str]:
        return self.query(name, "select value from practice_stamp")

    def query(self, name: str, query: str) -> list[str]:
        user = f"practice-{name}"
        return self.server.run("runuser", "-u", user, "--", "psql", "-tAc", query, user).split()

    def is_well_at(self, version: str) -> None:
        """It is this version that serves, whole, and every acknowledged request is there."""
        assert self.serves() == version
        assert not (self.server.root / "opt/practice/unfinished").exists()
        assert self.install("--check", version=version).endswith("Changes it would make: 0.\n")
        for name, keys in self.acknowledged.items():
            if keys:
                assert self.ask(name, "/healthz/").text == "ok\n"
                found = self.found(name)
                print(f"{name} at {version}: {len(keys)} acknowledged, {len(found)} found")
                assert sorted(found) == sorted(keys)


def wheels() -> Path:
    """The packages of the lock, fetched once by this machine's pip: the server has no index."""
    lock = wanted_by_debian((SOURCE / "requirements.txt").read_text())
    folder = FETCHED.with_name(f"{FETCHED.name}-wheels")
    done, wanted = folder / "requirements.txt", folder / "wanted.txt"
    if not (done.exists() and done.read_text() == lock):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        wanted.write_text(lock)
        options = ("--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet")
        options += ("--python-version", DEBIANS_PYTHON)
        command = [sys.executable, "-m", "pip", "download", *options, "-d", folder, "-r", wanted]
        subprocess.run([str(part) for part in command], check=True, stderr=subprocess.DEVNULL)
        wanted.rename(done)
    return folder


def wanted_by_debian(lock: str) -> str:
    """What of a lock Debian's Python needs, which may be older than this machine's."""
    kept = []
    for entry in re.split(r"\n(?=\S)", lock):
        marker = re.search(r" ; ([^\\\n]*)", entry)
        if not marker or Marker(marker[1]).evaluate({"python_full_version": DEBIANS_PYTHON}):
            kept.append(entry.replace(marker[0], " ") if marker else entry)
    return "\n".join(kept)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("server")
    story = Story(folder)
    story.versions.mkdir()
    story.version(FIRST)
    for name, host in SECOND_NAMES.items():
        (story.versions / f"{name}.answers").write_text(
            f"SITE_URL=https://{host}\nCERTIFICATE=test\nDEFAULT_FROM_EMAIL=office@{host}\n"
            "EMAIL_URL=smtp://localhost:9\nTIME_ZONE=America/New_York\n"
        )
    story.server.make()
    try:
        story.server.start()
        yield story
    finally:
        story.server.stop()
        shutil.rmtree(story.server.root, ignore_errors=True)


def test_a_check_on_a_bare_server_writes_nothing(story: Story) -> None:
    said = story.install("one", "--answers", "/srv/versions/one.answers", "--check")
    assert "would: install " in said
    for path in ("etc/practice", "opt/practice", "var/lib/practice"):
        assert not (story.server.root / path).exists()


def test_an_install_on_nothing_gives_a_site_that_answers_over_tls(story: Story) -> None:
    story.install("one", "--answers", "/srv/versions/one.answers")
    assert story.ask("one", "/consultation/").status == 200
    assert "max-age=31536000" in story.ask("one", "/").headers["Strict-Transport-Security"]
    story.set_up("one")
    story.send_request("one")
    story.is_well_at(FIRST)


def test_a_second_run_changes_nothing(story: Story) -> None:
    assert story.install().endswith("Changes made: 0.\n")


def test_the_services_that_run_score_two_or_better(story: Story) -> None:
    units = story.server.run("sh", "-c", "ls /etc/systemd/system | grep 'practice.*service$'")
    for unit in units.split():
        name = unit.replace("@.", "@one.")
        judged = story.server.run("systemd-analyze", "security", "--no-pager", name)
        score = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged)
        assert score
        print(f"{name}: {score[1]}")
        assert float(score[1]) <= 2.0


def test_another_practice_is_apart(story: Story) -> None:
    story.install("two", "--answers", "/srv/versions/two.answers")
    story.set_up("two")
    story.send_request("two")
    story.is_well_at(FIRST)
    as_two = ("runuser", "-u", "practice-two", "--")
    for forbidden in (
        ("ls", "/var/lib/practice/one"),
        ("ls", "/etc/practice/one"),
        ("cat", "/etc/practice/one.env"),
        ("cat", "/etc/practice/two.env"),
        ("psql", "-c", "select 1", "practice-one"),
        ("psql", "-c", "select 1", "-U", "practice-one", "practice-two"),
        ("python3", "-c", "import socket; socket.socket(1).connect('/run/practice-one.sock')"),
    ):
        assert story.server.tries(*as_two, *forbidden).returncode, forbidden
    assert story.server.run("practice", "two", "shell", "-c", "print('here')").endswith("here\n")


def test_a_practices_own_style_and_template_are_used(story: Story) -> None:
    own = story.server.root / "etc/practice/one"
    (own / "static/practice.css").write_text("@layer own { body { color: #123456; } }\n")
    (own / "templates/404.html").write_text("<p>Not on our shelves.</p>\n")
    story.server.run("systemctl", "restart", "practice-web@one")
    named = re.search(r'href="(/theme\.css[^"]*)"', story.ask("one", "/consultation/").text)
    assert named
    assert "#123456" in story.ask("one", named[1]).text
    assert "Not on our shelves." in story.ask("one", "/nowhere/").text
    assert "Not on our shelves." not in story.ask("two", "/nowhere/").text


def test_backups_and_their_rehearsal_run_within_the_sandbox(story: Story) -> None:
    server = story.server
    made = server.run("practice", "one", "backup", "--new-key")
    public = re.search(r"\bage1[0-9a-z]+", made)
    assert public
    with open(server.root / "etc/practice/one.env", "a") as file:
        file.write(f"BACKUP_TO=/srv/backups\nBACKUP_RECIPIENT={public[0]}\n")
    story.install()
    for kind in ("backup", "tombstones", "rehearse"):
        server.run("systemctl", "start", f"practice-{kind}@one.service")
        skipped = server.run("systemctl", "show", "-P", "Result", f"practice-{kind}@two.service")
        assert skipped == "success\n"
    assert backups(story)
    story.is_well_at(FIRST)


def backups(story: Story) -> set[str]:
    return {path.name for path in (story.server.root / "srv/backups").glob("*.age")}


def test_what_an_upgrade_of_debian_has_stopped_is_started_again(story: Story) -> None:
    story.server.run("systemctl", "stop", "nginx", "postgresql")
    story.server.run("/opt/practice/current/deploy/after-debian")
    story.is_well_at(FIRST)
    for name in SECOND_NAMES:
        assert "it isn't ready (" in story.notes(name)
        assert "Everything was restarted. All is well now." in story.notes(name)


MODULE = "libnginx-mod-sample"
CONTROL = f"""\
Package: {MODULE}
Version: {{version}}
Architecture: all
Maintainer: Sample <office@practice.example>
Description: part of nginx that is upgraded by itself
"""
POSTINST = "#!/bin/sh\nsystemctl restart nginx || true\n"
RELEASE = """\
Origin: Debian
Label: Debian-Security
Codename: bookworm-security
SHA256:
 {digest} {size} Packages
"""


def publish(archive: Path, version: str, setting: str) -> None:
    """Lays this version of a part of nginx into an archive that is in order like Debian's own."""
    folder = archive / version
    (folder / "DEBIAN").mkdir(parents=True)
    (folder / "DEBIAN/control").write_text(CONTROL.format(version=version))
    (folder / "DEBIAN/postinst").write_text(POSTINST)
    (folder / "DEBIAN/postinst").chmod(0o755)
    (folder / "etc/nginx/modules-enabled").mkdir(parents=True)
    (folder / "etc/nginx/modules-enabled/50-mod-sample.conf").write_text(setting)
    package = archive / f"{MODULE}_{version}_all.deb"
    subprocess.run(["dpkg-deb", "--build", folder, package], check=True, stdout=subprocess.DEVNULL)
    entry = CONTROL.format(version=version)
    entry += f"Filename: ./{package.name}\nSize: {package.stat().st_size}\n"
    entry += f"SHA256: {sha256(package.read_bytes()).hexdigest()}\n\n"
    with open(archive / "Packages", "a") as file:
        file.write(entry)
    index = (archive / "Packages").read_bytes()
    filled = RELEASE.format(digest=sha256(index).hexdigest(), size=len(index))
    (archive / "Release").write_text(filled)


def upgrade(story: Story) -> None:
    """By the service of Debian's own timer, with nothing to upgrade but what was published."""
    story.server.run("apt-get", "-qq", "update")
    stamp = story.server.root / "var/lib/apt/periodic/upgrade-stamp"
    stamp.unlink(missing_ok=True)
    story.server.run("systemctl", "start", "apt-daily-upgrade.service")


def test_an_upgrade_of_debian_that_breaks_the_sites_is_told_until_debian_mends_it(
    story: Story,
) -> None:
    server, root = story.server, story.server.root
    (root / "etc/apt/sources.list").write_text("deb [trusted=yes] file:/srv/debian ./\n")
    publish(root / "srv/debian", "1.0", "# It does nothing.\n")
    server.run("apt-get", "-qq", "update")
    server.run("apt-get", "-qq", "install", MODULE)
    publish(root / "srv/debian", "2.0", "no_such_directive;\n")
    upgrade(story)
    history = (root / "var/log/apt/history.log").read_text()
    assert re.search(rf"Upgrade: {MODULE}:\w+ \(1\.0, 2\.0\)", history)
    for name in SECOND_NAMES:
        assert "Everything was restarted. The site of " in story.notes(name)
        assert "still failed: " in story.notes(name)
    publish(root / "srv/debian", "3.0", "# It does nothing again.\n")
    upgrade(story)
    assert server.run("dpkg-query", "-W", "-f", "${Status} ${Version}", MODULE) == (
        "install ok installed 3.0"
    )
    story.is_well_at(FIRST)
    story.send_request("one")
    story.is_well_at(FIRST)
    for name in SECOND_NAMES:
        assert "nginx responds with" in story.notes(name)


def add_migration(folder: Path, name: str, after: str, table: str, more: str = "") -> None:
    text = MARKER.format(after=after, table=table, more=more)
    (folder / f"practice/migrations/{name}.py").write_text(text)


def with_migration(folder: Path) -> None:
    there = sorted(path.stem for path in (folder / "practice/migrations").glob("0*.py"))
    add_migration(folder, "0900_good", there[-1], "marker_good")


def with_other_words(folder: Path) -> None:
    with_migration(folder)
    base = folder / "templates/base.html"
    base.write_text(base.read_text().replace("</body>", f"<p>{OTHER_WORDS}</p></body>"))


def with_another(folder: Path) -> None:
    with_migration(folder)
    add_migration(folder, "0902_later", "0900_good", "marker_later")


@contextmanager
def visiting(story: Story) -> Iterator[Counter[int]]:
    """Somebody asks for the form again and again; counts the answers by their status."""
    answers: Counter[int] = Counter()
    done = threading.Event()

    def visit() -> None:
        while not done.is_set():
            answers[story.ask("one", "/consultation/").status] += 1
            time.sleep(0.2)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield answers
    finally:
        done.set()
        visitor.join()


PUBLISH = """\
from practice.models import HomePage
HomePage.objects.get().save_revision().publish()
"""


def test_an_update_brings_the_new_version_with_its_migration(story: Story) -> None:
    source, before = story.version(GOOD, with_other_words), backups(story)
    story.server.run("practice", "one", "shell", "-c", PUBLISH)
    asked, stamp = story.ask("one", "/"), story.stamp("one")
    assert OTHER_WORDS not in asked.text
    assert story.ask("one", "/", headers={"If-None-Match": asked.headers["ETag"]}).status == 304
    story.server.run("tar", "-czf", f"{source}.tar.gz", "-C", "/srv/versions", GOOD)
    with visiting(story) as answers:
        done = story.update(f"{source}.tar.gz")
    assert done.returncode == 0, done.stdout + done.stderr
    print(f"visitors during the update: {dict(answers)}")
    assert set(answers) == {200}
    story.is_well_at(GOOD)
    assert backups(story) - before, "it was backed up first"
    assert "Not on our shelves." in story.ask("one", "/nowhere/").text
    for headers in ({}, {"If-None-Match": asked.headers["ETag"]}):
        assert OTHER_WORDS in story.ask("one", "/", headers=headers).text
    assert story.stamp("one") != stamp, "nor is a page of before found in a cache that is shared"


def syntax_error(folder: Path) -> None:
    with open(folder / "practice/website/views.py", "a") as file:
        file.write("\ndef broken(:\n")


def migration_fails(folder: Path) -> None:
    with_migration(folder)
    divides = ', migrations.RunSQL("select 1/0")'
    add_migration(folder, "0901_bad", "0900_good", "marker_bad", divides)


def page_fails(folder: Path) -> None:
    with_another(folder)  # it has run by then, and the version before lives with it
    (folder / "templates/booking/request.html").write_text("{% no_such_tag %}")


@pytest.mark.parametrize(
    ("number", "change"),
    [("0.9.2", syntax_error), ("0.9.3", migration_fails), ("0.9.4", page_fails)],
)
def test_an_update_to_a_broken_version_goes_back_and_loses_nothing(
    story: Story, number: str, change: Callable[[Path], None]
) -> None:
    story.send_request("one")
    done = story.update(story.version(number, change))
    assert done.returncode == 1, done.stdout + done.stderr
    story.is_well_at(GOOD)
    story.send_request("one")
    story.is_well_at(GOOD)
    tables = story.query("one", "select tablename from pg_tables")
    assert "marker_good" in tables
    assert "marker_bad" not in tables


def test_an_update_that_is_killed_leaves_the_old_one_and_a_later_run_finishes(
    story: Story,
) -> None:
    source = story.version(LATER, with_another)
    command = ("/opt/practice/current/deploy/update", "--wheels", "/srv/wheels", source)
    unfinished = story.server.root / "opt/practice/unfinished"
    for moment in (
        lambda: (story.server.root / f"opt/practice/releases/{LATER}/.venv").exists(),
        unfinished.exists,
        lambda: unfinished.exists() and story.serves() == LATER,
    ):
        story.server.run("systemd-run", "--quiet", "--unit=killed-update", "--collect", *command)
        until = time.monotonic() + 600
        while not moment():
            assert time.monotonic() < until, "the moment never came"
            time.sleep(0.05)
        story.server.run("systemctl", "kill", "--signal=KILL", "killed-update.service")
        story.send_request("one")
    done = story.update(source)
    assert done.returncode == 0, done.stdout + done.stderr
    story.is_well_at(LATER)


SIGN = """\
set -e
cp -r {source} /srv/releases
cd /srv/releases
git init -q .
git config user.name Signer
git config user.email signer@practice.example
git config gpg.format ssh
git config user.signingkey /root/signer.pub
git add -A
git commit -q -m {version}
git tag -s -m {version} v{version}
git config --system safe.directory /srv/releases/.git
"""


def test_the_timer_installs_a_signed_version_and_no_other(story: Story) -> None:
    server, etc = story.server, story.server.root / "etc/practice"
    source = story.version(SIGNED, with_another)
    server.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/signer")
    server.run("sh", "-c", SIGN.format(source=source, version=SIGNED))
    (etc / "updates.conf").write_text(
        "RELEASES=file:///srv/releases\nPIP_NO_INDEX=1\nPIP_FIND_LINKS=/srv/wheels\n"
    )
    refused = server.tries("systemctl", "start", "update-practices.service")
    assert refused.returncode, "nobody has signed it yet"
    story.is_well_at(LATER)
    key = (story.server.root / "root/signer.pub").read_text()
    (etc / "signers").write_text(f"releases@practice.example {key}")
    server.run("systemctl", "start", "update-practices.service")
    story.is_well_at(SIGNED)
    assert f"Updated from {LATER} to {SIGNED}." in story.notes("one")
