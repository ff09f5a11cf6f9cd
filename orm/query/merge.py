"""``merge()``: what is done with rows that meet those of another queryset, and with those of it that meet none.

What this module refuses: a queryset that has been narrowed, fields of other tables, conditions across relations, and
in ``NotMatched`` anything of the row that there is not.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from orm.errors import FieldError
from orm.query import change_query
from orm.query.builder import Builder
from orm.query.cte import check_name, columns_of, with_columns
from orm.query.joining import join_rows
from orm.query.shape import Shape, root
from orm.records import NamedTuple
from orm.sql.columns import Col
from orm.sql.conditions import Where
from orm.sql.expressions import Expression
from orm.sql.merge import Merge, MergeClause
from orm.sql.nodes import Uncacheable
from orm.sql.select import SubSelect
from orm.sql.statements import StoredSlot


class Merging(NamedTuple):
    """One thing that ``merge()`` does. Made by ``Matched`` and ``NotMatched``."""

    matched: bool
    condition: Any
    action: str
    assignments: dict[str, Any]

    def structure(self, values: list[object]) -> Hashable:
        """Return the key of this without its values, which are appended to ``values``."""
        condition = None if self.condition is None else self.condition.structure(values)
        return self.matched, self.action, condition, change_query.assignments_key(self.assignments, values)


class _When:
    """Base of both: a condition, which must be a ``Q`` or a boolean expression."""

    matched = True

    def __init__(self, condition: object = None) -> None:
        if condition is not None and not getattr(condition, "conditional", False):
            raise TypeError(f"{type(self).__name__}() takes a condition such as Q(given__n=0), not {condition!r}")
        self.condition = condition

    def nothing(self) -> Merging:
        """Leave such rows as they are."""
        return Merging(self.matched, self.condition, "nothing", {})


class Matched(_When):
    """Rows of the model that meet one of the other queryset: ``Matched(Q(given__copies=0)).delete()``."""

    def update(self, **values: object) -> Merging:
        """Set fields: ``F("n")`` is that of the row, ``F("given__n")`` that of the one it meets."""
        if not values:
            raise TypeError("Matched().update() takes the fields to set: update(n=F('given__n'))")
        return Merging(True, self.condition, "update", values)

    def delete(self) -> Merging:
        """Delete the row."""
        return Merging(True, self.condition, "delete", {})


class NotMatched(_When):
    """Rows of the other queryset that meet none of the model: ``NotMatched().insert(key=F("given__key"))``."""

    matched = False

    def insert(self, **values: object) -> Merging:
        """Insert a row with these fields; those that are not named get their defaults."""
        return Merging(False, self.condition, "insert", values)


def merging(
    queryset: Any, name: str, rows: Any, on: Mapping[str, str], when: Sequence[Merging]
) -> tuple[Shape, tuple[object, ...]]:
    """Return the shape of a MERGE into a queryset's model, and its values."""
    model = queryset.model
    if queryset._shape is not root(model) or queryset._low or queryset._high is not None:
        raise TypeError("merge() is about all rows of a model: narrow the other queryset, or say when with a condition")
    if model._meta.parents:
        raise NotImplementedError(f"{model.__name__} lies in several tables: merge() writes one")
    check_name(name, "merged rows")
    if not hasattr(rows, "query_structure"):
        raise TypeError(f"merge() takes a queryset, not {rows!r}")
    if not isinstance(on, Mapping) or not on:
        raise TypeError('merge() needs to know how rows meet: on={"key": "key"}')
    clauses = _checked(when)
    rows = with_columns(rows)
    others = [
        change_query.values_left_out(model, list(clause.assignments)) if clause.action == "insert" else {}
        for clause in clauses
    ]
    values: list[Any] = []
    parts: list[Hashable] = []
    key: Hashable | None
    try:
        structure = rows.query_structure(values)
        for clause, left_out in zip(clauses, others, strict=True):
            parts.append((clause.structure(values), *left_out))
            values += left_out.values()
        key = ("merge", name, structure, *on.items(), *parts)
    except Uncacheable:
        key = None
    return root(model).advance(key, values, _merge_rows, name, rows, dict(on), clauses, others)


def _checked(when: object) -> list[Merging]:
    clauses = list(when) if isinstance(when, Iterable) and not isinstance(when, Merging) else []
    if not clauses or not all(isinstance(clause, Merging) for clause in clauses):
        raise TypeError(
            "merge() takes what to do as a list: when=[Matched().update(n=F('given__n')), NotMatched().insert(…)]"
        )
    return clauses


def _merge_rows(
    builder: Builder,
    name: str,
    rows: object,
    on: Mapping[str, str],
    clauses: Sequence[Merging],
    others: Sequence[dict[str, object]],
) -> None:
    select = builder.select
    join_rows(builder, name, rows, columns_of(rows), on, False)
    join = select.joins[name]
    assert join.source is not None
    assert join.condition is not None
    made = [_clause(builder, clause, left_out, name) for clause, left_out in zip(clauses, others, strict=True)]
    if len(select.joins) > 2:
        raise FieldError("merge() is about the rows themselves: its conditions and values can't follow relations")
    builder.statement = Merge(
        table=select.model._meta.db_table,
        source=join.source,
        source_alias=name,
        on=join.condition if isinstance(join.condition, Where) else Where((join.condition,)),
        clauses=tuple(made),
        comment=select.comment,
    )


def _clause(builder: Builder, clause: Merging, left_out: dict[str, object], name: str) -> MergeClause:
    model = builder.model
    where: Where | None = None
    if clause.condition is not None:
        resolved = builder.resolve_condition(clause.condition)
        where = resolved if isinstance(resolved, Where) else Where((resolved,))
    pairs: list[tuple[Any, Expression]] = []
    for field_name, value in clause.assignments.items():
        field = change_query.updated_field(model, field_name)
        pairs.append((field, change_query.assigned(builder, field, value)))
    for field_name, value in left_out.items():
        field = change_query.updated_field(model, field_name)
        prepare = field.get_prep_value if field.stores_prepared else None
        pairs.append((field, StoredSlot(builder.take_slot(value, prepare), field)))
    if not clause.matched:
        for expression in (*((where,) if where is not None else ()), *(value for _, value in pairs)):
            if _speaks_of(expression, builder.select.base_alias):
                raise FieldError(f"NotMatched() is about rows of {name!r} alone: there is no row of {model.__name__}")
    return MergeClause(matched=clause.matched, action=clause.action, condition=where, assignments=tuple(pairs))


def _speaks_of(expression: Expression, alias: str) -> bool:
    for node in expression.walk():
        if isinstance(node, Col) and node.alias == alias:
            return True
        if isinstance(node, SubSelect) and any(_speaks_of(part, alias) for part in node.select.expressions()):
            return True
    return False
