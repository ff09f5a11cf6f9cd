"""DELETE as structure: a table, and which of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.sql.common_tables import compile_ctes
from orm.sql.select_text import compile_where
from orm.sql.statements import Statement

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.conditions import Where
    from orm.sql.sources import Text


class Delete(Statement):
    """DELETE of the rows of a table that meet ``where``."""

    where: Where | None = None

    def as_sql(self, compiler: Compiler) -> Text:
        before, params = compile_ctes(self.ctes, compiler)
        where, found = compile_where(self.where, "WHERE", compiler)
        params += found
        returning, found = self.returning_clause(compiler)
        return f"{before}DELETE FROM {compiler.dialect.quote(self.table)}{where}{returning}", [*params, *found]
