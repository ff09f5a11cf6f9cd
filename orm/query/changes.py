"""UPDATE and DELETE of a query's rows, as last steps of its chain."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from orm.errors import DataError, EmptyResultSet, FieldError, FullResultSet
from orm.query.builder import Builder, InnerBuilder
from orm.query.names import nearest
from orm.query.plan import Plan, statement_plan
from orm.sql.conditions import Where
from orm.sql.expressions import Col, Combinable, Expression, Null, Param, Slot, structure_of
from orm.sql.lookups import Exact, In
from orm.sql.select import Output, Select, SubSelect, moved
from orm.sql.selecting import compile_where
from orm.sql.types import INTEGER_KINDS


class Assignments(Expression):
    """What an UPDATE sets: columns and their new values. Lives in the select's annotations under a name of its own."""

    def __init__(self, pairs: tuple[tuple[Any, Any], ...]) -> None:
        super().__init__()
        self.pairs = pairs


ASSIGNMENTS = "set "  # no annotation can have this name


def assignments_key(assignments: dict[str, Any], values: list[Any]) -> Hashable:
    """Return the key of an update's arguments, whose values are appended to ``values``."""
    parts: list[Hashable] = []
    for name, value in assignments.items():
        if value is None:
            parts.append((name, None))
        elif isinstance(value, Combinable) or hasattr(value, "query_structure"):
            parts.append((name, structure_of(value, values)))
        else:
            values.append(value)
            parts.append(name)
    return tuple(parts)


def prepare_update(builder: Builder, assignments: dict[str, Any]) -> None:
    """Resolve what ``update()`` sets."""
    opts = builder.model._meta
    pairs: list[tuple[Any, Any]] = []
    for name, value in assignments.items():
        field = opts.pk if name == "pk" else opts.names.get(name)
        if field is None:
            raise FieldError(
                f"{opts.object_name} has no field {name!r}." + nearest(name, [f.name for f in opts.concrete_fields])
            )
        if not field.concrete or field.model is None:
            raise FieldError(
                f"Cannot update {opts.object_name}.{name}: only fields with a column of their own are updated"
            )
        pairs.append((field, _assigned(builder, field, value)))
    builder.select.annotations[ASSIGNMENTS] = Assignments(tuple(pairs))
    _as_changed(builder.select)


def _assigned(builder: Builder, field: Any, value: Any) -> Any:
    if value is None:
        return Null(field)
    if hasattr(value, "query_structure") and not isinstance(value, Combinable):
        raise TypeError(f"{field.name} can't be set to a queryset: wrap it in Subquery()")
    if not isinstance(value, Combinable):
        return Slot(builder.take_slot(value, field.get_prep_value), field, bare=True)
    inner = _ValueBuilder(builder, builder.model)
    resolved: Any = value.resolve_expression(inner, True, None)
    if resolved.contains_aggregate or resolved.contains_over_clause:
        raise FieldError(f"Aggregate and window functions are not allowed in update ({field.name}={value!r})")
    base, here = builder.select.base_alias, inner.select.base_alias
    if len(inner.select.joins) == 1:
        return moved(resolved, {here: base})
    # A value across relations: the row's own, through a subquery tied to it by its key.
    select = inner.select
    key = builder.model._meta.pk
    select.outputs = (Output(resolved),)
    select.order_by = ()
    select.where = Where((Exact(Col(here, key), Col(base, key)),))
    return SubSelect(select)


class Fitting:
    """Adapts a whole number. Raises ``DataError``, naming the field, for one its column can't hold."""

    def __init__(self, field: Any, dialect: Any) -> None:
        self.field = field
        self.least, self.most = dialect.integer_range(field)
        self.adapter = dialect.adapter(field)

    def __call__(self, value: Any) -> Any:
        if type(value) is int and not self.least <= value <= self.most:
            self.refuse(value)
        return value if self.adapter is None else self.adapter(value)

    def refuse(self, value: int) -> None:
        """Raise the error for a number out of range."""
        raise DataError(
            f"{self.field} can't hold {value}: its column takes whole numbers from {self.least} to {self.most}"
        )


class _ValueBuilder(InnerBuilder):
    """Resolves what a column is set to: names of the row itself, across relations, and the query's annotations."""

    def _annotation(self, name: str) -> tuple[Any, tuple[str, ...]]:
        annotation, rest = self.outer._annotation(name)
        if annotation is not None:
            own = {self.outer.select.base_alias}
            if any(isinstance(node, Col) and node.alias not in own for node in annotation.walk()):
                raise FieldError(f"update() can't use the annotation {name!r}: it is computed across a relation")
        return annotation, rest


def prepare_delete(builder: Builder) -> None:
    """Make the query a DELETE of its rows."""
    _as_changed(builder.select)


def _as_changed(select: Select) -> None:
    select.order_by = ()
    select.values, select.selected, select.select_related, select.loading = None, (), False, None
    select.lock = None


def _rows_clause(select: Select, compiler: Any) -> tuple[str, list[Any]]:
    """Return the WHERE of an UPDATE or DELETE: the conditions themselves, or membership in a subquery that needs other
    tables.
    """
    alone = len(select.joins) == 1 and select.is_plain
    if alone:
        return compile_where(select.where, "WHERE", compiler)
    inner = select.copy()
    key = select.model._meta.pk
    inner.annotations = {n: e for n, e in inner.annotations.items() if n != ASSIGNMENTS}
    # Subqueries keep their own names: what they name of the rows is renamed with these.
    aliases = {alias: f"D{number}" for number, alias in enumerate(sorted(select.joins))}
    inner = inner.transform(lambda node: moved(node, aliases), aliases)
    inner.outputs = (Output(Col(aliases[select.base_alias], key)),)
    return compile_where(Where((In(Col(select.base_alias, key), SubSelect(inner)),)), "WHERE", compiler)


def update_plan(select: Select, dialect: Any, lengths: dict[int, int]) -> Plan:
    """Return the plan of an UPDATE."""
    pairs = select.annotations[ASSIGNMENTS].pairs  # type: ignore[attr-defined]

    def compile_update(compiler: Any) -> tuple[str, Sequence[Any]]:
        if select.empty:
            raise EmptyResultSet
        params: list[Any] = []
        sets: list[str] = []
        for field, value in pairs:
            sql, found = _value_sql(compiler, value)
            if isinstance(value, Slot) and field.kind in INTEGER_KINDS:
                found = [Param(value.index, Fitting(field, dialect))]
            sets.append(f"{dialect.quote(field.column)} = {sql}")
            params += found
        where, found = _rows_clause(select, compiler)
        return f"UPDATE {dialect.quote(select.model._meta.db_table)} SET {', '.join(sets)}{where}", [*params, *found]

    return statement_plan(compile_update, dialect, lengths, select.comment)


def _value_sql(compiler: Any, value: Any) -> tuple[str, Sequence[Any]]:
    try:
        result: tuple[str, Sequence[Any]] = compiler.compile(value)
    except EmptyResultSet:
        return compiler.dialect.false(), []
    except FullResultSet:
        return compiler.dialect.true(), []
    return result


def delete_plan(select: Select, dialect: Any, lengths: dict[int, int]) -> Plan:
    """Return the plan of a DELETE."""

    def compile_delete(compiler: Any) -> tuple[str, Sequence[Any]]:
        if select.empty:
            raise EmptyResultSet
        where, params = _rows_clause(select, compiler)
        return f"DELETE FROM {dialect.quote(select.model._meta.db_table)}{where}", params

    return statement_plan(compile_delete, dialect, lengths, select.comment)
