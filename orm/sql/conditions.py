"""Conditions: ``Q`` as users write it, and ``Where``, the tree of resolved lookups that becomes WHERE, HAVING or ON."""

from __future__ import annotations

import copy
import datetime
import decimal
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from orm.errors import EmptyResultSet, FieldError, FullResultSet
from orm.sql import types
from orm.sql.expressions import Combinable, Expression
from orm.sql.nodes import Node
from orm.sql.references import F, names_in
from orm.sql.types import SQLType
from orm.structures.hashable import make_hashable

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect

# What a looked-up value contributes to the shape. All but None and expressions wait in a slot.
VALUE, LIST, EMPTY = "value", "list", "empty"
ITEMS, NO_ITEMS = "items", "no items"  # as LIST and EMPTY, of a set, a range or an iterator, which JSON does not have

SCALARS = frozenset(
    {str, int, float, bytes, decimal.Decimal, uuid.UUID, dict}
    | {datetime.date, datetime.datetime, datetime.time, datetime.timedelta}
)  # fmt: skip


MANY = (list, tuple, AbstractSet, Sequence, ValuesView, Iterator)
"""What IN and BETWEEN take; a text is a sequence, too, and is none of them, nor is a dict, which may be JSON."""


def kind_of(value: Any, values: list[Any]) -> Hashable:
    """Return the structural kind of a looked-up value, appending what is to be bound to ``values``."""
    cls = type(value)
    if cls in SCALARS:
        values.append(value)
        return VALUE
    if value is None:
        return None
    if cls is bool:
        values.append(value)
        return bool(value)
    structure = getattr(value, "structure", None) or getattr(value, "query_structure", None)
    if structure is not None and not isinstance(value, type):
        return (structure(values),)
    if isinstance(value, MANY) and not isinstance(value, (str, bytes, bytearray, memoryview)):
        items = list(value)
        if any(isinstance(item, Node) for item in items):
            return (list, *[kind_of(item, values) for item in items])
        values.append(items)
        some, none = (LIST, EMPTY) if isinstance(value, (list, tuple)) else (ITEMS, NO_ITEMS)
        return some if any(item is not None for item in items) else none
    values.append(value)
    return VALUE


class Q(Node):
    """A condition: lookups joined by AND, combined with ``&``, ``|``, ``^`` and ``~``.

    Example: ``Q(age__gte=18) | Q(guardian__isnull=False)``.
    """

    AND = "AND"
    OR = "OR"
    XOR = "XOR"
    conditional = True
    is_expression = True

    def __init__(self, *args: Any, _connector: str | None = None, _negated: bool = False, **lookups: Any) -> None:
        self.connector = _connector or "AND"
        if self.connector not in ("AND", "OR", "XOR"):
            raise ValueError(f"_connector must be one of 'AND', 'OR', 'XOR', or None. It is {_connector!r}")
        self.negated = _negated
        for arg in args:
            if isinstance(arg, dict):
                raise FieldError("Cannot parse keyword query as dict: filter() takes lookups, filter(**lookups)")
            if not getattr(arg, "conditional", False) and not (isinstance(arg, tuple) and len(arg) == 2):
                raise TypeError(f"Q() and filter() take conditions and lookup=value pairs, not {arg!r}")
        self.children: tuple[Any, ...] = (*args, *sorted(lookups.items()))

    @classmethod
    def create(cls, children: Iterable[Any], connector: str | None = None, negated: bool = False) -> Q:
        """Return the condition that is made of conditions and pairs of lookup and value, joined by ``connector``."""
        return cls(*children, _connector=connector, _negated=negated)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        options: dict[str, Any] = {} if self.connector == self.AND else {"_connector": self.connector}
        if self.negated:
            options["_negated"] = True
        return self._path, self.children, options

    def structure(self, values: list[Any]) -> Hashable:
        """Return the key of this condition without its values, which are appended to ``values``."""
        listing: Any = None if type(values) is list else values
        return (
            Q,
            self.connector,
            self.negated,
            *[
                (child[0] if listing is None else listing.named(child[0], True), kind_of(child[1], values))
                if type(child) is tuple
                else child.structure(values)
                for child in self.children
            ],
        )

    query_structure = structure

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        """Return the condition resolved against a query."""
        return query.resolve_condition(self, allow_joins, reuse, summarize)

    def combined(self, other: Any, connector: str) -> Any:
        """Return this and another condition joined by AND, OR or XOR; the other one where this says nothing."""
        if not getattr(other, "conditional", False):
            raise TypeError(f"A Q combines with conditions, not with {other!r}")
        if not self.children and not self.negated:
            return copy.copy(other)
        if isinstance(other, Q) and not other.children:
            return copy.copy(self)
        return Q(*self._parts(connector), *Q._parts_of(other, connector), _connector=connector)

    def _parts(self, connector: str) -> tuple[Any, ...]:
        same = not self.negated and (self.connector == connector or len(self.children) == 1)
        return self.children if same else (self,)

    @staticmethod
    def _parts_of(other: Any, connector: str) -> tuple[Any, ...]:
        return other._parts(connector) if isinstance(other, Q) else (other,)

    def __and__(self, other: Any) -> Any:
        return self.combined(other, "AND")

    def __or__(self, other: Any) -> Any:
        return self.combined(other, "OR")

    def __xor__(self, other: Any) -> Any:
        return self.combined(other, "XOR")

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Q:
        if self.negated:
            new = copy.copy(self)
            new.negated = False
            return new
        return Q(*self.children, _connector=self.connector, _negated=True)

    def __bool__(self) -> bool:
        return bool(self.children)

    def flatten(self) -> Iterator[Any]:
        """Yield this condition, and every condition, expression and value inside it."""
        yield self
        for child in self.children:
            part = child[1] if isinstance(child, tuple) else child
            if hasattr(part, "flatten"):
                yield from part.flatten()
            elif isinstance(part, Expression):
                yield from part.walk()
            else:
                yield part

    @property
    def referenced_base_fields(self) -> set[str]:
        """The names of the model's own fields that this condition begins with, on either side of its lookups."""
        return set(_base_names(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Q):
            return NotImplemented
        return self.identity() == other.identity()

    def __hash__(self) -> int:
        return hash(self.identity())

    def identity(self) -> Hashable:
        """Return a key of this condition with its values; lists, tuples and views of the same items are the same."""
        return (self.connector, self.negated, make_hashable(self.children))

    def __repr__(self) -> str:
        return f"<Q: {self}>"

    def __str__(self) -> str:
        inside = f"({self.connector}: {', '.join(map(str, self.children))})"
        return f"(NOT {inside})" if self.negated else inside


def _base_names(value: Any) -> Iterator[str]:
    """Yield what the names in a condition or an expression begin with."""
    if isinstance(value, Q):
        for child in value.children:
            if isinstance(child, tuple):
                yield child[0].split("__")[0]
            yield from _base_names(child[1] if isinstance(child, tuple) else child)
    elif isinstance(value, F):
        yield from (name.split("__")[0] for name in names_in(value))
    elif isinstance(value, Node):
        yield from _base_names(list(vars(value).values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _base_names(item)


class Where(Expression):
    """Conditions joined by AND, OR or XOR, maybe negated."""

    conditional_kind = True

    def __init__(self, children: Sequence[Expression], connector: str = "AND", negated: bool = False) -> None:
        super().__init__()
        self.nodes = tuple(children)
        self.connector = connector
        self.negated = negated

    def children(self) -> Iterator[Expression]:
        return iter(self.nodes)

    def map(self, change: Callable[[Expression], Expression]) -> Expression:
        nodes = tuple(change(node) for node in self.nodes)
        if all(new is old for new, old in zip(nodes, self.nodes, strict=True)):
            return self
        return Where(nodes, self.connector, self.negated)

    def transformed(self, change: Callable[[Expression], Expression]) -> Where:
        """Return this with its conditions changed."""
        return Where([change(node) for node in self.nodes], self.connector, self.negated)

    def _infer_output_field(self) -> SQLType | None:
        return types.BOOLEAN

    def and_with(self, other: Expression) -> Where:
        """Return this and another condition."""
        if self.connector == "AND" and not self.negated:
            return Where((*self.nodes, other))
        return Where((self, other))

    def rejects_null(self) -> set[str]:
        if self.negated or self.connector == "XOR" or not self.nodes:
            return set()
        parts = [node.rejects_null() for node in self.nodes]
        return set.union(*parts) if self.connector == "AND" else set.intersection(*parts)

    def split_having(self) -> tuple[Where | None, Where | None]:
        """Return the part that can filter rows before grouping, and the part that needs the groups."""
        if not self.contains_aggregate:
            return self, None
        if self.negated or self.connector != "AND":
            return None, self
        before: list[Expression] = []
        after: list[Expression] = []
        for node in self.nodes:
            if isinstance(node, Where):
                inner_before, inner_after = node.split_having()
                before += [inner_before] if inner_before is not None else []
                after += [inner_after] if inner_after is not None else []
            else:
                (after if node.contains_aggregate else before).append(node)
        return Where(before) if before else None, Where(after) if after else None

    def group_by_columns(self) -> Iterable[Expression]:
        for node in self.nodes:
            yield from node.group_by_columns()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        text, params, joined = self.as_parts(compiler)
        return (f"({text})" if joined else text), params

    def as_parts(self, compiler: Compiler) -> tuple[str, Sequence[Any], bool]:
        """Return the SQL without parentheses around it, its parameters, and whether it needs them inside another
        condition.

        Raises ``EmptyResultSet`` and ``FullResultSet`` where no row, or every row, meets the condition.
        """
        if not self.nodes:
            raise FullResultSet  # exclude() without conditions, too, leaves every row
        parts: list[str] = []
        params: list[Any] = []
        conjunction = self.connector == "AND"
        certain: bool | None = None  # the value of the whole where one part decides it
        flips = 0
        for node in self.nodes:
            try:
                sql, node_params = compiler.compile(node)
            except EmptyResultSet:
                if conjunction:
                    certain = False
                    break
                continue
            except FullResultSet:
                if self.connector == "OR":
                    certain = True
                    break
                flips += 1
                continue
            parts.append(sql)
            params.extend(node_params)
        if certain is None and not parts:
            certain = conjunction if self.connector != "XOR" else bool(flips % 2)
        if certain is not None:
            raise FullResultSet if certain is not self.negated else EmptyResultSet
        negated = self.negated
        if self.connector == "XOR" and (len(parts) > 1 or flips):
            ones = " + ".join(f"CASE WHEN {part} THEN 1 ELSE 0 END" for part in parts)
            parts = [f"((({ones}{' + 1' * flips}) %% 2) = 1)"]
        text = f" {self.connector} ".join(parts)
        if negated:
            return f"NOT ({text})", params, False
        return text, params, len(parts) > 1


class Never(Expression):
    """A condition no row meets, which is put to the database all the same."""

    conditional_kind = True

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        return "1 = 0", []


class NothingNode(Expression):
    """A condition no row meets: what ``none()`` filters by."""

    conditional_kind = True

    def as_sql(self, compiler: Compiler, connection: Dialect) -> tuple[str, Sequence[Any]]:
        raise EmptyResultSet


Combinable.condition_class = Q
