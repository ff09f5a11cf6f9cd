"""``StatementCompiler``: the compiler that knows how a whole SELECT is put together, and so renders any statement.

It stands apart from ``Compiler``, which every node names, because a SELECT's text names most kinds of node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.sql.compiler import Compiler
from orm.sql.select_text import compile_select

if TYPE_CHECKING:
    from orm.sql.select import Select


class StatementCompiler(Compiler):
    """Renders statements and expressions for one dialect."""

    def compile_select(self, select: Select) -> tuple[str, list[object]]:
        """Return a finished select's SQL and parameters. Raises ``EmptyResultSet`` when it could give no row."""
        return compile_select(select, self)
