"""Parts of statements that speak of tables and columns, and follow when these are renamed before the statement runs.

Indexes and schema editors of a program's own make their statements of them. A schema editor takes such a statement
wherever it takes a text; one that waits in its ``deferred_sql`` runs before a table it speaks of is renamed, and goes
with a table that is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Quote = Callable[[str], str]
Naming = Callable[[str, list[str], str], str]
"""Makes a name of a table, columns and a suffix."""


class Reference:
    """What speaks of nothing; each kind says what it speaks of."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"

    def __str__(self) -> str:
        raise NotImplementedError("Subclasses must define how they should be converted to string.")

    def references_table(self, table: str) -> bool:
        """Whether it speaks of a table."""
        return False

    def references_column(self, table: str, column: str) -> bool:
        """Whether it speaks of a column."""
        return False

    def references_index(self, table: str, index: str) -> bool:
        """Whether it speaks of an index."""
        return False

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        """Speak of a table by its new name."""

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        """Speak of a column by its new name."""


class Table(Reference):
    """A table's name."""

    def __init__(self, table: str, quote_name: Quote) -> None:
        self.table = table
        self.quote_name = quote_name

    def __str__(self) -> str:
        return self.quote_name(self.table)

    def references_table(self, table: str) -> bool:
        return self.table == table

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        if self.table == old_table:
            self.table = new_table


class TableColumns(Table):
    """Columns of a table."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self.table = table
        self.columns = list(columns)

    def __str__(self) -> str:
        return Reference.__str__(self)

    def references_column(self, table: str, column: str) -> bool:
        return self.table == table and column in self.columns

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        if self.table == table:
            self.columns = [new_column if column == old_column else column for column in self.columns]


class Columns(TableColumns):
    """A list of columns, each with what stands behind it (``DESC``)."""

    def __init__(self, table: str, columns: Sequence[str], quote_name: Quote, col_suffixes: Sequence[str] = ()) -> None:
        super().__init__(table, columns)
        self.quote_name = quote_name
        self.col_suffixes = col_suffixes

    def __str__(self) -> str:
        return ", ".join(" ".join(self.words(column, place)) for place, column in enumerate(self.columns))

    def words(self, column: str, place: int) -> list[str]:
        """The column at a place, and what stands behind it."""
        suffix = self.col_suffixes[place] if place < len(self.col_suffixes) else ""
        return [self.quote_name(column), *([suffix] if suffix else [])]


class IndexColumns(Columns):
    """The columns of an index, each with its class of operators."""

    def __init__(
        self,
        table: str,
        columns: Sequence[str],
        quote_name: Quote,
        col_suffixes: Sequence[str] = (),
        opclasses: Sequence[str] = (),
    ) -> None:
        super().__init__(table, columns, quote_name, col_suffixes)
        self.opclasses = opclasses

    def words(self, column: str, place: int) -> list[str]:
        name, *behind = super().words(column, place)
        operators = self.opclasses[place] if place < len(self.opclasses) else ""
        return [name, *([operators] if operators else []), *behind]


class IndexName(TableColumns):
    """The name that an index on some columns gets."""

    def __init__(self, table: str, columns: Sequence[str], suffix: str, create_index_name: Naming) -> None:
        super().__init__(table, columns)
        self.suffix = suffix
        self.create_index_name = create_index_name

    def __str__(self) -> str:
        return self.create_index_name(self.table, self.columns, self.suffix)


class ForeignKeyName(TableColumns):
    """The name that a foreign key gets, which speaks of both tables.

    ``suffix_template`` has a place for ``%(to_table)s`` and one for ``%(to_column)s``.
    """

    def __init__(
        self,
        from_table: str,
        from_columns: Sequence[str],
        to_table: str,
        to_columns: Sequence[str],
        suffix_template: str,
        create_fk_name: Naming,
    ) -> None:
        super().__init__(from_table, from_columns)
        self.to_reference = TableColumns(to_table, to_columns)
        self.suffix_template = suffix_template
        self.create_fk_name = create_fk_name

    def __str__(self) -> str:
        there = {"to_table": self.to_reference.table, "to_column": self.to_reference.columns[0]}
        return self.create_fk_name(self.table, self.columns, self.suffix_template % there)

    def references_table(self, table: str) -> bool:
        return super().references_table(table) or self.to_reference.references_table(table)

    def references_column(self, table: str, column: str) -> bool:
        return super().references_column(table, column) or self.to_reference.references_column(table, column)

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        super().rename_table_references(old_table, new_table)
        self.to_reference.rename_table_references(old_table, new_table)

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        super().rename_column_references(table, old_column, new_column)
        self.to_reference.rename_column_references(table, old_column, new_column)


class Statement(Reference):
    """A statement: a template and its parts, texts or references."""

    def __init__(self, template: str, **parts: Any) -> None:
        self.template = template
        self.parts = parts

    def __str__(self) -> str:
        return self.template % self.parts

    def references_table(self, table: str) -> bool:
        return any(part.references_table(table) for part in self._asked("references_table"))

    def references_column(self, table: str, column: str) -> bool:
        return any(part.references_column(table, column) for part in self._asked("references_column"))

    def references_index(self, table: str, index: str) -> bool:
        return any(part.references_index(table, index) for part in self._asked("references_index"))

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        for part in self._asked("rename_table_references"):
            part.rename_table_references(old_table, new_table)

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        for part in self._asked("rename_column_references"):
            part.rename_column_references(table, old_column, new_column)

    def _asked(self, question: str) -> list[Any]:
        """The parts that are more than a text."""
        return [part for part in self.parts.values() if hasattr(part, question)]
