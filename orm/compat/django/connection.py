"""``django.db.connection``: raw SQL through a blocking cursor, on the same pool and in the same transactions as models.

Offered: cursors, the state of the transaction, the log of queries, features, ``schema_editor`` and ``introspection``.
The driver's own connection and the parts of Django's backends are not; reading one raises AttributeError with a
sentence.
"""

from __future__ import annotations

import datetime
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from orm.bridge import run
from orm.bridge.crossing import is_async
from orm.compat.django import constraint_checks
from orm.compat.django.introspection import LegacyIntrospection
from orm.compat.django.operations import LegacyOperations
from orm.compat.django.query_log import LIMIT, QueryLog
from orm.compat.django.schema import LegacySchemaEditor
from orm.compat.django.settings import settings
from orm.compat.django.statements import returns_rows
from orm.db.database_blocking import Database
from orm.db.integrity_blocking import check_references
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.transactions.atomic_blocking import Atomic
from orm.db.transactions.public import get_rollback, in_atomic_block, on_commit, set_rollback, transaction_block
from orm.errors import ConnectionDoesNotExist, InterfaceError, NotSupportedError, OperationalError
from orm.sql.features import Features
from orm.sql.parameters import bind_each

if TYPE_CHECKING:
    from orm.db.observing.watched import ExecuteWrapper

INSTEAD = {
    "connection": "drivers' own connections are leased: see Database.connection() in orm.",
}


class LegacyCursor:
    """A DB-API cursor: rows are read whole; placeholders are ``%s`` (or ``%(name)s``) on every database."""

    arraysize = 1

    def __init__(self, database: Database, db: LegacyConnection) -> None:
        self._database = database
        self.db = db
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
        self._rows, self._position, self.description = None, 0, None
        gives_rows = returns_rows(sql)
        names, rows, self.rowcount = run(self._database.run_written(sql, params, gives_rows))
        if names or gives_rows:
            self.description = [(name, None, None, None, None, None, None) for name in names] or None
            self._rows = [tuple(row) for row in rows]
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Self:
        """Run one statement for each row of parameters, all or nothing."""
        self._check_open()
        text, bound = bind_each(self._database.dialect, sql, rows)
        self._rows, self._position, self.description = None, 0, None
        self.rowcount = run(self._database.execute_many(text, bound)) if bound else 0
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
        self._log = QueryLog(alias)
        self._forced = False

    @property
    def database(self) -> Database:
        """The Duotone database behind this name."""
        settings.load()
        return databases[self.alias]

    def column_type(self, field: Any) -> str:
        """Return the type of a field's column: what ``Field.db_type(connection)`` asks."""
        return self.database.dialect.column_type(field)

    def cast_type(self, field: Any) -> str:
        """Return the type that a value is cast to: what ``Field.cast_db_type(connection)`` asks."""
        return self.database.dialect.cast_type(field)

    def quote(self, name: str) -> str:
        """Return a name as it stands in SQL."""
        return self.database.dialect.quote(name)

    @property
    def vendor(self) -> str:
        """The backend's name: sqlite, postgresql, ..."""
        return self.database.backend.name

    @property
    def display_name(self) -> str:
        """The backend's name, for people."""
        return {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL"}.get(self.vendor, self.vendor)

    @property
    def features(self) -> Features:
        """What the database can do."""
        return self.database.dialect.features

    @property
    def ops(self) -> LegacyOperations:
        """Quoting, limits, texts for LIKE."""
        return LegacyOperations(self.database.dialect)

    @cached_property
    def settings_dict(self) -> dict[str, Any]:
        """The database's settings with Django's defaults for what was not given."""
        settings.load()
        return with_defaults(settings.DATABASES.get(self.alias) or {})

    @property
    def timezone(self) -> datetime.tzinfo | None:
        """The zone that naive values of the database are told in; None while USE_TZ is off."""
        if not settings.USE_TZ:
            return None
        named = self.settings_dict["TIME_ZONE"]
        return ZoneInfo(named) if named else datetime.UTC

    @property
    def timezone_name(self) -> str:
        """The name of the connection's zone."""
        if not settings.USE_TZ:
            return str(settings.TIME_ZONE)
        return self.settings_dict["TIME_ZONE"] or "UTC"

    def ensure_timezone(self) -> bool:
        """Return False: no connection has to be told of a changed zone, since values carry theirs."""
        return False

    # -- statements ----------------------------------------------------------------------------------------------------

    def cursor(self) -> LegacyCursor:
        """Return a new cursor."""
        if settings.DEBUG:
            self._log.listen(True)
        return LegacyCursor(self.database, self)

    def execute_wrapper(self, wrapper: Callable[..., Any]) -> ExecuteWrapper:
        """Put a function around every statement, as a context; ``context["connection"]`` is this connection."""

        def around(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
            return wrapper(execute, sql, params, many, {**context, "connection": self})

        async def around_async(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
            return await wrapper(execute, sql, params, many, {**context, "connection": self})

        return self.database.execute_wrapper(around_async if is_async(wrapper) else around)

    @property
    def force_debug_cursor(self) -> bool:
        """Whether statements are kept in ``queries`` while DEBUG is off."""
        return self._forced

    @force_debug_cursor.setter
    def force_debug_cursor(self, wanted: bool) -> None:
        self._forced = wanted
        self._log.listen(wanted or settings.DEBUG)

    @property
    def queries_logged(self) -> bool:
        """Whether statements are kept in ``queries``."""
        return self._forced or bool(settings.DEBUG)

    @property
    def queries_log(self) -> deque[dict[str, Any]]:
        """The statements kept, the last 9000."""
        return self._log.kept

    @property
    def queries(self) -> list[dict[str, Any]]:
        """The statements kept, as ``{"sql": ..., "time": ...}``; there are some with DEBUG only."""
        if len(self._log.kept) == LIMIT:
            warnings.warn(
                f"Limit for query logging exceeded, only the last {LIMIT} queries will be returned.", stacklevel=2
            )
        return list(self._log.kept)

    # -- transactions --------------------------------------------------------------------------------------------------

    @property
    def in_atomic_block(self) -> bool:
        """Whether a transaction is open here."""
        settings.load()
        return in_atomic_block(self.alias)

    @property
    def needs_rollback(self) -> bool:
        """Whether the innermost block will be rolled back."""
        return self.in_atomic_block and get_rollback(self.alias)

    @needs_rollback.setter
    def needs_rollback(self, wanted: bool) -> None:
        set_rollback(wanted, self.alias)

    def get_rollback(self) -> bool:
        """Return whether the innermost block will be rolled back."""
        return get_rollback(self.alias)

    def set_rollback(self, rollback: bool) -> None:
        """Say whether the innermost block is rolled back."""
        set_rollback(rollback, self.alias)

    @property
    def autocommit(self) -> bool:
        """Whether statements commit by themselves."""
        return not self.in_atomic_block

    def get_autocommit(self) -> bool:
        """Return whether statements commit by themselves."""
        return self.autocommit

    @property
    def run_on_commit(self) -> list[tuple[set[str], Callable[[], Any], bool]]:
        """What is to be called after the commit: savepoints (none are named here), function, and whether robustly."""
        block = transaction_block(self.alias)
        hooks: list[Any] = []
        while block is not None:
            hooks[:0] = block.hooks
            block = block.parent
        return [(set(), function, robust) for function, robust in hooks]

    def on_commit(self, func: Callable[[], Any], robust: bool = False) -> None:
        """Call a function after the commit."""
        on_commit(func, self.alias, robust)

    # -- tables --------------------------------------------------------------------------------------------------------

    def schema_editor(self, collect_sql: bool = False, atomic: bool = True) -> LegacySchemaEditor:
        """Return what changes tables, as a context; ``collect_sql`` keeps the statements instead of running them."""
        settings.load()
        return LegacySchemaEditor(self, collect_sql, atomic)

    @property
    def introspection(self) -> LegacyIntrospection:
        """What the database holds."""
        return LegacyIntrospection(self.database)

    def constraint_checks_disabled(self) -> AbstractContextManager[None]:
        """Return a context in which foreign keys are not checked, where the database can turn that off."""
        return constraint_checks.disabled(self.database)

    def disable_constraint_checking(self) -> bool:
        """Turn checks of foreign keys off, where the database can; return whether they are off."""
        return constraint_checks.disable(self.database)

    def enable_constraint_checking(self) -> None:
        """Turn checks of foreign keys on again."""
        constraint_checks.enable(self.database)

    def check_constraints(self, table_names: Any = None) -> None:
        """Check now what is checked at the end of a transaction; raises ``IntegrityError`` where a row refers to none.

        Parameters: ``table_names`` narrows the check, where the database can.
        """
        tables = table_names or [table.name for table in self.introspection.get_table_list(None)]
        check_references(tables, self.database.alias)

    # -- being there ---------------------------------------------------------------------------------------------------

    def ensure_connection(self) -> None:
        """Make sure that the database answers."""
        run(self.database.fetch("SELECT 1"))

    connect = ensure_connection

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

    def copy(self) -> LegacyConnection:
        """Return one more connection to this database, which is the caller's alone."""
        return CopiedConnection(self.alias)

    def close_if_unusable_or_obsolete(self) -> None:
        """Nothing to do: the pool drops what is old or broken by itself."""

    def __getattr__(self, name: str) -> Any:
        hint = INSTEAD.get(
            name, "there are cursor(), schema_editor(), introspection, features, ops, queries, vendor ..."
        )
        raise AttributeError(f"django.db.connection has no {name} here: {hint}")

    def __repr__(self) -> str:
        return f"<connection {self.alias}>"


class OwnTransaction(Atomic):
    """A transaction of a database that no alias stands for."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._own = database

    @property
    def database(self) -> Database:
        return self._own


class _Undone(Exception):
    """What a transaction is left by to be rolled back."""


class CopiedConnection(LegacyConnection):
    """One more connection to a database, for what must run beside the others.

    It takes no part in the transactions of models. Whoever made it says when its own begin and end: ``set_autocommit``,
    ``commit`` and ``rollback`` work on it, since it has an owner.
    """

    def __init__(self, alias: str) -> None:
        super().__init__(alias)
        original = databases[alias]
        self._own = Database(alias, original.url, original.backend)
        self._transaction: OwnTransaction | None = None

    @property
    def database(self) -> Database:
        """The database as this connection alone sees it."""
        return self._own

    @property
    def autocommit(self) -> bool:
        """Whether statements commit by themselves."""
        return self._transaction is None

    def set_autocommit(self, autocommit: bool) -> None:
        """Say whether statements commit by themselves; else a transaction is open, and after its end the next one."""
        if autocommit and self._transaction is not None:
            self._end(undo=False)
        elif not autocommit and self._transaction is None:
            self._begin()

    def commit(self) -> None:
        """Commit the transaction, if there is one."""
        if self._transaction is not None:
            self._end(undo=False)
            self._begin()

    def rollback(self) -> None:
        """Roll the transaction back, if there is one."""
        if self._transaction is not None:
            self._end(undo=True)
            self._begin()

    def close(self) -> None:
        """Roll back what is open, and end the connection."""
        if self._transaction is not None:
            self._end(undo=True)
        self._own.close()

    def _begin(self) -> None:
        self._transaction = OwnTransaction(self._own)
        self._transaction.__enter__()

    def _end(self, *, undo: bool) -> None:
        transaction, self._transaction = self._transaction, None
        assert transaction is not None
        transaction.__exit__(_Undone if undo else None, _Undone() if undo else None, None)


def with_defaults(given: dict[str, Any]) -> dict[str, Any]:
    """Return a database's settings with Django's defaults for what was not given."""
    usual = {
        "ENGINE": "django.db.backends.dummy",
        "NAME": "",
        "USER": "",
        "PASSWORD": "",
        "HOST": "",
        "PORT": "",
        "ATOMIC_REQUESTS": False,
        "AUTOCOMMIT": True,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {},
        "TIME_ZONE": None,
    }
    test = {"CHARSET": None, "COLLATION": None, "MIGRATE": True, "MIRROR": None, "NAME": None}
    return {**usual, **given, "TEST": {**test, **given.get("TEST", {})}}


class ConnectionHandler:
    """Databases by alias, as scripts know them from ``django.db.connections``."""

    def __init__(self) -> None:
        self._made: dict[str, LegacyConnection] = {}

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """The settings of every database, with Django's defaults."""
        return {alias: self[alias].settings_dict for alias in self}

    @property
    def databases(self) -> dict[str, dict[str, Any]]:
        """The settings of every database, with Django's defaults."""
        return self.settings

    def __getitem__(self, alias: str) -> LegacyConnection:
        settings.load()
        if alias not in databases:
            raise ConnectionDoesNotExist(
                f"The connection '{alias}' doesn't exist. There are: {', '.join(databases) or 'none'}."
            )
        if alias not in self._made:
            self._made[alias] = LegacyConnection(alias)
        return self._made[alias]

    def __iter__(self) -> Iterator[str]:
        settings.load()
        return iter(databases)

    def __contains__(self, alias: object) -> bool:
        return alias in list(self)

    def all(self, initialized_only: bool = False) -> list[LegacyConnection]:
        """Return every database; only those used so far where ``initialized_only`` says so."""
        used = {database.alias for database in databases.made()}
        return [self[alias] for alias in self if not initialized_only or alias in used]

    def close_all(self) -> None:
        """Close the idle connections of every database used so far."""
        for each in self.all(initialized_only=True):
            each.close()


connections = ConnectionHandler()
connection = connections._made[DEFAULT_DB_ALIAS] = LegacyConnection(DEFAULT_DB_ALIAS)


def close_old_connections(**kwargs: Any) -> None:
    """Nothing to do: the pool drops what is old or broken by itself."""


def reset_queries(**kwargs: Any) -> None:
    """Forget the statements kept in ``connection.queries``."""
    for each in connections.all(initialized_only=True):
        each.queries_log.clear()
