"""Looking into JSON: ``data__address__city="Turin"``, ``data__has_key="address"``, ``data__contains={"a": 1}``.

A key or index in a lookup path becomes a literal path, escaped by the dialect; it is never bound nor pasted in raw.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from orm.sql import types
from orm.sql.conditions import EMPTY, ITEMS, LIST, NO_ITEMS
from orm.sql.expressions import Expression, Param, Slot
from orm.sql.lookups import In, IsNull, Lookup, PatternLookup, Transform, _Comparison, _Each, _Item, named_here
from orm.sql.types import KIND_KEY_TRANSFORMS, KIND_LOOKUPS, SQLType

PathItem = str | int


class KeyTransform(Transform):
    """What lies under a key (or at an index, for whole numbers) of a JSON value."""

    lookup_name = "key"

    def __init__(self, key: PathItem, expression: Any, **extra: Any) -> None:
        super().__init__(expression, **extra)
        self.key: PathItem = int(key) if isinstance(key, str) and key.isdigit() else key

    def _infer_output_field(self) -> SQLType | None:
        return types.JSON

    @staticmethod
    def key_transform(name: str) -> Any:
        """Return the transform one key deeper."""
        return KeyTransformFactory(name)

    def path(self) -> tuple[Any, list[PathItem]]:
        """Return the JSON expression and the path into it."""
        inner = self.lhs
        if isinstance(inner, KeyTransform):
            root, path = inner.path()
            return root, [*path, self.key]
        return inner, [self.key]

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Sequence[Any]]:
        return self.render(compiler, connection, as_text=False)

    def render(self, compiler: Any, connection: Any, *, as_text: bool) -> tuple[str, Sequence[Any]]:
        """Return the value's SQL: as JSON, or as text with strings unquoted."""
        root, path = self.path()
        sql, params = compiler.compile(root)
        return connection.json_value(sql, path, as_text=as_text), params


class KeyTextTransform(KeyTransform):
    """What lies under a key, as text."""

    lookup_name = "key_text"

    def _infer_output_field(self) -> SQLType | None:
        return types.TEXT

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Sequence[Any]]:
        return self.render(compiler, connection, as_text=True)


class KeyTransformFactory:
    """Makes the transform for a key named in a lookup path."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, expression: Any) -> KeyTransform:
        return KeyTransform(self.key, expression)


KIND_KEY_TRANSFORMS["json"] = KeyTransformFactory


def _register(*classes: type) -> Callable[[type], Any]:
    def register(cls: Any) -> Any:
        for owner in classes:
            owner.register_lookup(cls)  # type: ignore[attr-defined]
        return cls

    return register


def _json(cls: Any) -> Any:
    KIND_LOOKUPS["json"][cls.lookup_name] = cls
    return cls


class _JSONComparison(Lookup):
    """A comparison with one JSON value."""

    @classmethod
    def build(cls, lhs: Any, kind: Hashable, value: Any, query: Any) -> Expression:
        if kind in (ITEMS, NO_ITEMS):
            raise TypeError(
                f"{query.describe(lhs)} is compared ({cls.lookup_name}) to JSON, which has lists, and no sets, ranges "
                f"or iterators: make {value!r} a list, or use the in lookup"
            )
        return super().build(lhs, kind, value, query)


@_json
class JSONExact(_JSONComparison):
    """Equality of JSON values; ``None`` asks for JSON null (``isnull=True`` for SQL NULL), as in Django."""

    lookup_name = "exact"

    @classmethod
    def build(cls, lhs: Any, kind: Hashable, value: Any, query: Any) -> Expression:
        if kind is None:
            return JSONNull(lhs, None)
        return super().build(lhs, kind, value, query)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return connection.json_exact(lhs, rhs), [*params, *rhs_params]


class JSONNull(Lookup):
    """Whether JSON null lies under a key."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        lhs, params = self.process_lhs(compiler, connection)
        adapter = connection.adapter(types.JSON)
        return connection.json_exact(lhs, "%s"), [*params, adapter(None) if adapter else "null"]


@_register(KeyTransform)
class KeyIn(In):
    """Whether what lies under a key is one of several JSON values."""

    @classmethod
    def build(cls, lhs: Any, kind: Hashable, value: Any, query: Any) -> Expression:
        if kind in (EMPTY, NO_ITEMS):
            query.take_slot(value, None)
            return cls(lhs, None)
        if kind not in (LIST, ITEMS):
            raise TypeError(f"The in lookup under a JSON key takes a list, not {value!r}")
        slot = query.take_slot(value, _Each(types.JSON.get_prep_value))
        query.mark_list(slot)
        return cls(lhs, Slot(slot, types.JSON, bare=True))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        if self.rhs is None:
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
    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        if not isinstance(self.rhs, Slot):
            return super().as_sql(compiler, connection)
        root, path = self.lhs.path()
        sql, params = compiler.compile(root)
        pattern = connection.json_comparison(sql, path)
        text = pattern.sql.replace("{operator}", self.operator)
        return text, [*params, Param(self.rhs.index, pattern.adapter)]


for _name, _operator in (("gt", ">"), ("gte", ">="), ("lt", "<"), ("lte", "<=")):
    _register(KeyTransform)(
        named_here(
            type(f"Key{_name.upper()}", (_KeyComparison,), {"lookup_name": _name, "operator": _operator}), globals()
        )
    )


class _KeyPattern(PatternLookup):
    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> tuple[str, Sequence[Any]]:
        return self.lhs.render(compiler, connection, as_text=True)  # type: ignore[no-any-return]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
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

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        root, path = self.lhs.path()
        sql, params = compiler.compile(root)
        has = connection.json_has_key(sql, path)
        return (f"NOT COALESCE({has}, {connection.false()})" if self.rhs else has), params


@_json
class JSONContains(_JSONComparison):
    """Whether a JSON value contains another."""

    lookup_name = "contains"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return connection.json_contains(lhs, rhs), [*params, *rhs_params]


@_json
class JSONContainedBy(_JSONComparison):
    """Whether a JSON value is contained in another."""

    lookup_name = "contained_by"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        lhs, params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return connection.json_contains(rhs, lhs), [*rhs_params, *params]


class _Keys:
    """The keys a has_key lookup asks for: part of the shape, as they become paths."""

    def __init__(self, keys: Sequence[PathItem]) -> None:
        self.keys = tuple(keys)


@_json
class HasKeys(Lookup):
    """Whether a JSON object has all of several keys."""

    lookup_name = "has_keys"
    joiner = " AND "
    several = True

    @classmethod
    def build(cls, lhs: Any, kind: Hashable, value: Any, query: Any) -> Expression:
        if cls.several and kind not in (LIST, ITEMS):
            raise TypeError(f"{cls.lookup_name} takes a list of keys, not {value!r}")
        if not cls.several and not isinstance(value, (str, int)):
            raise TypeError(f"{cls.lookup_name} takes one key, not {value!r}")
        query.refuse_sharing()  # the keys are part of the text
        query.take_slot(value, None)
        keys: Any = value if cls.several else [value]
        return cls(lhs, _Keys(keys))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        root, path = self.lhs.path() if isinstance(self.lhs, KeyTransform) else (self.lhs, [])
        sql, params = compiler.compile(root)
        parts = [connection.json_has_key(sql, [*path, key]) for key in self.rhs.keys]
        joined = self.joiner.join(parts)
        return (f"({joined})" if len(parts) > 1 else joined), [p for _ in parts for p in params]


@_json
class HasAnyKeys(HasKeys):
    """Whether a JSON object has one of several keys."""

    lookup_name = "has_any_keys"
    joiner = " OR "


@_json
class HasKey(HasKeys):
    """Whether a JSON object has a key."""

    lookup_name = "has_key"
    several = False
