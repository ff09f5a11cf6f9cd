"""bulk_create and bulk_update: many rows, few statements, all or nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orm.errors import Error, IntegrityError
from orm.models import F, Value
from orm.models.functions import Lower, Upper
from tests.query import library as L
from tests.query.models import Author, Book, Counter, Keyed, Review, Stamped, Tag


async def values_by_key() -> dict[str, int]:
    return {row.key: row.value async for row in Counter.objects.all()}


async def test_bulk_create(database: Any) -> None:
    made = await Counter.objects.abulk_create([Counter(key=f"k{n}", value=n) for n in range(10)])
    assert len(made) == 10
    assert await values_by_key() == {f"k{n}": n for n in range(10)}


async def test_bulk_create_sets_keys_in_order(database: Any) -> None:
    made = await Counter.objects.abulk_create([Counter(key=f"k{n}") for n in range(10)])
    stored = {row.key: row.pk async for row in Counter.objects.all()}
    assert [row.pk for row in made] == [stored[f"k{n}"] for n in range(10)]
    assert not any(row._state.adding for row in made)


async def test_bulk_create_of_nothing(database: Any, queries: Any) -> None:
    with queries as counted:
        assert await Counter.objects.abulk_create([]) == []
    assert len(counted) == 0


async def test_bulk_create_of_many_rows(database: Any) -> None:
    await Counter.objects.abulk_create([Counter(key=f"k{n}", value=n) for n in range(3000)])
    assert await Counter.objects.acount() == 3000


async def test_few_rows_are_one_statement(database: Any, queries: Any) -> None:
    for count in (2, 6, 7, 30, 63):
        with queries as counted:
            await Counter.objects.abulk_create([Counter(key=f"{count}-{n}") for n in range(count)])
        assert len([sql for sql in counted if "INSERT" in str(sql)]) == 1, count


async def test_bulk_create_in_batches(database: Any) -> None:
    made = await Counter.objects.abulk_create([Counter(key=f"k{n}", value=n) for n in range(25)], batch_size=10)
    assert all(row.pk for row in made)
    assert await Counter.objects.acount() == 25


async def test_bulk_create_takes_a_generator(database: Any) -> None:
    await Counter.objects.abulk_create(Counter(key=f"k{n}") for n in range(5))
    assert await Counter.objects.acount() == 5


async def test_bulk_create_with_some_keys_set(database: Any) -> None:
    await Counter.objects.abulk_create([Counter(pk=L.FIRST_PK, key="mine"), Counter(key="theirs")])
    assert (await Counter.objects.aget(pk=L.FIRST_PK)).key == "mine"
    assert await Counter.objects.acount() == 2


async def test_bulk_create_with_keys_made_by_the_program(database: Any) -> None:
    made = await Keyed.objects.abulk_create([Keyed(label=str(n)) for n in range(5)])
    assert {row.pk async for row in Keyed.objects.all()} == {row.pk for row in made}


async def test_bulk_create_fills_in_defaults_and_moments(database: Any) -> None:
    made = await Stamped.objects.abulk_create([Stamped(label="a"), Stamped(label="b")])
    assert all(row.created and row.changed for row in made)
    assert {row.label: row.created async for row in Stamped.objects.all()} == {row.label: row.created for row in made}


async def test_bulk_create_with_relations_and_nulls(library: Any) -> None:
    ada = await Author.objects.aget(name="Ada")
    await Book.objects.abulk_create(
        [
            Book(title="One", author=ada, price=Decimal("1.00")),
            Book(title="Two", author_id=ada.pk, editor=ada, price=None),
        ]
    )
    found = await Book.objects.filter(title__in=["One", "Two"]).order_by("title").values_list("price", "editor")
    assert found == [(Decimal("1.00"), None), (None, ada.pk)]


async def test_bulk_create_with_an_expression(database: Any) -> None:
    await Counter.objects.abulk_create([Counter(key=Upper(Value("loud"))), Counter(key="quiet")])
    assert sorted(await values_by_key()) == ["LOUD", "quiet"]


async def test_bulk_update_takes_a_field_that_is_named_twice_once(counters: list[Counter]) -> None:
    counters[0].value = 9
    assert await Counter.objects.abulk_update(counters, ["value", "value"]) == 5
    assert await values_by_key() == {"k0": 9, "k1": 1, "k2": 2, "k3": 3, "k4": 4}


async def test_objects_whose_update_was_refused_keep_their_expressions(counters: list[Counter]) -> None:
    first, second = counters[:2]
    first.value, second.key = F("value") + 7, "k4"
    with pytest.raises(IntegrityError):
        await Counter.objects.abulk_update([first, second], ["key", "value"])
    second.key = "new"
    await Counter.objects.abulk_update([first, second], ["key", "value"])
    assert (await Counter.objects.aget(key="k0")).value == 7


async def test_objects_that_were_refused_keep_their_expressions_and_can_be_created_again(database: Any) -> None:
    given = [Counter(key=Lower(Value("FIRST"))), Counter(key="second"), Counter(key="second")]
    with pytest.raises(IntegrityError):
        await Counter.objects.abulk_create(given)
    given[2].key = "third"
    await Counter.objects.abulk_create(given)
    assert sorted([one.key async for one in Counter.objects.all()]) == ["first", "second", "third"]


async def test_bulk_create_with_a_conflict_writes_nothing(database: Any) -> None:
    await Counter.objects.acreate(key="k5")
    with pytest.raises(IntegrityError):
        await Counter.objects.abulk_create([Counter(key=f"k{n}") for n in range(10)])
    assert list(await values_by_key()) == ["k5"]


async def test_bulk_create_with_a_conflict_in_a_later_batch_writes_nothing(database: Any) -> None:
    await Counter.objects.acreate(key="k8")
    with pytest.raises(IntegrityError):
        await Counter.objects.abulk_create([Counter(key=f"k{n}") for n in range(10)], batch_size=3)
    assert list(await values_by_key()) == ["k8"]


async def test_bulk_create_ignoring_conflicts(database: Any) -> None:
    await Counter.objects.acreate(key="k1", value=100)
    await Counter.objects.abulk_create([Counter(key=f"k{n}", value=n) for n in range(3)], ignore_conflicts=True)
    assert await values_by_key() == {"k0": 0, "k1": 100, "k2": 2}


async def test_bulk_create_updating_conflicts(database: Any) -> None:
    await Counter.objects.acreate(key="k1", value=100, note="stays")
    await Counter.objects.abulk_create(
        [Counter(key=f"k{n}", value=n, note="new") for n in range(3)],
        update_conflicts=True, unique_fields=["key"], update_fields=["value"],
    )  # fmt: skip
    assert await values_by_key() == {"k0": 0, "k1": 1, "k2": 2}
    assert (await Counter.objects.aget(key="k1")).note == "stays"


async def test_bulk_create_updating_conflicts_by_primary_key(database: Any) -> None:
    first = await Counter.objects.acreate(key="a", value=1)
    await Counter.objects.abulk_create(
        [Counter(pk=first.pk, key="b", value=2)],
        update_conflicts=True, unique_fields=["pk"], update_fields=["key", "value"],
    )  # fmt: skip
    assert await values_by_key() == {"b": 2}


async def test_ignoring_and_updating_conflicts_at_once_is_refused(database: Any) -> None:
    with pytest.raises(ValueError, match="ignore_conflicts"):
        await Counter.objects.abulk_create(
            [Counter(key="a")],
            ignore_conflicts=True,
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=["value"],
        )


async def test_updating_conflicts_without_update_fields_is_refused(database: Any) -> None:
    with pytest.raises(ValueError, match="Fields that will be updated"):
        await Counter.objects.abulk_create([Counter(key="a")], update_conflicts=True, unique_fields=["key"])


async def test_updating_conflicts_without_unique_fields_is_refused(database: Any) -> None:
    with pytest.raises(ValueError, match="Unique fields that can trigger the upsert"):
        await Counter.objects.abulk_create([Counter(key="a")], update_conflicts=True, update_fields=["value"])


@pytest.mark.parametrize("size", [0, -1])
async def test_batch_size_must_be_positive(database: Any, size: int) -> None:
    with pytest.raises(ValueError, match="Batch size must be a positive integer"):
        await Counter.objects.abulk_create([Counter(key="a")], batch_size=size)
    with pytest.raises(ValueError, match="Batch size must be a positive integer"):
        await Counter.objects.abulk_create([], batch_size=size)
    kept = await Counter.objects.acreate(key="a")
    with pytest.raises(ValueError, match="Batch size must be a positive integer"):
        await Counter.objects.abulk_update([kept], ["value"], batch_size=size)


async def test_bulk_create_with_an_unsaved_relation_is_refused(database: Any) -> None:
    with pytest.raises(ValueError, match="author"):
        await Book.objects.abulk_create([Book(title="x", author=Author(name="Unsaved"))])


async def test_bulk_create_with_a_value_of_the_wrong_type_writes_nothing(database: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="value"):
        await Counter.objects.abulk_create([Counter(key="a", value=1), Counter(key="b", value="many")])
    assert await Counter.objects.acount() == 0


# -- bulk_update -------------------------------------------------------------------------------------------------------


async def test_bulk_update(library: Any) -> None:
    books = await Book.objects.order_by("pk")
    for number, book in enumerate(books):
        book.pages = number
        book.title = f"Book {number}"
    assert await Book.objects.abulk_update(books, ["pages", "title"]) == len(books)
    found = await Book.objects.order_by("pk").values_list("title", "pages")
    assert found == [(f"Book {n}", n) for n in range(len(L.books))]


async def test_bulk_update_writes_only_the_named_fields(library: Any) -> None:
    book = await Book.objects.aget(pk=L.NOTES.pk)
    book.title, book.pages = "Not written", 5
    await Book.objects.abulk_update([book], ["pages"])
    fresh = await Book.objects.aget(pk=L.NOTES.pk)
    assert (fresh.title, fresh.pages) == (L.NOTES.title, 5)


async def test_bulk_update_to_null_and_of_relations(library: Any) -> None:
    books = await Book.objects.order_by("pk")
    emil = await Author.objects.aget(name="Emil")
    for book in books:
        book.price, book.editor, book.published = None, emil, None
    await Book.objects.abulk_update(books, ["price", "editor", "published"])
    assert await Book.objects.filter(price=None, editor=emil, published=None).acount() == len(L.books)


async def test_bulk_update_of_mixed_nulls(library: Any) -> None:
    books = await Book.objects.order_by("pk")
    for number, book in enumerate(books):
        book.price = None if number % 2 else Decimal(number) / 4
        book.added = None if number % 3 else L.LETTERS.added
    await Book.objects.abulk_update(books, ["price", "added"])
    assert await Book.objects.order_by("pk").values_list("price", "added") == [
        (None if n % 2 else Decimal(n) / 4, None if n % 3 else L.LETTERS.added) for n in range(len(L.books))
    ]


async def test_bulk_update_with_expressions(library: Any) -> None:
    books = await Book.objects.order_by("pk")
    for book in books:
        book.pages = F("pages") + 1
    await Book.objects.abulk_update(books, ["pages"])
    assert await Book.objects.order_by("pk").values_list("pages", flat=True) == [b.pages + 1 for b in L.books]


async def test_bulk_update_of_many_rows(database: Any) -> None:
    made = await Counter.objects.abulk_create([Counter(key=f"k{n}", value=n) for n in range(2000)])
    for row in made:
        row.value += 1
    assert await Counter.objects.abulk_update(made, ["value"]) == 2000
    assert await values_by_key() == {f"k{n}": n + 1 for n in range(2000)}


async def test_bulk_update_in_batches(library: Any) -> None:
    books = await Book.objects.all()
    for book in books:
        book.pages = 1
    assert await Book.objects.abulk_update(books, ["pages"], batch_size=3) == len(L.books)
    assert await Book.objects.filter(pages=1).acount() == len(L.books)


async def test_bulk_update_writes_no_row_outside_the_query(library: Any) -> None:
    books = await Book.objects.order_by("pk")
    emil = await Author.objects.aget(name="Emil")
    mine = [book.pk for book in books if book.author_id != emil.pk]
    for book in books:
        book.pages, book.price, book.published, book.editor = 9999, None, L.LETTERS.published, emil
    changed = ["pages", "price", "published", "editor"]
    assert await Book.objects.exclude(author=emil).abulk_update(books, changed) == len(mine)
    assert (
        await Book.objects.filter(pages=9999, price=None, published=L.LETTERS.published, editor=emil)
        .order_by("pk")
        .values_list("pk", flat=True)
        == mine
    )


async def test_bulk_update_of_related_rows_leaves_those_of_others(library: Any) -> None:
    book, other = await Book.objects.order_by("author_id")[:1], await Book.objects.order_by("-author_id")[:1]
    author = await Author.objects.aget(pk=book[0].author_id)
    book[0].pages, other[0].pages = F("pages") + 5000, 7777
    assert await author.books.abulk_update([*book, *other], ["pages"], batch_size=1) == 1
    assert await Book.objects.filter(pages__gte=5000).values_list("pk", flat=True) == [book[0].pk]


async def test_bulk_update_of_nothing(database: Any) -> None:
    assert await Book.objects.abulk_update([], ["pages"]) == 0


async def test_bulk_update_counts_only_rows_that_are_there(database: Any) -> None:
    made = await Counter.objects.abulk_create([Counter(key="a"), Counter(key="b")])
    await Counter.objects.filter(key="a").adelete()
    assert await Counter.objects.abulk_update(made, ["value"]) == 1


async def test_bulk_update_without_fields_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="[Ff]ield"):
        await Book.objects.abulk_update([await Book.objects.afirst()], [])


async def test_bulk_update_of_the_primary_key_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="primary key"):
        await Book.objects.abulk_update([await Book.objects.afirst()], ["id"])


async def test_bulk_update_of_unsaved_objects_is_refused(database: Any) -> None:
    with pytest.raises(ValueError, match="primary key"):
        await Counter.objects.abulk_update([Counter(key="a")], ["value"])


async def test_bulk_update_of_a_many_to_many_field_is_refused(library: Any) -> None:
    with pytest.raises(ValueError, match="concrete"):
        await Book.objects.abulk_update([await Book.objects.afirst()], ["tags"])


async def test_bulk_update_with_a_conflict_writes_nothing(database: Any) -> None:
    made = await Counter.objects.abulk_create([Counter(key=f"k{n}") for n in range(6)])
    made[0].key, made[5].key = "new", "k1"
    with pytest.raises(IntegrityError):
        await Counter.objects.abulk_update(made, ["key"], batch_size=2)
    assert sorted(await values_by_key()) == [f"k{n}" for n in range(6)]


# -- statements --------------------------------------------------------------------------------------------------------


@pytest.mark.only(backend="postgresql")
async def test_bulk_create_is_one_statement_of_any_size(database: Any, queries: Any) -> None:
    with queries as counted:
        await Counter.objects.abulk_create([Counter(key=f"k{n}", value=n) for n in range(5000)])
    assert len([sql for sql in counted if "INSERT" in sql.upper()]) == 1


@pytest.mark.only(backend="postgresql")
async def test_bulk_update_is_one_statement_of_any_size(database: Any, queries: Any) -> None:
    made = await Counter.objects.abulk_create([Counter(key=f"k{n}", value=n) for n in range(2000)])
    with queries as counted:
        await Counter.objects.abulk_update(made, ["value"])
    assert len([sql for sql in counted if "UPDATE" in sql.upper()]) == 1


async def test_bulk_create_on_a_related_manager(library: Any) -> None:
    book = await Book.objects.aget(pk=L.NOTES.pk)
    await book.reviews.abulk_create([Review(book=book, reviewer="Zoe", stars=n) for n in (1, 2)])
    assert await book.reviews.filter(reviewer="Zoe").acount() == 2


async def test_unique_fields_must_exist(database: Any) -> None:
    with pytest.raises((ValueError, Error), match="nokey"):
        await Tag.objects.abulk_create(
            [Tag(name="x")], update_conflicts=True, unique_fields=["nokey"], update_fields=["name"]
        )


async def test_instances_have_no_keys_of_rows_that_were_undone(database: Any) -> None:
    given = [Counter(key="a"), Counter(key="b"), Counter(key="a")]
    with pytest.raises(IntegrityError):
        await Counter.objects.abulk_create(given, batch_size=1)
    assert [(one.pk, one._state.adding) for one in given] == [(None, True)] * 3
    given[2].key = "c"
    await Counter.objects.abulk_create(given)
    assert sorted([key async for key in Counter.objects.values_list("pk", flat=True)]) == [one.pk for one in given]


async def test_instances_whose_rows_may_exist_are_still_to_be_added(database: Any) -> None:
    await Counter.objects.acreate(key="a")
    given = [Counter(key="a"), Counter(key="b"), Counter(pk=50, key="c")]
    await Counter.objects.abulk_create(given, ignore_conflicts=True)
    assert [(one.pk, one._state.adding) for one in given] == [(None, True), (None, True), (50, False)]


async def test_what_has_no_key_is_told_before_what_is_no_field(database: Any) -> None:
    with pytest.raises(ValueError, match="must have a primary key set"):
        await Counter.objects.abulk_update([Counter(key="a")], ["nothing"])
