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
from orm.query.chain import Chain
from orm.query.query import Query
from orm.sql.conditions import Q

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

    def __iter__(self) -> Iterator[M]:
        return iter(self._loaded("for ... in queryset"))

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

    def __or__(self, other: Any) -> Self:
        return self._merge(other, "or")

    def __and__(self, other: Any) -> Self:
        return self._merge(other, "and")

    def __xor__(self, other: Any) -> Self:
        return self._merge(other, "xor")

    def _merge(self, other: Any, connector: str) -> Self:
        """Return the rows of either, both or just one of two querysets, by key: right whatever each has joined."""
        model: Any = self.model
        if isinstance(other, Faces) and other.model._meta.concrete_model is not model._meta.concrete_model:
            raise TypeError(
                "Cannot combine queries on two different base models. "
                f"These are of {self.model.__name__} and of {other.model.__name__}."
            )
        if not isinstance(other, Faces):
            raise TypeError(f"Cannot combine a queryset of {self.model.__name__} with {other!r}")
        if connector == "and":
            self._uncut("combine queries")
            other._uncut("combine queries")
        mine, theirs = {"pk__in": self._keys()}, other._keys()
        if connector == "and":
            return self.filter(pk__in=theirs)
        everything: Chain[Any] = Chain(self.model)
        both = self._with(everything._shape, everything._values)
        both.__dict__.update(_low=0, _high=None)
        return both.filter(Q(**mine) | Q(pk__in=theirs) if connector == "or" else Q(**mine) ^ Q(pk__in=theirs))

    def _keys(self) -> Any:
        """Return the keys of the rows, in the order that a slice needs and else in none."""
        sliced = self._low or self._high is not None
        return (self if sliced else self.order_by())._choose("tuple", ["pk"], {})

    # -- copies --------------------------------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        return self._clone()

    def __deepcopy__(self, memo: object) -> Self:
        return self._clone()

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the results, for which the query is run where it was not, and the query itself."""
        self._loaded("pickle.dumps(queryset)")
        return {"_shape": self._shape, "_values": self._values, **vars(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
