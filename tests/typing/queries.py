"""What type checkers make of queries: rows, annotations, related managers. Never run, as ``models.py``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any, assert_type

from orm import models
from orm.models import Count, F, Prefetch, QuerySet
from orm.models.relations import ManyRelatedManager, RelatedManager
from orm.query.raw_blocking import RawQuerySet


class Tag(models.Model):
    word = models.CharField(max_length=10)
    tagged: ManyRelatedManager[Book]


class Author(models.Model):
    name = models.CharField(max_length=100)
    books: RelatedManager[Book]
    written: int  # what annotate() adds: an annotation alone is no column


class Book(models.Model):
    title = models.CharField(max_length=100)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    tags = models.ManyToManyField(Tag, related_name="tagged")


def rows() -> None:
    assert_type(Author.objects.values("name"), QuerySet[dict[str, Any]])
    assert_type(Author.objects.values("name", n=Count("books")).first(), dict[str, Any] | None)
    assert_type([row["name"] for row in Author.objects.values("name")], list[Any])
    assert_type(Author.objects.values_list("name", "pk").get(), tuple[Any, Any])
    assert_type(Author.objects.filter(pk=1).values_list("name", flat=True).first(), Any | None)
    assert_type(Author.objects.aggregate(n=Count("pk")), dict[str, Any])
    assert_type(Author.objects.in_bulk([1]), dict[Any, Author])
    assert_type(Author.objects.raw("SELECT 1"), RawQuerySet[Author])


def annotated() -> None:
    query = Author.objects.annotate(written=Count("books"))
    assert_type(query, QuerySet[Author])
    assert_type(query.get().written, int)
    assert_type([author.written + 1 for author in query.filter(written__gt=F("pk"))], list[int])
    assert_type(query.alias(n=Count("books")).order_by("n")[:3], QuerySet[Author])


def walked(query: QuerySet[Author]) -> None:
    assert_type(query[0], Author)
    assert_type(query.iterator(), Iterator[Author])
    assert_type(query.aiterator(), AsyncGenerator[Author, None])
    assert_type(query.prefetch_related(Prefetch("books", Book.objects.all(), to_attr="all")), QuerySet[Author])


async def related(author: Author, book: Book, tag: Tag) -> None:
    assert_type(author.books, RelatedManager[Book])
    assert_type(author.books.all(), QuerySet[Book])
    assert_type(author.books.filter(title="x").first(), Book | None)
    assert_type(author.books.create(title="x"), Book)
    assert_type(await author.books.acreate(title="x"), Book)
    assert_type(await author.books.aget_or_create(title="x"), tuple[Book, bool])
    assert_type([book.title async for book in author.books.order_by("title")], list[str])
    await author.books.aadd(book)
    author.books.set([book])
    assert_type(book.tags, ManyRelatedManager[Tag])
    assert_type(book.tags.first(), Tag | None)
    assert_type(await tag.tagged.all(), list[Book])
    assert_type((await book.author).books.values_list("title", "pk").first(), tuple[Any, Any] | None)
