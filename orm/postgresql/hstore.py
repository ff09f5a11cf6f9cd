"""``HStoreField``: texts by key in one column, as PostgreSQL's extension ``hstore`` keeps them.

The extension is made with ``CREATE EXTENSION hstore`` (``HStoreExtension`` in a migration).
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from orm.errors import ValidationError
from orm.models.fields import Field, TextField
from orm.postgresql.arrays import ArrayField
from orm.sql import types
from orm.sql.conditions import EMPTY, ITEMS, LIST
from orm.sql.expressions import Expression, Slot
from orm.sql.lookups import Lookup
from orm.sql.transforms import Transform

if TYPE_CHECKING:
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered
    from orm.sql.resolving import Resolver
    from orm.sql.types import SQLType

__all__ = ["HStoreField"]

_TEXTS = ArrayField(TextField())


class HStoreField(Field[dict[str, str | None]]):
    """Texts by key. Keys and values become text when they are written; a value may be None, which is SQL's NULL."""

    kind = "hstore"
    description = "Map of strings to strings/nulls"
    empty_strings_allowed = False
    default_error_messages: ClassVar[dict[str, str]] = {
        "not_a_string": "The value of “%(key)s” is not a string or null.",
        "invalid": "“%(value)s” value must be a map of strings.",
    }

    def takes_bare(self, guessed: SQLType) -> bool:
        """A dict."""
        return guessed is types.JSON

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if not isinstance(value, Mapping):
            raise TypeError(f"{self}: an hstore is given as a dict of texts, not as {value!r}.")
        return {str(key): None if item is None else str(item) for key, item in value.items()}

    def to_python(self, value: Any) -> Any:
        """A dict, also from its JSON text."""
        if isinstance(value, str):
            value = json.loads(value)
        if value is not None and not isinstance(value, Mapping):
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value})
        return value

    def value_to_string(self, instance: Any) -> str:
        """The dict as JSON text."""
        return json.dumps(self.value_from_object(instance))

    def validate(self, value: Any, instance: Any) -> None:
        """Also: the values are texts or None."""
        super().validate(value, instance)
        for key, item in (value or {}).items():
            if item is not None and not isinstance(item, str):
                raise ValidationError(self.error_messages["not_a_string"], code="not_a_string", params={"key": key})

    def get_transform(self, name: str) -> Any:
        """Also: any other name is a key."""
        return super().get_transform(name) or HStoreKeyFactory(name)


class HStoreKey(Transform):
    """The text under a key."""

    lookup_name = "key"

    def __init__(self, key: str, expression: object) -> None:
        super().__init__(expression)
        self.key = key

    def _infer_output_field(self) -> SQLType | None:
        return TextField()

    def as_sql(self, compiler: Compiler, connection: Dialect, **context: object) -> Rendered:
        sql, params = compiler.compile(self.lhs)
        return f"({sql} -> %s::text)", [*params, self.key]


class HStoreKeyFactory:
    """Makes the transform for a key named in a lookup path."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, expression: Expression) -> HStoreKey:
        return HStoreKey(self.key, expression)


class _HStoreComparison(Lookup):
    operator = ""

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} {self.operator} {rhs}", [*lhs_params, *rhs_params]


@HStoreField.register_lookup
class HStoreContains(_HStoreComparison):
    """Whether all pairs of a dict are among the column's."""

    lookup_name = "contains"
    operator = "@>"


@HStoreField.register_lookup
class HStoreContainedBy(_HStoreComparison):
    """Whether all pairs of the column are among a dict's."""

    lookup_name = "contained_by"
    operator = "<@"


@HStoreField.register_lookup
class HStoreHasKey(_HStoreComparison):
    """Whether there is a key."""

    lookup_name = "has_key"
    operator = "?"

    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if isinstance(kind, tuple):
            return super().build(lhs, kind, value, query)
        return cls(lhs, Slot(query.take_slot(value, str), TextField()))


class _HStoreKeys(_HStoreComparison):
    @classmethod
    def build(cls, lhs: Expression, kind: Hashable, value: object, query: Resolver) -> Expression:
        if kind not in (LIST, EMPTY, ITEMS):
            raise TypeError(f"{cls.lookup_name} takes a list of keys, not {value!r}")
        return cls(lhs, Slot(query.take_slot(value, _texts), _TEXTS))


def _texts(items: Any) -> list[str]:
    return [str(item) for item in items]


@HStoreField.register_lookup
class HStoreHasKeys(_HStoreKeys):
    """Whether there are all of several keys."""

    lookup_name = "has_keys"
    operator = "?&"


@HStoreField.register_lookup
class HStoreHasAnyKeys(_HStoreKeys):
    """Whether there is one of several keys."""

    lookup_name = "has_any_keys"
    operator = "?|"


@HStoreField.register_lookup
class HStoreKeys(Transform):
    """The keys, as an array."""

    lookup_name = "keys"
    function = "akeys"

    def _infer_output_field(self) -> SQLType | None:
        return _TEXTS


@HStoreField.register_lookup
class HStoreValues(Transform):
    """The values, as an array."""

    lookup_name = "values"
    function = "avals"

    def _infer_output_field(self) -> SQLType | None:
        return _TEXTS
