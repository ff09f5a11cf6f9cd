"""What a deletion sends, how many statements it takes, and how its rules meet (the rules one by one: tests/query)."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import ProtectedError, RestrictedError
from orm.models.signals import post_delete, pre_delete
from tests.relations.models import (
    Author,
    Book,
    City,
    Copy,
    Country,
    Licence,
    Loan,
    Profile,
    Room,
    Shelf,
    Tag,
    Translation,
)


async def test_a_row_nobody_watches_is_one_statement(database: Any, queries: Any) -> None:
    room = await Room.objects.acreate(name="r")
    shelf = await Shelf.objects.acreate(name="s", room=room)
    copy = await Copy.objects.acreate(shelf=shelf, room=room)
    with queries as counted:
        assert await copy.adelete() == (1, {"relations.Copy": 1})
    assert len(counted) == 1
    assert copy.pk is None


async def test_a_queryset_nobody_watches_is_one_statement(database: Any, queries: Any) -> None:
    for name in ("a", "b", "c"):
        await City.objects.acreate(name=name, country=await country(name))
    with queries as counted:
        assert await City.objects.filter(name__in=["a", "b"]).adelete() == (2, {"relations.City": 2})
    assert len(counted) == 1


async def country(name: str) -> Country:
    return await Country.objects.acreate(name=name, code=name[:2].upper())


async def test_cascades_count_what_went(database: Any) -> None:
    ada = await Author.objects.acreate(name="Ada")
    bob = await Author.objects.acreate(name="Bob", mentor=ada)
    book = await Book.objects.acreate(title="Notes", author=ada, editor=bob)
    kept = await Book.objects.acreate(title="Kept", author=bob, editor=ada)
    await Profile.objects.acreate(author=ada)
    await book.tags.aadd(await Tag.objects.acreate(name="t"))
    await book.translators.aadd(bob)
    await ada.friends.aadd(bob)
    assert await ada.adelete() == (
        7,
        {
            "relations.Author": 1,
            "relations.Author_friends": 2,
            "relations.Book": 1,
            "relations.Book_tags": 1,
            "relations.Profile": 1,
            "relations.Translation": 1,
        },
    )
    await bob.arefresh_from_db()
    await kept.arefresh_from_db()
    assert bob.mentor_id is None
    assert kept.editor_id is None
    assert await Tag.objects.acount() == 1
    assert await Author.friends.through.objects.acount() == 0


async def test_nothing_to_delete(database: Any) -> None:
    assert await Author.objects.all().adelete() == (0, {})
    assert await Copy.objects.all().adelete() == (0, {})


async def test_signals_in_order(database: Any) -> None:
    ada = await Author.objects.acreate(name="Ada")
    book = await Book.objects.acreate(title="Notes", author=ada)
    heard: list[Any] = []

    def before(sender: Any, instance: Any, origin: Any, **named: Any) -> None:
        heard.append(("pre", instance, origin))

    async def after(sender: Any, instance: Any, **named: Any) -> None:
        heard.append(("post", str(instance), await Book.objects.acount()))

    pre_delete.connect(before)
    post_delete.connect(after, Book)
    try:
        await ada.adelete()
    finally:
        pre_delete.disconnect(before)
        post_delete.disconnect(after, Book)
    assert sorted(str(instance) for kind, instance, _ in heard if kind == "pre") == ["Ada", "Notes"]
    assert all(origin is ada for kind, _, origin in heard if kind == "pre")
    assert heard[-1] == ("post", "Notes", 0)
    assert book.pk is not None


async def test_a_failing_receiver_undoes_the_deletion(database: Any) -> None:
    ada = await Author.objects.acreate(name="Ada")
    await Book.objects.acreate(title="Notes", author=ada)

    def refuse(sender: Any, **named: Any) -> None:
        raise RuntimeError("no")

    post_delete.connect(refuse, Author)
    try:
        with pytest.raises(RuntimeError):
            await ada.adelete()
    finally:
        post_delete.disconnect(refuse, Author)
    assert await Book.objects.acount() == await Author.objects.acount() == 1


async def test_protect_names_the_relation_and_holds_the_rows(database: Any) -> None:
    ada = await Author.objects.acreate(name="Ada")
    book = await Book.objects.acreate(title="Notes", author=ada)
    loan = await Loan.objects.acreate(book=book)
    with pytest.raises(ProtectedError, match=r"model 'Author'.*protected foreign keys: 'Book\.author'") as caught:
        await ada.adelete()
    assert caught.value.protected_objects == {loan}
    assert await Book.objects.acount() == 1


async def test_restrict_gives_way_to_a_cascade(database: Any) -> None:
    room, other = await Room.objects.acreate(name="r"), await Room.objects.acreate(name="o")
    shelf = await Shelf.objects.acreate(name="s", room=room)
    inside = await Copy.objects.acreate(shelf=shelf, room=room)
    with pytest.raises(RestrictedError, match=r"'Copy\.shelf'") as caught:
        await shelf.adelete()
    assert caught.value.restricted_objects == {inside}
    outside = await Copy.objects.acreate(shelf=shelf, room=other)
    with pytest.raises(RestrictedError) as caught:
        await room.adelete()
    assert caught.value.restricted_objects == {outside}
    await outside.adelete()
    assert (await room.adelete())[0] == 3


async def test_set_takes_what_a_function_gives(database: Any) -> None:
    await Country.objects.acreate(name="Unknown", code="??")
    finland = await country("Finland")
    await City.objects.acreate(name="Turku", country=finland, twin=finland)
    await finland.adelete()
    turku = await City.objects.aget()
    assert (turku.country_id, turku.twin_id) == ("??", None)


async def test_rows_that_refer_to_themselves_and_each_other(database: Any) -> None:
    one = await Author.objects.acreate(name="one")
    two = await Author.objects.acreate(name="two", mentor=one)
    one.mentor = two
    await one.asave()
    await one.follows.aadd(one, two)
    assert (await Author.objects.all().adelete())[1]["relations.Author"] == 2


async def test_many_rows(database: Any) -> None:
    ada = await Author.objects.acreate(name="Ada")
    await Book.objects.abulk_create([Book(title=str(number), author=ada) for number in range(2500)])
    assert await Author.objects.all().adelete() == (2501, {"relations.Author": 1, "relations.Book": 2500})


async def test_through_a_related_manager(database: Any) -> None:
    ada, bob = [await Author.objects.acreate(name=name) for name in ("Ada", "Bob")]
    for author in (ada, bob):
        await Book.objects.acreate(title="x", author=author)
    await ada.books.all().adelete()
    assert (await Book.objects.aget()).author_id == bob.pk


async def test_slices_are_refused(database: Any) -> None:
    with pytest.raises(TypeError, match="'limit' or 'offset'"):
        await Book.objects.all()[:2].adelete()


async def test_receivers_hear_of_the_queryset_that_was_deleted(database: Any) -> None:
    await Author.objects.acreate(name="Ada")
    heard: list[Any] = []

    def before(sender: Any, origin: Any, **named: Any) -> None:
        heard.append(origin)

    authors = Author.objects.filter(name="Ada")
    pre_delete.connect(before, sender=Author)
    try:
        await authors.adelete()
    finally:
        pre_delete.disconnect(before, sender=Author)
    assert len(heard) == 1 and heard[0] is authors


async def test_receivers_hear_of_instances_in_the_order_of_their_keys(database: Any) -> None:
    ada = await Author.objects.acreate(name="Ada")
    for pk in (13, 11, 12):
        await Book.objects.acreate(pk=pk, title=str(pk), author=ada)
    heard: list[int] = []

    def before(sender: Any, instance: Any, **named: Any) -> None:
        heard.append(instance.pk)

    pre_delete.connect(before, Book)
    try:
        await ada.adelete()
    finally:
        pre_delete.disconnect(before, Book)
    assert heard == [11, 12, 13]


async def test_models_go_as_soon_as_what_refers_to_them_has_gone(database: Any) -> None:
    """Among those that nothing holds back it is the order in which they were reached: books come before licences."""
    ada = await Author.objects.acreate(name="Ada")
    book = await Book.objects.acreate(title="Notes", author=ada)
    await Translation.objects.acreate(book=book, translator=ada)
    await Licence.objects.acreate(author=ada)
    heard: list[str] = []

    def after(sender: Any, instance: Any, **named: Any) -> None:
        heard.append(sender.__name__)

    post_delete.connect(after)
    try:
        await ada.adelete()
    finally:
        post_delete.disconnect(after)
    assert heard == ["Translation", "Licence", "Book", "Author"]
