"""`make lines`: what the product weighs, and how its rooms hang together.

`make lines ARGS=<revision>` measures an older tree instead.
"""

import ast
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import grimp

PROJECT = Path(__file__).resolve().parent.parent
APPS = ("practice", "booking", "blog")
NO_ROOMS = {"__init__", "apps", "migrations", "static", "__pycache__"}
LONG = 300
SENDING = {"get_connection", "send_mail", "send_mass_mail", "send_messages"}
# What is personal in a request. Two of them listed together are a list that forgets the next one;
# the pair of ways to reach somebody is no such list.
PERSONAL = {
    *("name", "email", "phone", "text_ok", "voicemail_ok", "good_hours"),
    *("message", "kept_because", "private_note"),
}
CHANNELS = {"email", "phone"}


def measure(tree: Path) -> Iterator[tuple[str, int, list[str]]]:
    """Each measure of the table: what it is, how much, and which they are."""
    files = {file.relative_to(tree).as_posix(): file.read_text() for file in product(tree)}
    lines = {name: text.count("\n") for name, text in files.items()}
    nodes = {name: list(ast.walk(ast.parse(text))) for name, text in files.items()}
    circles = [" and ".join(circle) for app in APPS for circle in circles_of(tree, app)]
    long = [f"{name} ({count})" for name, count in lines.items() if count > LONG]
    senders = [name for name in nodes if any(sends(node) for node in nodes[name])]
    personal = [name for name in nodes if any(lists_personal(node) for node in nodes[name])]
    functions = [
        node
        for found in nodes.values()
        for node in found
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    yield "Python of the product, with deploy/", sum(lines.values()), []
    yield "rooms side by side in practice/", len(rooms(tree, "practice")), []
    yield "circles between rooms", len(circles), circles
    yield f"modules over {LONG} lines", len(long), long
    yield "places that name personal fields by hand", len(personal), personal
    yield "senders of letters", len(senders), senders
    yield "functions", len(functions), []


def product(tree: Path) -> list[Path]:
    found = [file for folder in (*APPS, "deploy") for file in (tree / folder).rglob("*.py")]
    return sorted(file for file in found if "migrations" not in file.parts)


def rooms(tree: Path, app: str) -> set[str]:
    """What holds Python, and not merely what an earlier version left behind."""
    places = (tree / app).iterdir()
    return {
        place.stem for place in places if place.suffix == ".py" or any(place.rglob("*.py"))
    } - NO_ROOMS


def circles_of(tree: Path, app: str) -> set[tuple[str, ...]]:
    """The rooms of an app that import each other, also by way of others."""
    sys.path.insert(0, str(tree))
    graph = grimp.build_graph(app, cache_dir=None)
    inside = {f"{app}.{room}" for room in rooms(tree, app)} & graph.modules
    for room in inside:
        graph.squash_module(room)
    importers = {room: graph.find_downstream_modules(room) for room in inside}
    around = {
        tuple(sorted({room, *(one for one in importers[room] & inside if room in importers[one])}))
        for room in inside
    }
    return {circle for circle in around if len(circle) > 1}


def sends(node: ast.AST) -> bool:
    """Whether this hands a letter to a mail server. A signal is sent with a `sender`."""
    if not isinstance(node, ast.Call):
        return False
    called = getattr(node.func, "id", getattr(node.func, "attr", ""))
    return called in SENDING or (called == "send" and not node.keywords)


def lists_personal(node: ast.AST) -> bool:
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            words = {part.value for part in parts if isinstance(part, ast.Constant)}
        case ast.Dict(keys=keys):
            words = {key.value for key in keys if isinstance(key, ast.Constant)}
        case ast.Call(keywords=keywords):
            words = {word.arg for word in keywords}
        case _:
            return False
    return len(words & PERSONAL) > 1 and words & PERSONAL != CHANNELS


def print_table(tree: Path) -> None:
    for what, count, which in measure(tree):
        print(f"{count:>7,}  {what}")
        for one in which:
            print(f"{'':9}  {one}")


def main(revision: str | None = None) -> None:
    if revision is None:
        print_table(PROJECT)
        return
    packed = subprocess.run(
        ["git", "archive", revision], cwd=PROJECT, capture_output=True, check=True
    ).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        print_table(Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
