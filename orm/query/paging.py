"""Numbered pages: rows found by counting those before them, under Django's names.

For pages that stay right while rows come and go, and whose cost does not grow with their number, see ``page()`` of a
QuerySet. Counting is what waits, and the objects of a page; all else is arithmetic, in plain methods that work in async
code too once the objects are counted. The awaitable forms count, and ask them. What this module refuses: pages that
hold less than one object.
"""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Generator, Iterator, Mapping, Sequence, Set, Sized
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from orm.bridge import run
from orm.bridge.crossing import call, call_form
from orm.errors import EmptyPage, PageNotAnInteger
from orm.late import inspect

__all__ = ["AsyncPage", "AsyncPaginator", "Page", "Paginator", "UnorderedObjectListWarning"]

M = TypeVar("M")
T = TypeVar("T", covariant=True)


class Pageable(Protocol[T]):
    """What can be cut into pages: a QuerySet, a list, or what has slices and ``acount()``, ``count()`` or a length."""

    def __iter__(self) -> Iterator[T]: ...
    def __getitem__(self, item: slice, /) -> Any: ...


class UnorderedObjectListWarning(RuntimeWarning):
    """A query without an order is paged: a row may come twice, or never."""


class Paginator(Generic[M]):
    """Cuts objects into pages with numbers, from 1. Its pages are walked by ``for`` and ``async for``.

    Parameters:
        object_list: the objects: a QuerySet, which should be ordered, or anything else that can be sliced and counted.
        per_page: how many are on a page.
        orphans: as many or fewer that would be alone on the last page go to the one before.
        allow_empty_first_page: whether there is a first page where there are no objects.
        error_messages: other texts for ``invalid_page``, ``min_page`` and ``no_results``.

    Raises ``ValueError`` for pages of less than one object. Warns of a QuerySet without an order
    (``UnorderedObjectListWarning``). A subclass may give ``count`` or ``acount()`` of its own, where counting is dear.
    """

    ELLIPSIS: Any = "…"
    default_error_messages: Mapping[str, Any] = {
        "invalid_page": "That page number is not an integer",
        "min_page": "That page number is less than 1",
        "no_results": "That page contains no results",
    }

    def __init__(
        self,
        object_list: Pageable[M],
        per_page: int | str,
        orphans: int | str = 0,
        allow_empty_first_page: bool = True,
        error_messages: Mapping[str, object] | None = None,
    ) -> None:
        self.object_list: Any = object_list
        self._check_object_list_is_ordered()
        self.per_page = _number("per_page", per_page)
        if self.per_page < 1:
            raise ValueError(f"per_page is the number of objects on a page, 1 or more, not {per_page!r}")
        self.orphans = _number("orphans", orphans)
        self.allow_empty_first_page = allow_empty_first_page
        self.error_messages = {**self.default_error_messages, **(error_messages or {})}

    def _check_object_list_is_ordered(self) -> None:
        if getattr(self.object_list, "ordered", None) is not False:
            return
        model, kind = getattr(self.object_list, "model", None), type(self.object_list).__name__
        what = f"{model} {kind}" if model is not None else repr(self.object_list)
        warnings.warn(
            f"Pagination may yield inconsistent results with an unordered object_list: {what}.",
            UnorderedObjectListWarning,
            stacklevel=3,
        )

    # -- how many ------------------------------------------------------------------------------------------------------

    if TYPE_CHECKING:
        count: int
        """How many objects there are, counted once; in async code ``await acount()`` comes first."""
    else:

        @cached_property
        def count(self) -> int:
            """How many objects there are, counted once; in async code ``await acount()`` comes first."""
            return run(self.acount())

    @cached_property
    def num_pages(self) -> int:
        """How many pages there are."""
        left = self.count
        if left == 0 and not self.allow_empty_first_page:
            return 0
        return -(-max(1, left - self.orphans) // self.per_page)

    @property
    def page_range(self) -> range:
        """The numbers of the pages."""
        return range(1, self.num_pages + 1)

    async def _counted(self) -> None:
        """See to it that ``count`` is known, unless a subclass says it in its own way."""
        if "count" not in vars(self) and not self._has_own("count"):
            self.count = await self.acount()

    def _has_own(self, name: str) -> bool:
        """Whether a subclass has an attribute or property of its own of that name."""
        return next(cls for cls in type(self).__mro__ if name in vars(cls)) is not Paginator

    async def acount(self) -> int:
        """Return how many objects there are, counted once."""
        if "count" in vars(self) or self._has_own("count"):
            return self.count
        objects = self.object_list
        awaitable, blocking = getattr(objects, "acount", None), getattr(objects, "count", None)
        if awaitable is not None:
            self.count = await call_form(awaitable)
        elif blocking is not None and _takes_nothing(blocking):
            self.count = await call(blocking)
        else:
            if not isinstance(objects, Sized) or isinstance(objects, (Mapping, Set)):
                raise TypeError(f"A Paginator takes a queryset or a list of objects, not {objects!r}")
            self.count = len(objects)
        return self.count

    async def anum_pages(self) -> int:
        """Return how many pages there are."""
        await self._counted()
        return self.num_pages

    async def apage_range(self) -> range:
        """Return the numbers of the pages."""
        await self._counted()
        return self.page_range

    # -- the pages -----------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self.num_pages

    async def __aiter__(self) -> AsyncIterator[Page[M]]:
        for number in await self.apage_range():
            yield await self.apage(number)

    def __iter__(self) -> Iterator[Page[M]]:
        return map(self.page, self.page_range)

    def validate_number(self, number: Any) -> int:
        """Return the number of a page as an integer.

        Raises ``PageNotAnInteger`` for what is none (a text of digits is one), ``EmptyPage`` where no such page is.
        """
        try:
            if isinstance(number, float) and not number.is_integer():
                raise ValueError
            whole = int(number)
        except (TypeError, ValueError, OverflowError):
            raise PageNotAnInteger(self.error_messages["invalid_page"]) from None
        if whole < 1:
            raise EmptyPage(self.error_messages["min_page"])
        if whole > self.num_pages:
            raise EmptyPage(self.error_messages["no_results"])
        return whole

    def page(self, number: object) -> Page[M]:
        """Return the page of that number, its objects not yet loaded.

        Raises ``PageNotAnInteger`` for what is no number, ``EmptyPage`` where no such page is.
        """
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        end = start + self.per_page
        if end + self.orphans >= self.count:
            end = self.count
        return self._get_page(self.object_list[start:end], number, self)

    def get_page(self, number: object) -> Page[M]:
        """Return the page of that number; the first for what is no number, the last for one that is not there."""
        try:
            number = self.validate_number(number)
        except PageNotAnInteger:
            number = 1
        except EmptyPage:
            number = self.num_pages
        return self.page(number)

    def _get_page(self, *args: Any, **kwargs: Any) -> Page[M]:
        """Make a page: for subclasses, whose pages may be of a class of their own."""
        return Page(*args, **kwargs)

    def get_elided_page_range(self, number: object = 1, *, on_each_side: int = 3, on_ends: int = 2) -> Iterator[Any]:
        """Give the numbers of the pages around one and at both ends, with ``ELLIPSIS`` for those left out.

        Parameters: ``number`` is the page in the middle; ``on_each_side`` how many are given beside it, ``on_ends`` how
        many at the beginning and the end. Nothing is left out where there are few, nor where it would be one page.
        """
        number, pages = self.validate_number(number), self.num_pages
        on_each_side, on_ends = _number("on_each_side", on_each_side), _number("on_ends", on_ends)
        first, last = number - on_each_side, number + on_each_side
        few = pages <= (on_each_side + on_ends) * 2
        before = not few and first > on_ends + 2
        after = not few and last < pages - on_ends - 1
        if before:
            yield from range(1, on_ends + 1)
            yield self.ELLIPSIS
        yield from range(first if before else 1, (last if after else pages) + 1)
        if after:
            yield self.ELLIPSIS
            yield from range(pages - on_ends + 1, pages + 1)

    async def apage(self, number: object) -> Page[M]:
        """Return the page of that number, its objects not yet loaded; raises what ``page()`` does."""
        await self._counted()
        return self.page(number)

    async def aget_page(self, number: object) -> Page[M]:
        """Return the page of that number; the first for what is no number, the last for one that is not there."""
        await self._counted()
        return self.get_page(number)

    async def aget_elided_page_range(
        self, number: object = 1, *, on_each_side: int = 3, on_ends: int = 2
    ) -> AsyncIterator[Any]:
        """Give the numbers of the pages, with ``ELLIPSIS`` for those that ``get_elided_page_range()`` leaves out."""
        await self._counted()
        for item in self.get_elided_page_range(number, on_each_side=on_each_side, on_ends=on_ends):
            yield item


def _takes_nothing(function: object) -> bool:
    """Whether a function can be called without arguments: ``count`` of a list can't."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C, and says nothing of its parameters
        return False
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(one.default is not one.empty or one.kind in several for one in parameters)


class Page(Sequence[M]):
    """One page: a sequence of its objects, and what is around it. ``await page`` gives the objects.

    ``object_list`` are the objects, a query's not yet loaded; ``number`` is the page's, ``paginator`` what made it.
    """

    def __init__(self, object_list: Any, number: int, paginator: Paginator[M]) -> None:
        self.object_list = object_list
        self.number = number
        self.paginator = paginator

    def __repr__(self) -> str:
        return f"<Page {self.number} of {self.paginator.num_pages}>"

    # -- the objects ---------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.object_list)

    @overload
    def __getitem__(self, index: int) -> M: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[M]: ...
    def __getitem__(self, index: int | slice) -> M | Sequence[M]:
        if not isinstance(index, (int, slice)):
            raise TypeError(f"Page indices must be integers or slices, not {type(index).__name__}.")
        if not isinstance(self.object_list, list):
            self.object_list = list(self.object_list)
        found: M | Sequence[M] = self.object_list[index]
        return found

    async def aget_object_list(self) -> list[M]:
        """Load the objects, once, and return them."""
        if not isinstance(self.object_list, list):
            objects: Any = self.object_list
            self.object_list = list(await objects if hasattr(type(objects), "__await__") else objects)
        found: list[M] = self.object_list
        return found

    def __await__(self) -> Generator[object, None, list[M]]:
        return self.aget_object_list().__await__()

    async def __aiter__(self) -> AsyncIterator[M]:
        for item in await self.aget_object_list():
            yield item

    # -- what is around ------------------------------------------------------------------------------------------------

    def has_next(self) -> bool:
        """Return whether a page follows."""
        return self.number < self.paginator.num_pages

    def has_previous(self) -> bool:
        """Return whether a page comes before."""
        return self.number > 1

    def has_other_pages(self) -> bool:
        """Return whether there is another page."""
        return self.has_previous() or self.has_next()

    def next_page_number(self) -> int:
        """Return the number of the page that follows; raises ``EmptyPage`` where none does."""
        return self.paginator.validate_number(self.number + 1)

    def previous_page_number(self) -> int:
        """Return the number of the page before; raises ``EmptyPage`` where there is none."""
        return self.paginator.validate_number(self.number - 1)

    def start_index(self) -> int:
        """Return the place of the page's first object among all, from 1; 0 where there are none."""
        return self.paginator.count and self.paginator.per_page * (self.number - 1) + 1

    def end_index(self) -> int:
        """Return the place of the page's last object among all, from 1."""
        last = self.number == self.paginator.num_pages
        return self.paginator.count if last else self.number * self.paginator.per_page

    async def ahas_next(self) -> bool:
        """Return whether a page follows."""
        await self.paginator._counted()
        return self.has_next()

    async def ahas_previous(self) -> bool:
        """Return whether a page comes before."""
        await self.paginator._counted()
        return self.has_previous()

    async def ahas_other_pages(self) -> bool:
        """Return whether there is another page."""
        await self.paginator._counted()
        return self.has_other_pages()

    async def anext_page_number(self) -> int:
        """Return the number of the page that follows; raises ``EmptyPage`` where none does."""
        await self.paginator._counted()
        return self.next_page_number()

    async def aprevious_page_number(self) -> int:
        """Return the number of the page before; raises ``EmptyPage`` where there is none."""
        await self.paginator._counted()
        return self.previous_page_number()

    async def astart_index(self) -> int:
        """Return the place of the page's first object among all, from 1; 0 where there are none."""
        await self.paginator._counted()
        return self.start_index()

    async def aend_index(self) -> int:
        """Return the place of the page's last object among all, from 1."""
        await self.paginator._counted()
        return self.end_index()


AsyncPaginator = Paginator
AsyncPage = Page
"""Names of their own for the awaitable forms, as Django 6 has them: the classes here have both."""


def _number(name: str, given: Any) -> int:
    """Return an argument of a paginator as a whole number. Raises ``TypeError`` and ``ValueError``, naming it."""
    try:
        return int(given)
    except (TypeError, ValueError) as error:
        raise type(error)(f"A Paginator's {name} is a whole number, not {given!r}") from None
