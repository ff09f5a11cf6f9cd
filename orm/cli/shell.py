"""``orm shell``: a Python prompt with the models at hand, where blocking calls and top-level ``await`` both work.

At a terminal it is IPython's, where that is installed. In the prompt of this module what is typed runs in this thread,
with no event loop, so blocking forms are what they are in a script; a statement with ``await`` in it runs on the
bridge's background loop.
"""

from __future__ import annotations

import ast
import code
import importlib
import importlib.util
import inspect
import rlcompleter
import sys
import types
from collections.abc import Coroutine
from typing import Any

import orm
from orm.bridge import portal
from orm.config import configure
from orm.migrations import sources
from orm.models.apps import apps

try:
    import readline
except ImportError:  # not every Python is built with it; the prompt works without completion then
    readline = None  # type: ignore[assignment]


class Prompt(code.InteractiveConsole):
    """An interactive console that awaits what needs awaiting."""

    def __init__(self, names: dict[str, Any]) -> None:
        super().__init__(names)
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self.failed = False
        """Whether a statement ended in an error."""

    def runcode(self, code: types.CodeType) -> None:
        """Run a compiled statement; a traceback is shown, and the prompt goes on."""
        try:
            result = types.FunctionType(code, self.locals)()
            if inspect.iscoroutine(result):
                portal.run(_shown(result))
        except SystemExit:
            raise
        except BaseException:  # Ctrl-C included: it ends the statement, not the prompt
            self.showtraceback()

    def run_whole(self, text: str, filename: str) -> None:
        """Run code that nothing comes after: what is not finished is an error."""
        try:
            compiled = compile(text, filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError):
            self.showsyntaxerror(filename)
        else:
            self.runcode(compiled)

    def showtraceback(self) -> None:
        """Show where a statement failed."""
        self.failed = True
        super().showtraceback()

    def showsyntaxerror(self, *args: Any, **options: Any) -> None:
        """Show what is no statement."""
        self.failed = True
        super().showsyntaxerror(*args, **options)


async def _shown(coroutine: Coroutine[object, None, object]) -> None:
    await coroutine


def names() -> dict[str, Any]:
    """Return what the prompt starts with: ``orm``, ``models``, and every model of the installed apps."""
    sources.import_models()
    found: dict[str, Any] = {model.__name__: model for model in apps.get_models()}
    return {**found, "orm": orm, "models": orm.models, "__name__": "__console__", "__doc__": None}


def shell(*, plain: bool = False, command: str | None = None) -> int:
    """Open the prompt on the terminal, or run what standard input holds when it is none; return the exit status.

    Parameters: ``plain`` is for Python's own prompt where IPython is installed, too; ``command`` is code that is run
    instead.
    """
    configure(allow_blocking=True)
    at_hand = names()
    sys.path.insert(0, "")
    if command is not None:
        prompt = Prompt(at_hand)
        prompt.run_whole(command, "<command>")
        return int(prompt.failed)
    if not sys.stdin.isatty():
        return _run_piped(Prompt(at_hand))
    models = ", ".join(model.__name__ for model in apps.get_models()) or "none; set installed_apps in [tool.orm]"
    banner = f"Duotone shell. Blocking calls and top-level await both work. Models: {models}."
    if not plain and importlib.util.find_spec("IPython") is not None:
        print(banner)
        ipython: Any = importlib.import_module("IPython")  # by name: it is no dependency
        ipython.start_ipython(argv=["--no-banner"], user_ns=at_hand)
        return 0
    if readline is not None:
        readline.set_completer(rlcompleter.Completer(at_hand).complete)
        readline.parse_and_bind("tab: complete")
    Prompt(at_hand).interact(banner=banner, exitmsg="")
    return 0


def _run_piped(prompt: Prompt) -> int:
    """Run statements from standard input, those after a failed one too, with no word between; 1 where one failed."""
    sys.ps1 = sys.ps2 = ""
    prompt.interact(banner="", exitmsg="")
    if prompt.buffer and prompt.push(""):  # a block ends with its text, too, as with an empty line
        prompt.run_whole("\n".join(prompt.buffer), "<console>")
    return int(prompt.failed)
