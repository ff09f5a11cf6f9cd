"""What the rows of a query become: its columns in order, and the objects they build.

``finish`` takes a select as the chain left it, adds what only matters when it runs (columns, joined relations,
default ordering) and returns the finished select with its layout. It refuses loading options that contradict each
other.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError, advised
from orm.late import late_module
from orm.query.builder import Builder, ConstantBuilder
from orm.query.locking import locked_aliases
from orm.records import NamedTuple
from orm.sql.columns import Col, Ref
from orm.sql.expressions import Expression
from orm.sql.handwritten import ExtraColumn
from orm.sql.nodes import refuse_foreign
from orm.sql.ordering import OrderBy
from orm.sql.references import seen_from
from orm.sql.select import Loading, Output, RowForm, Select
from orm.sql.types import INTEGER_KINDS
from orm.sql.windows import ordering_of

if TYPE_CHECKING:
    from orm.query.projection import Projection
    from orm.sql.described import ModelClass
    from orm.sql.functions import numbers
else:
    numbers = late_module("orm.sql.functions.numbers")


class Entity:
    """One object of a row: its model, its columns (attribute, position in the row), the position of its primary key.

    ``related`` are the joined objects hanging on it; ``optional`` says that the row may hold no such object.
    """

    def __init__(self, model: ModelClass, alias: str, columns: list[tuple[str, int]], key: int) -> None:
        self.model = model
        self.alias = alias
        self.columns = columns
        self.key = key
        self.optional = False
        self.related: list[Attached] = []


class Attached(NamedTuple):
    """An object joined to another: its name there, itself, and the name that the other has on it, if any."""

    name: str
    entity: Entity
    back: str | None


class Layout(NamedTuple):
    """The shape of a result.

    ``kind`` is the form of its rows, or the projection that makes an object of each; ``names`` are those of the columns
    (``""`` for one that has none). The last ``hidden`` columns of a row are no part of the result.
    """

    kind: RowForm | Projection
    names: tuple[str, ...]
    types: tuple[Any, ...]
    entity: Entity | None = None
    annotations: tuple[tuple[str, int, int], ...] = ()
    """What an instance gets besides its own columns: a name, the first of its columns, and how many these are."""
    hidden: int = 0
    widths: tuple[int, ...] = ()
    """How many columns each value is made of, where one is a key of several."""
    keyset: tuple[tuple[int, Any], ...] = ()
    """The columns that a page's cursors are made of, hidden or not, with their types."""


def finish(select: Select) -> tuple[Select, Layout]:
    """Return the select ready to compile, and what its rows become."""
    if select.combination is not None:
        return _finish_combination(select)
    if select.outputs is not None:
        return select, _plain_layout(select, select.result if select.result is not RowForm.MODEL else RowForm.TUPLE)
    builder = ConstantBuilder(select)
    select = builder.select
    outputs: list[Output] = []
    entity = None
    widths: tuple[int, ...] = ()
    if select.values is not None:
        outputs, widths = _value_outputs(select.values)
        names = [name for name, _ in select.values]
    else:
        entity = _entity(builder, select, outputs)
        names = [""] * len(outputs)
    annotations: list[tuple[str, int, int]] = []
    for name in select.selected:
        item: Any = select.annotations[name]
        parts = item.parts if getattr(item, "is_key_of_several", False) else (item,)
        annotations.append((name, len(outputs), len(parts)))
        outputs += [Output(part, name if len(parts) == 1 else None) for part in parts]
        names.append(name)
    if select.values is not None and len(outputs) > len(names):
        widths = (*(widths or [1] * len(select.values)), *(width for _, _, width in annotations))
    select.order_by = _ordering(builder, select)
    select.distinct_on = tuple(_as_ordered(item, select) for item in select.distinct_on)
    hidden = _hidden(select, outputs)
    select.outputs = (*outputs, *hidden)
    columns = [output.expression for output in select.outputs]
    keyset = tuple((columns.index(item), output_type(item)) for item in select.keyset)
    lock = select.lock
    if lock is not None and lock.of:
        select.lock = lock._replace(of=locked_aliases(builder, entity, lock.of))
    types = tuple(output_type(output.expression) for output in outputs)
    kind = select.result if select.values is not None else RowForm.MODEL
    return select, Layout(kind, tuple(names), types, entity, tuple(annotations), len(hidden), widths, keyset)


def _value_outputs(values: Sequence[tuple[str, Any]]) -> tuple[list[Output], tuple[int, ...]]:
    """Return the columns of what ``values()`` chose, and how many each is made of where one is a key of several."""
    outputs: list[Output] = []
    widths: list[int] = []
    for name, expression in values:
        parts = getattr(expression, "parts", (expression,))
        shown = name if "__" not in name and len(parts) == 1 else None
        outputs += [Output(part, shown) for part in parts]
        widths.append(len(parts))
    return outputs, tuple(widths) if len(outputs) > len(widths) else ()


def _hidden(select: Select, outputs: Sequence[Output]) -> list[Output]:
    """Return what rows hold without showing it: what cursors are made of, and what DISTINCT rows are ordered by, since
    it is part of what makes them different.
    """
    if not select.distinct and not select.keyset:
        return []
    shown = {output.expression for output in outputs}
    ordered = select.order_by or () if select.distinct else ()
    wanted = dict.fromkeys([*(item.expression for item in ordered if isinstance(item, OrderBy)), *select.keyset])
    return [Output(item) for item in wanted if item not in shown and not isinstance(item, Ref)]


def _plain_layout(select: Select, kind: RowForm | Projection) -> Layout:
    outputs = select.outputs or ()
    names = tuple(output.name or "" for output in outputs)
    return Layout(kind, names, tuple(output_type(output.expression) for output in outputs))


class ComputedType:
    """The type of a computed column, which a database may give in another form than the column of a table."""

    from_db_value = None

    def __init__(self, sql_type: Any) -> None:
        self.sql_type = sql_type


class ConvertedType(ComputedType):
    """The type of a column whose expression, of the user's, has a ``convert_value(value, expression, connection)``."""

    def __init__(self, sql_type: Any, expression: Any) -> None:
        super().__init__(sql_type)
        self.expression = expression


def output_type(expression: Expression) -> Any:
    """Return the type of a result column; None where it is unknown, and the driver's value is as good as any."""
    sql_type = expression.output_field_or_none
    if hasattr(expression, "convert_value"):
        return ConvertedType(sql_type, expression)
    if sql_type is None or isinstance(expression, Col) or sql_type.kind not in ("float", "decimal", *INTEGER_KINDS):
        return sql_type
    return ComputedType(sql_type)


def _finish_combination(select: Select) -> tuple[Select, Layout]:
    combination = select.combination
    assert combination is not None
    finished = [finish(part) for part in combination.parts]
    first, layout = finished[0]
    select = select.copy()
    select.outputs = first.outputs
    select.combination = combination._replace(parts=tuple(part for part, _ in finished))
    if any(len(part.outputs or ()) != len(first.outputs or ()) for part, _ in finished):
        raise ValueError("The parts of a union, intersection or difference must have the same number of columns")
    # Ordering a combination is by output column: its tables are out of sight.
    if select.reverse:
        select.order_by = _reversed(select.order_by or ())
        select.reverse = False
    return select, layout


# -- objects -----------------------------------------------------------------------------------------------------------


def _entity(builder: Builder, select: Select, outputs: list[Output]) -> Entity:
    loading = select.loading
    names = name_tree(loading.names) if loading is not None else None
    deferred = loading is not None and loading.deferred
    entity = _columns(builder, select.model, select.base_alias, outputs, names, deferred)
    wanted = select.select_related
    if wanted:
        _join_related(builder, entity, wanted, outputs, names or {}, loading, depth=5 if wanted is True else 0)
    return entity


def loaded_names(select: Select) -> list[str]:
    """Return the attributes of the columns that ``only()`` and ``defer()`` leave to be loaded at once, the key too."""
    opts, loading = select.model._meta, select.loading
    if loading is None:
        return [item.attname for item in opts.concrete_fields]
    names = name_tree(loading.names)
    return [item.attname for item in opts.concrete_fields if _loads(opts, item, names, loading.deferred)]


def _loads(opts: Any, item: Any, names: Mapping[str, Any], deferred: bool) -> bool:
    """Whether a column is loaded at once where only() or defer() has named some."""
    if item in opts.pk_fields:
        return True
    named = next((names[n] for n in (item.name, item.attname) if n in names), None)
    # A name with parts below it (author__name) speaks of the related object, not of this column.
    return named is None or bool(named) if deferred else named is not None


def name_tree(names: Iterable[str], tree: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return paths as a tree of their parts: ``{"author": {"country": {}}}``; they are added to ``tree`` if given."""
    tree = {} if tree is None else tree
    for name in names:
        at = tree
        for part in name.split("__"):
            at = at.setdefault(part, {})
    return tree


def _columns(
    builder: Builder,
    model: ModelClass,
    alias: str,
    outputs: list[Output],
    names: dict[str, Any] | None,
    deferred: bool,
    must: Iterable[object] = (),
    shared: Mapping[str, int] = MappingProxyType({}),
) -> Entity:
    """Add a model's columns to ``outputs``; those in ``shared`` (positions by attname) are there already."""
    opts = model._meta
    columns: list[tuple[str, int]] = []
    known: dict[Any, int] = {}
    key = 0
    for item in opts.concrete_fields:
        if names is not None and item not in must and not _loads(opts, item, names, deferred):
            continue
        if item.attname in shared and item not in opts.pk_fields:
            columns.append((item.attname, shared[item.attname]))
            continue
        column = builder.own_column(item, model, alias)
        position = known.get(column)  # a parent's key and the link that holds it are one column
        if position is None:
            position = known[column] = len(outputs)
            outputs.append(Output(column))
        if item is opts.pk_fields[0]:
            key = position
        columns.append((item.attname, position))
    return Entity(model, alias, columns, key)


def _join_related(
    builder: Builder,
    entity: Entity,
    wanted: Any,
    outputs: list[Output],
    names: dict[str, Any],
    loading: Loading | None,
    depth: int,
) -> None:
    """Join what select_related() ``wanted`` of an object, and hang it on that; ``depth`` levels of it without names."""
    opts = entity.model._meta
    restricted = wanted is not True and (bool(names) or entity.alias == builder.select.base_alias)
    for name, below in _followed(opts, depth).items() if wanted is True else wanted.items():
        filtered = builder.select.filtered.get(name) if entity.alias == builder.select.base_alias else None
        relation = filtered.relation if filtered is not None else opts.names[name]
        hops = builder.filtered_hops(name) if filtered is not None else opts.hops_along(relation)
        part = names.get(name)
        if restricted and filtered is None and _is_deferred(entity, relation, names, loading):
            raise FieldError(
                f"Field {opts.object_name}.{relation.name} cannot be both deferred and traversed using select_related "
                "at the same time."
            )
        alias = builder.join(hops, None, entity.alias)
        model = relation.hops[-1].model
        deferred = bool(loading and loading.deferred)
        # From a parent to its child: the child's inherited columns are those of the parent's own row.
        shared = dict(entity.columns) if getattr(relation, "parent_link", False) else {}
        # Read whatever only() says: by this column it is known whether there is a row.
        must = (relation.hops[-1].rhs,)
        child = _columns(builder, model, alias, outputs, part or None, deferred, must, shared)
        child.optional = any(hop.optional for hop in hops) or entity.optional
        if filtered is None:
            forward = hasattr(relation, "attname")
            attribute = relation.name if forward else str(relation.accessor_name)
            entity.related.append(Attached(attribute, child, _way_back(relation)))
        else:
            entity.related.append(Attached(name, child, _way_back(relation) if len(hops) == 1 else None))
        if below:
            _join_related(builder, child, below, outputs, part or {}, loading, depth - 1)


def _followed(opts: Any, depth: int) -> dict[str, bool]:
    """Return what select_related() follows without names: what can't be NULL, a few levels down, as Django does."""
    relations = opts.relation_fields if depth else ()
    return {relation.name: True for relation in relations if not (relation.null or relation.remote_field.parent_link)}


def _is_deferred(entity: Entity, relation: Any, names: dict[str, object], loading: Loading | None) -> bool:
    """Tell whether only() or defer() leave out the column by which a relation joins its target."""
    if loading is None or not hasattr(relation, "attname") or relation in entity.model._meta.pk_fields:
        return False
    found = next((names[name] for name in (relation.name, relation.attname) if name in names), None)
    return (found is not None and not found) if loading.deferred else found is None


def _way_back(relation: Any) -> str | None:
    """Return the attribute by which an object at the far end of a relation has the one at the near end, if any."""
    if not hasattr(relation, "attname"):
        return str(relation.field.name)
    if getattr(relation, "one_to_one", False) and relation.remote_field.accessor_name:
        return str(relation.remote_field.accessor_name)
    return None


# -- ordering ----------------------------------------------------------------------------------------------------------


def _ordering(builder: Builder, select: Select) -> tuple[Expression, ...]:
    order_by = select.order_by
    if order_by is None:
        if select.group_by is not None or select.is_derived:
            return ()  # Meta.ordering would add columns to the grouping
        order_by = declared_ordering(builder)
    chosen = tuple(by_name(item, select) for item in order_by)
    return _reversed(chosen) if select.reverse else chosen


def _reversed(order_by: Iterable[Expression]) -> tuple[Expression, ...]:
    return tuple(item.reversed() if isinstance(item, OrderBy) else item for item in order_by)


def by_name(item: Any, select: Select) -> Any:
    """Order by a selected annotation's name: the database need not compute, nor be sent, it twice."""
    inner = item.expression if isinstance(item, OrderBy) else item
    for name in select.selected:
        if select.annotations[name] is inner and not any(name == f.column for f in select.model._meta.concrete_fields):
            return OrderBy(
                Ref(name, inner), descending=item.descending, nulls_first=item.nulls_first, nulls_last=item.nulls_last
            )
    return item


def _as_ordered(item: Expression, select: Select) -> Expression:
    """Return a part of DISTINCT ON as the ordering has it, which a database compares it with."""
    ordered: Expression = by_name(OrderBy(item), select).expression
    return ordered


def resolve_ordering(
    builder: Builder,
    names: Sequence[Any],
    model: ModelClass | None = None,
    hops: Sequence[Any] = (),
    seen: tuple[Any, ...] = (),
    way: str = "",
) -> tuple[Expression, ...]:
    """Return orderings with names resolved; a relation orders by its model's own ordering, or by its key.

    Parameters: ``way`` are the relations to ``model``, as a name begins with them: ``"author__country__"``.

    Raises ``FieldError`` for a name the model does not have.
    """
    found: list[Expression] = []
    for item in names or ():
        if item == "?":
            found.append(OrderBy(numbers.Random()))
            continue
        if not isinstance(item, str):
            refuse_foreign(item)
            if not hasattr(item, "resolve_expression"):
                said = f"Invalid order_by arguments: [{item!r}]"
                raise advised(FieldError, said, ". It takes names and expressions.")
            item = seen_from(item, way) if way else item
            unnamed = getattr(item, "contains_aggregate", False)
            ordering = item if unnamed else ordering_of(item).resolve_expression(builder)
            if unnamed or (ordering.contains_aggregate and builder.select.group_by is None):
                raise FieldError(
                    "Using an aggregate in order_by() without also including it in annotate() is not allowed: "
                    f"{item!r}. Write annotate(x=…).order_by('x')"
                )
            found += _by_parts(ordering)
            continue
        descending = item.startswith("-")
        name = item[1:] if descending else item
        found += _named_ordering(builder, name, descending, model, tuple(hops), seen, way)
    return tuple(found)


def declared_ordering(builder: Builder) -> tuple[Expression, ...]:
    """Return the orderings of ``Meta.ordering``, whose values are part of the statement."""
    with builder.keeping_values():
        return resolve_ordering(builder, builder.select.model._meta.ordering)


def _by_parts(ordering: Any) -> list[Expression]:
    """Return an ordering by a key of several columns as one by each of them."""
    parts = getattr(getattr(ordering, "expression", None), "parts", ())
    if len(parts) < 2:
        return [ordering]
    told = {"nulls_first": ordering.nulls_first, "nulls_last": ordering.nulls_last}
    return [OrderBy(part, descending=ordering.descending, **told) for part in parts]


def _named_ordering(
    builder: Builder, name: str, descending: bool, model: Any, hops: tuple[Any, ...], seen: tuple[Any, ...], way: str
) -> list[Expression]:
    if not hops:
        annotation, rest = builder._annotation(name)
        by_hand = builder.select.annotations.get(name)
        if annotation is None and isinstance(by_hand, ExtraColumn):  # that of a field's name, which it stands before
            annotation = by_hand
        if annotation is not None:
            return _by_parts(OrderBy(builder._transformed(annotation, rest, name), descending=descending))
    path = builder.path(name, model)
    relation = path.relation
    if relation is not None and not path.rest and name != "pk" and not name.endswith("__pk"):
        target = relation.hops[-1].model
        ordering = target._meta.ordering
        chosen = () if hops else builder.select.values or ()
        column = next((column for known, column in chosen if known == name), None)
        if column is not None:  # values() chose the key itself, and that is what the rows show
            return [OrderBy(column, descending=descending)]
        if ordering and relation not in seen and name.split("__")[-1] == relation.name:
            further = (*hops, *_all_hops(builder, name, model))
            with builder.keeping_values():
                nested = resolve_ordering(builder, ordering, target, further, (*seen, relation), f"{way}{name}__")
            found = [item.reversed() if descending and isinstance(item, OrderBy) else item for item in nested]
            return found if hops else [_as_asked(item, name, descending) for item in found]
    path = path._replace(hops=(*hops, *path.hops))
    own = builder.column(path, None)
    if len(own.parts) > 1:
        return [OrderBy(part, descending=descending) for part in own.parts]
    column = builder._transformed(own, path.rest, name)
    return [OrderBy(column, descending=descending)]


def _as_asked(item: object, name: str, descending: bool) -> Any:
    """Return one of a related model's own orderings that remembers the relation by which it was asked for."""
    if isinstance(item, OrderBy):
        item = copy.copy(item)
        item.asked_by = (name, descending)
    return item


def order_as_chosen(select: Select) -> None:
    """Once ``values()`` has chosen columns: order by those among them that orderings by relations name."""
    chosen = dict(select.values or ())
    found: dict[Any, Any] = {}
    for item in select.order_by or ():
        asked = getattr(item, "asked_by", None)
        if asked is None or asked[0] not in chosen:
            found[item] = item
        else:
            found.setdefault(asked, OrderBy(chosen[asked[0]], descending=asked[1]))
    if select.order_by:
        select.order_by = tuple(found.values())


def _all_hops(builder: Builder, name: str, model: ModelClass) -> list[object]:
    """Return the hops to a relation's own rows, where ``path`` stops at its foreign key."""
    opts = (model or builder.model)._meta
    hops: list[Any] = []
    for part in name.split("__"):
        relation = opts.names[part]
        hops.extend(opts.hops_along(relation))
        opts = hops[-1].model._meta
    return hops
