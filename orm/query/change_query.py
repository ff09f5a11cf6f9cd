"""UPDATE and DELETE of a query's rows, as last steps of its chain."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orm.db.transactions.public import atomic
from orm.errors import FieldDoesNotExist, FieldError, advised
from orm.late import late_module
from orm.query.builder import Builder, InnerBuilder
from orm.query.layout import finish
from orm.query.shape import Shape, root
from orm.sql import types
from orm.sql.calls import ExpressionWrapper
from orm.sql.columns import Col, Column
from orm.sql.combinable import Combinable
from orm.sql.conditions import Q, Where
from orm.sql.delete import Delete
from orm.sql.expressions import Expression, Null, as_expression
from orm.sql.insert import Conflict, Insert
from orm.sql.lookups import Exact, In
from orm.sql.nodes import Uncacheable, refuse_foreign, structure_of
from orm.sql.one_type import bound_as
from orm.sql.order_joins import clear_ordering
from orm.sql.references import names_in
from orm.sql.select import Output, Select, SubSelect, moved
from orm.sql.sources import DefaultRow, SelectedRows
from orm.sql.statements import StoredSlot
from orm.sql.update import GIVEN, Update
from orm.structures.arguments import listed_names
from orm.text.spelling import did_you_mean_of

if TYPE_CHECKING:
    from orm.query import relation_loaders
    from orm.sql.described import ModelClass, ModelField
    from orm.sql.resolving import Resolvable
else:
    relation_loaders = late_module("orm.query.relation_loaders")


def assignments_key(assignments: dict[str, object], values: list[object]) -> Hashable:
    """Return the key of an update's arguments, whose values are appended to ``values``."""
    parts: list[Hashable] = []
    for name, value in assignments.items():
        if value is None:
            parts.append((name, None))
        elif isinstance(value, Combinable) or hasattr(value, "query_structure"):
            parts.append((name, structure_of(value, values)))
        else:
            refuse_foreign(value)
            values.append(value)
            parts.append(name)
    return tuple(parts)


def updated_field(model: ModelClass, name: str) -> ModelField:
    """Return the field that ``update()`` names. Raises ``FieldError`` for one that has no column."""
    opts = model._meta
    field = opts.pk if name == "pk" else opts.names.get(name)
    if field is None:
        raise advised(
            FieldDoesNotExist,
            f"{opts.object_name} has no field named {name!r}",
            "." + did_you_mean_of(name, [f.name for f in opts.concrete_fields]),
        )
    if getattr(field, "is_composite", False):
        raise FieldError("Composite primary key fields must be updated individually.")
    if not field.concrete or field.model is None:
        raise advised(
            FieldError,
            f"Cannot update model field {field!r} (only non-relations and foreign keys permitted).",
            f" {opts.object_name}.{name} has no column of its own",
        )
    if field.generated:
        raise FieldError(f"{opts.object_name}.{name} is computed by the database from other fields: update those.")
    return field


def by_columns(model: ModelClass, assignments: dict[str, Any]) -> dict[str, Any]:
    """Return what an update() sets, with the columns of relations that are made of several in place of these.

    Raises ``ValueError`` for an instance that can't be referred to, ``TypeError`` for what is no instance.
    """
    if not model._meta.virtual_names:
        return assignments
    found: dict[str, Any] = {}
    for name, value in assignments.items():
        field = model._meta.names.get(name) if name in model._meta.virtual_names else None
        if field is None or not field.many_to_one:
            found[name] = value
        elif value is None:
            found.update((near.name, None) for near in field.local_related_fields)
        elif hasattr(value, "_meta"):
            values = field.values_that_refer_to(value)
            found.update((near.name, one) for near, one in zip(field.local_related_fields, values, strict=True))
        else:
            raise TypeError(f"{field} is set to an instance of {field.related_model.__name__}, not to {value!r}")
    return found


def tables_of(model: ModelClass, fields: Iterable[Any]) -> dict[Any, list[Any]]:
    """Return the fields by the model in whose table their columns lie: the model itself, or one it inherits from."""
    table = model._meta.db_table
    found: dict[Any, list[Any]] = {}
    for field in fields:
        owner = model if field.model._meta.db_table == table else field.model
        found.setdefault(owner, []).append(field)
    return found


def updating(
    queryset: Any, assignments: dict[str, Any], names: tuple[str, ...] | None = None, outputs: tuple[Output, ...] = ()
) -> tuple[Shape, tuple[Any, ...]]:
    """Return the shape of an UPDATE of a queryset's rows, and its values.

    Parameters: ``outputs`` are the columns that come back, ``names`` what tells these from others; None for none.
    """
    values: list[Any] = []
    key: Any
    try:
        key = ("update", assignments_key(assignments, values), names)
    except Uncacheable:
        key = None
    shape, prepared = queryset._shape.advance(key, values, update_rows, assignments, outputs)
    return shape, queryset._values + prepared


def update_rows(builder: Builder, assignments: dict[str, Any], returning: tuple[Output, ...] = ()) -> None:
    """update(): make the query an UPDATE of its rows, unless the columns lie in several tables."""
    fields = {name: updated_field(builder.model, name) for name in assignments}
    joined = {name for name in assignments if _names_joined(builder.select, assignments[name])}
    beside: list[Output] = []
    pairs: list[tuple[Any, Expression]] = []
    for name, field in fields.items():
        if name not in joined:
            pairs.append((field, assigned(builder, field, assignments[name])))
            continue
        beside.append(Output(assignments[name].resolve_expression(builder, True, None), f"value{len(beside)}"))
        pairs.append((field, Column(GIVEN, beside[-1].name or "", field)))
    if list(tables_of(builder.model, fields.values())) != [builder.model]:
        if joined:
            raise NotImplementedError("update() of columns in several tables can't use the columns of joined rows")
        return
    source, where = None, None
    if beside:
        source, where = _rows_beside(builder.select, beside)
    builder.statement = Update(
        table=builder.model._meta.db_table,
        assignments=tuple(pairs),
        source=source,
        where=where if beside else rows_condition(builder.select),
        returning=returning,
        comment=builder.select.comment,
    )


def _names_joined(select: Select, value: object) -> bool:
    """Whether an assigned value names a column of joined rows, or of a CTE."""
    return bool(select.offered) and any(name.split("__")[0] in select.offered for name in names_in(value))


def _rows_beside(select: Select, values: Sequence[Output]) -> tuple[SelectedRows, Where]:
    """Return the query's rows with computed values, for UPDATE … FROM, and what ties a row to them."""
    inner, aliases = _as_inner(select)
    base, key = select.base_alias, select.model._meta.pk
    keys = Col(aliases[base], key).parts
    named = [Output(part, f"key{number}") for number, part in enumerate(keys)]
    inner.outputs = (*named, *(Output(moved(value.expression, aliases), value.name) for value in values))
    own = Col(base, key).parts
    ties = [Exact(part, Column(GIVEN, f"key{number}", part.target)) for number, part in enumerate(own)]
    return SelectedRows(select=inner), Where(ties)


def _refuse_instance(field: ModelField, instance: Any) -> None:
    """Refuse an instance where a column takes no key of one, and one that has no key yet.

    Raises ``TypeError`` and ``ValueError``.
    """
    if not field.is_relation:
        raise TypeError(
            f"Tried to update field {field} with a model instance, {instance!r}. Use a value compatible with "
            f"{type(field).__name__}."
        )
    if not instance._is_pk_set():
        raise advised(
            ValueError,
            f"Unsaved model instance {instance!r} cannot be used in an ORM query.",
            f" It has no {instance._meta.pk.name} yet, so {field} can't refer to it; save it first.",
        )


def refuse_computed_over_rows(field: ModelField, value: object, resolved: Expression) -> None:
    """Raise ``FieldError`` where what a row is to hold is computed over several."""
    if resolved.contains_aggregate or resolved.contains_over_clause:
        what = "Aggregate functions" if resolved.contains_aggregate else "Window expressions"
        raise FieldError(f"{what} are not allowed in this query ({field.name}={value!r}).")


def stored_slot(builder: Builder, field: ModelField, value: object, bare: bool = True) -> StoredSlot:
    """Return the place of a value that a field stores; it is prepared once: here, or by what knows the database."""
    return StoredSlot(builder.take_slot(value, field.get_prep_value if field.stores_prepared else None), field, bare)


def assigned(builder: Builder, field: ModelField, value: object) -> Expression:
    """Return what a field is set to: a value in its slot, or an expression about the row itself."""
    if value is None:
        return Null(field)
    if isinstance(value, Q):
        value = ExpressionWrapper(value, output_field=types.BOOLEAN)
    elif hasattr(value, "embedded"):
        value = as_expression(value)  # a queryset: its one value
    elif hasattr(value, "_is_pk_set"):
        _refuse_instance(field, value)
    if not isinstance(value, Combinable):
        return stored_slot(builder, field, value)
    inner = _ValueBuilder(builder, builder.model, own_names=True)
    resolved: Expression = value.resolve_expression(inner, True, None)
    resolved = bound_as(resolved, resolved, field, builder)
    if any(join.hop is not None and join.hop.many for join in inner.select.joins.values()):
        raise advised(
            FieldError,
            "Joined field references are not permitted in this query",
            f" where they may lead to several rows: {field.name}={value!r}. A Subquery() says which of them is meant",
        )
    refuse_computed_over_rows(field, value, resolved)
    if getattr(resolved, "is_key_of_several", False):
        said = "Composite primary keys expressions are not allowed in this query"
        raise FieldError(f"{said} ({field.name}=F('pk')).")
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
                raise FieldError(
                    "Joined field references are not permitted in this query: "
                    f"update() can't use the annotation {name!r}, which is computed across a relation"
                )
        return annotation, rest


def delete_rows(builder: Builder, returning: tuple[Output, ...] = ()) -> None:
    """Make the query a DELETE of its rows."""
    select = _unordered(builder.select)
    table = select.model._meta.db_table
    builder.statement = Delete(
        table=table,
        where=rows_condition(select),
        joined=select if len(select.joins) > 1 and select.is_plain and select.base_alias == table else None,
        returning=returning,
        comment=select.comment,
    )


def upsert_rows(
    builder: Builder, target: tuple[object, ...], assignments: dict[str, object], condition: Resolvable | None
) -> None:
    """What an INSERT does with rows that are there already: ``assignments`` where ``condition`` holds, or nothing."""
    builder.of_upsert = True
    fields = {name: updated_field(builder.model, name) for name in assignments}
    pairs = tuple((field, assigned(builder, field, assignments[name])) for name, field in fields.items())
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
    rows: object,
    names: tuple[str, ...],
    others: dict[str, object],
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
            stored_slot(builder, field, value, bare=False)
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
    select = _unordered(select)
    if len(select.joins) == 1 and select.is_plain:
        return select.where
    inner, aliases = _as_inner(select)
    key = select.model._meta.pk
    inner.outputs = tuple(Output(part) for part in Col(aliases[select.base_alias], key).parts)
    return Where((In(Col(select.base_alias, key), SubSelect(inner)),))


def _unordered(select: Select) -> Select:
    """Return a copy of the query without the order, where all rows are meant."""
    inner = select.copy()
    if select.limit is None and select.offset is None:
        clear_ordering(inner)
    return inner


def _as_inner(select: Select) -> tuple[Select, dict[str, str]]:
    """Return the query for use inside a statement on its own table, and the other names its tables have there."""
    inner = _unordered(select)
    inner.values, inner.selected, inner.select_related, inner.loading, inner.lock = None, (), False, None, None
    # Subqueries keep their own names: what they name of the rows is renamed with these.
    aliases = {alias: f"D{number}" for number, alias in enumerate(sorted(select.joins))}
    every = {**{alias: alias for alias in inner.aliases()}, **aliases}
    return inner.transform(lambda node: moved(node, aliases), every), aliases


def inserting(
    model: object, rows: Any, fields: Sequence[str], ignore_conflicts: bool, *returning: Any
) -> tuple[Shape, tuple[object, ...]]:
    """Return the shape of an INSERT of a queryset's rows, and its values."""
    if isinstance(fields, str):
        raise TypeError(f"fields must be a list of names, like [{fields!r}], not a string.")
    fields = listed_names("insert_from(fields=…)", fields)
    ignore_conflicts = bool(ignore_conflicts)
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
            for batch in relation_loaders.batches(using, dict.fromkeys(keys)):
                await rows.filter(pk__in=batch).aupdate(**values)
    return len(found)
