"""Functions that the library writes at run time, for exactly the columns of one statement.

A traceback shows their lines: ``linecache`` finds them through the loader in the function's globals, as it does for
modules in archives, so that nothing is kept longer than the function. What this module leaves to its callers: that no
value, and no name but checked ones, becomes source text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class SourceLoader:
    """Tells ``linecache`` the source of one function."""

    __slots__ = ("source",)

    def __init__(self, source: str) -> None:
        self.source = source

    def get_source(self, fullname: str) -> str:
        """Return the source; there is only one."""
        return self.source


def define(name: str, lines: Sequence[str], scope: dict[str, Any], about: str) -> Callable[..., Any]:
    """Compile the lines of one function called ``name`` and return it.

    ``scope`` holds what its names stand for; ``about`` says in tracebacks what it was made for.
    """
    source = "\n".join(lines) + "\n"
    scope["__name__"] = "orm.generated"
    scope["__loader__"] = SourceLoader(source)
    # No such file can be: linecache would read it. The number keeps functions of one kind apart in its cache.
    code = compile(source, f"<orm>/{about} {id(scope):x}", "exec")
    exec(code, scope)  # noqa: S102 - what it is made of, see the callers
    made: Callable[..., Any] = scope[name]
    return made
