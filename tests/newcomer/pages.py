"""Does what a page of the documentation says, in an empty folder: writes its files, runs its commands.

A block with a ``title`` is that file; one with ``replace``, too, takes the place of a line of it. In a ``console``
block a line after ``$`` is a command, and what follows it is what it prints.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```(?P<kind>\w+)(?P<options>[^\n]*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r'(\w+)="([^"]*)"')


class Block(NamedTuple):
    """One block of the page: of which language, with what options, and its text."""

    kind: str
    options: dict[str, str]
    text: str

    def commands(self) -> Iterator[tuple[str, str]]:
        """The commands of a console block, each with what it prints according to the page."""
        for piece in self.text.split("$ ")[1:]:
            command, _, printed = piece.partition("\n")
            yield command, printed


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [Block(one["kind"], dict(OPTION.findall(one["options"])), one["text"]) for one in BLOCK.finditer(text)]


def write(folder: Path, block: Block) -> None:
    """Write a block's file, or put it in the place of a line of it."""
    path = folder / block.options["title"]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = block.text
    if replaced := block.options.get("replace"):
        before = path.read_text(encoding="utf-8")
        assert before.count(f"{replaced}\n") == 1
        text = before.replace(f"{replaced}\n", text)
    path.write_text(text, encoding="utf-8")


def run(folder: Path, command: str, environment: dict[str, str]) -> str:
    """Run a command of the page and return what it prints; it has to succeed."""
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
