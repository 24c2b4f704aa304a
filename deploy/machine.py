"""What the whole server needs: Debian's packages, the database, and the version laid out."""

from collections.abc import Iterator
from pathlib import Path

from deploy import release
from deploy.system import Step, asks, at, directory, file, make_all, run

SOURCE = Path(__file__).resolve().parent.parent
PACKAGES = (
    "ca-certificates certbot git needrestart nginx-light openssh-client openssl postgresql "
    "python3-venv unattended-upgrades"
).split()


def ours(name: str) -> str:
    return (SOURCE / "deploy/etc" / name).read_text()


POSTGRESQL = ours("postgresql.conf")
UPGRADES = ours("apt.conf")
RESTARTS = ours("needrestart.conf")
RENEWED = ours("certbot-renewed")


def server(version: str, wheels: str) -> Iterator[Step]:
    yield Step(f"install {', '.join(lacking()) or 'nothing'}", lambda: not lacking(), install)
    clusters = at("/etc/postgresql")
    yield Step(
        "let the database listen only on its socket",
        lambda: all(step.holds() for step in of_clusters(clusters)) and any(of_clusters(clusters)),
        lambda: make_clusters(clusters),
    )
    yield Step(
        f"put version {version} in {release.place(version)}",
        lambda: (release.place(version) / release.DONE).exists(),
        lambda: release.lay_out(SOURCE, version, wheels),
    )
    yield file(at("/etc/apt/apt.conf.d/52practice"), UPGRADES)
    yield file(at("/etc/needrestart/conf.d/practice.conf"), RESTARTS)
    yield file(at("/etc/letsencrypt/renewal-hooks/deploy/practice"), RENEWED, 0o755)
    yield directory(at("/var/lib/practice-challenges"))
    yield directory(at("/var/lib/practice"))
    # So that the weekly mail can tell what was done; there are only names of packages in it.
    yield directory(at("/var/log/unattended-upgrades"))
    yield directory(at("/etc/practice"))


def lacking() -> list[str]:
    look = ("dpkg-query", "-W", "-f", "${db:Status-Status}")
    return [name for name in PACKAGES if asks(*look, name) != "installed"]


def install() -> None:
    quiet = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "-qq", "update", env=quiet)
    run("apt-get", "-qq", "install", "-y", "--no-install-recommends", *lacking(), env=quiet)


def of_clusters(clusters: Path) -> list[Step]:
    return [
        file(folder / "conf.d/practice.conf", POSTGRESQL)
        for folder in clusters.glob("*/main")
        if (folder / "postgresql.conf").exists()
    ]


def make_clusters(clusters: Path) -> None:
    make_all(of_clusters(clusters))
    run("systemctl", "enable", "--quiet", "postgresql")
    run("systemctl", "restart", "postgresql")
