"""How one database spells changes of a schema: the questions the schema editor asks a dialect.

Standard SQL (as PostgreSQL understands it) unless a backend knows better. Names come in quoted and in the compiler's
form, with ``%%`` for a percent sign; a statement that is not possible is None where the text below says so, and the
editor then builds the table anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orm.sql.objects import LockQueries, ObjectSpelling

if TYPE_CHECKING:
    from orm.sql.described import ModelField


class SchemaSpelling(ObjectSpelling):
    """The part of a dialect that changes tables; the base of ``Dialect``."""

    # -- around a change ------------------------------------------------------------------------------------------

    def suspend_foreign_keys(self) -> tuple[str, str, str] | None:
        """Return what turns foreign keys off and on again outside transactions, and a query that tells (1 or 0) whether
        they are on; None where a change does not need it.
        """
        return None

    def settle_constraints(self) -> list[str]:
        """Return what makes deferred checks happen now, so that tables with changed rows can be altered."""
        return []

    def advisory_lock(self, key: int) -> tuple[str, str, str] | None:
        """Return queries that try to take a lock of the session's, one for each number and schema (true when it was
        taken), release it, and let some time go by at the server before the next try; None where there is none.
        """
        return None

    def limit_locks(self, seconds: float | None, statement: str = "") -> str | None:
        """Return what limits how long the session's statements wait for locks, or (None) ends that; None for a
        ``statement`` that waits for every transaction there is, and for a database without such a limit.
        """
        return None

    def pause(self, seconds: float) -> str | None:
        """Return a query that lets time go by at the server; None where it has none."""
        return None

    def sessions_held_up(self) -> str | None:
        """Return a query for how many sessions wait for locks of this one; None where nobody can tell."""
        return None

    def replicas_behind(self) -> str | None:
        """Return a query for where the database is and where the replica is that is furthest behind (NULL for none),
        as numbers that grow; None for a database without replicas.
        """
        return None

    def lock_queries(self) -> LockQueries | None:
        """Return what shows the locks of sessions; None where the database shows none."""
        return None

    def around_rename(self) -> tuple[str, str] | None:
        """Return statements around the rename that ends a rebuild, so that references by name stay as they are."""
        return None

    # -- tables ---------------------------------------------------------------------------------------------------

    def rename_table(self, old: str, new: str) -> str:
        """Return the statement that renames a table."""
        return f"ALTER TABLE {old} RENAME TO {new}"

    def comment_on_table(self, table: str, comment: str) -> str | None:
        """Return the statement that sets a table's comment (a literal, or NULL); None where there are none."""
        return f"COMMENT ON TABLE {table} IS {comment}"

    def comment_on_column(self, table: str, column: str, comment: str) -> str | None:
        """Return the statement that sets a column's comment (a literal, or NULL); None where there are none."""
        return f"COMMENT ON COLUMN {table}.{column} IS {comment}"

    # -- columns --------------------------------------------------------------------------------------------------

    def add_column(self, table: str, definition: str) -> str:
        """Return the statement that adds a column."""
        return f"ALTER TABLE {table} ADD COLUMN {definition}"

    def drop_column(self, table: str, column: str) -> str:
        """Return the statement that drops a column."""
        return f"ALTER TABLE {table} DROP COLUMN {column}"

    def rename_column(self, table: str, old: str, new: str) -> str:
        """Return the statement that renames a column."""
        return f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"

    def change_type(self, table: str, column: str, sql_type: str, collation: str | None, convert: bool) -> str:
        """Return the statement that changes a column's type; ``convert`` casts what it holds.

        ``collation`` is quoted.
        """
        collate = f" COLLATE {collation}" if collation else ""
        using = f" USING {column}::{sql_type}" if convert else ""
        return f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {sql_type}{collate}{using}"

    def change_null(self, table: str, column: str, null: bool) -> str:
        """Return the statement that lets a column hold NULL, or not."""
        return f"ALTER TABLE {table} ALTER COLUMN {column} {'DROP' if null else 'SET'} NOT NULL"

    def change_default(self, table: str, column: str, default: str | None) -> str:
        """Return the statement that sets a column's default, or drops it."""
        action = "DROP DEFAULT" if default is None else f"SET DEFAULT {default}"
        return f"ALTER TABLE {table} ALTER COLUMN {column} {action}"

    def change_generated_key(self, table: str, column: str, generated: bool) -> list[str]:
        """Return the statements that let the database number a column's rows from now on, or no more."""
        action = "ADD GENERATED BY DEFAULT AS IDENTITY" if generated else "DROP IDENTITY IF EXISTS"
        return [f"ALTER TABLE {table} ALTER COLUMN {column} {action}"]

    def counter_of(self, table: str, column: str) -> str | None:
        """Return a query for the name, ready for SQL, of the sequence behind a column (not quoted) that the database
        numbers; None where there are no sequences.
        """
        return None

    def change_counter(self, sequence: str, sql_type: str) -> str:
        """Return the statement that gives a sequence a type."""
        return f"ALTER SEQUENCE {sequence} AS {sql_type}"

    def number_on(self, table: str, column: str) -> list[str]:
        """Return queries after which the database numbers new rows on from the greatest key there is; none where it
        does so by itself.
        """
        return []

    def adds_in_place(self, field: ModelField) -> bool:
        """Whether ADD COLUMN takes this field as it is, where columns can't be altered (``alter_columns``)."""
        return True

    def collation(self, name: str) -> str:
        """Return the clause after a column's type that names its collation (quoted)."""
        return f"COLLATE {name}"

    # -- constraints and indexes ----------------------------------------------------------------------------------

    def add_constraint(self, table: str, clause: str, *, validated: bool = True) -> str:
        """Return the statement that adds ``CONSTRAINT name ...``; not ``validated`` leaves the rows there are alone."""
        return f"ALTER TABLE {table} ADD {clause}{'' if validated else ' NOT VALID'}"

    def validate_constraint(self, table: str, name: str) -> str | None:
        """Return the statement that checks the rows there are; None where every constraint holds for all rows."""
        return None

    def beside_writers(self, statement: str) -> list[tuple[str | None, str]]:
        """Return what does a statement's work while others write to the table: each with the name of the index or
        constraint that it makes.
        """
        return [(None, statement)]

    def drop_constraint(self, table: str, name: str) -> str:
        """Return the statement that drops a constraint."""
        return f"ALTER TABLE {table} DROP CONSTRAINT {name}"

    def drop_index(self, table: str, name: str, *, concurrently: bool = False) -> str:
        """Return the statement that drops an index."""
        return f"DROP INDEX {'CONCURRENTLY ' if concurrently else ''}IF EXISTS {name}"

    def rename_index(self, table: str, old: str, new: str) -> str | None:
        """Return the statement that renames an index; None where it is dropped and made again."""
        return f"ALTER INDEX {old} RENAME TO {new}"

    def json_check(self, column: str) -> str | None:
        """Return the condition that a quoted column holds JSON; None where its type sees to that."""
        return None

    def implied_name(self, table: str, column: str, kind: str) -> str:
        """Return what the server calls a constraint without a name that comes with a column, or (without ``column``)
        a table; ``kind`` is key, pkey or check.
        """
        return "_".join(part for part in (table, column, kind) if part)

    def pattern_index(self, field: ModelField) -> str | None:
        """Return the operator class of a second index that LIKE can use on a field, where the plain one can't."""
        return None


class Statement(str):
    """A statement that knows the table and the columns it speaks of."""

    table: str
    columns: frozenset[str]

    @classmethod
    def about(cls, sql: str, table: str, columns: Iterable[str]) -> Statement:
        """A statement about a table and some of its columns."""
        made = cls(sql)
        made.table, made.columns = table, frozenset(columns)
        return made

    def references_table(self, table: str) -> bool:
        """Whether the statement speaks of a table."""
        return self.table == table

    def references_column(self, table: str, column: str) -> bool:
        """Whether the statement speaks of a column of a table."""
        return self.table == table and column in self.columns
