"""Many-to-many relations: both sides, self-relations, join models of one's own, signals."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import IntegrityError
from orm.models import Count, Prefetch
from orm.models.signals import m2m_changed, post_save, pre_delete, pre_save
from tests.relations.models import Author, Book, Country, Tag, Translation


async def book(title: str = "Notes") -> Book:
    ada, _ = await Author.objects.aget_or_create(name="Ada")
    return await Book.objects.acreate(title=title, author=ada)


async def tags(*names: str) -> list[Tag]:
    return [await Tag.objects.acreate(name=name) for name in names]


async def names(queryset: Any) -> list[str]:
    return sorted([item.name async for item in queryset])


async def test_add_from_either_side(database: Any) -> None:
    notes, more = await book(), await book("More")
    a, b = await tags("a", "b")
    await notes.tags.aadd(a, b)
    await a.books.aadd(more)
    assert await names(notes.tags.all()) == ["a", "b"]
    assert await names(more.tags.all()) == ["a"]
    assert await a.books.acount() == 2
    assert await Book.objects.filter(tags=a).acount() == 2
    assert await Tag.objects.filter(books__title="More").acount() == 1


async def test_counting_needs_the_join_model_alone(database: Any, queries: Any) -> None:
    notes, more = await book(), await book("More")
    a, b = await tags("a", "b")
    await notes.tags.aadd(a, b)
    with queries as counted:
        assert await notes.tags.acount() == 2
        assert await notes.tags.aexists()
        assert await more.tags.acount() == 0
        assert not await more.tags.aexists()
        assert await a.books.acount() == 1
        assert await notes.tags.order_by("name").acount() == 2
    assert not any("JOIN" in sql for sql in counted), counted
    with queries as counted:
        assert await notes.tags.filter(name="a").acount() == 1
        assert await notes.tags.exclude(name="a").acount() == 1
        assert await notes.tags.distinct().acount() == 2
        assert len(await notes.tags.all()) == 2
    assert all("JOIN" in sql for sql in counted), counted
    by_book = Author.objects.filter(books=notes)
    assert await by_book.acount() == 1 and await by_book.aexists()


async def test_an_error_names_the_relation_and_not_its_join_model(database: Any) -> None:
    notes, ada = await book(), await Author.objects.acreate(name="Bob")
    with pytest.raises(ValueError, match=r"^relations\.Book\.tags: Field 'id' expected a number but got 'x'"):
        await notes.tags.aadd("x")
    with pytest.raises(ValueError, match=r"^relations\.Book\.tags: Field 'id' expected a number but got 'x'"):
        await notes.tags.aremove("x")
    with pytest.raises(ValueError, match=r"^relations\.Book\.tags: "):
        await Book.objects.filter(tags="x").acount()
    with pytest.raises(ValueError, match=r"^relations\.Author\.friends: "):
        await ada.friends.aadd("x")


async def test_add_is_one_statement_and_ignores_what_is_there(database: Any, queries: Any) -> None:
    notes = await book()
    a, b = await tags("a", "b")
    await notes.tags.aadd(a)
    with queries as counted:
        await notes.tags.aadd(a, b, b.pk, str(b.pk))
    assert len(counted) == 1
    assert await names(notes.tags.all()) == ["a", "b"]


async def test_add_refuses(database: Any) -> None:
    notes = await book()
    with pytest.raises(TypeError, match="'Tag' instance expected, got .*: tags of Book takes Tag instances"):
        await notes.tags.aadd(notes)
    with pytest.raises(ValueError, match="It has no id yet; save it first"):
        await notes.tags.aadd(Tag(name="x"))
    with pytest.raises(ValueError, match="'x'"):
        await notes.tags.aadd("x")
    with pytest.raises(ValueError, match="has no id yet, so it has no tags"):
        await Book(title="y").tags.aadd(1)
    with pytest.raises(TypeError, match="None"):
        await notes.tags.aadd(None)


async def test_rows_that_are_created_are_joined_to_the_instance(database: Any) -> None:
    notes = await book()
    made = await notes.tags.acreate(name="new")
    assert await names(notes.tags.all()) == ["new"]
    assert (await notes.tags.aget_or_create(name="new")) == (made, False)
    _, created = await notes.tags.aget_or_create(name="newer")
    assert created
    _, created = await notes.tags.aupdate_or_create({}, name="newest")
    assert created
    assert await names(notes.tags.all()) == ["new", "newer", "newest"]


async def test_a_failed_create_leaves_nothing(database: Any) -> None:
    notes = await book()
    await tags("taken")
    with pytest.raises(IntegrityError):
        await notes.tags.acreate(name="taken")
    assert await notes.tags.acount() == 0


async def test_remove_clear_and_set(database: Any) -> None:
    notes = await book()
    a, b, c = await tags("a", "b", "c")
    await notes.tags.aset([a, b])
    await notes.tags.aset([b, c.pk])
    assert await names(notes.tags.all()) == ["b", "c"]
    await notes.tags.aremove(b, a)
    assert await names(notes.tags.all()) == ["c"]
    await notes.tags.aset([a], clear=True)
    assert await names(notes.tags.all()) == ["a"]
    await notes.tags.aclear()
    assert await notes.tags.acount() == 0
    assert await Tag.objects.acount() == 3


async def test_set_touches_only_what_changes(database: Any) -> None:
    notes = await book()
    a, b = await tags("a", "b")
    await notes.tags.aset([a])
    (before,) = await Book.tags.through.objects.all()
    await notes.tags.aset([a, b])
    assert before.pk in [row.pk async for row in Book.tags.through.objects.all()]


async def test_friends_are_friends_of_each_other(database: Any) -> None:
    ada, bob, cleo = [await Author.objects.acreate(name=name) for name in ("Ada", "Bob", "Cleo")]
    await ada.friends.aadd(bob, cleo)
    assert await names(bob.friends.all()) == ["Ada"]
    await bob.friends.aadd(ada)
    assert await Author.friends.through.objects.acount() == 4
    await cleo.friends.aremove(ada)
    assert await names(ada.friends.all()) == ["Bob"]
    await bob.friends.aclear()
    assert await ada.friends.acount() == 0
    await ada.friends.aadd(ada)
    assert await names(ada.friends.all()) == ["Ada"]


async def test_following_is_not_being_followed(database: Any) -> None:
    ada, bob = [await Author.objects.acreate(name=name) for name in ("Ada", "Bob")]
    await ada.follows.aadd(bob)
    assert await names(ada.follows.all()) == ["Bob"]
    assert await names(bob.followers.all()) == ["Ada"]
    assert await ada.followers.acount() == 0
    assert await names(Author.objects.filter(follows=bob)) == ["Ada"]
    assert await names(Author.objects.filter(followers=ada)) == ["Bob"]


async def test_a_join_model_of_ones_own(database: Any) -> None:
    notes = await book()
    bob, cleo = [await Author.objects.acreate(name=name) for name in ("Bob", "Cleo")]
    await notes.translators.aadd(bob, through_defaults={"language": "fi"})
    await notes.translators.aadd(bob, cleo, through_defaults={"language": lambda: "sv"})
    rows = await Translation.objects.order_by("translator__name").values_list("translator__name", "language")
    assert rows == [("Bob", "fi"), ("Cleo", "sv")]
    assert await names(notes.translators.filter(name="Cleo")) == ["Cleo"]
    assert [b.title async for b in cleo.translated.all()] == ["Notes"]
    await notes.translators.aset([cleo])
    assert await Translation.objects.acount() == 1
    dora = await notes.translators.acreate(name="Dora", through_defaults={"language": "de"})
    assert (await dora.translated.aget()) == notes


async def test_changes_send_signals_from_whichever_side(database: Any) -> None:
    notes = await book()
    a, b = await tags("a", "b")
    await notes.tags.aadd(a)
    heard: list[Any] = []

    def hear(sender: Any, action: str, instance: Any, reverse: bool, model: Any, pk_set: Any, **named: Any) -> None:
        heard.append((action, instance, reverse, model, pk_set))

    m2m_changed.connect(hear, Book.tags.through)
    try:
        await notes.tags.aadd(a, b)
        await b.books.aremove(notes)
        await notes.tags.aclear()
    finally:
        m2m_changed.disconnect(hear, Book.tags.through)
    assert heard == [
        ("pre_add", notes, False, Tag, {b.pk}),
        ("post_add", notes, False, Tag, {b.pk}),
        ("pre_remove", b, True, Book, {notes.pk}),
        ("post_remove", b, True, Book, {notes.pk}),
        ("pre_clear", notes, False, Tag, None),
        ("post_clear", notes, False, Tag, None),
    ]
    assert await notes.tags.acount() == 0


async def test_prefetched_from_both_sides(database: Any, queries: Any) -> None:
    notes, more = await book(), await book("More")
    a, b = await tags("a", "b")
    await notes.tags.aadd(a, b)
    await more.tags.aadd(a)
    with queries as counted:
        found = {}
        async for item in Book.objects.prefetch_related("tags__books"):
            found[item.title] = {tag.name: sorted(b.title for b in tag.books.all()) for tag in item.tags.all()}
    assert found == {"Notes": {"a": ["More", "Notes"], "b": ["Notes"]}, "More": {"a": ["More", "Notes"]}}
    assert len(counted) == 3


async def test_a_condition_on_the_relation_does_not_narrow_the_prefetch(database: Any) -> None:
    notes, more = await book(), await book("More")
    (a,) = await tags("a")
    await a.books.aadd(notes, more)
    tagged = Tag.objects.filter(books__title="Notes")
    found = await Book.objects.prefetch_related(Prefetch("tags", tagged)).order_by("title")
    assert [[tag.name for tag in item.tags.all()] for item in found] == [["a"], ["a"]]


async def test_prefetch_with_a_counting_queryset(database: Any) -> None:
    notes, more = await book(), await book("More")
    a, b = await tags("a", "b")
    await notes.tags.aadd(a, b)
    await more.tags.aadd(a)
    counting = Tag.objects.annotate(n=Count("books")).order_by("name")
    found = await Book.objects.prefetch_related(Prefetch("tags", counting)).order_by("title")
    assert [[(tag.name, tag.n) for tag in item.tags.all()] for item in found] == [[("a", 2)], [("a", 2), ("b", 1)]]


async def test_changing_forgets_what_was_prefetched(database: Any) -> None:
    await book()
    a, b = await tags("a", "b")
    notes = await Book.objects.prefetch_related("tags").aget()
    assert len(notes.tags.all()) == 0
    await notes.tags.aadd(a)
    assert await names(notes.tags.all()) == ["a"]
    await notes.tags.aset([b])
    assert await names(notes.tags.all()) == ["b"]


async def test_a_protected_join_model(database: Any) -> None:
    notes = await book()
    country = await Country.objects.acreate(name="Finland", code="FI")
    bob = await Author.objects.acreate(name="Bob")
    await notes.translators.aadd(bob, through_defaults={"checker": country})
    assert (await Translation.objects.aget()).checker_id == country.pk


async def test_a_filter_on_the_model_between_speaks_of_the_related_managers_own_row(database: Any) -> None:
    ada, ben = [await Author.objects.acreate(name=name) for name in ("Ada", "Ben")]
    one, two = [await Book.objects.acreate(title=title, author=ada) for title in ("One", "Two")]
    for book, translator, language in ((one, ada, "de"), (two, ada, "fr"), (one, ben, "fr")):
        await Translation.objects.acreate(book=book, translator=translator, language=language)
    books = ada.translated.filter(translations__language="fr").order_by("title")
    assert [b.title async for b in books] == ["Two"]
    assert [b.title async for b in ada.translated.order_by("-title").filter(translations__language="de")] == ["One"]
    french = Prefetch("translated", Book.objects.filter(translations__language="fr"), to_attr="french")
    found = {a.name: [b.title for b in a.french] async for a in Author.objects.prefetch_related(french)}
    assert found == {"Ada": ["Two"], "Ben": ["One"]}
    by_others = Prefetch("translated", Book.objects.filter(translators__name="Ben"), to_attr="bens")
    found = {a.name: [b.title for b in a.bens] async for a in Author.objects.prefetch_related(by_others)}
    assert found == {"Ada": ["One"], "Ben": ["One"]}


async def test_rows_of_a_join_model_that_nobody_declared_send_no_signals(database: Any) -> None:
    notes, (tag,) = await book(), await tags("a")
    join: Any = Book.tags.through
    heard: list[str] = []

    def hear(signal: Any, **named: Any) -> None:
        heard.append(signal.name)

    for signal in (pre_save, post_save, pre_delete):
        signal.connect(hear)
    try:
        row = await join.objects.acreate(book=notes, tag=tag)
        await row.asave()
        await row.adelete()
    finally:
        for signal in (pre_save, post_save, pre_delete):
            signal.disconnect(hear)
    assert heard == []
