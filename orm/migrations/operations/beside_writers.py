"""``BesideWriters``: an operation in a form that lets others write to the table while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orm.db.transactions.public import in_atomic_block
from orm.errors import NotSupportedError
from orm.migrations.operation import OperationCategory
from orm.migrations.operation_blocking import Operation
from orm.migrations.operations.constraints import AddConstraint
from orm.migrations.operations.fields import AlterField
from orm.migrations.operations.indexes import AddIndex, RemoveIndex
from orm.migrations.operations.models import AlterIndexTogether, AlterUniqueTogether
from orm.models.schema_editor_blocking import SchemaEditor

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.models.base import AwaitableModel
    from orm.structures.deconstruct import DeconstructedOperation

TAKES = (AddConstraint, AddIndex, AlterField, AlterIndexTogether, AlterUniqueTogether, RemoveIndex)


class BesideWriters(Operation):
    """Do what another operation does, in more and smaller steps that hold no lock for as long as rows are read.

    Indexes are built concurrently (one that a build before left invalid is dropped first); unique constraints and keys
    come through such an index; checks and foreign keys are added for rows to come, then validated; a column becomes
    NOT NULL through a validated check. The migration says ``atomic = False``. A database that knows no such forms does
    it the plain way.

    Parameters: ``operation`` is an AlterField, AddIndex, RemoveIndex, AddConstraint, AlterUniqueTogether or
    AlterIndexTogether.

    Raises ``TypeError`` for another one.
    """

    category = OperationCategory.ALTERATION
    concurrently = True
    atomic = False

    def __init__(self, operation: AwaitableOperation) -> None:
        if not isinstance(operation, TAKES):
            names = ", ".join(one.__name__ for one in TAKES)
            raise TypeError(f"BesideWriters takes one of {names}, not {operation!r}.")
        self.operation = operation

    def deconstruct(self) -> DeconstructedOperation:
        return type(self).__name__, [self.operation], {}

    @property
    def model_name(self) -> str:
        """The model that is changed."""
        operation: Any = self.operation
        return str(getattr(operation, "model_name", None) or operation.name)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        self.operation.state_forwards(app_label, state)

    def describe(self) -> str:
        return f"Beside writers: {self.operation.describe()}"

    @property
    def migration_name_fragment(self) -> str | None:
        fragment = self.operation.migration_name_fragment
        return fragment and f"{fragment}_beside_writers"

    def references_model(self, name: str, app_label: str) -> bool:
        return bool(self.operation.references_model(name, app_label))

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        return bool(self.operation.references_field(model_name, name, app_label))

    async def forwards(
        self, app_label: str, schema_editor: object, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        run = self.operation.adatabase_forwards
        model = to_state.apps.get_model(app_label, self.model_name)
        await self._run(schema_editor, model, lambda editor: run(app_label, editor, from_state, to_state))

    async def backwards(
        self, app_label: str, schema_editor: object, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        run = self.operation.adatabase_backwards
        model = to_state.apps.get_model(app_label, self.model_name)
        await self._run(schema_editor, model, lambda editor: run(app_label, editor, from_state, to_state))

    async def _run(self, schema_editor: Any, model: type[AwaitableModel], change: Any) -> None:
        """Run the statements of ``change(editor)`` in the database's forms for a table in use.

        Raises ``NotSupportedError`` inside a transaction.
        """
        dialect = schema_editor.dialect
        if not dialect.capabilities.concurrent_indexes:
            done: Awaitable[None] = change(schema_editor)
            await done
            return
        if in_atomic_block(schema_editor.connection.alias) and not schema_editor.collect_sql:
            raise NotSupportedError(
                "The BesideWriters operation cannot be executed inside a transaction (set atomic = False on the "
                "migration)."
            )
        async with SchemaEditor(schema_editor.connection, collect_sql=True) as listening:
            listening.names, listening.begun = schema_editor.names, schema_editor.begun
            listening.declared = schema_editor.declared
            await change(listening)
        for statement in listening.collected_sql:
            for name, form in dialect.beside_writers(statement):
                if name is None or await self._is_due(schema_editor, model._meta.db_table, name, form):
                    await schema_editor.aexecute(form)

    async def _is_due(self, schema_editor: Any, table: str, name: str, form: str) -> bool:
        """Whether a statement is still to be run: an earlier run that was killed may have made what it makes.

        An index that a build left invalid is dropped.
        """
        if schema_editor.collect_sql:
            return True
        left = (await schema_editor.constraints_of(table)).get(name)
        if left is None:
            return True
        if left.index and not left.valid:
            await schema_editor.drop_index(table, name, concurrently=True)
            return True
        made_of_index = left.index and form.startswith("ALTER")
        return made_of_index or not schema_editor.resumed
