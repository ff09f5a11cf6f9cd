"""What type checkers make of relations, with no plugin. Checked by mypy --strict and pyright; never run."""

from __future__ import annotations

from typing import assert_type

from orm import models
from orm.models import QuerySet
from orm.models.relations import ManyRelatedManager, RelatedManager


class Author(models.Model):
    name = models.CharField(max_length=20)
    books: RelatedManager[Book]


class Book(models.Model):
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    editor = models.ForeignKey(Author, on_delete=models.SET_NULL, null=True)
    owner = models.OneToOneField(Author, models.CASCADE)
    tags = models.ManyToManyField("Tag")
    readers = models.ManyToManyField(Author)
    later: models.ForeignKey[Tag] = models.ForeignKey("Tag", on_delete=models.CASCADE)


class Tag(models.Model):
    pass


async def main() -> None:
    book = await Book.objects.aget(pk=1)
    assert_type(book, Book)
    assert_type(book.author, Author)
    assert_type(await book.author, Author)
    assert_type(book.editor, Author | None)
    assert_type(await Book.editor.aload(book), Author | None)
    assert_type(await Book.author.aload(book), Author)
    assert_type(book.owner, Author)
    assert_type(book.later, Tag)
    assert_type(book.readers, ManyRelatedManager[Author])
    assert_type(await book.readers.acreate(name="x"), Author)
    assert_type(book.readers.filter(name="x"), QuerySet[Author])
    assert_type(await book.readers.all(), list[Author])
    assert_type(Book.objects.filter(author=1), QuerySet[Book])
    assert_type(Book.objects.filter(author=1).first(), Book | None)
    a = book.author
    assert_type(a.books.get(pk=1), Book)
    assert_type(a.books.filter(), QuerySet[Book])
    await a.books.aadd(book)
    await book.readers.aset([a])
    book.author = a
    book.editor = None
    for b in a.books.all():
        assert_type(b, Book)
    assert_type(await Author.objects.acreate(name="x"), Author)
    assert_type(Author.objects.get_or_create(name="x"), tuple[Author, bool])
