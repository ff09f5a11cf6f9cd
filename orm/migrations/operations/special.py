"""Operations that run what people write: SQL, Python functions, and database and state taken apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from orm.bridge import crossing
from orm.db.routing import routes
from orm.late import sqlparse
from orm.migrations.operation import OperationCategory
from orm.migrations.operation_blocking import Operation

if TYPE_CHECKING:
    from orm.migrations.state import ProjectState
    from orm.models.apps import Apps
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.structures.deconstruct import DeconstructedOperation


class SeparateDatabaseAndState(Operation):
    """Run some operations on the database only, and others on the state only."""

    category = OperationCategory.MIXED
    serialization_expand_args = ("database_operations", "state_operations")

    def __init__(
        self, database_operations: Iterable[Any] | None = None, state_operations: Iterable[Any] | None = None
    ) -> None:
        self.database_operations = list(database_operations or [])
        self.state_operations = list(state_operations or [])

    @property
    def transactional(self) -> bool:  # type: ignore[override]
        """Whether all it does to the database may run in a transaction."""
        return all(one.transactional for one in self.database_operations)

    def deconstruct(self) -> DeconstructedOperation:
        options: dict[str, Any] = {}
        if self.database_operations:
            options["database_operations"] = self.database_operations
        if self.state_operations:
            options["state_operations"] = self.state_operations
        return type(self).__name__, [], options

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        for operation in self.state_operations:
            operation.state_forwards(app_label, state)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in self.database_operations:
            to_state = from_state.clone()
            operation.state_forwards(app_label, to_state)
            await operation.adatabase_forwards(app_label, schema_editor, from_state, to_state)
            from_state = to_state

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        states = [to_state]  # states[n] is the one before the n-th operation
        for operation in self.database_operations:
            after = states[-1].clone()
            operation.state_forwards(app_label, after)
            states.append(after)
        for place in reversed(range(len(self.database_operations))):
            await self.database_operations[place].adatabase_backwards(
                app_label, schema_editor, states[place + 1], states[place]
            )

    def describe(self) -> str:
        return "Custom state/database change combination"


class RunSQL(Operation):
    """Run SQL, and other SQL to take it back.

    Parameters: ``sql`` and ``reverse_sql`` are a text of one or more statements, or a list of texts and of pairs
    (statement with ``%s``, parameters). ``state_operations`` say what the SQL means for the models. ``hints`` are for
    routers; ``elidable`` lets squashing leave it out. ``atomic`` runs the statements in a transaction of their own
    where the migration has none (this library's: Django's RunSQL knows no such parameter).
    """

    noop = ""
    category = OperationCategory.SQL

    def __init__(
        self,
        sql: Any,
        reverse_sql: Any = None,
        state_operations: Iterable[Any] | None = None,
        hints: dict[str, Any] | None = None,
        elidable: bool = False,
        atomic: bool = False,
    ) -> None:
        self.sql = sql
        self.atomic = atomic
        self.reverse_sql = reverse_sql
        self.state_operations = list(state_operations or [])
        self.hints = hints or {}
        self.elidable = elidable

    def deconstruct(self) -> DeconstructedOperation:
        options: dict[str, Any] = {"sql": self.sql}
        if self.reverse_sql is not None:
            options["reverse_sql"] = self.reverse_sql
        if self.state_operations:
            options["state_operations"] = self.state_operations
        if self.hints:
            options["hints"] = self.hints
        if self.elidable:
            options["elidable"] = True
        if self.atomic:
            options["atomic"] = True
        return type(self).__name__, [], options

    @property
    def transactional(self) -> bool:  # type: ignore[override]
        """Whether it asks for a transaction."""
        return self.atomic

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        """Whether there is SQL to take it back."""
        return self.reverse_sql is not None

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        for operation in self.state_operations:
            operation.state_forwards(app_label, state)

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if routes.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            await self._run(schema_editor, self.sql)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if self.reverse_sql is None:
            raise NotImplementedError("You cannot reverse this operation")
        if routes.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            await self._run(schema_editor, self.reverse_sql)

    @property
    def of_several(self) -> bool:
        """Whether there are several statements in one direction, so that a failure could leave some of them done."""
        return any(len(statements_of(one)) > 1 for one in (self.sql, self.reverse_sql or self.noop))

    async def _run(self, schema_editor: AwaitableSchemaEditor, sqls: object) -> None:
        for statement, params in statements_of(sqls):
            await schema_editor.aexecute(statement, params)
        schema_editor.rows_changed = True

    def describe(self) -> str:
        return "Raw SQL operation"


def statements_of(sqls: Any) -> list[tuple[str, Any]]:
    """The single statements, each with its parameters or None.

    Raises ``ValueError`` for a list item that is neither a text nor a pair.
    """
    if isinstance(sqls, str):
        if sqls == RunSQL.noop:
            return []
        return [(one, None) for one in split(sqls)]
    found: list[tuple[str, Any]] = []
    for one in sqls:
        if isinstance(one, (list, tuple)):
            if len(one) != 2:
                raise ValueError(f"Expected a 2-tuple but got {len(one)}")
            found.append((one[0], one[1]))
        elif one != RunSQL.noop:
            found.append((one, None))
    return found


def split(sql: str) -> list[str]:
    """Cut a script into statements, comments left out."""
    texts = (sqlparse.format(one, strip_comments=True).strip().removesuffix(";") for one in sqlparse.split(sql))
    return [text for text in texts if text]


class RunPython(Operation):
    """Run a function over the historical models: ``code(apps, schema_editor)``, blocking or a coroutine function.

    Parameters: ``reverse_code`` takes it back; ``atomic`` says whether it needs a transaction, None that the
    migration decides.
    """

    reduces_to_sql = False
    category = OperationCategory.PYTHON

    def __init__(
        self,
        code: Callable[..., object],
        reverse_code: Callable[..., object] | None = None,
        atomic: bool | None = None,
        hints: dict[str, Any] | None = None,
        elidable: bool = False,
    ) -> None:
        self.atomic = atomic  # type: ignore[assignment]
        if not callable(code):
            raise ValueError("RunPython must be supplied with a callable")
        self.code = code
        if reverse_code is not None and not callable(reverse_code):
            raise ValueError("RunPython must be supplied with callable arguments")
        self.reverse_code = reverse_code
        self.hints = hints or {}
        self.elidable = elidable

    @property
    def transactional(self) -> bool:  # type: ignore[override]
        """Whether it asks for a transaction."""
        return bool(self.atomic)

    def deconstruct(self) -> DeconstructedOperation:
        options: dict[str, Any] = {"code": self.code}
        if self.reverse_code is not None:
            options["reverse_code"] = self.reverse_code
        if self.atomic is not None:
            options["atomic"] = self.atomic
        if self.hints:
            options["hints"] = self.hints
        if self.elidable:
            options["elidable"] = True
        return type(self).__name__, [], options

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        """Whether there is a function to take it back."""
        return self.reverse_code is not None

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: a function changes rows, not models."""

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if routes.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            await crossing.call(self.code, from_state.apps, schema_editor)
            schema_editor.rows_changed = True

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if self.reverse_code is None:
            raise NotImplementedError("You cannot reverse this operation")
        if routes.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            await crossing.call(self.reverse_code, from_state.apps, schema_editor)
            schema_editor.rows_changed = True

    def describe(self) -> str:
        return "Raw Python operation"

    @staticmethod
    def noop(apps: Apps, schema_editor: AwaitableSchemaEditor) -> None:
        """Do nothing, where there is nothing to take back."""
