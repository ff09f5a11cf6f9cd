"""DELETE of rows by the values of one column: the key of instances at hand, or a foreign key that refers to them."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.epoch import epoch
from orm.query.builder import Builder
from orm.query.change_query import delete_rows
from orm.query.plan import statement_plan
from orm.query.shape import root
from orm.query.steps import filter_rows
from orm.sql.types import LEAST, MOST, OutOfRange

if TYPE_CHECKING:
    from orm.sql.described import ModelClass, ModelField
    from orm.sql.dialect import Dialect


class OneDelete:
    """DELETE of the rows with one value in a column."""

    __slots__ = ("adapter", "epoch", "plan", "prepare", "prepare_only", "sql")

    def __init__(self, model: ModelClass, field: ModelField, value: Any, dialect: Dialect) -> None:
        self.epoch = epoch.number
        builder = Builder(root(model).select)
        filter_rows(builder, False, (), {field.attname: value})
        delete_rows(builder)
        assert builder.statement is not None
        plan = statement_plan(builder.statement, dialect)
        self.plan = plan
        self.sql = plan.sql or ""
        self.prepare = builder.prepares[0]
        self.adapter = plan.params[0].adapter
        self.prepare_only = self.prepare if self.adapter is None and len(plan.params) == 1 else None
        """What prepares a value, where that is all there is to the parameters."""

    def parameters(self, value: object) -> Sequence[Any]:
        """Return the parameters for a value. Raises ``OutOfRange`` for a number that no row can have."""
        if self.prepare is not None:
            value = self.prepare(value)
        if type(value) is tuple:  # a key of several columns is a parameter for each
            return self.plan.parameters((value,))
        return (value,) if self.adapter is None else (self.adapter(value),)


async def delete_having(model: Any, field: Any, values: Sequence[Any], *, using: str) -> int:
    """Delete the rows of ``model``'s table whose ``field`` is among ``values``; return how many there were."""
    if len(values) == 1:  # an equality, which is quicker than a list of one
        return await delete_equal(model, field, values[0], using=using)
    database = databases[using]
    name, wanted = f"{field.attname}__in", list(values)
    shape, prepared = root(model).advance(("filter", (name, "list")), [wanted], filter_rows, False, (), {name: wanted})
    shape, _ = shape.advance(("delete",), (), delete_rows)
    plan = shape.plan(database, prepared, statement_plan)
    if plan.sql is None:
        return 0
    return await database.execute(plan.sql, plan.parameters(prepared))


def delete_equal(
    model: ModelClass, field: ModelField, value: object, *, using: str, kept: dict[Dialect, OneDelete] | None = None
) -> Awaitable[int]:
    """Delete the rows of ``model``'s table with this value of ``field``; gives how many there were.

    ``kept`` is where its statements are kept by dialect, for callers who have such a place at hand.
    """
    database = databases[using]
    dialect = database.dialect
    if kept is None:
        kept = root(model).compiled(("deletes", field), dict)
    one = kept.get(dialect)
    if one is None or one.epoch != epoch.number:
        if type(value) is int and not LEAST <= value <= MOST:  # from which no statement can be made for others
            return _none_deleted()
        one = kept[dialect] = OneDelete(model, field, value, dialect)
    try:
        params = one.parameters(value) if one.prepare_only is None else (one.prepare_only(value),)
    except OutOfRange:  # no row has such a number
        return _none_deleted()
    return database.execute(one.sql, params)


async def _none_deleted() -> int:
    return 0
