"""Rows from instances: INSERT, UPDATE by key and DELETE by key, planned once for each model, set of fields and dialect.

Where the database takes arrays, any number of rows is one statement; elsewhere rows go in the largest chunks its
parameter limit
allows, in sizes that leave few different texts. All or nothing: several statements run in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple

from orm.config import listeners
from orm.db.registry import databases
from orm.db.transactions.public import atomic
from orm.errors import FieldError, NotSupportedError
from orm.query import changes, steps
from orm.query.builder import Builder
from orm.query.chain import Chain
from orm.query.shape import root
from orm.sql.compiler import Compiler, finish
from orm.sql.expressions import Combinable, Param, Value
from orm.sql.func import DatabaseDefault
from orm.sql.types import INTEGER_KINDS

MAX_PLANS = 2048

_plans: dict[Any, Any] = {}
listeners.append(_plans.clear)  # plans depend on settings: whether datetimes have a zone


def _planned(key: Any, make: Callable[[], Any]) -> Any:
    plan = _plans.get(key)
    if plan is None:
        if len(_plans) >= MAX_PLANS:
            _plans.clear()
        plan = _plans[key] = make()
    return plan


class Computed(Exception):
    """A value to be written is an expression, which the prepared statement has no place for."""


# -- parameters of a row -----------------------------------------------------------------------------------------------


class _Prepared:
    """Prepares and adapts one value that is not of the common type."""

    __slots__ = ("adapter", "prepare")

    def __init__(self, field: Any, dialect: Any) -> None:
        self.prepare = field.get_prep_value
        self.adapter = changes.Fitting(field, dialect) if field.kind in INTEGER_KINDS else dialect.adapter(field)

    def __call__(self, value: Any) -> Any:
        if isinstance(value, Combinable):
            raise Computed
        value = self.prepare(value)
        return value if value is None or self.adapter is None else self.adapter(value)


def _row_maker(fields: Sequence[Any], dialect: Any, adding: bool) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function generated for these fields that turns an instance into the parameters of its row.

    It raises ``Computed`` when a value is an expression.
    """
    lines = ["def row(o):", "    d = o.__dict__"]
    names: dict[str, Any] = {}
    for number, field in enumerate(fields):
        prepared = _Prepared(field, dialect)
        names[f"p{number}"] = prepared
        names[f"h{number}"] = field.pre_save
        hook = f"h{number}(o, {adding})"
        held = f"d[{field.attname!r}]"
        lines.append(
            f"    x{number} = " + (hook if field.has_pre_save else f"{held} if {field.attname!r} in d else {hook}")
        )
        prepare = f"x{number} = p{number}(x{number})"
        target = field.target_field if field.is_relation else field
        if target.plain_prepare:
            if field.is_relation:  # a key that is there needs no look at the related instance
                lines[-1] = f"    x{number} = d.get({field.attname!r})"
                prepare = f"x{number} = p{number}({hook})"
            names[f"t{number}"] = target.exact_type
            prepare = f"if type(x{number}) is not t{number}: {prepare}"
            if isinstance(prepared.adapter, changes.Fitting):
                names[f"f{number}"] = prepared.adapter.refuse
                least, most = prepared.adapter.least, prepared.adapter.most
                prepare += f"\n    elif not {least} <= x{number} <= {most}: f{number}(x{number})"
            if dialect.adapter(target) is not None:
                names[f"a{number}"] = dialect.adapter(target)
                prepare += f"\n    else: x{number} = a{number}(x{number})"
        lines.append(f"    {prepare}")
    lines.append(f"    return ({' '.join(f'x{n},' for n in range(len(fields)))})")
    exec(compile("\n".join(lines), "<duotone row>", "exec"), names)  # noqa: S102 - made of the model's field names
    made: Callable[[Any], tuple[Any, ...]] = names["row"]
    return made


class InsertPlan(NamedTuple):
    """INSERT into a model's table of certain fields: text around the rows, and how instances give and take values."""

    head: str
    row: Callable[[Any], tuple[Any, ...]]
    columns: int
    array_text: str | None
    returning: tuple[Any, ...]
    converters: tuple[Any, ...]
    default_text: str


def _insert_plan(model: Any, fields: tuple[Any, ...], dialect: Any) -> InsertPlan:
    opts = model._meta
    table = dialect.quote(opts.db_table)
    columns = [dialect.quote(field.column) for field in fields]
    returning = tuple(
        field for field in opts.concrete_fields if field not in fields and (field.auto or field.has_db_default)
    )
    head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
    arrays = dialect.insert_rows(table, columns, fields) if fields else None
    return InsertPlan(
        head, _row_maker(fields, dialect, True), len(fields), arrays, returning,
        tuple(dialect.converter(field) for field in returning), dialect.insert_default(table),
    )  # fmt: skip


def _returning(plan: InsertPlan, dialect: Any) -> str:
    if not plan.returning:
        return ""
    if not dialect.capabilities.returning:
        raise NotSupportedError(f"{dialect.name} has no RETURNING, so keys the database makes would be lost")
    return " RETURNING " + ", ".join(dialect.quote(field.column) for field in plan.returning)


def _take(plan: InsertPlan, instance: Any, row: Sequence[Any]) -> None:
    held = instance.__dict__
    for field, convert, value in zip(plan.returning, plan.converters, row, strict=True):
        held[field.attname] = value if convert is None or value is None else convert(value)


# -- insert ------------------------------------------------------------------------------------------------------------


class _OneRow(NamedTuple):
    text: str
    plan: InsertPlan


def _one_row(model: Any, fields: tuple[Any, ...], dialect: Any) -> _OneRow:
    plan = _insert_plan(model, fields, dialect)
    text = f"{plan.head}({', '.join(['%s'] * plan.columns)})" if fields else plan.default_text
    sql, _ = finish(text + _returning(plan, dialect), [None] * plan.columns, dialect)
    return _OneRow(sql, plan)


async def insert(model: Any, instances: Sequence[Any], fields: Sequence[Any], *, using: str) -> None:
    """Insert instances with these fields and set what the database made (keys, database defaults) on them.

    One instance is one statement and its own transaction; several are all or nothing.
    """
    if len(instances) == 1:
        database = databases[using]
        dialect = database.dialect
        fields = fields if type(fields) is tuple else tuple(fields)
        key = ("one", dialect, model, fields)
        one: _OneRow = _plans.get(key) or _planned(key, lambda: _one_row(model, fields, dialect))
        try:
            params = one.plan.row(instances[0])
        except Computed:
            given = _given(instances[0], fields)
            if len(given) < len(fields):  # planned like any other insert, and what is left out comes back
                await insert(model, instances, given, using=using)
            else:
                await _insert_computed(model, instances[0], fields, using)
            return
        if one.plan.returning:
            rows = await database.fetch(one.text, params)
            _take(one.plan, instances[0], rows[0])
        else:
            await database.execute(one.text, params)
        return
    await _insert_many(model, instances, tuple(fields), using, "", None, take=True)


def _given(instance: Any, fields: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the fields whose value is not left to the database."""
    held = instance.__dict__
    return tuple([field for field in fields if type(held.get(field.attname)) is not DatabaseDefault])


async def _insert_computed(model: Any, instance: Any, fields: Sequence[Any], using: str) -> None:
    """Insert one instance some of whose values are expressions (``name=Lower(Value("X"))``)."""
    database = databases[using]
    dialect = database.dialect
    plan = _insert_plan(model, tuple(fields), dialect)
    builder = Builder(root(model).select)
    compiler = Compiler(dialect)
    parts: list[str] = []
    params: list[Any] = []
    for field in fields:
        value = field.pre_save(instance, True)
        if not isinstance(value, Combinable):
            value = Value(field.get_prep_value(value), output_field=field)
        sql, found = compiler.compile(value.resolve_expression(builder, False, None, False, True))
        parts.append(sql)
        params += found
        if not isinstance(value, Value):
            instance.__dict__.pop(field.attname, None)  # the database computes it: read it when asked for
    text, ordered = finish(f"{plan.head}({', '.join(parts)}){_returning(plan, dialect)}", params, dialect)
    bound = tuple(_bound(param, builder.values) for param in ordered)
    if not plan.returning:
        await database.execute(text, bound)
        return
    rows = await database.fetch(text, bound)
    _take(plan, instance, rows[0])


def _bound(param: Any, values: Sequence[Any]) -> Any:
    if not isinstance(param, Param):
        return param
    value = values[param.slot]
    return value if value is None or param.adapter is None else param.adapter(value)


async def _insert_many(
    model: Any,
    instances: Sequence[Any],
    fields: tuple[Any, ...],
    using: str,
    conflict: str,
    batch_size: int | None,
    take: bool,
) -> None:
    database = databases[using]
    dialect = database.dialect
    plan: InsertPlan = _planned(("many", dialect, model, fields), lambda: _insert_plan(model, fields, dialect))
    row = plan.row
    try:
        rows = [row(instance) for instance in instances]
    except Computed:
        groups: dict[tuple[Any, ...], list[Any]] = {}
        for instance in instances:
            groups.setdefault(_given(instance, fields), []).append(instance)
        if fields not in groups or len(groups) > 1:
            async with atomic(using=using):
                for given, group in groups.items():
                    await _insert_many(model, group, given, using, conflict, batch_size, take)
            return
        if conflict:
            raise NotSupportedError(
                "Expressions as values can't be combined with ignore_conflicts or update_conflicts"
            ) from None
        async with atomic(using=using):
            for instance in instances:
                await insert(model, [instance], fields, using=using)
        return
    tail = conflict + (_returning(plan, dialect) if take else "")
    take = take and bool(plan.returning)
    sizes = list(chunk_sizes(len(rows), plan, dialect, batch_size))
    if len(sizes) == 1:
        await _insert_chunk(database, plan, rows, instances, tail, take)
        return
    async with atomic(using=using):
        start = 0
        for size in sizes:
            stop = start + size
            await _insert_chunk(database, plan, rows[start:stop], instances[start:stop], tail, take)
            start = stop


def chunk_sizes(count: int, plan: InsertPlan, dialect: Any, batch_size: int | None) -> Iterable[int]:
    """Yield how many rows each statement takes: as many as it can, then powers of two, so that few texts are needed."""
    if batch_size is not None and batch_size <= 0:
        raise ValueError("Batch size must be a positive integer.")
    if plan.array_text is not None:
        largest = batch_size or count
    elif not plan.columns:
        largest = 1
    else:
        largest = min(batch_size or count, max(dialect.capabilities.max_parameters // plan.columns, 1), 1024)
    while count >= largest > 0:
        yield largest
        count -= largest
    power = 1 << max(count.bit_length() - 1, 0)
    while count:
        if count >= power:
            yield power
            count -= power
        power >>= 1


async def _insert_chunk(
    database: Any, plan: InsertPlan, rows: Sequence[Any], instances: Sequence[Any], tail: str, take: bool
) -> None:
    dialect = database.dialect
    params: Sequence[Any]
    if plan.array_text is not None:
        whole = plan.array_text + tail
        text = _planned(("text", dialect, whole), lambda: finish(whole, [None] * plan.columns, dialect)[0])
        params = [list(column) for column in zip(*rows, strict=True)]
    elif plan.columns:
        count = len(rows)

        def many_rows() -> str:
            one = f"({', '.join(['%s'] * plan.columns)})"
            return finish(plan.head + ", ".join([one] * count) + tail, [None] * (plan.columns * count), dialect)[0]

        text = _planned(("text", dialect, plan.head, tail, count), many_rows)
        params = [value for row in rows for value in row]
    else:
        text, params = finish(plan.default_text + tail, (), dialect)
    if not take:
        await database.execute(text, params)
        return
    made = await database.fetch(text, params)
    if len(plan.returning) == 1 and plan.converters[0] is None:  # a key that the database counts
        name = plan.returning[0].attname
        for instance, (value,) in zip(instances, made, strict=True):
            instance.__dict__[name] = value
        return
    for instance, row in zip(instances, made, strict=True):
        _take(plan, instance, row)


async def bulk_insert(
    model: Any, instances: list[Any], *, using: str, batch_size: int | None, ignore_conflicts: bool,
    update_conflicts: bool, update_fields: Collection[str] | None, unique_fields: Collection[str] | None,
) -> None:  # fmt: skip
    """What ``QuerySet.abulk_create`` does, its arguments unchecked."""
    if batch_size is not None and batch_size <= 0:
        raise ValueError("Batch size must be a positive integer.")
    opts = model._meta
    conflict = _conflict_clause(model, using, ignore_conflicts, update_conflicts, update_fields, unique_fields)
    key = opts.pk
    name, defaulted = key.attname, key.has_default()
    keyed: list[Any] = []
    keyless: list[Any] = []
    for instance in instances:
        if not isinstance(instance, model):
            raise TypeError(f"bulk_create() of {opts.object_name} takes its instances, not {instance!r}")
        held = instance.__dict__
        value = held.get(name)
        if value is None and defaulted:
            value = held[name] = key.get_default()
        (keyless if value is None else keyed).append(instance)
    groups = [(keyed, opts.concrete_fields), (keyless, tuple(f for f in opts.concrete_fields if f is not key))]
    groups = [(group, fields) for group, fields in groups if group]
    if not groups:
        return
    take = not ignore_conflicts
    if len(groups) == 1:
        await _insert_many(model, groups[0][0], groups[0][1], using, conflict, batch_size, take)
    else:
        async with atomic(using=using):
            for group, fields in groups:
                await _insert_many(model, group, fields, using, conflict, batch_size, take)
    for instance in instances:
        state = instance._state
        state.adding = False
        state.db = using


def _conflict_clause(
    model: Any, using: str, ignore: bool, update: bool, update_fields: Collection[str] | None,
    unique_fields: Collection[str] | None,
) -> str:  # fmt: skip
    if not ignore and not update:
        if update_fields or unique_fields:
            raise ValueError("update_fields and unique_fields go with update_conflicts=True")
        return ""
    if ignore and update:
        raise ValueError("ignore_conflicts and update_conflicts are mutually exclusive.")
    dialect = databases[using].dialect
    able = dialect.capabilities.ignore_conflicts if ignore else dialect.capabilities.upsert
    if not able:
        raise NotSupportedError(f"{dialect.name} can't {'ignore' if ignore else 'update on'} conflicts")
    opts = model._meta
    if update and not update_fields:
        raise ValueError("Fields that will be updated when a row insertion fails on conflicts must be provided.")
    if update and not unique_fields:
        raise ValueError("Unique fields that can trigger the upsert must be provided.")

    def columns(names: Collection[str]) -> list[str]:
        found = [opts.pk if name == "pk" else opts.get_field(name) for name in names]
        if not all(field.concrete for field in found):
            raise ValueError("bulk_create() can only be used with concrete fields in unique_fields and update_fields.")
        return [dialect.quote(field.column) for field in found]

    if update and any(opts.get_field(n).primary_key for n in update_fields or () if n != "pk"):
        raise ValueError("bulk_create() cannot be used with primary keys in update_fields.")
    return " " + dialect.on_conflict(columns(unique_fields or ()), columns(update_fields or ()), ignore=ignore)


# -- update ------------------------------------------------------------------------------------------------------------


async def update_instance(instance: Any, fields: tuple[Any, ...], *, using: str) -> int:
    """Write these fields of an instance to the row with its key; return how many rows matched (0 or 1).

    Values that are expressions are computed by the database, and leave the instance.
    """
    model = type(instance)
    database = databases[using]
    dialect = database.dialect
    key = ("instance", dialect, model, fields)
    text, row = _plans.get(key) or _planned(key, lambda: _instance_plan(model, fields, dialect))
    try:
        return await database.execute(text, row(instance))
    except Computed:
        pairs = [(field, field.pre_save(instance, False)) for field in fields]
    matched = await update_row(model, instance.pk, pairs, using=using)
    if matched:
        for field, value in pairs:
            if isinstance(value, Combinable):
                instance.__dict__.pop(field.attname, None)  # read when asked for
    return matched


def _instance_plan(model: Any, fields: tuple[Any, ...], dialect: Any) -> tuple[str, Callable[[Any], tuple[Any, ...]]]:
    text, _ = _update_plan(model, fields, dialect)
    return text, _row_maker((*fields, model._meta.pk), dialect, False)


async def update_row(model: Any, pk: Any, pairs: Sequence[tuple[Any, Any]], *, using: str) -> int:
    """Set fields of the row with a key; return how many rows matched (0 or 1). Values may be expressions."""
    database = databases[using]
    dialect = database.dialect
    fields = tuple([field for field, _ in pairs])
    key = ("update", dialect, model, fields)
    plan = _plans.get(key) or _planned(key, lambda: _update_plan(model, fields, dialect))
    text, prepares = plan
    try:
        params = [prepare(value) for prepare, (_, value) in zip(prepares, pairs, strict=False)]
    except Computed:
        assignments = {field.name: value for field, value in pairs}
        chain: Chain[Any] = Chain(model, using).filter(pk=pk)
        values: list[Any] = []
        changes.assignments_key(assignments, values)
        shape, prepared = chain._shape.advance(None, values, changes.prepare_update, assignments)
        made = shape.plan(dialect, chain._values + prepared, changes.update_plan)
        return await database.execute(made.sql or "", made.parameters(chain._values + prepared))
    params.append(prepares[-1](pk))
    return await database.execute(text, params)


def _update_plan(model: Any, fields: tuple[Any, ...], dialect: Any) -> tuple[str, tuple[Any, ...]]:
    opts = model._meta
    sets = ", ".join(f"{dialect.quote(field.column)} = %s" for field in fields)
    text = f"UPDATE {dialect.quote(opts.db_table)} SET {sets} WHERE {dialect.quote(opts.pk.column)} = %s"
    prepares = tuple(_Prepared(field, dialect) for field in (*fields, opts.pk))
    return finish(text, [None] * (len(fields) + 1), dialect)[0], prepares


async def bulk_update(model: Any, instances: list[Any], names: list[str], *, using: str, batch_size: int | None) -> int:
    """What ``QuerySet.abulk_update`` does: write these fields of many instances; return how many rows matched."""
    if batch_size is not None and batch_size <= 0:
        raise ValueError("Batch size must be a positive integer.")
    if not names:
        raise ValueError("Field names must be given to bulk_update().")
    opts = model._meta
    fields = tuple(opts.get_field(name) for name in names)
    if any(not field.concrete or field.many_to_many for field in fields):
        raise ValueError("bulk_update() can only be used with concrete fields.")
    if any(field.primary_key for field in fields):
        raise ValueError("bulk_update() cannot be used with primary key fields.")
    if any(instance.pk is None for instance in instances):
        raise ValueError("All bulk_update() objects must have a primary key set.")
    if not instances:
        return 0
    for instance in instances:
        instance._settle_relations(opts.write_plan)
    database = databases[using]
    dialect = database.dialect
    row = _planned(("rows", dialect, model, fields), lambda: _row_maker((opts.pk, *fields), dialect, False))
    try:
        rows = [row(instance) for instance in instances]
    except Computed:
        return await _update_each(model, instances, fields, using)
    table, key = dialect.quote(opts.db_table), (dialect.quote(opts.pk.column), opts.pk)
    columns = [(dialect.quote(field.column), field) for field in fields]
    arrays = dialect.update_rows(table, key, columns)
    if arrays is not None:
        text = finish(arrays, [None] * (len(fields) + 1), dialect)[0]
        if batch_size is None or batch_size >= len(rows):
            return await database.execute(text, [list(column) for column in zip(*rows, strict=True)])
        matched = 0
        async with atomic(using=using):
            for start in range(0, len(rows), batch_size):
                part = rows[start : start + batch_size]
                matched += await database.execute(text, [list(column) for column in zip(*part, strict=True)])
        return matched
    width = len(fields) + 1
    largest = min(batch_size or len(rows), max(dialect.capabilities.max_parameters // width, 1))
    matched = 0
    async with atomic(using=using):
        for start in range(0, len(rows), largest):
            matched += await _update_chunk(database, table, key, columns, rows[start : start + largest])
    return matched


async def _update_chunk(
    database: Any, table: str, key: tuple[str, Any], columns: Sequence[tuple[str, Any]], rows: Sequence[Any]
) -> int:
    dialect = database.dialect
    names = [column for column, _ in columns]
    if not dialect.capabilities.update_from:
        sets = ", ".join(f"{column} = %s" for column in names)
        text = finish(f"UPDATE {table} SET {sets} WHERE {key[0]} = %s", [None] * (len(columns) + 1), dialect)[0]
        return await database.execute_many(text, [(*row[1:], row[0]) for row in rows])  # type: ignore[no-any-return]
    types = [key[1], *(sql_type for _, sql_type in columns)]
    text = dialect.update_from_values(table, key[0], names, len(rows), types)
    text = finish(text, [None] * (len(rows) * (len(columns) + 1)), dialect)[0]
    return await database.execute(text, [value for row in rows for value in row])  # type: ignore[no-any-return]


async def _update_each(model: Any, instances: list[Any], fields: Sequence[Any], using: str) -> int:
    matched = 0
    async with atomic(using=using):
        for instance in instances:
            pairs = [(field, field.pre_save(instance, False)) for field in fields]
            matched += await update_row(model, instance.pk, pairs, using=using)
    return matched


# -- delete ------------------------------------------------------------------------------------------------------------


async def delete_rows(model: Any, field: Any, values: Sequence[Any], *, using: str) -> int:
    """Delete the rows whose ``field`` is among ``values``; return how many there were."""
    database = databases[using]
    wanted: Any = list(values)
    name = field.attname
    if len(wanted) == 1:  # an equality, which is quicker than a list of one
        wanted = wanted[0]
        key: Any = ("one", name)
    else:
        name = f"{name}__in"
        key = ("filter", (name, "list"))
    shape, prepared = root(model).advance(key, [wanted], steps.filter_rows, False, (), {name: wanted})
    shape, _ = shape.advance(("delete",), (), changes.prepare_delete)
    plan = shape.plan(database.dialect, prepared, changes.delete_plan)
    if plan.sql is None:
        return 0
    return await database.execute(plan.sql, plan.parameters(prepared))


__all__ = ["FieldError", "bulk_insert", "bulk_update", "delete_rows", "insert", "update_instance", "update_row"]
