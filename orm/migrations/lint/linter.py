"""Goes through migrations in order and judges each operation by the state before it.

A table that the same run makes has no rows and no users, so hardly anything is wrong with it. A migration may say
``lint_ignore = {"code": "why"}``; what it names there is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from orm.migrations import operations as ops
from orm.migrations.lint import fields, statements
from orm.migrations.lint.findings import KINDS, Finding
from orm.models.base import AwaitableModel
from orm.models.constraints import CheckConstraint, UniqueConstraint

if TYPE_CHECKING:
    from orm.migrations.state import ProjectState

CHANGES_ROWS = (ops.RunPython, ops.Backfill)


def lint(migrations: Iterable[Any], state: ProjectState, dialect: Any) -> list[Finding]:
    """Judge migrations in the order they run in.

    Parameters: ``state`` is the one before the first; ``dialect`` that of the database they are for.
    """
    linter = Linter(state.clone(), dialect)
    return [finding for migration in migrations for finding in linter.examine(migration)]


class Linter:
    """Judges one migration after the other."""

    def __init__(self, state: ProjectState, dialect: Any) -> None:
        self.state, self.dialect = state, dialect
        self.new: set[tuple[str, str]] = set()
        self.new_tables: set[str] = set()
        self.gone: set[tuple[str, str, str]] = set()
        """Fields (and models, with an empty name) that left the state, while the database has them."""

    def examine(self, migration: Any) -> Iterator[Finding]:
        """Give what is wrong with a migration, and take its operations into the state."""
        ignored = getattr(migration, "lint_ignore", {})
        self.atomic = migration.atomic and self.dialect.capabilities.schema_transactions
        self.locked = False
        for place, operation in enumerate(migration.operations, start=1):
            for code in dict.fromkeys(self.judge(migration.app_label, operation)):
                known = not KINDS[code].lock or self.dialect.capabilities.concurrent_indexes
                if known and code not in ignored:
                    yield Finding(str(migration), place, code, operation.describe())

    # -- one operation ---------------------------------------------------------------------------------------------

    def judge(self, app: str, operation: Any) -> Iterator[str]:
        """Give the codes of what is wrong with an operation, and take it into the state."""
        if isinstance(operation, ops.SeparateDatabaseAndState):
            yield from self._apart(app, operation)
            return
        before = self.state
        after = before.clone()
        operation.state_forwards(app, after)
        yield from self._codes(app, operation, before, after)
        self.state = after
        if isinstance(operation, ops.CreateModel):
            self.new.add((app, operation.name_lower))
            self.new_tables.add(after.apps.get_model(app, operation.name)._meta.db_table)
        if isinstance(operation, ops.RenameModel) and (app, operation.old_name_lower) in self.new:
            self.new.add((app, operation.new_name_lower))

    def _apart(self, app: str, operation: Any) -> Iterator[str]:
        """What the database does is judged by a state of its own; what only leaves the state is remembered."""
        whole = self.state
        for one in operation.database_operations:
            yield from self.judge(app, one)
        self.state = whole
        database = {(type(one), getattr(one, "model_name", ""), one.name) for one in operation.database_operations
                    if hasattr(one, "name")}  # fmt: skip
        for one in operation.state_operations:
            if isinstance(one, ops.RemoveField) and (type(one), one.model_name, one.name) not in database:
                self.gone.add((app, one.model_name_lower, one.name_lower))
            if isinstance(one, ops.DeleteModel) and (type(one), "", one.name) not in database:
                self.gone.add((app, one.name_lower, ""))
            self.state = self.state.clone()
            one.state_forwards(app, self.state)

    def _codes(self, app: str, operation: Any, before: ProjectState, after: ProjectState) -> Iterator[str]:
        if isinstance(operation, ops.RunSQL):
            yield from self._sql(operation)
        elif isinstance(operation, ops.RunPython):
            yield from self._python(operation)
        elif isinstance(operation, ops.CreateModel):
            yield from fields.habits(operation)
        elif isinstance(operation, ops.Backfill) and self.atomic:
            yield "needs-no-transaction"
        if self.atomic and self.locked and isinstance(operation, CHANGES_ROWS):
            yield "lock-kept"
        name = getattr(operation, "model_name", None) or getattr(operation, "name", "")
        if (app, str(name).lower()) not in self.new and (
            not isinstance(operation, ops.RenameModel) or (app, operation.old_name_lower) not in self.new
        ):  # fmt: skip
            yield from self._on_live(app, operation, before, after)

    def _on_live(self, app: str, operation: Any, before: ProjectState, after: ProjectState) -> Iterator[str]:
        """What is wrong with an operation on a table that people use."""
        if getattr(operation, "concurrently", False):
            if self.atomic:
                yield "needs-no-transaction"
        elif isinstance(operation, ops.AddIndex):
            yield "index-blocks-writes"
        elif isinstance(operation, ops.RemoveIndex):
            yield "index-drop-blocks"
        elif getattr(operation, "validates", False):
            if self.atomic and self.locked:
                yield "lock-kept"
        elif isinstance(operation, ops.AddConstraint):
            self.locked = True
            if operation.reads_rows:
                yield self._constraint(operation.constraint)
        elif isinstance(operation, ops.AddField):
            self.locked = True
            model = before.apps.get_model(app, operation.model_name)
            yield from fields.added(operation.field, model, self.dialect)
        elif isinstance(operation, ops.RemoveField):
            if (app, operation.model_name_lower, operation.name_lower) not in self.gone:
                yield from self._removed(app, operation, before)
        elif isinstance(operation, ops.AlterField):
            self.locked = True
            old = before.apps.get_model(app, operation.model_name)
            new = after.apps.get_model(app, operation.model_name)
            yield from fields.altered(
                old._meta.get_field(operation.name), new._meta.get_field(operation.name), old, self.dialect
            )
        elif isinstance(operation, ops.RenameField):
            old = before.apps.get_model(app, operation.model_name)._meta.get_field(operation.old_name)
            new = after.apps.get_model(app, operation.model_name)._meta.get_field(operation.new_name)
            if getattr(old, "column", None) != getattr(new, "column", None):
                yield "renamed-in-use"
        else:
            yield from self._on_whole(app, operation, before, after)

    def _on_whole(self, app: str, operation: Any, before: ProjectState, after: ProjectState) -> Iterator[str]:
        """What is wrong with an operation on a whole table that people use."""
        if isinstance(operation, ops.DeleteModel):
            if (app, operation.name_lower, "") not in self.gone and self._has_table(before, app, operation.name):
                yield "table-in-use"
        elif isinstance(operation, ops.RenameModel):
            old = before.apps.get_model(app, operation.old_name)._meta
            if old.managed and old.db_table != after.apps.get_model(app, operation.new_name)._meta.db_table:
                yield "renamed-in-use"
        elif isinstance(operation, ops.AlterModelTable):
            if before.apps.get_model(app, operation.name)._meta.db_table != operation.table:
                yield "renamed-in-use"
        elif isinstance(operation, ops.AlterUniqueTogether):
            if self._groups(after, app, operation, "unique_together") - self._groups(
                before, app, operation, "unique_together"
            ):
                yield "unique-blocks"
        elif isinstance(operation, ops.AlterIndexTogether):
            if self._groups(after, app, operation, "index_together") - self._groups(
                before, app, operation, "index_together"
            ):
                yield "index-blocks-writes"
        elif isinstance(operation, ops.AlterOrderWithRespectTo) and operation.order_with_respect_to:
            yield "required-column"
        elif isinstance(operation, ops.EnableRowSecurity):
            yield "rows-hidden"
        elif isinstance(operation, ops.RemovePartition):
            yield "rows-lost"

    @staticmethod
    def _removed(app: str, operation: Any, before: ProjectState) -> Iterator[str]:
        field = before.apps.get_model(app, operation.model_name)._meta.get_field(operation.name)
        if field.many_to_many:
            if field.remote_field.through._meta.auto_created:
                yield "table-in-use"
        elif field.concrete:
            yield "column-in-use"

    @staticmethod
    def _has_table(state: ProjectState, app: str, name: str) -> bool:
        meta = state.apps.get_model(app, name)._meta
        return bool(meta.managed and not meta.proxy)

    @staticmethod
    def _groups(state: ProjectState, app: str, operation: Any, option: str) -> set[tuple[str, ...]]:
        return {tuple(group) for group in state.models[app, operation.name_lower].options.get(option) or ()}

    @staticmethod
    def _constraint(constraint: Any) -> str:
        if isinstance(constraint, CheckConstraint):
            return "check-scans"
        return "unique-blocks" if isinstance(constraint, UniqueConstraint) else "exclusion-blocks"

    # -- what people write -----------------------------------------------------------------------------------------

    def _sql(self, operation: Any) -> Iterator[str]:
        for statement in statements.statements_of(operation.sql):
            if self.atomic and statements.OUTSIDE.match(statement):
                yield "needs-no-transaction"
            made = statements.created(statement)
            yield from statements.judge(statement, self.new_tables | ({made} if made else set()))
            if made:
                self.new_tables.add(made)
            elif statement.upper().startswith("ALTER TABLE"):
                self.locked = True
        if operation.reverse_sql is None:
            yield "irreversible"

    @staticmethod
    def _python(operation: Any) -> Iterator[str]:
        if operation.reverse_code is None:
            yield "irreversible"
        code = getattr(operation.code, "__code__", None)
        names = () if code is None else code.co_names
        known = getattr(operation.code, "__globals__", {})
        if any(isinstance(known.get(name), type) and issubclass(known[name], AwaitableModel) for name in names):
            yield "imports-models"
