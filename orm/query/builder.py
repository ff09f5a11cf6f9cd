"""From names to columns: resolves what a query says against the models, plans joins, and raises ``FieldError``.

Runs only when a chain step is taken for the first time (orm.query.shape); it changes a copy of a ``Select``. The rules
for relations with many rows are Django's: conditions of one ``filter()`` speak of the same related row, those of two
calls may speak of different ones, and ``exclude()`` means "has no such row".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from orm.errors import FieldError, advised
from orm.late import late_module
from orm.query.key_names import KeyName
from orm.query.names import RELATION_LOOKUPS, Listing, Names, further_conditions, transform_of, unsupported
from orm.query.one_column import one_column
from orm.sql import types
from orm.sql.columns import Col, Column
from orm.sql.conditions import Q, Where, built_kind, kind_of
from orm.sql.expressions import ComparedSlot, Expression, KeptValue, Slot
from orm.sql.lookups import Exact, IsNull, build_lookup
from orm.sql.nodes import Node
from orm.sql.order_joins import clear_ordering, order_by_filtered
from orm.sql.path import Path
from orm.sql.references import Outer, names_in
from orm.sql.select import Grouping, Join, Select, SubSelect, relabel
from orm.sql.spoken_of import tables_spoken_of
from orm.sql.ties import Tie
from orm.sql.types import AS_IT_IS, SQLType
from orm.text.spelling import did_you_mean_of

if TYPE_CHECKING:
    from orm.sql import json as json_paths
    from orm.sql.json import KeyPath, PathItem
    from orm.sql.resolving import Embeddable, Resolvable, Resolver
    from orm.sql.statements import Statement
else:
    json_paths = late_module("orm.sql.json")

Prepare = Callable[[Any], Any]


class Builder(Names):
    """Changes a copy of a select, one chain step long.

    ``pending`` are the step's values in the order ``structure()`` listed them, or None for a step that has no key.
    ``only_on`` is the alias of the one database that the query can run on, where a query inside it has named one.
    """

    of_upsert = False
    keeps_values = False
    """Whether values are part of the statement, as those are that a model's ``Meta.ordering`` holds."""

    def __init__(self, select: Select, pending: Sequence[object] | None = None, only_on: str | None = None) -> None:
        listing = pending if isinstance(pending, Listing) else None
        self.paths = {} if listing is None else listing.paths
        self.path_starts = {} if listing is None else listing.starts
        self.select = select.copy()
        self.model = select.model
        self.pending = pending
        self.only_on = only_on
        self.base = select.slots
        self.prepares: list[Prepare | None] = []
        self.values: list[Any] = []
        self.list_slots: set[int] = set(select.list_slots)
        self.shared = True  # whether the step's key tells all that its text depends on
        self.statement: Statement | None = None  # what a step that changes rows makes of the query
        # Aliases in subqueries that are not part of the select yet, and must not be given twice.
        self._embedded: set[str] = set()
        # The tables that the condition being resolved speaks of: expressions on its right side mean the same rows.
        self._reuse: set[str] | None = None

    def finished(self) -> Select:
        """Return the changed select. The paths of a step's names have the slots after those of its values."""
        self.values += self.paths.values()
        self.prepares += [None] * len(self.paths)
        self.select.slots = self.base + len(self.values)
        self.select.list_slots = frozenset(self.list_slots)
        return self.select

    @contextmanager
    def keeping_values(self) -> Iterator[None]:
        """While this is open, values are part of the statement: what is resolved is a model's, and no step's."""
        kept, self.keeps_values = self.keeps_values, True
        try:
            yield
        finally:
            self.keeps_values = kept

    # -- values --------------------------------------------------------------------------------------------------------

    def take_slot(self, value: Any, prepare: Prepare | None) -> int:
        """Return the slot of a step's next value, which ``prepare`` makes canonical here and in all later queries."""
        if self.keeps_values:
            return KeptValue.of(value if prepare is None else prepare(value))
        position = len(self.values)
        if self.pending is not None:
            expected = self.pending[position]
            if expected is not value and type(expected) is not list:
                raise AssertionError(f"{value!r} resolved out of order: structure() listed {expected!r} here")
            value = expected
        elif not isinstance(value, (str, bytes, dict)) and hasattr(value, "__next__"):
            value = list(value)
        self.values.append(prepare(value) if prepare is not None else value)
        self.prepares.append(prepare)
        return self.base + position

    def take_path(self, whole: str, filtering: bool, items: list[PathItem]) -> KeyPath | Slot:
        """Return the slot of a path into JSON that a step's name holds; what no step named is no slot."""
        if (whole, filtering) not in self.paths:
            return json_paths.KeyPath(items)
        place = list(self.paths).index((whole, filtering))
        return Slot(self.base + len(self.pending or ()) + place, None, bare=True)

    def result_name(self, whole: str) -> str:
        """Return the name of a result's column, without the JSON path that it may hold, whose slot stands for it."""
        items = self.paths.get((whole, False))
        if items is None:
            return whole
        parts, start, path = whole.split("__"), self.path_starts[whole], self.take_path(whole, False, items)
        assert isinstance(path, Slot)
        return KeyName.made(parts[:start], path.index, parts[start + len(items) :])

    def mark_list(self, slot: int) -> None:
        """Say that a slot holds the list of an IN, whose length may be part of the text."""
        if self.keeps_values:
            raise NotImplementedError("Meta.ordering can't hold lists of values: order by an annotation in the query")
        self.list_slots.add(slot)

    def preparer_for(self, lhs: Expression, sql_type: SQLType) -> Prepare:
        """Return what prepares a value compared to ``lhs``; it names ``lhs`` when it refuses one."""
        if sql_type.model is not None:
            return sql_type.compared_preparer  # a model's field names itself
        return _Named(sql_type, self.describe(lhs))

    def resolve_value(self, value: object, lhs: Expression, many: bool = False) -> Expression:
        """Return the right side of a lookup that is an expression or a queryset."""
        if isinstance(value, Node):
            resolved = value.resolve_expression(self, True, self._reuse)
            if getattr(resolved, "is_key_of_several", False) and not getattr(lhs, "is_key_of_several", False):
                raise ValueError(
                    "CompositePrimaryKey cannot be used as a lookup value. "
                    f"{self.describe(lhs)} is one column: compare it to one of the key's fields"
                )
            return resolved
        if hasattr(value, "query_structure"):
            related = getattr(lhs.output_field, "related_model", None) or getattr(lhs.output_field, "related", None)
            select = self.embed(value)
            if related is not None and select.values is None and not issubclass(select.model, related):
                raise advised(
                    ValueError,
                    f'Cannot use QuerySet for "{select.model.__name__}": Use a QuerySet for "{related.__name__}".',
                    f" {self.describe(lhs)} refers to {related.__name__}: "
                    f"a queryset of {select.model.__name__} has no such rows",
                )
            select = one_column(select, lhs, lookup="in" if many else "exact")
            if not many and select.limit is None:
                raise advised(
                    ValueError,
                    "The QuerySet value for an exact lookup must be limited to one result using slicing.",
                    " Use [:1], or the in lookup",
                )
            return SubSelect(select)
        slot = self.take_slot(value, self.preparer_for(lhs, lhs.output_field))
        return ComparedSlot(slot, lhs.output_field, bare=True)

    def refuse_sharing(self) -> None:
        """Say that this step's text depends on its values, so that its shape is of no use to other queries."""
        self.shared = False

    # -- subqueries ----------------------------------------------------------------------------------------------------

    def take_in(self, queryset: Any) -> tuple[Select, int]:
        """Let a queryset be a part of this query: return its select, and by how much its slots move.

        Raises ``ValueError`` when it names another database than one that is a part already.
        """
        shape, values, alias = queryset.embedded()
        if alias is not None:
            if self.only_on not in (None, alias):
                raise another_database(alias, self.only_on)
            self.only_on = alias
        if values and self.keeps_values:
            raise NotImplementedError(
                "Meta.ordering can't hold querysets with values or slices: order by an annotation in the query"
            )
        offset = self.base + len(self.values)
        for value in values:
            self.take_slot(value, None)
        return shape.select, offset

    def embed(self, queryset: object) -> Select:
        """Return a queryset's select made part of this query; its values take the next slots."""
        own, offset = self.take_in(queryset)
        # Aliases that nothing here has: one of both would mean the inner table where the outer one is meant.
        aliases = {alias: alias for alias in tables_spoken_of(own, self._taken_aliases())}
        self._embedded |= aliases.keys()
        for alias in sorted(own.aliases() - aliases.keys()):
            aliases[alias] = self.alias_inside()
        select = relabel(own, aliases, offset, self._named_by)
        self.list_slots |= select.list_slots
        return select

    def _named_by(self, reference: Outer) -> Expression:
        return reference.resolve_in_outer(self)

    def embed_value(
        self,
        queryset: Embeddable,
        template: str,
        output_field: SQLType | None,
        *,
        ordered: bool = False,
        first: bool = False,
    ) -> SubSelect:
        """Return a queryset of one column as a value; ``ordered`` where the order of its rows matters.

        ``first`` where it is one row that matters: some databases take the first of several. Of groups there are
        seldom several, and to be put in order they would have to be others.
        """
        select = self.embed(queryset)
        ordered = ordered or (first and select.group_by is None)
        return SubSelect(one_column(select, ordered=ordered), template, output_field)

    def embed_rows(self, queryset: Embeddable, row: Any) -> SubSelect:
        """Return the rows of a queryset as what a row of several expressions is compared with."""
        return SubSelect(one_column(self.embed(queryset), row))

    def embed_condition(self, queryset: Embeddable, template: str) -> SubSelect:
        """Return whether a queryset has rows, as a condition."""
        select = self.embed(queryset).copy()
        if select.combination is not None:
            return SubSelect(one_column(select), template, types.BOOLEAN)
        select.outputs = ()
        select.values = None
        select.selected = ()
        # Whether there are rows depends neither on their order nor on whether they differ.
        if select.limit is None and select.offset is None:
            clear_ordering(select)
            select.distinct = False
        return SubSelect(select, template, types.BOOLEAN)

    def _taken_aliases(self) -> set[str]:
        return self.select.aliases() | self._embedded

    def alias_inside(self) -> str:
        """Return an alias for a table of a subquery, which nothing here has, and keep it from being given again."""
        taken = self._taken_aliases()
        alias = next(name for number in count() if (name := f"u{number}") not in taken)
        self._embedded.add(alias)
        return alias

    # -- conditions ----------------------------------------------------------------------------------------------------

    def resolve_condition(
        self,
        condition: Resolvable,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        within: bool | None = None,
    ) -> Expression:
        """Return a Q or conditional expression resolved; all its to-many relations speak of the same rows."""
        outer, self._reuse = self._reuse, reuse
        try:
            return self._condition(condition, False, within, reuse, allow_joins)
        finally:
            self._reuse = outer

    def add_filter(self, condition: Q | Expression, reuse: set[str] | None = None) -> None:
        """Add the condition of one ``filter()`` or ``exclude()`` call.

        ``reuse`` are the tables of relations with many rows whose rows it speaks of; it gets those that are joined.
        """
        if reuse is None:
            reuse = set(self.select.sticky)
        known = set(self.select.joins) if self.select.order_joins else None
        where = self.resolve_condition(condition, reuse=reuse, within=False)
        self.select.sticky = frozenset()
        if known is not None:
            order_by_filtered(self.select, known)
        current = self.select.where or Where(())
        # A condition on an aggregate is HAVING, which speaks of groups.
        if where.contains_aggregate and self.select.group_by is None:
            self.group()
        self.select.where = current.and_with(where)

    def _condition(
        self, condition: Any, negated: bool, within: bool | None, reuse: set[str] | None, allow_joins: bool
    ) -> Expression:
        """Resolve a condition.

        ``negated``: an odd number of NOTs is around it. ``within``: any NOT is, so that a relation with many rows means
        "has such a row"; None where that is never meant, since each joined row is asked (the filter of an aggregate).
        """
        if not isinstance(condition, Q):
            return condition.resolve_expression(self, allow_joins, reuse)  # type: ignore[no-any-return]
        if not condition.children:
            return Where(())
        negated = negated != condition.negated
        if within is not None:
            within = within or condition.negated
        nodes: list[Expression] = []
        for child in condition.children:
            if type(child) is tuple:
                nodes.append(self._leaf(child[0], child[1], negated, within, reuse, allow_joins))
            elif not _says_nothing(child):
                nodes.append(self._condition(child, negated, within, reuse, allow_joins))
        return Where(nodes, condition.connector, condition.negated)

    def _leaf(
        self, name: str, value: Any, negated: bool, within: bool | None, reuse: set[str] | None, allow_joins: bool
    ) -> Expression:
        kind: Hashable = built_kind(value)
        if self.pending is not None and hasattr(value, "__next__"):
            value = self.pending[len(self.values)]
            kind = kind_of(iter(value), [])
        annotation, rest = self._annotation(name)
        if within and self._leads_to_many(value) and not (annotation is not None and annotation.contains_aggregate):
            return self._own_match(value, name)
        if annotation is not None:
            found = self._lookup(annotation, rest, kind, value, name)
            if negated and name.split("__")[0] in self.select.offered and isinstance(annotation, Column):
                return self._known([annotation], found)  # a column of joined rows is one like any other
            return found
        path = self.path(name)
        if within and path.many and not self._is_about_joined(path):
            return self._has_row(path, kind, value, name, reuse)
        lhs = self._compared(path, value, reuse, allow_joins)
        known = RELATION_LOOKUPS if path.relation is None else (*RELATION_LOOKUPS, *path.field.registered_lookups())
        if path.relation is not None and path.rest and path.rest[0] not in known:
            related = path.relation.hops[-1].model._meta.names
            kind_of_key = "ForeignKey" if path.relation.many_to_many else type(path.relation).__name__
            raise advised(
                FieldError,
                unsupported("__".join(path.rest), kind_of_key, RELATION_LOOKUPS),
                f" The relation {path.relation.name!r} has no lookup {path.rest[-1]!r} (in {name!r})."
                + did_you_mean_of(path.rest[0], [*RELATION_LOOKUPS, *related]),
            )
        lookup = self._lookup(lhs, path.rest, kind, value, name)
        if not negated:
            return lookup
        if getattr(lhs, "is_key_of_several", False):
            return self._known([part for part in lhs.parts if self._may_be_null(part)], lookup)
        return self._known([lhs] if path.field.null or any(hop.optional for hop in path.hops) else [], lookup)

    def _compared(self, path: Path, value: object, reuse: set[str] | None, allow_joins: bool = True) -> Col:
        """Return what a condition on a path compares: a column, or those that a relation itself is made of."""
        relation = path.relation
        row = None if relation is None or isinstance(value, Node) else relation.row
        if row is None or (path.rest and row.get_lookup(path.rest[0]) is None):
            return self.column(path, reuse, allow_joins)
        if not allow_joins and len(path.hops) > 1:
            raise FieldError(f"{row} lies across a relation, which is not allowed here")
        return Col(self.join(path.hops[:-1], reuse), row)

    def _known(self, optional: list[Expression], lookup: Expression) -> Expression:
        """Return a lookup that stands under a NOT with "and is not NULL" for each side that may be NULL.

        Without it, NOT (x = 1) would be unknown for a NULL x and lose the row, which ``exclude(x=1)`` keeps. A lookup
        for JSON null is left alone. ``optional`` holds the left side if that may be NULL. As in Django, that goes for
        columns alone: a value computed from NULL is unknown, and so is its negation.
        """
        if isinstance(lookup, IsNull) or getattr(lookup, "rhs", lookup) is None:
            return lookup
        rhs = getattr(lookup, "rhs", None)
        if isinstance(rhs, Column) or (isinstance(rhs, Col) and self._may_be_null(rhs)):
            optional.append(rhs)
        return Where((lookup, *[IsNull(column, False) for column in optional])) if optional else lookup

    def _may_be_null(self, column: Col) -> bool:
        join = self.select.joins.get(column.alias)
        while join is not None and join.hop is not None:
            if join.hop.optional or join.hop.many:
                return True
            join = self.select.joins.get(join.parent or "")
        return bool(column.target.null)

    def _lookup(
        self,
        lhs: Expression,
        names: Sequence[str],
        kind: Hashable,
        value: object,
        whole: str,
        query: Resolver | None = None,
    ) -> Expression:
        lhs, names = self._keyed(lhs, names, whole, True)
        *transforms, last = names or ("exact",)
        lhs = self._transformed(lhs, transforms, whole, comparing=True)
        lookup = lhs.get_lookup(last)
        if lookup is None:
            transform = transform_of(lhs, last)
            if transform is None:
                raise self._unknown(lhs, last, whole, after=transforms, comparing=True)
            lhs = transform(lhs)
            lookup = lhs.get_lookup("exact")
        if lookup is None:
            raise FieldError(f"{whole!r} ends in {last!r}, which can't be compared")
        built: Expression = build_lookup(lookup, lhs, kind, value, query or self)
        return built

    def _leads_to_many(self, value: object) -> bool:
        """Tell whether a looked-up value names something across a relation with many rows."""
        names = (name for name in names_in(value) if self._annotation(name)[0] is None)
        return any(self.path(name).many for name in names)

    def _own_match(self, value: object, name: str) -> Expression:
        """Return EXISTS(this very row, meeting the condition), for a value across a relation with many rows.

        A join of that relation here would give a row as often as it has related ones.
        """
        inner = InnerBuilder(self, self.model, own_names=True)
        lookup = inner.resolve_condition(Q((name, value)), reuse=set())
        key = self.model._meta.pk
        tie = Exact(Col(inner.select.base_alias, key), Col(self.select.base_alias, key))
        inner.select.where = Where((lookup, tie))
        inner.select.outputs = ()
        return SubSelect(inner.select, "EXISTS(%(subquery)s)")

    def _is_about_joined(self, path: Path) -> bool:
        """Tell whether a path's rows are those that the step before has joined for a related manager."""
        at, sticky = self.select.base_alias, set(self.select.sticky)
        for hop in path.hops if sticky else ():
            joined = self._joined(at, hop, sticky)
            if joined is None:
                return False
            at = joined
        return bool(sticky)

    def _has_row(self, path: Path, kind: Hashable, value: object, name: str, reuse: set[str] | None) -> Expression:
        """Return EXISTS(a related row meeting the condition), for exclude() across a relation with many rows."""
        first = next(i for i, hop in enumerate(path.hops) if hop.many)
        outer_alias = self.join(path.hops[:first], reuse)
        hop, rest = path.hops[first], path.hops[first + 1 :]
        inner = InnerBuilder(self, hop.model, tied=outer_alias)
        lhs = inner._compared(Path(rest, path.field, path.rest, path.relation), value, None)
        lookup = inner._lookup(lhs, path.rest, kind, value, name)
        tie: Expression = Tie(Col(inner.select.base_alias, hop.rhs), Col(outer_alias, hop.lhs))
        more = further_conditions(hop, outer_alias, inner.select.base_alias)
        if hop.filtered is not None:
            more.append(self._joined_when(hop.filtered, inner.select.base_alias, outer_alias))
        if more:
            tie = Where((tie, *more))
        inner.select.where = Where((lookup, tie))
        inner.select.outputs = ()
        if isinstance(lookup, IsNull) and lookup.rhs is True:
            # A left join shows NULL in every column where there is no related row, so "is NULL" holds then, too.
            return Where((SubSelect(inner.select, "EXISTS(%(subquery)s)"), self._no_row(inner, tie)), "OR")
        return SubSelect(inner.select, "EXISTS(%(subquery)s)")

    def _no_row(self, inner: InnerBuilder, tie: Expression) -> Expression:
        select = inner.select.copy()
        select.where = Where((tie,))
        return Where((SubSelect(select, "EXISTS(%(subquery)s)"),), negated=True)

    # -- grouping ------------------------------------------------------------------------------------------------------

    def group(self) -> None:
        """Group by what the query's rows are: the model's rows, or the columns ``values()`` chose."""
        select = self.select
        if select.values is None:
            select.group_by = Grouping.BY_ROW
            return
        annotated = (select.annotations[name] for name in select.selected)
        chosen = (part for _, item in select.values for part in getattr(item, "parts", (item,)))
        select.group_by = (*chosen, *annotated)


class InnerBuilder(Builder):
    """Builds a correlated subquery: its values and aliases are its outer builder's.

    ``own_names``: names in a condition's values are looked up in this query, and not in the outer one. ``tied`` is the
    alias of the outer table that this query's own is joined to.
    """

    def __init__(self, outer: Builder, model: Any, own_names: bool = False, tied: str | None = None) -> None:
        self.outer = outer
        self.of_upsert = outer.of_upsert
        self.own_names = own_names
        self.tied = tied
        alias = outer.alias_inside()
        super().__init__(Select(model, {alias: Join(alias, model._meta.db_table)}, filtered=outer.select.filtered))

    def _annotation(self, name: str) -> tuple[Any, tuple[str, ...]]:
        return self.outer._annotation(name) if self.own_names else super()._annotation(name)

    def way_to(self, alias: str) -> list[str]:
        above = self.outer.way_to(self.tied) if self.tied is not None else []
        return [*super().way_to(alias), *above]

    def take_slot(self, value: object, prepare: Prepare | None) -> int:
        return self.outer.take_slot(value, prepare)

    def take_path(self, whole: str, filtering: bool, items: list[PathItem]) -> KeyPath | Slot:
        return self.outer.take_path(whole, filtering, items)

    def mark_list(self, slot: int) -> None:
        self.outer.mark_list(slot)

    def refuse_sharing(self) -> None:
        self.outer.refuse_sharing()

    def embed(self, queryset: object) -> Select:
        return self.outer.embed(queryset)

    def resolve_value(self, value: object, lhs: Expression, many: bool = False) -> Expression:
        return super().resolve_value(value, lhs, many) if self.own_names else self.outer.resolve_value(value, lhs, many)

    def _new_alias(self, table: str) -> str:
        return self.outer.alias_inside()


class ConstantBuilder(Builder):
    """Resolves what a model declares (Meta.ordering, constraints): its values are part of the statement, not slots."""

    keeps_values = True


class _Named:
    """Prepares a value for a computed type, and says what refused it."""

    def __init__(self, sql_type: SQLType, name: str) -> None:
        self.sql_type = sql_type
        self.name = name
        own = type(sql_type).get_prep_value is not SQLType.get_prep_value
        self.as_it_is = None if own else AS_IT_IS.get(sql_type.kind)

    def __call__(self, value: object) -> Any:
        if type(value) is self.as_it_is:
            return value
        try:
            return self.sql_type.get_prep_value(value)
        except (TypeError, ValueError) as error:
            raise types.as_field(self.sql_type).refusal(error, value, self.name) from None


def another_database(named: str | None, other: str | None) -> ValueError:
    """Return the error about a query inside another that names a database on which the other does not run."""
    return advised(
        ValueError,
        "Subqueries aren't allowed across different databases. Force the inner query to be evaluated using "
        "`list(inner_query)`.",
        f" It is tied to {named!r} by using(), and the query around it runs on {other!r}",
    )


def _says_nothing(condition: object) -> bool:
    """Tell whether a condition has no lookup in it, so that neither it nor its negation says anything."""
    return isinstance(condition, Q) and all(_says_nothing(child) for child in condition.children)
