"""Checks of a model's constraints and indexes: the fields they name, and what a database can do of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from orm.checks.messages import CheckMessage, Error, Warning
from orm.db.registry import databases as all_databases
from orm.db.routing import routes
from orm.models.checks.names import local_fields
from orm.models.constraints import CheckConstraint, UniqueConstraint
from orm.models.indexes import Index
from orm.sql.conditions import Q
from orm.sql.handwritten import RawSQL
from orm.sql.nodes import Node
from orm.sql.references import F, names_in

if TYPE_CHECKING:
    from orm.models.base import AwaitableModel
    from orm.sql.dialect import Dialect

Found = Iterator[CheckMessage]

INDEX_NAME = 30
"""How long an index's name may be, on every database Django knows."""


def _dialects(model: type[AwaitableModel], aliases: Iterable[str]) -> Iterator[Any]:
    for alias in aliases:
        if routes.allow_migrate_model(alias, model):
            yield all_databases[alias].dialect


def _lacking(
    model: type[AwaitableModel],
    dialect: Dialect,
    what: str,
    thing: str,
    identifier: str,
    wanted: bool,
    able: bool,
    feature: str,
    instead: str = "",
) -> Found:
    """Warn of what the database passes over; ``instead`` is what becomes of it, when the thing is made without."""
    if wanted and not able and feature not in model._meta.required_db_features:
        noun = "A constraint" if thing == "constraint" else "An index"
        instead = instead or f"{noun} won't be created"
        yield Warning(
            f"{dialect.display_name} does not support {what}.",
            hint=f"{instead}. Silence this warning if you don't care about it.",
            obj=model,
            id=identifier,
        )


def index_checks(model: type[AwaitableModel], aliases: Iterable[str]) -> Found:
    """Check ``Meta.indexes``."""
    from_names: set[str] = set()
    indexes: list[Index] = model._meta.indexes
    for index in indexes:
        if index.name[:1] == "_" or index.name[:1].isdigit():
            said = f"The index name '{index.name}' cannot start with an underscore or a number."
            yield Error(said, obj=model, id="models.E033")
        if len(index.name) > INDEX_NAME:
            said = f"The index name '{index.name}' cannot be longer than {INDEX_NAME} characters."
            yield Error(said, obj=model, id="models.E034")
        for expression in index.expressions:
            from_names |= _own_names(expression)
    for dialect in _dialects(model, aliases):
        can = dialect.capabilities
        expressions = any(index.expressions for index in indexes)
        conditions = any(index.condition is not None for index in indexes)
        include = any(index.include for index in indexes)
        yield from _lacking(
            model, dialect, "indexes with conditions", "index", "models.W037", conditions, can.partial_indexes,
            "supports_partial_indexes",
        )  # fmt: skip
        yield from _lacking(
            model, dialect, "indexes with non-key columns", "index", "models.W040", include, can.covering_indexes,
            "supports_covering_indexes", "Non-key columns will be ignored",
        )  # fmt: skip
        yield from _lacking(
            model, dialect, "indexes on expressions", "index", "models.W043", expressions, can.expression_indexes,
            "supports_expression_indexes",
        )  # fmt: skip
    named = [name for index in indexes for name in (*index.field_names, *index.include)]
    yield from local_fields(model, _without_key(model, [*named, *sorted(from_names)]), "indexes")


def _without_key(model: type[AwaitableModel], names: Iterable[str]) -> list[str]:
    """The names, each once, but the one that stands for the key's column; a key of several columns has none."""
    return [name for name in dict.fromkeys(names) if name != "pk" or model._meta.pk.is_composite]


def constraint_checks(model: type[AwaitableModel], aliases: Iterable[str]) -> Found:
    """Check ``Meta.constraints``."""
    constraints = model._meta.constraints
    unique = [one for one in constraints if isinstance(one, UniqueConstraint)]
    checks = [one for one in constraints if isinstance(one, CheckConstraint)]
    for dialect in _dialects(model, aliases):
        yield from _unsupported(model, dialect, unique)
    for check in checks:
        yield from _joined(model, check.condition)
        if _has_raw_sql(check.condition):
            yield Warning(
                f"Check constraint {check.name!r} contains RawSQL() expression and won't be validated during the model "
                "full_clean().",
                hint="Silence this warning if you don't care about it.",
                obj=model,
                id="models.W045",
            )
    for one in unique:
        if one.condition is not None:
            yield from _joined(model, one.condition)
    names: list[str] = []
    for one in constraints:
        names += getattr(one, "fields", ())
        names += one.include
        for expression in getattr(one, "expressions", ()):
            given = expression[0] if isinstance(expression, tuple) else expression
            names += sorted(_own_names(F(given) if isinstance(given, str) else given))
        condition = getattr(one, "condition", None)
        if condition is not None:
            names += sorted(_heads(condition))
    yield from local_fields(model, _without_key(model, names), "constraints")


def _unsupported(model: type[AwaitableModel], dialect: Dialect, unique: list[UniqueConstraint]) -> Found:
    can = dialect.capabilities
    wanted = (
        ("unique constraints with conditions", "models.W036", any(one.condition is not None for one in unique),
         can.partial_indexes, "supports_partial_indexes"),
        ("deferrable unique constraints", "models.W038", any(one.deferrable is not None for one in unique),
         can.deferrable_unique, "supports_deferrable_unique_constraints"),
        ("unique constraints with non-key columns", "models.W039",
         any(one.include for one in unique), can.covering_indexes, "supports_covering_indexes"),
        ("unique constraints on expressions", "models.W044", any(one.expressions for one in unique),
         can.expression_indexes, "supports_expression_indexes"),
        ("unique constraints with nulls distinct", "models.W047",
         any(one.nulls_distinct is not None for one in unique), can.nulls_not_distinct,
         "supports_nulls_distinct_unique_constraints"),
    )  # fmt: skip
    for what, identifier, given, able, feature in wanted:
        yield from _lacking(model, dialect, what, "constraint", identifier, given, able, feature)


def _own_names(expression: object) -> set[str]:
    return {name.split("__")[0] for name in names_in(expression)}


def _paths(condition: object) -> Iterator[str]:
    """Yield the paths of names that a condition speaks of."""
    if isinstance(condition, Q):
        for child in condition.children:
            if isinstance(child, tuple):
                yield child[0]
                yield from names_in(child[1])
            else:
                yield from _paths(child)
    else:
        yield from names_in(condition)


def _heads(condition: object) -> Iterator[str]:
    for path in _paths(condition):
        yield path.split("__")[0]


def _joined(model: type[AwaitableModel], condition: object) -> Found:
    """Check that a condition stays in the model's own table."""
    meta = model._meta
    for path in dict.fromkeys(_paths(condition)):
        head, *rest = path.split("__")
        field = meta.pk if head == "pk" else meta.fields_map.get(head)
        if field is None or not rest or not field.is_relation:
            continue
        if field.get_transform(rest[0]) is None and field.get_lookup(rest[0]) is None:
            yield Error(f"'constraints' refers to the joined field '{path}'.", obj=model, id="models.E041")


def _has_raw_sql(condition: object) -> bool:
    """Whether SQL of the user's stands anywhere in a condition, at whatever depth."""
    if isinstance(condition, RawSQL):
        return True
    inside = list(vars(condition).values()) if isinstance(condition, Node) else condition
    return isinstance(inside, (list, tuple)) and any(_has_raw_sql(part) for part in inside)
