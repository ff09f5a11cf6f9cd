"""Plans: what a shape compiles to on one dialect; made once, then only read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orm.config import DEFAULT_ALIAS, settings
from orm.errors import EmptyResultSet
from orm.query.hydrate import Hydrate, as_tuples, hydrator, row_class
from orm.query.key_names import has_keys, whole_names
from orm.query.layout import Layout, finish
from orm.sql.compiler import Compiler, binder, with_placeholders
from orm.sql.select import RowForm, Select
from orm.sql.statement_compiler import StatementCompiler

if TYPE_CHECKING:
    from orm.sql.dialect import Dialect
    from orm.sql.statements import Statement

Values = Sequence[Any]

OBJECTS_AT_ONCE, TUPLES_AT_ONCE = 500, 10_000
"""Rows that become results before others may run on an event loop: each of these takes about half a millisecond."""


class Plan:
    """A compiled statement: its text, how values become parameters, how rows become results.

    ``sql`` is None when the statement could give no row, and so is not sent.
    """

    def __init__(
        self,
        sql: str | None,
        params: Sequence[Any],
        layout: Layout | None,
        dialect: Dialect,
        compiler: Compiler,
        slots: int | None = None,
    ) -> None:
        self.sql = sql
        self.params = params
        self.layout = layout
        self.dialect = dialect
        self.of_models = layout is not None and layout.kind is RowForm.MODEL
        self.depends_on_lengths = compiler.depends_on_lengths
        self.depends_on_zone = compiler.depends_on_zone
        self.bind: Callable[[Values], Values] | None = binder(params, slots)
        self.keyed = layout is not None and layout.kind in (RowForm.DICT, RowForm.NAMED) and has_keys(layout.names)
        """Whether the names of results hold JSON keys, which are values; ``hydrate`` leaves those to ``named``."""

    @cached_property
    def rows_at_once(self) -> int:
        """How many rows become results before others may run on an event loop."""
        return TUPLES_AT_ONCE if self.hydrate is as_tuples else OBJECTS_AT_ONCE

    def parameters(self, values: Values) -> Values:
        """Return the parameters of a call with these values."""
        return values if self.bind is None else self.bind(values)

    def named(self, rows: list[Any], values: Values) -> list[Any]:
        """Return hydrated rows by the names that they have in a query with these values."""
        assert self.layout is not None
        names = whole_names(self.layout.names, values)
        if self.layout.kind is RowForm.NAMED:
            return list(map(row_class(tuple(names))._make, rows))
        return [dict(zip(names, row, strict=True)) for row in rows]

    @cached_property
    def hydrate(self) -> Hydrate:
        """Rows to results, for instances of the default database in the default fetch mode."""
        layout = self.layout
        assert layout is not None
        if self.keyed:
            layout = layout._replace(kind=RowForm.TUPLE)
        if not settings.state_in_dict or layout.entity is None:
            return hydrator(layout, self.dialect)
        state_class = layout.entity.model._meta.state_class
        stateful = self.hydrate_with_state
        return lambda rows: stateful(rows, lambda: state_class(False, DEFAULT_ALIAS))

    @cached_property
    def hydrate_with_state(self) -> Callable[[Sequence[Any], Callable[[], Any]], list[Any]]:
        """Rows to results, with a function that gives each instance its state."""
        assert self.layout is not None
        made: Any = hydrator(self.layout, self.dialect, stateful=True)
        return made  # type: ignore[no-any-return]


def select_plan(select: Select, dialect: Dialect, lengths: dict[int, int]) -> Plan:
    """Return the plan of a SELECT."""
    finished, layout = finish(select)
    compiler = StatementCompiler(dialect, lengths)
    try:
        sql, params = compiler.compile_select(finished)
    except EmptyResultSet:
        return Plan(None, (), layout, dialect, compiler)
    text, ordered = with_placeholders(sql, params, dialect)
    return Plan(commented(text, select.comment), ordered, layout, dialect, compiler, select.slots)


def statement_plan(
    statement: Statement, dialect: Dialect, lengths: dict[int, int] | None = None, slots: int | None = None
) -> Plan:
    """Return the plan of an INSERT, UPDATE or DELETE. ``slots`` is the number of its values, where it is known."""
    compiler = StatementCompiler(dialect, lengths)
    try:
        sql, params = compiler.compile_statement(statement)
    except EmptyResultSet:
        return Plan(None, (), None, dialect, compiler)
    text, ordered = with_placeholders(sql, params, dialect)
    return Plan(commented(text, statement.comment), ordered, None, dialect, compiler, slots)


def returning_plan(statement: Statement, dialect: Dialect, lengths: dict[int, int], layout: Layout) -> Plan:
    """Return the plan of a statement whose RETURNING gives the results that ``layout`` describes."""
    plan = statement_plan(statement, dialect, lengths)
    plan.layout = layout
    return plan


def commented(text: str, comment: str | None) -> str:
    """Put a tag's comment before a statement."""
    return f"/* {comment} */ {text}" if comment else text
