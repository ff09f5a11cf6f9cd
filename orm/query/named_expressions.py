"""Expressions by name: what ``annotate``, ``alias``, ``values`` and ``aggregate`` make of their arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orm.errors import advised
from orm.query.filtered import FilteredRelation
from orm.sql.nodes import Node, refuse_foreign
from orm.sql.subqueries import Subquery


def as_annotation(value: object) -> object:
    """Return what stands for a value given as an annotation: a queryset is a subquery.

    Raises ``TypeError`` for another ORM's expression.
    """
    refuse_foreign(value)
    return Subquery(value) if hasattr(value, "embedded") else value


def default_name(expression: Any) -> str | None:
    """Return the name that an expression has by itself (``books__count``), or None."""
    try:
        name: str = expression.default_alias
    except (AttributeError, TypeError):
        return None
    return name


def named_expressions(
    args: Sequence[object], kwargs: dict[str, object], method: str = "annotate", kind: str = "annotations"
) -> dict[str, object]:
    """Return expressions by name; positional ones name themselves (``books__count``).

    Raises ``TypeError`` for one that can't, or for a name given twice.
    """
    if not args:
        for value in kwargs.values():
            if not isinstance(value, Node):
                break
        else:
            return kwargs
    args = [as_annotation(arg) for arg in args]
    kwargs = {name: as_annotation(value) for name, value in kwargs.items()}
    given = (*args, *kwargs.values())
    others = [str(i) for i in given if not (hasattr(i, "resolve_expression") or isinstance(i, FilteredRelation))]
    if others:
        said = f"QuerySet.{method}() received non-expression(s): {', '.join(others)}."
        raise advised(TypeError, said, " It takes expressions such as F, Value or Count")
    named: dict[str, Any] = {}
    for item in args:
        name = default_name(item)
        if name is None:
            said = f"Complex {kind} require an alias"
            raise advised(TypeError, said, f": {item!r} needs a name, as in {method}(name=…)")
        if name in kwargs:
            raise ValueError(f"The named annotation {name!r} conflicts with the default name for another annotation.")
        named[name] = item
    return {**named, **kwargs}


def named_columns(fields: Sequence[object], numbered: bool) -> tuple[list[str], dict[str, object]]:
    """Return the names of what ``values()`` was given, in order, and its expressions by name.

    ``numbered`` says that nobody asks by these names, where rows are no dicts: they only have to differ then. Raises
    ``TypeError`` for what is neither the name of a field nor an expression.
    """
    for item in fields:
        if not isinstance(item, str):
            break
    else:
        return list(fields), {}  # type: ignore[arg-type]  # names alone, as nearly always
    names: list[str] = []
    expressions: dict[str, object] = {}
    taken = {item for item in fields if isinstance(item, str)}
    number = 0
    for item in fields:
        if isinstance(item, str):
            names.append(item)
            continue
        item = as_annotation(item)
        if not hasattr(item, "resolve_expression"):
            raise TypeError(f"values() takes names of fields and expressions, not {item!r}")
        name = default_name(item)
        if name is None or numbered:
            prefix, number = name or type(item).__name__.lower(), number + 1
            while f"{prefix}{number}" in taken:
                number += 1
            name = f"{prefix}{number}"
        expressions[name] = item
        names.append(name)
    return names, expressions
