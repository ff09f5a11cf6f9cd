"""Lookups: the comparisons a filter may name (``exact``, ``gt``, ``in``…).

A lookup is made once for a shape: its right side is a slot, an expression or a subquery, never a value. ``build``
decides which from the *kind* of what the user gave, and says how each value is prepared when a query of this shape
gets its own. Custom lookups set ``lookup_name`` and write ``as_sql`` with ``process_lhs`` and ``process_rhs``, as in
Django; these get the value itself (``orm.sql.by_hand``).
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from orm.errors import DataError, EmptyResultSet, advised
from orm.sql import types
from orm.sql.by_hand import ByHand, as_stored, reads_value
from orm.sql.calls import ExpressionWrapper
from orm.sql.columns import Col
from orm.sql.compared_values import wide_number
from orm.sql.conditions import EMPTY, ITEMS, LIST, NO_ITEMS, VALUE, NothingNode, built_kind, kind_of
from orm.sql.expressions import ComparedSlot, Expression, Slot, Value, as_expression
from orm.sql.listed import EachItem, ListItem, RangeBounds, TakeItem
from orm.sql.nodes import Node, Param, Rendered
from orm.sql.one_type import right_bound
from orm.sql.transforms import bilateral_transforms, named_here, registered, transformed
from orm.sql.types import OutOfRange, SQLType
from orm.sql.zones import name_of

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.resolving import Resolver
    from orm.sql.transforms import Transform

Prepare = Callable[[Any], Any]


class Lookup(Expression):
    """A comparison. ``lhs`` is an expression; ``rhs`` a slot, an expression, a subquery or a list of them."""

    lookup_name: str = ""
    lhs: Any
    rhs: Any
    conditional_kind = True
    rejects_nulls: ClassVar[bool] = True
    beside_left: ClassVar[bool] = False
    """Whether the right side stands beside the left one, which gives it its type; else a value says its own."""

    prepare_rhs: ClassVar[bool] = True
    """Whether a value is prepared as the left side's field prepares its own, before it is compared."""
    can_use_none_as_rhs: ClassVar[bool] = False
    takes_value: ClassVar[bool] = False
    """Whether it is written by a program, and its right side is the value."""
    holds_value: bool = False

    def __init__(self, lhs: object, rhs: object) -> None:
        super().__init__()
        self.lhs = lhs
        self.rhs = rhs

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.takes_value = reads_value(cls)

    def __repr__(self) -> str:
        sides = (side if isinstance(side, (list, tuple)) else as_expression(side) for side in (self.lhs, self.rhs))
        return f"{type(self).__name__}({', '.join(map(repr, sides))})"

    @property
    def allowed_default(self) -> bool:
        """As of its two sides, of which either may be a plain value."""
        return all(getattr(as_expression(side), "allowed_default", False) for side in (self.lhs, self.rhs))

    def _infer_output_field(self) -> SQLType | None:
        return types.BOOLEAN

    def structure(self, values: list[object]) -> Hashable:
        if self._is_resolved:
            return super().structure(values)
        return (type(self), as_expression(self.lhs).structure(values), kind_of(self.rhs, values))

    @property
    def _is_resolved(self) -> bool:
        """Whether both sides are expressions, and not the values that a user may write: ``GreaterThan(F("a"), 3)``."""
        right = self.rhs if isinstance(self.rhs, list) and self.rhs else [self.rhs]
        return isinstance(self.lhs, Node) and all(isinstance(item, Node) for item in right)

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        """Return this with names turned into columns; a value on either side becomes a bound one."""
        if self._is_resolved:
            return right_bound(self.with_parts_resolved(query, allow_joins, reuse, summarize, for_save), query)
        lhs: Expression = as_expression(self.lhs).resolve_expression(query, allow_joins, reuse, summarize, for_save)
        if isinstance(self.rhs, Node):
            right = self.rhs.resolve_expression(query, allow_joins, reuse, summarize, for_save)
            return right_bound(type(self)(lhs, right), query)
        return build_lookup(type(self), lhs, built_kind(self.rhs), self.rhs, query)

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        """Return the lookup for a value of this kind; ``query`` gives slots and resolves expressions."""
        if kind is None and not (cls.takes_value and cls.can_use_none_as_rhs):
            advice = f" of {cls.lookup_name}: use isnull=True or exact"
            raise advised(ValueError, "Cannot use None as a query value", advice)
        if isinstance(kind, tuple):
            return right_bound(cls(lhs, query.resolve_value(value, lhs)), query)
        if cls.takes_value:
            return cls._with_value(lhs, value, query)
        try:
            return cls(lhs, cls.slot(lhs, value, query))
        except OutOfRange as beyond:
            query.refuse_sharing()
            query.take_slot(value, None)
            return cls.beyond(lhs, beyond.above, value, query)

    @classmethod
    def _with_value(cls, lhs: Expression, value: object, query: Resolver) -> Expression:
        """Return the condition of a lookup that is written by a program and holds its value."""
        query.refuse_sharing()
        if value is not None:
            query.take_slot(value, None)
        made = cls(lhs, value)
        made.holds_value = True
        if cls.get_prep_lookup is not Lookup.get_prep_lookup:
            made.rhs = made.get_prep_lookup()
        elif cls.prepare_rhs and value is not None:
            made.rhs = query.preparer_for(lhs, cls.value_type(lhs))(value)
        return ByHand(made)

    @property
    def bilateral_transforms(self) -> list[type[Transform]]:
        """The transforms around the left side that the right one gets as well, the innermost first."""
        return bilateral_transforms(self.lhs)

    def rhs_is_direct_value(self) -> bool:
        """Return whether the right side is a value, and no expression."""
        return not hasattr(self.rhs, "as_sql")

    def get_prep_lookup(self) -> Any:
        """Return the value as the left side's field prepares its own; an expression as it is."""
        ready = not self.prepare_rhs or not self.rhs_is_direct_value()
        return self.rhs if ready else self.value_type(self.lhs).get_prep_value(self.rhs)

    def get_db_prep_lookup(self, value: Any, connection: Dialect) -> Rendered:
        """Return the SQL of the place of a value, and the value as the database takes it."""
        return as_stored(value, self.value_type(self.lhs), connection)

    @classmethod
    def beyond(cls, lhs: Expression, above: bool, value: object, query: Resolver) -> Expression:
        """Return the condition for a whole number above, or below, all that a database can hold."""
        raise DataError(f"{query.describe(lhs)} is compared ({cls.lookup_name}) to {value}, which 64 bits can't hold")

    @classmethod
    def slot(cls, lhs: Expression, value: object, query: Resolver) -> Slot:
        """Return the slot of a bound value, typed and prepared like the left side."""
        sql_type = cls.value_type(lhs)
        return Slot(query.take_slot(value, cls.preparer(lhs, query)), sql_type, bare=cls.beside_left)

    @classmethod
    def value_type(cls, lhs: Expression) -> SQLType:
        """Return the type the right side has; the left side's unless a lookup says otherwise."""
        found: SQLType | None = lhs.output_field_or_none
        return types.UNKNOWN if found is None else found

    @classmethod
    def preparer(cls, lhs: Expression, query: Resolver) -> Prepare:
        """Return what makes the canonical value of what a user gave; it raises for what can't be one."""
        sql_type = cls.value_type(lhs)
        prepare: Prepare = query.preparer_for(lhs, sql_type)
        return _whole(prepare, sql_type) if sql_type.kind in types.INTEGER_KINDS else prepare

    def transform_right(self, transforms: Sequence[object]) -> None:
        """Apply the bilateral transforms of the left side to the right one, the innermost first."""
        self.rhs = transformed(self.rhs, transforms)

    def process_lhs(self, compiler: Compiler, connection: Dialect, lhs: Expression | None = None) -> Rendered:
        """Return the left side's SQL and parameters."""
        return _operand(self.lhs if lhs is None else lhs, compiler, self.rhs)

    def process_rhs(self, compiler: Compiler, connection: Dialect) -> Rendered:
        """Return the right side's SQL and parameters, which of a value are a list of its own."""
        rhs = self.rhs
        if self.holds_value and self.rhs_is_direct_value():
            if not self.bilateral_transforms:
                return self.get_db_prep_lookup(rhs, connection)
            rhs = transformed(Value(rhs, self.value_type(self.lhs)), self.bilateral_transforms)
        return _operand(rhs, compiler, self.lhs, right=True)

    def rejects_null(self) -> set[str]:
        return self.lhs.rejects_null() if self.rejects_nulls else set()


def build_lookup(lookup: Any, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
    """Return the condition that a lookup makes of its sides.

    ``lookup`` is a class of lookups, or what a field's ``get_lookup`` gave instead: anything called with both sides.
    """
    if isinstance(lookup, type) and issubclass(lookup, Lookup):
        built: Expression = lookup.build(lhs, kind, value, query)
    elif isinstance(kind, tuple):
        built = lookup(lhs, query.resolve_value(value, lhs))
    else:
        built = lookup(lhs, Slot(query.take_slot(value, query.preparer_for(lhs, lhs.output_field)), lhs.output_field))
    transforms = bilateral_transforms(lhs)
    if transforms and isinstance(built, Lookup):
        built.transform_right(transforms)
    return built


def _operand(node: Expression, compiler: Compiler, left: Any, *others: Any, right: bool = False) -> Rendered:
    """Return the SQL of one side of a comparison with others (nodes, or lists of them), the first of which is the left
    side where this is the ``right`` one.

    A condition there must not be taken apart by its operator, and a date meets a moment as a moment. A column stays as
    it is for the sake of its index, unless what is on its left is computed. A moment cut to its month in a zone is, to
    a date, the first of that month there.
    """
    sql, params = compiler.compile_value(node)
    beside = (left, *others)
    if getattr(node, "cut_to_days", False) and isinstance(node, Expression) and any(map(_is_date, beside)):
        zoned: Any = node.known_type()
        return compiler.dialect.truncate("date", sql, zoned, name_of(zoned.zone)), params
    if _kind(node) == "date" and any(map(_is_moment, beside)):
        sql = compiler.dialect.date_as_moment(sql)
    sql_type = node.type_if_computed() if isinstance(node, Expression) else None
    if right and isinstance(node, Col) and isinstance(left, Expression) and left.type_if_computed() is not None:
        sql_type = node.known_type()
    while isinstance(node, ExpressionWrapper):
        node = node.expression
    if getattr(node, "conditional_kind", False):
        return f"({sql})", params
    return (sql if sql_type is None else compiler.dialect.computed_as_compared(sql, sql_type)), params


def _kind(node: object) -> str | None:
    # Of one of two types, the database compares it as what it gives.
    found = node.known_type() if isinstance(node, Expression) else getattr(node, "output_field_or_none", None)
    return None if found is None else found.kind


def _is_moment(node: object) -> bool:
    if isinstance(node, list):
        return any(map(_is_moment, node))
    return _kind(node) == "datetime" and not getattr(node, "cut_to_days", False)


def _is_date(node: object) -> bool:
    return any(map(_is_date, node)) if isinstance(node, list) else _kind(node) == "date"


def _whole(prepare: Prepare, sql_type: SQLType) -> Prepare:
    """Return what prepares a whole number; it raises ``OutOfRange`` for one that no column can hold."""
    target: SQLType = getattr(sql_type, "target_field", sql_type)
    plain = getattr(target, "plain_prepare", False)
    least, most = target.comparable_range()

    def prepared(value: object) -> object:
        if type(value) is not int or not plain:
            value = prepare(value)
            if type(value) is not int:
                return value
        if least <= value <= most:
            return value
        raise OutOfRange(value > most)

    return prepared


class _Comparison(Lookup):
    operator = "="
    beside_left = True

    @classmethod
    def slot(cls, lhs: Expression, value: object, query: Resolver) -> Slot:
        sql_type = cls.value_type(lhs)
        if sql_type.kind in ("smallint", "integer"):  # compared as 64 bits, so that a number may be too wide for it
            return ComparedSlot(query.take_slot(value, cls.preparer(lhs, query)), wide_number(sql_type))
        return ComparedSlot(query.take_slot(value, cls.preparer(lhs, query)), sql_type, bare=cls.beside_left)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} {self.operator} {rhs}", [*lhs_params, *rhs_params]


@registered()
class Exact(_Comparison):
    lookup_name = "exact"

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if kind is None:
            return IsNull(lhs, True)
        if kind in (LIST, EMPTY, ITEMS, NO_ITEMS) and not cls.value_type(lhs).takes_lists:
            sql_type = cls.value_type(lhs)
            name = getattr(getattr(sql_type, "target_field", sql_type), "name", None)
            advice = f"{query.describe(lhs)} is compared to one value, not to {value!r}: use the in lookup"
            if sql_type.kind in types.NUMBER_KINDS:
                raise advised(TypeError, f"Field {name!r} expected a number but got {value!r}.", f" {advice}")
            if not types.strict_values:
                cls.preparer(lhs, query)(value)  # Django reads the list as a value, and says what is wrong with that
            raise TypeError(advice)
        return super().build(lhs, kind, value, query)

    @classmethod
    def beyond(cls, lhs: Expression, above: bool, value: object, query: Resolver) -> Expression:
        return NothingNode()


class _Bound:
    """Prepares what integers are compared to: a fraction becomes the whole number with the same ones beyond it."""

    def __init__(self, prepare: Prepare, rounding: Callable[[Any], int]) -> None:
        self.prepare = prepare
        self.rounding = rounding

    def __call__(self, value: object) -> Any:
        if isinstance(value, (float, decimal.Decimal)) and math.isfinite(value):
            value = self.rounding(value)
        return self.prepare(value)


class _Ordering(_Comparison):
    rounding: ClassVar[Callable[[Any], int]]

    @classmethod
    def beyond(cls, lhs: Expression, above: bool, value: object, query: Resolver) -> Expression:
        """Return that there is a number at all where every one is less (or greater), else what no row meets."""
        return IsNull(lhs, False) if above == (cls.operator[0] == "<") else NothingNode()

    @classmethod
    def preparer(cls, lhs: Expression, query: Resolver) -> Prepare:
        prepare = super().preparer(lhs, query)
        return _Bound(prepare, cls.rounding) if cls.value_type(lhs).kind in types.INTEGER_KINDS else prepare


@registered()
class GreaterThan(_Ordering):
    lookup_name = "gt"
    operator = ">"
    rounding = math.floor


@registered()
class GreaterThanOrEqual(_Ordering):
    lookup_name = "gte"
    operator = ">="
    rounding = math.ceil


@registered()
class LessThan(_Ordering):
    lookup_name = "lt"
    operator = "<"
    rounding = math.ceil


@registered()
class LessThanOrEqual(_Ordering):
    lookup_name = "lte"
    operator = "<="
    rounding = math.floor


@registered()
class IsNull(Lookup):
    """``isnull=True`` or ``False``; part of the shape, as it changes the text."""

    lookup_name = "isnull"

    @property
    def _is_resolved(self) -> bool:
        return isinstance(self.lhs, Node) and isinstance(self.rhs, bool)  # which is part of the text

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if kind is not True and kind is not False:
            if value is None:
                raise advised(ValueError, "Cannot use None as a query value", ". isnull takes True or False")
            said = "The QuerySet value for an isnull lookup must be True or False."
            raise advised(ValueError, said, f" It is {value!r}.")
        query.take_slot(value, None)
        return cls(lhs, kind)

    def rejects_null(self) -> set[str]:
        return set() if self.rhs else self.lhs.rejects_null()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, params = self.process_lhs(compiler, connection)
        return f"{sql} IS {'NULL' if self.rhs else 'NOT NULL'}", params


class _OfList(Lookup):
    """A lookup whose right side may be a list in one slot."""

    item_transforms: Sequence[Any] = ()

    def transform_right(self, transforms: Sequence[object]) -> None:
        if isinstance(self.rhs, Slot):
            self.item_transforms = tuple(transforms)
        elif self.rhs is not None:
            super().transform_right(transforms)

    def items(self, slot: Slot, count: int) -> list[Any]:
        """Return the items of the list with the left side's bilateral transforms around each."""
        return [transformed(ListItem(slot, number), self.item_transforms) for number in range(count)]


@registered()
class In(_OfList):
    """Membership in a list (one parameter where the database has arrays) or in a subquery's rows."""

    lookup_name = "in"

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: Any, query: Resolver) -> Expression:
        if kind in (EMPTY, NO_ITEMS):
            query.take_slot(value, None)
            return cls(lhs, None)
        if isinstance(value, Mapping):
            kind = ITEMS  # its keys
        if isinstance(kind, tuple):
            if kind[0] is list:
                return right_bound(cls(lhs, [query.resolve_value(item, lhs) for item in value]), query)
            return cls(lhs, query.resolve_value(value, lhs, many=True))
        if kind == VALUE and isinstance(value, str) and not types.strict_values:
            kind = ITEMS  # its characters
        if kind not in (LIST, ITEMS):
            raise TypeError(f"The in lookup takes a list or a queryset, not {value!r}")
        slot = query.take_slot(value, EachItem(cls.preparer(lhs, query)))
        query.mark_list(slot)
        return cls(lhs, Slot(slot, cls.value_type(lhs), bare=True))

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        if self.rhs is None:
            raise EmptyResultSet
        lhs, params = self.process_lhs(compiler, connection)
        listed = self.rhs
        if self.item_transforms:
            listed = self.items(self.rhs, compiler.list_length(self.rhs.index))
            if not listed:
                raise EmptyResultSet
        if isinstance(listed, list):
            parts = [_operand(item, compiler, self.lhs, listed, right=True) for item in listed]
            inside = ", ".join(sql for sql, _ in parts)
            return f"{lhs} IN ({inside})", [*params, *[p for _, item_params in parts for p in item_params]]
        if not isinstance(self.rhs, Slot):
            as_rows = getattr(self.rhs, "as_rows", None)
            rhs, rhs_params = as_rows(compiler) if as_rows else self.process_rhs(compiler, connection)
            if not rhs.startswith("("):
                rhs = f"({rhs})"
            condition = connection.among_few(lhs, rhs) if getattr(self.rhs, "gives_few", False) else f"{lhs} IN {rhs}"
            return condition, [*params, *rhs_params]
        sql_type, index = self.rhs.output_field, self.rhs.index
        adapter = connection.comparison_adapter(sql_type)
        spelling = connection.membership(lhs, sql_type) if compiler.lists_are_parameters else None
        if spelling is not None:
            return spelling.sql.replace("{lhs}", lhs), [*params, Param(index, spelling.adapter)]
        count = compiler.list_length(index)
        if count == 0:
            raise EmptyResultSet
        items = [Param(index, TakeItem(i, adapter)) for i in range(count)]
        return f"{lhs} IN ({', '.join(['%s'] * count)})", [*params, *items]


@registered()
class Range(_OfList):
    """Between two values, both included."""

    lookup_name = "range"

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: Any, query: Resolver) -> Expression:
        if isinstance(kind, tuple) and kind[0] is list and len(value) == 2:
            return right_bound(cls(lhs, [query.resolve_value(item, lhs) for item in value]), query)
        if kind not in (LIST, ITEMS) or len(list(value)) != 2 or None in value:
            raise TypeError(f"range takes a pair (from, to), not {value!r}")
        sql_type = cls.value_type(lhs)
        try:
            slot = query.take_slot(value, RangeBounds(cls.preparer(lhs, query)))
        except OutOfRange:
            query.refuse_sharing()
            query.take_slot(value, None)
            return NothingNode()
        narrow = sql_type.kind in ("smallint", "integer")
        return cls(lhs, Slot(slot, wide_number(sql_type) if narrow else sql_type, bare=not narrow))

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        bounded = self.items(self.rhs, 2) if self.item_transforms else self.rhs
        if isinstance(bounded, list):
            (low, low_params), (high, high_params) = (
                _operand(item, compiler, self.lhs, bounded, right=True) for item in bounded
            )
            return f"{lhs} BETWEEN {low} AND {high}", [*params, *low_params, *high_params]
        adapter = connection.comparison_adapter(self.rhs.output_field)
        bounds = [Param(self.rhs.index, TakeItem(i, adapter)) for i in (0, 1)]
        bound = "%s" if self.rhs.bare else connection.parameter(self.rhs.output_field)
        return f"{lhs} BETWEEN {bound} AND {bound}", [*params, *bounds]


class PatternLookup(Lookup):
    """A text match; the dialect spells it and makes the pattern from the value."""

    match: ClassVar[str]
    """The name by which the dialect knows it, whatever a program calls a lookup made from it."""

    @classmethod
    def value_type(cls, lhs: Expression) -> SQLType:
        return types.TEXT

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        lhs_type = self.lhs.output_field
        lhs = connection.as_text(lhs, lhs_type)
        pattern = connection.pattern(self.match, lhs_type)
        if isinstance(self.rhs, Slot):
            return pattern.sql.replace("{lhs}", lhs), [*params, Param(self.rhs.index, pattern.adapter)]
        rhs, rhs_params = self.process_rhs(compiler, connection)
        if self.holds_value and self.rhs_is_direct_value():
            return pattern.sql.replace("%s", rhs, 1).replace("{lhs}", lhs), [*params, *rhs_params]
        rhs_type = self.rhs.output_field_or_none if isinstance(self.rhs, Expression) else None
        rhs = rhs if rhs_type is None else connection.as_text(rhs, rhs_type)
        rhs = connection.part(self.match, rhs, lhs_type)
        return connection.pattern_expression(self.match, lhs, rhs), [*params, *rhs_params]

    def get_db_prep_lookup(self, value: Any, connection: Dialect) -> Rendered:
        """Return the place of a value, and the pattern that is made of it."""
        adapt = connection.pattern(self.match, self.lhs.output_field).adapter
        return "%s", [value if adapt is None else adapt(value)]


def _pattern_lookup(name: str) -> type[PatternLookup]:
    cls = type(name.capitalize(), (PatternLookup,), {"lookup_name": name, "match": name})
    cls.__doc__ = f"The {name} match of texts."
    return registered()(named_here(cls, globals()))


Contains, IContains = _pattern_lookup("contains"), _pattern_lookup("icontains")
StartsWith, IStartsWith = _pattern_lookup("startswith"), _pattern_lookup("istartswith")
EndsWith, IEndsWith = _pattern_lookup("endswith"), _pattern_lookup("iendswith")
Regex, IRegex = _pattern_lookup("regex"), _pattern_lookup("iregex")


@registered()
class IExact(PatternLookup):
    """Equality that ignores case."""

    lookup_name = match = "iexact"

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        return IsNull(lhs, True) if kind is None else super().build(lhs, kind, value, query)
