"""One statement on a terminal, its SQL coloured. Needs rich, of the extra ``cli``."""

from __future__ import annotations

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text


def show(heading: str, sql: str, values: str) -> None:
    """Write a statement to standard error."""
    console = Console(stderr=True, highlight=False)
    console.print(Text(heading, style="dim"))
    console.print(Syntax(sql, "sql", background_color="default", word_wrap=True))
    if values:
        console.print(Text(values, style="cyan"))
