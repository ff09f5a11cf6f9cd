"""Which tables ``select_for_update(of=…)`` locks: by the names of the relations a query follows.

What it refuses: a name that is no relation, or none the query follows, since its table is not part of the statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError

if TYPE_CHECKING:
    from orm.query.builder import Builder
    from orm.query.layout import Entity


def locked_aliases(builder: Builder, entity: Entity | None, names: Sequence[str]) -> tuple[str, ...]:
    """Return the aliases of the tables that names stand for; ``entity`` is what a row's columns make, if an instance.

    Raises ``FieldError``.
    """
    if entity is None:
        model, alias = builder.model, builder.select.base_alias
        known = {"self": alias, **dict(_parents(builder, model, alias, ""))}
        for name in names:
            if name not in known and name in model._meta.names and model._meta.names[name].is_relation:
                known[name] = builder.join(model._meta.hops_along(model._meta.names[name]), None)
    else:
        known = dict(_followed(builder, entity, ""))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise FieldError(
            f"Invalid field name(s) given in select_for_update(of=(...)): {', '.join(unknown)}. Only relational fields "
            f"followed in the query are allowed. Choices are: {', '.join(known)}."
        )
    return tuple(known[name] for name in names)


def _followed(builder: Builder, entity: Entity, path: str) -> Iterator[tuple[str, str]]:
    yield path or "self", entity.alias
    yield from _parents(builder, entity.model, entity.alias, path)
    for attached in entity.related:
        yield from _followed(builder, attached.entity, f"{path}__{attached.name}" if path else attached.name)


def _parents(builder: Builder, model: Any, alias: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield the tables an instance's inherited columns are from, by the links that lead there."""
    for parent, link in model._meta.parents.items():
        if link is None:  # the same table
            yield from _parents(builder, parent, alias, path)
            continue
        name = f"{path}__{link.name}" if path else link.name
        joined = builder.join(model._meta.hops_along(link), None, alias)
        yield name, joined
        yield from _parents(builder, parent, joined, name)
