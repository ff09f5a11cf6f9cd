"""``Index``, for ``Meta.indexes``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from orm.errors import ImproperlyConfigured
from orm.models.conditions import schema_sql
from orm.sql import ddl
from orm.sql.references import F


class Index:
    """An index on columns or expressions.

    Parameters: ``fields`` are names, with ``-`` in front for descending order, or ``expressions`` are given instead
    (then ``name`` is needed); ``condition`` limits the index to some rows.
    """

    suffix = "idx"

    def __new__(cls, *args: Any, **options: Any) -> Self:
        self = super().__new__(cls)
        self._declared = (args, options)
        return self

    _declared: tuple[tuple[Any, ...], dict[str, Any]]

    def __init__(
        self, *expressions: Any, fields: Iterable[str] = (), name: str | None = None, condition: Any = None
    ) -> None:
        if isinstance(fields, str):
            raise TypeError(f"Index: fields must be a list of names, like [{fields!r}], not the string {fields!r}.")
        self.fields = tuple(fields)
        self.expressions = tuple(F(one) if isinstance(one, str) else one for one in expressions)
        if bool(self.fields) == bool(self.expressions):
            raise ValueError("An Index needs either fields= or expressions, one of the two.")
        if self.expressions and not name:
            raise ImproperlyConfigured("An Index on expressions needs a name=.")
        if condition is not None and not getattr(condition, "conditional", False):
            raise ValueError(f"Index: condition must be a Q, not {condition!r}.")
        self.name = name or ""
        self.condition = condition

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of the indexed fields, without their direction."""
        return tuple(name.removeprefix("-") for name in self.fields)

    def for_model(self, placeholders: Mapping[str, str]) -> Self:
        """This index for one model: the same, or a copy with the placeholders of its name filled in."""
        if "%" not in self.name:
            return self
        args, options = self._declared
        return type(self)(*args, **{**options, "name": self.name % placeholders})

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Import path, positional and keyword arguments that declare this index again."""
        args, options = self._declared
        return f"{type(self).__module__}.{type(self).__qualname__}", list(args), dict(options)

    def clone(self) -> Self:
        """An index declared the same way."""
        args, options = self._declared
        return type(self)(*args, **options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.fields, self.name))

    def __repr__(self) -> str:
        args, options = self._declared
        shown = [*map(repr, args), *(f"{name}={value!r}" for name, value in options.items())]
        return f"<{type(self).__name__}: {', '.join(shown)}>"

    def name_for(self, model: Any, dialect: Any) -> str:
        """The index's name in the database."""
        columns = [ddl.column_of(model, name) for name in self.field_names]
        return self.name or ddl.name_of(model._meta.db_table, columns, self.suffix, dialect)

    def create_statement(self, model: Any, dialect: Any, if_not_exists: bool = False) -> str:
        """CREATE INDEX."""
        if self.fields:
            parts = [
                dialect.quote(ddl.column_of(model, name.removeprefix("-"))) + (" DESC" if name.startswith("-") else "")
                for name in self.fields
            ]
        else:
            parts = [_expression(schema_sql(model, one, dialect), one) for one in self.expressions]
        condition = schema_sql(model, self.condition, dialect) if self.condition is not None else None
        return ddl.create_index(
            model, self.name_for(model, dialect), ", ".join(parts), dialect, condition=condition,
            if_not_exists=if_not_exists,
        )  # fmt: skip


def _expression(sql: str, expression: Any) -> str:
    """Parentheses, as expressions in an index need, unless the expression says its order after them."""
    return sql if hasattr(expression, "descending") else f"({sql})"
