"""How commands speak: sentences for people, JSON where a machine asks for it, errors with an exit status."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import IO

import click
from rich.console import Console

from orm.errors import Error

console = Console(highlight=False, soft_wrap=True)

NOTHING, DIFFERENT, WRONG, ASKED = 0, 1, 2, 3
"""Exit statuses: all is well; there is something to do; it can't be done as asked; nobody was there to answer."""


class Tone(Enum):
    """What a line is, by the colour that a terminal gives it."""

    PLAIN = ""
    HEADING = "cyan"
    DONE = "green"
    OPEN = "yellow"
    WRONG = "red"


def say(text: str = "", tone: Tone = Tone.PLAIN) -> None:
    """Print a line, as it is; in colour at a terminal, unless NO_COLOR is set."""
    console.print(text, markup=False, style=tone.value)


def complain(text: str) -> None:
    """Print a line to standard error, in colour where that is a terminal."""
    click.echo(text if os.environ.get("NO_COLOR") else click.style(text, fg=Tone.OPEN.value), err=True)


def tell_json(value: object) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2, default=str))


class Failure(click.ClickException):
    """An error that a sentence explains, with the status for what can't be done."""

    exit_code = WRONG

    def show(self, file: IO[str] | None = None) -> None:
        """Print the sentence; the word before it in colour at a terminal."""
        word = "Error: " if os.environ.get("NO_COLOR") else click.style("Error: ", fg=Tone.WRONG.value, bold=True)
        click.echo(word + self.format_message(), file=file, err=file is None)


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn the library's errors into sentences, with the notes that say where they come from."""
    try:
        yield
    except (Error, LookupError) as error:
        notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        raise Failure(f"{text}{notes}") from error


@contextlib.contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Say in a sentence which file or folder can't be written, and why."""
    try:
        yield
    except OSError as error:
        raise Failure(f"{error.filename or path} can't be written: {error.strerror}.") from error


def at_terminal() -> bool:
    """Whether a person is there to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()
