"""Related objects: loaded when asked for ("just add await"), or with the row through select_related."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import FieldDoesNotExist, FieldError, FieldFetchBlocked, SynchronousOnlyOperation
from orm.models import F, Sum
from tests.query import library as L
from tests.query.answers import titled
from tests.query.models import Author, Book, Category, Profile, Publisher, Review


async def test_unloaded_relation_loads_when_asked(library: Any, queries: Any) -> None:
    book = await Book.objects.aget(pk=L.NOTES.pk)
    with queries as counted:
        assert (await book.author).name == "Ada"
    assert len(counted) == 1


async def test_a_relation_loads_once(library: Any, queries: Any) -> None:
    book = await Book.objects.aget(pk=L.NOTES.pk)
    first = await book.author
    with queries as counted:
        assert await book.author is first
    assert len(counted) == 0


async def test_loaded_relation_can_be_awaited_or_not(library: Any) -> None:
    book = await Book.objects.select_related("author").aget(pk=L.NOTES.pk)
    assert book.author.name == (await book.author).name == "Ada"


async def test_absent_relation_is_none_at_once(library: Any, queries: Any) -> None:
    book = await Book.objects.aget(pk=L.ROAD.pk)
    with queries as counted:
        assert book.editor is None
    assert len(counted) == 0


@pytest.mark.only(colour="awaitable")  # in blocking code the attribute is right for both
async def test_a_relation_that_may_be_absent_is_awaited_through_its_class(library: Any, queries: Any) -> None:
    absent, loaded = await Book.objects.aget(pk=L.ROAD.pk), await Book.objects.aget(pk=L.NOTES.pk)
    with queries as counted:
        assert await Book.editor.aload(absent) is None
        assert (await Book.author.aload(loaded)).name == "Ada"
        assert await Book.author.aload(loaded) is await loaded.author
    assert len(counted) == 1


async def test_key_of_a_relation_needs_no_query(library: Any, queries: Any) -> None:
    book = await Book.objects.aget(pk=L.NOTES.pk)
    with queries as counted:
        assert book.author_id == L.ADA.pk
    assert len(counted) == 0


async def test_relation_over_two_steps(library: Any) -> None:
    book = await Book.objects.aget(pk=L.NOTES.pk)
    author = await book.author
    assert (await author.country).name == "United Kingdom"


async def test_objects_can_be_awaited(library: Any) -> None:
    author = await Author.objects.aget(name="Ada")
    assert await author is author


@pytest.mark.only(colour="awaitable")
@pytest.mark.parametrize("use", [
    lambda value: value.name, lambda value: str(value), lambda value: bool(value), lambda value: value == 1,
    lambda value: list(value), lambda value: setattr(value, "name", "x"), lambda value: value(),
])  # fmt: skip
async def test_unloaded_relation_says_to_await_it(library: Any, use: Any) -> None:
    book = await Book.objects.aget(pk=L.NOTES.pk)
    with pytest.raises(FieldFetchBlocked, match="await"):
        use(book.author)


@pytest.mark.only(colour="awaitable")
async def test_unloaded_column_says_to_await_it(library: Any) -> None:
    book = await Book.objects.defer("title").aget(pk=L.NOTES.pk)
    with pytest.raises(FieldFetchBlocked, match="await"):
        book.title.upper()


@pytest.mark.only(colour="awaitable")
async def test_an_unloaded_relation_can_be_awaited_twice(library: Any) -> None:
    book = await Book.objects.aget(pk=L.NOTES.pk)
    pending = book.author
    assert (await pending) is (await pending)


@pytest.mark.only(colour="awaitable")
async def test_blocking_form_on_the_loops_thread_names_the_awaitable_one(library: Any) -> None:
    with pytest.raises(SynchronousOnlyOperation, match="aget"):
        Author.objects.get(name="Ada")


@pytest.mark.only(colour="awaitable")
@pytest.mark.parametrize("use", [list, len, bool, lambda q: q[0], lambda q: next(iter(q)), lambda q: 1 in q])
async def test_blocking_use_of_a_queryset_on_the_loops_thread_is_refused(library: Any, use: Any) -> None:
    with pytest.raises(SynchronousOnlyOperation, match="await|async"):
        use(Author.objects.all())


async def test_assigning_a_relation(library: Any) -> None:
    book = await Book.objects.aget(pk=L.NOTES.pk)
    emil = await Author.objects.aget(name="Emil")
    book.author = emil
    assert (book.author_id, await book.author) == (emil.pk, emil)
    await book.asave()
    assert await Book.objects.filter(pk=book.pk, author=emil).aexists()


async def test_assigning_the_key_forgets_the_loaded_object(library: Any) -> None:
    book = await Book.objects.select_related("author").aget(pk=L.NOTES.pk)
    book.author_id = L.EMIL.pk
    assert (await book.author).name == "Emil"


async def test_assigning_an_object_of_another_model_is_refused(library: Any) -> None:
    book = await Book.objects.aget(pk=L.NOTES.pk)
    with pytest.raises(ValueError, match="Author"):
        book.author = Publisher(name="x")


# -- reverse -----------------------------------------------------------------------------------------------------------


async def test_reverse_manager(library: Any) -> None:
    ada = await Author.objects.aget(name="Ada")
    assert sorted([b.title async for b in ada.books.all()]) == titled(L.ADA.books)


async def test_reverse_manager_refined(library: Any) -> None:
    ada = await Author.objects.aget(name="Ada")
    assert [b.title for b in await ada.books.filter(pages__gt=100)] == ["Letters"]


async def test_objects_of_a_reverse_manager_know_where_they_came_from(library: Any, queries: Any) -> None:
    ada = await Author.objects.aget(name="Ada")
    books = await ada.books.all()
    with queries as counted:
        assert [await book.author for book in books] == [ada] * len(L.ADA.books)
    assert len(counted) == 0


async def test_reverse_one_to_one(library: Any) -> None:
    ada = await Author.objects.aget(name="Ada")
    assert (await ada.profile).motto == "Compute!"


async def test_absent_reverse_one_to_one(library: Any) -> None:
    emil = await Author.objects.aget(name="Emil")
    with pytest.raises(Profile.DoesNotExist):
        await emil.profile


async def test_many_to_many_manager(library: Any) -> None:
    road = await Book.objects.aget(pk=L.ROAD.pk)
    assert [tag.name async for tag in road.tags.all()] == sorted(L.ROAD.tags)


# -- select_related ----------------------------------------------------------------------------------------------------


async def test_select_related_takes_one_query(library: Any, queries: Any) -> None:
    with queries as counted:
        books = await Book.objects.select_related("author").order_by("pk")
        assert [b.author.name for b in books] == [b.author.name for b in L.books]
    assert len(counted) == 1


async def test_select_related_of_an_optional_relation(library: Any, queries: Any) -> None:
    with queries as counted:
        books = await Book.objects.select_related("editor", "publisher").order_by("pk")
        assert [b.editor and b.editor.name for b in books] == [b.editor and b.editor.name for b in L.books]
        assert [b.publisher and b.publisher.name for b in books] == [b.publisher and b.publisher.name for b in L.books]
    assert len(counted) == 1


async def test_select_related_over_several_steps(library: Any, queries: Any) -> None:
    with queries as counted:
        reviews = await Review.objects.select_related("book__author__country", "book__publisher").order_by("pk")
        found = [(r.book.author.country and r.book.author.country.name, r.book.publisher is None) for r in reviews]
    assert found == [
        (r.book.author.country and r.book.author.country.name, r.book.publisher is None) for r in L.reviews
    ]
    assert len(counted) == 1


async def test_select_related_without_names_follows_what_must_be_there(library: Any, queries: Any) -> None:
    with queries as counted:
        review = await Review.objects.select_related().order_by("pk").afirst()
        assert review.book.author.name == "Ada"
    assert len(counted) == 1


async def test_select_related_backwards_over_one_to_one(library: Any, queries: Any) -> None:
    with queries as counted:
        authors = await Author.objects.select_related("profile").order_by("pk")
        assert authors[0].profile.motto == "Compute!"
        with pytest.raises(Profile.DoesNotExist):
            await authors[2].profile
    assert len(counted) == 1


async def test_select_related_of_a_model_related_to_itself(library: Any) -> None:
    top = await Category.objects.acreate(name="top")
    await Category.objects.acreate(name="sub", parent=top)
    found = await Category.objects.select_related("parent__parent").order_by("pk")
    assert [(c.name, c.parent and c.parent.name) for c in found] == [("top", None), ("sub", "top")]


async def test_select_related_adds_up_and_none_takes_it_back(library: Any) -> None:
    both = str(Book.objects.select_related("author").select_related("publisher").query).upper()
    assert both.count("JOIN") == 2
    assert "JOIN" not in str(Book.objects.select_related("author").select_related(None).query).upper()


async def test_select_related_beside_a_filter_shares_its_join(library: Any) -> None:
    queryset = Book.objects.select_related("author").filter(author__name="Ada").order_by("author__age")
    assert str(queryset.query).upper().count("JOIN") == 1
    assert {b.author.name for b in await queryset} == {"Ada"}


async def test_select_related_shares_nothing_between_rows(library: Any) -> None:
    """As in Django: each row has its own related object, even when it is the same row of the table."""
    one, other = await Book.objects.select_related("author").filter(author__name="Ada")
    assert one.author == other.author
    assert one.author is not other.author


def test_select_related_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(FieldError, match="autor.*author"):
        Book.objects.select_related("autor")


def test_select_related_of_many_rows_is_refused() -> None:
    with pytest.raises(FieldError, match="tags"):
        Book.objects.select_related("tags")


def test_select_related_after_values_is_refused() -> None:
    with pytest.raises(TypeError, match="values"):
        Book.objects.values("title").select_related("author")


ALL = {field.attname for field in Book._meta.concrete_fields}


@pytest.mark.parametrize(
    ("chained", "loaded"),
    [
        (lambda rows: rows.only("title", "pages").defer("title"), {"id", "pages"}),
        (lambda rows: rows.defer("title").only("title", "pages"), {"id", "pages"}),
        (lambda rows: rows.only("title").defer("title"), ALL),
        (lambda rows: rows.only("title").defer("title", "pages"), ALL - {"pages"}),
        (lambda rows: rows.only("title").defer("title").defer("pages"), ALL - {"pages"}),
    ],
)
async def test_only_and_defer_follow_one_another(library: Any, chained: Any, loaded: set[str]) -> None:
    found = await chained(Book.objects.all()).aget(pk=L.NOTES.pk)
    assert ALL - found.get_deferred_fields() == loaded


async def test_only_keeps_the_key_by_which_rows_were_found(library: Any, queries: Any) -> None:
    author = await Author.objects.aget(name="Ada")
    with queries as counted:
        found = await author.books.only("pk").afirst()
        assert found.author_id == author.pk and found.author is author
    assert len(counted) == 1
    async for book in (author.books.all() | Book.objects.exclude(author=author)).only("pk"):
        assert "author_id" in book.get_deferred_fields()


async def test_a_relation_that_is_loaded_needs_no_deferred_key(library: Any, queries: Any) -> None:
    with queries as counted:
        found = await Book.objects.defer("author").select_related().aget(pk=L.NOTES.pk)
        assert found.author.name == "Ada"
    assert len(counted) == 1


async def test_a_row_that_is_not_there_is_named_without_asking_instances_for_their_text(library: Any) -> None:
    author = await Author.objects.aget(name="Ada")
    with pytest.raises(Book.DoesNotExist, match=rf"get\(pk=0, author=<Author pk={author.pk}>\)"):
        await Book.objects.aget(pk=0, author=author)


async def test_what_only_and_defer_refuse(library: Any) -> None:
    for method in (Book.objects.only, Book.objects.defer):
        with pytest.raises(FieldDoesNotExist, match="Book has no field named 'missing'"):
            method("missing")
        with pytest.raises(FieldDoesNotExist, match="Author has no field named 'missing'"):
            method("author__missing")
    for query in (Book.objects.only("title"), Book.objects.defer("author")):
        with pytest.raises(FieldError, match="Book.author cannot be both deferred and traversed"):
            await query.select_related("author").afirst()
    assert await Book.objects.only("title", "author__name").select_related("author").afirst()
    hidden: Any = Book.objects.alias(double=F("pages") * 2)
    for choose in (hidden.values, hidden.values_list):
        with pytest.raises(FieldError, match="Cannot select the 'double' alias. Use annotate"):
            choose("double")
    with pytest.raises(FieldError, match="Cannot aggregate over the 'double' alias. Use annotate"):
        await hidden.aaggregate(Sum("double"))
    with pytest.raises(FieldError, match="Cannot parse keyword query as dict"):
        Book.objects.filter({"title": "x"})
    with pytest.raises(TypeError, match="'title' isn't a DateField, TimeField, or DateTimeField"):
        Book.objects.dates("title", "year")
    with pytest.raises(TypeError, match="two different base models"):
        Book.objects.all() | Author.objects.all()  # type: ignore[operator]
    with pytest.raises(FieldError, match="Unsupported lookup 'nope' for CharField or join on the field not permitted"):
        Book.objects.filter(title__nope=1)
    with pytest.raises(FieldError, match="Cannot resolve keyword 'nope' into field. Join on 'title' not permitted"):
        Book.objects.values("title__nope")


async def test_slices_of_no_row_ask_nothing(library: Any, queries: Any) -> None:
    with queries as counted:
        for query in (Book.objects.all()[1:1], Book.objects.values("title")[3:3], Book.objects.order_by("title")[:0]):
            assert await query.afetch_all() == []
            assert await query.acount() == 0
            assert not await query.aexists()
    assert len(counted) == 0
    assert await Book.objects.filter(pk__in=Book.objects.all()[0:0]).acount() == 0
    assert await Book.objects.exclude(pk__in=Book.objects.all()[0:0]).acount() == len(L.books)
    assert Book.objects.none().ordered


async def test_the_first_of_loaded_rows_asks_nothing(library: Any, queries: Any) -> None:
    books = Book.objects.order_by("pk")
    rows = await books.afetch_all()
    with queries as counted:
        assert await books.afirst() is rows[0]
    assert len(counted) == 0
