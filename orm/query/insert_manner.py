"""What a bulk INSERT does with rows that exist, what it gives back, and how many rows go at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from operator import is_
from typing import TYPE_CHECKING, Any

from orm.db.registry import databases
from orm.errors import NotSupportedError
from orm.query.change_query import assignments_key, upsert_rows
from orm.query.shape import root
from orm.records import NamedTuple
from orm.sql.insert import Conflict, Excluded, Insert
from orm.sql.nodes import Uncacheable, structure_of
from orm.sql.select import Output
from orm.structures.arguments import checked_condition, listed_names

if TYPE_CHECKING:
    from orm.query.layout import Layout
    from orm.query.plan import Plan
    from orm.sql.described import ModelClass, ModelField
    from orm.sql.resolving import Resolvable


class Wanted:
    """The columns that a caller wants of the rows that are written, and the rows as they come.

    ``key`` tells these columns from others where statements are kept by what they are made of.
    """

    __slots__ = ("key", "layout", "outputs", "owners", "plan", "rows")

    def __init__(self, key: Hashable, outputs: tuple[Output, ...], layout: Layout) -> None:
        self.key = key
        self.outputs = outputs
        self.layout = layout
        self.rows: list[Sequence[object]] = []
        self.owners: list[object] = []
        self.plan: Plan | None = None

    def take(self, plan: Plan, rows: Sequence[Sequence[object]], begin: int = 0, owners: Sequence[object] = ()) -> None:
        """Keep what a statement gave.

        Parameters: ``begin`` is where the columns begin that were wanted here; ``owners`` are the instances that the
        statement wrote, whose rows these are where there are as many.
        """
        plan.layout = self.layout
        self.plan = plan
        self.rows += [row[begin:] for row in rows] if begin else rows
        if len(owners) == len(rows):
            self.owners += owners

    def put_in_order(self, given: Sequence[object]) -> None:
        """Put the rows into the order of the instances that were given, where each of these has one."""
        if not len(self.owners) == len(self.rows) == len(given) or all(map(is_, self.owners, given)):
            return
        places = {id(instance): place for place, instance in enumerate(given)}
        order = sorted(range(len(given)), key=lambda number: places[id(self.owners[number])])
        self.rows = [self.rows[number] for number in order]


class Upsert(NamedTuple):
    """What happens to rows that are there already, and the values of its slots.

    ``key`` finds what was compiled for it; None where nothing is to be kept.
    """

    conflict: Conflict
    values: tuple[Any, ...]
    list_slots: frozenset[int]
    key: Any

    @property
    def told_by(self) -> tuple[ModelField, ...]:
        """The fields that tell which of the rows came back, where not all do; none where nothing does.

        Rows for which a condition does not hold stay as they are and don't come back; those that do have the values
        that the rows which were to be inserted had in these fields, unless the update changes them.
        """
        changed = {field for field, _ in self.conflict.assignments}
        target = self.conflict.target
        return () if self.conflict.condition is None or changed.intersection(target) else tuple(target)


def upsert_of(
    model: Any,
    using: str,
    ignore: bool,
    update: bool,
    update_fields: Collection[str] | Mapping[str, Any] | None,
    unique_fields: Collection[str] | None,
    condition: Any,
) -> Upsert | None:
    """Return what ``bulk_create()`` does with rows that exist; None: they are errors.

    Raises ``ValueError`` for arguments that contradict each other, ``NotSupportedError`` where the database can't.
    """
    if not ignore and not update:
        if update_fields or unique_fields or condition is not None:
            raise ValueError("update_fields, unique_fields and update_condition go with update_conflicts=True")
        return None
    if ignore and update:
        raise ValueError("ignore_conflicts and update_conflicts are mutually exclusive.")
    if ignore and condition is not None:
        raise ValueError("update_condition goes with update_conflicts=True")
    dialect = databases[using].dialect
    if not (dialect.capabilities.ignore_conflicts if ignore else dialect.capabilities.upsert):
        raise NotSupportedError(f"{dialect.name} can't {'ignore' if ignore else 'update on'} conflicts")
    if update and not update_fields:
        raise ValueError("Fields that will be updated when a row insertion fails on conflicts must be provided.")
    if update and not unique_fields:
        raise ValueError("Unique fields that can trigger the upsert must be provided.")
    target, changed = (
        _concrete(model, unique_fields or (), "unique_fields"),
        _concrete(model, update_fields or (), "update_fields"),
    )
    if any(field.primary_key or field in model._meta.pk_fields for field in changed):
        raise ValueError("bulk_create() cannot be used with primary keys in update_fields.")
    if isinstance(update_fields, Mapping):
        assignments = dict(update_fields)
    else:
        assignments = {field.name: Excluded(field.name) for field in changed}
    return _resolved(model, target, assignments, checked_condition("bulk_create(update_condition=…)", condition))


def _resolved(
    model: ModelClass, target: tuple[object, ...], assignments: dict[str, Any], condition: Resolvable | None
) -> Upsert:
    values: list[Any] = []
    key: Any
    try:
        key = ("upsert", target, assignments_key(assignments, values), structure_of(condition, values))
    except Uncacheable:
        key = None
    shape, prepared = root(model).advance(key, values, upsert_rows, target, assignments, condition)
    statement = shape.statement
    assert isinstance(statement, Insert) and statement.conflict is not None
    lists = shape.select.list_slots
    kept = (shape, *[len(prepared[slot]) for slot in sorted(lists)]) if shape.select.cacheable else None
    return Upsert(statement.conflict, prepared, lists, kept)


def _concrete(model: ModelClass, names: Collection[str], argument: str) -> tuple[Any, ...]:
    opts = model._meta
    wanted = listed_names(f"bulk_create({argument}=…)", names)
    found = tuple(opts.pk if name == "pk" else opts.get_field(name) for name in wanted)
    if not all(field.concrete for field in found):
        raise ValueError(f"bulk_create() can only be used with concrete fields in {argument}.")
    return found


class Manner(NamedTuple):
    """How many rows are inserted."""

    upsert: Upsert | None = None
    """What happens to rows that exist; None: they are errors."""
    batch_size: int | None = None
    """The most rows of one statement; None for as many as it takes."""
    take: bool = True
    """Whether instances take what the database made; it comes only from databases with RETURNING."""
    as_held: bool = False
    """Whether what instances hold is written also of fields that make their own value (``auto_now``)."""
    wanted: Wanted | None = None
    """What comes back beside it."""
    later: list[Callable[[], None]] | None = None
    """Where it is kept how instances take what came back, until all rows are there; None: each statement's are."""

    @property
    def key(self) -> Hashable:
        """What a statement depends on; None where it is not kept."""
        if self.upsert is not None and self.upsert.key is None:
            return None
        return self.take, self.upsert and self.upsert.key, self.wanted and self.wanted.key
