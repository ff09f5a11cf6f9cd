"""The chain's steps as changes to a select: each function here runs once for a step never taken before.

They resolve what the step says through the builder and raise ``FieldError``, ``TypeError`` or ``ValueError`` when it
makes no sense. None of them sees a value but through ``builder.take_slot``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orm.errors import FieldDoesNotExist, FieldError, NotSupportedError, advised
from orm.late import late_pattern
from orm.query.builder import Builder
from orm.query.filtered import FilteredRelation, add_filtered_relation
from orm.query.layout import finish, name_tree, order_as_chosen, resolve_ordering
from orm.query.names import check_attribute
from orm.sql import types
from orm.sql.columns import Col, Column
from orm.sql.conditions import NothingNode, Q, Where
from orm.sql.expressions import Expression
from orm.sql.handwritten import ExtraColumn
from orm.sql.lookups import Exact
from orm.sql.order_joins import clear_ordering, note_order_joins
from orm.sql.ordering import OrderBy
from orm.sql.select import Combination, Loading, Lock, Position, RowForm, Select, relabel
from orm.structures.arguments import check_names, text_given
from orm.text.spelling import did_you_mean

if TYPE_CHECKING:
    from orm.query.projection import Projection
    from orm.sql.compiler import Compiler
    from orm.sql.dialect import Dialect
    from orm.sql.nodes import Rendered

_ALIAS = late_pattern(r"[^\W\d](?:\w|\$|-(?!-))*\Z")


MAX_FOUND = 21
"""Rows that get() looks at: one more than an error counts."""


def check_alias(name: str) -> None:
    """Refuse a name that is no plain identifier, before it can become SQL text.

    Raises ``ValueError``.
    """
    if not _ALIAS.match(name):
        raise advised(
            ValueError,
            "Column aliases cannot contain whitespace characters, hashes, control characters, quotation marks, "
            "semicolons, or SQL comments.",
            f" {name!r} can't name a column of a result: use letters, digits, underscores and single hyphens",
        )


def filter_rows(builder: Builder, negated: bool, args: Sequence[object], kwargs: dict[str, object]) -> None:
    """filter() and exclude()."""
    if "_connector" in kwargs or "_negated" in kwargs:
        invalid = ", ".join(repr(name) for name in ("_connector", "_negated") if name in kwargs)
        raise TypeError(
            f"The following kwargs are invalid: {invalid}. filter() and exclude() take lookups; combine Q objects for "
            "other connectors than AND"
        )
    if not args and not kwargs:
        return
    condition = Q(*args, *kwargs.items())
    builder.add_filter(~condition if negated else condition)


def get_one(builder: Builder, args: Sequence[object], kwargs: dict[str, object]) -> None:
    """get(): the filter, without ordering, and no more rows than it takes to know that there are several."""
    if args or kwargs:
        filter_rows(builder, False, args, kwargs)
    select = builder.select
    if not select.distinct_on:
        clear_ordering(select)
    if not _at_most_one(select):
        select.limit = Limit(MAX_FOUND)


def refuse_combined(select: Select, method: str) -> None:
    """Raise ``NotSupportedError`` for a method, ``get()`` say, that has no meaning after ``union()`` and its kin."""
    if select.combination is not None:
        raise NotSupportedError(
            f"Calling QuerySet.{method} after {select.combination.operator.lower()}() is not supported."
        )


class Limit(Expression):
    """A LIMIT the library itself sets."""

    def __init__(self, count: int) -> None:
        super().__init__(types.INTEGER)
        self.count = count

    def as_sql(self, compiler: Compiler, connection: Dialect) -> Rendered:
        return str(int(self.count)), []


def _at_most_one(select: Select) -> bool:
    if select.where is None or (
        len(select.joins) > 1
        and any(j.hop.many if j.hop is not None else j.parent is not None for j in select.joins.values())
    ):
        return False
    if select.combination is not None or select.where.negated or select.where.connector != "AND":
        return False
    pending: list[Any] = list(select.where.nodes)
    node: Any
    for node in pending:
        if isinstance(node, Where) and node.connector == "AND" and not node.negated:
            pending.extend(node.nodes)
        elif (
            isinstance(node, Exact)
            and isinstance(node.lhs, Col)
            and node.lhs.alias == select.base_alias
            and (node.lhs.target.unique or node.lhs.target.primary_key)
        ):
            return True
    return False


def annotate(builder: Builder, annotations: dict[str, Any], selected: bool) -> None:
    """annotate() and alias()."""
    select = builder.select
    for name, annotation in annotations.items():
        if isinstance(annotation, FilteredRelation) and "." in name:
            raise ValueError(f"FilteredRelation doesn't support aliases with periods (got {name!r}).")
        check_alias(name)
        if select.values is None and selected and not _stands_before(select, name, annotation):
            check_attribute(select.model, name, f"The annotation {name!r} conflicts with a field on the model.")
        if isinstance(annotation, FilteredRelation):
            add_filtered_relation(builder, name, annotation)
            continue
        if not hasattr(annotation, "resolve_expression"):
            raise TypeError(f"annotate({name}=…) takes an expression such as F, Value or Count, not {annotation!r}")
        resolved = _resolve_annotation(builder, annotation)
        if resolved.contains_aggregate and (select.group_by is None or select.values is not None):
            builder.group()
        select.annotations[name] = resolved
        if selected:
            if select.values is not None and any(name == taken for taken, _ in select.values):
                select.values = tuple((n, e) for n, e in select.values if n != name)
            if name not in select.selected:
                select.selected = (*select.selected, name)
        else:
            select.selected = tuple(n for n in select.selected if n != name)


def _stands_before(select: Select, name: str, annotation: object) -> bool:
    """Whether a column of ``extra()`` stands in the place of one of the model's own, as instances hold it."""
    fields = select.model._meta.concrete_fields
    return isinstance(annotation, ExtraColumn) and any(field.attname == name for field in fields)


def _resolve_annotation(builder: Builder, annotation: Expression) -> Expression:
    if hasattr(annotation, "_meta"):
        raise TypeError(f"An annotation is an expression, not {annotation!r}")
    return annotation.resolve_expression(builder, True, None)


def as_dicts(builder: Builder) -> None:
    """The rows of values_list(), into() and their like, as dicts."""
    builder.select.result = RowForm.DICT


def choose_values(
    builder: Builder, names: Sequence[str], expressions: dict[str, object], result: RowForm | Projection
) -> None:
    """values(), values_list() and into(): rows as dicts, tuples, single values, named tuples or objects of a class."""
    select = builder.select
    select.result = result
    select.select_related = False
    select.loading = None
    if select.combination is not None:
        _choose_combined(builder, names, expressions, result)
        return
    if expressions:
        annotate(builder, expressions, selected=True)
    chosen: list[tuple[str, Expression]] = []
    annotated: list[str] = []
    asked = [*names, *(name for name in expressions if name not in names)]
    select.chose_all = not asked
    if asked:
        for name in asked:
            if name in select.annotations:
                if name not in select.selected and not any(name == known for known, _ in select.values or ()):
                    raise FieldError(f"Cannot select the {name!r} alias. Use annotate() to promote it.")
                annotated.append(name)
            else:
                chosen.append((name, builder.resolve_ref(name)))
    else:
        chosen = [(f.attname, builder.own_column(f)) for f in select.model._meta.concrete_fields]
        annotated = list(select.selected)
    by_hand = [name for name in annotated if isinstance(select.annotations[name], ExtraColumn)]
    order = asked or [*by_hand, *(name for name, _ in chosen), *(name for name in annotated if name not in by_hand)]
    values, select.selected = _in_order(select, order, dict(chosen), annotated)
    select.values = tuple((builder.result_name(name), expression) for name, expression in values)
    order_as_chosen(select)


def write_names(builder: Builder, names: Sequence[str]) -> None:
    """Give the columns that ``values()`` chose their whole names, for those who find columns by them."""
    chosen = builder.select.values or ()
    builder.select.values = tuple((name, item) for name, (_, item) in zip(names, chosen, strict=True))


def _choose_combined(
    builder: Builder, names: Sequence[str], expressions: dict[str, object], result: RowForm | Projection
) -> None:
    """values() after union(): every part that has chosen no columns of its own gives these."""
    select, combination = builder.select, builder.select.combination
    assert combination is not None
    if expressions:
        raise NotSupportedError("values() after union() takes names; annotate the querysets before they are combined")
    parts: list[Select] = []
    for part in combination.parts:
        if part.values is None:
            inner = Builder(part, ())
            choose_values(inner, names, {}, result)
            part = inner.finished()
        else:
            given = [name for name, _ in part.values] + list(part.selected)
            if names and list(names) != given:
                raise NotSupportedError(
                    f"The combined querysets have chosen {', '.join(given)}: their rows have no other columns"
                )
            part = part.copy()
            part.result = result
        parts.append(part)
    whole = all(part.values is None for part in combination.parts)
    select.combination = combination._replace(parts=tuple(parts), chosen=combination.chosen or whole)
    select.values, select.selected, select.annotations = parts[0].values, parts[0].selected, parts[0].annotations
    if select.order_by:
        select.order_by = tuple(_order_combination(builder, _asnamed_columns(item)) for item in select.order_by)


def _asnamed_columns(item: Any) -> str:
    return f"{'-' if item.descending else ''}{item.expression.column}"


def _in_order(
    select: Select, order: Sequence[str], chosen: dict[str, Expression], annotated: Sequence[str]
) -> tuple[tuple[tuple[str, Expression], ...], tuple[str, ...]]:
    """Return the columns in the order they were asked for; an annotation before a plain column stands with these."""
    last_plain = max((i for i, name in enumerate(order) if name in chosen), default=-1)
    values = [(name, chosen.get(name) or select.annotations[name]) for name in order[: last_plain + 1]]
    rest = [name for name in annotated if name not in order[: last_plain + 1]]
    return tuple(values), tuple(rest)


def order_by(builder: Builder, names: Sequence[object]) -> None:
    """order_by(): replaces any ordering; no names at all clear it."""
    select = builder.select
    if select.combination is not None:
        select.order_by = tuple(_order_combination(builder, name) for name in names)
        select.order_names = _plain(names)
        return
    clear_ordering(select)
    select.order_by = resolve_ordering(builder, names)
    note_order_joins(select)
    select.order_names = () if builder.paths else _plain(names)  # other queries have other paths


def _plain(names: Sequence[object]) -> tuple[str, ...]:
    plain = tuple(name for name in names if isinstance(name, str))
    return plain if len(plain) == len(names) else ()


def _order_combination(builder: Builder, name: object) -> OrderBy:
    if not isinstance(name, str):
        inner = getattr(name, "expression", name)
        plain = getattr(inner, "name", None)
        if plain is None:
            raise NotSupportedError("A union is ordered by its columns: by name, not by an expression")
        descending = getattr(name, "descending", False)
    else:
        descending, plain = name.startswith("-"), name.lstrip("-+")
    if plain == "pk":
        plain = builder.select.model._meta.pk.attname
    return OrderBy(
        Position(_place_in_combination(builder, plain), plain),
        descending=descending,
        nulls_first=getattr(name, "nulls_first", None),
        nulls_last=getattr(name, "nulls_last", None),
    )


def _place_in_combination(builder: Builder, name: str) -> int:
    """Return which column, counted from 1, a combination is to be ordered by.

    Where ``values()`` left it out, every part holds it nevertheless, and does not show it. Raises ``FieldError`` for
    what the parts have no column of.
    """
    select = builder.select
    assert select.combination is not None
    finished, layout = finish(select.combination.parts[0])
    outputs = finished.outputs or ()
    names = (*layout.names, *[None] * layout.hidden)
    for position, output in enumerate(outputs):
        target = getattr(output.expression, "target", None)
        if name in (names[position], output.name, getattr(target, "name", None), getattr(target, "attname", None)):
            return position + 1
    held = all(
        part.combination is None and (name in part.annotations or name in part.model._meta.names)
        for part in select.combination.parts
    )
    if not held:
        builder.path(name)  # a name of nothing is told as such
    if not held or not select.combination.chosen:
        raise FieldError(f"A union is ordered by its columns; {name!r} is none of them")
    parts = tuple(_with_hidden(part, name) for part in select.combination.parts)
    select.combination = select.combination._replace(parts=parts)
    return [output.expression for output in finish(parts[0])[0].outputs or ()].index(parts[0].keyset[-1]) + 1


def _with_hidden(part: Select, name: str) -> Select:
    """Return a part of a union whose rows hold a column, or an annotation, that is not shown."""
    inner = Builder(part, ())
    column = inner.resolve_ref(name)
    part = inner.finished()
    part.keyset = (*part.keyset, column)
    return part


def reverse(builder: Builder) -> None:
    """reverse()."""
    builder.select.reverse = not builder.select.reverse


def distinct(builder: Builder, names: Sequence[str]) -> None:
    """distinct(), and distinct("field", …) where the database has DISTINCT ON."""
    names = check_names("distinct()", names)
    builder.select.distinct = not names
    select = builder.select
    for name in names:
        if name in select.annotations and name not in select.selected and name not in select.model._meta.names:
            raise builder._no_field(select.model._meta, name)
    select.distinct_on = tuple(builder.resolve_ref(name) for name in names)


def select_related(builder: Builder, names: Sequence[str] | None) -> None:
    """select_related(): joined relations by name; () for all that can't be null; None for none."""
    select = builder.select
    if select.values is not None:
        raise TypeError("Cannot call select_related() after .values() or .values_list()")
    refuse_combined(select, "select_related()")
    if names is None:
        select.select_related = False
        return
    if not names:
        select.select_related = True
        return
    names = [text_given("select_related() takes names of relations", name) for name in names]
    tree = name_tree(names, _copied(select.select_related) if isinstance(select.select_related, dict) else None)
    select.select_related = tree
    for name in tree.keys() & select.filtered.keys():
        _check_related(select.filtered[name].hops[-1].model, tree[name])
    _check_related(select.model, {name: below for name, below in tree.items() if name not in select.filtered})


def _copied(tree: dict[str, Any]) -> dict[str, object]:
    return {name: _copied(below) for name, below in tree.items()}


def _check_related(model: Any, tree: dict[str, Any]) -> None:
    opts = model._meta
    for name, below in tree.items():
        relation = opts.names.get(name)
        if relation is None or name != relation.name or not _leads_to_one(relation):
            single = [n for n, r in opts.names.items() if n == r.name and _leads_to_one(r)]
            what = "Invalid field name(s)" if relation is None or relation.is_relation else "Non-relational field"
            raise advised(
                FieldError,
                f"{what} given in select_related: {name!r}. Choices are: {', '.join(single) or '(none)'}",
                f" (select_related() follows relations to one row; {name!r} is none on {opts.object_name})."
                + did_you_mean(name, single),
            )
        _check_related(relation.hops[-1].model, below)


def _leads_to_one(relation: Any) -> bool:
    """Tell whether a name's meaning is a relation to one row, of a table that is known beforehand."""
    return relation.is_relation and relation.related_model is not None and not any(h.many for h in relation.hops)


def choose_loading(builder: Builder, deferred: bool, names: Sequence[str] | None) -> None:
    """only() and defer(): the columns that are loaded at once."""
    select = builder.select
    if select.values is not None:
        method = "defer" if deferred else "only"
        said = f"Cannot call {method}() after .values() or .values_list()"
        raise advised(TypeError, said, ": it is about model instances, and these are not")
    if names is None:
        select.loading = None
        return
    names = check_names("defer()" if deferred else "only()", names)
    for name in names:
        if not deferred and name.split("__")[0] in select.filtered:
            raise ValueError("only() is not supported with FilteredRelation.")
        _check_field_name(builder, name, "defer" if deferred else "only")
    new = frozenset(select.model._meta.pk.name if name == "pk" else name for name in names)
    was_deferred, old = select.loading or Loading(True, frozenset())
    if not deferred:
        chosen = Loading(False, new - old if was_deferred else new)
    elif was_deferred:
        chosen = Loading(True, old | new)
    else:  # once nothing is left of what only() named, all is loaded but what is newly deferred
        chosen = Loading(False, old - new) if old - new else Loading(True, new - old)
    select.loading = chosen if chosen.names else None


def load_too(builder: Builder, attname: str) -> None:
    """Load a column of the model at once, whatever only() and defer() say."""
    select = builder.select
    if select.loading is None:
        return
    field = next(field for field in select.model._meta.concrete_fields if field.attname == attname)
    deferred, names = select.loading
    names = names - {field.name, attname} if deferred else names | {field.name}
    select.loading = Loading(deferred, names) if names else None


def _check_field_name(builder: Builder, name: str, method: str) -> None:
    """Refuse what is no field, nor one of a related model, as a name given to only() or defer()."""
    model, missing = builder.model, name.split("__")[0]
    if missing in model._meta.names or missing in builder.select.filtered:
        path = builder.path(name)
        if not path.rest:
            return
        if path.relation is None:
            raise FieldError(f"{name!r} is no field: only() and defer() take names of fields")
        model, missing = path.relation.hops[-1].model, path.rest[0]
    raise advised(
        FieldDoesNotExist,
        f"{model.__name__} has no field named {missing!r}",
        f": {method}() takes names of fields." + did_you_mean(missing, sorted(model._meta.names)),
    )


def can_hold_all(select: Select) -> bool:
    """Tell whether a query can be asked for all rows of its model, with the columns it has."""
    return select.combination is None and not (select.offered or select.ctes or select.each or select.keyset)


def all_rows(builder: Builder) -> None:
    """What `|` and `^` begin with: the query's columns, order and groups, without conditions and the rows they join."""
    select = builder.select
    select.where = None
    kept = [*select.annotations.values(), *(item for _, item in select.values or ()), *(select.order_by or ())]
    kept += [*select.distinct_on, *(select.group_by if isinstance(select.group_by, tuple) else ())]
    used = {node.alias for item in kept for node in item.walk() if isinstance(node, (Col, Column))}
    needed = {above for alias in used if alias in select.joins for above in builder.way_to(alias)}
    for alias, join in list(select.joins.items()):
        # What select_related() loads is joined when the columns are known; a FilteredRelation knows its join by alias.
        if alias not in needed and join.hop is not None and (join.hop.many or not select.filtered):
            _drop_join(select, alias)


def _drop_join(select: Select, alias: str) -> None:
    for below in [name for name, join in select.joins.items() if join.parent == alias]:
        _drop_join(select, below)
    select.joins.pop(alias, None)  # gone already, where it was below another


def is_of_table(ordering: object, alias: str) -> bool:
    """Tell whether rows are ordered by a column of one table."""
    return isinstance(ordering, OrderBy) and isinstance(ordering.expression, Col) and ordering.expression.alias == alias


def ordered_as(builder: Builder, ordering: tuple[Any, ...]) -> None:
    """The order of another query of the same model."""
    clear_ordering(builder.select)
    builder.select.order_by, builder.select.reverse = ordering, False


def nothing(builder: Builder) -> None:
    """none()."""
    builder.select.where = (builder.select.where or Where(())).and_with(NothingNode())
    builder.select.empty = True


def lock(builder: Builder, nowait: bool, skip_locked: bool, of: tuple[str, ...], no_key: bool) -> None:
    """select_for_update()."""
    builder.select.lock = Lock(nowait, skip_locked, of, no_key)


def tag(builder: Builder, text: str) -> None:
    """tag(): a comment that goes before the statement; further tags are added to it."""
    if any(mark in text for mark in ("*/", "/*")) or not text.isprintable() or not text.strip():
        raise ValueError(
            f"tag() takes printable text without /* and */, which would be read as SQL by the database, not {text!r}"
        )
    before = builder.select.comment
    builder.select.comment = f"{before}, {text}" if before else text


def combine(builder: Builder, operator: str, all_rows: bool, others: Sequence[object]) -> None:
    """union(), intersection() and difference()."""
    select = builder.select
    first = select.copy()
    parts: list[Select] = [_part(first)]
    for queryset in others:
        parts.append(_part(_renumbered(builder, queryset)))
    builder.select = Select(
        select.model, dict(select.joins), result=select.result, values=first.values, selected=first.selected,
        annotations=first.annotations, combination=Combination(operator, all_rows, tuple(parts)), order_by=(),
        slots=select.slots, comment=first.comment,
    )  # fmt: skip


def _part(select: Select) -> Select:
    select = select.copy()
    if select.limit is None and select.offset is None:
        select.order_by = ()  # rows are as many as in order: what the order has joined stays
    return select


def _renumbered(builder: Builder, queryset: object) -> Select:
    """Return another queryset's select with its values in this query's slots; its aliases stay, being apart."""
    own, offset = builder.take_in(queryset)
    select = relabel(own, {alias: alias for alias in own.aliases()}, offset)
    builder.list_slots |= select.list_slots
    return select


def filter_related(builder: Builder, name: str, value: object) -> None:
    """The condition by which rows belong to a related manager.

    The next filter speaks of the same joined row: of the model that a many-to-many relation goes through, say.
    """
    reuse: set[str] = set()
    builder.add_filter(Q((name, value)), reuse)
    builder.select.sticky = frozenset(reuse)
