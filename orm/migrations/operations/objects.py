"""Operations on what no model shows: views, triggers, row-level security policies and partitions.

Each says how it is made and how it is dropped, so that it goes both ways; the operations that drop take the arguments
of those that make. A text of SQL may be given for each kind of database, as a mapping from the backend's name: a
database that is not named is left alone. What a database has not at all is refused, since a history that leaves out a
policy or a trigger there would only look applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from orm.db.routing import routes
from orm.migrations.operation import OperationCategory
from orm.migrations.operation_blocking import Operation
from orm.migrations.operations.models import CreateModel
from orm.models.conditions import schema_sql
from orm.sql import ddl
from orm.sql.literals import literal

if TYPE_CHECKING:
    from orm.migrations.operation import AwaitableOperation
    from orm.migrations.state import ProjectState
    from orm.models.base import AwaitableModel
    from orm.models.schema_editor import AwaitableSchemaEditor
    from orm.sql.dialect import Dialect
    from orm.structures.deconstruct import DeconstructedOperation

Text = str | Mapping[str, str]

TIMINGS = ("BEFORE", "AFTER", "INSTEAD OF")
EVENTS = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
PARTITIONS = ("RANGE", "LIST", "HASH")
COMMANDS = ("ALL", "SELECT", "INSERT", "UPDATE", "DELETE")


def _one_of(what: str, value: str, known: Iterable[str]) -> str:
    if value not in known:
        raise ValueError(f"{what} is one of {', '.join(known)}, not {value!r}.")
    return value


def _listed(what: str, given: Iterable[Any]) -> tuple[Any, ...]:
    """The members of a list; a text, whose members are its letters, is none."""
    if isinstance(given, (str, bytes)):
        raise TypeError(f"{what} is a list, not {given!r}: write [{given!r}].")
    return tuple(given)


class DatabaseObject(Operation):
    """Something the database has beside the models' tables.

    ``model_name`` is None for what hangs on no table.
    """

    transactional = True

    category = OperationCategory.ADDITION
    noun: ClassVar[str]
    model_name: str | None = None
    name: str
    hints: Mapping[str, Any] = {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: models do not show it."""

    def made(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        """Return the statements that make it."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is made.")

    def dropped(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        """Return the statements that drop it."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it is dropped.")

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        await self.run(self.made, app_label, schema_editor, to_state)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        await self.run(self.dropped, app_label, schema_editor, to_state)

    async def run(
        self, statements: Any, app_label: str, schema_editor: AwaitableSchemaEditor, state: ProjectState
    ) -> None:
        """Run the statements that ``statements(dialect, model)`` gives, where routers let this be migrated."""
        model = None
        if self.model_name is not None:
            model = state.apps.get_model(app_label, self.model_name)
            if not self.allow_migrate_model(schema_editor.connection.alias, model):
                return
            await schema_editor.flush(model._meta.db_table)
        elif not routes.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            return
        await schema_editor.settle()
        await schema_editor.apply(*statements(schema_editor.dialect, model))

    def references_model(self, name: str, app_label: str) -> bool:
        return self.model_name is None or name.lower() == self.model_name.lower()

    def describe(self) -> str:
        where = f" on {self.model_name}" if self.model_name is not None else ""
        return f"Create {self.noun} {self.name}{where}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.noun.replace(' ', '_')}_{self.name.lower()}"


class Removal(DatabaseObject):
    """Drops what a ``DatabaseObject`` makes: mixed in before it."""

    category = OperationCategory.REMOVAL

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        await self.run(self.dropped, app_label, schema_editor, from_state)

    async def backwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        await self.run(self.made, app_label, schema_editor, to_state)

    def describe(self) -> str:
        return f"Remove{super().describe().removeprefix('Create')}"

    @property
    def migration_name_fragment(self) -> str:
        return f"remove_{super().migration_name_fragment}"


def text_for(text: Text, dialect: Dialect) -> str | None:
    """Return the SQL for one kind of database; None where a mapping names others only."""
    chosen = text if isinstance(text, str) else text.get(dialect.name)
    return None if chosen is None else chosen.strip().rstrip(";").replace("%", "%%")


class CreateView(DatabaseObject):
    """Make a view of a query.

    Parameters: ``query`` is SQL of yours; ``materialized`` keeps its rows. Raises ``NotSupportedError`` when it is
    applied where a database has no such view.
    """

    noun = "view"

    def __init__(self, name: str, query: Text, *, materialized: bool = False, hints: Any = None) -> None:
        self.name, self.query, self.materialized = name, query, materialized
        self.hints = hints or {}

    def made(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        query = text_for(self.query, dialect)
        return [] if query is None else [dialect.create_view(dialect.quote(self.name), query, self.materialized)]

    def dropped(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        query = text_for(self.query, dialect)
        return [] if query is None else [dialect.drop_view(dialect.quote(self.name), self.materialized)]


class RemoveView(Removal, CreateView):
    """Drop a view; the arguments say how it is made again."""


class CreateTrigger(DatabaseObject):
    """Make a trigger on a model's table.

    Parameters: ``timing`` is BEFORE, AFTER or INSTEAD OF; ``events`` are of INSERT, UPDATE, DELETE and TRUNCATE;
    ``body`` are the statements it runs, in the database's own language; ``condition`` limits the rows;
    ``each_row`` False runs it once for a statement.

    Raises ``ValueError`` for a timing or event that is none.
    """

    noun = "trigger"

    def __init__(
        self,
        model_name: str,
        name: str,
        *,
        timing: str,
        events: Iterable[str],
        body: Text,
        condition: str | None = None,
        each_row: bool = True,
    ) -> None:
        self.model_name, self.name = model_name, name
        self.timing = _one_of("timing", timing, TIMINGS)
        self.events = tuple(_one_of("events", event, EVENTS) for event in _listed("events", events))
        if not self.events:
            raise ValueError(f"The trigger {name} needs at least one event of {', '.join(EVENTS)}.")
        self.body, self.condition, self.each_row = body, condition, each_row

    def made(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        body = text_for(self.body, dialect)
        if body is None:
            return []
        condition = None if self.condition is None else text_for(self.condition, dialect)
        statements: list[str] = dialect.create_trigger(
            dialect.quote(model._meta.db_table), dialect.quote(self.name), self.timing, self.events, body, condition,
            self.each_row,
        )  # fmt: skip
        return statements

    def dropped(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        if text_for(self.body, dialect) is None:
            return []
        statements: list[str] = dialect.drop_trigger(dialect.quote(model._meta.db_table), dialect.quote(self.name))
        return statements


class RemoveTrigger(Removal, CreateTrigger):
    """Drop a trigger; the arguments say how it is made again."""


class EnableRowSecurity(DatabaseObject):
    """Let only those rows of a model's table be seen and written that its policies allow.

    Parameters: ``force`` binds the table's owner too.
    """

    noun = "row security"

    def __init__(self, model_name: str, *, force: bool = False) -> None:
        self.model_name = self.name = model_name
        self.force = force

    def made(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        statements: list[str] = dialect.row_security(dialect.quote(model._meta.db_table), True, self.force)
        return statements

    def dropped(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        statements: list[str] = dialect.row_security(dialect.quote(model._meta.db_table), False, self.force)
        return statements

    def describe(self) -> str:
        return f"Enable row security on {self.model_name}"


class CreatePolicy(DatabaseObject):
    """Make a policy of row-level security.

    Parameters: ``using`` says which rows are seen, ``check`` which may be written: a ``Q`` over the model's columns, or
    SQL of yours; ``command`` is ALL, SELECT, INSERT, UPDATE or DELETE; ``roles`` are names of roles, none for
    everybody; ``restrictive`` policies must all agree, of the others one is enough.

    Raises ``ValueError`` for another command, and where neither condition is given.
    """

    noun = "policy"

    def __init__(
        self,
        model_name: str,
        name: str,
        *,
        using: object = None,
        check: object = None,
        command: str = "ALL",
        roles: Iterable[str] = (),
        restrictive: bool = False,
    ) -> None:
        if using is None and check is None:
            raise ValueError(f"The policy {name} needs using= or check=: without a condition it says nothing.")
        self.model_name, self.name = model_name, name
        self.using, self.check, self.roles = using, check, _listed("roles", roles)
        self.command = _one_of("command", command, COMMANDS)
        self.restrictive = restrictive

    def made(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        using, check = (self._condition(one, dialect, model) for one in (self.using, self.check))
        roles = [dialect.quote(role) for role in self.roles]
        table, name = dialect.quote(model._meta.db_table), dialect.quote(self.name)
        return [dialect.create_policy(table, name, self.command, roles, using, check, self.restrictive)]

    def dropped(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        return [dialect.drop_policy(dialect.quote(model._meta.db_table), dialect.quote(self.name))]

    @staticmethod
    def _condition(condition: object, dialect: Dialect, model: type[AwaitableModel]) -> str | None:
        if condition is None or isinstance(condition, str):
            return None if condition is None else text_for(condition, dialect)
        return schema_sql(model, condition, dialect)


class RemovePolicy(Removal, CreatePolicy):
    """Drop a policy; the arguments say how it is made again."""


class AddPartition(DatabaseObject):
    """Make one partition of a table that is partitioned.

    Parameters: ``since`` (inclusive) and ``until`` (exclusive) are its range, ``values`` the list of its values,
    ``default`` takes what fits no other. Exactly one of these kinds is given.

    Raises ``ValueError`` for none of them, or several, and for no values.
    """

    noun = "partition"

    def __init__(
        self,
        model_name: str,
        name: str,
        *,
        since: object = None,
        until: object = None,
        values: Iterable[object] | None = None,
        default: bool = False,
    ) -> None:
        ranged = since is not None or until is not None
        if [ranged, values is not None, default].count(True) != 1 or (ranged and None in (since, until)):
            raise ValueError(f"The partition {name} needs since= and until=, or values=, or default=True.")
        self.model_name, self.name = model_name, name
        self.since, self.until, self.default = since, until, default
        self.values = None if values is None else _listed("values", values)
        if self.values == ():
            raise ValueError(f"The partition {name} needs at least one of values=.")

    def made(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        if self.default:
            what = "DEFAULT"
        elif self.values is not None:
            what = f"FOR VALUES IN ({', '.join(literal(one, dialect) for one in self.values)})"
        else:
            ends = [literal(one, dialect) for one in (self.since, self.until)]
            what = f"FOR VALUES FROM ({ends[0]}) TO ({ends[1]})"
        return [dialect.create_partition(dialect.quote(model._meta.db_table), dialect.quote(self.name), what)]

    def dropped(self, dialect: Dialect, model: type[AwaitableModel]) -> list[str]:
        return [dialect.drop_partition(dialect.quote(self.name))]


class RemovePartition(Removal, AddPartition):
    """Drop a partition with its rows; the arguments say how it is made again."""


class CreatePartitionedModel(CreateModel):
    """Create a model whose table is divided into partitions, which ``AddPartition`` makes.

    Parameters: those of ``CreateModel``, and ``partition_by``: the kind (RANGE, LIST or HASH) and the names of the
    fields whose values say where a row belongs. The database wants them to be part of the key.

    Raises ``ValueError`` for another kind.
    """

    def __init__(
        self,
        name: str,
        fields: Iterable[tuple[str, object]],
        options: Mapping[str, object] | None = None,
        bases: Iterable[object] | None = None,
        managers: Iterable[tuple[str, object]] | None = None,
        *,
        partition_by: tuple[str, Iterable[str]],
    ) -> None:
        super().__init__(name, fields, options, bases, managers)
        kind, names = partition_by
        self.partition_by = _one_of("partition_by", kind.upper(), PARTITIONS), _listed("partition_by", names)

    def deconstruct(self) -> DeconstructedOperation:
        name, args, options = super().deconstruct()
        return name, args, {**options, "partition_by": self.partition_by}

    async def forwards(
        self, app_label: str, schema_editor: AwaitableSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            kind, names = self.partition_by
            dialect = schema_editor.dialect
            model._meta.partitioned = dialect.partitioned(kind, ddl.columns_of(model, names, dialect))
            await schema_editor.acreate_model(model)
            model._meta.partitioned = ""

    def reduce(self, operation: Any, app_label: str) -> bool | list[AwaitableOperation]:
        """Nothing is taken in: what comes after stays an operation of its own."""
        return not operation.references_model(self.name, app_label)
