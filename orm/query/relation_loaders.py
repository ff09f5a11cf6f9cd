"""How one relation is loaded for many instances: a ``Loader`` for each kind, and the queries that they send.

A sliced queryset is cut for each parent, by ROW_NUMBER() in the same query. What this module refuses: querysets that
leave out the key by which rows find their parents.

It knows relations by what they say of themselves (their fields, names and flags) and imports no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.query import steps
from orm.query.names import Names
from orm.sql.columns import Col
from orm.sql.references import F
from orm.structures.attributes import PREFETCHED, UNFOUND

if TYPE_CHECKING:
    from orm.query.known_related import Tie
    from orm.sql.expressions import Expression
    from orm.sql.resolving import Resolver

JOIN_KEY = "_prefetch_join_key"
# Room left among a statement's parameters for those the prefetch queryset brings itself.
SPARE_PARAMETERS = 100


class Loader:
    """Loads one relation for many instances; one subclass for each kind. ``name`` is the attribute on the instances."""

    single = False
    of_any_model = False
    """Whether what is loaded is of several models, so that there may be a queryset for each."""

    def __init__(self, relation: Any, name: str) -> None:
        self.relation = relation
        self.name = name

    def held(self, instance: object) -> Any:
        """Return what the instance has loaded: an instance, a list, or None when nothing is."""
        raise NotImplementedError(f"{type(self).__name__} does not say what is loaded.")

    def lacking(self, instances: Sequence[object]) -> Sequence[Any]:
        """Return the instances for which the relation is to be loaded."""
        return [instance for instance in instances if self.held(instance) is None]

    def rows(self, using: str | None) -> Any:
        """Return the queryset of all rows on the far side."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it loads.")

    async def load(self, instances: Sequence[object], queryset: object, to_attr: str | None) -> list[Any]:
        """Load the relation for the instances, give it to them, and return what was loaded."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it loads.")

    async def load_each(
        self, instances: Sequence[object], querysets: Sequence[object], to_attr: str | None, using: str | None
    ) -> list[Any]:
        """Load a relation to rows of any model; ``querysets`` are those to use for the models they are of."""
        raise NotImplementedError(f"{type(self).__name__} leads to rows of one model.")


class OneLoader(Loader):
    """Loads what is at most one instance, through a key on either side."""

    single = True
    near: str
    """The attribute of the instances that holds the key."""
    far: str
    """The attribute of the related instances that holds the same key."""
    back: str | None
    """The attribute of a related instance that holds the instance, where that is one to one."""
    keeps_none = False
    """Whether it is noted on an instance that nothing is related to it."""
    notes_misses = False
    """Whether it is noted on an instance with a key that a prefetch found nothing by it."""

    async def load(self, instances: Sequence[object], queryset: Any, to_attr: str | None) -> list[Any]:
        near, name = self.near, to_attr or self.name
        if queryset._low or queryset._high is not None:
            raise TypeError(f"prefetch_related({self.name!r}): there is one object at most, so a slice has no meaning.")
        keys = {key for instance in instances if (key := instance.__dict__.get(near)) is not None}
        rows = with_key(queryset.order_by(), self.far)  # one for each: their order would say nothing
        found = await fetch_in(rows, self.far, keys)
        by_key = {related.__dict__[self.far]: related for related in found}
        back, keeps_none = self.back, self.keeps_none or to_attr is not None
        for instance in instances:
            held = instance.__dict__
            related = by_key.get(held.get(near))
            if related is not None:
                held[name] = related
                if back is not None:
                    related.__dict__[back] = instance
            elif keeps_none:
                held[name] = None
            elif self.notes_misses:
                held.setdefault(UNFOUND, {})[name] = held.get(near)
        return found


class ForwardOneLoader(OneLoader):
    """Loads what foreign keys refer to."""

    notes_misses = True

    def __init__(self, relation: Any, name: str) -> None:
        super().__init__(relation, name)
        self.near, self.far = relation.attname, relation.target_attname
        rel = relation.remote_field
        self.back = None if rel.multiple else rel.accessor_name

    def held(self, instance: object) -> Any:
        descriptor = getattr(type(instance), self.name)
        return instance.__dict__[self.name] if descriptor.is_cached(instance) else None

    def lacking(self, instances: Sequence[object]) -> Sequence[Any]:
        near, name = self.near, self.name
        known = [instance for instance in instances if instance.__dict__.get(near) is not None]
        return [
            one
            for one in known
            if (name not in one.__dict__ or self.held(one) is None)
            and (UNFOUND not in one.__dict__ or one.__dict__[UNFOUND].get(name) != one.__dict__[near])
        ]

    def rows(self, using: str | None) -> Any:
        return on(self.relation.related_model._base_manager, using)


class ReverseOneLoader(OneLoader):
    """Loads the one instance whose one-to-one field refers to each of the instances."""

    keeps_none = True

    def __init__(self, relation: Any, name: str) -> None:
        super().__init__(relation, name)
        field = relation.field
        self.near, self.far, self.back = field.target_attname, field.attname, field.name

    def held(self, instance: object) -> Any:
        return instance.__dict__.get(self.name)

    def lacking(self, instances: Sequence[object]) -> Sequence[Any]:
        name = self.name
        return [instance for instance in instances if name not in instance.__dict__]

    def rows(self, using: str | None) -> Any:
        return on(self.relation.related_model._base_manager, using)


class ManyLoader(Loader):
    """Loads lists, and keeps them where related managers look for them."""

    near: str
    """The attribute of the instances that holds the key."""

    def held(self, instance: object) -> Any:
        cache = instance.__dict__.get(PREFETCHED)
        return None if cache is None else cache.get(self.name)

    def rows(self, using: str | None) -> Any:
        return on(self.relation.related_model._default_manager, using)

    def groups(self, instances: Sequence[object]) -> dict[Any, list[Any]]:
        """Return an empty list for each key among the instances."""
        near = self.near
        return {instance.__dict__[near]: [] for instance in instances}

    @staticmethod
    def cut(queryset: Any, groups: dict[object, list[object]], found: list[object]) -> list[Any]:
        """Cut each parent's rows by a sliced queryset's bounds, where the database has not; return what is left."""
        low, high = queryset._low, queryset._high
        if (not low and high is None) or numbers_rows(queryset):
            return found
        for key, rows in groups.items():
            groups[key] = rows[low:high]
        return list(chain.from_iterable(groups.values()))

    def give(self, instances: Sequence[object], groups: dict[object, list[object]], to_attr: str | None) -> None:
        """Give each instance its list (a copy where several instances stand for one row)."""
        near, name = self.near, self.name
        shared = len(groups) != len(instances)
        for instance in instances:
            held = instance.__dict__
            rows = groups[held[near]]
            if shared:
                rows = rows.copy()
            if to_attr is not None:
                held[to_attr] = rows
            elif PREFETCHED in held:
                held[PREFETCHED][name] = rows
            else:
                held[PREFETCHED] = {name: rows}

    def give_by(
        self,
        key_of: Callable[[Any], Any],
        instances: Sequence[object],
        groups: dict[object, list[object]],
        to_attr: str | None,
    ) -> None:
        """Give each instance its list, by a key that is more than one attribute."""
        for instance in instances:
            rows = list(groups[key_of(instance)])
            if to_attr is not None:
                instance.__dict__[to_attr] = rows
            else:
                instance.__dict__.setdefault(PREFETCHED, {})[self.name] = rows


class ByParent:
    """Puts rows into the list of the parent they refer to, and tells each of it."""

    def __init__(self, key: str, back: str, groups: dict[Any, list[Any]], parents: dict[Any, Any]) -> None:
        self.key = key
        self.back = back
        self.places = {value: (rows.append, parents[value]) for value, rows in groups.items()}

    def tie(self, instances: Sequence[Any]) -> None:
        key, back, places = self.key, self.back, self.places
        for related in instances:
            held = related.__dict__
            append, parent = places[held[key]]
            append(related)
            held.setdefault(back, parent)  # unless the queryset has loaded it, maybe with more

    def among_others(self) -> ByParent:
        return self


class ByJoin:
    """As ``ByParent`` by the key of a join, which the rows have besides and lose."""

    def __init__(self, groups: dict[Any, list[Any]]) -> None:
        self.groups = groups

    def tie(self, instances: Sequence[Any]) -> None:
        groups = self.groups
        for related in instances:
            groups[related.__dict__.pop(JOIN_KEY)].append(related)

    def among_others(self) -> ByJoin:
        return self


class ReverseManyLoader(ManyLoader):
    """Loads the rows whose foreign key refers to each of the instances; each is told of its instance."""

    def __init__(self, relation: Any, name: str) -> None:
        super().__init__(relation, name)
        self.field = relation.field
        self.near = self.field.target_attname

    async def load(self, instances: Sequence[object], queryset: object, to_attr: str | None) -> list[Any]:
        key, near = self.field.attname, self.near
        groups = self.groups(instances)
        parents = {instance.__dict__[near]: instance for instance in instances}
        sorting = ByParent(key, self.field.name, groups, parents)
        found = await fetch_in(with_key(queryset, key), key, groups, sorting)
        found = self.cut(queryset, groups, found)
        self.give(instances, groups, to_attr)
        return found


class ManyToManyLoader(ManyLoader):
    """Loads the rows joined to each of the instances; the join's key comes as one more column of the same query."""

    def __init__(self, relation: Any, name: str, *, reverse: bool) -> None:
        super().__init__(relation, name)
        field = relation.field if reverse else relation
        near, far = field.source_foreign_key, field.target_foreign_key
        if reverse:
            near, far = far, near
        self.near = near.target_attname
        self.path = f"{far.remote_field.name}__{near.attname}"

    async def load(self, instances: Sequence[object], queryset: Any, to_attr: str | None) -> list[Any]:
        groups = self.groups(instances)
        joined = uncut(queryset).annotate(**{JOIN_KEY: JoinColumn(self.path)})
        joined = joined._set(_low=queryset._low, _high=queryset._high)
        found = await fetch_in(joined, JOIN_KEY, groups, ByJoin(groups))
        found = self.cut(queryset, groups, found)
        self.give(instances, groups, to_attr)
        return found


class JoinedObjectsLoader(ManyLoader):
    """Loads the rows joined to each of the instances, through a model that refers to either by several columns."""

    def __init__(self, relation: object, name: str, near: Any, far: Any) -> None:
        super().__init__(relation, name)
        self.key = near
        back = far.remote_field.name
        self.paths = {f"{JOIN_KEY}{n}": f"{back}__{own.attname}" for n, own in enumerate(near.local_related_fields)}

    async def load(self, instances: Sequence[Any], queryset: Any, to_attr: str | None) -> list[Any]:
        if queryset._low or queryset._high is not None:
            raise NotImplementedError(
                f"prefetch_related({self.name!r}): a slice of the rows of a relation through several columns is not "
                "cut for each parent."
            )
        key_of = self.key.target_values_of
        groups: dict[Any, list[Any]] = {key_of(instance): [] for instance in instances}
        joined = queryset.annotate(**{column: JoinColumn(path) for column, path in self.paths.items()})
        found = list(await joined.filter(self.key.condition(groups, list(self.paths))))
        for related in found:
            groups[tuple(related.__dict__.pop(column) for column in self.paths)].append(related)
        self.give_by(key_of, instances, groups, to_attr)
        return found


class JoinColumn(F):
    """A column of the model that a many-to-many relation goes through.

    A condition of the prefetch queryset on that model speaks of the same row. One on the models beyond it does not, nor
    does what is counted: a plain ``F`` would use their joins, too, and so see, or count, only some of the rows.
    """

    def resolve_expression(
        self,
        query: Resolver,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Expression:
        assert isinstance(query, Names), "a relation is loaded by a query of its own"
        joins, annotations = query.select.joins.values(), query.select.annotations.values()
        grouped = (item for item in annotations if item.contains_aggregate)
        counted = {node.alias for item in grouped for node in item.walk() if isinstance(node, Col)}
        further = {join.parent for join in joins}
        ends = {join.alias for join in joins} - further - counted
        return query.resolve_ref(self.name, allow_joins, ends, summarize)


def loader_for(model: type[object], name: str) -> Loader | None:
    """Return what loads the attribute ``name`` of a model's instances, or None when it is no relation."""
    descriptor: Any = getattr(model, name, None)
    relation = getattr(descriptor, "relation", None)
    if relation is None:
        return None
    own = getattr(descriptor, "prefetch_loader", None)
    if own is not None:
        loader: Loader = own(name)
        return loader
    if relation.many_to_many:
        reverse = relation is not descriptor.field
        near, far = descriptor.field.source_foreign_key, descriptor.field.target_foreign_key
        if near.concrete and far.concrete:
            return ManyToManyLoader(relation, name, reverse=reverse)
        return JoinedObjectsLoader(relation, name, *((far, near) if reverse else (near, far)))
    if relation is descriptor.field:
        return ForwardOneLoader(relation, name)
    return ReverseManyLoader(relation, name) if relation.multiple else ReverseOneLoader(relation, name)


def with_key(queryset: Any, attribute: str) -> Any:
    """Return a prefetch's queryset with the column by which its rows find their parents, whatever it leaves out."""
    if queryset._shape.select.loading is None:
        return queryset
    return queryset._step("load too", (attribute,), steps.load_too, attribute)


def on(manager: Any, using: str | None) -> Any:
    """Return all rows of a manager, on a database."""
    return manager.all() if using in (None, DEFAULT_DB_ALIAS) else manager.using(using)


def uncut(queryset: Any) -> Any:
    """Return the queryset without its slice."""
    sliced = queryset._low or queryset._high is not None
    return queryset._set(_low=0, _high=None) if sliced else queryset


def numbers_rows(queryset: Any) -> bool:
    """Tell whether the database can number the rows of each key: before DISTINCT it would count those that go."""
    select = queryset._shape.select
    return not select.distinct and not select.distinct_on and select.lock is None


def batches(alias: str, keys: Iterable[object]) -> Iterator[list[object]]:
    """Yield the keys in lists that one statement of a database can take; one list where that is any number."""
    wanted = list(keys)
    capabilities = databases[alias].dialect.capabilities
    size = capabilities.max_parameters - SPARE_PARAMETERS
    if capabilities.array_parameters or len(wanted) <= size:
        if wanted:
            yield wanted
        return
    for start in range(0, len(wanted), size):
        yield wanted[start : start + size]


async def fetch_in(queryset: Any, name: str, keys: Iterable[object], sorting: Tie | None = None) -> list[Any]:
    """Return the rows whose ``name`` is among the keys, in as few statements as the database's limit allows.

    A slice is one of the rows of each key, where the database can number them (see ``numbers_rows``), else none at all.
    ``sorting`` takes the rows: some at a time, while they are in the processor's caches, unless the queryset does more
    with them before.
    """
    condition = f"{name}__in"
    low, high = queryset._low, queryset._high
    numbered = (low or high is not None) and numbers_rows(queryset)
    queryset = uncut(queryset)
    at_once = sorting is not None and queryset._gives_what_it_makes
    if at_once:
        queryset = queryset._set(_known_related=(*(queryset._known_related or ()), sorting))
    found: list[Any] = []
    for batch in batches(queryset.db, keys):
        rows = await (queryset._cut_each(name, batch, low, high) if numbered else queryset.filter(**{condition: batch}))
        found = found + rows if found else rows
    if sorting is not None and not at_once:
        sorting.tie(found)
    return found
