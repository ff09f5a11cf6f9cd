"""``prefetch_related``: relations of many instances loaded in one query for each level.

A lookup is a path of attribute names (``"books__authors"``), a ``Prefetch`` one with a queryset or target of its own.
What is loaded already is used and not asked for again. A sliced queryset is cut for each parent, by ROW_NUMBER() in
the same query. A name that is no relation, a property say, is read from the instances. What this module refuses: names
that nothing has, paths that end in no relation, a second queryset for a path that has one, a ``to_attr`` that hides a
field, a method or what else instances need.

It knows relations by what they say of themselves (their fields, names and flags) and imports no model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.routing import routes
from orm.errors import FieldError, UnknownAttribute
from orm.late import difflib
from orm.query.names import check_attribute
from orm.sql.columns import Col
from orm.sql.references import F

TWINS = ("aprefetch_related_objects",)

PREFETCHED = "_prefetched_objects_cache"
JOIN_KEY = "_prefetch_join_key"
# Room left among a statement's parameters for those the prefetch queryset brings itself.
SPARE_PARAMETERS = 100


class Prefetch:
    """A path to prefetch, with the queryset to use for its last step and where to put the result.

    Parameters: ``lookup`` is the path; ``queryset`` replaces the related model's default one; ``to_attr`` names an
    attribute that gets a plain list (or the one instance) instead of the relation's own cache.
    """

    def __init__(self, lookup: str, queryset: Any = None, to_attr: str | None = None) -> None:
        if not isinstance(lookup, str) or not lookup:
            raise TypeError(f"Prefetch takes a path like 'books__authors', not {lookup!r}.")
        if queryset is not None and not hasattr(queryset, "_prefetch_related_lookups"):
            raise TypeError(f"Prefetch({lookup!r}): queryset must be a QuerySet, not {queryset!r}.")
        if queryset is not None and (not hasattr(queryset, "_shape") or queryset._shape.select.values is not None):
            raise ValueError(
                "Prefetch querysets cannot use raw(), values(), and values_list(). "
                f"Prefetch({lookup!r}): the queryset must give instances; leave out values()."
            )
        if to_attr is not None and not to_attr.isidentifier():
            raise ValueError(f"Prefetch({lookup!r}): to_attr={to_attr!r} can't be an attribute's name.")
        self.prefetch_through = lookup
        self.queryset = queryset
        self.querysets: list[Any] = [] if queryset is None else [queryset]
        self.to_attr = to_attr
        parts = lookup.split("__")
        self.prefetch_to = "__".join([*parts[:-1], to_attr]) if to_attr else lookup

    def get_current_prefetch_to(self, level: int) -> str:
        """Return the path of attributes down to a level, the first of which is 0."""
        return "__".join(self.prefetch_to.split("__")[: level + 1])

    def get_current_to_attr(self, level: int) -> tuple[str, bool]:
        """Return the attribute that a level's result goes to, and whether that is a ``to_attr``."""
        attribute = self.prefetch_to.split("__")[level]
        return attribute, bool(self.to_attr) and self.to_attr == attribute

    def get_current_querysets(self, level: int) -> list[Any] | None:
        """Return the querysets to use at a level; None where the relation's own is meant."""
        return (self.querysets or None) if self.get_current_prefetch_to(level) == self.prefetch_to else None

    def __repr__(self) -> str:
        return f"<Prefetch {self.prefetch_to}>"

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the queryset as a question, without asking it."""
        state = vars(self).copy()
        state["querysets"] = [queryset._set(_result_cache=[], _prefetch_done=True) for queryset in self.querysets]
        state["queryset"] = None
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.querysets = [queryset.all() for queryset in self.querysets]
        self.queryset = self.querysets[0] if self.querysets else None

    def __eq__(self, other: object) -> bool:
        return self.prefetch_to == other.prefetch_to if isinstance(other, Prefetch) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.prefetch_to)


def as_prefetch(lookup: str | Prefetch) -> Prefetch:
    """Return a lookup as a ``Prefetch``."""
    return lookup if isinstance(lookup, Prefetch) else Prefetch(lookup)


class ChosenRows(list[Any]):
    """Prefetched rows of a queryset of the user's: what is chained to them asks that queryset, narrowed."""

    def __init__(self, rows: Iterable[Any], queryset: Any) -> None:
        super().__init__(rows)
        self.queryset = uncut(queryset)


# -- one relation ------------------------------------------------------------------------------------------------------


class Loader:
    """Loads one relation for many instances; one subclass for each kind. ``name`` is the attribute on the instances."""

    single = False
    of_any_model = False
    """Whether what is loaded is of several models, so that there may be a queryset for each."""

    def __init__(self, relation: Any, name: str) -> None:
        self.relation = relation
        self.name = name

    def held(self, instance: Any) -> Any:
        """Return what the instance has loaded: an instance, a list, or None when nothing is."""
        raise NotImplementedError(f"{type(self).__name__} does not say what is loaded.")

    def lacking(self, instances: Sequence[Any]) -> Sequence[Any]:
        """Return the instances for which the relation is to be loaded."""
        return [instance for instance in instances if self.held(instance) is None]

    def rows(self, using: str | None) -> Any:
        """Return the queryset of all rows on the far side."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it loads.")

    async def load(self, instances: Sequence[Any], queryset: Any, to_attr: str | None) -> list[Any]:
        """Load the relation for the instances, give it to them, and return what was loaded."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it loads.")

    async def load_each(
        self, instances: Sequence[Any], querysets: Sequence[Any], to_attr: str | None, using: str | None
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

    async def load(self, instances: Sequence[Any], queryset: Any, to_attr: str | None) -> list[Any]:
        near, name = self.near, to_attr or self.name
        if queryset._low or queryset._high is not None:
            raise TypeError(f"prefetch_related({self.name!r}): there is one object at most, so a slice has no meaning.")
        keys = {key for instance in instances if (key := instance.__dict__.get(near)) is not None}
        found = await fetch_in(queryset.order_by(), self.far, keys)  # one for each: their order would say nothing
        by_key = keyed(found, self.far, self.name)
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
        return found


class ForwardOneLoader(OneLoader):
    """Loads what foreign keys refer to."""

    def __init__(self, relation: Any, name: str) -> None:
        super().__init__(relation, name)
        self.near, self.far = relation.attname, relation.target_attname
        rel = relation.remote_field
        self.back = None if rel.multiple else rel.accessor_name

    def held(self, instance: Any) -> Any:
        descriptor = getattr(type(instance), self.name)
        return instance.__dict__[self.name] if descriptor.is_cached(instance) else None

    def lacking(self, instances: Sequence[Any]) -> Sequence[Any]:
        near, name = self.near, self.name
        known = [instance for instance in instances if instance.__dict__.get(near) is not None]
        return [one for one in known if name not in one.__dict__ or self.held(one) is None]

    def rows(self, using: str | None) -> Any:
        return on(self.relation.related_model._base_manager, using)


class ReverseOneLoader(OneLoader):
    """Loads the one instance whose one-to-one field refers to each of the instances."""

    keeps_none = True

    def __init__(self, relation: Any, name: str) -> None:
        super().__init__(relation, name)
        field = relation.field
        self.near, self.far, self.back = field.target_attname, field.attname, field.name

    def held(self, instance: Any) -> Any:
        return instance.__dict__.get(self.name)

    def lacking(self, instances: Sequence[Any]) -> Sequence[Any]:
        name = self.name
        return [instance for instance in instances if name not in instance.__dict__]

    def rows(self, using: str | None) -> Any:
        return on(self.relation.related_model._base_manager, using)


class ManyLoader(Loader):
    """Loads lists, and keeps them where related managers look for them."""

    near: str
    """The attribute of the instances that holds the key."""

    def held(self, instance: Any) -> Any:
        cache = instance.__dict__.get(PREFETCHED)
        return None if cache is None else cache.get(self.name)

    def rows(self, using: str | None) -> Any:
        return on(self.relation.related_model._default_manager, using)

    def groups(self, instances: Sequence[Any]) -> dict[Any, list[Any]]:
        """Return an empty list for each key among the instances."""
        near = self.near
        return {instance.__dict__[near]: [] for instance in instances}

    @staticmethod
    def cut(queryset: Any, groups: dict[Any, list[Any]], found: list[Any]) -> list[Any]:
        """Cut each parent's rows by a sliced queryset's bounds, where the database has not; return what is left."""
        low, high = queryset._low, queryset._high
        if (not low and high is None) or numbers_rows(queryset):
            return found
        for key, rows in groups.items():
            groups[key] = rows[low:high]
        return list(chain.from_iterable(groups.values()))

    def give(self, instances: Sequence[Any], groups: dict[Any, list[Any]], to_attr: str | None) -> None:
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


class ReverseManyLoader(ManyLoader):
    """Loads the rows whose foreign key refers to each of the instances; each is told of its instance."""

    def __init__(self, relation: Any, name: str) -> None:
        super().__init__(relation, name)
        self.field = relation.field
        self.near = self.field.target_attname

    async def load(self, instances: Sequence[Any], queryset: Any, to_attr: str | None) -> list[Any]:
        key, back, near = self.field.attname, self.field.name, self.near
        groups = self.groups(instances)
        parents = {instance.__dict__[near]: instance for instance in instances}
        found = await fetch_in(queryset, key, groups)
        if found and key not in found[0].__dict__:
            refuse_deferred(self.name, key)
        for related in found:
            held = related.__dict__
            value = held[key]
            groups[value].append(related)
            held.setdefault(back, parents[value])  # unless the queryset has loaded it, maybe with more
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

    async def load(self, instances: Sequence[Any], queryset: Any, to_attr: str | None) -> list[Any]:
        groups = self.groups(instances)
        joined = uncut(queryset).annotate(**{JOIN_KEY: JoinColumn(self.path)})
        joined = joined._set(_low=queryset._low, _high=queryset._high)
        found = await fetch_in(joined, JOIN_KEY, groups)
        for related in found:
            groups[related.__dict__.pop(JOIN_KEY)].append(related)
        found = self.cut(queryset, groups, found)
        self.give(instances, groups, to_attr)
        return found


class JoinColumn(F):
    """A column of the model that a many-to-many relation goes through.

    A condition of the prefetch queryset on that model speaks of the same row. One on the models beyond it does not, nor
    does what is counted: a plain ``F`` would use their joins, too, and so see, or count, only some of the rows.
    """

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        joins, annotations = query.select.joins.values(), query.select.annotations.values()
        grouped = (item for item in annotations if item.contains_aggregate)
        counted = {node.alias for item in grouped for node in item.walk() if isinstance(node, Col)}
        further = {join.parent for join in joins}
        ends = {join.alias for join in joins} - further - counted
        return query.resolve_ref(self.name, allow_joins, ends, summarize)


def loader_for(model: type[Any], name: str) -> Loader | None:
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
        return ManyToManyLoader(relation, name, reverse=relation is not descriptor.field)
    if relation is descriptor.field:
        return ForwardOneLoader(relation, name)
    return ReverseManyLoader(relation, name) if relation.multiple else ReverseOneLoader(relation, name)


def refuse_deferred(name: str, attribute: str) -> None:
    """Raise for a prefetch queryset that leaves out the key by which its rows are sorted out."""
    raise FieldError(
        f"prefetch_related({name!r}): the queryset leaves out {attribute!r}, by which rows find their parents; "
        f"name it in only(), or take it out of defer()."
    )


def keyed(found: Sequence[Any], attribute: str, name: str) -> dict[Any, Any]:
    """Return instances by their key."""
    if found and attribute not in found[0].__dict__:
        refuse_deferred(name, attribute)
    return {related.__dict__[attribute]: related for related in found}


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


def batches(alias: str, keys: Iterable[Any]) -> Iterator[list[Any]]:
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


async def fetch_in(queryset: Any, name: str, keys: Iterable[Any]) -> list[Any]:
    """Return the rows whose ``name`` is among the keys, in as few statements as the database's limit allows.

    A slice is one of the rows of each key, where the database can number them (see ``numbers_rows``), else none at all.
    """
    condition = f"{name}__in"
    low, high = queryset._low, queryset._high
    numbered = (low or high is not None) and numbers_rows(queryset)
    queryset = uncut(queryset)
    found: list[Any] = []
    for batch in batches(queryset.db, keys):
        chosen = queryset.filter(**{condition: batch})
        rows = await (chosen._cut_each(name, low, high) if numbered else chosen)
        found = found + rows if found else rows
    return found


# -- many lookups ------------------------------------------------------------------------------------------------------


def check_targets(model: type[Any], lookups: Iterable[str | Prefetch]) -> None:
    """Raise ``FieldError`` for a first name nothing has, ``ValueError`` for a ``to_attr`` that hides what is needed.

    Paths are followed as far as relations lead; what they mean beyond shows on the instances that are found.
    """
    given: set[str] = set()
    for lookup in map(as_prefetch, lookups):
        *before, last = lookup.prefetch_through.split("__")
        first = before[0] if before else last
        if first not in given and not hasattr(model, first):
            raise UnknownAttribute(unknown_relation(model, first, lookup))
        if not lookup.to_attr:
            continue
        given.add(lookup.prefetch_to.split("__")[0])
        current: Any = model
        for part in before:
            current = getattr(getattr(getattr(current, part, None), "relation", None), "related_model", None)
        if current is not None:
            message = f"to_attr={lookup.to_attr} conflicts with a field on the {current.__name__} model."
            check_attribute(current, lookup.to_attr, message)


def relation_names(model: type[Any]) -> Iterator[str]:
    """Yield the attributes of a model that can be prefetched."""
    for cls in model.__mro__:
        for name, value in vars(cls).items():
            if getattr(value, "relation", None) is not None:
                yield name


def unknown_relation(model: type[Any], name: str, lookup: Prefetch) -> str:
    """Return the sentence for a name that nothing of an instance has."""
    known = sorted(set(relation_names(model)))
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"It has {', '.join(known) or 'none'}."
    return (
        f"Cannot find {name!r} on {model.__name__} object, {lookup.prefetch_through!r} is an invalid parameter to "
        f"prefetch_related(). {model.__name__} has no relation {name!r}. {hint}"
    )


async def aprefetch_related_objects(instances: Sequence[Any], *lookups: str | Prefetch) -> None:
    """Load relations of instances that are at hand, in one query for each level.

    ``instances`` are of one model; ``lookups`` are paths or ``Prefetch`` objects. What they have loaded stays.

    Raises ``AttributeError`` for a path along what instances do not have, ``ValueError`` for one that ends in no
    relation, and when a path comes twice with different querysets.
    """
    await load_lookups(instances, lookups)


async def load_lookups(
    instances: Sequence[Any], lookups: Iterable[str | Prefetch], timeout: float | None = None
) -> None:
    """As ``aprefetch_related_objects``; each statement may take ``timeout`` seconds, unless its queryset says so."""
    if not instances:
        return
    reached: dict[str, list[Any]] = {}
    for lookup in map(as_prefetch, lookups):
        if lookup.queryset is not None and lookup.prefetch_to in reached:
            raise ValueError(
                f"{lookup.prefetch_to!r} lookup was already seen with a different queryset. You may need to adjust the "
                f"ordering of your lookups. {lookup.prefetch_to!r} is prefetched already, so its queryset would not be "
                "used. Put the Prefetch before the lookups that lead through it, or give it a to_attr."
            )
        await _follow(list(instances), lookup, reached, timeout)


async def _follow(instances: list[Any], lookup: Prefetch, reached: dict[str, list[Any]], timeout: float | None) -> None:
    """Load one lookup, level by level; ``reached`` holds the instances at the end of every path loaded so far."""
    through = lookup.prefetch_through.split("__")
    path = ""
    for level, part in enumerate(through):
        last = level == len(through) - 1
        attribute = lookup.to_attr if last and lookup.to_attr else part
        path = f"{path}__{attribute}" if path else attribute
        if path in reached:
            instances = reached[path]
        else:
            instances = reached[path] = await _load_all(instances, part, lookup, last, attribute, timeout)
        if not instances:
            return


async def _load_all(
    instances: list[Any], name: str, lookup: Prefetch, last: bool, attribute: str, timeout: float | None
) -> list[Any]:
    """Load one level for the instances that lack it; return everything at its end, each object once.

    The instances are of one model, unless a relation to rows of any model leads here: then those of each are loaded.
    """
    by_model: dict[type[Any], list[Any]] = {}
    for instance in instances:
        by_model.setdefault(type(instance), []).append(instance)
    loaders = {model: loader for model in by_model if (loader := loader_for(model, name)) is not None}
    if not loaders:
        return _along_attribute(instances, name, lookup, last)
    found: list[Any] = []
    for model, loader in loaders.items():
        found += await _load(by_model[model], name, loader, lookup, last, attribute, timeout)
    return found


def _along_attribute(instances: list[Any], name: str, lookup: Prefetch, last: bool) -> list[Any]:
    """Return what an attribute that is no relation holds, a property say, or what a ``to_attr`` has filled."""
    found: list[Any] = []
    for instance in instances:
        try:
            held = getattr(instance, name)
        except AttributeError:
            raise UnknownAttribute(unknown_relation(type(instance), name, lookup)) from None
        if last:
            raise ValueError(
                f"{lookup.prefetch_through!r} does not resolve to an item that supports prefetching - this is an "
                f"invalid parameter to prefetch_related(). {type(instance).__name__}.{name} is no relation"
            )
        found += held if isinstance(held, (list, tuple)) else () if held is None else (held,)
    return _once(found)


async def _load(
    instances: list[Any],
    name: str,
    loader: Loader,
    lookup: Prefetch,
    last: bool,
    attribute: str,
    timeout: float | None,
) -> list[Any]:
    """Load one level for instances of one model."""
    model = type(instances[0])
    querysets = lookup.querysets if last else []
    queryset = querysets[0] if querysets and not loader.of_any_model else None
    to_attr = attribute if attribute != name else None
    if to_attr is not None and to_attr in model._meta.fields_map:
        raise ValueError(f"Prefetch(to_attr={to_attr!r}) would hide a field of {model.__name__}; choose another name.")
    if to_attr is None:
        missing = loader.lacking(instances)
    else:
        missing = [instance for instance in instances if to_attr not in instance.__dict__]
    found: list[Any] = []
    if missing and loader.of_any_model:
        using = None if routes.active else missing[0]._state.db
        found = await loader.load_each(missing, querysets, to_attr, using)
    elif missing:
        rows = queryset
        if rows is None:
            rows = loader.rows(None if routes.active else missing[0]._state.db)
        elif rows._using is None and not routes.active:
            rows = rows.using(missing[0]._state.db)
        if routes.active and rows._using is None:
            rows = rows._set(_hints={"instance": missing[0]})
        mode = missing[0]._state.fetch_mode
        if mode != rows._fetch_mode == "one":
            rows = rows.fetch_mode(mode)
        if timeout is not None and rows._timeout is None:
            rows = rows._set(_timeout=timeout)
        found = await loader.load(missing, rows, to_attr)
        if queryset is not None and to_attr is None and not loader.single:
            for instance in missing:
                cache = instance.__dict__[PREFETCHED]
                cache[loader.name] = ChosenRows(cache[loader.name], queryset)
    if len(missing) == len(instances):
        return found
    return _once(chain(found, _held(instances, loader, to_attr)))


def _held(instances: Iterable[Any], loader: Loader, to_attr: str | None) -> Iterator[Any]:
    for instance in instances:
        held = loader.held(instance) if to_attr is None else instance.__dict__.get(to_attr)
        if held is None:
            continue
        if loader.single:
            yield held
        else:
            yield from held if isinstance(held, list) else held._result_cache


def _once(objects: Iterable[Any]) -> list[Any]:
    return list({id(one): one for one in objects}.values())
