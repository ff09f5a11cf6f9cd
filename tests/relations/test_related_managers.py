"""The reverse side of a foreign key: ``author.books``."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from orm.errors import DatabaseError
from orm.models import Sum
from orm.models.signals import post_save
from tests.relations.models import Author, Book


async def author(name: str = "Ada", books: int = 0) -> Author:
    made = await Author.objects.acreate(name=name)
    for number in range(books):
        await Book.objects.acreate(title=f"{name} {number}", author=made, price=number * 5)
    return made


async def test_knows_its_parent(database: Any, queries: Any) -> None:
    ada = await author(books=2)
    with queries as counted:
        assert [book.author is ada async for book in ada.books.all()] == [True, True]
        assert (await ada.books.afirst()).author is ada
        assert (await ada.books.aget(price=5)).author is ada
        assert [book.author is ada async for book in ada.books.filter(price__gt=0).order_by("title")] == [True]
    assert len(counted) == 4


async def test_queries_are_about_the_instances_rows_alone(database: Any) -> None:
    ada, bob = await author(books=2), await author("Bob", books=1)
    assert await ada.books.acount() == 2
    assert await bob.books.acount() == 1
    assert await bob.books.exclude(title="Bob 0").aexists() is False
    assert await ada.books.values_list("title", flat=True).order_by("title") == ["Ada 0", "Ada 1"]
    assert await ada.books.aaggregate(total=Sum("price")) == {"total": 5}


async def test_has_custom_methods(database: Any) -> None:
    ada = await author(books=3)
    assert await ada.books.cheap().acount() == 2
    assert (await ada.books.cheapest_first().afirst()).title == "Ada 0"


async def test_other_managers(database: Any) -> None:
    ada = await author()
    await Author.objects.acreate(name="Bob", mentor=ada, living=False)
    await Author.objects.acreate(name="Cleo", mentor=ada)
    assert await ada.pupils.acount() == 2
    assert [a.name async for a in ada.pupils(manager="alive").all()] == ["Cleo"]
    assert [a.name async for a in ada.pupils(manager="alive").named("Bob")] == []


async def test_rows_that_are_created_refer_to_the_instance(database: Any) -> None:
    ada = await author()
    book = await ada.books.acreate(title="New")
    assert book.author is ada
    assert (await ada.books.aget_or_create(title="New"))[1] is False
    other, made = await ada.books.aget_or_create({"price": 3}, title="Newer")
    assert made
    assert (other.author_id, other.price) == (ada.pk, 3)
    updated, made = await ada.books.aupdate_or_create({"price": 4}, title="Newer")
    assert (updated.price, made) == (4, False)
    made_book, made = await ada.books.aupdate_or_create({"price": 4}, {"price": 9}, title="Newest")
    assert (made_book.price, made) == (9, True)


async def test_get_or_create_looks_among_the_related_only(database: Any) -> None:
    ada, bob = await author(), await author("Bob")
    await ada.books.acreate(title="Same")
    _, made = await bob.books.aget_or_create(title="Same")
    assert made


async def test_add_is_one_update(database: Any, queries: Any) -> None:
    ada, bob = await author(books=3), await author("Bob")
    books = await ada.books.all()
    with queries as counted:
        await bob.edited.aadd(*books[:2])
    assert len(counted) == 1
    assert await bob.edited.acount() == 2
    assert books[0].editor is bob


async def test_add_refuses(database: Any) -> None:
    ada = await author(books=1)
    with pytest.raises(TypeError, match="'Book' instance expected, got .*: edited of Author takes Book instances"):
        await ada.edited.aadd(ada)
    with pytest.raises(ValueError, match=r"isn't saved.*bulk=False"):
        await ada.edited.aadd(Book(title="x", author=ada))


async def test_add_one_by_one_saves_and_signals(database: Any) -> None:
    ada = await author()
    heard = []

    def hear(sender: Any, instance: Any, **named: Any) -> None:
        heard.append(instance.title)

    post_save.connect(hear, Book)
    try:
        await ada.books.aadd(Book(title="one"), Book(title="two"), bulk=False)
    finally:
        post_save.disconnect(hear, Book)
    assert heard == ["one", "two"]
    assert await ada.books.acount() == 2


async def test_adding_one_by_one_is_all_or_nothing(database: Any) -> None:
    ada = await author()
    with pytest.raises((DatabaseError, ValueError)):
        await ada.books.aadd(Book(title="good"), Book(title="bad", editor_id=999999), bulk=False)
    assert await Book.objects.acount() == 0


async def test_remove_and_clear(database: Any, queries: Any) -> None:
    ada, bob = await author(books=3), await author("Bob")
    one, two, three = await ada.books.order_by("pk")
    await bob.edited.aadd(one, two, three)
    with queries as counted:
        await bob.edited.aremove(one)
    assert len(counted) == 1
    assert one.editor is None
    assert await bob.edited.acount() == 2
    with pytest.raises(Author.DoesNotExist, match="is not related to"):
        await bob.edited.aremove(one)
    await bob.edited.aremove(two, bulk=False)
    await bob.edited.aclear()
    assert await bob.edited.acount() == 0
    await bob.edited.aadd(one)
    await bob.edited.aclear(bulk=False)
    assert await bob.edited.acount() == 0


async def test_a_required_foreign_key_can_not_be_emptied(database: Any) -> None:
    ada = await author(books=1)
    with pytest.raises(AttributeError, match=r"would leave relations\.Book\.author empty"):
        await ada.books.aclear()
    with pytest.raises(AttributeError, match=r"would leave relations\.Book\.author empty"):
        await ada.books.aremove(await ada.books.aget())


async def test_set_leaves_no_other_rows(database: Any) -> None:
    ada, bob = await author(books=4), await author("Bob")
    one, two, three, four = await ada.books.order_by("pk")
    await bob.edited.aset([one, two])
    await bob.edited.aset([two, three])
    assert [b.pk async for b in bob.edited.order_by("pk")] == [two.pk, three.pk]
    await bob.edited.aset([four], clear=True)
    assert [b.pk async for b in bob.edited.all()] == [four.pk]
    await bob.edited.aset([])
    assert await bob.edited.acount() == 0
    await bob.books.aset([one, two])
    await bob.books.aset([three])
    assert await bob.books.acount() == 3


async def test_changing_forgets_what_was_prefetched(database: Any, queries: Any) -> None:
    await author(books=2)
    ada = await Author.objects.prefetch_related("books").aget(name="Ada")
    with queries as counted:
        assert len(ada.books.all()) == 2
        assert await ada.books.acount() == 2
        assert ada.books.all()[0].author is ada
    assert not counted
    await ada.books.acreate(title="third")
    assert await ada.books.acount() == 3


async def test_filtering_what_was_prefetched_asks_anew(database: Any, queries: Any) -> None:
    await author(books=2)
    ada = await Author.objects.prefetch_related("books").aget(name="Ada")
    with queries as counted:
        assert await ada.books.filter(price=5).acount() == 1
    assert len(counted) == 1


async def test_prefetched_rows_survive_pickling(database: Any, queries: Any) -> None:
    await author(books=2)
    ada = await Author.objects.prefetch_related("books", "edited").aget(name="Ada")
    assert len(ada.books.all()) == 2
    for copied in (pickle.loads(pickle.dumps(ada)), copy.copy(ada), copy.deepcopy(ada)):
        with queries as counted:
            assert {book.title for book in copied.books.all()} == {"Ada 0", "Ada 1"}
            assert len(copied.edited.all()) == 0
        assert not counted
        assert await copied.books.filter(price=5).acount() == 1


async def test_update_and_delete_through_the_manager(database: Any) -> None:
    ada, bob = await author(books=2), await author("Bob", books=1)
    assert await ada.books.aupdate(price=77) == 2
    assert (await bob.books.aget()).price == 0
    assert (await ada.books.all().adelete())[0] == 2
    assert await Book.objects.acount() == 1
