"""The chain: an immutable query that each method extends by one step. Nothing here waits or touches a database.

What a chain holds: the model, the shape (structure), the prepared values of its slots, the alias of the database and
what is to be done with the results. Values are prepared when they are given, so a wrong one raises at the call.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, overload

from orm import errors
from orm.config import DEFAULT_ALIAS
from orm.db.limits import seconds_above_zero
from orm.db.routing import routes
from orm.late import late_module
from orm.query import joining, slices, steps
from orm.query.builder import another_database
from orm.query.cte import CTE, check_name, columns_of, with_columns
from orm.query.iterables import BaseIterable, ModelIterable
from orm.query.key_names import has_keys, whole_names
from orm.query.shape import Shape, root
from orm.query.step_keys import filter_key, listed_filter_key, take_step
from orm.sql import types
from orm.sql.conditions import Q, kind_of
from orm.sql.nodes import Uncacheable
from orm.sql.select import RowForm
from orm.structures.arguments import checked_alias, listed_names, mapped
from orm.structures.fetch_mode import FetchMode

if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Self

    from orm.query import extra, moments, named_expressions, prefetch
    from orm.query.known_related import Tie
    from orm.query.query import Query
    from orm.query.queryset_blocking import QuerySet
    from orm.sql.combinable import Combinable
    from orm.sql.types import SQLType

    Name: TypeAlias = str | Combinable
else:
    extra = late_module("orm.query.extra")
    moments = late_module("orm.query.moments")
    named_expressions = late_module("orm.query.named_expressions")
    prefetch = late_module("orm.query.prefetch")

M = TypeVar("M", covariant=True)
C = TypeVar("C", bound="Chain[Any]")
"""The class that a public method was called on. Not ``Self``, of which jedi forgets what it is a query for."""


class LateAttribute:
    """``_shape`` or ``_values`` of a queryset of prefetched rows: worked out when something is chained to it.

    Most never are: they are only iterated. Other querysets have these in their ``__dict__``, which wins.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, queryset: object, owner: type) -> Any:
        if queryset is None:
            return self
        held = queryset.__dict__
        if "_narrow" not in held:
            raise AttributeError(f"{type(queryset).__name__} has no {self.name}: its __init__() was not called")
        narrowed = held.pop("_narrow")()
        for name in ("_shape", "_values", "_using", "_follows", "_known_related", "_hints"):
            held[name] = getattr(narrowed, name)
        return held[self.name]


class Chain(Generic[M]):
    """The part of a QuerySet that builds queries."""

    model: type[M]
    if TYPE_CHECKING:
        _shape: Shape
        _values: tuple[Any, ...]
    else:
        _shape = LateAttribute()
        _values = LateAttribute()
    _using: str | None = None
    _follows: bool = False
    """Whether ``_using`` is only where an instance is from, through whose relation the rows are found."""
    _low: int = 0
    _high: int | None = None
    _result_cache: list[Any] | None = None
    _prefetch_related_lookups: tuple[Any, ...] = ()
    _prefetch_done: bool = False
    _known_related: tuple[Tie, ...] | None = None
    _fetch_mode: FetchMode = "one"
    _timeout: float | None = None
    _hints: dict[str, Any] | None = None
    _for_write: bool = False
    _iterable_class: type[BaseIterable] = ModelIterable

    def __init__(
        self,
        model: type[M] | None = None,
        query: Query | None = None,
        using: str | None = None,
        hints: dict[str, Any] | None = None,
    ) -> None:
        if model is None:
            raise TypeError("A QuerySet needs a model: QuerySet(Author)")
        self._shape = root(model)  # before the model: FastAPI's encoder goes by this order, and stops at a shape
        self.model = model
        self._values = ()
        if query is not None:
            query.copy_to(self)
        if using is not None or query is not None:
            self._using = using
        if hints:
            self._hints = hints

    # -- mechanism -----------------------------------------------------------------------------------------------------

    def _with(self, shape: Shape, values: tuple[object, ...]) -> Self:
        # Past __init__, which a class of a program's own may have with other parameters.
        new = object.__new__(self.__class__)
        new.__dict__ = attributes = self.__dict__.copy()
        attributes["_shape"] = shape
        attributes["_values"] = values
        if self._result_cache is not None:
            attributes["_result_cache"] = None
            attributes["_prefetch_done"] = False
        return new

    def _clone(self) -> Self:
        return self._with(self._shape, self._values)

    def _set(self, **attributes: object) -> Self:
        new = self._with(self._shape, self._values)
        new.__dict__.update(attributes)
        return new

    def _step(self, name: str, arguments: object, change: Callable[..., None], *args: object) -> Self:
        """Take a step whose ``arguments`` (anything ``structure_of`` reads) say what it does."""
        shape, prepared = take_step(self._shape, name, arguments, (), change, *args)
        return self._with(shape, self._values + prepared)

    def _step_by_names(self, name: str, names: tuple[Any, ...], change: Callable[..., None]) -> Self:
        """Take a step whose arguments are nearly always names, which need no looking into."""
        for item in names:
            if type(item) is not str:
                return self._step(name, names, change, names)
        step = self._shape.steps.get((name, names))
        if step is not None:
            return self._with(step.shape, self._values)
        shape, prepared = self._shape.advance_named(
            (name, names), (), lambda listing: (name, *map(listing.ordering, names)), change, names
        )
        return self._with(shape, self._values + prepared)

    def _mix(self, *others: Chain[Any]) -> None:
        """Let rows of other querysets be among these: no slice is taken yet, and not all are of one relation."""
        known = [one for each in (self, *others) for one in each._known_related or ()]
        told = tuple(one.among_others() for one in known) or None
        self.__dict__.update(_low=0, _high=None, _known_related=told)

    def _uncut(self, what: str, when: str = " once a slice has been taken") -> None:
        if self._low or self._high is not None:
            raise TypeError(f"Cannot {what}{when}.")

    def _uncombined(self, what: str) -> None:
        if self._shape.select.combination is not None:
            steps.refuse_combined(self._shape.select, f"{what}()")

    def _sliced(self) -> tuple[Shape, tuple[Any, ...]]:
        """Return shape and values with the slice as part of them."""
        if not self._low and self._high is None:
            return self._shape, self._values
        limit = None if self._high is None else max(self._high - self._low, 0)
        if limit == 0:
            shape, _ = self._shape.advance(("none",), [], steps.nothing)
            return shape, self._values
        values = [v for v in (limit, self._low or None) if v is not None]
        shape, prepared = self._shape.advance(
            ("cut", limit is not None, bool(self._low)), values, slices.cut, self._low, limit
        )
        return shape, self._values + prepared

    def query_structure(self, values: list[object]) -> Hashable:
        """Return the key of this query as part of another, whose values get this one's (see orm.sql.expressions)."""
        shape, own = self._sliced()
        if not shape.select.cacheable:
            raise Uncacheable(type(self).__name__)
        values.extend(own)
        return (Chain, shape) if self._using is None or self._follows else (Chain, shape, self._using)

    def value_type(self) -> SQLType | None:
        """Return the type of the single column of the rows, where there is one and its type is known."""
        select = self._shape.select
        if select.values is None or len(select.values) + len(select.selected) != 1:
            return None
        chosen = [expression for _, expression in select.values] or [select.annotations[select.selected[0]]]
        return chosen[0].output_field_or_none

    def embedded(self) -> tuple[Shape, tuple[Any, ...], str | None]:
        """Return shape and values for use inside another query, and the database that this one is tied to, if any."""
        shape, values = self._sliced()
        if self._using is None or self._follows:
            return shape, values, shape.only_on
        if shape.only_on not in (None, self._using):
            raise another_database(shape.only_on, self._using)
        return shape, values, self._using

    def in_its_order(self) -> Self:
        """Return the same rows in the order that ``Meta.ordering`` gives them, where the query asks for no order."""
        select = self._shape.select
        sliced = self._low or self._high is not None  # which has put them in order
        if sliced or select.order_by is not None or select.combination is not None or not self.ordered:
            return self
        model: Any = self.model
        return self.order_by(*model._meta.ordering)

    @property
    def db(self) -> str:
        """The alias of the database this query runs on."""
        _ = self._shape  # a queryset of prefetched rows works out late what it asks, and where
        if self._using is not None or not routes.active:
            return self._using or DEFAULT_ALIAS
        choose = routes.to_write if self._for_write else routes.to_read
        return choose(self.model, self._hints)

    @property
    def ordered(self) -> bool:
        """Whether the rows come in an order: of order_by(), or of the model's Meta.ordering."""
        select = self._shape.select
        if select.empty:
            return True
        if select.order_by is not None:
            return bool(select.order_by)
        meta: Any = self.model
        return bool(meta._meta.ordering) and select.group_by is None

    # -- which rows ----------------------------------------------------------------------------------------------------

    def all(self: C) -> C:
        """Return a copy, which asks the database anew."""
        return self._clone()

    def none(self: C) -> C:
        """Return a queryset that finds nothing and sends no query."""
        return self._step("none", (), steps.nothing)

    def filter(self: C, *args: object, **kwargs: object) -> C:
        """Return the rows that meet all conditions.

        Parameters: Q objects and boolean expressions, and ``path__lookup=value`` pairs. Conditions of one call on a
        relation with many rows speak of the same related row. Raises ``FieldError``, ``ValueError``, ``TypeError``.
        """
        return self._filter_or_exclude(False, args, kwargs)

    def exclude(self: C, *args: object, **kwargs: object) -> C:
        """Return the rows that do not meet all conditions together. Across a to-many relation: that have no such
        related row.
        """
        return self._filter_or_exclude(True, args, kwargs)

    def _filter_or_exclude(self, negate: bool, args: tuple[object, ...], kwargs: dict[str, object]) -> Self:
        """What ``filter()`` and ``exclude()`` do. Under Django's name, by which classes of querysets override both."""
        if self._low or self._high is not None:
            raise TypeError("Cannot filter a query once a slice has been taken.")
        if (args or kwargs) and self._shape.select.combination is not None:
            self._uncombined("exclude" if negate else "filter")
        key, values = filter_key(negate, args, kwargs)
        step = self._shape.steps.get(key) if key is not None else None
        if step is not None:
            shape, prepared = self._shape.follow(step, key, values, steps.filter_rows, negate, args, kwargs)
            return self._with(shape, self._values + prepared)
        if key is not None:
            listed = partial(listed_filter_key, negate, args, kwargs)
            shape, prepared = self._shape.advance_named(key, values, listed, steps.filter_rows, negate, args, kwargs)
            return self._with(shape, self._values + prepared)
        shape, prepared = self._shape.advance(key, values, steps.filter_rows, negate, args, kwargs)
        return self._with(shape, self._values + prepared)

    def _filter_related(self, name: str, value: object) -> Self:
        """Return the rows that a related manager is about."""
        values: list[Any] = []
        key = ("related", name, kind_of(value, values))
        shape, prepared = self._shape.advance(key, values, steps.filter_related, name, value)
        return self._with(shape, self._values + prepared)

    def complex_filter(self: C, filter_obj: Any) -> C:
        """Return ``filter()`` of a Q object, or of a dict of lookups."""
        if isinstance(filter_obj, Q):
            return self.filter(filter_obj)
        return self.filter(**mapped("complex_filter()", filter_obj or None, "a Q object or a dict of lookups"))

    def extra(
        self: C,
        select: Mapping[str, str] | None = None,
        where: Iterable[str] | None = None,
        params: Sequence[object] | None = None,
        tables: Iterable[str] | None = None,
        order_by: Iterable[str] | None = None,
        select_params: Sequence[object] | None = None,
    ) -> C:
        """Return the rows with pieces of SQL written by hand; ``RawSQL`` in ``annotate()`` and ``filter()`` is newer.

        Parameters: ``select`` are columns by name, ``where`` conditions that must all hold, ``tables`` more tables in
        FROM, ``order_by`` names, also of ``table.column``. ``%s`` stands for values: those of ``select_params`` in the
        columns, those of ``params`` in the conditions. Never put what a user gave into the texts of the first two.
        Raises ``TypeError``, ``ValueError``, ``FieldError``.
        """
        self._uncut("change a query")
        self._uncombined("extra")
        read = extra.read_extra(select, select_params, where, params, tables, order_by)
        return self._step("extra", [*read], extra.add_extra, read)

    def distinct(self: C, *field_names: str) -> C:
        """Return different rows only; with names (where the database has DISTINCT ON) one for each combination of
        these.
        """
        self._uncut("create distinct fields")
        self._uncombined("distinct")
        return self._step("distinct", field_names, steps.distinct, field_names)

    def union(self: C, *other_qs: object, all: bool = False) -> C:
        """Return the rows of this and other querysets; ``all`` keeps those found twice."""
        return self._combine("UNION", all, other_qs)

    def intersection(self: C, *other_qs: object) -> C:
        """Return the rows all the querysets have."""
        return self._combine("INTERSECT", False, other_qs)

    def difference(self: C, *other_qs: object) -> C:
        """Return the rows of this queryset the others do not have."""
        return self._combine("EXCEPT", False, other_qs)

    def _combine(self, operator: str, all_rows: bool, others: Sequence[Any]) -> Self:
        for other in others:
            if not isinstance(other, Chain):
                raise TypeError(f"Querysets combine with querysets, not with {other!r}")
        named = self._with_whole_names()
        others = [other._with_whole_names() for other in others]
        base = self._with(*named._sliced())
        base._mix(*others)
        return base._step(operator, (all_rows, others), steps.combine, operator, all_rows, others)

    def with_cte(self: C, cte: CTE, on: Mapping[str, str], *, optional: bool = False) -> C:
        """Put a query with a name in front of this one and join its rows.

        Parameters: ``on`` says which fields equal which columns of it, ``{"pk": "id"}``; ``optional`` keeps rows that
        meet none. Its columns are named ``<cte>__<column>`` from here on.

        Raises ``FieldError`` for names neither has, ``ValueError`` for a name that means something else here.
        """
        self._uncut("join a CTE to a query")
        if not isinstance(cte, CTE):
            raise TypeError(f"with_cte() takes a CTE, not {cte!r}")
        if not isinstance(on, Mapping) or not on:
            raise TypeError('with_cte() needs to know how rows meet: on={"pk": "id"}')
        return self._step("with_cte", (cte, dict(on), optional), joining.with_cte, cte, dict(on), optional)

    def join(self: C, name: str, rows: object, on: Mapping[str, str] | None = None, *, optional: bool = False) -> C:
        """Join the rows of another queryset, whose columns are named ``<name>__<column>`` from here on.

        Parameters: ``on`` says which fields equal which columns of it, ``{"isbn": "isbn"}``. Where ``rows`` speaks of
        this query (``OuterRef``) it is asked for each row of it, and may be cut for each: a LATERAL join; ``on`` is not
        needed then. ``optional`` keeps rows that meet none.

        Raises ``FieldError`` for names neither has, ``ValueError`` for a name that means something else here;
        ``NotSupportedError`` when it runs on a database without LATERAL where that is needed.
        """
        self._uncut("join rows to a query")
        check_name(name, "joined rows")
        if not hasattr(rows, "query_structure"):
            raise TypeError(f"join() takes a queryset, not {rows!r}")
        on = dict(mapped("join(on=…)", on, "a dict of the fields of this query and columns of the rows"))
        rows = with_columns(rows)
        arguments = (name, rows, on, optional)
        return self._step("join", arguments, joining.join_rows, name, rows, columns_of(rows), on, optional)

    # -- in which order, how many --------------------------------------------------------------------------------------

    def order_by(self: C, *field_names: object) -> C:
        """Return the rows in another order: names (``"-age"`` descending, ``"?"`` random) or expressions; none: no
        order.
        """
        self._uncut("reorder a query")
        return self._step_by_names("order_by", field_names, steps.order_by)

    def reverse(self: C) -> C:
        """Return the rows in the opposite order."""
        self._uncut("reverse a query")
        return self._step("reverse", (), steps.reverse)

    def _slice(self, part: slice) -> Self:
        for bound in (part.start, part.stop):
            if bound is not None and (not isinstance(bound, int) or bound < 0):
                advice = " A slice of a queryset takes positive integers."
                raise errors.advised(ValueError, "Negative indexing is not supported.", advice)
        low, high = self._low, self._high
        if part.stop is not None:
            high = low + part.stop if high is None else min(high, low + part.stop)
        if part.start is not None:
            low = low + part.start if high is None else min(high, low + part.start)
        return self._set(_low=low, _high=high)

    def _cut_each(self, name: str, keys: list[object], low: int, high: int | None) -> Self:
        """Return a slice of the rows of each value of ``name`` among the keys, in the query's order."""
        values: list[Any] = []
        kind = kind_of(keys, values)
        values += [low] if low else []
        values += [high, high - low] if high is not None else []
        key = ("cut each", name, kind, bool(low), high is not None)
        shape, prepared = self._shape.advance(key, values, slices.cut_each, name, keys, low, high)
        return self._with(shape, self._values + prepared)

    # -- with what -----------------------------------------------------------------------------------------------------

    def annotate(self: C, *args: object, **kwargs: object) -> C:
        """Return the rows with computed values: ``annotate(n=Count("books"))``. An aggregate groups by the row."""
        return self._annotate(args, kwargs, True)

    def alias(self: C, *args: object, **kwargs: object) -> C:
        """Name expressions for later use without making them part of the result."""
        return self._annotate(args, kwargs, False)

    def _annotate(self, args: Sequence[object], kwargs: dict[str, object], selected: bool) -> Self:
        self._uncombined("annotate" if selected else "alias")
        annotations = named_expressions.named_expressions(args, kwargs)
        return self._step("annotate" if selected else "alias", annotations, steps.annotate, annotations, selected)

    def values(self, *fields: object, **expressions: object) -> QuerySet[dict[str, Any]]:
        """Return rows as dicts with these columns (all when none is named)."""
        chosen: QuerySet[dict[str, Any]] = self._choose(RowForm.DICT, fields, expressions)
        return chosen

    @overload
    def values_list(self, *fields: object, flat: Literal[True], named: bool = False) -> QuerySet[Any]: ...
    @overload
    def values_list(self, *fields: object, flat: bool = False, named: Literal[True]) -> QuerySet[Any]: ...
    @overload
    def values_list(self, a: Name, /) -> QuerySet[tuple[Any]]: ...
    @overload
    def values_list(self, a: Name, b: Name, /) -> QuerySet[tuple[Any, Any]]: ...
    @overload
    def values_list(self, a: Name, b: Name, c: Name, /) -> QuerySet[tuple[Any, Any, Any]]: ...
    @overload
    def values_list(self, a: Name, b: Name, c: Name, d: Name, /) -> QuerySet[tuple[Any, Any, Any, Any]]: ...
    @overload
    def values_list(self, *fields: object, flat: bool = False, named: bool = False) -> QuerySet[tuple[Any, ...]]: ...
    def values_list(self, *fields: object, flat: bool = False, named: bool = False) -> Any:
        """Return rows as tuples; ``flat`` gives the single column's values, ``named`` named tuples."""
        if flat and named:
            raise TypeError("'flat' and 'named' can't be used together.")
        if flat and len(fields) > 1:
            raise TypeError("'flat' is not valid when values_list is called with more than one field.")
        if flat and not fields:
            meta: Any = self.model
            fields = (meta._meta.concrete_fields[0].name,)
        form = RowForm.FLAT if flat else RowForm.NAMED if named else RowForm.TUPLE
        return self._choose(form, fields, {})

    def _choose(self, result: RowForm, fields: Sequence[object], expressions: dict[str, object]) -> Any:
        names, chosen = named_expressions.named_columns(fields, numbered=result is not RowForm.DICT)
        computed = {**expressions, **chosen} if chosen else expressions
        arguments = (result, len(names), computed)
        shape, prepared = take_step(
            self._shape, "values", arguments, names, steps.choose_values, names, computed, result
        )
        return self._with(shape, self._values + prepared)

    def _with_whole_names(self) -> Self:
        """Return this query with the JSON paths in its columns' names written out, for what finds columns by name."""
        names = [name for name, _ in self._shape.select.values or ()]
        if not has_keys(names):
            return self
        names = whole_names(names, self._values)
        return self._step("names", names, steps.write_names, names)

    def dates(self, field_name: str, kind: str, order: str = "ASC") -> Any:
        """Return the different dates of a field, cut to ``kind`` (year, month, week or day), in order."""
        return moments.different_moments(self, field_name, kind, order, types.DATE)

    def datetimes(
        self, field_name: str, kind: str, order: str = "ASC", tzinfo: datetime.tzinfo | str | None = None
    ) -> Any:
        """Return the different moments of a field, cut to ``kind`` (year to second), in order.

        They are cut, and told, in ``tzinfo`` (the current zone).
        """
        return moments.different_moments(self, field_name, kind, order, types.DATETIME, tzinfo)

    def select_related(self: C, *fields: object) -> C:
        """Load related objects in the same query: relations to one row by name; ``None`` undoes it."""
        if fields == (None,):
            return self._step("select_related", None, steps.select_related, None)
        return self._step_by_names("select_related", fields, steps.select_related)

    def prefetch_related(self: C, *lookups: Any) -> C:
        """Load related objects in one further query each: names or ``Prefetch`` objects; ``None`` undoes it."""
        self._uncombined("prefetch_related")
        if lookups == (None,):
            return self._set(_prefetch_related_lookups=())
        names = (getattr(lookup, "prefetch_through", lookup) for lookup in lookups)
        if any(isinstance(name, str) and name.split("__")[0] in self._shape.select.filtered for name in names):
            raise ValueError("prefetch_related() is not supported with FilteredRelation.")
        lookups = self._prefetch_related_lookups + lookups
        prefetch.check_targets(self.model, lookups)
        return self._set(_prefetch_related_lookups=lookups)

    def only(self: C, *fields: str) -> C:
        """Load only these columns (and the key) at once; the others when they are asked for."""
        if any(field is None for field in fields):
            raise TypeError("Cannot pass None as an argument to only().")
        self._uncombined("only")
        return self._step("only", fields, steps.choose_loading, False, fields)

    def defer(self: C, *fields: object) -> C:
        """Leave these columns out until they are asked for; ``None`` loads all again."""
        self._uncombined("defer")
        names = None if fields == (None,) else fields
        return self._step("defer", names, steps.choose_loading, True, names)

    def using(self: C, alias: str | None) -> C:
        """Return the same query for another database."""
        return self._set(_using=checked_alias(alias), _follows=False)

    def timeout(self: C, seconds: float | None) -> C:
        """Stop each statement of this query after so many seconds: ``QueryTimeout`` is raised. None lifts the limit.

        Waiting for a connection is not counted, nor are the statements of ``prefetch_related``.
        """
        return self._set(_timeout=seconds_above_zero("timeout", seconds))

    def tag(self: C, text: str) -> C:
        """Send the query's statements with a comment before them, by which the server's logs and statistics show where
        they are from: ``tag("checkout")``.

        The text is part of the statement, which databases plan and keep by its text: use few different ones. Further
        tags are added. Queries of ``prefetch_related`` have no tag but their own, and what a deletion does in other
        tables has none.

        Raises ``ValueError`` for a text that holds ``/*``, ``*/`` or characters that can't be printed.
        """
        if not isinstance(text, str):
            raise TypeError(f"tag() takes a text, not {text!r}")
        return self._step("tag", (text,), steps.tag, text)

    def fetch_mode(self: C, mode: FetchMode) -> C:
        """Say how unloaded relations and columns load: each alone (``one``), all at once (``peers``), not (``raise``).

        ``peers`` loads what one instance is asked for on all instances of the same result.
        """
        if mode not in ("one", "peers", "raise"):
            raise ValueError(f"fetch_mode is 'one', 'peers' or 'raise', not {mode!r}")
        return self._set(_fetch_mode=mode)

    def select_for_update(
        self: C, nowait: bool = False, skip_locked: bool = False, of: Sequence[str] = (), no_key: bool = False
    ) -> C:
        """Lock the rows until the transaction ends, where the database can."""
        if nowait and skip_locked:
            raise ValueError("The nowait option cannot be used with skip_locked.")
        of = tuple(listed_names("select_for_update(of=…)", of))
        options = (bool(nowait), bool(skip_locked), of, bool(no_key))
        locked = self._step("lock", options, steps.lock, *options)
        locked._for_write = True  # rows are locked where they are written
        return locked
