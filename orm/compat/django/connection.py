"""``django.db.connection``: raw SQL through a blocking cursor, on the same pool and in the same transactions as models.

Offered: cursors, the state of the transaction, the log of queries, features, ``schema_editor`` and ``introspection``.
The driver's own connection and the parts of Django's backends are not; reading one raises AttributeError with a
sentence.
"""

from __future__ import annotations

import datetime
import re
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from orm.bridge import run
from orm.bridge.crossing import is_async
from orm.compat.django import constraint_checks, savepoints
from orm.compat.django.cursor import Around, AroundAsync
from orm.compat.django.cursor_blocking import LegacyCursor
from orm.compat.django.data_types import data_types_of
from orm.compat.django.introspection import LegacyIntrospection
from orm.compat.django.manual import ManualTransaction, atomic_block, manual_transaction
from orm.compat.django.operations import LegacyOperations
from orm.compat.django.query_log import LIMIT, log_of
from orm.compat.django.schema import LegacySchemaEditor
from orm.compat.django.settings import settings
from orm.db.database_blocking import Database
from orm.db.integrity_blocking import check_references
from orm.db.observing.watched import wrappers
from orm.db.registry import databases
from orm.db.transactions.public import get_rollback, on_commit, set_rollback, transaction_block
from orm.errors import (
    NotSupportedError,
    OperationalError,
    TransactionManagementError,
)
from orm.sql.features import Features

if TYPE_CHECKING:
    from orm.db.observing.watched import ExecuteWrapper
    from orm.models.fields.base import Field

INSTEAD = {
    "connection": "drivers' own connections are leased: see Database.connection() in orm.",
    "chunked_cursor": "a cursor's rows are read whole: iterator() of a queryset and Connection.stream() give portions.",
}


NO_ENGINE = "django.db.backends.dummy"
"""What stands for the engine in the settings of a database that name none."""


class LegacyConnection:
    """One database, as scripts know it from ``django.db.connections[alias]``."""

    queries_limit: ClassVar[int] = LIMIT
    """How many statements ``queries`` keeps: the last ones."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._log = log_of(alias)
        self._sharers = 0
        self._version_checked = False

    @property
    def database(self) -> Database:
        """The Duotone database behind this name."""
        settings.load()
        return databases[self.alias]

    def column_type(self, field: object) -> str:
        """Return the type of a field's column: what ``Field.db_type(connection)`` asks."""
        return self.database.dialect.column_type(field)

    def referring_type(self, column_type: str) -> str:
        """Return the type of a column that refers to one: what ``Field.rel_db_type(connection)`` asks."""
        return self.database.dialect.referring_type(column_type)

    def cast_type(self, field: Field) -> str:
        """Return the type that a value is cast to: what ``Field.cast_db_type(connection)`` asks."""
        return self.database.dialect.cast_type(field)

    def quote(self, name: str) -> str:
        """Return a name as it stands in SQL."""
        return self.database.dialect.quote(name)

    def json_check(self, column: str) -> str | None:
        """Return the condition that a quoted column of JSON keeps: what ``Field.db_parameters(connection)`` asks."""
        return self.database.dialect.json_check(column)

    @property
    def data_types(self) -> dict[str, str]:
        """The type of the column of each class of fields, with ``%(max_length)s`` and its like for sizes."""
        return data_types_of(self.database.dialect)

    @property
    def operators(self) -> dict[str, str]:
        """What stands between column and parameter for each lookup that compares."""
        return self.database.dialect.operators

    @property
    def vendor(self) -> str:
        """The backend's name: sqlite, postgresql, ..."""
        return self.database.backend.name

    @property
    def display_name(self) -> str:
        """The backend's name, for people."""
        return {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL"}.get(self.vendor, self.vendor)

    def get_database_version(self) -> tuple[int, ...]:
        """Return the server's version, as ``(15, 4)``."""
        text = run(self.database.fetch(self.database.dialect.version_query))[0][0]
        found = re.search(r"\d+(\.\d+)*", text)
        return tuple(map(int, found[0].split("."))) if found else ()

    def check_database_version_supported(self) -> None:
        """Raise ``NotSupportedError`` where the server is older than what the backend needs."""
        least = self.features.minimum_database_version
        if least is not None and self.get_database_version() < least:
            needed, found = (".".join(map(str, version)) for version in (least, self.get_database_version()))
            raise NotSupportedError(f"{self.display_name} {needed} or later is required (found {found}).")

    def init_connection_state(self) -> None:
        """Make sure, once, that the server is new enough; how a session begins is the pool's to say."""
        if not self._version_checked:
            self._version_checked = True
            self.check_database_version_supported()

    @property
    def features(self) -> Features:
        """What the database can do."""
        return self.database.dialect.features

    @property
    def ops(self) -> LegacyOperations:
        """Quoting, limits, texts for LIKE."""
        return LegacyOperations(self)

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
        """Return a new cursor, for ``with`` and ``execute()`` or ``async with`` and ``await aexecute()``."""
        return LegacyCursor(self.database, self)

    @contextmanager
    def temporary_connection(self) -> Iterator[LegacyCursor]:
        """Return a context with a cursor; the connection goes back to its pool by itself, as always."""
        with self.cursor() as cursor:
            yield cursor

    @property
    def execute_wrappers(self) -> list[Callable[..., Any]]:
        """The functions around every statement in this context, the outermost first: a copy. ``execute_wrapper()`` adds
        one."""
        own = self.database
        return [
            each.fn.wrapper
            for each in wrappers.get()
            if each.open and each.database is own and isinstance(each.fn, Around)
        ]

    def execute_wrapper(self, wrapper: Callable[..., object]) -> ExecuteWrapper:
        """Put a function around every statement, as a context; ``context["connection"]`` is this connection."""
        kind = AroundAsync if is_async(wrapper) else Around
        return self.database.execute_wrapper(kind(self, wrapper))

    @property
    def force_debug_cursor(self) -> bool:
        """Whether statements are kept in ``queries`` while DEBUG is off."""
        return self._log.forced.get()

    @force_debug_cursor.setter
    def force_debug_cursor(self, wanted: bool) -> None:
        self._log.force(wanted)

    @property
    def queries_logged(self) -> bool:
        """Whether statements are kept in ``queries``."""
        return self.force_debug_cursor or bool(settings.DEBUG)

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
        return atomic_block(self.alias) is not None

    @property
    def savepoint_ids(self) -> list[str | None]:
        """The savepoints of the blocks inside the outermost one, that first; None stands for a block without one."""
        found: list[str | None] = []
        block = atomic_block(self.alias)
        while block is not None and block.parent is not None and block.parent.transaction:
            found.append(block.savepoint)
            block = block.parent
        return found[::-1]

    @property
    def needs_rollback(self) -> bool:
        """Whether the innermost block will be rolled back."""
        return self.in_atomic_block and get_rollback(self.alias)

    @needs_rollback.setter
    def needs_rollback(self, wanted: bool) -> None:
        set_rollback(wanted, self.alias)

    def get_rollback(self) -> bool:
        """Return whether the innermost block will be rolled back. Raises ``TransactionManagementError`` outside."""
        self._refuse_outside_of_blocks()
        return get_rollback(self.alias)

    def set_rollback(self, rollback: bool) -> None:
        """Say whether the innermost block is rolled back. Raises ``TransactionManagementError`` outside."""
        self._refuse_outside_of_blocks()
        set_rollback(rollback, self.alias)

    def savepoint(self) -> str | None:
        """Set a savepoint in the current transaction and return its name; None outside of one."""
        return savepoints.savepoint(self.alias)

    def savepoint_commit(self, sid: str | None) -> None:
        """Keep what was done since a savepoint."""
        savepoints.savepoint_commit(sid, self.alias)

    def savepoint_rollback(self, sid: str | None) -> None:
        """Undo what was done since a savepoint."""
        savepoints.savepoint_rollback(sid, self.alias)

    def clean_savepoints(self) -> None:
        """Accept what is so already: no two savepoints have the same name."""

    def validate_no_atomic_block(self) -> None:
        """Raise ``TransactionManagementError`` inside a block."""
        self._refuse_inside_a_block()

    def validate_no_broken_transaction(self) -> None:
        """Raise ``TransactionManagementError`` where the innermost block will be rolled back."""
        if self.needs_rollback:
            raise TransactionManagementError(
                "An error occurred in the current transaction. You can't execute queries until the end of the 'atomic' "
                "block."
            )

    def _refuse_outside_of_blocks(self) -> None:
        if not self.in_atomic_block:
            raise TransactionManagementError("The rollback flag doesn't work outside of an 'atomic' block.")

    @property
    def autocommit(self) -> bool:
        """Whether statements commit by themselves."""
        return not self.in_atomic_block and self._manual_transaction() is None

    def get_autocommit(self) -> bool:
        """Return whether statements commit by themselves."""
        return self.autocommit

    def set_autocommit(self, autocommit: bool) -> None:
        """Say whether statements commit by themselves; else a transaction is open, and after its end the next one.

        What is open is committed when autocommit begins again. Raises ``TransactionManagementError`` inside a block.
        Where the next transaction can't be begun, ``commit()`` or ``rollback()`` raises why, and later statements raise
        ``TransactionManagementError`` until one of these has begun it, or autocommit is on.
        """
        self._refuse_inside_a_block()
        manual = self._manual_transaction()
        if autocommit and manual is not None:
            self._end(undo=False)
        elif not autocommit and manual is None:
            self._begin()

    def commit(self) -> None:
        """Commit the transaction, if there is one. Raises ``TransactionManagementError`` inside a block."""
        self._end_and_go_on(undo=False)

    def rollback(self) -> None:
        """Roll the transaction back, if there is one. Raises ``TransactionManagementError`` inside a block."""
        self._end_and_go_on(undo=True)

    def _end_and_go_on(self, *, undo: bool) -> None:
        self._refuse_inside_a_block()
        manual = self._manual_transaction()
        if manual is not None:
            manual.go_on(undo=undo)

    def _refuse_inside_a_block(self) -> None:
        if self.in_atomic_block:
            raise TransactionManagementError("This is forbidden when an 'atomic' block is active.")

    def _manual_transaction(self) -> ManualTransaction | None:
        settings.load()
        return manual_transaction(self.alias)

    def _begin(self) -> None:
        ManualTransaction(self.database).begin()

    def _end(self, *, undo: bool) -> None:
        manual = self._manual_transaction()
        assert manual is not None
        manual.end(undo=undo)

    @property
    def run_on_commit(self) -> list[tuple[set[str], Callable[[], Any], bool]]:
        """What is to be called after the commit: savepoints (none are named here), function, and whether robustly."""
        block = transaction_block(self.alias)
        hooks: list[Any] = []
        while block is not None:
            hooks[:0] = block.hooks
            block = block.parent
        return [(set(), function, robust) for function, robust in hooks]

    def on_commit(self, func: Callable[[], object], robust: bool = False) -> None:
        """Call a function after the commit.

        Raises ``TransactionManagementError`` outside of ``atomic`` blocks while autocommit is off, as Django does.
        """
        if not self.in_atomic_block and self._manual_transaction() is not None:
            raise TransactionManagementError("on_commit() cannot be used in manual transaction management")
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
        check_references(table_names or None, self.database.alias)

    # -- threads -----------------------------------------------------------------------------------------------------

    @property
    def allow_thread_sharing(self) -> bool:
        """Whether a program has said that threads share this connection, by ``inc_thread_sharing()``.

        They may at any time: each statement leases a connection of its own, and a transaction goes along to the threads
        that are started with its context.
        """
        return self._sharers > 0

    def inc_thread_sharing(self) -> None:
        """Say once more that threads share this connection."""
        self._sharers += 1

    def dec_thread_sharing(self) -> None:
        """Take that back once.

        Raises ``RuntimeError`` where it was not said.
        """
        if not self._sharers:
            raise RuntimeError("Cannot decrement the thread sharing count below zero.")
        self._sharers -= 1

    def validate_thread_sharing(self) -> None:
        """Accept any thread: see ``allow_thread_sharing``."""

    # -- being there ---------------------------------------------------------------------------------------------------

    def ensure_connection(self) -> None:
        """Make sure that there is a connection: an open transaction has one, and else the database is asked."""
        if not self.in_atomic_block:
            run(self.database.fetch("SELECT 1"))

    connect = ensure_connection

    def is_usable(self) -> bool:
        """Return whether the database answers."""
        try:
            run(self.database.fetch("SELECT 1"))
        except OperationalError:
            return False
        return True

    def close(self) -> None:
        """Roll back what is open where autocommit is off, which is then on; close this database's idle connections.

        Threads that are inside theirs are left alone, and so is a transaction of another thread that this one shares.
        """
        manual = self._manual_transaction()
        if manual is not None and manual.is_callers and not self.in_atomic_block:
            self._end(undo=True)
        self.database.end_idle()

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
        return f"<DatabaseWrapper vendor={self.vendor!r} alias={self.alias!r}>"


class CopiedConnection(LegacyConnection):
    """One more connection to a database, for what must run beside the others.

    It takes no part in the transactions of models. Whoever made it says when its own begin and end: ``set_autocommit``,
    ``commit`` and ``rollback`` work on it, since it has an owner.
    """

    def __init__(self, alias: str) -> None:
        super().__init__(alias)
        original = databases[alias]
        self._own = Database(alias, original.url, original.backend)
        self._transaction: ManualTransaction | None = None

    @property
    def database(self) -> Database:
        """The database as this connection alone sees it."""
        return self._own

    @property
    def in_atomic_block(self) -> bool:
        """False: the transactions of models are those of other connections."""
        return False

    @property
    def autocommit(self) -> bool:
        """Whether statements commit by themselves."""
        return self._transaction is None

    def savepoint(self) -> str | None:
        """Refuse: savepoints are set in the transactions of models, which this connection takes no part in."""
        raise NotImplementedError("A copy of a connection sets no savepoints: execute SAVEPOINT with its cursor.")

    def close(self) -> None:
        """Roll back what is open, and end the connection."""
        if self._transaction is not None:
            self._end(undo=True)
        self._own.close()

    def _manual_transaction(self) -> ManualTransaction | None:
        return self._transaction

    def _begin(self) -> None:
        transaction = ManualTransaction(self._own)
        transaction.begin()
        self._transaction = transaction

    def _end(self, *, undo: bool) -> None:
        transaction, self._transaction = self._transaction, None
        assert transaction is not None
        transaction.end(undo=undo)


def with_defaults(given: dict[str, Any]) -> dict[str, object]:
    """Return a database's settings with Django's defaults for what was not given."""
    usual = {
        "ENGINE": NO_ENGINE,
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
