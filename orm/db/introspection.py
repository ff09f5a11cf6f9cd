"""What a database holds, as a backend reads it: tables, columns, constraints and indexes.

A backend subclasses ``Introspection``; its methods are coroutines over a ``fetch`` of the caller's, so that they serve
both colours and look through the caller's own transaction. Names come back exactly as the database has them, and are
never trusted: whoever puts one into SQL quotes it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Fetch = Callable[[str, Sequence[Any]], Awaitable[Sequence[Sequence[Any]]]]


class TableInfo(NamedTuple):
    """A table or view. ``kind`` is ``table``, ``view``, ``materialized view``, ``partition`` or ``foreign table``."""

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


@dataclass(frozen=True)
class ConstraintInfo:
    """One constraint or index; an index that stands behind a constraint is told once, as the constraint."""

    columns: tuple[str | None, ...]
    """In order; None stands for an expression that is indexed."""
    primary_key: bool = False
    unique: bool = False
    foreign_key: tuple[str, tuple[str, ...]] | None = None
    """The table and columns referred to."""
    check: bool = False
    index: bool = False
    orders: tuple[str, ...] = ()
    type: str = ""
    definition: str = ""
    condition: str = ""
    deferrable: bool = False
    expressions: bool = False
    valid: bool = True


class Introspection(ABC):
    """Reads one kind of database."""

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
    def field_type(self, column: ColumnInfo) -> tuple[str, Mapping[str, Any]]:
        """Return the name of the field class that reads such a column, and the options it needs."""

    def normal_type(self, text: str) -> str:
        """Return a column's type in the one form that compares, whoever wrote it."""
        return text.lower().replace(", ", ",").strip()
