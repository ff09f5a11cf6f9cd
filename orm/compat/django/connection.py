"""``django.db.connection``: raw SQL through a blocking cursor, on the same pool and in the same transactions as models.

Offered: cursors, whether a transaction is open, ``schema_editor`` and ``introspection``. The log of
queries, features and the parts of Django's backends are not; reading one raises AttributeError with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from orm.bridge import run
from orm.compat.django.introspection import LegacyIntrospection
from orm.compat.django.settings import settings
from orm.compat.django.statements import returns_rows
from orm.db.database_blocking import Database
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.transactions.public import in_atomic_block
from orm.errors import InterfaceError, NotSupportedError, OperationalError
from orm.models.schema_editor_blocking import SchemaEditor
from orm.sql.parameters import bind

if TYPE_CHECKING:
    from orm.db.observing.watched import ExecuteWrapper

INSTEAD = {
    "queries": "Duotone keeps no log of queries; str(queryset.query) shows the SQL of one.",
    "queries_log": "Duotone keeps no log of queries; str(queryset.query) shows the SQL of one.",
    "features": "what a database can do is in orm's Database.dialect.capabilities.",
    "connection": "drivers' own connections are leased: see Database.connection() in orm.",
}


class LegacyCursor:
    """A DB-API cursor: rows are read whole; placeholders are ``%s`` (or ``%(name)s``) on every database."""

    arraysize = 1

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: list[tuple[Any, ...]] | None = None
        self._position = 0
        self._closed = False
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1

    def execute(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Self:
        """Run one statement. Without ``params`` the text is taken as it is, percent signs included.

        Raises ``InterfaceError`` on a closed cursor, ``ProgrammingError`` when placeholders and parameters differ, and
        what the database raises.
        """
        self._check_open()
        text, values = bind(self._database.dialect, sql, params)
        self._rows, self._position, self.description = None, 0, None
        if returns_rows(sql):
            names, rows = run(self._database.fetch_named(text, values))
            self.description = [(name, None, None, None, None, None, None) for name in names] or None
            self._rows = [tuple(row) for row in rows]
            self.rowcount = len(self._rows)
        else:
            self.rowcount = run(self._database.execute(text, values))
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Self:
        """Run one statement for each row of parameters, all or nothing."""
        self._check_open()
        bound = [bind(self._database.dialect, sql, row) for row in rows]
        self._rows, self._position, self.description = None, 0, None
        self.rowcount = run(self._database.execute_many(bound[0][0], [values for _, values in bound])) if bound else 0
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, or None after the last."""
        found = self.fetchmany(1)
        return found[0] if found else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Return the next rows, at most ``size``."""
        self._check_open()
        if self._rows is None:
            raise InterfaceError("There are no rows to fetch: the last statement, if any, returned none.")
        begin = self._position
        self._position = min(begin + (self.arraysize if size is None else size), len(self._rows))
        return self._rows[begin : self._position]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows not fetched yet."""
        return self.fetchmany(len(self._rows or ()))

    def callproc(self, name: str, params: Sequence[Any] = ()) -> None:
        """Not offered."""
        raise NotSupportedError(f"Call the function {name} in SQL: cursor.execute('SELECT ...').")

    def close(self) -> None:
        """Forget the rows."""
        self._closed, self._rows = True, None

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while (row := self.fetchone()) is not None:
            yield row

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise InterfaceError("The cursor is closed.")


class LegacyConnection:
    """One database, as scripts know it from ``django.db.connections[alias]``."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    @property
    def database(self) -> Database:
        """The Duotone database behind this name."""
        settings.load()
        return databases[self.alias]

    @property
    def vendor(self) -> str:
        """The backend's name: sqlite, postgresql, ..."""
        return self.database.backend.name

    @property
    def in_atomic_block(self) -> bool:
        """Whether a transaction is open here."""
        settings.load()
        return in_atomic_block(self.alias)

    @property
    def settings_dict(self) -> dict[str, Any]:
        """The database's settings as the script gave them; without a password."""
        settings.load()
        given = settings.DATABASES.get(self.alias)
        return {**given, "PASSWORD": "***"} if isinstance(given, dict) else {"NAME": self.database.url.database}

    def cursor(self) -> LegacyCursor:
        """Return a new cursor."""
        return LegacyCursor(self.database)

    def execute_wrapper(self, wrapper: Callable[..., Any]) -> ExecuteWrapper:
        """Put a function around every statement, as a context; ``context["connection"]`` is Duotone's database."""
        return self.database.execute_wrapper(wrapper)

    def schema_editor(self, collect_sql: bool = False, atomic: bool = True) -> SchemaEditor:
        """Return what changes tables, as a context; ``collect_sql`` keeps the statements instead of running them."""
        settings.load()
        return SchemaEditor(self, collect_sql, atomic)

    @property
    def introspection(self) -> LegacyIntrospection:
        """What the database holds."""
        return LegacyIntrospection(self.database)

    def ensure_connection(self) -> None:
        """Make sure that the database answers."""
        run(self.database.fetch("SELECT 1"))

    def is_usable(self) -> bool:
        """Return whether the database answers."""
        try:
            self.ensure_connection()
        except OperationalError:
            return False
        return True

    def close(self) -> None:
        """Close the idle connections of this database; the next statement opens one."""
        self.database.close()

    def __getattr__(self, name: str) -> Any:
        hint = INSTEAD.get(name, "there are cursor(), schema_editor(), vendor, alias, close(), in_atomic_block.")
        raise AttributeError(f"django.db.connection has no {name} here: {hint}")

    def __repr__(self) -> str:
        return f"<connection {self.alias}>"


class LegacyConnections:
    """The object scripts know as ``django.db.connections``."""

    def __getitem__(self, alias: str) -> LegacyConnection:
        settings.load()
        databases[alias]  # an unknown alias raises here, naming those there are
        return LegacyConnection(alias)

    def __iter__(self) -> Iterator[str]:
        settings.load()
        return iter(databases)

    def all(self) -> list[LegacyConnection]:
        """Return every configured database."""
        return [LegacyConnection(alias) for alias in self]

    def close_all(self) -> None:
        """Close the idle connections of every database."""
        for each in self.all():
            each.close()


connection = LegacyConnection(DEFAULT_DB_ALIAS)
connections = LegacyConnections()


def close_old_connections(**kwargs: Any) -> None:
    """Nothing to do: the pool drops what is old or broken by itself."""


def reset_queries(**kwargs: Any) -> None:
    """Nothing to do: Duotone keeps no log of queries."""
