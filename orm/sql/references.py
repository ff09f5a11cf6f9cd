"""Names in expressions: ``F`` for the query's own fields, ``OuterRef`` for those of the query around a subquery."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from orm.errors import NotSupportedError, advised
from orm.late import late_module
from orm.sql import types
from orm.sql.combinable import Combinable
from orm.sql.expressions import Expression, NegatedExpression, Value, as_expression
from orm.sql.nodes import Node, Rendered
from orm.sql.types import SQLType
from orm.structures import tree

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.resolving import Resolver
    from orm.structures import arguments
else:
    arguments = late_module("orm.structures.arguments")


class F(Combinable):
    """A reference to a field, relation path or annotation by name: ``F("price")``, ``F("author__name")``.

    Slicing gives part of a text: ``F("name")[:3]``.
    """

    is_expression = True
    conditional = False
    allowed_default: Any = False

    name: Any

    def __init__(self, name: str) -> None:
        self.name = name if isinstance(name, str) else arguments.text_given("F() takes the name of a field", name)

    def structure(self, values: list[object]) -> Hashable:
        return (type(self), self.name if type(values) is list else values.named(self.name))  # type: ignore[attr-defined]

    query_structure = structure

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        return query.resolve_ref(self.name, allow_joins, reuse, summarize)

    def replace_expressions(self, replacements: Mapping[object, object]) -> Any:
        """Return the replacement of this name, with the transforms that follow it; itself where there is none."""
        found: Any = replacements.get(self)
        name, *transforms = self.name.split("__")
        if found is not None or not transforms:
            return self if found is None else found
        found = replacements.get(F(name))
        if found is None:
            return self
        for transform_name in transforms:
            held = found.output_field_or_none
            transform = None if held is None else held.get_transform(transform_name)
            if transform is None:
                return self
            found = transform(found)
        return found

    def __getitem__(self, part: Expression) -> Sliced:
        return Sliced(self, part)

    def __invert__(self) -> NegatedExpression:
        return NegatedExpression(self)

    # With __getitem__ alone, Python would take letter after letter without end, also to answer ``in``.
    __iter__: ClassVar[None] = None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.name == self.name

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"


def seen_from(given: Any, way: str) -> Any:
    """Return an expression of a related model's as it is from a model with the relations ``way`` to that one.

    Parameters: ``way`` is what its names begin with then: ``"author__"``.

    Raises ``NotImplementedError`` for a subquery, inside which names may be those of the related model.
    """
    if isinstance(given, F):
        return type(given)(f"{way}{given.name}")
    if isinstance(given, tree.Node):  # a condition, of pairs of lookup and value among others
        moved = copy.copy(given)
        moved.children = [
            (f"{way}{child[0]}", seen_from(child[1], way)) if type(child) is tuple else seen_from(child, way)
            for child in given.children
        ]
        return moved
    if hasattr(given, "queryset"):
        raise NotImplementedError(
            f"A model whose Meta.ordering holds a subquery can't be ordered by through {way!r}: name its fields there"
        )
    return given.map(lambda child: seen_from(child, way)) if isinstance(given, Expression) else given


def names_in(value: Any) -> Iterator[str]:
    """Yield the names of the query's own fields that a looked-up value (an expression, a list of them) refers to."""
    if isinstance(value, F):
        if not isinstance(value, OuterRef):
            yield value.name
    elif isinstance(value, Node):
        yield from names_in(list(vars(value).values()))
    elif type(value) in (list, tuple):
        for item in value:
            yield from names_in(item)


class OuterRef(F):
    """A reference, inside a subquery, to a field of the query around it; ``OuterRef(OuterRef("x"))`` goes two out."""

    def __init__(self, name: Any) -> None:
        if not isinstance(name, (str, OuterRef)):
            raise TypeError(f"OuterRef() takes the name of a field of the outer query, not {name!r}")
        self.name = name

    def structure(self, values: list[object]) -> Hashable:
        inner = self.name
        return (OuterRef, inner.structure(values) if isinstance(inner, OuterRef) else inner)

    query_structure = structure

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        return Outer(self.name)


class Outer(Expression):
    """An OuterRef inside a resolved subquery, waiting for the query around it."""

    def __init__(self, name: Any) -> None:
        super().__init__()
        self.name = name

    def _infer_output_field(self) -> SQLType | None:
        return None

    def resolve_in_outer(self, query: Resolver) -> Expression:
        """Return what the name means in the query that embeds the subquery."""
        if isinstance(self.name, OuterRef):
            return self.name.resolve_expression(query)
        return query.resolve_ref(self.name, True, None, False)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        raise advised(
            ValueError,
            "This queryset contains a reference to an outer query and may only be used in a subquery.",
            f" It refers to an outer query (OuterRef({self.name!r})): use it in Subquery or Exists",
        )


class Sliced(Expression):
    """Part of a text, as Python slices it: ``F("name")[2:5]``."""

    def __init__(self, source: Any, part: Any) -> None:
        super().__init__(types.TEXT)
        written = part
        if isinstance(part, int):
            if part < 0:
                raise ValueError("Negative indexing is not supported.")
            part = slice(part, part + 1)
        if not isinstance(part, slice):
            said = "Argument to slice must be either int or slice instance."
            raise advised(TypeError, said, f" {part!r} is neither")
        start, stop = part.start or 0, part.stop
        if part.step is not None:
            raise ValueError("Step argument is not supported.")
        if start < 0 or (stop is not None and stop < 0):
            raise ValueError("Negative indexing is not supported.")
        if stop is not None and stop < start:
            raise ValueError("Slice stop must be greater than slice start.")
        bounds = [start + 1] if stop is None else [start + 1, stop - start]
        self.source = source
        self.part = (written,) if isinstance(written, int) else (written.start, written.stop)
        self.bounds = [Value(bound, output_field=types.INTEGER) for bound in bounds]

    def __getitem__(self, part: Expression) -> Sliced:
        return Sliced(self, part)

    __iter__: ClassVar[None] = None

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        """Return this about a column. Raises ``NotSupportedError`` where that holds no text."""
        resolved = self.with_parts_resolved(query, allow_joins, reuse, summarize, for_save)
        source = resolved.source.output_field_or_none
        start, *length = (bound.value for bound in self.bounds)
        own: Expression | None = (
            None if source is None else source.sliced(resolved.source, start, length[0] if length else None)
        )
        if own is not None:
            query.refuse_sharing()  # its bounds are in the text, and not among the query's values
            return own
        if source is not None and source.kind not in types.TEXT_KINDS:
            said = "This field does not support slicing."
            raise advised(NotSupportedError, said, f" {resolved.source!r} is no text")
        return resolved

    def __repr__(self) -> str:
        part = self.part[0] if len(self.part) == 1 else slice(*self.part)
        return f"{type(self).__name__}({self.source!r}, {part!r})"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        parts = [compiler.compile(item) for item in (self.source, *self.bounds)]
        return f"SUBSTR({', '.join(sql for sql, _ in parts)})", [p for _, params in parts for p in params]


def as_reference(value: object) -> Any:
    """Return ``value`` when it is an expression, ``F(value)`` for a string, a ``Value`` for anything else."""
    return F(value) if isinstance(value, str) else as_expression(value)
