"""Looking into JSON: ``data__address__city="Turin"``, ``data__has_key="address"``, ``data__contains={"a": 1}``.

The keys and indexes of a lookup path are one bound value, never text of the statement: paths of any keys share a shape.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError, NotSupportedError
from orm.late import late_pattern
from orm.sql import types
from orm.sql.conditions import EMPTY, ITEMS, LIST, NO_ITEMS, NothingNode, Where, kind_of
from orm.sql.expressions import Expression, Slot
from orm.sql.listed import EachItem as _Each
from orm.sql.listed import TakeItem as _Item
from orm.sql.lookups import (
    In,
    IsNull,
    Lookup,
    PatternLookup,
    _Comparison,
    build_lookup,
)
from orm.sql.nodes import Constant, Param, Rendered
from orm.sql.transforms import Transform, named_here, registered
from orm.sql.types import KIND_KEY_TRANSFORMS, SQLType

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.resolving import Resolver

PathItem = str | int

_WHOLE, _PATH = "\0whole", "\0path"
_STAND_INS = late_pattern(f"({_WHOLE}|{_PATH})")
_INDEX = late_pattern(r"-?(0|[1-9][0-9]{0,8})\Z")


def path_item(name: PathItem) -> PathItem:
    """Return what a part of a lookup path means: an index for a whole number (negative ones count from the end)."""
    return int(name) if isinstance(name, str) and _INDEX.match(name) and name != "-0" else name


def is_special(items: Sequence[PathItem]) -> bool:
    """Whether a key of the path may be written in several ways in a JSON text, with escapes or without.

    Part of the shape, since some databases find such keys another way than plain ones.
    """
    return any(isinstance(item, str) and json.dumps(item) != f'"{item}"' for item in items)


class KeyPath(Expression):
    """The keys and indexes that a path names, from the outside in; a bound value."""

    def __init__(self, items: Sequence[PathItem]) -> None:
        super().__init__()
        self.items = tuple(items)

    def structure(self, values: list[object]) -> Hashable:
        values.append(self.items)
        return KeyPath

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        return Slot(query.take_slot(self.items, None), None, bare=True)


class KeyTransform(Transform):
    """What lies under a key (or at an index, for whole numbers) of a JSON value."""

    lookup_name = "key"
    takes_extra = False
    is_part_of_json = True

    def __init__(self, key_name: PathItem, *args: Any, **extra: Any) -> None:
        """Take the key, and the JSON expression it is a key of."""
        super().__init__(*args, **extra)
        if not isinstance(key_name, (str, int)):
            raise TypeError(f"A JSON key is a string, or a whole number for an index, not {key_name!r}")
        self._set_path([path_item(key_name)])

    def _set_path(self, items: Sequence[PathItem]) -> None:
        self.path: KeyPath | Slot = KeyPath(items)
        self.special = is_special(items)

    @classmethod
    def along(cls, items: Sequence[PathItem], path: KeyPath | Slot, expression: Expression) -> KeyTransform:
        """Return what lies at several keys, one below the other; ``path`` is where their value waits."""
        new = cls(items[0], expression)
        new.path, new.special = path, is_special(items)
        return new

    @classmethod
    def from_lookup(cls, lookup: str) -> KeyTransform:
        """Return what a path such as ``"data__address__city"`` leads to.

        Raises ``ValueError`` for a path without keys.
        """
        name, *keys = lookup.split("__")
        if not keys:
            raise ValueError("Lookup must contain key or index transforms.")
        found = cls(keys[0], name)
        found._set_path([path_item(key) for key in keys])
        return found

    def _infer_output_field(self) -> SQLType | None:
        held = self.lhs.output_field_or_none
        return types.JSON if getattr(held, "decoder", None) is None else held

    def path_param(self, connection: Dialect) -> Param | Constant:
        """Return the parameter of the path."""
        adapter = connection.json_path(self.special)
        return Param(self.path.index, adapter) if isinstance(self.path, Slot) else Constant(self.path.items, adapter)

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        return self.render(compiler, connection, as_text=False)

    def render(self, compiler: Compiler, connection: Dialect, *, as_text: bool) -> Rendered:
        """Return the value's SQL: as JSON, or as text with strings unquoted."""
        if isinstance(self.lhs, KeyTextTransform):  # keys one below the other lead into JSON, whatever each gives
            sql, params = self.lhs.render(compiler, connection, as_text=False)
            held: SQLType | None = types.JSON
        else:
            sql, params = compiler.compile(self.lhs)
            held = self.lhs.output_field_or_none
        if held is not None and held.kind != "json":
            raise FieldError(f"{type(self).__name__} looks into JSON, not into a {held.kind}")
        text = connection.json_value(_WHOLE, _PATH, as_text=as_text, special=self.special)
        stand_ins = {_WHOLE: (sql, params), _PATH: ("%s", [self.path_param(connection)])}
        parts = [stand_ins.get(part, (part, ())) for part in _STAND_INS.split(text)]  # which may come several times
        return "".join(part for part, _ in parts), [param for _, found in parts for param in found]


class KeyTextTransform(KeyTransform):
    """What lies under a key, as text."""

    lookup_name = "key_text"
    takes_extra = False
    is_part_of_json = False

    def _infer_output_field(self) -> SQLType | None:
        return types.TEXT

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        return self.render(compiler, connection, as_text=True)


KT = KeyTextTransform.from_lookup


class KeyTransformFactory:
    """Makes the transform for a key named in a lookup path."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, expression: Expression) -> KeyTransform:
        return KeyTransform(self.key, expression)


def keys_in(
    sql_type: SQLType, names: Sequence[str], filtering: bool, known: dict[str, type] | None = None, below: bool = False
) -> int:
    """Return how many of the names after a JSON value are keys into it.

    Parameters: ``filtering``: the last name is a lookup where there is one of that name. ``known`` are lookups of the
    expression itself. ``below``: the value is already that of something under a key.
    """
    lookups = sql_type.lookups()
    for position, name in enumerate(names):
        own = KeyTransform.class_lookups if below or position else known or {}
        found = own.get(name) or lookups.get(name)
        is_transform = getattr(found, "is_transform", False)
        if is_transform and (name in own or not (below or position)):
            return position
        if found is not None and not is_transform and filtering and position == len(names) - 1:
            return position
    return len(names)


KIND_KEY_TRANSFORMS["json"] = KeyTransformFactory


def _register(*classes: type) -> Callable[[type], Any]:
    def register(cls: object) -> Any:
        for owner in classes:
            owner.register_lookup(cls)  # type: ignore[attr-defined]
        return cls

    return register


class _JSONComparison(Lookup):
    """A comparison with one JSON value."""

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if kind in (ITEMS, NO_ITEMS):
            raise TypeError(
                f"{query.describe(lhs)} is compared ({cls.lookup_name}) to JSON, which has lists, and no sets, ranges "
                f"or iterators: make {value!r} a list, or use the in lookup"
            )
        return super().build(lhs, kind, value, query)


@registered("json")
class JSONExact(_JSONComparison):
    """Equality of JSON values; ``None`` asks for JSON null (``isnull=True`` for SQL NULL), as in Django."""

    lookup_name = "exact"

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if kind is None:
            return JSONNull(lhs, None)
        return super().build(lhs, kind, value, query)

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return connection.json_exact(lhs, rhs), [*params, *rhs_params]


class JSONNull(Lookup):
    """Whether JSON null lies under a key."""

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        adapter = connection.adapter(types.JSON)
        return connection.json_exact(lhs, "%s"), [*params, adapter(None) if adapter else "null"]


@_register(KeyTransform)
class KeyIn(In):
    """Whether what lies under a key is one of several JSON values."""

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: Any, query: Resolver) -> Expression:
        if isinstance(kind, tuple) and kind[0] is list:
            return Where([build_lookup(JSONExact, lhs, kind_of(item, []), item, query) for item in value], "OR")
        if kind in (EMPTY, NO_ITEMS):
            query.take_slot(value, None)
            return cls(lhs, None)
        if isinstance(kind, tuple):
            return cls(lhs, query.resolve_value(value, lhs, many=True))
        if kind not in (LIST, ITEMS):
            raise TypeError(f"The in lookup under a JSON key takes a list or a queryset, not {value!r}")
        slot = query.take_slot(value, _Each(types.JSON.get_prep_value))
        query.mark_list(slot)
        return cls(lhs, Slot(slot, types.JSON, bare=True))

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        if not isinstance(self.rhs, Slot):
            return super().as_sql(compiler, connection)
        lhs, params = self.process_lhs(compiler, connection)
        adapter = connection.adapter(types.JSON)
        parts: list[str] = []
        found: list[Any] = []
        for i in range(compiler.list_length(self.rhs.index)):
            parts.append(connection.json_exact(lhs, "%s"))
            found += [*params, Param(self.rhs.index, _Item(i, adapter))]
        return f"({' OR '.join(parts)})", found


class _KeyComparison(_Comparison):
    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        if not isinstance(self.rhs, Slot):
            return super().as_sql(compiler, connection)
        sql, params = compiler.compile(self.lhs.lhs)
        lhs, adapter = connection.json_comparable(sql, "%s", special=self.lhs.special)
        return f"{lhs} {self.operator} %s", [*params, self.lhs.path_param(connection), Param(self.rhs.index, adapter)]


for _name, _operator in (("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=")):
    _register(KeyTransform)(
        named_here(
            type(f"Key{_name.upper()}", (_KeyComparison,), {"lookup_name": _name, "operator": _operator}), globals()
        )
    )


class _KeyPattern(PatternLookup):
    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if kind is None and cls.lookup_name == "iexact":
            return KeyIsNull(lhs, True)
        return super().build(lhs, kind, value, query)

    def process_lhs(self, compiler: Compiler, connection: Dialect, lhs: Expression | None = None) -> Rendered:
        return self.lhs.render(compiler, connection, as_text=True)  # type: ignore[no-any-return]

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        if not isinstance(self.rhs, Slot):
            rhs, rhs_params = self.process_rhs(compiler, connection)
            return connection.pattern_expression(self.lookup_name, lhs, rhs), [*params, *rhs_params]
        pattern = connection.pattern(self.lookup_name, types.TEXT)
        return pattern.sql.replace("{lhs}", lhs), [*params, Param(self.rhs.index, pattern.adapter)]


for _name in ("icontains", "startswith", "istartswith", "endswith", "iendswith", "iexact", "regex", "iregex"):
    _register(KeyTransform)(
        named_here(type(f"Key{_name.capitalize()}", (_KeyPattern,), {"lookup_name": _name}), globals())
    )


@_register(KeyTransform)
class KeyIsNull(IsNull):
    """Whether a key is absent (``isnull=True``) or there, be it with JSON null."""

    def rejects_null(self) -> set[str]:
        return set()

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        sql, params = compiler.compile(self.lhs.lhs)
        has = connection.json_exists(sql, "%s", special=self.lhs.special)
        text = f"NOT COALESCE({has}, {connection.false()})" if self.rhs else has
        return text, [*params, self.lhs.path_param(connection)]


def check_containment(lookup_name: str, connection: Dialect) -> None:
    """Refuse a lookup that Django has on some databases only, where its answers are wanted (``same_everywhere``)."""
    if not types.same_everywhere and not connection.features.supports_json_field_contains:
        raise NotSupportedError(f"{lookup_name} lookup is not supported on this database backend.")


@registered("json")
class JSONContains(_JSONComparison):
    """Whether a JSON value contains another."""

    lookup_name = "contains"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        check_containment(self.lookup_name, connection)
        return connection.json_contains(lhs, rhs), [*params, *rhs_params]


@registered("json")
class JSONContainedBy(_JSONComparison):
    """Whether a JSON value is contained in another."""

    lookup_name = "contained_by"

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        check_containment(self.lookup_name, connection)
        return connection.json_contains(rhs, lhs), [*rhs_params, *params]


def _moved(transform: KeyTransform, start: object) -> KeyTransform:
    """Return what the path of a key transform leads to from another JSON value."""
    moved = copy.copy(transform)
    inner = transform.lhs
    moved.source_expressions = [_moved(inner, start) if isinstance(inner, KeyTransform) else start]
    return moved


def _key(value: object) -> str:
    """Return a key of a JSON object, which is a string."""
    return str(value)


@registered("json")
class HasKey(Lookup):
    """Whether a JSON object has a key; a key transform asks for the path that it names."""

    lookup_name = "has_key"

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if isinstance(kind, tuple):
            named = query.resolve_value(value, lhs)
            if not isinstance(named, KeyTransform):
                raise TypeError(f"{cls.lookup_name} takes a key, or a key transform for a path of keys, not {value!r}")
            return KeyIsNull(_moved(named, lhs), False)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise TypeError(f"{cls.lookup_name} takes one key, not {value!r}")
        return cls(lhs, Slot(query.take_slot(value, _key), types.TEXT, bare=True))

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        return connection.json_has_key(lhs, "%s"), [*params, Param(self.rhs.index, connection.adapter(types.TEXT))]


@registered("json")
class HasKeys(Lookup):
    """Whether a JSON object has all of several keys."""

    lookup_name = "has_keys"
    every = True

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if kind in (EMPTY, NO_ITEMS):
            query.take_slot(value, None)
            return IsNull(lhs, False) if cls.every else NothingNode()
        if kind not in (LIST, ITEMS):
            raise TypeError(f"{cls.lookup_name} takes a list of keys, not {value!r}")
        return cls(lhs, Slot(query.take_slot(value, _Each(_key)), types.TEXT, bare=True))

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, params = self.process_lhs(compiler, connection)
        text, adapter = connection.json_has_keys(lhs, "%s", every=self.every)
        return text, [*params, Param(self.rhs.index, adapter)]


@registered("json")
class HasAnyKeys(HasKeys):
    """Whether a JSON object has one of several keys."""

    lookup_name = "has_any_keys"
    every = False
