"""Conditions: ``Q`` as users write it, and ``Where``, the tree of resolved lookups that becomes WHERE, HAVING or ON."""

from __future__ import annotations

import copy
import datetime
import decimal
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from orm.errors import EmptyResultSet, FieldError, FullResultSet
from orm.sql import types
from orm.sql.combinable import Combinable
from orm.sql.expressions import Expression
from orm.sql.nodes import Node, Rendered, Uncacheable, refuse_foreign
from orm.sql.references import F, names_in
from orm.sql.types import SQLType
from orm.structures import tree
from orm.structures.hashable import make_hashable

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.resolving import Resolver
    from orm.structures.deconstruct import Deconstructed

# What a looked-up value contributes to the shape. All but None and expressions wait in a slot.
VALUE, LIST, EMPTY = "value", "list", "empty"
ITEMS, NO_ITEMS = "items", "no items"  # as LIST and EMPTY, of a set, a range or an iterator, which JSON does not have

SCALARS = frozenset(
    {str, int, float, bytes, decimal.Decimal, uuid.UUID, dict}
    | {datetime.date, datetime.datetime, datetime.time, datetime.timedelta}
)  # fmt: skip


MANY = (list, tuple, AbstractSet, Sequence, ValuesView, Iterator)
"""What IN and BETWEEN take. Texts are sequences, too, and are left out where this is used; a dict may be JSON."""

ROWS = (tuple, list)
"""What one item of IN may be, where it is a row of several values."""


def kind_of(value: object, values: list[object]) -> Hashable:
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
        if any(isinstance(item, Node) for item in items) or (items and type(items[0]) in ROWS and _hold_nodes(items)):
            return (list, *[kind_of(item, values) for item in items])
        values.append(items)
        some, none = (LIST, EMPTY) if isinstance(value, (list, tuple)) else (ITEMS, NO_ITEMS)
        return some if any(item is not None for item in items) else none
    refuse_foreign(value)
    values.append(value)
    return VALUE


def built_kind(value: object) -> Hashable:
    """Return the structural kind of a value whose condition is being built, also of one that can't be part of a key."""
    try:
        return kind_of(value, [])
    except Uncacheable:
        items = value if isinstance(value, MANY) else ()
        return (list, *map(built_kind, items)) if isinstance(items, (list, tuple, set)) and items else (type(value),)


def _hold_nodes(rows: list[Any]) -> bool:
    """Tell whether one of several rows of values has an expression in it."""
    return any(isinstance(part, Node) for row in rows if type(row) in ROWS for part in row)


def _meant(given: object) -> str:
    """Return the end of the error about something that is no condition: what was probably meant."""
    if isinstance(given, bool):
        return ": Python makes a comparison such as Author.name == 'Ada' before there is a query; write name='Ada'"
    return f": to find a row by its key, write pk={given!r}" if isinstance(given, (int, uuid.UUID)) else ""


class Judge(Protocol):
    """Who asks a database whether values meet a condition; ``orm.sql`` knows no databases itself."""

    def check(self, condition: Q, against: Mapping[str, object], using: str) -> bool:
        """Say it in the blocking form."""
        ...

    async def acheck(self, condition: Q, against: Mapping[str, object], using: str) -> bool:
        """Say it in the awaitable form."""
        ...


class Q(tree.Node, Node):
    """A condition: lookups joined by AND, combined with ``&``, ``|``, ``^`` and ``~``.

    Example: ``Q(age__gte=18) | Q(guardian__isnull=False)``.
    """

    AND = "AND"
    OR = "OR"
    XOR = "XOR"
    default = AND
    conditional = True
    is_expression = True
    judge: ClassVar[Judge]
    """Set by ``orm.models``, which knows databases."""

    def __init__(self, *args: object, _connector: str | None = None, _negated: bool = False, **lookups: object) -> None:
        self.connector = _connector or self.default
        if self.connector not in ("AND", "OR", "XOR"):
            raise ValueError(f"_connector must be one of 'AND', 'OR', 'XOR', or None. It is {_connector!r}")
        self.negated = bool(_negated)
        for arg in args:
            refuse_foreign(arg)
            if isinstance(arg, dict):
                raise FieldError("Cannot parse keyword query as dict: filter() takes lookups, filter(**lookups)")
            if not getattr(arg, "conditional", False) and not (isinstance(arg, tuple) and len(arg) == 2):
                known = "Cannot filter against a non-conditional expression. " if isinstance(arg, Node) else ""
                raise TypeError(
                    f"{known}Q() and filter() take conditions and lookup=value pairs, not {arg!r}{_meant(arg)}"
                )
        self.children: list[Any] = [*args, *sorted(lookups.items())]

    @classmethod
    def create(
        cls, children: Iterable[object] | None = None, connector: str | None = None, negated: bool = False
    ) -> Self:
        """Return a condition of conditions and (lookup, value) pairs, joined by ``connector``."""
        return cls(*(children or ()), _connector=connector, _negated=negated)

    def check(self, against: Mapping[str, object], using: str = "default") -> bool:
        """Ask a database whether values, or expressions, by name meet this condition.

        True also where the condition comes to NULL, as a CHECK constraint takes that, and where the database raises an
        error, which is logged. Raises ``FieldError`` for a name that can't be resolved.
        """
        return self.judge.check(self, against, using)

    async def acheck(self, against: Mapping[str, object], using: str = "default") -> bool:
        """Awaitable form of :meth:`check`."""
        return await self.judge.acheck(self, against, using)

    def deconstruct(self) -> Deconstructed:
        options: dict[str, Any] = {} if self.connector == self.AND else {"_connector": self.connector}
        if self.negated:
            options["_negated"] = True
        return self._path, tuple(self.children), options

    def replace_expressions(self, replacements: Mapping[object, object]) -> Q:
        """Return this with every expression in it replaced that is a key of ``replacements``.

        Raises ``NotImplementedError`` where a pair of lookup and value names what is to be replaced.
        """
        children: list[Any] = []
        for child in self.children:
            if type(child) is not tuple:
                children.append(child.replace_expressions(replacements))
                continue
            name, value = child
            if F(name.split("__")[0]) in replacements:
                raise NotImplementedError(
                    f"{name!r} can't be replaced in a pair of lookup and value: write it as an expression."
                )
            is_expression = hasattr(value, "replace_expressions")
            children.append((name, value.replace_expressions(replacements) if is_expression else value))
        return Q.create(children, self.connector, self.negated)

    def structure(self, values: list[object]) -> Hashable:
        """Return the key of this condition without its values, which are appended to ``values``."""
        # A list of another class notes the names as well as the values (orm.query.step_keys).
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
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        """Return the condition resolved against a query."""
        return query.resolve_condition(self, allow_joins, reuse, summarize)

    def combined(self, other: object, connector: str) -> Any:
        """Return this and another condition joined by AND, OR or XOR; the other one where this says nothing."""
        if not getattr(other, "conditional", False):
            raise TypeError(f"A Q combines with conditions, not with {other!r}")
        if not self.children and not self.negated:
            return copy.copy(other)
        if isinstance(other, Q) and not other.children:
            return copy.copy(self)
        return Q(*self._parts(connector), *Q._parts_of(other, connector), _connector=connector)

    def _parts(self, connector: str) -> list[Any]:
        same = not self.negated and (self.connector == connector or len(self.children) == 1)
        return self.children if same else [self]

    @staticmethod
    def _parts_of(other: object, connector: str) -> list[Any]:
        return other._parts(connector) if isinstance(other, Q) else [other]

    def __and__(self, other: object) -> Any:
        return self.combined(other, "AND")

    def __or__(self, other: object) -> Any:
        return self.combined(other, "OR")

    def __xor__(self, other: object) -> Any:
        return self.combined(other, "XOR")

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Q:
        if self.negated:
            new = copy.copy(self)
            new.negated = False
            return new
        return Q(*self.children, _connector=self.connector, _negated=True)

    def copy(self) -> Self:
        """Return the same condition as another object: ``add()`` on one does not change the other."""
        return self.create(self.children, self.connector, self.negated)

    __copy__ = copy

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
        return self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)

    @property
    def identity(self) -> Hashable:
        """A key of this condition with its values; lists, tuples and views of the same items are the same."""
        return (self.connector, self.negated, make_hashable(self.children))


def _base_names(value: object) -> Iterator[str]:
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

    def map(self, change: Callable[[Expression], Expression]) -> Self:
        nodes = tuple(change(node) for node in self.nodes)
        if all(new is old for new, old in zip(nodes, self.nodes, strict=True)):
            return self
        new = copy.copy(self)
        new.nodes = nodes
        return new

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

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        text, params, joined = self.as_parts(compiler)
        return (f"({text})" if joined else text), params

    def as_parts(self, compiler: Compiler) -> tuple[str, Sequence[object], bool]:
        """Return the SQL without parentheses, its parameters, and whether another condition around it needs them.

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
        if self.connector == "XOR" and len(self.nodes) > 1:
            # Few databases have XOR, so parts that are true are counted. Also where one part is left: NULL, negated,
            # would stay NULL, and an XOR of it is false and negated true.
            ones = " + ".join(f"CASE WHEN {part} THEN 1 ELSE 0 END" for part in parts)
            parts = [f"((({ones}{' + 1' * flips}) %% 2) = 1)"]
        text = f" {self.connector} ".join(parts)
        if negated:
            return f"NOT ({text})", params, False
        return text, params, len(parts) > 1


class Never(Expression):
    """A condition no row meets, which is sent to the database all the same."""

    conditional_kind = True

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return "1 = 0", []


class NothingNode(Expression):
    """A condition no row meets: what ``none()`` filters by."""

    conditional_kind = True

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        raise EmptyResultSet


Combinable.condition_class = Q
