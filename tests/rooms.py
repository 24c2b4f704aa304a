"""`make rooms`: draws the rooms of the project into docs/developer.md.

What stands above what is read from the contracts in pyproject.toml, and what is in a room from
the first sentence of its own docstring.
"""

import ast
import re
import textwrap
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENT = PROJECT / "docs" / "developer.md"
WIDTH, NAME = 98, 20
DRAWN = re.compile(r"(?<=<!-- make rooms -->\n).*?(?=<!-- end -->)", re.DOTALL)


def sentence(app: str, room: str) -> str:
    """The first sentence of a room's docstring, or nothing."""
    place = PROJECT / app / room
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    said = ast.get_docstring(ast.parse(file.read_text())) or ""
    return re.split(r"(?<=\.)\s", " ".join(said.split("\n\n")[0].split()))[0]


def draw_layer(app: str, rooms: list[str]) -> list[str]:
    """A line for each room, those that need no word first and together."""
    said = {room: sentence(app, room) for room in rooms}
    together = textwrap.wrap("  ".join(room for room in rooms if not said[room]), WIDTH)
    apart = [
        textwrap.fill(f"{room:<{NAME}}{said[room]}", WIDTH, subsequent_indent=" " * NAME)
        for room in rooms
        if said[room]
    ]
    return [*together, *apart]


def draw(app: str, layers: list[str]) -> str:
    drawn = ["\n".join(draw_layer(app, re.split(r" [|:] ", layer))) for layer in layers]
    return f"\n{'─' * WIDTH}\n".join(drawn)


def redrawn(document: str) -> str:
    """The text of docs/developer.md with the rooms as the contracts have them now."""
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
    pictures = [
        f"`{app}/`\n\n```text\n{draw(app, contract['layers'])}\n```\n\n"
        for contract in contracts["contracts"]
        for app in contract.get("containers", [])
    ]
    return DRAWN.sub(lambda _: "\n" + "".join(pictures), document)


if __name__ == "__main__":
    DOCUMENT.write_text(redrawn(DOCUMENT.read_text()))
