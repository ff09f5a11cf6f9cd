"""UPDATE and DELETE of a query's rows, as last steps of its chain."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from orm.db.transactions.public import atomic
from orm.errors import FieldDoesNotExist, FieldError
from orm.query.builder import Builder, InnerBuilder
from orm.query.layout import finish
from orm.query.names import nearest
from orm.query.prefetch import batches
from orm.query.shape import Shape, root
from orm.sql.columns import Col
from orm.sql.conditions import Where
from orm.sql.delete import Delete
from orm.sql.expressions import Combinable, Expression, Null, Slot
from orm.sql.insert import Conflict, Insert
from orm.sql.lookups import Exact, In
from orm.sql.nodes import Uncacheable, structure_of
from orm.sql.select import Output, Select, SubSelect, moved
from orm.sql.sources import DefaultRow, SelectedRows
from orm.sql.statements import StoredSlot
from orm.sql.update import Update


def assignments_key(assignments: dict[str, Any], values: list[Any]) -> Hashable:
    """Return the key of an update's arguments, whose values are appended to ``values``."""
    parts: list[Hashable] = []
    for name, value in assignments.items():
        if value is None:
            parts.append((name, None))
        elif isinstance(value, Combinable) or hasattr(value, "query_structure"):
            parts.append((name, structure_of(value, values)))
        else:
            values.append(value)
            parts.append(name)
    return tuple(parts)


def updated_field(model: Any, name: str) -> Any:
    """Return the field that ``update()`` names. Raises ``FieldError`` for one that has no column."""
    opts = model._meta
    field = opts.pk if name == "pk" else opts.names.get(name)
    if field is None:
        raise FieldDoesNotExist(
            f"{opts.object_name} has no field named {name!r}." + nearest(name, [f.name for f in opts.concrete_fields])
        )
    if field.is_composite:
        raise FieldError("Composite primary key fields must be updated individually.")
    if not field.concrete or field.model is None:
        raise FieldError(f"Cannot update {opts.object_name}.{name}: only fields with a column of their own are updated")
    return field


def tables_of(model: Any, fields: Iterable[Any]) -> dict[Any, list[Any]]:
    """Return the fields by the model in whose table their columns lie: the model itself, or one it inherits from."""
    table = model._meta.db_table
    found: dict[Any, list[Any]] = {}
    for field in fields:
        owner = model if field.model._meta.db_table == table else field.model
        found.setdefault(owner, []).append(field)
    return found


def update_rows(builder: Builder, assignments: dict[str, Any], returning: tuple[Output, ...] = ()) -> None:
    """update(): make the query an UPDATE of its rows, unless the columns lie in several tables."""
    fields = {name: updated_field(builder.model, name) for name in assignments}
    pairs = [(field, _assigned(builder, field, assignments[name])) for name, field in fields.items()]
    if list(tables_of(builder.model, fields.values())) != [builder.model]:
        return
    builder.statement = Update(
        table=builder.model._meta.db_table,
        assignments=tuple(pairs),
        where=rows_condition(builder.select),
        returning=returning,
        comment=builder.select.comment,
    )


def _assigned(builder: Builder, field: Any, value: Any) -> Expression:
    if value is None:
        return Null(field)
    if hasattr(value, "query_structure") and not isinstance(value, Combinable):
        raise TypeError(f"{field.name} can't be set to a queryset: wrap it in Subquery()")
    if not isinstance(value, Combinable):
        prepare = field.get_prep_value if field.stores_prepared else None  # or by the slot, which knows the database
        return StoredSlot(builder.take_slot(value, prepare), field)
    inner = _ValueBuilder(builder, builder.model)
    resolved: Expression = value.resolve_expression(inner, True, None)
    if resolved.contains_aggregate or resolved.contains_over_clause:
        what = "Aggregate functions" if resolved.contains_aggregate else "Window expressions"
        raise FieldError(f"{what} are not allowed in this query ({field.name}={value!r}).")
    if getattr(resolved, "is_key_of_several", False):
        said = "Composite primary keys expressions are not allowed in this query"
        raise FieldError(f"{said} ({field.name}={value!r}).")
    base, here = builder.select.base_alias, inner.select.base_alias
    if len(inner.select.joins) == 1:
        own: Expression = moved(resolved, {here: base})
        return own
    # A value across relations: the row's own, through a subquery tied to it by its key.
    select = inner.select
    key = builder.model._meta.pk
    select.outputs = (Output(resolved),)
    select.order_by = ()
    select.where = Where((Exact(Col(here, key), Col(base, key)),))
    return SubSelect(select)


class _ValueBuilder(InnerBuilder):
    """Resolves what a column is set to: names of the row itself, across relations, and the query's annotations."""

    def _annotation(self, name: str) -> tuple[Any, tuple[str, ...]]:
        annotation, rest = self.outer._annotation(name)
        if annotation is not None:
            own = {self.outer.select.base_alias}
            if any(isinstance(node, Col) and node.alias not in own for node in annotation.walk()):
                raise FieldError(f"update() can't use the annotation {name!r}: it is computed across a relation")
        return annotation, rest


def delete_rows(builder: Builder, returning: tuple[Output, ...] = ()) -> None:
    """Make the query a DELETE of its rows."""
    select = builder.select
    builder.statement = Delete(
        table=select.model._meta.db_table, where=rows_condition(select), returning=returning, comment=select.comment
    )


def upsert_rows(builder: Builder, target: tuple[Any, ...], assignments: dict[str, Any], condition: Any) -> None:
    """What an INSERT does with rows that are there already: ``assignments`` where ``condition`` holds, or nothing."""
    fields = {name: updated_field(builder.model, name) for name in assignments}
    pairs = tuple((field, _assigned(builder, field, assignments[name])) for name, field in fields.items())
    where: Where | None = None
    if condition is not None:
        resolved = builder.resolve_condition(condition)
        where = resolved if isinstance(resolved, Where) else Where((resolved,))
        if len(builder.select.joins) > 1:
            raise FieldError("The condition of an upsert is about the row itself: it can't follow relations")
    builder.statement = Insert(
        table=builder.model._meta.db_table,
        fields=(),
        source=DefaultRow(),
        conflict=Conflict(target=target, assignments=pairs, condition=where),
    )


def selected_names(rows: Any) -> tuple[str, ...]:
    """Return the names of the columns a queryset has chosen with ``values()``.

    Raises ``TypeError`` for what is no queryset, or has chosen none.
    """
    if not hasattr(rows, "query_structure"):
        raise TypeError(f"insert_from() takes a queryset with values(), not {rows!r}")
    select: Select = rows._shape.select
    if select.values is None:
        raise TypeError("insert_from() takes a queryset that has chosen its columns with values()")
    return (*(name for name, _ in select.values), *(name for name in select.selected))


def values_left_out(model: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return the values of the fields that an insert_from() does not name, and that no row gets by itself.

    Raises ``TypeError`` for a field whose default is computed for each row.
    """
    named = {updated_field(model, name) for name in names}
    found: dict[str, Any] = {}
    for field in model._meta.local_concrete_fields:
        if field in named or field.auto or field.has_db_default:
            continue
        if field.has_pre_save and hasattr(field, "current"):
            found[field.name] = field.current()  # the moment of the statement
        elif callable(field.default):
            raise TypeError(f"insert_from() needs a column for {field}: its default is computed for each row in Python")
        elif (value := field.get_default()) is not None:
            found[field.name] = value
    return found


def insert_selected(
    builder: Builder,
    rows: Any,
    names: tuple[str, ...],
    others: dict[str, Any],
    ignore_conflicts: bool,
    returning: tuple[Output, ...] = (),
) -> None:
    """insert_from(): make the query an INSERT of another query's rows into the fields ``names``.

    ``others`` are fields that have one value in all rows.
    """
    model = builder.model
    if model._meta.parents:
        raise NotImplementedError(f"{model.__name__} lies in several tables: insert_from() writes one")
    selected, layout = finish(builder.embed(rows))
    if len(names) != len(layout.names):
        raise TypeError(f"insert_from() was given {len(layout.names)} columns for {', '.join(names)}")
    fields = [updated_field(model, name) for name in names]
    if len(set(fields)) != len(fields):
        raise TypeError(f"insert_from() was given two columns for one field: {', '.join(names)}")
    if others:
        if selected.combination is not None:
            raise TypeError(f"A union that is inserted from needs columns for {', '.join(others)}, too")
        fields += [updated_field(model, name) for name in others]
        selected = selected.copy()
        slots = [
            Slot(builder.take_slot(value, field.get_prep_value), field)
            for field, value in zip(fields[len(names) :], others.values(), strict=True)
        ]
        selected.outputs = (*(selected.outputs or ()), *map(Output, slots))
    builder.statement = Insert(
        table=model._meta.db_table,
        fields=tuple(fields),
        source=SelectedRows(select=selected),
        conflict=Conflict() if ignore_conflicts else None,
        returning=returning,
    )


def rows_condition(select: Select) -> Where | None:
    """Return the condition that tells a query's rows from the others of their table: the query's own conditions, or
    membership in a subquery that needs other tables. None: all rows.
    """
    if len(select.joins) == 1 and select.is_plain:
        return select.where
    inner = select.copy()
    inner.order_by = () if select.limit is None and select.offset is None else select.order_by
    inner.values, inner.selected, inner.select_related, inner.loading, inner.lock = None, (), False, None, None
    # Subqueries keep their own names: what they name of the rows is renamed with these.
    aliases = {alias: f"D{number}" for number, alias in enumerate(sorted(select.joins))}
    every = {**{alias: alias for alias in inner.aliases()}, **aliases}
    inner = inner.transform(lambda node: moved(node, aliases), every)
    key = select.model._meta.pk
    inner.outputs = tuple(Output(part) for part in Col(aliases[select.base_alias], key).parts)
    return Where((In(Col(select.base_alias, key), SubSelect(inner)),))


def inserting(
    model: Any, rows: Any, fields: Sequence[str], ignore_conflicts: bool, *returning: Any
) -> tuple[Shape, tuple[Any, ...]]:
    """Return the shape of an INSERT of a queryset's rows, and its values."""
    if isinstance(fields, str):
        raise TypeError(f"fields must be a list of names, like [{fields!r}], not a string.")
    chosen = selected_names(rows)
    rows = rows._with_whole_names()
    names = tuple(fields) or chosen
    others = values_left_out(model, names)
    values: list[Any] = []
    key: Any
    try:
        key = ("insert from", rows.query_structure(values), names, (*others,), ignore_conflicts, *returning)
    except Uncacheable:
        key = None
    values += others.values()
    return root(model).advance(key, values, insert_selected, rows, names, others, ignore_conflicts, *returning)


async def update_tables(queryset: Any, assignments: dict[str, Any]) -> int:
    """update() of a model whose columns lie in several tables: find the rows, then change them table by table."""
    by_field = {updated_field(queryset.model, name): name for name in assignments}
    tables = tables_of(queryset.model, by_field)
    using = queryset.db
    async with atomic(using=using, savepoint=False):
        names = [owner._meta.pk.name for owner in tables]
        found = await queryset.order_by().values_list("pk", *names)
        for position, (owner, fields) in enumerate(tables.items(), start=1):
            keys = [row[position] for row in found]
            values = {field.name: assignments[by_field[field]] for field in fields}
            rows = owner._meta.base_manager.using(using)
            for batch in batches(using, dict.fromkeys(keys)):
                await rows.filter(pk__in=batch).aupdate(**values)
    return len(found)
