"""What a database holds, as a backend reads it: tables, columns, constraints and indexes.

A backend subclasses ``Introspection``; its methods are coroutines over a ``fetch`` of the caller's, so that they serve
both colours and look through the caller's own transaction. Names come back exactly as the database has them, and are
never trusted: whoever puts one into SQL quotes it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from orm.records import NamedTuple

Fetch = Callable[[str, Sequence[Any]], Awaitable[Sequence[Sequence[Any]]]]


class TableInfo(NamedTuple):
    """A table or view.

    ``kind`` is ``table``, ``view``, ``materialized view``, ``partition``, ``foreign table``, or ``shadow table``, in
    which the database keeps what belongs to another.
    """

    name: str
    kind: str = "table"
    comment: str = ""


class ColumnInfo(NamedTuple):
    """One column. ``type`` is the database's own text for it, with length or precision."""

    name: str
    type: str
    null: bool
    default: str | None = None
    collation: str | None = None
    comment: str = ""
    primary_key: bool = False
    generated: str | None = None
    """The expression of a generated column."""
    stored: bool = False
    identity: bool = False
    """Whether the database numbers the rows by itself."""
    size: int | None = None
    precision: int | None = None
    scale: int | None = None
    choices: tuple[str, ...] = ()
    """The members of an enumerated type."""
    domain: str = ""
    """The domain that the column is of; ``type`` is then what the domain is made of."""
    json: bool = False
    """Whether a check keeps the column, of a type for texts, to JSON."""


class FunctionDefault(NamedTuple):
    """A column's default that is a function's value. ``name`` is that of the class of the function."""

    name: str


class ConstraintInfo:
    """One constraint or index; an index that stands behind a constraint is told once, as the constraint.

    Parameters: ``columns`` are in order, None standing for an expression that is indexed; ``foreign_key`` is the table
    and the columns referred to; ``included`` are columns that an index carries along without being ordered by them;
    ``classes`` has the operator class of each column, where one has another than its type's own; ``options`` are
    parameters of an index's storage, as the database writes them (``fillfactor=80``); ``condition`` is what limits an
    index to some rows, or what a check asks of each; ``parts`` are what an index is ordered by, as the database writes
    each, without its direction; ``type`` is
    ``idx`` for the usual kind as the database makes it by itself, else the method that builds the index.
    """

    # By hand: ``dataclasses`` takes as long to import as all of a backend.
    def __init__(
        self,
        columns: tuple[str | None, ...],
        primary_key: bool = False,
        unique: bool = False,
        foreign_key: tuple[str, tuple[str, ...]] | None = None,
        check: bool = False,
        index: bool = False,
        orders: tuple[str, ...] = (),
        included: tuple[str, ...] = (),
        classes: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
        type: str = "",
        definition: str = "",
        condition: str = "",
        deferrable: bool = False,
        expressions: bool = False,
        valid: bool = True,
        parts: tuple[str, ...] = (),
    ) -> None:
        self.columns = columns
        self.primary_key = primary_key
        self.unique = unique
        self.foreign_key = foreign_key
        self.check = check
        self.index = index
        self.orders = orders
        self.included = included
        self.classes = classes
        self.options = options
        self.type = type
        self.definition = definition
        self.condition = condition
        self.deferrable = deferrable
        self.expressions = expressions
        self.valid = valid
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConstraintInfo) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ConstraintInfo({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


class BrokenKeys(NamedTuple):
    """Rows of a table whose foreign key leads to no row.

    Attributes:
        table: where they are.
        rows: how many there are.
        key: the primary key of the first of them.
        columns: those of its foreign key.
        values: what they hold.
        referred: the table they refer to.
        referred_columns: those of that table, in the same order.
    """

    table: str
    rows: int
    key: tuple[Any, ...]
    columns: tuple[str, ...]
    values: tuple[Any, ...]
    referred: str
    referred_columns: tuple[str, ...]

    def __str__(self) -> str:
        key, columns, values, referred = (
            ", ".join(map(str, several)) for several in (self.key, self.columns, self.values, self.referred_columns)
        )
        return (
            f"The row in table '{self.table}' with primary key '{key}' has an invalid foreign key: "
            f"{self.table}.{columns} contains a value '{values}' that does not have a corresponding value in "
            f"{self.referred}.{referred}."
        )


_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_TEXT = r"'(?:[^']|'')*'"
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


class Introspection(ABC):
    """Reads one kind of database."""

    own_module = ""
    """The module that offers the fields and functions which this database alone has, if there are any."""
    own_names: frozenset[str] = frozenset()
    """Those of them that columns are drafted with."""
    default_functions: Mapping[str, str] = {"current_timestamp": "Now"}
    """The functions that defaults may call, as the database writes them in small letters, and their classes."""

    @abstractmethod
    async def tables(self, fetch: Fetch) -> list[TableInfo]:
        """Return the tables and views of the current schema, by name."""

    @abstractmethod
    async def columns(self, fetch: Fetch, table: str) -> list[ColumnInfo]:
        """Return a table's columns in order; an empty list where there is no such table."""

    @abstractmethod
    async def constraints(self, fetch: Fetch, table: str) -> Mapping[str, ConstraintInfo]:
        """Return a table's constraints and indexes by name; one without a name gets ``__unnamed_constraint_N__``."""

    @abstractmethod
    async def referring(self, fetch: Fetch, table: str) -> list[tuple[str, str]]:
        """Return the foreign keys of other tables that refer to this one, as pairs of table and constraint name."""

    @abstractmethod
    async def attached(self, fetch: Fetch, table: str) -> list[tuple[str, str, str]]:
        """Return what hangs on a table with a statement of its own: kind (index, trigger, view), name and statement."""

    @abstractmethod
    def field_type(self, column: ColumnInfo) -> tuple[str, Mapping[str, object]]:
        """Return the name of the field class that reads such a column, and the options it needs."""

    def element(self, column: ColumnInfo) -> ColumnInfo | None:
        """Return what one element of an array would be as a column; None for what is no array."""
        return None

    def default_value(self, text: str) -> str | bool | FunctionDefault | None:
        """Return what a column's default says: texts and numbers as text, None for NULL.

        Raises ``ValueError`` for one that is neither a plain value nor a function known here.
        """
        plain = text.strip()
        while plain.startswith("(") and plain.endswith(")"):
            plain = plain[1:-1].strip()
        if re.fullmatch(_NUMBER, plain):
            return plain
        if re.fullmatch(_TEXT, plain):
            return plain[1:-1].replace("''", "'")
        if plain.lower() in _WORDS:
            return _WORDS[plain.lower()]
        if plain.lower() in self.default_functions:
            return FunctionDefault(self.default_functions[plain.lower()])
        raise ValueError(f"{text} is no plain value.")

    async def broken_keys(self, fetch: Fetch, table: str | None) -> BrokenKeys | None:
        """Return what is wrong with the foreign keys of a table's rows, or of any table's; None where all is well, and
        on a database that checks by itself and has nothing left to be found.
        """
        return None

    async def schemas(self, fetch: Fetch) -> list[str] | None:
        """Return the names of the schemas, but the server's own; None where a database has none."""
        return None

    def normal_type(self, text: str) -> str:
        """Return a column's type in the one form that compares, whoever wrote it."""
        return text.lower().replace(", ", ",").strip()

    def normal_reference(self, text: str) -> str:
        """As ``normal_type``, for a column that refers to another."""
        return self.normal_type(text)
