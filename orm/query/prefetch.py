"""``prefetch_related``: relations of many instances loaded in one query for each level.

A lookup is a path of attribute names (``"books__authors"``), a ``Prefetch`` one with a queryset or target of its own.
What is loaded already is used and not asked for again. A sliced queryset is cut for each parent, in the same query
(orm.sql.each_key). A name that is no relation, a property say, is read from the instances. What this module refuses:
names that nothing has, paths that end in no relation, a second queryset for a path that has one, a ``to_attr`` that
hides a field, a method or what else instances need.

It knows relations by what they say of themselves (their fields, names and flags) and imports no model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

from orm.bridge.together import together
from orm.db.registry import databases
from orm.db.routing import routes
from orm.errors import FieldError, UnknownAttribute, advised
from orm.query.names import check_attribute
from orm.query.own_prefetch import load_own, prefetches_itself
from orm.query.relation_loaders import Loader, loader_for, uncut
from orm.structures.arguments import listed
from orm.structures.attributes import PREFETCHED
from orm.structures.deprecation import RemovedInDjango60Warning, warn
from orm.text.spelling import did_you_mean

TWINS = ("aprefetch_related_objects",)


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
            raise advised(
                ValueError,
                "Prefetch querysets cannot use raw(), values(), and values_list().",
                f" Prefetch({lookup!r}): the queryset must give instances; leave out values().",
            )
        if to_attr is not None and not (isinstance(to_attr, str) and to_attr.isidentifier()):
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

    def get_current_queryset(self, level: int) -> Any:
        """Return the queryset to use at a level, or None: Django's older form, with its warning."""
        warn(
            "Prefetch.get_current_queryset() is deprecated. Use get_current_querysets() instead.",
            RemovedInDjango60Warning,
        )
        querysets = self.get_current_querysets(level)
        return querysets[0] if querysets else None

    def __repr__(self) -> str:
        return f"<Prefetch {self.prefetch_to}>"

    def __getstate__(self) -> dict[str, object]:
        """Return what is pickled: the queryset as a question, without asking it."""
        state = vars(self).copy()
        state["querysets"] = [queryset._set(_result_cache=[], _prefetch_done=True) for queryset in self.querysets]
        state["queryset"] = None
        return state

    def __setstate__(self, state: dict[str, object]) -> None:
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

    def __init__(self, rows: Iterable[object], queryset: object) -> None:
        super().__init__(rows)
        self.queryset = uncut(queryset)


# -- many lookups ------------------------------------------------------------------------------------------------------


def check_targets(model: type[object], lookups: Iterable[str | Prefetch]) -> None:
    """Raise ``FieldError`` for a first name nothing has, ``ValueError`` for a ``to_attr`` that hides what is needed.

    Paths are followed as far as relations lead; what they mean beyond shows on the instances that are found.
    """
    given: set[str] = set()
    for lookup in map(as_prefetch, lookups):
        *before, last = lookup.prefetch_through.split("__")
        first = before[0] if before else last
        if first not in given and not hasattr(model, first):
            raise unknown_relation(model, first, lookup)
        if not lookup.to_attr and lookup.queryset is None:
            continue
        current: Any = model
        for part in before:
            current = _model_behind(current, part)
        if lookup.queryset is not None:
            _check_queryset(lookup, _model_behind(current, last))
        if not lookup.to_attr:
            continue
        given.add(lookup.prefetch_to.split("__")[0])
        if current is not None:
            message = f"to_attr={lookup.to_attr} conflicts with a field on the {current.__name__} model."
            check_attribute(current, lookup.to_attr, message)


def _model_behind(model: Any, name: str) -> Any:
    """Return the model that a relation leads to; None where that can't be said of the class alone."""
    return getattr(getattr(getattr(model, name, None), "relation", None), "related_model", None)


def _check_queryset(lookup: Prefetch, expected: Any) -> None:
    """Raise ``FieldError`` for a queryset of a model that is not at the end of the path, nor kin to what is."""
    queryset: Any = lookup.queryset
    given = queryset.model
    if expected is None or given is None:
        return
    ours, theirs = expected._meta.concrete_model, given._meta.concrete_model
    if not (issubclass(ours, theirs) or issubclass(theirs, ours)):
        raise FieldError(
            f"Prefetch({lookup.prefetch_through!r}): the queryset is one of {given.__name__}, and "
            f"{lookup.prefetch_through!r} leads to {expected.__name__}: write {expected.__name__}.objects…"
        )


def relation_names(model: type[object]) -> Iterator[str]:
    """Yield the attributes of a model that can be prefetched."""
    for cls in model.__mro__:
        for name, value in vars(cls).items():
            if getattr(value, "relation", None) is not None:
                yield name


def unknown_relation(model: type[object], name: str, lookup: Prefetch) -> UnknownAttribute:
    """Return the error for a name that nothing of an instance has."""
    known = sorted(set(relation_names(model)))
    hint = did_you_mean(name, known) or f" It has {', '.join(known) or 'none'}."
    return advised(
        UnknownAttribute,
        f"Cannot find {name!r} on {model.__name__} object, {lookup.prefetch_through!r} is an invalid parameter to "
        "prefetch_related()",
        f". {model.__name__} has no relation {name!r}.{hint}",
    )


async def aprefetch_related_objects(instances: Sequence[object], *lookups: str | Prefetch) -> None:
    """Load relations of instances that are at hand, in one query for each level.

    ``instances`` are of one model; ``lookups`` are paths or ``Prefetch`` objects. What they have loaded stays.

    Raises ``AttributeError`` for a path along what instances do not have, ``ValueError`` for one that ends in no
    relation, and when a path comes twice with different querysets.
    """
    await load_lookups(instances, lookups)


async def load_lookups(
    instances: Sequence[object], lookups: Iterable[str | Prefetch], timeout: float | None = None
) -> None:
    """As ``aprefetch_related_objects``; each statement may take ``timeout`` seconds, unless its queryset says so."""
    listed("prefetch_related_objects()", instances, "a list of instances")
    if instances:
        await _load_level(list(instances), list(map(as_prefetch, lookups)), 0, timeout)


async def _load_level(instances: list[object], lookups: Sequence[Prefetch], level: int, timeout: float | None) -> None:
    """Load the attributes at one level of paths that are the same before, and what lies behind each of them.

    They are independent of each other, unless one is a property, which may ask for what another one loads.
    """
    groups: dict[str, list[Prefetch]] = {}
    for lookup in lookups:
        groups.setdefault(_attribute(lookup, level), []).append(lookup)
    branches = [partial(_load_branch, instances, name, group, level, timeout) for name, group in groups.items()]
    if len(branches) > 1:
        firsts = [group[0].prefetch_through.split("__")[level] for group in groups.values()]
        models = {type(instance) for instance in instances}
        if all(loader_for(model, name) is not None for name in firsts for model in models):
            await together(branches, spare_connections())
            return
    for branch in branches:
        await branch()


def _attribute(lookup: Prefetch, level: int) -> str:
    """Return the attribute that takes what a lookup loads at a level."""
    through = lookup.prefetch_through.split("__")
    return lookup.to_attr if lookup.to_attr and level == len(through) - 1 else through[level]


async def _load_branch(
    instances: list[object], attribute: str, lookups: Sequence[Prefetch], level: int, timeout: float | None
) -> None:
    """Load one attribute as the first of the lookups says, then what lies behind it."""
    seen = [n for n, one in enumerate(lookups) if n and one.queryset is not None and _ends_at(one, level)]
    before = lookups[: seen[0]] if seen else lookups
    through = lookups[0].prefetch_through.split("__")
    found = await _load_all(instances, through[level], lookups[0], level == len(through) - 1, attribute, timeout)
    further = [lookup for lookup in before if not _ends_at(lookup, level)]
    if found and further:
        await _load_level(found, further, level + 1, timeout)
    if seen:
        path = lookups[seen[0]].prefetch_to
        raise advised(
            ValueError,
            f"{path!r} lookup was already seen with a different queryset. You may need to adjust the "
            "ordering of your lookups.",
            f" {path!r} is prefetched already, so its queryset would not be used. Put the Prefetch before the lookups "
            "that lead through it, or give it a to_attr.",
        )


def _ends_at(lookup: Prefetch, level: int) -> bool:
    return lookup.prefetch_through.count("__") == level


def spare_connections() -> int:
    """Return how many connections every database has free for queries at the same time; 1 inside a transaction, whose
    queries take turns, and in blocking code."""
    return min((database.spare for database in databases.made()), default=1)


async def _load_all(
    instances: list[object], name: str, lookup: Prefetch, last: bool, attribute: str, timeout: float | None
) -> list[object]:
    """Load one level for the instances that lack it; return everything at its end, each object once.

    The instances are of one model, unless a relation to rows of any model leads here: then those of each are loaded.
    """
    by_model: dict[type[Any], list[Any]] = {}
    for instance in instances:
        by_model.setdefault(type(instance), []).append(instance)
    loaders = {model: loader for model in by_model if (loader := loader_for(model, name)) is not None}
    if not loaders and prefetches_itself(instances[0], name):
        querysets = lookup.querysets if last else None
        return await load_own(instances, name, querysets, attribute if attribute != name else None)
    if not loaders:
        return _along_attribute(instances, name, lookup, last)
    found: list[Any] = []
    for model, loader in loaders.items():
        found += await _load(by_model[model], name, loader, lookup, last, attribute, timeout)
    return found


def _along_attribute(instances: list[object], name: str, lookup: Prefetch, last: bool) -> list[object]:
    """Return what an attribute that is no relation holds, a property say, or what a ``to_attr`` has filled."""
    found: list[Any] = []
    for instance in instances:
        try:
            held = getattr(instance, name)
        except AttributeError:
            raise unknown_relation(type(instance), name, lookup) from None
        if last:
            raise advised(
                ValueError,
                f"{lookup.prefetch_through!r} does not resolve to an item that supports prefetching - this is an "
                "invalid parameter to prefetch_related().",
                f" {type(instance).__name__}.{name} is no relation",
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
    # Instances that have the relation already are left as they are, and asked for nothing.
    if to_attr is None:
        missing = loader.lacking(instances)
    else:
        missing = [instance for instance in instances if to_attr not in instance.__dict__]
    found: list[Any] = []
    if missing and loader.of_any_model:
        using = None if routes.active else missing[0]._state.db
        found = await loader.load_each(missing, querysets, to_attr, using)
    elif missing:
        found = await loader.load(missing, _related_rows(loader, queryset, missing[0], timeout), to_attr)
        if queryset is not None and to_attr is None and not loader.single:
            for instance in missing:
                cache = instance.__dict__[PREFETCHED]
                cache[loader.name] = ChosenRows(cache[loader.name], queryset)
    if len(missing) == len(instances):
        return found
    # What is loaded next hangs on all of them: on what was found now, and on what the others had already.
    return _once(chain(found, _held(instances, loader, to_attr)))


def _related_rows(loader: Loader, queryset: Any, instance: Any, timeout: float | None) -> Any:
    """Return the queryset that related rows are read with: on the database of the instances, and as these load.

    What the program's own ``queryset`` says wins; without one it is the relation's. Routers choose where there are any.
    """
    rows = queryset
    if rows is None:
        rows = loader.rows(None if routes.active else instance._state.db)
    elif rows._using is None and not routes.active:
        rows = rows.using(instance._state.db)
    if routes.active and rows._using is None:
        rows = rows._set(_hints={"instance": instance})
    mode = instance._state.fetch_mode
    if mode != rows._fetch_mode == "one":
        rows = rows.fetch_mode(mode)
    return rows._set(_timeout=timeout) if timeout is not None and rows._timeout is None else rows


def _held(instances: Iterable[object], loader: Loader, to_attr: str | None) -> Iterator[object]:
    for instance in instances:
        held = loader.held(instance) if to_attr is None else instance.__dict__.get(to_attr)
        if held is None:
            continue
        if loader.single:
            yield held
        else:
            yield from held if isinstance(held, list) else held._result_cache


def _once(objects: Iterable[object]) -> list[object]:
    return list({id(one): one for one in objects}.values())
