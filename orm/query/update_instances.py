"""UPDATE of rows by their key, from instances: one (``save``), or many at once (``bulk_update``).

Like an INSERT, an UPDATE is of one table; rows that lie in several tables are written by one call for each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.db.transactions.public import atomic, note_failed_write
from orm.epoch import epoch
from orm.query.change_query import assignments_key, tables_of, update_rows
from orm.query.instance_rows import Columns, Computed, RowMaker, columns_of, give_parent_key, row_maker
from orm.query.plan import Plan, statement_plan
from orm.query.shape import Shape, root
from orm.query.steps import filter_rows
from orm.sql.cases import Case, When
from orm.sql.columns import Col, Column
from orm.sql.combinable import Combinable
from orm.sql.conditions import Where
from orm.sql.expressions import Null, Value
from orm.sql.lookups import Exact, In
from orm.sql.nodes import Uncacheable
from orm.sql.sources import ParameterArrays, ParameterRows, Source
from orm.sql.statements import AdaptedSlot
from orm.sql.update import GIVEN, Update
from orm.structures.arguments import check_number, listed
from orm.structures.attributes import leave_to_database

if TYPE_CHECKING:
    from orm.db.database_blocking import Database
    from orm.query.insert_manner import Wanted
    from orm.sql.described import ModelClass, ModelField
    from orm.sql.dialect import Dialect
    from orm.sql.select import Output

KEY = "k"

LARGEST_CASE = 200
"""Rows of a statement that compares each row's key to every key given."""


class OneUpdate:
    """UPDATE of certain columns of the row with an instance's key."""

    __slots__ = ("epoch", "row", "sql")

    def __init__(self, model: ModelClass, columns: Columns, dialect: Dialect) -> None:
        self.epoch = epoch.number
        opts = model._meta
        fields = (*columns.fields, *opts.pk_fields)
        self.row: RowMaker = row_maker(fields, dialect, False)
        slots = [AdaptedSlot(number, None, bare=True) for number in range(len(fields))]
        statement = Update(
            table=opts.db_table,
            assignments=tuple(zip(columns.fields, slots, strict=False)),
            where=Where(
                [
                    Exact(Col(opts.db_table, field), slot)
                    for field, slot in zip(opts.pk_fields, slots[len(columns.fields) :], strict=True)
                ]
            ),
        )
        self.sql = statement_plan(statement, dialect).sql or ""


def update_instance(model: ModelClass, instance: object, columns: Columns, *, using: str) -> Awaitable[int]:
    """Write these columns of an instance to the row of ``model``'s table with its key.

    Gives how many rows matched (0 or 1). Values that are expressions are computed by the database, and leave the
    instance.
    """
    database = databases[using]
    dialect = database.dialect
    one = columns.updates.get(dialect)
    if one is None or one.epoch != epoch.number:
        one = columns.updates[dialect] = OneUpdate(model, columns, dialect)
    try:
        params = one.row(instance)
    # The SQL of an expression differs from row to row: this one goes the way of update().
    except Computed:
        values = [field.pre_save(instance, False) for field in columns.fields]
        return _update_computed(model, instance, columns, values, database)
    except Exception as error:
        note_failed_write(error, using)
        raise
    return database.execute(one.sql, params)


async def _update_computed(
    model: ModelClass,
    instance: object,
    columns: Columns,
    given: Sequence[Any],
    database: Database,
    wanted: Wanted | None = None,
    later: list[Callable[[], None]] | None = None,
) -> int:
    """Update one instance some of whose values are expressions; ``later`` takes what makes the instance forget them."""
    pairs = list(zip(columns.fields, given, strict=True))
    key = getattr(instance, model._meta.pk.attname)
    shape, prepared = root(model).advance(("one", "pk"), [key], filter_rows, False, (), {"pk": key})
    values: list[Any] = []
    assignments = {field.name: value for field, value in pairs}
    step: Any
    try:
        step = ("update", assignments_key(assignments, values), wanted and wanted.key)
    except Uncacheable:
        step = None
    shape, assigned = shape.advance(step, values, update_rows, assignments, () if wanted is None else wanted.outputs)
    made = shape.plan(database, prepared + assigned, statement_plan)
    params = made.parameters(prepared + assigned)
    if wanted is None:
        matched = await database.execute(made.sql or "", params)
    else:
        found = await database.fetch(made.sql or "", params)
        wanted.take(made, found)
        matched = len(found)
    if matched:
        computed = [field.attname for field, value in pairs if isinstance(value, Combinable)]
        if later is None:
            leave_to_database(instance, computed)
        else:
            later.append(partial(leave_to_database, instance, computed))
    return matched


# -- many --------------------------------------------------------------------------------------------------------------


class ManyUpdates:
    """UPDATE of certain columns of many rows: the key and then the columns of each instance."""

    __slots__ = ("arrays", "columns", "fields", "keys", "model", "row")

    def __init__(self, model: ModelClass, columns: Columns, dialect: Dialect) -> None:
        self.model = model
        self.columns = columns
        self.keys = model._meta.pk_fields
        self.fields = (*self.keys, *columns.fields)
        self.row: RowMaker = row_maker(self.fields, dialect, False, as_held=True)
        self.arrays = dialect.capabilities.update_from and dialect.array_rows(self.fields) is not None

    def largest(self, dialect: Dialect) -> int | None:
        """Return how many rows one statement takes; None for any number."""
        if self.arrays:
            return None
        most, width = dialect.capabilities.max_parameters, len(self.fields)
        if dialect.capabilities.update_from:
            return max(most // width, 1)
        # A row takes its key and a value in the CASE of each column, and its key once more in WHERE.
        return max(min(most // (2 * width - 1), LARGEST_CASE), 1)

    def plan(self, count: int, dialect: Dialect, returning: tuple[Output, ...] = ()) -> Plan:
        """Return the plan of one statement for so many rows."""
        make = self._from_source if dialect.capabilities.update_from else self._by_cases
        return statement_plan(make(count, returning), dialect)

    def _from_source(self, count: int, returning: tuple[Output, ...]) -> Update:
        opts = self.model._meta
        keys = [f"{KEY}{number}" for number in range(len(self.keys))]
        names = (*keys, *[f"v{number}" for number in range(len(self.columns.fields))])
        source: Source = (
            ParameterArrays(types=self.fields) if self.arrays else ParameterRows(types=self.fields, count=count)
        )
        return Update(
            table=opts.db_table,
            assignments=tuple(
                (field, Column(GIVEN, name, field))
                for field, name in zip(self.columns.fields, names[len(keys) :], strict=True)
            ),
            where=Where(
                [
                    Exact(Col(opts.db_table, field), Column(GIVEN, name, field))
                    for field, name in zip(self.keys, keys, strict=True)
                ]
            ),
            source=source,
            source_columns=names,
            returning=returning,
        )

    def _by_cases(self, count: int, returning: tuple[Output, ...]) -> Update:
        """Return the UPDATE for databases that know no source beside the table: each column is a CASE over the keys."""
        opts = self.model._meta
        keys, width = [Col(opts.db_table, field) for field in self.keys], len(self.fields)

        def is_row(row: int) -> Where:
            slots = [AdaptedSlot(row * width + position, None, bare=True) for position in range(len(keys))]
            return Where([Exact(key, slot) for key, slot in zip(keys, slots, strict=True)])

        def case(position: int, field: ModelField) -> Case:
            whens = [When(is_row(row), AdaptedSlot(row * width + position, field)) for row in range(count)]
            return Case(*whens, default=Null(field), output_field=field)

        listed = [AdaptedSlot(row * width, None, bare=True) for row in range(count)]
        return Update(
            table=opts.db_table,
            assignments=tuple(
                (field, case(number, field)) for number, field in enumerate(self.columns.fields, len(keys))
            ),
            where=Where((In(keys[0], listed),)) if len(keys) == 1 else Where(list(map(is_row, range(count))), "OR"),
            returning=returning,
        )


def many_updates(model: ModelClass, columns: Columns, dialect: Dialect) -> ManyUpdates:
    """Return how instances give these columns of their rows: one object for all that ask."""
    many: ManyUpdates = root(model).compiled(("updates", columns, dialect), ManyUpdates, model, columns, dialect)
    return many


async def bulk_update(
    rows: Any,
    given: Iterable[Any],
    names: list[str],
    *,
    using: str,
    batch_size: int | None,
    wanted: Wanted | None = None,
) -> int:
    """What ``QuerySet.abulk_update`` does: write these fields of many instances; return how many rows matched.

    ``rows`` is the queryset: rows outside its conditions are not written. ``wanted`` is what comes back of the others.
    """
    model = rows.model
    check_number("batch_size", batch_size, "Batch size must be a positive integer.")
    if not names:
        raise ValueError("Field names must be given to bulk_update().")
    instances = list(listed("bulk_update()", given, "a list of instances"))
    if any(isinstance(instance, model) and not instance._is_pk_set() for instance in instances):
        raise ValueError("All bulk_update() objects must have a primary key set.")
    opts = model._meta
    fields = _writable_fields(opts, names)
    strange = next((instance for instance in instances if not isinstance(instance, model)), None)
    if strange is not None:
        raise TypeError(f"bulk_update() takes instances of {model.__name__}, not {strange!r}.")
    if not instances:
        return 0
    for instance in instances:
        instance._settle_relations(opts.write_plan, action="bulk_update", among=fields)
        _settle_keys(opts.write_plan, instance)
    database = databases[using]
    tables = [(owner, columns_of(owner, tuple(own))) for owner, own in tables_of(model, fields).items()]
    if wanted is not None and (len(tables) > 1 or opts.parents):
        raise NotImplementedError(
            f"{model.__name__} lies in several tables: returning() is about columns of one; update one table's columns "
            "through its own model"
        )
    if rows._shape.select.where is not None:
        return await _update_among(rows.using(using), instances, fields, batch_size, wanted)
    if len(tables) == 1:
        return await _update_table(*tables[0], instances, database, batch_size, wanted)
    async with atomic(using=using, savepoint=False):
        return max([await _update_table(*table, instances, database, batch_size) for table in tables])


def _writable_fields(opts: Any, names: Iterable[str]) -> tuple[Any, ...]:
    """Return the fields of these names. Raises ``ValueError`` for one that bulk_update() can't write."""
    fields = tuple(dict.fromkeys(opts.get_field(name) for name in names))
    if any(not field.concrete or field.many_to_many for field in fields):
        raise ValueError("bulk_update() can only be used with concrete fields.")
    if any(field.generated for field in fields):
        raise ValueError("bulk_update() can't write what the database computes.")
    if any(field.primary_key or field in opts.pk_fields for field in fields):
        raise ValueError("bulk_update() cannot be used with primary key fields.")
    return fields


def _settle_keys(plan: Any, instance: Any) -> None:
    """Give an instance the keys of its rows in its parents' tables, where it has but the links to them."""
    held = instance.__dict__
    for parent, link in plan.parents:
        give_parent_key(parent, link, held)
        _settle_keys(parent, instance)


async def _update_among(
    rows: Any, instances: list[Any], fields: Sequence[Any], batch_size: int | None, wanted: Wanted | None
) -> int:
    """Write the instances whose rows meet the conditions of a queryset: each column is a CASE over the keys."""
    largest = min(batch_size or LARGEST_CASE, LARGEST_CASE)
    matched = 0
    async with atomic(using=rows.db, savepoint=False):
        for start in range(0, len(instances), largest):
            chunk = instances[start : start + largest]
            cases = {
                field.name: Case(*[When(pk=one.pk, then=_value_of(field, one)) for one in chunk], output_field=field)
                for field in fields
            }
            among = rows.filter(pk__in=[one.pk for one in chunk])
            matched += await (among.aupdate(**cases) if wanted is None else _update_wanted(among, cases, wanted))
    return matched


async def _update_wanted(rows: Any, assignments: Mapping[str, object], wanted: Wanted) -> int:
    """update() of a queryset's rows, of which comes back what is wanted; return how many there were."""
    shape, prepared = rows._shape.advance(None, [], update_rows, assignments, wanted.outputs)
    values = rows._values + prepared
    database = rows._doors()
    plan = shape.plan(database, values, statement_plan)
    if plan.sql is None:
        return 0
    found = await database.fetch(plan.sql, plan.parameters(values))
    wanted.take(plan, found)
    return len(found)


def _value_of(field: ModelField, instance: object) -> object:
    value = field.value_from_object(instance)
    if hasattr(value, "resolve_expression"):
        return value
    return Null(field) if value is None else Value(value, output_field=field)


async def _update_table(
    model: ModelClass,
    columns: Columns,
    instances: list[object],
    database: Database,
    batch_size: int | None,
    wanted: Wanted | None = None,
) -> int:
    many = many_updates(model, columns, database.dialect)
    try:
        rows = list(map(many.row, instances))
    except Computed:
        return await _update_each(model, instances, columns, database, wanted)
    except Exception as error:
        note_failed_write(error, database.alias)
        raise
    return await update_rows_of(model, many, rows, database, batch_size, wanted)


async def update_rows_of(
    model: ModelClass,
    many: ManyUpdates,
    rows: list[tuple[object, ...]],
    database: Database,
    batch_size: int | None = None,
    wanted: Wanted | None = None,
) -> int:
    """Write the rows that ``many`` has made of instances; return how many matched."""
    shape = root(model)
    largest = min(batch_size or len(rows), many.largest(database.dialect) or len(rows))
    if largest >= len(rows):
        return await _update_chunk(shape, many, rows, database, wanted)
    matched = 0
    async with atomic(using=database.alias, savepoint=False):
        for start in range(0, len(rows), largest):
            matched += await _update_chunk(shape, many, rows[start : start + largest], database, wanted)
    return matched


async def _update_chunk(
    shape: Shape, many: ManyUpdates, rows: list[tuple[object, ...]], database: Database, wanted: Wanted | None
) -> int:
    dialect = database.dialect
    count = 0 if many.arrays else len(rows)
    plan: Plan
    if wanted is None:
        plan = shape.compiled((many, count, dialect), many.plan, count, dialect)
    else:
        plan = shape.compiled((many, count, dialect, wanted.key), many.plan, count, dialect, wanted.outputs)
    params = [list(column) for column in zip(*rows, strict=True)] if many.arrays else [v for row in rows for v in row]
    if wanted is None:
        return await database.execute(plan.sql or "", plan.parameters(params))
    found = await database.fetch(plan.sql or "", plan.parameters(params))
    wanted.take(plan, found)
    return len(found)


async def _update_each(
    model: ModelClass, instances: list[object], columns: Columns, database: Database, wanted: Wanted | None
) -> int:
    matched = 0
    later: list[Callable[[], None]] = []
    async with atomic(using=database.alias, savepoint=False):
        for instance in instances:
            held = [field.value_from_object(instance) for field in columns.fields]
            matched += await _update_computed(model, instance, columns, held, database, wanted, later)
    for leave in later:  # or an instance would lack the expression of a row that another one's failure undoes
        leave()
    return matched
