"""INSERT of instances: planned once for each table, set of columns and dialect, and run one by one or many at a time.

``insert`` and ``insert_many`` write one table. A model whose rows lie in several tables (its own and those of its
parents) is written by calling them for each of these in turn, parents first: they set what the database made on the
instances, so that the next table finds it there. All or nothing: several statements run in one transaction.

Where the database takes arrays, any number of rows is one statement; elsewhere rows go in the largest chunks its
parameter limit allows, in sizes that leave few different texts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.db.transactions.public import atomic, note_failed_write
from orm.epoch import epoch
from orm.errors import NotSupportedError
from orm.query.builder import Builder
from orm.query.change_query import refuse_computed_over_rows, stored_slot
from orm.query.hydrate import reader_of
from orm.query.insert_manner import Manner, Upsert
from orm.query.instance_rows import Columns, Computed, RowMaker, columns_of, row_maker
from orm.query.plan import Plan, statement_plan
from orm.query.shape import root
from orm.sql.calls import DatabaseDefault
from orm.sql.columns import Col
from orm.sql.combinable import Combinable
from orm.sql.dialect import NewKey
from orm.sql.expressions import Expression, Null, Value
from orm.sql.insert import Insert
from orm.sql.one_type import bound_as
from orm.sql.references import F
from orm.sql.select import Output
from orm.sql.sources import DefaultRow, ParameterArrays, ParameterRows, Source, ValueRow
from orm.structures.attributes import leave_to_database

if TYPE_CHECKING:
    from orm.db.database_blocking import Database
    from orm.sql.described import ModelClass, ModelField
    from orm.sql.dialect import Dialect

LARGEST_CHUNK = 1024

PLAINLY = Manner()
EXACT_CHUNK = 64
"""Up to so many rows are one statement, whose text is for that number of rows alone."""


class Made:
    """What the database makes of a row that is inserted with certain columns, and how instances take it.

    ``key`` is the column whose numbers the database counts, when it is among them; ``computed`` are columns that are
    given by expressions.
    """

    __slots__ = ("fields", "key", "readers")

    def __init__(
        self, model: ModelClass, given: Sequence[object], dialect: Dialect, computed: Sequence[object] = ()
    ) -> None:
        self.fields = tuple(
            field
            for field in model._meta.table_fields
            if (field not in given and (field.auto or field.has_db_default or field.generated)) or field in computed
        )
        self.readers: tuple[Any, ...] = tuple(reader_of(field, dialect) for field in self.fields)
        self.key = next((field for field in self.fields if field.auto), None)

    def outputs(self, model: ModelClass) -> tuple[Output, ...]:
        """Return the columns as the result of a statement."""
        return tuple(Output(Col(model._meta.db_table, field)) for field in self.fields)

    def take(self, instance: object, row: Sequence[object]) -> None:
        """Set the columns of one row on its instance."""
        held = instance.__dict__
        for field, read, value in zip(self.fields, self.readers, row, strict=True):
            if read is not None and (value is not None or getattr(read, "sees_null", False)):
                value = read(value)
            held[field.attname] = value


class OneRow:
    """INSERT of one instance. ``key_name`` is the attribute that takes a key which comes back alone, by the driver."""

    __slots__ = ("epoch", "key_name", "key_query", "made", "row", "sql")

    def __init__(self, model: ModelClass, columns: Columns, dialect: Dialect) -> None:
        self.epoch = epoch.number
        made = self.made = Made(model, columns.fields, dialect)
        self.row: RowMaker = row_maker(columns.fields, dialect, True)
        capabilities = dialect.capabilities
        alone = len(made.fields) == 1 or not capabilities.returning
        self.key_name: str | None = None
        self.key_query: str | None = None
        if made.key is not None and alone and capabilities.new_key is not NewKey.RETURNING:
            self.key_name = made.key.attname
            self.key_query = _key_query(dialect)
        returned = made.outputs(model) if capabilities.returning and self.key_name is None else ()
        source: Source = ParameterRows(types=columns.fields, count=1) if columns.fields else DefaultRow()
        statement = Insert(table=model._meta.db_table, fields=columns.fields, source=source, returning=returned)
        self.sql = statement_plan(statement, dialect).sql or ""


def _key_query(dialect: Dialect) -> str | None:
    """Return the statement that asks for a new key; None where the driver knows it."""
    return dialect.new_key_query() if dialect.capabilities.new_key is NewKey.QUERY else None


async def insert(model: ModelClass, instance: object, columns: Columns, *, using: str) -> None:
    """Insert the row of one instance into the table of ``model``, and set what the database made on the instance.

    ``columns`` are of that table; the instance is of the model or of one that inherits from it.
    """
    database = databases[using]
    dialect = database.dialect
    one = columns.inserts.get(dialect)
    if one is None or one.epoch != epoch.number:
        one = columns.inserts[dialect] = OneRow(model, columns, dialect)
    try:
        params = one.row(instance)
    except Computed:
        given = without_defaults(model, instance, columns)
        if given is not columns:  # planned like any other insert, and what is left out comes back
            await insert(model, instance, given, using=using)
        else:
            await _insert_computed(model, instance, columns, database)
        return
    except Exception as error:
        note_failed_write(error, using)
        raise
    if one.key_name is not None:
        instance.__dict__[one.key_name] = await database.insert(one.sql, params, one.key_query)
        if len(one.made.fields) > 1:
            await _read_made(model, instance, one.made, database)
    elif not one.made.fields:
        await database.execute(one.sql, params)
    elif dialect.capabilities.returning:
        one.made.take(instance, (await database.fetch(one.sql, params))[0])
    else:
        await database.execute(one.sql, params)
        await _read_made(model, instance, one.made, database)


async def _read_made(model: ModelClass, instance: Any, made: Made, database: Database) -> None:
    """Ask for what the database made of a new row, where an INSERT can't return it."""
    opts = model._meta
    if opts.pk in made.fields and opts.pk is not made.key:
        raise NotSupportedError(
            f"{database.dialect.name} has no RETURNING, so a key that is the default of its column would be lost: give "
            f"{opts.label}.{opts.pk.name} a value"
        )
    names = [field.attname for field in made.fields if field is not made.key]
    fresh = await opts.base_manager.using(database.alias).only(*names).aget(pk=instance.pk)
    for name in names:
        instance.__dict__[name] = fresh.__dict__[name]


def without_defaults(model: ModelClass, instance: object, columns: Columns) -> Columns:
    """Return the columns whose value is not left to the database; the same object when none is."""
    held = instance.__dict__
    given = tuple([field for field in columns.fields if type(held.get(field.attname)) is not DatabaseDefault])
    return columns if len(given) == len(columns.fields) else columns_of(model, given)


def _with_columns(written: object, model: ModelClass) -> Any:
    """Return an expression as it is shown: with the columns that its names are."""
    if isinstance(written, F):
        named = model._meta.names.get(written.name)
        return Col(model._meta.db_table, named) if getattr(named, "concrete", False) else written
    return written.map(lambda part: _with_columns(part, model)) if isinstance(written, Expression) else written


def _insertable(field: ModelField, written: object, resolved: Any) -> Any:
    """Return a value that is an expression; refuse what a row that is not there yet can't have."""
    refuse_computed_over_rows(field, written, resolved)
    if any(isinstance(node, Col) for node in resolved.walk()):
        shown = _with_columns(written, field.model)
        raise ValueError(
            f'Failed to insert expression "{shown}" on {field}. F() expressions can only be used to update, not to '
            "insert."
        )
    return resolved


async def _insert_computed(
    model: ModelClass, instance: object, columns: Columns, database: Database, manner: Manner = PLAINLY
) -> None:
    """Insert one instance some of whose values are expressions (``name=Lower(Value("X"))``)."""
    dialect, upsert = database.dialect, manner.upsert
    builder = Builder(root(model).select)
    builder.values += () if upsert is None else upsert.values
    builder.prepares += [None] * len(builder.values)
    row, computed = _row_of_expressions(builder, instance, columns, manner)
    # A key comes back with the statement: without it the row can't be read. Others are read when they are asked for.
    made = Made(model, columns.fields, dialect, [field for field in computed if field.primary_key])
    manner = _taking_what_comes(manner, made, dialect)
    statement = _statement(model, columns, ValueRow(values=row), made, manner)
    plan = statement_plan(statement, dialect, _lengths(upsert))
    sql, params = plan.sql or "", plan.parameters(builder.values)
    # An instance whose row was refused keeps its expressions, and can be saved again.
    leave = partial(leave_to_database, instance, [field.attname for field in computed])
    if manner.take or manner.wanted is not None:
        found = await database.fetch(sql, params)
        if found:
            _now_or_later(leave, manner)
        _take(model, [instance], found, made, plan, manner, dialect)
        return
    if made.key is None or upsert is not None:
        await database.execute(sql, params)
    else:
        instance.__dict__[made.key.attname] = await database.insert(sql, params, _key_query(dialect))
    _now_or_later(leave, manner)
    if upsert is None and any(field is not made.key for field in made.fields):
        await _read_made(model, instance, made, database)


def _row_of_expressions(
    builder: Builder, instance: object, columns: Columns, manner: Manner
) -> tuple[tuple[Expression, ...], list[ModelField]]:
    """Return what an instance's columns are set to, and those of them that are computed."""
    row: list[Expression] = []
    computed: list[ModelField] = []
    for field in columns.fields:
        value = field.value_from_object(instance) if manner.as_held else field.pre_save(instance, True)
        if value is None:
            row.append(Null(field))
        elif not isinstance(value, Combinable):
            row.append(stored_slot(builder, field, value))
        else:
            if not isinstance(value, Value):
                computed.append(field)
            resolved = value.resolve_expression(builder, False, None, False, True)
            row.append(_insertable(field, value, bound_as(resolved, resolved, field, builder)))
    return tuple(row), computed


# -- many --------------------------------------------------------------------------------------------------------------


class ManyRows:
    """INSERT of many instances into certain columns: how each gives its row, and takes what was made of it."""

    __slots__ = ("arrays", "columns", "made", "row")

    def __init__(self, model: ModelClass, columns: Columns, dialect: Dialect, as_held: bool) -> None:
        self.columns = columns
        self.made = Made(model, columns.fields, dialect)
        self.row: RowMaker = row_maker(columns.fields, dialect, True, as_held)
        self.arrays = bool(columns.fields) and dialect.array_rows(columns.fields) is not None

    def source(self, count: int, first: int) -> Source:
        """Return the source of a statement for so many rows, whose slots begin with ``first``."""
        if not self.columns.fields:
            return DefaultRow()
        if self.arrays:
            return ParameterArrays(types=self.columns.fields, first=first)
        return ParameterRows(types=self.columns.fields, count=count, first=first)

    def parameters(self, rows: Sequence[Sequence[object]]) -> Sequence[Any]:
        """Return the parameters of a statement for these rows."""
        if self.arrays:
            return [list(column) for column in zip(*rows, strict=True)]
        return list(chain.from_iterable(rows))


def many_rows(model: ModelClass, columns: Columns, dialect: Dialect, as_held: bool = False) -> ManyRows:
    """Return how instances give their rows for these columns: one object for all that ask."""
    key = ("many", columns, dialect, as_held)
    many: ManyRows = root(model).compiled(key, ManyRows, model, columns, dialect, as_held)
    return many


async def insert_many(
    model: ModelClass, instances: Sequence[object], columns: Columns, database: Database, manner: Manner = PLAINLY
) -> None:
    """Insert many rows of instances into the table of ``model``, all or nothing."""
    many = many_rows(model, columns, database.dialect, manner.as_held)
    try:
        rows = list(map(many.row, instances))
    except Computed:
        await _insert_groups(model, instances, columns, database, manner)
        return
    except Exception as error:
        note_failed_write(error, database.alias)
        raise
    await insert_rows(model, instances, rows, many, database, manner)


async def insert_rows(
    model: ModelClass,
    instances: Sequence[object],
    rows: Sequence[Sequence[object]],
    many: ManyRows,
    database: Database,
    manner: Manner = PLAINLY,
) -> None:
    """Insert the rows that ``many`` has made of instances, as ``insert_many`` does."""
    dialect = database.dialect
    manner = _taking_what_comes(manner, many.made, dialect)
    sizes = list(chunk_sizes(len(rows), many, dialect, manner.batch_size))
    if len(sizes) == 1:
        await _insert_chunk(model, database, many, rows, instances, manner)
        return
    own: list[Callable[[], None]] = []
    if manner.later is None:
        manner = manner._replace(later=own)
    async with atomic(using=database.alias, savepoint=False):
        start = 0
        for size in sizes:
            stop = start + size
            await _insert_chunk(model, database, many, rows[start:stop], instances[start:stop], manner)
            start = stop
    for take in own:
        take()


async def _insert_groups(
    model: ModelClass,
    instances: Sequence[object],
    columns: Columns,
    database: Database,
    manner: Manner,
) -> None:
    """Insert instances some of which leave columns to the database, or have expressions for values."""
    groups: dict[Columns, list[Any]] = {}
    for instance in instances:
        groups.setdefault(without_defaults(model, instance, columns), []).append(instance)
    async with atomic(using=database.alias, savepoint=False):
        if columns not in groups or len(groups) > 1:
            for given, group in groups.items():
                await insert_many(model, group, given, database, manner)
            return
        for instance in instances:
            await _insert_computed(model, instance, columns, database, manner)


def chunk_sizes(count: int, many: ManyRows, dialect: Dialect, batch_size: int | None) -> Iterable[int]:
    """Yield how many rows each statement takes: as many as it can, then powers of two, then all that are left.

    So there are few texts for any number of rows, and one statement for few rows.
    """
    width = len(many.columns.fields)
    if many.arrays:
        largest = batch_size or count
    elif not width:
        largest = 1
    else:
        largest = min(batch_size or count, max(dialect.capabilities.max_parameters // width, 1), LARGEST_CHUNK)
    while count >= largest > 0:
        yield largest
        count -= largest
    while count > EXACT_CHUNK:
        power = 1 << (count.bit_length() - 1)
        yield power
        count -= power
    if count:
        yield count


def _returning(model: ModelClass, made: Made, manner: Manner) -> tuple[Output, ...]:
    """Return what comes back: what instances take, what tells which of them do, and what the caller wants."""
    own: tuple[Output, ...] = ()
    if manner.take:
        told_by = () if manner.upsert is None else manner.upsert.told_by
        own = (*made.outputs(model), *[Output(Col(model._meta.db_table, field)) for field in told_by])
    return own if manner.wanted is None else (*own, *manner.wanted.outputs)


def _taking_what_comes(manner: Manner, made: Made, dialect: Dialect) -> Manner:
    """Return the manner in which instances take nothing where nothing would come back."""
    return manner if made.fields and dialect.capabilities.returning else manner._replace(take=False)


def _statement(model: ModelClass, columns: Columns, source: Source, made: Made, manner: Manner) -> Insert:
    return Insert(
        table=model._meta.db_table,
        fields=columns.fields,
        source=source,
        conflict=None if manner.upsert is None else manner.upsert.conflict,
        returning=_returning(model, made, manner),
    )


def _many_plan(model: ModelClass, many: ManyRows, count: int, manner: Manner, dialect: Dialect) -> Plan:
    first = 0 if manner.upsert is None else len(manner.upsert.values)
    statement = _statement(model, many.columns, many.source(count, first), many.made, manner)
    width = len(many.columns.fields)
    slots = first + (width if many.arrays else count * width)
    return statement_plan(statement, dialect, _lengths(manner.upsert), slots)


def _lengths(upsert: Upsert | None) -> dict[int, int]:
    return {} if upsert is None else {slot: len(upsert.values[slot]) for slot in upsert.list_slots}


async def _insert_chunk(
    model: ModelClass,
    database: Database,
    many: ManyRows,
    rows: Sequence[Sequence[object]],
    instances: Sequence[object],
    manner: Manner,
) -> None:
    dialect = database.dialect
    count = 0 if many.arrays else len(rows)
    key, upsert = manner.key, manner.upsert
    plan: Plan
    if key is None:
        plan = _many_plan(model, many, count, manner, dialect)
    else:
        plan = root(model).compiled((many, count, key, dialect), _many_plan, model, many, count, manner, dialect)
    values = many.parameters(rows)
    sql, params = plan.sql or "", plan.parameters(values if upsert is None else [*upsert.values, *values])
    if not manner.take and manner.wanted is None:
        await database.execute(sql, params)
        return
    _take(model, instances, await database.fetch(sql, params), many.made, plan, manner, dialect)


def _take(
    model: ModelClass,
    instances: Sequence[object],
    found: Sequence[Sequence[object]],
    made: Made,
    plan: Plan,
    manner: Manner,
    dialect: Dialect,
) -> None:
    """Give the instances, and the caller, what came back of their rows."""
    told_by = () if manner.upsert is None else manner.upsert.told_by
    width = len(made.fields) + len(told_by) if manner.take else 0
    if manner.wanted is not None:
        manner.wanted.take(plan, found, width, instances)
    if not manner.take:
        return
    _now_or_later(partial(_give, instances, found, made, told_by, dialect), manner)


def _now_or_later(take: Callable[[], None], manner: Manner) -> None:
    """Change instances, when all rows are there: one would keep the key of a row that another's failure undoes."""
    if manner.later is None:
        take()
    else:
        manner.later.append(take)


def _give(
    instances: Sequence[object],
    found: Sequence[Sequence[object]],
    made: Made,
    told_by: Sequence[ModelField],
    dialect: Dialect,
) -> None:
    if not found:  # a condition held for no row
        return
    if told_by and len(found) < len(instances):
        _take_told(instances, found, made, told_by, dialect)
        return
    if len(made.fields) == 1 and made.readers[0] is None:  # a key that the database counts
        name = made.fields[0].attname
        for instance, row in zip(instances, found, strict=True):
            instance.__dict__[name] = row[0]
        return
    for instance, row in zip(instances, found, strict=True):
        made.take(instance, row[: len(made.fields)])


def _take_told(
    instances: Sequence[object],
    found: Sequence[Sequence[object]],
    made: Made,
    told_by: Sequence[Any],
    dialect: Dialect,
) -> None:
    """Give the instances that were written what came back of their rows, which are told by their values.

    Values that can't be looked up, and those that the database took for equal to others, tell nothing.
    """
    readers = [reader_of(field, dialect) for field in told_by]
    width = len(made.fields)
    rows: dict[tuple[object, ...], list[Sequence[object]]] = {}
    for row in found:
        given = row[width : width + len(readers)]
        key = tuple(value if read is None else read(value) for read, value in zip(readers, given, strict=True))
        if all(isinstance(value, Hashable) for value in key):
            rows.setdefault(key, []).append(row)
    takers: dict[tuple[object, ...], list[object]] = {}
    for instance in instances:
        key = tuple(field.to_python(field.value_from_object(instance)) for field in told_by)
        if all(isinstance(value, Hashable) for value in key) and key in rows:
            takers.setdefault(key, []).append(instance)
    for key, same in takers.items():
        if len(same) == len(rows[key]):
            for instance, row in zip(same, rows[key], strict=True):
                made.take(instance, row[:width])
