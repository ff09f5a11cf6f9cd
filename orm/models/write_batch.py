"""``batch()``: a block of ``atomic`` that gathers what ``save()``, ``create()`` and ``delete()`` would write.

It is sent as few statements when the block ends, and before any other statement of the block, which so sees it:
INSERTs (what others refer to first), then UPDATEs, then DELETEs (what refers to others first). Rows that refer to each
other are inserted without a key that may be NULL, which they get when all are there. An instance's values are those it
had when it was saved. What can't wait is not gathered but done at once, after all that was: rows in several
tables, keys of several columns, expressions as values, and a ``save()`` that does not know whether its row exists.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

from orm.db.registry import databases
from orm.db.transactions.atomic_blocking import Atomic
from orm.models.deletion import adelete_instances
from orm.models.open_batches import open_batches
from orm.models.signals import post_save
from orm.query.insert_instances import insert_many, insert_rows, many_rows
from orm.query.instance_rows import Columns, Computed, Prepared, columns_of
from orm.query.update_instances import many_updates, update_rows_of
from orm.records import NamedTuple

if TYPE_CHECKING:
    from types import TracebackType

    from orm.db.transactions.block import Block
    from orm.models.base import AwaitableModel
    from orm.models.writing import WritePlan
    from orm.sql.dialect import Dialect

INSERT, UPDATE, DELETE = "insert", "update", "delete"


class Link(NamedTuple):
    """A foreign key whose value is not known before the row it refers to is inserted."""

    position: int
    field: Any
    related: Any


class Entry(NamedTuple):
    """One instance that was saved: the parameters of its row, and the keys that they still lack."""

    instance: Any
    row: tuple[Any, ...]
    links: tuple[Link, ...]
    names: frozenset[str] | None
    """The fields that were to be updated, where ``save()`` was told or knew."""
    limited: bool
    """Whether ``save(update_fields=…)`` or ``force_update`` said that the row is there."""


class Group:
    """Rows of one table that one statement writes."""

    def __init__(self, plan: WritePlan, columns: Columns, kind: str, dialect: Dialect) -> None:
        self.plan = plan
        self.columns = columns
        self.many: Any = (many_rows if kind is INSERT else many_updates)(plan.model, columns, dialect)
        self.entries: dict[int, Entry] = {}


class AwaitableWriteBatch:
    """A block of a transaction that gathers its writes. Made by :func:`orm.batch`, which documents the parameters."""

    NOT_TWINNED = ("take_save", "take_delete")

    def __init__(self, using: str | None = None, savepoint: bool = True, durable: bool = False) -> None:
        self._atomic = Atomic(using, savepoint, durable)
        self.alias = self._atomic.database.alias
        self.deleted: Counter[str] = Counter()
        """How many rows the deletions of the block have taken, by model's label."""
        self._groups: dict[Any, Group] = {}
        self._going: dict[Any, dict[int, Any]] = {}
        self._known: dict[int, Any] = {}

    async def __aenter__(self) -> Self:
        await self._atomic.__aenter__()
        block = self._block
        assert block is not None
        block.batch = weakref.proxy(self)  # or the block, which an object let go of gives up, would keep it
        open_batches.add(id(self))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None and self.is_open:
                while self.waiting:  # what receivers of signals have saved comes after
                    await self.aflush()
        except BaseException as problem:
            await self._atomic.__aexit__(type(problem), problem, problem.__traceback__)
            raise
        else:
            await self._atomic.__aexit__(kind, error, traceback)
        finally:
            self.abandon()

    @property
    def is_open(self) -> bool:
        """Whether it has been entered and not left."""
        return self._atomic.is_open

    @property
    def _block(self) -> Block | None:
        return self._atomic._block

    def abandon(self) -> None:
        """Give up a block that nobody can leave any more; does nothing for one that has ended."""
        open_batches.discard(id(self))
        self._groups, self._going, self._known = {}, {}, {}
        self._atomic.abandon()

    def __del__(self) -> None:
        """The object was let go of while its block was open."""
        open_batches.discard(id(self))
        begun = getattr(self, "_atomic", None)  # missing where making it failed
        if begun is not None and begun._block is not None:
            begun._block.batch = None

    @property
    def waiting(self) -> bool:
        """Whether anything was gathered that has not been sent."""
        return bool(self._known)

    def holds(self, instance: AwaitableModel) -> bool:
        """Whether an instance is going to be inserted."""
        known = self._known.get(id(instance))
        return known is not None and known[0] is INSERT

    # -- gathering -----------------------------------------------------------------------------------------------------

    async def take_save(
        self,
        instance: AwaitableModel,
        plan: WritePlan,
        forced: bool,
        update: bool,
        chosen: frozenset[str] | None,
        limited: bool,
    ) -> bool:
        """Gather the write of an instance; return whether that could be done. See ``write_row`` for the parameters."""
        found = self._statement_for(instance, plan, forced, update, chosen, limited)
        if found is None:
            return False
        kind, columns = found
        place = (kind, plan.model, columns)
        known = self._known.get(id(instance))
        if (known is not None and known != place) or self._may_collide(plan, kind):
            await self.aflush()
            return False
        group = self._groups.get(place)
        if group is None:
            dialect = databases[self.alias].dialect
            if kind is INSERT and not dialect.capabilities.returning:
                return False
            group = self._groups[place] = Group(plan, columns, kind, dialect)
        try:
            row = group.many.row(instance)
        except Computed:
            return False
        links = tuple(self._links(instance, plan, columns, len(row) - len(columns.fields))) if plan.relations else ()
        group.entries[id(instance)] = Entry(instance, row, links, chosen, limited or update)
        self._known[id(instance)] = place
        instance._state.db = self.alias  # where what is done with it next is done
        return True

    def _statement_for(
        self,
        instance: AwaitableModel,
        plan: WritePlan,
        forced: bool,
        update: bool,
        chosen: frozenset[str] | None,
        limited: bool,
    ) -> tuple[str, Columns] | None:
        """Return which statement writes an instance, and its columns; None where that can't be said or can't wait."""
        if plan.parents or plan.composite or plan.files or instance._meta.select_on_save:
            return None
        held = vars(instance)
        key = held.get(plan.key_attname)
        if key is None and plan.key_has_default:
            if plan.key.has_db_default:
                return None
            key = held[plan.key_attname] = plan.key.get_default()
        if key is None:
            return None if update or limited else (INSERT, plan.without_auto)
        adding = instance._state.adding
        if forced or (plan.key_has_default and adding and not update and not limited):
            return (INSERT, plan.all)
        columns = plan.keyless if chosen is None else plan.chosen(chosen)
        return None if adding or not columns.fields else (UPDATE, columns)

    def _may_collide(self, plan: WritePlan, kind: str) -> bool:
        """Whether a row to be written may need what an update or a deletion that waits is going to free.

        A deletion may take the rows that refer to its own along.
        """
        meta = plan.model._meta
        if kind is INSERT and meta.concrete_model in self._going:
            return True
        updates = kind is INSERT and any(
            group.plan is plan and one is UPDATE for (one, _, _), group in self._groups.items()
        )
        if not updates and not self._going:
            return False
        unique = any(field.unique and not field.primary_key for field in meta.table_fields)
        if not (unique or meta.unique_together or meta.constraints):
            return False
        return updates or not self._going.keys().isdisjoint(_referred_to(meta.concrete_model))

    def _links(self, instance: AwaitableModel, plan: WritePlan, columns: Columns, offset: int) -> Iterator[Link]:
        held = vars(instance)
        for field in plan.relations:
            related = held.get(field.name)
            if related is None or field not in columns.fields or not self.holds(related):
                continue
            if getattr(related, field.target_field.attname) is None:
                yield Link(offset + columns.fields.index(field), field, related)

    async def take_delete(self, instance: AwaitableModel) -> bool:
        """Gather the deletion of an instance; return whether that could be done."""
        meta = instance._meta
        if id(instance) in self._known:
            await self.aflush()
        if meta.parents or meta.pk.is_composite:
            return False
        self._going.setdefault(meta.concrete_model, {})[id(instance)] = instance
        self._known[id(instance)] = (DELETE, meta.concrete_model, None)
        return True

    # -- sending -------------------------------------------------------------------------------------------------------

    async def aflush(self) -> None:
        """Send what was gathered. Raises what the database raises, and ``NotUpdated`` for a row that is not there."""
        groups, self._groups = self._groups, {}
        going, self._going = self._going, {}
        self._known = {}
        ordered = _in_order([group.plan.model for group in groups.values()] + list(going))
        inserts = [group for (kind, _, _), group in groups.items() if kind is INSERT]
        saved = await self._insert_all(sorted(inserts, key=lambda group: ordered[group.plan.model]))
        for (kind, _, _), group in groups.items():
            if kind is UPDATE:
                saved += await self._update_all(group)
        for model in sorted(going, key=ordered.__getitem__, reverse=True):
            _, counts = await adelete_instances(list(going[model].values()), using=self.alias)
            self.deleted.update(counts)
        if post_save.receivers:
            for entry, created in saved:
                await post_save.asend(
                    type(entry.instance),
                    instance=entry.instance,
                    created=created,
                    raw=False,
                    using=self.alias,
                    update_fields=entry.names,
                )

    async def _insert_all(self, groups: Sequence[Group]) -> list[tuple[Entry, bool]]:
        """Insert rows in rounds: those whose keys are all known, until none is left.

        Where each row that is left waits for another, some are inserted without the keys that may be NULL; these are
        set by an UPDATE at the end. Raises ``ValueError`` where no row can do without.
        """
        saved: list[tuple[Entry, bool]] = []
        later: list[tuple[Group, Entry]] = []
        waiting = [(group, list(group.entries.values())) for group in groups if group.entries]
        while waiting:
            left: list[tuple[Group, list[Entry]]] = []
            before = len(saved)
            for group, entries in waiting:
                ready = [entry for entry in entries if _is_ready(entry)] if group.plan.relations else entries
                if len(ready) < len(entries):
                    left.append((group, [entry for entry in entries if not _is_ready(entry)]))
                if ready:
                    await self._insert(group, ready)
                    saved += [(entry, True) for entry in ready]
            if len(saved) == before:
                left = _without_some_keys(left, later)
            waiting = left
        await self._set_keys(later)
        return saved

    async def _set_keys(self, later: Sequence[tuple[Group, Entry]]) -> None:
        """Set the keys that rows were inserted without: the links of these entries."""
        database = databases[self.alias]
        tables: dict[tuple[Any, tuple[Any, ...]], list[tuple[Any, ...]]] = {}
        for group, entry in later:
            held, own = vars(entry.instance), group.plan.model._meta.pk_fields
            key = [Prepared(field, database.dialect)(held[field.attname]) for field in own]
            links = tuple(link._replace(position=number) for number, link in enumerate(entry.links, len(key)))
            row = _linked(entry._replace(row=(*key, *[None] * len(links)), links=links), database.dialect)
            tables.setdefault((group.plan.model, tuple(link.field for link in links)), []).append(row)
        for (model, fields), rows in tables.items():
            many = many_updates(model, columns_of(model, fields), database.dialect)
            await update_rows_of(model, many, rows, database)

    async def _insert(self, group: Group, entries: Sequence[Entry]) -> None:
        database = databases[self.alias]
        instances = [entry.instance for entry in entries]
        rows = [_linked(entry, database.dialect) if entry.links else entry.row for entry in entries]
        await insert_rows(group.plan.model, instances, rows, group.many, database)
        for instance in instances:
            state = instance._state
            state.adding = False
            state.db = self.alias

    async def _update_all(self, group: Group) -> list[tuple[Entry, bool]]:
        database = databases[self.alias]
        entries = list(group.entries.values())
        rows = [_linked(entry, database.dialect) if entry.links else entry.row for entry in entries]
        matched = await update_rows_of(group.plan.model, group.many, rows, database)
        created: set[int] = set()
        if matched < len(entries):
            created = await self._insert_missing(group.plan, entries)
        for entry in entries:
            held = vars(entry.instance)
            entry.instance._state.db = self.alias
            for name in group.plan.generated:
                held.pop(name, None)  # computed anew, and read when it is asked for
        return [(entry, id(entry.instance) in created) for entry in entries]

    async def _insert_missing(self, plan: WritePlan, entries: Sequence[Entry]) -> set[int]:
        """Insert the rows that an UPDATE did not find, as ``save()`` does; return which instances they are of."""
        keys = [entry.instance.pk for entry in entries]
        there = set(
            await plan.model._meta.base_manager.using(self.alias).filter(pk__in=keys).values_list("pk", flat=True)
        )
        missing = [entry for entry in entries if entry.instance.pk not in there]
        limited = next((entry for entry in missing if entry.limited or entry.names is not None), None)
        if limited is not None:
            raise type(limited.instance).NotUpdated(
                f"The row of {limited.instance!r}, which was to be updated, is gone."
            )
        if missing:
            instances = [entry.instance for entry in missing]
            await insert_many(plan.model, instances, plan.all, databases[self.alias])
        return {id(entry.instance) for entry in missing}


def _is_ready(entry: Entry) -> bool:
    return all(map(_has_key, entry.links))


def _has_key(link: Link) -> bool:
    return getattr(link.related, link.field.target_field.attname) is not None


def _without_some_keys(
    left: list[tuple[Group, list[Entry]]], later: list[tuple[Group, Entry]]
) -> list[tuple[Group, list[Entry]]]:
    """Return rows that wait for each other, one table's of them without the keys they can do without.

    Those rows are added to ``later``, with the keys for links. Raises ``ValueError`` where no row can do without.
    """
    for place, (group, entries) in enumerate(left):
        waits = {id(entry): [link for link in entry.links if not _has_key(link)] for entry in entries}
        if not any(all(link.field.null for link in links) for links in waits.values()):
            continue
        chosen: list[Entry] = []
        for entry in entries:
            links = tuple(waits[id(entry)])
            if all(link.field.null for link in links):
                later.append((group, entry._replace(links=links)))
                entry = entry._replace(links=tuple(link for link in entry.links if link not in links))
            chosen.append(entry)
        return [*left[:place], (group, chosen), *left[place + 1 :]]
    raise ValueError(
        "These rows refer to each other, and none can be inserted first, since none of the keys may be NULL: "
        f"{', '.join(repr(entry.instance) for _, entries in left for entry in entries[:3])}"
    )


def _linked(entry: Entry, dialect: Dialect) -> tuple[Any, ...]:
    """Return the parameters of a row with the keys of what it refers to, which its instance takes as well."""
    row = list(entry.row)
    for position, field, related in entry.links:
        key = getattr(related, field.target_field.attname)
        row[position] = Prepared(field, dialect)(key)
        held = vars(entry.instance)
        if held.get(field.name) is related:
            held[field.attname] = key
    return tuple(row)


def _referred_to(model: type[AwaitableModel]) -> set[Any]:
    """Return a model and those that its rows refer to, be it through rows of others."""
    found: set[Any] = set()
    left: list[Any] = [model]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += [field.remote_field.model._meta.concrete_model for field in one._meta.relation_fields]
    return found


def _in_order(models: Iterable[type[AwaitableModel]]) -> dict[Any, int]:
    """Return the place of each model in an order where those that others refer to come first."""
    wanted = set(models)
    places: dict[Any, int] = {}
    visited: set[Any] = set()

    def visit(model: type[AwaitableModel]) -> None:
        if model in visited:
            return
        visited.add(model)
        for field in model._meta.relation_fields:
            target = field.remote_field.model._meta.concrete_model
            if target is not model:
                visit(target)
        if model in wanted:
            places[model] = len(places)

    for model in models:
        visit(model)
    return places
