"""``into()``: rows as objects of a class of the caller's, made by its own constructor from exactly its fields.

Known are dataclasses, ``NamedTuple`` and ``TypedDict`` classes, and those of msgspec and pydantic. What this module
refuses, at the call: other classes, fields that the query has no column for, and columns whose values are not what a
field says it holds.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import types
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from orm.errors import FieldError
from orm.late import inspect
from orm.query.layout import ComputedType, finish
from orm.query.steps import choose_values
from orm.sql.columns import Col
from orm.sql.expressions import Expression
from orm.text.spelling import did_you_mean_of

if typing.TYPE_CHECKING:
    from orm.query.builder import Builder

VALUES_OF: dict[str, type] = {
    "smallint": int, "integer": int, "bigint": int, "boolean": bool, "char": str, "text": str, "float": float,
    "decimal": decimal.Decimal, "date": datetime.date, "time": datetime.time, "datetime": datetime.datetime,
    "duration": datetime.timedelta, "uuid": uuid.UUID, "binary": bytes, "address": str,
}  # fmt: skip
"""What the values of a kind of column are. Of JSON and of kinds that are not here nothing is known."""

WIDER: dict[type, tuple[type, ...]] = {float: (int,), complex: (int, float)}
"""What else typing lets stand for a type (PEP 484: int where float is said)."""


class Projection:
    """A class that rows become objects of: its fields, what each holds, and how an object is made."""

    def __init__(self, cls: Any) -> None:
        self.cls: type[Any] = cls
        self.keywords: Mapping[str, str] = {}
        """What the constructor calls each field."""
        self.make: Callable[..., Any] = cls
        if typing.is_typeddict(cls):
            names = list(_hints(cls))
            self.form = "dict"
        elif tuple in cls.__mro__ and hasattr(cls, "_fields"):
            names, self.form, self.make = list(cls._fields), "sequence", cls._make
        elif hasattr(cls, "__pydantic_fields__"):
            names, self.form, self.make = list(cls.__pydantic_fields__), "mapping", cls.model_validate
            self.keywords = {name: _alias(name, field) for name, field in cls.__pydantic_fields__.items()}
        elif hasattr(cls, "__struct_fields__"):
            names, self.form = list(cls.__struct_fields__), "keywords"
        elif hasattr(cls, "__dataclass_fields__"):
            names, self.form = list(inspect.signature(cls).parameters), "keywords"
        else:
            raise TypeError(
                f"into() takes a dataclass, a NamedTuple, a TypedDict, or a class of msgspec or pydantic, not {cls!r}"
            )
        if not names:
            raise TypeError(f"{cls.__name__} has no fields for the columns of a query")
        hints = _hints(cls)
        self.fields: dict[str, Any] = {name: hints.get(name, Any) for name in names}

    def __reduce__(self) -> tuple[object, ...]:
        return projection_of, (self.cls,)

    def source(self, values: Sequence[str], bind: Callable[[str, object], str]) -> str:
        """Return the text that makes an object of these values, which are in the order of the fields."""
        made = []
        for (name, hint), value in zip(self.fields.items(), values, strict=True):
            member = _enumeration(hint)
            if member is not None:
                function = bind("e", member)
                value = f"(None if (value := {value}) is None else {function}(value))"
            made.append((self.keywords.get(name, name), value))
        if self.form == "keywords":
            return f"{bind('make', self.make)}({', '.join(f'{name}={value}' for name, value in made)})"
        if self.form == "sequence":
            return f"{bind('make', self.make)}(({', '.join(value for _, value in made)},))"
        mapping = "{" + ", ".join(f"{name!r}: {value}" for name, value in made) + "}"
        return mapping if self.form == "dict" else f"{bind('make', self.make)}({mapping})"


def _alias(name: str, field: Any) -> str:
    """Return the name under which a model of pydantic reads a field."""
    alias = field.validation_alias if field.validation_alias is not None else field.alias
    if alias is not None and not isinstance(alias, str):
        raise TypeError(f"into() can't give {name!r} a value: its validation_alias is no name, but {alias!r}")
    return alias or name


def _hints(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls)
    except NameError as error:
        raise TypeError(
            f"The types of {cls.__name__} can't be read: {error}. What they name must be known where the class is "
            "made, not under TYPE_CHECKING alone, nor inside a function."
        ) from error


@lru_cache(maxsize=256)
def projection_of(cls: type) -> Projection:
    """Return what is known of a class. Raises ``TypeError`` for one that ``into()`` can't fill."""
    return Projection(cls)


# -- the step ----------------------------------------------------------------------------------------------------------


def choose_into(builder: Builder, projection: Projection, sources: Mapping[str, object]) -> None:
    """into(): one column for each field, checked against what the field says it holds."""
    unknown = [name for name in sources if name not in projection.fields]
    cls = projection.cls.__name__
    if unknown:
        raise TypeError(f"{cls} has no field {unknown[0]!r}." + did_you_mean_of(unknown[0], list(projection.fields)))
    names: list[str] = []
    computed: dict[str, Any] = {}
    for field in projection.fields:
        source = sources.get(field, field)
        if isinstance(source, str):
            names.append(source)
        elif hasattr(source, "resolve_expression"):
            names.append(f"into_{field}")
            computed[names[-1]] = source
        else:
            raise TypeError(f"into({field}=…) takes the name of a field or an expression, not {source!r}")
    try:
        choose_values(builder, names, computed, projection)
    except FieldError as error:
        raise FieldError(
            f"{error} It was asked for as a field of {cls}: into({cls}, field=…) says what it holds."
        ) from error
    _check(builder, projection)


def _check(builder: Builder, projection: Projection) -> None:
    """Refuse columns whose values are not what the fields say. Raises ``TypeError``."""
    select, layout = finish(builder.select)
    if layout.widths:
        raise TypeError("A key of several columns is no field of a class: name its columns")
    for (name, hint), kind, output in zip(projection.fields.items(), layout.types, select.outputs or (), strict=False):
        where = f"{projection.cls.__name__}.{name}"
        shown = getattr(hint, "__name__", None) or str(hint)
        held = _values_of(kind)
        if held is not None and not any(_holds(part, held) for part in _parts(hint)):
            raise TypeError(f"{where} is said to hold {shown}; the query gives {held.__name__} values for it")
        if _may_be_null(builder, output.expression) and not any(_holds(part, type(None)) for part in _parts(hint)):
            raise TypeError(f"{where} is said to hold {shown}; the query may give None for it: say {shown} | None")


def _values_of(kind: Any) -> type | None:
    """Return the type of a column's values, or None where that is unknown: a field may make anything of them."""
    kind = kind.sql_type if isinstance(kind, ComputedType) else kind
    if kind is None or getattr(kind, "from_db_value", None) is not None:
        return None
    return VALUES_OF.get(kind.kind)


def _may_be_null(builder: Builder, expression: Expression) -> bool:
    return isinstance(expression, Col) and builder._may_be_null(expression)


def _parts(hint: object) -> Iterator[Any]:
    """Yield the types that a type is one of."""
    origin = typing.get_origin(hint)
    if isinstance(hint, typing.NewType):
        yield from _parts(hint.__supertype__)
    elif origin in (typing.Union, types.UnionType):
        for part in typing.get_args(hint):
            yield from _parts(part)
    elif origin is typing.Literal:
        yield from {type(value) for value in typing.get_args(hint)}
    else:
        yield hint if origin is None else origin


def _holds(part: object, held: type) -> bool:
    """Whether a value of the type ``held`` may be what a field says."""
    if part is None:
        return held is type(None)
    if part is Any or not isinstance(part, type):
        return True  # Any, a variable or a protocol: not for us to say
    if issubclass(part, enum.Enum) and held is not type(None):
        return True  # which is called with the value
    return issubclass(held, part) or any(issubclass(held, wider) for wider in WIDER.get(part, ()))


def _enumeration(hint: object) -> object:
    """Return the enumeration whose members a field holds, or None."""
    return next((part for part in _parts(hint) if isinstance(part, type) and issubclass(part, enum.Enum)), None)
