"""The keys of steps: a method's arguments taken apart into a structure, by which its step is found again, and values.

A key holds names and kinds of values; the values themselves, and the JSON paths in names, are listed beside it. Keys of
conditions, which most queries have, are made by code of their own, since the general form is slower.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from orm.query.names import Listing
from orm.query.shape import Shape
from orm.sql.conditions import SCALARS, VALUE, Q, kind_of
from orm.sql.nodes import Uncacheable, structure_of


def filter_key(negated: bool, args: Sequence[object], kwargs: dict[str, object]) -> tuple[Any, Sequence[Any]]:
    """Return the structural key of a filter call and its values; the key is None for what can't be shared."""
    if not args:
        given = tuple(kwargs.values())
        for value in given:
            if type(value) not in SCALARS:
                break
        else:
            return (negated, *kwargs), given
        for value in given:
            if type(value) not in SCALARS and type(value) is not bool:
                break
        else:  # a truth value is part of the key, since some lookups (isnull) depend on it
            return (negated, *kwargs, *[value if type(value) is bool else VALUE for value in given]), given
    values: list[Any] = []
    try:
        return (
            "exclude" if negated else "filter",
            *[_condition_key(arg, values) for arg in args],
            *[(name, kind_of(value, values)) for name, value in kwargs.items()],
        ), values
    except Uncacheable:
        return None, ()


def _condition_key(given: Any, values: Any) -> Hashable:
    """Return the key of a condition, which may be a pair of lookup and value, without its values."""
    if type(given) is tuple:
        given = Q(given)
    return given.structure(values) if hasattr(given, "structure") else structure_of(given, values)


def take_step(
    shape: Shape, name: str, arguments: object, names: Sequence[str], change: Callable[..., None], *args: object
) -> tuple[Shape, tuple[object, ...]]:
    """Return the shape one step on, and the values of ``arguments``; ``names`` are those that may hold JSON paths."""
    values: list[Any] = []
    key: Any
    try:
        key = (name, structure_of(arguments, values), *names)
    except Uncacheable:
        key = None
    step = shape.steps.get(key) if key is not None else None
    if step is not None:
        return shape.follow(step, key, values, change, *args)
    if key is not None:

        def listed(listing: Listing) -> Hashable:
            return (name, structure_of(arguments, listing), *map(listing.named, names))

        return shape.advance_named(key, values, listed, change, *args)
    return shape.advance(key, values, change, *args)


def listed_filter_key(negated: bool, args: Sequence[object], kwargs: dict[str, object], listing: Listing) -> Hashable:
    """Return the key of a filter call without the JSON paths in its names, which the listing takes with its values."""
    return (
        "exclude" if negated else "filter",
        *[_condition_key(arg, listing) for arg in args],
        *[(listing.named(name, True), kind_of(value, listing)) for name, value in kwargs.items()],
    )
