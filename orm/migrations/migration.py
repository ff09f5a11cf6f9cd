"""``Migration``: a named step of an app's history, made of operations."""

from __future__ import annotations

import contextlib
import datetime
import re
from typing import TYPE_CHECKING, Any, ClassVar

from orm.bridge.overrides import complete
from orm.db.transactions.public import atomic
from orm.migrations.exceptions import IrreversibleError
from orm.migrations.steps import pieces
from orm.models.schema_declared import DeclaredSchema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.models.schema_editor import AwaitableSchemaEditor

NOT_SQL = "-- THIS OPERATION CANNOT BE WRITTEN AS SQL"
MAX_NAME_LENGTH = 52


class AwaitableMigration:
    """One migration; a file holds a subclass called ``Migration``.

    ``operations`` are run in order; ``dependencies`` are (app label, name) of migrations that come before,
    ``run_before`` of those that come after; ``replaces`` those that this one is squashed from. ``initial`` says that it
    makes an app's first tables (None: that it does when it depends on no other of its app). ``atomic`` False runs it
    without a transaction.
    """

    NOT_TWINNED: ClassVar[tuple[str, ...]] = ("apply_in_pieces", "do_piece", "operate")

    operations: Sequence[Any] = ()
    dependencies: Sequence[Any] = ()
    run_before: Sequence[Any] = ()
    replaces: Sequence[Any] = ()
    initial: bool | None = None
    atomic: bool = True

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        complete(cls)

    def __init__(self, name: str, app_label: str) -> None:
        self.name = name
        self.app_label = app_label
        self.operations = list(type(self).operations)
        self.dependencies = list(type(self).dependencies)
        self.run_before = list(type(self).run_before)
        self.replaces = list(type(self).replaces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AwaitableMigration) and (self.name, self.app_label) == (other.name, other.app_label)

    def __hash__(self) -> int:
        return hash(f"{self.app_label}.{self.name}")

    def __repr__(self) -> str:
        return f"<Migration {self.app_label}.{self.name}>"

    def __str__(self) -> str:
        return f"{self.app_label}.{self.name}"

    def mutate_state(self, project_state: ProjectState, preserve: bool = True) -> ProjectState:
        """The state after this migration; with ``preserve`` the one given stays as it is."""
        new_state = project_state.clone() if preserve else project_state
        for place, operation in enumerate(self.operations, start=1):
            self.change(new_state, operation, place)
        return new_state

    def change(self, state: ProjectState, operation: AwaitableOperation, place: int) -> None:
        """Let a state be as after an operation; say on an error which it was."""
        try:
            operation.state_forwards(self.app_label, state)
        except Exception as error:
            absent = " The models before it have no such name." if isinstance(error, LookupError) else ""
            error.add_note(
                f"This is operation {place} of {len(self.operations)} of {self} ({operation.describe()}).{absent}"
            )
            raise

    async def aapply(
        self, project_state: ProjectState, schema_editor: AwaitableSchemaEditor, collect_sql: bool = False
    ) -> ProjectState:
        """Run the operations; return the state after them. ``collect_sql`` writes comments between the statements.

        Raises ``TypeError`` for a schema editor that is not this library's, as Django's executor gives one.
        """
        self._refuse_another(schema_editor)
        if schema_editor.steps is not None:
            return await self.apply_in_pieces(project_state, schema_editor, schema_editor.steps)
        for place, operation in enumerate(self.operations, start=1):
            if collect_sql and self._comment(schema_editor, operation):
                continue
            old_state = project_state.clone()
            self.change(project_state, operation, place)
            await self.operate(operation, place, schema_editor, old_state, project_state, backwards=False)
            if collect_sql:
                self._nothing(schema_editor)
        return project_state

    async def aunapply(
        self, project_state: ProjectState, schema_editor: AwaitableSchemaEditor, collect_sql: bool = False
    ) -> ProjectState:
        """Take the operations back, the last one first; return the state before them.

        Raises ``IrreversibleError`` for an operation that can't be taken back, before anything is, and ``TypeError`` as
        ``aapply`` does.
        """
        self._refuse_another(schema_editor)
        steps = []
        state = project_state
        for place, operation in enumerate(self.operations, start=1):
            if not operation.reversible:
                raise IrreversibleError(f"Operation {operation} in {self} is not reversible")
            after = state.clone()
            before = after.clone()
            self.change(after, operation, place)
            steps.append((place, operation, after, before))
            state = after
        for place, operation, after, before in reversed(steps):
            if collect_sql and self._comment(schema_editor, operation):
                continue
            if schema_editor.steps is None:
                await self.operate(operation, place, schema_editor, after, before, backwards=True)
            else:
                states = {place: (after, before)}
                await self.do_piece([(place, operation)], states, schema_editor, schema_editor.steps, backwards=True)
            if collect_sql:
                self._nothing(schema_editor)
        return project_state

    def _refuse_another(self, schema_editor: object) -> None:
        if not hasattr(schema_editor, "collected_before"):
            raise TypeError(
                f"{self} is made of this library's operations; {type(schema_editor).__module__} can't run them. Let "
                "its file say `from django.db import migrations, models`: that runs under both."
            )

    async def apply_in_pieces(
        self, state: ProjectState, schema_editor: AwaitableSchemaEditor, steps: object
    ) -> ProjectState:
        """Run the operations of a migration without a transaction so that a run after a kill goes on where it was."""
        for piece in pieces(self.app_label, self.operations, state):
            states = {}
            for place, operation in piece:
                before = state.clone()
                self.change(state, operation, place)
                states[place] = before, state.clone()
            await self.do_piece(piece, states, schema_editor, steps, backwards=False)
        return state

    async def do_piece(
        self,
        piece: Sequence[tuple[int, Any]],
        states: dict[int, tuple[ProjectState, ProjectState]],
        schema_editor: AwaitableSchemaEditor,
        steps: Any,
        *,
        backwards: bool,
    ) -> None:
        """Run operations that are one piece, unless an earlier run did, and record that they ended."""
        plain = not schema_editor.dialect.capabilities.concurrent_indexes
        whole = all(one.transactional or (plain and getattr(one, "concurrently", False)) for _, one in piece)
        async with atomic(using=schema_editor.connection.alias) if whole else contextlib.nullcontext():
            if await steps.finished(piece):
                return
            schema_editor.resumed = not whole and await steps.begin(piece)
            for place, operation in piece:
                before, after = states[place]
                await self.operate(operation, place, schema_editor, before, after, backwards=backwards)
            await schema_editor.finish()
            await steps.end(piece)

    async def operate(
        self,
        operation: AwaitableOperation,
        place: int,
        schema_editor: AwaitableSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
        *,
        backwards: bool,
    ) -> None:
        """Run one operation, in a transaction of its own where only it wants one; say on an error which it was."""
        wants = operation.atomic or (self.atomic and operation.atomic is not False)
        scope: Any = contextlib.nullcontext()
        if not schema_editor.atomic_migration and wants and not schema_editor.collect_sql:
            scope = atomic(using=schema_editor.connection.alias)
        elif schema_editor.collect_sql and operation.atomic and not self.atomic:
            scope = _told_transaction(schema_editor.collected_sql)
        run = operation.adatabase_backwards if backwards else operation.adatabase_forwards
        schema_editor.step, schema_editor.last_statement = f"{self}:{place}", ""
        if schema_editor.names is not None:
            models = from_state.apps.get_models(include_auto_created=True)
            known = schema_editor.names.at(place if backwards else place - 1)
            declared = DeclaredSchema(models, schema_editor.dialect, known)
            schema_editor.begun, schema_editor.declared = schema_editor.begun or declared, declared
        try:
            async with scope:
                await run(self.app_label, schema_editor, from_state, to_state)
                if schema_editor.watch is not None:
                    await schema_editor.watch.end(schema_editor.step)
        except Exception as error:
            sql = f" Its last statement was: {schema_editor.last_statement}" if schema_editor.last_statement else ""
            direction = "taking back" if backwards else "applying"
            error.add_note(
                f"While {direction} {self}, at operation {place} of {len(self.operations)} "
                f"({operation.describe()}).{sql}"
            )
            if (remedy := operation.remedy(error)) is not None:
                error.add_note(remedy)
            raise

    @staticmethod
    def _comment(schema_editor: AwaitableSchemaEditor, operation: AwaitableOperation) -> bool:
        """Write what comes; return whether the operation can't be told as SQL."""
        lines = ["--", f"-- {operation.describe()}", "--"]
        if not operation.reduces_to_sql:
            lines.append(NOT_SQL)
        schema_editor.collected_sql.extend(lines)
        schema_editor.collected_before = len(schema_editor.collected_sql)
        return not operation.reduces_to_sql

    @staticmethod
    def _nothing(schema_editor: AwaitableSchemaEditor) -> None:
        if schema_editor.collected_before == len(schema_editor.collected_sql):
            schema_editor.collected_sql.append("-- (no-op)")

    def suggest_name(self) -> str:
        """A name from what the operations do, short enough for a file."""
        if self.initial:
            return "initial"
        raw = [one.migration_name_fragment for one in self.operations]
        fragments = [re.sub(r"\W+", "_", name) for name in raw if name]
        if not fragments or len(fragments) != len(self.operations):
            return f"auto_{timestamp()}"
        name = fragments[0]
        for fragment in fragments[1:]:
            longer = f"{name}_{fragment}"
            if len(longer) > MAX_NAME_LENGTH:
                return f"{name}_and_more"
            name = longer
        return name


class SwappableTuple(tuple[str, str]):
    """A dependency on whatever model a setting names."""

    setting: str

    def __new__(cls, value: tuple[str, str], setting: str) -> SwappableTuple:
        self = super().__new__(cls, value)
        self.setting = setting
        return self


@contextlib.asynccontextmanager
async def _told_transaction(lines: list[str]) -> AsyncIterator[None]:
    """Put a transaction around the statements that are written, if there are any."""
    start = len(lines)
    yield
    if len(lines) > start:
        lines.insert(start, "BEGIN;")
        lines.append("COMMIT;")


def timestamp() -> str:
    """The moment, as names of migrations have it."""
    return datetime.datetime.now().strftime("%Y%m%d_%H%M")


def swappable_dependency(value: str) -> SwappableTuple:
    """Depend on the first migration of the app whose model a setting names."""
    return SwappableTuple((value.split(".", 1)[0], "__first__"), value)
