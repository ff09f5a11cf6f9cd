"""Goes through migrations in order and judges each operation by the state before it.

A table that the same run makes has no rows and no users, so hardly anything is wrong with it. A migration may say
``lint_ignore = {"code": "why"}``; what it names there is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from orm.migrations import operations as ops
from orm.migrations.lint import fields, statements
from orm.migrations.lint.findings import KINDS, Finding
from orm.migrations.lint.functions import uses_models
from orm.migrations.lint.renaming import is_alias
from orm.models.constraints import CheckConstraint, UniqueConstraint
from orm.sql import ddl

if TYPE_CHECKING:
    from orm.migrations.migration import AwaitableMigration
    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.sql.dialect import Dialect

MENDED = frozenset(
    {"check-scans", "foreign-key-scans", "index-blocks-writes", "index-drop-blocks", "not-null-scans", "unique-blocks"}
)
"""What ``BesideWriters`` mends."""
BY_ROWS = frozenset(
    {
        "all-rows-at-once", "check-scans", "exclusion-blocks", "foreign-key-scans", "index-blocks-writes",
        "not-null-scans", "partition-scans", "table-rewrite", "unique-blocks",
    }
)  # fmt: skip
"""What takes as long as the table has rows: of a table with few, nothing is said."""
WIDE = 3
"""Columns of an index that have their use."""
CHANGES_ROWS = (ops.RunPython, ops.Backfill)


def lint(
    migrations: Iterable[Any],
    state: ProjectState,
    dialect: Dialect,
    small: Collection[str] = (),
    version: tuple[int, ...] = (),
) -> list[Finding]:
    """Judge migrations in the order they run in.

    Parameters: ``state`` is the one before the first; ``dialect`` that of the database they are for; ``small`` are its
    tables that are known to have few rows; ``version`` is the server's, as ``(14, 2)``: without one it may be any that
    the library supports.
    """
    linter = Linter(state.clone(), dialect, small, version)
    return [finding for migration in migrations for finding in linter.examine(migration)]


class Linter:
    """Judges one migration after the other."""

    def __init__(
        self, state: ProjectState, dialect: Dialect, small: Collection[str] = (), version: tuple[int, ...] = ()
    ) -> None:
        self.first, self.state, self.dialect = state, state, dialect
        self.version = version
        self.proofs = statements.Proofs()
        self.small = frozenset(small)
        self.new: set[tuple[str, str]] = set()
        self.new_tables: set[str] = set()
        self.gone: set[tuple[str, str, str]] = set()
        """Fields (and models, with an empty name) that left the state, while the database has them."""
        self.new_fields: set[tuple[str, str, str]] = set()
        """Fields that came in this run, so that no code knows them."""
        self.new_triggers: set[tuple[str, str]] = set()
        """Triggers that came in this run, by app and name."""
        self.let_go: list[tuple[bool, str]] = []
        """What the triggers that this migration removes say, and whether each came in this run."""
        self.views: set[str] = set()
        """Views that this migration makes, so that it may drop what they were before."""
        self.new_views: set[str] = set()
        """Views that came in this run."""
        self.swapped: set[tuple[str, str, str]] = set()
        """Names of fields that are given to others which were kept in step with them."""

    def examine(self, migration: AwaitableMigration) -> Iterator[Finding]:
        """Give what is wrong with a migration, and take its operations into the state."""
        ignored = getattr(migration, "lint_ignore", {})
        self.atomic = migration.atomic and self.dialect.capabilities.schema_transactions
        self.locked, self.let_go = False, []
        self.views = set(_views(migration.operations)) if self.atomic else set()
        for place, operation in enumerate(migration.operations, start=1):
            for code in dict.fromkeys(self.judge(migration.app_label, operation)):
                known = not KINDS[code].lock or self.dialect.capabilities.concurrent_indexes
                if known and code not in ignored:
                    yield Finding(str(migration), place, code, operation.describe())

    def _in_step(self, column: str, *, released: bool = False) -> bool:
        """Whether a trigger that this migration has removed gave a column the values of another, or it to another;
        with ``released`` one that was there before this run, so that code had the time to change.
        """
        return any(f'"{column}"' in text and not (released and new) for new, text in self.let_go)

    # -- one operation ---------------------------------------------------------------------------------------------

    def judge(self, app: str, operation: AwaitableOperation) -> Iterator[str]:
        """Give the codes of what is wrong with an operation, and take it into the state."""
        if isinstance(operation, ops.SeparateDatabaseAndState):
            yield from self._apart(app, operation)
            return
        before = self.state
        after = before.clone()
        operation.state_forwards(app, after)
        yield from self._codes(app, operation, before, after)
        self.state = after
        self._remember(app, operation, after)

    def _remember(self, app: str, operation: object, after: ProjectState) -> None:
        """Remember what comes new with an operation, and what it lets go."""
        if isinstance(operation, ops.RemoveTrigger):
            new = (app, operation.name) in self.new_triggers
            texts = [operation.body] if isinstance(operation.body, str) else operation.body.values()
            self.let_go += [(new, text) for text in texts]
        elif isinstance(operation, ops.CreateTrigger):
            self.new_triggers.add((app, operation.name))
        elif isinstance(operation, ops.CreateView) and not isinstance(operation, ops.RemoveView):
            self.new_views.add(operation.name)
        elif isinstance(operation, ops.AddField):
            self.new_fields.add((app, operation.model_name_lower, operation.name_lower))
        elif isinstance(operation, ops.RenameField):
            old, new_name = ((app, operation.model_name_lower, one)
                             for one in (operation.old_name_lower, operation.new_name_lower))  # fmt: skip
            if old not in self.new_fields and self._in_step(operation.old_name):
                self.swapped.add(old)
            if new_name not in self.swapped and (old in self.new_fields or old in self.swapped):
                self.new_fields.add(new_name)
        elif isinstance(operation, (ops.AddConstraint, ops.BesideWriters)) or getattr(operation, "validates", False):
            self._hear_check(app, operation, after)
        if isinstance(operation, ops.CreateModel):
            self.new.add((app, operation.name_lower))
            model = after.apps.get_model(app, operation.name)
            self.new_tables.add(model._meta.db_table)
            if isinstance(operation, ops.CreatePartitionedModel):
                key = model._meta.get_field(operation.partition_by[1][0]).column
                self.proofs.keys[model._meta.db_table] = key
        if isinstance(operation, ops.RenameModel) and (app, operation.old_name_lower) in self.new:
            self.new.add((app, operation.new_name_lower))

    def _hear_check(self, app: str, operation: Any, after: ProjectState) -> None:
        """Remember what a check shows that an operation adds or validates, as if a statement had."""
        operation = getattr(operation, "operation", operation)
        name = getattr(operation, "model_name", "")
        if (app, name.lower()) not in after.models:
            return
        model = after.apps.get_model(app, name)
        if getattr(operation, "validates", False):
            table, rule = (self.dialect.quote(one) for one in (model._meta.db_table, operation.name))
            self.proofs.hear(f"ALTER TABLE {table} VALIDATE CONSTRAINT {rule}")
        elif isinstance(operation, ops.AddConstraint) and isinstance(operation.constraint, CheckConstraint):
            self._hear_rule(model, operation.constraint, "" if operation.reads_rows else " NOT VALID")

    def _hear_rule(self, model: Any, rule: CheckConstraint, later: str = "") -> None:
        table = self.dialect.quote(model._meta.db_table)
        text = f"ALTER TABLE {table} ADD {rule.table_clause(model, self.dialect)}{later}"
        for statement in statements.statements_of(ddl.finished(text)):
            self.proofs.hear(statement)

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

    def _codes(
        self, app: str, operation: AwaitableOperation, before: ProjectState, after: ProjectState
    ) -> Iterator[str]:
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
        if isinstance(operation, ops.BesideWriters):
            yield from (code for code in self._codes(app, operation.operation, before, after) if code not in MENDED)
        name = getattr(operation, "model_name", None) or getattr(operation, "name", "")
        if (app, str(name).lower()) not in self.new and (
            not isinstance(operation, ops.RenameModel) or (app, operation.old_name_lower) not in self.new
        ):  # fmt: skip
            quick = BY_ROWS if self._is_small(app, str(name), before) else frozenset[str]()
            yield from (code for code in self._on_live(app, operation, before, after) if code not in quick)

    def _is_small(self, app: str, name: str, state: ProjectState) -> bool:
        """Whether the table of a model is known to have few rows."""
        if not self.small or (app, name.lower()) not in state.models:
            return False
        return state.apps.get_model(app, name)._meta.db_table in self.small

    def _on_live(
        self, app: str, operation: AwaitableOperation, before: ProjectState, after: ProjectState
    ) -> Iterator[str]:
        """What is wrong with an operation on a table that people use."""
        yield from fields.of_version(operation, self.version)
        if isinstance(operation, ops.AddIndex) and len(operation.index.fields) > WIDE:
            yield "wide-index"
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
            if (app, operation.model_name_lower, operation.name_lower) not in self.gone | self.new_fields:
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
            known = (app, operation.model_name_lower, operation.old_name_lower) not in self.new_fields
            column = getattr(old, "column", None)
            if known and column != getattr(new, "column", None) and not self._in_step(str(column)):
                yield "renamed-in-use"
        else:
            yield from self._on_whole(app, operation, before, after)

    def _on_whole(
        self, app: str, operation: AwaitableOperation, before: ProjectState, after: ProjectState
    ) -> Iterator[str]:
        """What is wrong with an operation on a whole table that people use."""
        if isinstance(operation, ops.DeleteModel):
            if (app, operation.name_lower, "") not in self.gone and self._has_table(before, app, operation.name):
                yield "table-in-use"
        elif isinstance(operation, ops.RenameModel):
            old = before.apps.get_model(app, operation.old_name)._meta
            moved = old.db_table != after.apps.get_model(app, operation.new_name)._meta.db_table
            if old.managed and moved and old.db_table not in self.views:
                yield "renamed-in-use"
        elif isinstance(operation, ops.AlterModelTable):
            old_table, new_table = (one.apps.get_model(app, operation.name)._meta.db_table for one in (before, after))
            if old_table != new_table and old_table not in self.views:
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
        elif isinstance(operation, ops.RemoveView) and operation.name not in self.views:
            released = is_alias(operation.query) and operation.name not in self.new_views
            if not released:  # so that code had the time to learn the table's new name
                yield "object-in-use"
        elif isinstance(operation, ops.RemovePartition):
            yield "rows-lost"

    def _removed(self, app: str, operation: Any, before: ProjectState) -> Iterator[str]:
        field = before.apps.get_model(app, operation.model_name)._meta.get_field(operation.name)
        if field.many_to_many:
            if field.remote_field.through._meta.auto_created:
                yield "table-in-use"
        elif field.concrete and not self._in_step(field.column, released=True):
            yield "column-in-use"

    @staticmethod
    def _has_table(state: ProjectState, app: str, name: str) -> bool:
        meta = state.apps.get_model(app, name)._meta
        return bool(meta.managed and not meta.proxy)

    @staticmethod
    def _groups(state: ProjectState, app: str, operation: Any, option: str) -> set[tuple[str, ...]]:
        return {tuple(group) for group in state.models[app, operation.name_lower].options.get(option) or ()}

    @staticmethod
    def _constraint(constraint: object) -> str:
        if isinstance(constraint, CheckConstraint):
            return "check-scans"
        return "unique-blocks" if isinstance(constraint, UniqueConstraint) else "exclusion-blocks"

    # -- what people write -----------------------------------------------------------------------------------------

    def _sql(self, operation: Any) -> Iterator[str]:
        for statement in statements.statements_of(operation.sql):
            if self.atomic and statements.OUTSIDE.match(statement):
                yield "needs-no-transaction"
            if self.atomic and statements.ENDS.match(statement):
                yield "ends-transaction"
            if self.atomic and self.locked and statements.READS_ROWS.match(statement):
                yield "lock-kept"
            if statements.too_long(statement):
                yield "name-too-long"
            yield from statements.of_version(statement, self.version)
            yield from self._statement(statement)
        if operation.reverse_sql is None:
            yield "irreversible"

    def _statement(self, statement: str) -> Iterator[str]:
        """What is wrong with a statement for the table it is about."""
        made = statements.created(statement)
        new = self.new_tables | ({made} if made else set())
        for action in statements.actions(statement):
            for code, table in statements.judge(action, new):
                if not self._spared(code, action, table) and (code not in BY_ROWS or table not in self.small):
                    yield code
            self.proofs.hear(action)
        if made:
            self.new_tables.add(made)
        elif (altered := statements.altered(statement)) is not None and altered not in new:
            self.locked = True

    def _spared(self, code: str, statement: str, table: str) -> bool:
        """Whether what is known makes a statement harmless: a check proves it, the type is wider, a view comes anew."""
        if code == "object-in-use":
            return table in self.views
        if code == "partition-scans":
            return self.proofs.bound(statement) or self._bound_before(statement, table)
        if code == "not-null-scans":
            place = statements.not_null(statement)
            found = self._column(*place) if place is not None else None
            return self.proofs.spare(statement) or (found is not None and fields.known_not_null(*found))
        if code == "table-rewrite" and (typed := statements.retyped(statement)) is not None:
            found = self._column(*typed[:2])
            return found is not None and fields.widens(found[0].db_type(self.dialect), typed[2])
        return False

    def _bound_before(self, statement: str, table: str) -> bool:
        """Whether a check of a model from before this run says what a table's rows have to be."""
        for model in self.first.apps.get_models():
            if model._meta.db_table == table:
                for rule in model._meta.constraints:
                    if isinstance(rule, CheckConstraint):
                        self._hear_rule(model, rule)
        return self.proofs.bound(statement)

    def _column(self, table: str, column: str) -> tuple[Any, Any] | None:
        """The field of a column and its model; None for one that no model has."""
        for model in self.state.apps.get_models(include_auto_created=True):
            if model._meta.db_table == table:
                return next(((one, model) for one in model._meta.local_concrete_fields if one.column == column), None)
        return None

    @staticmethod
    def _python(operation: Any) -> Iterator[str]:
        if operation.reverse_code is None:
            yield "irreversible"
        if uses_models(operation.code):
            yield "imports-models"


def _views(operations: Iterable[Any]) -> Iterator[str]:
    """The names of views that operations make."""
    for operation in operations:
        if isinstance(operation, ops.RunSQL):
            yield from filter(None, map(statements.view_of, statements.statements_of(operation.sql)))
        elif isinstance(operation, ops.CreateView) and not isinstance(operation, ops.RemoveView):
            yield operation.name
