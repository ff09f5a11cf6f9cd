"""``NestedObjects``, as packages that hide rows find it under ``django.contrib.admin.utils``: what a deletion takes."""

from __future__ import annotations

from typing import Any

from orm.compat.django.nested_objects import NestedObjects
from tests.relations.models import Author, Book, Loan, Profile


def collected(*objs: Any) -> NestedObjects:
    found = NestedObjects(using="default")
    found.collect(objs)
    return found


def test_each_row_is_followed_by_those_that_go_with_it(database: Any) -> None:
    ada = Author.objects.create(name="Ada")
    profile = Profile.objects.create(author=ada)
    book = Book.objects.create(title="One", author=ada)
    [root, below] = collected(ada).nested()
    assert root == ada
    assert set(below) == {profile, book}


def test_rows_that_outlive_it_are_not_among_them(database: Any) -> None:
    ada, ben = Author.objects.create(name="Ada"), Author.objects.create(name="Ben")
    Book.objects.create(title="One", author=ben, editor=ada)
    assert collected(ada).nested() == [ada]


def test_rows_that_forbid_it_are_kept_apart(database: Any) -> None:
    book = Book.objects.create(title="One", author=Author.objects.create(name="Ada"))
    loan = Loan.objects.create(book=book)
    found = collected(book)
    assert found.protected == {loan}
    assert found.nested() == [book]


def test_rows_are_told_by_model_and_shown_as_they_are_wanted(database: Any) -> None:
    ada = Author.objects.create(name="Ada")
    book = Book.objects.create(title="One", author=ada)
    found = collected(ada)
    assert found.model_objs == {Author: {ada}, Book: {book}}
    assert found.nested(lambda each: type(each).__name__) == ["Author", ["Book"]]
