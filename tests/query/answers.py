"""What a QuerySet answers, in a form that is easy to compare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


async def titles(books: Any) -> list[str]:
    """The titles of a QuerySet of books, sorted; a book that comes twice is there twice."""
    return sorted([book.title async for book in books])


async def names(rows: Any) -> list[str]:
    """The names of a QuerySet's objects, sorted; duplicates stay."""
    return sorted([row.name async for row in rows])


def titled(books: Iterable[Any]) -> list[str]:
    """The same, of rows of ``tests/query/library.py``."""
    return sorted(book.title for book in books)


def named(rows: Iterable[Any]) -> list[str]:
    """The same, of rows of ``tests/query/library.py``."""
    return sorted(row.name for row in rows)
