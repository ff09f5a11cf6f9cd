"""``Migration``: a named step of an app's history, made of operations."""

from __future__ import annotations

import contextlib
import datetime
import re
from typing import TYPE_CHECKING, Any, ClassVar

from orm.bridge.overrides import complete
from orm.db.transactions.public import atomic
from orm.migrations.exceptions import IrreversibleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orm.migrations.state import ProjectState

MAX_NAME_LENGTH = 52


class AwaitableMigration:
    """One migration; a file holds a subclass called ``Migration``.

    ``operations`` are run in order; ``dependencies`` are (app label, name) of migrations that come before,
    ``run_before`` of those that come after; ``replaces`` those that this one is squashed from. ``initial`` says that it
    makes an app's first tables (None: that it does when it depends on no other of its app). ``atomic`` False runs it
    without a transaction.
    """

    NOT_TWINNED: ClassVar[tuple[str, ...]] = ("operate",)

    operations: Sequence[Any] = ()
    dependencies: Sequence[Any] = ()
    run_before: Sequence[Any] = ()
    replaces: Sequence[Any] = ()
    initial: bool | None = None
    atomic: bool = True

    def __init_subclass__(cls, **options: Any) -> None:
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
        for operation in self.operations:
            operation.state_forwards(self.app_label, new_state)
        return new_state

    async def aapply(self, project_state: ProjectState, schema_editor: Any, collect_sql: bool = False) -> ProjectState:
        """Run the operations; return the state after them. ``collect_sql`` writes comments between the statements."""
        for place, operation in enumerate(self.operations, start=1):
            if collect_sql and self._comment(schema_editor, operation):
                continue
            old_state = project_state.clone()
            operation.state_forwards(self.app_label, project_state)
            await self.operate(operation, place, schema_editor, old_state, project_state, backwards=False)
            if collect_sql:
                self._nothing(schema_editor)
        return project_state

    async def aunapply(
        self, project_state: ProjectState, schema_editor: Any, collect_sql: bool = False
    ) -> ProjectState:
        """Take the operations back, the last one first; return the state before them.

        Raises: IrreversibleError for an operation that can't be taken back, before anything is.
        """
        steps = []
        state = project_state
        for place, operation in enumerate(self.operations, start=1):
            if not operation.reversible:
                raise IrreversibleError(f"Operation {operation} in {self} is not reversible")
            after = state.clone()
            before = after.clone()
            operation.state_forwards(self.app_label, after)
            steps.append((place, operation, after, before))
            state = after
        for place, operation, after, before in reversed(steps):
            if collect_sql and self._comment(schema_editor, operation):
                continue
            await self.operate(operation, place, schema_editor, after, before, backwards=True)
            if collect_sql:
                self._nothing(schema_editor)
        return project_state

    async def operate(
        self,
        operation: Any,
        place: int,
        schema_editor: Any,
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
        run = operation.adatabase_backwards if backwards else operation.adatabase_forwards
        schema_editor.step = f"{self}:{place}"
        try:
            async with scope:
                await run(self.app_label, schema_editor, from_state, to_state)
        except Exception as error:
            sql = f" Its last statement was: {schema_editor.last_statement}" if schema_editor.last_statement else ""
            direction = "taking back" if backwards else "applying"
            error.add_note(
                f"While {direction} {self}, at operation {place} of {len(self.operations)} "
                f"({operation.describe()}).{sql}"
            )
            raise

    @staticmethod
    def _comment(schema_editor: Any, operation: Any) -> bool:
        """Write what comes; return whether the operation can't be told as SQL."""
        lines = ["--", f"-- {operation.describe()}", "--"]
        if not operation.reduces_to_sql:
            lines.append("-- THIS OPERATION CANNOT BE WRITTEN AS SQL")
        schema_editor.collected_sql.extend(lines)
        schema_editor.collected_before = len(schema_editor.collected_sql)
        return not operation.reduces_to_sql

    @staticmethod
    def _nothing(schema_editor: Any) -> None:
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


def timestamp() -> str:
    """The moment, as names of migrations have it."""
    return datetime.datetime.now().strftime("%Y%m%d_%H%M")


def swappable_dependency(value: str) -> SwappableTuple:
    """Depend on the first migration of the app whose model a setting names."""
    return SwappableTuple((value.split(".", 1)[0], "__first__"), value)
