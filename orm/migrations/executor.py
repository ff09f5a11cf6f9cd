"""Applies migrations and takes them back, and keeps the records true whatever fails on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, ClassVar

from orm.db.database_blocking import Database
from orm.db.registry import databases
from orm.db.transactions.public import atomic
from orm.errors import Error, LockNotAvailable, NotSupportedError
from orm.migrations.exceptions import InvalidMigrationPlan
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.migration_blocking import Migration
from orm.migrations.operation import can_migrate
from orm.migrations.operations.fields import AddField
from orm.migrations.operations.models import CreateModel
from orm.migrations.recorder_blocking import MigrationRecorder
from orm.migrations.state import ProjectState
from orm.migrations.steps import Steps, forget
from orm.models.apps import apps as global_apps
from orm.models.schema_editor_blocking import SchemaEditor
from orm.models.schema_watch import Watch

Plan = list[tuple[Migration, bool]]
"""Migrations in order, each with whether it is taken back."""

LOCK_KEY = 0x6F726D6D696772  # "ormmigr"


class AwaitableMigrationExecutor:
    """Runs migrations on one database.

    Parameters: ``connection`` is a database, or anything with its ``alias``; ``progress_callback(action, migration,
    fake)`` hears of each step; ``loader`` is one that has been loaded, where the caller can't block.
    """

    NOT_TWINNED: ClassVar[tuple[str, ...]] = ("lock", "unlock", "migrate_forwards", "migrate_backwards")

    def __init__(
        self,
        connection: Any,
        progress_callback: Callable[..., Any] | None = None,
        loader: MigrationLoader | None = None,
    ) -> None:
        self.connection = connection
        self.loader = loader if loader is not None else MigrationLoader(connection)
        self.recorder = MigrationRecorder(connection)
        self.progress_callback = progress_callback
        self._history_changed = False
        self.watch: Watch | None = None
        """Runs the statements of what is applied, and looks what they do."""
        self.lock_timeout: float | None = None
        """Seconds a statement waits for a lock of others before its migration is rolled back and tried again."""
        self.lock_retries = 0
        """How often that is done."""

    @property
    def database(self) -> Database:
        """The database that is migrated."""
        return databases[self.connection.alias]

    # -- plans -----------------------------------------------------------------------------------------------------

    def migration_plan(self, targets: Iterable[tuple[str, str | None]], clean_start: bool = False) -> Plan:
        """What has to be run for the database to be at ``targets``: (app label, name), or None for before the first.

        ``clean_start`` takes the database for empty.
        """
        plan: Plan = []
        graph = self.loader.graph
        applied = {} if clean_start else dict(self.loader.applied_migrations)
        for target in targets:
            if target[1] is None:
                for root in graph.root_nodes():
                    if root[0] == target[0]:
                        self._back(root, applied, plan)
            elif self.loader.replace_migrations and target not in graph.node_map:
                # One that a squashed migration replaces: the same is reached without the squashed one.
                self.loader.replace_migrations = False
                self.loader.build_graph()
                return self.migration_plan(targets, clean_start)
            elif target in applied:
                children = graph.node_map[(target[0], str(target[1]))].children
                for child in sorted(node.key for node in children if node.key[0] == target[0]):
                    self._back(child, applied, plan)
            else:
                for key in graph.forwards_plan((target[0], str(target[1]))):
                    if key not in applied:
                        plan.append((graph.nodes[key], False))
                        applied[key] = graph.nodes[key]
        return plan

    def _back(self, start: Any, applied: dict[Any, Any], plan: Plan) -> None:
        for key in self.loader.graph.backwards_plan(start):
            if key in applied:
                plan.append((self.loader.graph.nodes[key], True))
                applied.pop(key)

    # -- running ---------------------------------------------------------------------------------------------------

    async def amigrate(
        self,
        targets: Iterable[tuple[str, str | None]] | None,
        plan: Plan | None = None,
        state: ProjectState | None = None,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        """Bring the database to ``targets``; return the state it is in then.

        Parameters: ``plan`` is what to run, where the caller knows; ``fake`` records without running;
        ``fake_initial`` does so for first migrations whose tables are there already.

        Raises ``InvalidMigrationPlan`` for a plan in both directions, and what the database raises, with a note on
        which operation it was.
        """
        if plan is not None and not plan and not self.loader.replacements:
            return state if state is not None else self.applied_state()
        async with self.database.connection():
            await self.lock()
            try:
                await self._limit_locks(self.lock_timeout)
                return await self._migrate(list(targets or []), plan, state, fake, fake_initial)
            finally:
                await self.unlock()

    async def _migrate(
        self, targets: list[Any], plan: Plan | None, state: ProjectState | None, fake: bool, fake_initial: bool
    ) -> ProjectState:
        if plan is None:
            plan = self.migration_plan(targets)
        elif self._history_changed:
            applied = self.loader.applied_migrations
            plan = [(one, back) for one, back in plan if (_key(one) in applied) == back]
        full_plan = self.migration_plan(self.loader.graph.leaf_nodes(), clean_start=True)
        forwards = any(not backwards for _, backwards in plan)
        backwards = any(back for _, back in plan)
        if not plan:
            if state is None:
                state = self.applied_state()
        elif forwards and backwards:
            mixed = plan
            raise InvalidMigrationPlan(
                "Migration plans with both forwards and backwards migrations are not supported. Please split your "
                "migration process into separate plans of only forwards OR backwards migrations.",
                mixed,
            )
        elif forwards:
            await self.recorder.aensure_schema()
            if state is None:
                state = self.applied_state()
            state = await self.migrate_forwards(state, plan, full_plan, fake, fake_initial)
        else:
            state = await self.migrate_backwards(plan, full_plan, fake)
        await self.acheck_replacements()
        return state

    def applied_state(self) -> ProjectState:
        """The state that the migrations lead to which are applied."""
        return self._state(with_applied=True)

    def _state(self, with_applied: bool = False) -> ProjectState:
        state = ProjectState(real_apps=set(self.loader.unmigrated_apps))
        if with_applied:
            for migration, _ in self.migration_plan(self.loader.graph.leaf_nodes(), clean_start=True):
                if (migration.app_label, migration.name) in self.loader.applied_migrations:
                    migration.mutate_state(state, preserve=False)
        return state

    async def migrate_forwards(
        self, state: ProjectState, plan: Plan, full_plan: Plan, fake: bool, fake_initial: bool
    ) -> ProjectState:
        """Apply the migrations of ``plan``, in the order of ``full_plan``."""
        waiting = {migration for migration, _ in plan}
        if not fake:
            self._render(state)
        for migration, _ in full_plan:
            if not waiting:
                break
            if migration in waiting:
                state = await self.aapply_migration(state, migration, fake=fake, fake_initial=fake_initial)
                waiting.remove(migration)
        return state

    def _render(self, state: ProjectState) -> None:
        """Make the models of a state now, where somebody hears of what takes long."""
        if self.progress_callback is not None:
            self.progress_callback("render_start")
            state.apps  # noqa: B018 - made by being asked for
            self.progress_callback("render_success")

    async def migrate_backwards(self, plan: Plan, full_plan: Plan, fake: bool) -> ProjectState:
        """Take the migrations of ``plan`` back, each from the state it was applied to."""
        waiting = {migration for migration, _ in plan}
        states: dict[Migration, ProjectState] = {}
        state = self._state()
        applied = {
            self.loader.graph.nodes[key] for key in self.loader.applied_migrations if key in self.loader.graph.nodes
        }
        for migration, _ in full_plan:
            if not waiting:
                break
            if migration in waiting:
                states[migration] = state
                state = migration.mutate_state(state, preserve=True)
                waiting.remove(migration)
            elif migration in applied:
                migration.mutate_state(state, preserve=False)
        if not fake:
            self._render(state)
        for migration, _ in plan:
            await self.aunapply_migration(states[migration], migration, fake=fake)
            applied.remove(migration)
        last = next((place for place, (one, _) in enumerate(full_plan) if one in states), 0)
        state = states[full_plan[last][0]]
        for migration, _ in full_plan[last:]:
            if migration in applied:
                migration.mutate_state(state, preserve=False)
        return state

    async def aapply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        """Apply one migration and record it, in one transaction where there is one."""
        self._tell("apply_start", migration, fake)
        recorded = keeps_steps = False
        if not fake:
            if fake_initial:
                found, state = await self.adetect_soft_applied(state, migration)
                fake = found
            if not fake:
                state, keeps_steps = await self._patiently(migration, state, self._apply)
                recorded = True
        if not recorded:
            await self.arecord_migration(migration)
        if keeps_steps:
            await forget(migration, self.database)
        self._tell("apply_success", migration, fake)
        return state

    async def aunapply_migration(self, state: ProjectState, migration: Migration, fake: bool = False) -> ProjectState:
        """Take one migration back and its record with it."""
        self._tell("unapply_start", migration, fake)
        if fake:
            await self._unrecord(migration)
        else:
            state, keeps_steps = await self._patiently(migration, state, self._take_back)
            if keeps_steps:
                await forget(migration, self.database)
        self.loader.applied_migrations.pop((migration.app_label, migration.name), None)
        self._tell("unapply_success", migration, fake)
        return state

    async def _apply(self, migration: Migration, state: ProjectState) -> tuple[ProjectState, bool]:
        """Apply and record; return the state after it, and whether the end of each operation was recorded."""
        async with SchemaEditor(self.connection, atomic=migration.atomic) as editor:
            editor.progress, editor.lock_timeout = self._hears_of(migration), self.lock_timeout
            editor.watch = self.watch
            editor.steps = None if editor.atomic_migration else self._steps(editor, migration, backwards=False)
            if await self._came_meanwhile(migration):
                return migration.mutate_state(state, preserve=False), editor.steps is not None
            state = await migration.aapply(state, editor)
            await editor.finish()
            await self._record_once(migration, editor)
            return state, editor.steps is not None

    async def _take_back(self, migration: Migration, state: ProjectState) -> tuple[ProjectState, bool]:
        """Take back, and its record with it; return as ``_apply``."""
        async with SchemaEditor(self.connection, atomic=migration.atomic) as editor:
            editor.lock_timeout = self.lock_timeout
            editor.steps = None if editor.atomic_migration else self._steps(editor, migration, backwards=True)
            state = await migration.aunapply(state, editor)
            await editor.finish()
            await self._unrecord(migration)
            return state, editor.steps is not None

    async def _patiently(
        self,
        migration: Migration,
        state: ProjectState,
        run: Callable[[Migration, ProjectState], Awaitable[tuple[ProjectState, bool]]],
    ) -> tuple[ProjectState, bool]:
        """Run a migration; where it did not get a lock in time, let the others go on for a while, and run it again."""
        for attempt in range(1, self.lock_retries + 1 if self.lock_timeout is not None else 1):
            before = state.clone()
            try:
                return await run(migration, state)
            except LockNotAvailable:
                pause = self.database.dialect.pause(min(0.2 * 2**attempt, 10.0))
                if pause is None:
                    raise
                self._tell("lock_missed", migration, attempt)
                await self.database.fetch(pause, ())
                state = before
        return await run(migration, state)

    async def _limit_locks(self, seconds: float | None) -> None:
        """Have the session wait no longer than so for locks.

        Raises ``NotSupportedError`` where the database has no such limit.
        """
        if seconds is None:
            return
        statement = self.database.dialect.limit_locks(seconds)
        if statement is None:
            raise NotSupportedError(f"{self.database.backend.name} has no limit for waiting for a lock (lock_timeout).")
        await self.database.execute(statement, ())

    async def _unrecord(self, migration: Migration) -> None:
        for app_label, name in [*map(tuple, migration.replaces), _key(migration)]:
            await self.recorder.arecord_unapplied(app_label, name)

    async def _record_once(self, migration: Migration, editor: SchemaEditor) -> None:
        """Record a migration, unless it ran without a transaction and another deployer ended beside us."""
        if editor.steps is None:
            await self.arecord_migration(migration)
            return
        async with atomic(using=self.database.alias):
            if not await self._came_meanwhile(migration):
                await self.arecord_migration(migration)

    async def arecord_migration(self, migration: Migration) -> None:
        """Record a migration as applied, or those that it replaces."""
        for app_label, name in [*map(tuple, migration.replaces), *([] if migration.replaces else [_key(migration)])]:
            await self.recorder.arecord_applied(app_label, name)

    async def acheck_replacements(self) -> None:
        """Record squashed migrations all of whose replaced ones are applied."""
        applied = await self.recorder.aapplied_migrations()
        for key, migration in self.loader.replacements.items():
            if key not in applied and all(tuple(one) in applied for one in migration.replaces):
                await self.recorder.arecord_applied(*key)

    def _hears_of(self, migration: Migration) -> Callable[[Any], None] | None:
        """What tells the caller how far an operation of a migration is."""
        told = self.progress_callback
        return None if told is None else lambda progress: told("operation_progress", migration, progress)

    def _tell(self, action: str, migration: Migration, fake: bool | int) -> None:
        if self.progress_callback is not None:
            self.progress_callback(action, migration, fake)

    # -- what is there already -------------------------------------------------------------------------------------

    async def adetect_soft_applied(
        self, project_state: ProjectState | None, migration: Migration
    ) -> tuple[bool, ProjectState]:
        """Whether everything a first migration makes is in the database already, and the state after it."""
        if project_state is None:
            after = self.loader.project_state(_key(migration), at_end=True)
        else:
            after = migration.mutate_state(project_state)
        first = migration.initial or (
            migration.initial is None and all(app != migration.app_label for app, _ in migration.dependencies)
        )
        reader = self.database.backend.introspection
        if not first or reader is None:
            return False, after
        tables = {one.name for one in await reader.tables(self.database.fetch)}
        created = added = False
        for operation in migration.operations:
            if isinstance(operation, CreateModel):
                model = self._model(after, migration, operation.name)
                if model is None:
                    continue
                if model._meta.db_table not in tables:
                    return False, after
                created = True
            elif isinstance(operation, AddField):
                model = self._model(after, migration, operation.model_name)
                if model is None:
                    continue
                field = model._meta.get_field(operation.name)
                if field.many_to_many:
                    if field.remote_field.through._meta.db_table not in tables:
                        return False, after
                else:
                    columns = {one.name for one in await reader.columns(self.database.fetch, model._meta.db_table)}
                    if field.column not in columns:
                        return False, after
                added = True
        return created or added, after

    def _model(self, state: ProjectState, migration: Migration, name: str) -> Any:
        """The model that an operation is about; None where it has no table here."""
        model = state.apps.get_model(migration.app_label, name)
        if model._meta.swapped:
            model = global_apps.get_model(model._meta.swapped)
        return model if can_migrate(model, self.database.alias) else None

    # -- one at a time ---------------------------------------------------------------------------------------------

    async def lock(self) -> None:
        """Wait for whoever else migrates this database, where the database has a lock for that."""
        statements = self.database.dialect.advisory_lock(LOCK_KEY)
        if statements is None:
            return
        while not (await self.database.fetch(statements[0], ()))[0][0]:
            await self.database.fetch(statements[2], ())
        fresh = await self.recorder.aapplied_migrations()  # perhaps the one who had the lock did it all
        known = {key for key in self.loader.applied_migrations if key not in self.loader.replacements}
        if set(fresh) - set(self.loader.replacements) != known:
            await self.loader.abuild_graph()
            self._history_changed = True

    def _steps(self, editor: SchemaEditor, migration: Migration, *, backwards: bool) -> Steps:
        async def others_did() -> bool:
            return await self._came_meanwhile(migration, backwards)

        return Steps(editor, migration, others_did, backwards=backwards)

    async def _came_meanwhile(self, migration: Migration, backwards: bool = False) -> bool:
        """Whether somebody else did a migration since this one looked, where there is no lock to wait for.

        Asked inside the migration's own transaction, which nobody else can write beside.
        """
        if self.database.dialect.advisory_lock(LOCK_KEY) is not None:
            return False
        name, app = migration.name, migration.app_label
        there = await self.recorder.migration_qs.filter(app=app, name=name).aexists()
        return bool(there) is not backwards

    async def unlock(self) -> None:
        """Let the next one."""
        statements = self.database.dialect.advisory_lock(LOCK_KEY)
        unlimited = None if self.lock_timeout is None else self.database.dialect.limit_locks(None)
        try:
            if statements is not None:
                await self.database.fetch(statements[1], ())
            if unlimited is not None:
                await self.database.execute(unlimited, ())
        except Error:
            return  # the session is gone, and the lock with it


def _key(migration: Migration) -> tuple[str, str]:
    return migration.app_label, migration.name
