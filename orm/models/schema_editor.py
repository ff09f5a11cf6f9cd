"""The schema editor: changes tables, in either colour, in one transaction where the database can.

What a change is spelled like is the dialect's to say; where the database can't alter columns, ``schema_rebuild`` builds
the table anew. Names of constraints are read from the database, since other programs may have given them. What this
module refuses: changing a field into what is no column, and rebuilding a table that others refer to inside a
transaction that keeps foreign keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from orm.db.connection_blocking import ConnectionBlock
from orm.db.introspection import ConstraintInfo
from orm.db.registry import databases
from orm.db.transactions.public import atomic, in_atomic_block
from orm.errors import IntegrityError, ProgrammingError, SchemaMismatch
from orm.late import LateLogger
from orm.models import schema_columns, schema_joins, schema_rebuild
from orm.models.schema_constraints import KnownConstraints
from orm.models.schema_deferred import Deferred, speaks_of
from orm.models.schema_draft import TableDraft, with_new_field
from orm.sql import ddl
from orm.sql.literals import literal
from orm.sql.parameters import bind, bind_each

if TYPE_CHECKING:
    from types import TracebackType

    from orm.db.transactions.atomic_blocking import Atomic
    from orm.models.base import AwaitableModel
    from orm.models.constraints import BaseConstraint
    from orm.models.fields.base import Field
    from orm.models.indexes import Index
    from orm.models.schema_declared import DeclaredSchema, NamesByRule
    from orm.models.schema_watch import Watch

logger = LateLogger("orm.schema")


class AwaitableSchemaEditor(KnownConstraints):
    """Changes tables, under ``with`` or ``async with``.

    Parameters: ``connection`` is a database (or anything with its ``alias``); ``collect_sql`` keeps the statements in
    ``collected_sql`` instead of running them; ``atomic`` False leaves transactions to the caller.
    """

    NOT_TWINNED: ClassVar[tuple[str, ...]] = (
        "apply",
        "constraints_of",
        "drop_constraint",
        "drop_index",
        "finish",
        "flush",
        "lead_out",
        "names_of",
        "referring",
        "settle",
    )

    def __init__(self, connection: Any, collect_sql: bool = False, atomic: bool = True) -> None:
        self.connection = connection
        self.database = databases[connection.alias]
        self.dialect = self.database.dialect
        self.collect_sql = collect_sql
        self.collected_sql: list[str] = []
        self.collected_before = 0
        """How many statements there were when the operation began that now adds its own."""
        self.deferred_sql: list[Deferred] = []
        self.atomic_migration = self.dialect.capabilities.schema_transactions and atomic
        self.last_statement = ""
        """The statement that ran last, for whoever has to say what failed."""
        self.step = ""
        """Which migration's which operation is running: ``app.0002_name:3``."""
        self.steps: Any = None
        """Records which operations of a migration without a transaction ended, where somebody keeps such records."""
        self.resumed = False
        """Whether an earlier run may have done what now runs: an index that is there already is then its work."""
        self.progress: Callable[[Any], None] | None = None
        """Hears how far a long operation is."""
        self.lock_timeout: float | None = None
        """Seconds that a statement of a migration waits for locks, where there is a limit."""
        self.watch: Watch | None = None
        """Runs the statements in the editor's place, and looks what they do."""
        self.rows_changed = False
        """Set by whoever changes rows in the editor's transaction: checks they deferred are made before a table
        changes."""
        self.rebuilt: set[str] = set()
        self.names: NamesByRule | None = None
        """Where the statements of a migration are collected: how what it drops gets its name."""
        self.begun: DeclaredSchema | None = None
        """What the models said then before the first operation."""
        self.declared: DeclaredSchema | None = None
        """What they say before the one whose statements are collected now."""
        self._lease: ConnectionBlock | None = None
        self._transaction: Atomic | None = None
        self._keys_suspended = False

    # -- beginning and end -----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self.deferred_sql = []
        if self.collect_sql:
            return self
        inside = in_atomic_block(self.database.alias)
        switch = self.dialect.suspend_foreign_keys()
        if switch is not None and not inside:
            self._lease = self.database.connection()
            await self._lease.__aenter__()
            try:
                self._keys_suspended = bool((await self.database.fetch(switch[2], ()))[0][0])
                if self._keys_suspended:
                    await self.database.execute(switch[0], ())
            except BaseException:
                await self.lead_out()
                raise
        if self.atomic_migration:
            self._transaction = atomic(using=self.database.alias)
            try:
                await self._transaction.__aenter__()
            except BaseException:
                self._transaction = None
                await self.lead_out()
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self.finish()
        except BaseException as problem:
            if self._transaction is not None:
                await self._transaction.__aexit__(type(problem), problem, problem.__traceback__)
                self._transaction = None
            raise
        else:
            if self._transaction is not None:
                await self._transaction.__aexit__(kind, error, traceback)
                self._transaction = None
        finally:
            await self.lead_out()

    async def finish(self) -> None:
        """Run what waited for the end, and check the keys of tables that were built anew."""
        waiting, self.deferred_sql = self.deferred_sql, []
        for statement in waiting:
            await self.aexecute(str(statement))  # operations of others append plain text
        if self.collect_sql or not self._keys_suspended:
            return
        reader = self.database.backend.introspection
        if reader is None:
            return
        for table in sorted(self.rebuilt):
            broken = await reader.broken_keys(self.database.fetch, table)
            if broken is not None:
                raise IntegrityError(
                    f"The table {table} has {broken.rows} rows whose foreign key leads to no row. {broken}"
                )

    async def lead_out(self) -> None:
        """Give back the connection, with foreign keys on again."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        try:
            switch = self.dialect.suspend_foreign_keys()
            if self._keys_suspended and switch is not None:
                await self.database.execute(switch[1], ())
        finally:
            self._keys_suspended = False
            await lease.__aexit__(None, None, None)

    # -- statements ------------------------------------------------------------------------------------------------

    async def aexecute(self, sql: object, params: Sequence[object] | Mapping[str, object] | None = None) -> None:
        """Run one statement, or keep it with ``collect_sql``. Placeholders are ``%s``; without ``params`` the text is
        taken as it is.
        """
        text = str(sql)
        logger.debug("%s; (params %r)", text, params, extra={"sql": text, "params": params})
        if self.collect_sql:
            shown = text
            if params:
                plain, rows = bind_each(self.dialect, text, [params])
                shown = self.dialect.shown(plain, rows[0])
            self.collected_sql.append(shown if shown.rstrip().endswith(";") else f"{shown};")
            return
        self.last_statement = text
        given = (text, ()) if params is None else bind(self.dialect, text, params)
        if self.watch is not None:
            await self.watch.run(self.step, *given)
            return
        if self.lock_timeout is None or self.dialect.limit_locks(self.lock_timeout, text) is not None:
            await self.database.execute(*given)
            return
        await self.database.execute(self.dialect.limit_locks(None) or "", ())
        try:
            await self.database.execute(*given)
        finally:
            await self.database.execute(self.dialect.limit_locks(self.lock_timeout) or "", ())

    async def apply(self, *statements: str | None) -> None:
        """Run statements in the compiler's form, those that are None left out."""
        for statement in statements:
            if statement is not None:
                await self.aexecute(ddl.finished(statement))

    def quote_name(self, name: str) -> str:
        """Return an identifier ready for SQL."""
        return ddl.finished(self.dialect.quote(name))

    def quote_value(self, value: object) -> str:
        """Return a value as a literal."""
        return ddl.finished(literal(value, self.dialect))

    def effective_default(self, field: Field) -> Any:
        """Return what rows that exist already get for a new field, as the driver takes it."""
        return schema_columns.effective_default(field, self.dialect)

    async def flush(self, *tables: str) -> None:
        """Run now what waits for the end about one of the tables, which is about to be renamed or altered."""
        due = [one for one in self.deferred_sql if speaks_of(one, *tables)]
        if due:
            self.deferred_sql = [one for one in self.deferred_sql if one not in due]
            for statement in due:
                await self.aexecute(str(statement))

    async def settle(self) -> None:
        """Have deferred checks made, if rows were changed in this transaction."""
        if self.rows_changed and not self.collect_sql:
            self.rows_changed = False
            await self.apply(*self.dialect.settle_constraints())

    # -- tables ----------------------------------------------------------------------------------------------------

    async def acreate_model(self, model: type[AwaitableModel]) -> None:
        """Create a model's table, with the join tables that its many-to-many fields bring; indexes and foreign keys
        follow at the end.
        """
        meta, dialect = model._meta, self.dialect
        forward = dialect.capabilities.forward_references
        keys = ddl.declared_foreign_keys(model, dialect)
        repeated = ddl.repeated_uniques(model, dialect) if dialect.capabilities.alter_columns else []
        await self.aexecute(ddl.create_table(model, dialect, without=[*([] if forward else keys), *repeated]))
        for constraint in repeated:
            await self.apply(
                dialect.add_constraint(dialect.quote(meta.db_table), constraint.table_clause(model, dialect))
            )
        if not forward:
            for field in keys:
                target = field.target_field.model._meta.db_table
                self.defer(ddl.add_foreign_key(field, dialect, meta.db_table), meta.db_table, target)
        for statement in ddl.table_indexes(model, dialect):
            self.defer(statement, meta.db_table)
        if meta.db_table_comment:
            await self.aalter_db_table_comment(model, "", meta.db_table_comment)
        for field in ddl.columns_of_table(model):
            if getattr(field, "db_comment", None):
                await self.apply(self.column_comment(meta.db_table, field))
        for field in meta.local_many_to_many:
            if field.remote_field.through._meta.auto_created:
                await self.acreate_model(field.remote_field.through)

    async def adelete_model(self, model: Any) -> None:
        """Drop a model's table, with the join tables that its many-to-many fields brought."""
        meta = model._meta
        for field in meta.local_many_to_many:
            if field.remote_field.through._meta.auto_created:
                await self.adelete_model(field.remote_field.through)
        await self.settle()
        self.deferred_sql = [one for one in self.deferred_sql if not speaks_of(one, meta.db_table)]
        if not self.dialect.capabilities.forward_references:
            for table, name in await self.referring(meta.db_table):
                if not self.collect_sql or table in schema_columns.tables_beside(model):
                    await self.drop_constraint(table, name)
        await self.aexecute(ddl.drop_table(model, self.dialect))
        self.rebuilt.discard(meta.db_table)
        if self.declared is not None:
            self.declared.models.pop(meta.db_table, None)

    async def aalter_db_table(self, model: type[AwaitableModel], old_db_table: str, new_db_table: str) -> None:
        """Rename a table."""
        if old_db_table == new_db_table:
            return
        await self.flush(old_db_table)
        await self.settle()
        quote = self.dialect.quote
        if old_db_table.lower() == new_db_table.lower() and self.dialect.capabilities.forward_references:
            return  # names of tables know no case here
        await self.apply(self.dialect.rename_table(quote(old_db_table), quote(new_db_table)))
        if self.declared is not None:
            self.declared = self.declared.moved(old_db_table, new_db_table)
        if old_db_table in self.rebuilt:
            self.rebuilt = (self.rebuilt - {old_db_table}) | {new_db_table}

    async def aalter_db_table_comment(
        self, model: type[AwaitableModel], old_db_table_comment: str, new_db_table_comment: str
    ) -> None:
        """Change a table's comment, where the database has any."""
        comment = literal(new_db_table_comment or None, self.dialect)
        await self.apply(self.dialect.comment_on_table(self.dialect.quote(model._meta.db_table), comment))

    def column_comment(self, table: str, field: Field) -> str | None:
        """Return the statement that sets a column's comment; None where the database has none."""
        comment = literal(getattr(field, "db_comment", None) or None, self.dialect)
        return self.dialect.comment_on_column(self.dialect.quote(table), self.dialect.quote(field.column), comment)

    def defer(self, sql: str, *tables: str) -> None:
        """Keep a statement about these tables for the end."""
        self.deferred_sql.append(Deferred(sql, tables))

    # -- fields ----------------------------------------------------------------------------------------------------

    async def aadd_field(self, model: Any, field: Any) -> None:
        """Add a field's column (or join table); rows that exist get its default."""
        if field.many_to_many:
            if field.remote_field.through._meta.auto_created:
                await self.acreate_model(field.remote_field.through)
            return
        if not field.concrete or getattr(field, "is_composite", False):
            return
        meta, dialect = model._meta, self.dialect
        default = None if field.has_db_default else schema_columns.default_literal(field, dialect)
        if not dialect.capabilities.alter_columns and (default is not None or not dialect.adds_in_place(field)):
            await self._refuse_twice(meta.db_table, field.column)
            await schema_rebuild.rebuild(self, model, with_new_field(model, field))
            return
        await self.settle()
        table, column = dialect.quote(meta.db_table), dialect.quote(field.column)
        definition = ddl.column_definition(field, dialect, default)
        key = field in ddl.declared_foreign_keys(with_new_field(model, field), dialect)
        if key and dialect.capabilities.forward_references:
            target = field.target_field
            definition += f" REFERENCES {dialect.quote(target.model._meta.db_table)} ({dialect.quote(target.column)})"
            definition += " DEFERRABLE INITIALLY DEFERRED" if dialect.capabilities.deferrable_foreign_keys else ""
        await self.apply(dialect.add_column(table, definition))
        if default is not None:
            await self.apply(dialect.change_default(table, column, None))
        if getattr(field, "db_comment", None):
            await self.apply(self.column_comment(meta.db_table, field))
        for statement in ddl.field_indexes(model, field, dialect):
            self.defer(statement, meta.db_table)
        if key and not dialect.capabilities.forward_references:
            target = field.target_field.model._meta.db_table
            self.defer(ddl.add_foreign_key(field, dialect, meta.db_table), meta.db_table, target)

    async def _refuse_twice(self, table: str, column: str) -> None:
        """Raise ProgrammingError where a column is there already, which building a table anew would not notice."""
        reader = None if self.collect_sql else self.database.backend.introspection
        if reader is not None and any(one.name == column for one in await reader.columns(self.database.fetch, table)):
            raise ProgrammingError(f"duplicate column name: the table {table} has a column {column} already")

    async def aremove_field(self, model: type[AwaitableModel], field: Field) -> None:
        """Drop a field's column (or join table), with the constraints and indexes on it."""
        if field.many_to_many:
            if field.remote_field.through._meta.auto_created:
                await self.adelete_model(field.remote_field.through)
            return
        if not field.concrete or getattr(field, "is_composite", False):
            return
        meta, dialect = model._meta, self.dialect
        await self.flush(meta.db_table)
        await self.settle()
        if not dialect.capabilities.alter_columns:
            simple = not (field.primary_key or field.unique or field.db_index or field.is_relation)
            named = any(field.name in one.field_names for one in (*meta.indexes, *meta.constraints))
            named = named or any(field.name in group for group in meta.unique_together)
            if not simple or named:
                await schema_rebuild.rebuild(self, model, TableDraft(model, remove=[field]))
                return
        for name in await self.names_of(meta.db_table, [field.column], foreign_key=True):
            await self.drop_constraint(meta.db_table, name)
        if field.unique:
            await schema_columns.drop_referring(self, meta.db_table, field.column)
        await self.apply(dialect.drop_column(dialect.quote(meta.db_table), dialect.quote(field.column)))

    async def aalter_field(
        self, model: type[AwaitableModel], old_field: Field, new_field: Field, strict: bool = False
    ) -> None:
        """Change a field's column into another's: name, type, collation, NULL, default, key, index, constraint.

        ``strict`` refuses where the database has several or no constraints that would have to be dropped.

        Raises ``SchemaMismatch`` for a change between a column and what is none.
        """
        if not schema_columns.differ(old_field, new_field, self.dialect):
            return
        if old_field.many_to_many and new_field.many_to_many:
            await schema_joins.alter(self, old_field, new_field, strict)
            return
        if old_field.many_to_many or new_field.many_to_many:
            raise SchemaMismatch(
                f"Cannot alter field {old_field} into {new_field} - they are not compatible types (you cannot alter to "
                "or from M2M fields, or add or remove through= on M2M fields)"
            )
        if not (old_field.concrete or new_field.concrete):
            return
        if not (old_field.concrete and new_field.concrete):
            raise SchemaMismatch(
                f"Cannot alter field {old_field} into {new_field} - they do not properly define db_type (are you using "
                "a badly-written custom field?)"
            )
        await self.flush(model._meta.db_table)
        # Rows with a key may have been changed by the caller, in this transaction: their checks wait for its end.
        self.rows_changed = self.rows_changed or schema_columns.has_key(old_field, self.dialect)
        await self.settle()
        if self.dialect.capabilities.alter_columns:
            await schema_columns.alter(self, model, old_field, new_field, strict)
        else:
            await schema_rebuild.alter(self, model, old_field, new_field)

    # -- constraints and indexes -----------------------------------------------------------------------------------

    async def aalter_unique_together(
        self,
        model: type[AwaitableModel],
        old_unique_together: Iterable[Iterable[str]],
        new_unique_together: Iterable[Iterable[str]],
    ) -> None:
        """Change which groups of fields are unique together.

        Raises ``SchemaMismatch`` when the database has no such constraint, or several.
        """
        olds = {tuple(group) for group in old_unique_together}
        news = {tuple(group) for group in new_unique_together}
        if olds == news:
            return
        await self.flush(model._meta.db_table)
        if not self.dialect.capabilities.alter_columns:
            await schema_rebuild.rebuild(self, model, TableDraft(model, unique_together=news), unique_gone=olds - news)
            return
        for group in sorted(olds - news):
            await self._drop_composed(model, group, unique=True)
        for group in sorted(news - olds):
            columns = [ddl.column_of(model, name) for name in group]
            clause = ddl.unique_clause(model._meta.db_table, columns, self.dialect)
            await self.apply(self.dialect.add_constraint(self.dialect.quote(model._meta.db_table), clause))

    async def aalter_index_together(
        self, model: Any, old_index_together: Iterable[Iterable[str]], new_index_together: Iterable[Iterable[str]]
    ) -> None:
        """Change which groups of fields have an index, for migrations from before ``Meta.indexes``."""
        olds = {tuple(group) for group in old_index_together}
        news = {tuple(group) for group in new_index_together}
        meta = model._meta
        for group in sorted(olds - news):
            await self._drop_composed(model, group, unique=False)
        for group in sorted(news - olds):
            columns = [ddl.column_of(model, name) for name in group]
            name = ddl.name_of(meta.db_table, columns, "idx", self.dialect)
            what = ", ".join(map(self.dialect.quote, columns))
            self.defer(ddl.create_index(model, name, what, self.dialect), meta.db_table)

    async def _drop_composed(self, model: type[AwaitableModel], group: Sequence[str], *, unique: bool) -> None:
        meta = model._meta
        columns = [ddl.column_of(model, name) for name in group]
        own = {one.name for one in (*meta.constraints, *meta.indexes)}
        found = {
            name: info
            for name, info in (await self.constraints_of(meta.db_table)).items()
            if info.columns == tuple(columns) and name not in own and not info.primary_key and info.unique == unique
        }
        found = {name: info for name, info in found.items() if unique or info.index}
        if not found and self.collect_sql:
            name = ddl.name_of(meta.db_table, columns, "uniq" if unique else "idx", self.dialect)
            found = {name: ConstraintInfo(tuple(columns), unique=unique, index=not unique)}
        if not found and unique and columns == [field.column for field in meta.pk_fields]:
            return  # a database that is told of a key twice in one table makes one constraint of both: the key
        if len(found) != 1:
            raise SchemaMismatch(
                f"Found wrong number ({len(found)}) of constraints for {meta.db_table}({', '.join(columns)})"
            )
        for name, info in found.items():
            await (self.drop_index if info.index else self.drop_constraint)(meta.db_table, name)

    async def aadd_index(self, model: type[AwaitableModel], index: Index, concurrently: bool = False) -> None:
        """Create an index; ``concurrently`` lets others write meanwhile, where the database can, and clears away what a
        build that failed has left.
        """
        table, name = model._meta.db_table, index.name_for(model, self.dialect)
        await self.flush(table)
        await self.settle()
        if concurrently and not self.collect_sql:
            left = (await self.constraints_of(table)).get(name)
            if left is not None and not left.valid:
                await self.drop_index(table, name, concurrently=True)
            elif left is not None and self.resumed:
                return
        await self.aexecute(index.create_statement(model, self.dialect, concurrently=concurrently))

    async def aremove_index(self, model: type[AwaitableModel], index: Index, concurrently: bool = False) -> None:
        """Drop an index; ``concurrently`` lets others write meanwhile, where the database can."""
        await self.flush(model._meta.db_table)
        name = index.name_for(model, self.dialect)
        await self.drop_index(model._meta.db_table, name, concurrently=concurrently)

    async def arename_index(self, model: type[AwaitableModel], old_index: Any, new_index: Any) -> None:
        """Rename an index, or drop and create it where the database can't."""
        await self.flush(model._meta.db_table)
        quote = self.dialect.quote
        old, new = old_index.name_for(model, self.dialect), new_index.name_for(model, self.dialect)
        statement = self.dialect.rename_index(quote(model._meta.db_table), quote(old), quote(new))
        if statement is None:
            await self.aremove_index(model, old_index)
            await self.aadd_index(model, new_index)
        else:
            await self.apply(statement)

    async def aadd_constraint(
        self, model: type[AwaitableModel], constraint: BaseConstraint, validated: bool = True
    ) -> None:
        """Add a constraint, or the unique index that stands for it; not ``validated`` leaves the rows there are
        unchecked, where the database can.
        """
        meta, dialect = model._meta, self.dialect
        await self.flush(meta.db_table)
        await self.settle()
        statement = constraint.index_statement(model, dialect, False)
        if statement is not None:
            await self.aexecute(statement)
            return
        clause = constraint.table_clause(model, dialect)
        if clause is None:
            return
        if dialect.capabilities.alter_columns:
            checked = validated or not dialect.capabilities.unvalidated_constraints
            await self.apply(dialect.add_constraint(dialect.quote(meta.db_table), clause, validated=checked))
            return
        kept = [one for one in meta.constraints if one.name != constraint.name]
        await schema_rebuild.rebuild(self, model, TableDraft(model, constraints=[*kept, constraint]))

    async def aremove_constraint(self, model: type[AwaitableModel], constraint: BaseConstraint) -> None:
        """Drop a constraint, or the unique index that stands for it."""
        meta, dialect = model._meta, self.dialect
        await self.flush(meta.db_table)
        await self.settle()
        if constraint.index_statement(model, dialect, False) is not None:
            await self.drop_index(meta.db_table, constraint.name)
        elif constraint.table_clause(model, dialect) is None:
            return
        elif not dialect.capabilities.alter_columns:
            kept = [one for one in meta.constraints if one.name != constraint.name]
            draft = TableDraft(model, constraints=kept)
            await schema_rebuild.rebuild(self, model, draft, constraints_gone={constraint.name})
        else:
            await self.drop_constraint(meta.db_table, constraint.name)

    async def drop_constraint(self, table: str, name: str) -> None:
        """Drop one constraint."""
        await self.apply(self.dialect.drop_constraint(self.dialect.quote(table), self.dialect.quote(name)))

    async def drop_index(self, table: str, name: str, *, concurrently: bool = False) -> None:
        """Drop one index."""
        quote = self.dialect.quote
        await self.apply(self.dialect.drop_index(quote(table), quote(name), concurrently=concurrently))
