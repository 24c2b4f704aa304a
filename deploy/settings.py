"""The settings of one practice, in /etc/practice/NAME.env: asked once, then read from there.

The file is what systemd calls an EnvironmentFile. What somebody adds or changes in it stays.
"""

import base64
import os
import re
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deploy.system import at, say
from practice.environment import names as site_names
from practice.environment.firstrun import Refusal

NAME = re.compile(r"[a-z][a-z0-9]{0,19}")
LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)=(.*?)\s*")
PLAIN = re.compile(r"[\w@%+=:,./-]*", re.ASCII)
HOST = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?"
LETS_ENCRYPT, TEST = "letsencrypt", "test"


@dataclass(frozen=True)
class Question:
    name: str
    asks: str
    otherwise: str | None = None  # None: it must be answered


QUESTIONS = [
    Question("SITE_URL", "The site's address, such as https://www.example.com"),
    Question(
        "OTHER_NAMES",
        "Other names that lead there, such as example.com, separated by commas",
        "",
    ),
    Question(
        "CERTIFICATE",
        "The certificate: letsencrypt, test (no browser trusts it), or the path of a file",
        LETS_ENCRYPT,
    ),
    Question("DEFAULT_FROM_EMAIL", "The sender of the site's email: a mailbox that someone reads"),
    Question(
        "EMAIL_URL",
        "How the site sends email, such as smtp+tls://user:password@mail.example.com:587",
    ),
    Question("TIME_ZONE", "The time zone", "America/Los_Angeles"),
]


def read(path: Path) -> dict[str, str]:
    """The settings of an env file. Raises Refusal for a line that is none."""
    found = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        if not (parts := LINE.fullmatch(line)):
            raise Refusal(f"{path}, line {number}: write it as NAME=value.")
        value = parts[2]
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        elif len(value) > 1 and value[0] == value[-1] == "'":
            value = value[1:-1]
        found[parts[1]] = value
    return found


def line(name: str, value: str) -> str:
    if "\n" in value:
        raise Refusal(f"{name} has to fit on one line.")
    if not PLAIN.fullmatch(value):
        value = '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    return f"{name}={value}\n"


@dataclass
class Practice:
    """One practice on this server: what it is called here, and its settings."""

    name: str
    settings: dict[str, str]

    @classmethod
    def called(cls, name: str) -> "Practice":
        """Raises Refusal for a name that is none."""
        if not NAME.fullmatch(name):
            raise Refusal(
                f"{name!r} won't work. Use up to 20 lowercase letters and digits, such as main."
            )
        practice = cls(name, {})
        if practice.file.exists():
            practice.settings = read(practice.file)
        return practice

    def __post_init__(self) -> None:
        self.user = f"practice-{self.name}"
        self.file = at(f"/etc/practice/{self.name}.env")
        self.own_folder = at(f"/etc/practice/{self.name}")
        self.data = at(f"/var/lib/practice/{self.name}")
        # What nginx reads of it; an install comes to that last.
        self.site = at(f"/etc/nginx/sites-enabled/{self.user}.conf")
        self.socket = at(f"/run/{self.user}.sock")
        self.certificates = at(f"/etc/practice/tls/{self.name}")

    @property
    def host(self) -> str:
        return urlsplit(self.settings["SITE_URL"]).hostname or ""

    @property
    def names(self) -> list[str]:
        """The host names for which there must be a certificate, the site's own first."""
        return [self.host, *listed(self.settings.get("OTHER_NAMES", ""))]

    def port(self, name: str, otherwise: int) -> int:
        return int(self.settings.get(name) or otherwise)

    def text(self) -> str:
        """The env file as it shall be: what is there stays, line by line."""
        old = self.file.read_text() if self.file.exists() else HEAD
        there = read(self.file) if self.file.exists() else {}
        lines = []
        for each in old.splitlines(keepends=True):
            parts = LINE.fullmatch(each.rstrip("\n"))
            name = parts[1] if parts else ""
            differs = name in self.settings and self.settings[name] != there.get(name)
            lines.append(line(name, self.settings[name]) if differs else each)
        missing = [name for name in self.settings if name not in there]
        return "".join([*lines, *(line(name, self.settings[name]) for name in missing)])


HEAD = """\
# The settings of this practice; docs/operator/settings.md explains each. Anyone who can read this
# file can read everything that visitors wrote, so only root may. After a change: deploy/install.
"""


def names() -> list[str]:
    """The practices of this server, also those whose first install was cut short."""
    found = (path.stem for path in at("/etc/practice").glob("*.env"))
    return sorted(name for name in found if NAME.fullmatch(name))


def installed() -> list[Practice]:
    """Those of them whose install came to its end once, so that they are served."""
    return [each for each in map(Practice.called, names()) if each.site.exists()]


def listed(names: str) -> list[str]:
    return [name for name in re.split(r"[,\s]+", names) if name]


def complete(practice: Practice, answers: dict[str, str]) -> None:
    """Settle every setting: by `answers`, by what was settled before, else by asking.

    Raises Refusal for a setting that cannot be, before it asks, and where nobody is there to ask.
    """
    settings = practice.settings
    settings |= answers
    for question in QUESTIONS:
        if question.name in settings:
            refuse_bad(question.name, settings[question.name])
    for question in QUESTIONS:
        by_service = question.name == "EMAIL_URL" and settings.get("MAIL_SERVICE")
        if question.name not in settings and not by_service:
            settings[question.name] = ask(question)
    settings["SITE_URL"] = settings["SITE_URL"].rstrip("/")
    if practice.host not in listed(settings.get("ALLOWED_HOSTS", "")):
        settings["ALLOWED_HOSTS"] = practice.host
    made = {
        "BEHIND_PROXY": "true",
        "DATA_DIR": f"/var/lib/practice/{practice.name}",
        "PRACTICE_DIR": f"/etc/practice/{practice.name}",
        # By the socket, where the database knows the system's user: there is no password.
        "DATABASE_URL": f"postgres://{practice.user}@//var/run/postgresql/{practice.user}",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    }
    for name, value in made.items():
        settings.setdefault(name, value)


def refuse_unknown(answers: dict[str, str], file: Path) -> None:
    """Raises Refusal for an answer that nothing asked for: what was meant would be left out."""
    if strange := site_names.unknown(answers):
        lines = "".join(f"    {each}\n" for each in strange)
        raise Refusal(f"{file} has lines that aren't settings:\n{lines}Correct or delete them.")


def ask(question: Question) -> str:
    """Asks until the answer can be. Raises Refusal where nobody is there and there must be one."""
    if not sys.stdin.isatty():
        if question.otherwise is None:
            raise Refusal(
                f"{question.name} is missing. {question.asks}. Answer it with --answers FILE"
            )
        return question.otherwise
    hint = f" [{question.otherwise}]" if question.otherwise else ""
    while True:
        answer = input(f"{question.asks}{hint}: ").strip() or question.otherwise
        if answer is None:
            continue
        try:
            refuse_bad(question.name, answer)
        except Refusal as problem:
            say(f"  {problem}")
        else:
            return answer


def refuse_bad(name: str, value: str) -> None:
    """Raises Refusal where `value` cannot be what the question `name` asks for."""
    match name:
        case "SITE_URL":
            if not re.fullmatch(rf"https://{HOST}(:\d+)?/?", value, re.IGNORECASE):
                raise Refusal("SITE_URL has to look like https://www.example.com, without a path.")
        case "OTHER_NAMES":
            for each in listed(value):
                if not re.fullmatch(HOST, each):
                    raise Refusal(f"OTHER_NAMES: {each!r} isn't a host name.")
        case "CERTIFICATE":
            if value not in (LETS_ENCRYPT, TEST) and not Path(value).is_file():
                raise Refusal(f"CERTIFICATE: there's no file {value}.")
        case "DEFAULT_FROM_EMAIL":
            if "@" not in value:
                raise Refusal("DEFAULT_FROM_EMAIL has to be an email address.")
        case "EMAIL_URL":
            if "://" not in value:
                like = "smtp+tls://user:password@mail.example.com:587"
                raise Refusal(f"EMAIL_URL has to look like {like}")
        case "TIME_ZONE":
            if not Path("/usr/share/zoneinfo", value).is_file():
                raise Refusal(f"TIME_ZONE: {value!r} isn't a time zone. One is America/New_York.")
