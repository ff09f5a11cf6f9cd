"""UPDATE as structure: a table, what its columns are set to, which rows, and the source the values may come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.errors import NotSupportedError
from orm.sql.common_tables import compile_ctes
from orm.sql.insert import Assignment, compile_assignments
from orm.sql.select_text import compile_where
from orm.sql.sources import Source
from orm.sql.statements import Statement

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.conditions import Where
    from orm.sql.sources import Text


GIVEN = "given"
"""What the rows are called that an UPDATE takes its values from."""


class Update(Statement):
    """UPDATE of the rows of a table that meet ``where``.

    ``source`` gives further columns under the alias ``GIVEN``, named ``source_columns``.
    """

    assignments: tuple[Assignment, ...]
    where: Where | None = None
    source: Source | None = None
    source_columns: tuple[str, ...] = ()

    def as_sql(self, compiler: Compiler) -> Text:
        before, params = compile_ctes(self.ctes, compiler)
        sets, found = compile_assignments(self.assignments, compiler)
        params += found
        beside = ""
        if self.source is not None:
            beside, found = self._beside(self.source, compiler)
            params += found
        where, found = compile_where(self.where, "WHERE", compiler)
        params += found
        returning, found = self.returning_clause(compiler)
        text = f"{before}UPDATE {compiler.dialect.quote(self.table)} SET {', '.join(sets)}{beside}{where}{returning}"
        return text, [*params, *found]

    def _beside(self, source: Source, compiler: Compiler) -> tuple[str, list[object]]:
        if not compiler.dialect.capabilities.update_from:
            raise NotSupportedError(f"{compiler.dialect.name} has no UPDATE … FROM")
        sql, params = source.as_table(compiler, GIVEN, self.source_columns)
        return f" FROM {sql}", list(params)
