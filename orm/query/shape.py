"""Shapes: queries without their values, interned so that equal queries share one object, and with it one compiled plan.

A shape knows the steps taken from it: structural key → next shape. A step taken before costs one dict look-up and the
preparation of its values; a new one resolves names (orm.query.builder) under a lock. The number of interned shapes is
bounded: past ``MAX_SHAPES`` all are forgotten at once and grow again, so that an application that builds endless
different queries stays small.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from weakref import WeakSet

from orm.epoch import epoch
from orm.query.builder import Builder, another_database
from orm.query.names import Listing
from orm.sql.conditions import SCALARS
from orm.sql.nodes import Uncacheable
from orm.sql.select import Join, Select
from orm.sql.types import OutOfRange
from orm.sql.zones import chosen

if TYPE_CHECKING:
    from orm.db.database import AwaitableDatabase
    from orm.db.limited_database import LimitedDatabase
    from orm.query.plan import Plan
    from orm.sql.statements import Statement

MAX_SHAPES = 4096
MAX_REMEMBERED_PATHS = 128
MAX_REMEMBERED_PATH = 200  # characters

T = TypeVar("T")

Change = Callable[..., None]
Prepare = Callable[[Any], Any]

_growing = threading.RLock()
_roots: dict[Any, Shape] = {}
_living: WeakSet[Shape] = WeakSet()
_paths: dict[tuple[Shape, Hashable], tuple[Hashable, tuple[Any, ...]]] = {}
"""The key without JSON paths, and these, of steps taken lately with names that hold some."""
_count = 0
"""How many steps and compiled statements there are; past ``MAX_SHAPES`` all are forgotten."""


class Step:
    """An edge between shapes: where it leads, and how each new value is prepared (None: nothing to do for any)."""

    __slots__ = ("prepares", "shape")

    def __init__(self, shape: Shape, prepares: Sequence[Prepare | None]) -> None:
        self.shape = shape
        self.prepares = tuple(prepares) if any(prepares) else None

    def prepared(self, value: object) -> tuple[Any]:
        """Return the one value of a step that has one. Raises ``OutOfRange`` and what preparing raises."""
        return (value if self.prepares is None else self.prepares[0](value),)  # type: ignore[misc]  # not None


class Shape:
    """A query's structure. ``steps`` lead to shapes already known, ``plans`` hold what it compiled to by dialect.

    ``gets`` are the steps of a ``get()`` by one plain value, by the name given: most queries of a program are such, and
    to make their structural key would be a fifth of what they cost.

    ``statement`` is the UPDATE or DELETE of the query's rows, for a shape whose last step makes it one. A model's root
    also holds what was compiled for its instances: the INSERT of a set of columns, and the like.

    ``only_on`` is the alias of the one database it can run on, where a query inside it has named one.
    """

    __slots__ = ("__weakref__", "gets", "only_on", "plans", "select", "statement", "steps")

    def __init__(self, select: Select, statement: Statement | None = None, only_on: str | None = None) -> None:
        self.select = select.freeze()
        self.statement = statement
        self.only_on = only_on
        self.steps: dict[Hashable, Step] = {}
        self.gets: dict[str, Step] = {}
        self.plans: dict[Hashable, Any] = {}
        with _growing:
            _living.add(self)

    def __iter__(self) -> NoReturn:
        """Refuse encoders that look into a queryset's ``__dict__``, as FastAPI's does without a type to go by."""
        raise TypeError("a query can't be turned into JSON: return its rows, `return await query` in async code")

    def __reduce__(self) -> tuple[object, ...]:
        return _unpickled, (self.select, self.only_on)

    def remember_get(self, key: Hashable | None, given: tuple[str, object]) -> None:
        """Remember the step of a ``get()``, if it was by one plain value and is shared."""
        name, value = given
        step = self.steps.get(key) if key is not None else None
        if step is not None and type(value) in SCALARS:
            self.gets[name] = step

    def forget(self) -> None:
        """Forget where its steps lead, and what it compiled to."""
        self.gets.clear()
        self.steps.clear()
        self.plans.clear()

    def advance(
        self, key: Hashable, values: Sequence[object], change: Change, *args: object
    ) -> tuple[Shape, tuple[Any, ...]]:
        """Return the shape one step on and the step's values, prepared.

        ``change(builder, *args)`` makes the step when it was not taken before; ``key`` None marks a step that can't be
        shared. Raises what resolving raises: ``FieldError``, ``TypeError``, ``ValueError``.
        """
        step = self.steps.get(key) if key is not None else None
        return self._grow(key, values, change, args) if step is None else self.follow(step, key, values, change, *args)

    def follow(
        self, step: Step, key: Hashable, values: Sequence[object], change: Change, *args: object
    ) -> tuple[Shape, tuple[object, ...]]:
        """As ``advance``, for a step the caller has found: looking it up again would cost as much as all the rest."""
        prepares = step.prepares
        if prepares is None:
            return step.shape, tuple(values)
        try:
            if len(prepares) == 1:
                return step.shape, (prepares[0](values[0]),)  # type: ignore[misc]  # not None: see Step
            # As many as there are values, since the key says how many; strict=True would cost half as much again.
            pairs = zip(prepares, values)  # noqa: B905
            return step.shape, tuple([value if prepare is None else prepare(value) for prepare, value in pairs])
        except OutOfRange:  # no column holds such a number: the comparison is always true or false, and other SQL
            return self._grow(key, values, change, args)

    def advance_named(
        self,
        key: Hashable,
        values: Sequence[object],
        listed: Callable[[Listing], Hashable],
        change: Change,
        *args: object,
    ) -> tuple[Shape, tuple[object, ...]]:
        """As ``advance``, for a new step whose names may hold JSON paths: ``listed`` returns its key without these.

        What names came to is remembered for a while: a program asks for the same few keys again and again.
        """
        known = _paths.get((self, key))
        step = self.steps.get(known[0]) if known is not None else None
        if known is None or step is None:
            listing = Listing(self.select)
            short = listed(listing)
            if not listing.paths:
                return self.advance(key, values, change, *args)
            step = self.steps.get(short)
            if step is None:
                return self._grow(short, listing, change, args)
            known = (short, tuple(listing.paths.values()))
            if sum(len(str(part)) for path in known[1] for part in path) <= MAX_REMEMBERED_PATH:
                if len(_paths) >= MAX_REMEMBERED_PATHS:
                    _paths.clear()
                _paths[self, key] = known
        whole = (*values, *known[1])
        if step.prepares is None:
            return step.shape, whole
        try:
            pairs = zip(step.prepares, whole, strict=True)
            return step.shape, tuple([value if prepare is None else prepare(value) for prepare, value in pairs])
        except OutOfRange:
            listing = Listing(self.select)
            return self._grow(listed(listing), listing, change, args)

    def _grow(
        self, key: Hashable | None, values: Sequence[object], change: Change, args: Sequence[object]
    ) -> tuple[Shape, tuple[object, ...]]:
        global _count
        with _growing:
            number = epoch.number
            builder = Builder(self.select, values if key is not None else None, self.only_on)
            change(builder, *args)
            if key is not None and len(builder.values) != len(values):
                raise AssertionError(f"{len(values)} values were listed, {len(builder.values)} were resolved")
            builder.select.cacheable = key is not None and builder.shared and self.select.cacheable
            shape = Shape(builder.finished(), builder.statement, builder.only_on)
            if shape.select.cacheable and number == epoch.number:
                if _count >= MAX_SHAPES:
                    clear()
                self.steps[key] = Step(shape, builder.prepares)
                _count += 1
            return shape, tuple(builder.values)

    def plan(
        self, database: AwaitableDatabase | LimitedDatabase, values: Sequence[Any], make: Callable[..., Plan]
    ) -> Plan:
        """Return what this shape compiles to for a database.

        ``make(structure, dialect, lengths)`` compiles it the first time: its statement, if it has one, else its select.
        The lengths of IN lists are part of the key only where they are part of the text, the time zone only where the
        text speaks of the current one. Callers look under the dialect alone first; the plan of a shape that can run on
        one database only is kept under another key, so that they come here and are refused for the others.

        Raises ``ValueError`` for another database than the one that a query inside this one has named.
        """
        if self.only_on is not None and self.only_on != database.alias:
            raise another_database(self.only_on, database.alias)
        dialect = database.dialect
        lists = self.select.list_slots
        lengths = {slot: len(values[slot]) for slot in lists}
        zoned = (dialect, chosen.get())
        keys: list[Hashable] = [dialect, zoned]
        if lists:
            keys = [*keys, *((key, *sorted(lengths.items())) for key in keys)]
        for key in keys:
            plan: Plan | None = self.plans.get(key)
            if plan is not None:
                return plan
        number = epoch.number
        plan = make(self.statement or self.select, dialect, lengths)
        key = keys[(plan.depends_on_zone or self.only_on is not None) + 2 * plan.depends_on_lengths]
        if key is not dialect and len(self.plans) >= 64:
            self.plans.clear()  # ever new zones and lengths of lists must not grow without end
        if number == epoch.number:
            self.plans[key] = plan
        return plan

    def compiled(self, key: Hashable, make: Callable[..., T], *args: object) -> T:
        """Return what ``make(*args)`` made when this was first called with ``key``."""
        global _count
        found: T | None = self.plans.get(key)
        if found is None:
            if _count >= MAX_SHAPES:
                clear()
            number = epoch.number
            found = make(*args)
            if number == epoch.number:
                self.plans[key] = found
                _count += 1
        return found


def _unpickled(select: Select, only_on: str | None) -> Shape:
    """Return the shape of a queryset that was pickled. Neither it nor the shapes it leads to are shared."""
    select = select.copy()
    select.cacheable = False
    return Shape(select, only_on=only_on)


def root(model: Any) -> Shape:
    """Return the shape of all rows of a model."""
    found = _roots.get(model)
    if found is None:
        table = model._meta.db_table
        found = _roots.setdefault(model, Shape(Select(model, {table: Join(table, table)})))
    return found


def clear() -> None:
    """Forget every interned shape; queries in use keep theirs."""
    global _count
    with _growing:
        for shape in _roots.values():
            shape.forget()
        _paths.clear()
        _count = 0


def forget() -> None:
    """Forget what was compiled, since what it was compiled from has changed; queries in use compile again."""
    with _growing:
        clear()
        for shape in _living:
            shape.forget()


def start_over_in_child() -> None:
    """In a forked child the thread that held the lock, if one did, does not exist."""
    global _growing
    _growing = threading.RLock()


os.register_at_fork(after_in_child=start_over_in_child)


def size() -> int:
    """Return how many shapes are interned."""
    return _count


epoch.listen(forget)

__all__ = ["Shape", "Step", "Uncacheable", "clear", "root", "size"]
