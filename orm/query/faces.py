"""What Python's own syntax asks of a QuerySet: ``for``, ``len()``, ``bool()``, ``in``, indices, ``|`` and pickling.

In blocking code it runs the query where that was not run yet. On an event loop's thread it only looks at what is
loaded (prefetched, say, or awaited before); else it is refused, and the message says what is written there instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar, overload

from orm.bridge import run
from orm.bridge.guard import policy, refused, running_loop
from orm.errors import EmptyResultSet
from orm.query import steps
from orm.query.chain import Chain
from orm.query.one_condition import is_of_one_table, merge_conditions, one_further_in, with_extra_columns
from orm.query.query import Query
from orm.sql.conditions import Q
from orm.sql.handwritten import ExtraColumn
from orm.sql.select import RowForm
from orm.structures.pickled import check_versions, versions

if TYPE_CHECKING:
    from typing import Self

M = TypeVar("M", covariant=True)

REPR_ROWS = 20

REMEDIES = {
    "for ... in queryset": "`async for ... in queryset`, or `for ... in await queryset`",
    "len(queryset)": "`await queryset.acount()`, or `len(await queryset)`",
    "bool(queryset)": "`await queryset.aexists()`, or `bool(await queryset)`",
    "... in queryset": "`await queryset.acontains(...)`, or `... in await queryset`",
    "queryset[n]": "`await queryset.afirst()`, or `(await queryset)[n]`",
    "pickle.dumps(queryset)": "`await queryset` first: a queryset is pickled with its results",
}


class Faces(Chain[M]):
    """The part of a QuerySet that is its syntax."""

    if TYPE_CHECKING:

        async def afetch_all(self) -> list[M]: ...

        async def _araw_delete(self, using: str | None = None) -> int: ...

    def __iter__(self) -> Iterator[M]:
        return iter(self._loaded("for ... in queryset"))

    def _raw_delete(self, using: str | None = None) -> int:
        """Delete the rows alone and return how many there were: private in Django, and called by its programs."""
        return run(self._araw_delete(using))

    def __len__(self) -> int:
        return len(self._loaded("len(queryset)"))

    def __bool__(self) -> bool:
        return bool(self._loaded("bool(queryset)"))

    def __contains__(self, item: object) -> bool:
        return item in self._loaded("... in queryset")

    def _loaded(self, written: str) -> list[M]:
        """Return the results, running the query in blocking code; ``written`` is how the user asked for them."""
        found = self._result_cache
        if found is None or (self._prefetch_related_lookups and not self._prefetch_done):
            if running_loop() is not None and not policy.allow_blocking:
                raise refused(f"`{written}`", REMEDIES[written])
            return run(self.afetch_all())
        return found

    @overload
    def __getitem__(self, key: int) -> M: ...
    @overload
    def __getitem__(self, key: slice) -> Self: ...
    def __getitem__(self, key: int | slice) -> Any:
        if isinstance(key, slice):
            if self._result_cache is not None:
                return self._result_cache[key]
            if key.step is not None and not isinstance(key.step, int):
                raise TypeError(f"A slice's step is a whole number, not {key.step!r}")
            if key.step is not None:
                return list(self._slice(slice(key.start, key.stop)))[:: key.step]
            return self._slice(key)
        if not isinstance(key, int):
            raise TypeError(f"QuerySet indices must be integers or slices, not {type(key).__name__}.")
        if key < 0:
            raise ValueError("Negative indexing is not supported.")
        if self._result_cache is not None:
            return self._result_cache[key]
        found = self._slice(slice(key, key + 1))._loaded("queryset[n]")
        if not found:
            raise IndexError(f"The query has no row {key}")
        return found[0]

    def __repr__(self) -> str:
        found = self._result_cache
        if found is None:
            if running_loop() is not None:
                return f"<{type(self).__name__} of {self.model.__name__}, not fetched (await it): {self._said()}>"
            found = run(self._slice(slice(0, REPR_ROWS + 1)).afetch_all())
        shown = [repr(item) for item in found[:REPR_ROWS]]
        if len(found) > REPR_ROWS:
            shown.append("'...(remaining elements truncated)...'")
        return f"<{type(self).__name__} [{', '.join(shown)}]>"

    def _said(self) -> str:
        """Return the query's SQL, for people to read."""
        try:
            return str(Query(self))
        except EmptyResultSet:
            return "no row can meet its conditions"

    def __or__(self, other: object) -> Self:
        return self._merge(other, "or")

    def __and__(self, other: object) -> Self:
        return self._merge(other, "and")

    def __xor__(self, other: object) -> Self:
        return self._merge(other, "xor")

    def _merge(self, other: object, connector: str) -> Self:
        """Return the rows of either, both or just one of two querysets, by key: right whatever each has joined."""
        model: Any = self.model
        if isinstance(other, Faces) and other.model._meta.concrete_model is not model._meta.concrete_model:
            raise TypeError(
                "Cannot combine queries on two different base models. "
                f"These are of {self.model.__name__} and of {other.model.__name__}."
            )
        if not isinstance(other, Faces):
            raise TypeError(f"Cannot combine a queryset of {self.model.__name__} with {other!r}")
        mine, theirs = self._shape.select, other._shape.select
        if connector == "or" and self._has_extra_columns() and other._has_extra_columns():
            raise ValueError("When merging querysets using 'or', you cannot have extra(select=...) on both sides.")
        if connector == "and":
            self._uncut("combine queries")
            other._uncut("combine queries")
        if mine.empty or theirs.empty:
            neither = mine.empty if connector == "and" else theirs.empty
            return self._clone() if neither else other._clone()  # type: ignore[return-value]  # of the same model
        if mine.distinct is not theirs.distinct:
            raise TypeError("Cannot combine a unique query with a non-unique query.")
        if mine.values is not None and [name for name, _ in mine.values] != [name for name, _ in theirs.values or ()]:
            raise TypeError(f"Merging '{type(self).__name__}' classes must involve the same values in each case.")
        cut = any(each._low or each._high is not None for each in (self, other))
        some = connector != "xor" or (mine.where is not None and theirs.where is not None)
        if some and not cut and is_of_one_table(mine) and is_of_one_table(theirs):
            return self._with_conditions_of(other, connector)._with_extra_of(other)
        keys = other._keys()
        if connector == "and":
            known = (*(self._known_related or ()), *(other._known_related or ()))
            both = self.filter(pk__in=keys)._set(_known_related=known or None)
            return both._ordered_as(other)._with_extra_of(other)
        whole = not self._low and self._high is None and steps.can_hold_all(mine)
        shape = self._shape.advance(("all rows",), (), steps.all_rows)[0] if whole else Chain(self.model)._shape
        both = self._with(shape, self._values if whole else ())
        both._mix(other)
        found = Q(pk__in=self._keys()), Q(pk__in=keys)
        merged = both.filter(found[0] | found[1] if connector == "or" else found[0] ^ found[1])
        return (merged._ordered_as(other) if whole else merged)._with_extra_of(other)

    def _with_conditions_of(self, other: Faces[Any], connector: str) -> Self:
        both = self._step("merged", (connector, [other]), merge_conditions, connector, other)
        both._mix(other)
        if connector == "and":
            both._known_related = (*(self._known_related or ()), *(other._known_related or ())) or None
        return both

    def _ordered_as(self, other: Faces[Any]) -> Self:
        """Return this in the order of another queryset, where that is given and one of the model's own columns."""
        ordering, base = other._shape.select.order_by, self._shape.select.base_alias
        if not ordering or not all(steps.is_of_table(item, base) for item in ordering):
            return self
        return self._with(
            self._shape.advance(("ordered as", other._shape), (), steps.ordered_as, ordering)[0], self._values
        )

    def _with_extra_of(self, other: Faces[Any]) -> Self:
        """Return this with the columns that ``extra(select=…)`` gave another, where rows are whole ones."""
        if self._shape.select.values is not None or not other._has_extra_columns():
            return self
        return self._step("extra columns", ([other],), with_extra_columns, other)

    def _has_extra_columns(self) -> bool:
        return any(isinstance(item, ExtraColumn) for item in self._shape.select.annotations.values())

    def _keys(self) -> Any:
        """Return the keys of the rows, in the order that a slice needs and else in none."""
        sliced = self._low or self._high is not None
        keys = (self if sliced else self.order_by())._choose(RowForm.TUPLE, ["pk"], {})
        return keys._with(keys._shape.advance(("further in",), (), one_further_in)[0], keys._values)

    # -- copies --------------------------------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        return self._clone()

    def __deepcopy__(self, memo: object) -> Self:
        return self._clone()

    def __getstate__(self) -> dict[str, object]:
        """Return what is pickled: the results, for which the query is run where it was not, and the query itself."""
        self._loaded("pickle.dumps(queryset)")
        return {"_shape": self._shape, "_values": self._values, **vars(self), **versions()}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Take what was pickled. Warns where another version of the library wrote it."""
        check_versions(state, "queryset instance")
        vars(self).update(state)
