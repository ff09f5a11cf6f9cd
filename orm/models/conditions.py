"""What a model's constraints and indexes say, as SQL text of the schema, and as a judgement on one instance.

In a schema there are no parameters, so values become literals, through the same adapters that make parameters.
The judgement covers plain comparisons of the instance's own columns; of anything else it says that it can't tell, and
``meeting`` asks the database.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError
from orm.query.builder import Builder
from orm.sql.calls import Func
from orm.sql.columns import Col
from orm.sql.conditions import Q
from orm.sql.ddl import with_literals
from orm.sql.nodes import Constant, Param, Rendered
from orm.sql.ordering import OrderBy
from orm.sql.references import F, names_in
from orm.sql.select import Join, Select
from orm.sql.statement_compiler import StatementCompiler

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.sql.dialect import Dialect


class SchemaCompiler(StatementCompiler):
    """Renders columns without their table, as statements about one table do, and no query inside them."""

    lists_are_parameters = False

    def compile(self, node: Any) -> Rendered:
        """Return the SQL and parameters of ``node``."""
        if isinstance(node, Col):
            return self.dialect.quote(node.target.column), []
        return super().compile(node)


def schema_sql(model: Any, expression: Any, dialect: Dialect) -> str:
    """A condition or expression over the columns of ``model``, with its values as literals.

    Raises ``FieldError`` when it goes across a relation or names no field.
    """
    table = model._meta.db_table
    builder = Builder(Select(model, {table: Join(table, table)}))
    if isinstance(expression, Q):
        resolved: Any = builder.resolve_condition(expression, allow_joins=False)
    else:
        resolved = expression.resolve_expression(builder, False, None)
    if len(builder.select.joins) > 1:
        raise FieldError(
            f"{model._meta.label}: {expression!r} goes across a relation, which a table's own rules can't do."
        )
    lengths = {slot: len(builder.values[slot]) for slot in builder.list_slots}
    text, params = SchemaCompiler(dialect, lengths).compile_condition(resolved)
    return with_literals(text, [_bound(param, builder.values) for param in params], dialect)


def index_part(model: object, expression: object, dialect: Dialect) -> str:
    """One expression as an index has it: in parentheses, unless it says more after them (its order, say)."""
    if isinstance(expression, Func) and isinstance(expression.source_expressions[0], OrderBy):
        ordered, inside = expression.source_expressions[0], copy.copy(expression)
        inside.source_expressions = [ordered.expression]  # the direction comes last, wherever it was written
        return f"{index_part(model, inside, dialect)} {ordered.direction(dialect)}"
    if isinstance(expression, Func) and getattr(expression.source_expressions[0], "stands_alone", False):
        outer, inner = copy.copy(expression), copy.copy(expression.source_expressions[0])
        outer.source_expressions, inner.source_expressions = inner.source_expressions, [outer]
        expression = inner  # an operator class stands after everything else, wherever it was written
    if isinstance(expression, OrderBy):
        return f"{index_part(model, expression.expression, dialect)} {expression.direction(dialect)}"
    sql = schema_sql(model, expression, dialect)
    return sql if getattr(expression, "stands_alone", False) else f"({sql})"


def columns_named(model: type[AwaitableModel], names: Iterable[str], *expressions: object) -> set[str]:
    """The columns of fields named, directly or in expressions."""
    fields = model._meta.fields_map
    every = [*names, *(name for expression in expressions for name in names_in(expression))]
    spoken = (name.removeprefix("-").split("__")[0] for name in every)
    return {fields[name].column for name in spoken if name in fields}


def _bound(param: object, values: Sequence[object]) -> Any:
    if isinstance(param, Constant):
        return param.value if param.adapter is None else param.adapter(param.value)
    if not isinstance(param, Param):
        return param
    value = values[param.slot]
    return value if value is None or param.adapter is None else param.adapter(value)


def _like(test: Callable[[str, str], bool], fold: bool = False) -> Callable[[Any, Any], bool]:
    def compare(value: object, other: object) -> bool:
        left, right = str(value), str(other)
        return test(left.lower(), right.lower()) if fold else test(left, right)

    return compare


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "exact": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, options: value in options,
    "range": lambda value, ends: ends[0] <= value <= ends[1],
    "iexact": _like(operator.eq, fold=True),
    "contains": _like(operator.contains),
    "icontains": _like(operator.contains, fold=True),
    "startswith": _like(str.startswith),
    "istartswith": _like(str.startswith, fold=True),
    "endswith": _like(str.endswith),
    "iendswith": _like(str.endswith, fold=True),
}


class CannotTell(Exception):
    """The condition says something that only the database can judge."""


def holds(condition: object, instance: AwaitableModel) -> bool | None:
    """Whether ``instance`` meets ``condition``: None as in SQL when a NULL leaves it open.

    Raises ``CannotTell``.
    """
    if not isinstance(condition, Q):
        raise CannotTell
    results = [
        _leaf(child[0], child[1], instance) if isinstance(child, tuple) else holds(child, instance)
        for child in condition.children
    ]
    if condition.connector == "XOR":
        joined = None if None in results else sum(map(bool, results)) % 2 == 1
    else:
        decisive = condition.connector == "OR"
        joined = decisive if decisive in results else None if None in results else not decisive
    return joined if joined is None or not condition.negated else not joined


def column_named(instance: Any, name: str) -> Any:
    """Return the column of an instance's model that has this name or attribute, or is the key; None where none does."""
    meta = instance._meta
    field = meta.pk if name == "pk" else meta.fields_map.get(name)
    return field if field is not None and field.concrete else None


def _value(instance: Any, name: str) -> Any:
    field = column_named(instance, name)
    # What is held of a generated column is of before the columns it is made of were changed.
    if field is None or field.generated or field.attname not in instance.__dict__:
        raise CannotTell
    value = instance.__dict__[field.attname]
    if hasattr(value, "resolve_expression"):
        raise CannotTell
    return field.get_prep_value(value)


def _leaf(path: str, wanted: Any, instance: AwaitableModel) -> bool | None:
    name, _, lookup = path.partition("__")
    lookup = lookup or "exact"
    value = _value(instance, name)
    if lookup == "isnull" or (lookup == "exact" and wanted is None):
        return (value is None) is (wanted if lookup == "isnull" else True)
    if lookup not in COMPARISONS:
        raise CannotTell
    if isinstance(wanted, F):
        wanted = _value(instance, wanted.name)
    elif hasattr(wanted, "resolve_expression"):
        raise CannotTell
    elif lookup in ("in", "range"):
        if any(hasattr(item, "resolve_expression") for item in wanted):
            raise CannotTell
        wanted = [column_named(instance, name).get_prep_value(item) for item in wanted]
    elif not lookup.startswith("i") and "with" not in lookup and lookup != "contains":
        wanted = column_named(instance, name).get_prep_value(wanted)
    if value is None or wanted is None:
        return None
    try:
        return COMPARISONS[lookup](value, wanted)
    except TypeError as problem:
        raise CannotTell from problem
