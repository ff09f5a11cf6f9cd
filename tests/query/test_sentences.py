"""Errors begin with the sentences that people know from Django, by which scripts look for them, and say more after."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from orm import errors
from orm.errors import FieldError
from orm.models import Avg, Count, F, Sum
from tests.query.answers import titles
from tests.query.models import Author, Book, Tag

WRONG: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a key alone": (
        lambda: Tag.objects.filter(7),
        TypeError,
        "Q() and filter() take conditions and lookup=value pairs, not 7: to find a row by its key, write pk=7",
    ),
    "a comparison": (
        lambda: Tag.objects.filter(Tag.name == "new"),
        TypeError,
        "Q() and filter() take conditions and lookup=value pairs, not False: Python makes a comparison",
    ),
    "a manager walked": (
        lambda: list(Tag.objects),
        TypeError,
        "Tag.objects is a manager and not a query: write `for ... in Tag.objects.all()`.",
    ),
    "a query as in SQLAlchemy": (
        lambda: Tag.query,  # type: ignore[attr-defined]
        AttributeError,
        "type object 'Tag' has no attribute 'query'. A query begins at a manager: Tag.objects.all().",
    ),
    "the exception of no model": (
        lambda: errors.DoesNotExist,
        AttributeError,
        "module 'orm.errors' has no attribute 'DoesNotExist': each model has its own, as Author.DoesNotExist, and "
        "ObjectDoesNotExist is that of them all",
    ),
    "a related manager walked": (
        lambda: list(Author(pk=1).books),
        TypeError,
        "author.books is a manager and not a query: write `for ... in author.books.all()`.",
    ),
    "no field": (
        lambda: Tag.objects.filter(nope=1),
        FieldError,
        "Cannot resolve keyword 'nope' into field. Choices are: books, id, name",
    ),
    "ordering": (lambda: Tag.objects.order_by("*"), FieldError, "Cannot resolve keyword '*' into field. Choices are: "),
    "no relation": (
        lambda: Book.objects.select_related("nope"),
        FieldError,
        "Invalid field name(s) given in select_related: 'nope'. Choices are: author, editor, publisher",
    ),
    "none to choose": (
        lambda: Tag.objects.select_related("books"),
        FieldError,
        "Invalid field name(s) given in select_related: 'books'. Choices are: (none)",
    ),
    "a plain field": (
        lambda: Book.objects.select_related("title"),
        FieldError,
        "Non-relational field given in select_related: 'title'. Choices are: author, editor, publisher",
    ),
    "alias": (
        lambda: Book.objects.annotate(**{"a b": F("pages")}),
        ValueError,
        "Column aliases cannot contain whitespace characters, hashes, control characters, quotation marks, semicolons, "
        "or SQL comments.",
    ),
    "no expression": (
        lambda: Book.objects.annotate(n=3),
        TypeError,
        "QuerySet.annotate() received non-expression(s): 3.",
    ),
    "no name": (lambda: Book.objects.annotate(F("pages") + 1), TypeError, "Complex annotations require an alias"),
    "default of Count": (lambda: Count("pages", default=1), TypeError, "Count does not allow default."),
    "nested": (
        lambda: Author.objects.annotate(total=Sum("books__pages")).annotate(n=Avg("total")),
        FieldError,
        "Cannot compute Avg('total'): 'total' is an aggregate",
    ),
    "another model": (
        lambda: Book.objects.filter(tags=Author(name="Ada", pk=1)),
        ValueError,
        'Cannot query "Ada": Must be "Tag" instance.',
    ),
    "connector": (
        lambda: Book.objects.filter(_connector="OR", pages=1),
        TypeError,
        "The following kwargs are invalid: '_connector'",
    ),
    "only": (lambda: Book.objects.values("pages").only("pages"), TypeError, "Cannot call only() after .values() or"),
    "defer": (lambda: Book.objects.values("pages").defer("pages"), TypeError, "Cannot call defer() after .values() or"),
    "negative": (lambda: Book.objects.all()[-1:], ValueError, "Negative indexing is not supported."),
}


@pytest.mark.parametrize(("ask", "error", "sentence"), WRONG.values(), ids=WRONG)
async def test_refused_before_sql(library: Any, ask: Callable[[], Any], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=re.escape(sentence)):
        ask()


@pytest.mark.only(colour="awaitable")
async def test_a_manager_that_is_walked_asynchronously_says_what_to_walk() -> None:
    with pytest.raises(TypeError, match=r"write `async for \.\.\. in Tag\.objects\.all\(\)`"):
        [tag async for tag in Tag.objects]  # type: ignore[attr-defined]


async def test_refused_when_asked(library: Any) -> None:
    with pytest.raises(Book.DoesNotExist, match="Book matching query does not exist. .*title='Nope'"):
        await Book.objects.aget(title="Nope")
    with pytest.raises(Book.MultipleObjectsReturned, match=r"get\(\) returned more than one Book -- it returned \d"):
        await Book.objects.aget(pages__gt=200)
    with pytest.raises(TypeError, match="fail is not an aggregate expression"):
        await Book.objects.aaggregate(fail=F("price"))
    with pytest.raises(TypeError, match="Complex aggregates require an alias"):
        await Book.objects.aaggregate(Sum(F("pages") + 1))


async def test_slices_are_combined(library: Any) -> None:
    first, last = Book.objects.order_by("pk")[:3], Book.objects.order_by("-pk")[:2]
    either = [*(await titles(first)), *(await titles(last))]
    assert await titles(first | last) == sorted(either)
    assert await titles(first ^ last) == sorted(either)
    assert await titles(first ^ Book.objects.order_by("pk")[:1]) == await titles(Book.objects.order_by("pk")[1:3])
    with pytest.raises(TypeError, match="Cannot combine queries once a slice has been taken"):
        first & last


def test_a_manager_is_nothing_that_can_be_awaited() -> None:
    """Templates of Jinja await what can be, before they call a method of it."""
    assert not inspect.isawaitable(Tag.objects)
    assert not inspect.isawaitable(Author(pk=1).books)
