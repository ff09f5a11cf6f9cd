"""``Node``, the base of every part of a query's tree, and the parameters of what it becomes.

A node has a structure (``structure(values)`` gives a hashable key of everything but the values, and lists these in a
fixed order), is resolved against a query (``resolve_expression`` takes slots for the values in that same order), and
can be written down to be made again (``deconstruct``, for migrations).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

from orm.late import inspect
from orm.records import NamedTuple
from orm.sql.types import SQLType
from orm.structures.public_names import public_path

if TYPE_CHECKING:
    from orm.sql.expressions import Expression
    from orm.sql.resolving import Resolver
    from orm.structures.deconstruct import Deconstructed

Adapter = Callable[[Any], Any]

Rendered = tuple[str, Sequence[Any]]
"""What ``as_sql`` gives: SQL text with placeholders, and the parameters for these in order."""


class Param(NamedTuple):
    """A parameter of a statement: the slot its value waits in, and what adapts the value for the driver."""

    slot: int
    adapter: Adapter | None = None


class Constant(NamedTuple):
    """A parameter whose value belongs to the shape, such as a JSON path of ``Meta.ordering``."""

    value: Hashable
    adapter: Adapter


class Uncacheable(Exception):
    """An expression holds something that can't be part of a key; its query is built each time."""


def refuse_foreign(value: object) -> None:
    """Raise ``TypeError`` for another ORM's expression, condition or queryset, which would be taken for a value."""
    if isinstance(value, (Node, type)) or not hasattr(value, "resolve_expression"):
        return
    if hasattr(value, "structure") or hasattr(value, "query_structure"):
        return
    cls = type(value)
    other = f"{cls.__module__}.{cls.__qualname__}"
    if hasattr(value, "iterator"):
        raise TypeError(f"The queryset given is another ORM's ({other}): give its values, as a list.")
    raise TypeError(f"The {cls.__name__} given is another ORM's ({other}): take that of orm.models.")


class Node:
    """Anything that is resolved against a query: expressions, references and conditions."""

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        """Return this with names turned into columns of ``query`` and values into slots."""
        raise NotImplementedError(f"{type(self).__name__} must define resolve_expression(query, …)")

    def structure(self, values: list[object]) -> Hashable:
        """Return the key of this without its values, which are appended to ``values``; here, this very object."""
        return (type(self), self)

    @property
    def _path(self) -> str:
        return public_path(type(self))

    def deconstruct(self) -> Deconstructed:
        """Return the path of the class, and the positional and keyword arguments that make this again.

        Arguments that are what they would be anyway are left out.
        """
        args: list[Any] = []
        options: dict[str, Any] = {}
        for name, parameter in inspect.signature(type(self)).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            # A class may say by an attribute what stands for the None of its parameter.
            usual = getattr(type(self), name, None) if parameter.default is None else parameter.default
            held = vars(self).get(name, vars(self).get(f"_{name}", parameter.default))
            if parameter.default is parameter.empty:
                args.append(held)
            elif held is not parameter.default and held != usual:
                options[name] = held
        return self._path, tuple(args), options


def structure_of(value: Any, values: list[object]) -> Hashable:
    """Return the structural key of anything an expression may hold, appending the values inside it to ``values``."""
    if isinstance(value, Node):
        return value.structure(values)
    if value is None or isinstance(value, (str, int, float, type)):
        return (type(value), value)
    if isinstance(value, (list, tuple)):
        return (type(value), *[structure_of(item, values) for item in value])
    if isinstance(value, dict):
        pairs = value.items()
        return (
            dict,
            *[(k, v.structure(values) if isinstance(v, Node) else structure_of(v, values)) for k, v in pairs],
        )
    if isinstance(value, SQLType):
        return value.structure()
    if hasattr(value, "query_structure"):  # a queryset, which this room does not know
        key: Hashable = value.query_structure(values)
        return key
    try:
        hash(value)
    except TypeError:
        raise Uncacheable(type(value).__name__) from None
    return (type(value), value)


def changed_inside(value: object, change: Callable[[Expression], Expression]) -> object:
    """Return ``value`` with every expression directly inside it changed; the same object when nothing changed."""
    if isinstance(value, Node):
        return change(value)  # type: ignore[arg-type]
    if isinstance(value, (list, tuple)):
        items = [changed_inside(item, change) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return type(value)(items)
    if isinstance(value, dict):
        changed = {name: changed_inside(item, change) for name, item in value.items()}
        return value if all(changed[name] is value[name] for name in value) else changed
    return value


def made_of_allowed(expression: Any) -> bool:
    """Whether everything an expression is computed from may be part of a column's default."""
    return all(getattr(source, "allowed_default", False) for source in expression.get_source_expressions())
