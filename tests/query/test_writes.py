"""Saving, creating, updating and deleting, one object or one statement at a time."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

import orm
from orm.errors import FieldError, IntegrityError, ObjectNotUpdated
from orm.models import Avg, Case, Count, F, Max, OuterRef, Q, Subquery, Sum, Value, When
from orm.models.functions import Coalesce, Concat, Upper
from tests.query import library as L
from tests.query.answers import named, names, titled, titles
from tests.query.models import Author, Book, Counter, Defaults, Keyed, Review, Stamped, Tag

# -- create and save ---------------------------------------------------------------------------------------------------


async def test_create_gives_the_object_its_key(database: Any) -> None:
    author = await Author.objects.acreate(name="New", age=1)
    assert author.pk is not None
    assert (await Author.objects.aget(pk=author.pk)).name == "New"


async def test_save_inserts_a_new_object(database: Any) -> None:
    author = Author(name="New")
    assert author.pk is None
    assert author._state.adding
    await author.asave()
    assert author.pk is not None
    assert not author._state.adding
    assert author._state.db == "default"


async def test_save_updates_a_stored_object(database: Any) -> None:
    author = await Author.objects.acreate(name="Old")
    author.name = "New"
    await author.asave()
    assert [(a.pk, a.name) async for a in Author.objects.all()] == [(author.pk, "New")]


async def test_saving_a_stored_object_is_one_query(database: Any, queries: Any) -> None:
    author = await Author.objects.acreate(name="Old")
    with queries as counted:
        await author.asave()
    assert len(counted) == 1


async def test_save_with_update_fields_writes_no_more(database: Any) -> None:
    author = await Author.objects.acreate(name="Old", age=1)
    author.name, author.age = "New", 2
    await author.asave(update_fields=["age"])
    fresh = await Author.objects.aget(pk=author.pk)
    assert (fresh.name, fresh.age) == ("Old", 2)


async def test_save_with_no_update_fields_does_nothing(database: Any, queries: Any) -> None:
    author = await Author.objects.acreate(name="Old")
    with queries as counted:
        await author.asave(update_fields=[])
    assert len(counted) == 0


async def test_save_with_an_unknown_update_field_is_refused(database: Any) -> None:
    author = await Author.objects.acreate(name="Old")
    with pytest.raises(ValueError, match="nmae"):
        await author.asave(update_fields=["nmae"])


async def test_force_insert_of_an_existing_key(database: Any) -> None:
    author = await Author.objects.acreate(name="Old")
    with pytest.raises(IntegrityError):
        await Author(pk=author.pk, name="Other").asave(force_insert=True)


async def test_force_update_of_a_missing_row(database: Any) -> None:
    with pytest.raises((ObjectNotUpdated, orm.errors.DatabaseError)):
        await Author(pk=5, name="Nobody").asave(force_update=True)


async def test_save_with_a_key_of_ones_own_inserts(database: Any) -> None:
    await Author(pk=L.FIRST_PK, name="Mine").asave()
    assert (await Author.objects.aget(pk=L.FIRST_PK)).name == "Mine"


async def test_save_with_an_existing_key_updates(database: Any) -> None:
    await Author.objects.acreate(pk=L.FIRST_PK, name="First", age=1)
    await Author(pk=L.FIRST_PK, name="Second").asave()
    assert [(a.name, a.age) async for a in Author.objects.all()] == [("Second", None)]


async def test_clearing_the_key_copies_the_row(database: Any) -> None:
    author = await Author.objects.acreate(name="Twice")
    author.pk = None
    author._state.adding = True
    await author.asave()
    assert await Author.objects.acount() == 2


async def test_save_with_an_expression(database: Any) -> None:
    counter = await Counter.objects.acreate(key="a", value=1)
    counter.value = F("value") + 5
    await counter.asave()
    assert (await Counter.objects.aget(key="a")).value == 6
    counter.value = 1
    await counter.asave()
    assert (await Counter.objects.aget(key="a")).value == 1


async def test_create_with_an_expression(database: Any) -> None:
    author = await Author.objects.acreate(name=Upper(Value("loud")))
    assert (await Author.objects.aget(pk=author.pk)).name == "LOUD"


async def test_create_with_a_related_object(database: Any) -> None:
    author = await Author.objects.acreate(name="Writer")
    book = await Book.objects.acreate(title="Written", author=author)
    assert book.author is author
    assert (await Book.objects.aget(author=author)).pk == book.pk


async def test_saving_with_an_unsaved_related_object_is_refused(database: Any) -> None:
    with pytest.raises(ValueError, match="author"):
        await Book(title="Early", author=Author(name="Unsaved")).asave()


async def test_column_with_another_name(database: Any) -> None:
    await Counter.objects.acreate(key="a", note="remarkable")
    assert await Counter.objects.filter(note="remarkable").values_list("note", flat=True) == ["remarkable"]


async def test_defaults_apply(database: Any) -> None:
    row = await Defaults.objects.aget(pk=(await Defaults.objects.acreate()).pk)
    assert (row.count, row.price, row.day, row.items) == (7, Decimal("1.50"), datetime.date(2020, 2, 29), [])


async def test_mutable_defaults_are_not_shared(database: Any) -> None:
    Defaults().items.append(1)
    assert Defaults().items == []


async def test_key_made_by_the_program(database: Any) -> None:
    made = await Keyed.objects.acreate(label="x")
    assert (await Keyed.objects.aget(pk=made.pk)).label == "x"


async def test_auto_now_add_and_auto_now(database: Any) -> None:
    before = datetime.datetime.now(datetime.UTC)
    row = await Stamped.objects.acreate(label="x")
    created = row.created
    assert before <= created <= datetime.datetime.now(datetime.UTC)
    await row.asave()
    fresh = await Stamped.objects.aget(pk=row.pk)
    assert fresh.created == created
    assert fresh.changed > created


async def test_bulk_update_writes_what_was_set(database: Any) -> None:
    old = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    rows = [await Stamped.objects.acreate(label=label) for label in "ab"]
    for row in rows:
        row.changed = old
    assert await Stamped.objects.abulk_update(rows, ["changed"]) == 2
    assert {row.changed async for row in Stamped.objects.all()} == {old}
    rows[0].changed, rows[1].label = old + datetime.timedelta(days=1), Upper("label")
    assert await Stamped.objects.abulk_update(rows, ["label", "changed"]) == 2  # one of them an expression
    found = [(row.label, row.changed) async for row in Stamped.objects.order_by("label")]
    assert found == [("B", old), ("a", rows[0].changed)]


async def test_null_where_none_is_allowed(database: Any) -> None:
    with pytest.raises(IntegrityError):
        await Author.objects.acreate(name=None)


async def test_unique_violation(database: Any) -> None:
    await Tag.objects.acreate(name="same")
    with pytest.raises(IntegrityError):
        await Tag.objects.acreate(name="same")


async def test_unique_together_violation(database: Any) -> None:
    await Counter.objects.acreate(key="a", left=1, right=2)
    with pytest.raises(IntegrityError):
        await Counter.objects.acreate(key="b", left=1, right=2)


async def test_foreign_key_violation(database: Any) -> None:
    with pytest.raises(IntegrityError):
        async with orm.atomic():
            await Book.objects.acreate(title="Nobody's", author_id=404)


async def test_a_failed_insert_leaves_the_connection_usable(database: Any) -> None:
    await Tag.objects.acreate(name="same")
    for _ in range(3):
        with pytest.raises(IntegrityError):
            await Tag.objects.acreate(name="same")
    assert await Tag.objects.acount() == 1


async def test_refresh_from_db(database: Any) -> None:
    author = await Author.objects.acreate(name="Old", age=1)
    await Author.objects.filter(pk=author.pk).aupdate(name="New", age=2)
    await author.arefresh_from_db()
    assert (author.name, author.age) == ("New", 2)


async def test_refresh_of_some_fields(database: Any) -> None:
    author = await Author.objects.acreate(name="Old", age=1)
    await Author.objects.filter(pk=author.pk).aupdate(name="New", age=2)
    await author.arefresh_from_db(fields=["age"])
    assert (author.name, author.age) == ("Old", 2)


async def test_refresh_reads_what_was_stored_as_an_expression(database: Any) -> None:
    author = await Author.objects.acreate(name="Ada", age=Value(3) + 4)
    await author.arefresh_from_db()
    assert author.age == 7
    author.age = F("age") + 1
    await author.asave()
    await author.arefresh_from_db()
    assert author.age == 8
    named = await Author.objects.only("name").aget()
    named.name = Upper("name")
    await named.asave()
    await named.arefresh_from_db()
    assert (named.name, named.get_deferred_fields() >= {"age"}) == ("ADA", True)


async def test_refresh_forgets_a_changed_relation(library: Any) -> None:
    book = await Book.objects.select_related("author").aget(pk=L.NOTES.pk)
    await Book.objects.filter(pk=book.pk).aupdate(author=L.EMIL.pk)
    await book.arefresh_from_db()
    assert (await book.author).name == "Emil"


async def test_refresh_of_a_deleted_row(database: Any) -> None:
    author = await Author.objects.acreate(name="Gone")
    await Author.objects.filter(pk=author.pk).adelete()
    with pytest.raises(Author.DoesNotExist):
        await author.arefresh_from_db()


# -- update() ----------------------------------------------------------------------------------------------------------


async def test_update_gives_the_number_of_rows(library: Any) -> None:
    assert await Author.objects.filter(age=36).aupdate(active=False) == 2
    assert await names(Author.objects.filter(active=False)) == ["Ada", "Camus", "Emil", "Felix"]


async def test_update_of_everything(library: Any) -> None:
    assert await Author.objects.aupdate(age=1) == len(L.authors)
    assert await Author.objects.filter(age=1).acount() == len(L.authors)


async def test_update_of_nothing(library: Any) -> None:
    assert await Author.objects.filter(name="Nobody").aupdate(age=1) == 0
    assert await Author.objects.none().aupdate(age=1) == 0


async def test_update_counts_rows_that_already_had_the_value(library: Any) -> None:
    assert await Author.objects.filter(age=36).aupdate(age=36) == 2


async def test_update_to_null(library: Any) -> None:
    await Author.objects.aupdate(age=None)
    assert await Author.objects.filter(age=None).acount() == len(L.authors)


async def test_update_with_f(library: Any) -> None:
    await Book.objects.filter(pages__gt=100).aupdate(pages=F("pages") + 1)
    assert {b.title: b.pages async for b in Book.objects.all()} == {b.title: b.pages + (b.pages > 100) for b in L.books}


async def test_update_swaps_two_columns(database: Any) -> None:
    await Counter.objects.acreate(key="a", left=1, right=2)
    await Counter.objects.aupdate(left=F("right"), right=F("left"))
    row = await Counter.objects.aget(key="a")
    assert (row.left, row.right) == (2, 1)


async def test_update_with_a_function(library: Any) -> None:
    await Book.objects.filter(pk=L.LETTERS.pk).aupdate(title=Concat(Upper("title"), Value("!")))
    assert (await Book.objects.aget(pk=L.LETTERS.pk)).title == "LETTERS!"


async def test_update_with_a_case(library: Any) -> None:
    await Book.objects.aupdate(pages=Case(When(in_print=True, then=Value(1)), default=Value(2)))
    assert {b.title: b.pages async for b in Book.objects.all()} == {b.title: 1 if b.in_print else 2 for b in L.books}


async def test_update_of_a_relation(library: Any) -> None:
    emil = await Author.objects.aget(name="Emil")
    await Book.objects.filter(author__name="Ada").aupdate(author=emil)
    assert await titles(Book.objects.filter(author=emil)) == titled([*L.ADA.books, *L.EMIL.books])


async def test_update_where_the_condition_is_across_a_relation(library: Any) -> None:
    changed = await Book.objects.filter(author__country__name="France").aupdate(pages=1)
    assert changed == len([b for b in L.books if b.author.country is L.FRANCE])
    assert await titles(Book.objects.filter(pages=1)) == titled(b for b in L.books if b.author.country is L.FRANCE)


async def test_update_where_the_condition_is_across_many_rows(library: Any) -> None:
    changed = await Book.objects.filter(reviews__stars__gte=3).aupdate(pages=1)
    assert changed == len([b for b in L.books if any(r.stars >= 3 for r in b.reviews)])


async def test_update_after_exclude_across_many_rows(library: Any) -> None:
    await Book.objects.exclude(tags__name="classic").aupdate(pages=1)
    assert await titles(Book.objects.filter(pages=1)) == titled(b for b in L.books if "classic" not in b.tags)


async def test_update_from_a_related_row_through_a_subquery(library: Any) -> None:
    author = Author.objects.filter(pk=OuterRef("author")).values("age")[:1]
    await Book.objects.aupdate(pages=Coalesce(Subquery(author), 0))
    assert {b.title: b.pages async for b in Book.objects.all()} == {b.title: b.author.age or 0 for b in L.books}


async def test_update_from_an_aggregate_through_a_subquery(library: Any) -> None:
    stars = Review.objects.filter(book=OuterRef("pk")).values("book").annotate(s=Sum("stars")).values("s")
    await Book.objects.filter(in_print=True).aupdate(pages=Coalesce(Subquery(stars), 0))
    assert {b.title: b.pages async for b in Book.objects.filter(in_print=True)} == {
        b.title: sum(r.stars for r in b.reviews) for b in L.books if b.in_print
    }


async def test_update_with_f_across_a_relation(library: Any) -> None:
    await Book.objects.aupdate(pages=Coalesce(F("author__age"), 0))
    assert {b.title: b.pages async for b in Book.objects.all()} == {b.title: b.author.age or 0 for b in L.books}


@pytest.mark.parametrize("value", [F("books__pages"), F("books__pages") + 1, Coalesce("books__pages", 0), Max("books")])
async def test_update_from_what_may_be_several_rows_is_refused(library: Any, value: Any) -> None:
    with pytest.raises(FieldError, match="Joined field references are not permitted in this query"):
        await Author.objects.aupdate(age=value)


async def test_update_with_arithmetic_across_two_relations(library: Any) -> None:
    await Book.objects.filter(author__age__gt=1, editor__age__gt=1).aupdate(
        pages=F("author__age") * 100 + F("editor__age")
    )
    both = [b for b in L.books if b.author.age and b.editor and b.editor.age]
    assert {b.title: b.pages async for b in Book.objects.filter(title__in=titled(both))} == {
        b.title: b.author.age * 100 + b.editor.age for b in both
    }


async def test_update_of_a_shared_related_row_from_each_row(library: Any) -> None:
    await Review.objects.filter(book__author__age__isnull=False).aupdate(
        stars=F("book__author__age") - F("book__author__age") + F("stars") * 2
    )
    found = {r.pk: r.stars async for r in Review.objects.filter(book__author__age__isnull=False)}
    assert found == {r.pk: r.stars * 2 for r in L.reviews if r.book.author.age is not None}


async def test_update_by_an_annotation(library: Any) -> None:
    await Book.objects.annotate(longer=F("pages") + 100).aupdate(pages=F("longer"))
    assert {b.title: b.pages async for b in Book.objects.all()} == {b.title: b.pages + 100 for b in L.books}


async def test_update_where_an_aggregate_says_so(library: Any) -> None:
    await Author.objects.annotate(n=Count("books")).filter(n__gte=2).aupdate(age=99)
    assert await names(Author.objects.filter(age=99)) == named(a for a in L.authors if len(a.books) >= 2)


async def test_update_of_a_slice_is_refused(library: Any) -> None:
    with pytest.raises(TypeError, match="slice"):
        await Book.objects.all()[:2].aupdate(pages=1)


async def test_update_with_an_aggregate_is_refused(library: Any) -> None:
    with pytest.raises(FieldError):
        await Book.objects.aupdate(pages=Avg("pages"))


async def test_update_of_an_unknown_field_is_refused(library: Any) -> None:
    with pytest.raises(FieldError, match="pagse"):
        await Book.objects.aupdate(pagse=1)


async def test_update_of_a_related_field_is_refused(library: Any) -> None:
    with pytest.raises(FieldError):
        await Book.objects.aupdate(author__name="x")


async def test_update_with_a_value_of_the_wrong_type(library: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="pages"):
        await Book.objects.aupdate(pages="many")


async def test_update_is_one_query(library: Any, queries: Any) -> None:
    with queries as counted:
        await Book.objects.filter(pages__gt=1).aupdate(pages=5)
    assert len(counted) == 1


# -- get_or_create and update_or_create --------------------------------------------------------------------------------


async def test_get_or_create_creates(database: Any) -> None:
    row, created = await Counter.objects.aget_or_create(key="a", defaults={"value": 3})
    assert (row.key, row.value, created) == ("a", 3, True)


async def test_get_or_create_gets(database: Any) -> None:
    first = await Counter.objects.acreate(key="a", value=1)
    row, created = await Counter.objects.aget_or_create(key="a", defaults={"value": 3})
    assert (row.pk, row.value, created) == (first.pk, 1, False)


async def test_get_or_create_by_a_lookup_takes_values_from_defaults(database: Any) -> None:
    row, created = await Counter.objects.aget_or_create(key__iexact="A", defaults={"key": "A", "value": 3})
    again, again_created = await Counter.objects.aget_or_create(key__iexact="a", defaults={"key": "a"})
    assert (row.key, created, again.pk, again_created) == ("A", True, row.pk, False)


async def test_get_or_create_calls_defaults_only_when_it_creates(database: Any) -> None:
    calls = []

    def value() -> int:
        calls.append(1)
        return 5

    row, _ = await Counter.objects.aget_or_create(key="a", defaults={"value": value})
    await Counter.objects.aget_or_create(key="a", defaults={"value": value})
    assert (row.value, len(calls)) == (5, 1)


async def test_get_or_create_of_several_rows(library: Any) -> None:
    with pytest.raises(Author.MultipleObjectsReturned):
        await Author.objects.aget_or_create(age=36)


async def test_get_or_create_with_an_unknown_default_is_refused(database: Any) -> None:
    with pytest.raises(FieldError, match="valeu"):
        await Counter.objects.aget_or_create(key="a", defaults={"valeu": 1})


async def test_get_or_create_inside_a_transaction_survives_a_conflict(database: Any) -> None:
    async with orm.atomic():
        await Counter.objects.acreate(key="a", left=1, right=1)
        with pytest.raises(IntegrityError):
            await Counter.objects.aget_or_create(key="b", defaults={"left": 1, "right": 1})
        await Counter.objects.acreate(key="c")
    assert await Counter.objects.acount() == 2


async def test_update_or_create_creates(database: Any) -> None:
    row, created = await Counter.objects.aupdate_or_create(key="a", defaults={"value": 3})
    assert (row.value, created) == (3, True)


async def test_update_or_create_updates(database: Any) -> None:
    await Counter.objects.acreate(key="a", value=1, note="stays")
    row, created = await Counter.objects.aupdate_or_create(key="a", defaults={"value": 3})
    fresh = await Counter.objects.aget(key="a")
    assert (row.value, created, fresh.value, fresh.note) == (3, False, 3, "stays")


async def test_update_or_create_with_create_defaults(database: Any) -> None:
    row, created = await Counter.objects.aupdate_or_create(
        key="a", defaults={"value": 3}, create_defaults={"value": 1, "note": "new"}
    )
    assert (row.value, row.note, created) == (1, "new", True)
    row, created = await Counter.objects.aupdate_or_create(
        key="a", defaults={"value": 3}, create_defaults={"value": 1, "note": "new"}
    )
    assert (row.value, created) == (3, False)


# -- deleting rows without relations; on_delete has a file of its own --------------------------------------------------


async def test_delete_gives_numbers_by_model(database: Any) -> None:
    author = await Author.objects.acreate(name="Gone")
    assert await author.adelete() == (1, {"query.Author": 1})
    assert author.pk is None


async def test_delete_of_a_queryset(library: Any) -> None:
    total, by_model = await Review.objects.filter(stars__lte=2).adelete()
    expected = len([r for r in L.reviews if r.stars <= 2])
    assert (total, by_model) == (expected, {"query.Review": expected})
    assert await Review.objects.acount() == len(L.reviews) - expected


async def test_delete_of_nothing(database: Any) -> None:
    assert await Review.objects.all().adelete() == (0, {})


async def test_delete_where_the_condition_is_across_a_relation(library: Any) -> None:
    await Review.objects.filter(book__author__name="Ada").adelete()
    assert sorted([r.pk async for r in Review.objects.all()]) == [r.pk for r in L.reviews if r.book.author is not L.ADA]


async def test_delete_of_a_slice_is_refused(library: Any) -> None:
    with pytest.raises(TypeError, match=r"Cannot use 'limit' or 'offset' with delete\(\)\."):
        await Review.objects.all()[:2].adelete()


async def test_delete_of_values_is_refused(library: Any) -> None:
    with pytest.raises(TypeError, match="values"):
        await Review.objects.values("pk").adelete()


async def test_delete_of_an_unsaved_object_is_refused(database: Any) -> None:
    with pytest.raises(ValueError, match="Author"):
        await Author(name="Unsaved").adelete()


async def test_delete_of_a_queryset_by_q(library: Any) -> None:
    await Review.objects.filter(Q(reviewer="Ann") | ~Q(stars__gte=3)).adelete()
    assert sorted([r.pk async for r in Review.objects.all()]) == [
        r.pk for r in L.reviews if not (r.reviewer == "Ann" or r.stars < 3)
    ]


def test_a_manager_has_no_delete() -> None:
    assert not hasattr(Review.objects, "delete")
    assert not hasattr(Review.objects, "adelete")


async def test_a_moved_date_is_stored_as_a_date(library: Any) -> None:
    """And is found by it, also where the database computes a moment and keeps what it is given."""
    await Author.objects.filter(name="Ada").aupdate(born=datetime.date(2020, 2, 28))
    await Author.objects.filter(name="Ada").aupdate(born=F("born") + datetime.timedelta(days=2))
    assert await Author.objects.filter(born=datetime.date(2020, 3, 1)).values_list("name", flat=True) == ["Ada"]
    await Author.objects.filter(name="Ada").aupdate(born=datetime.timedelta(days=-1) + F("born"))
    assert (await Author.objects.aget(born=datetime.date(2020, 2, 29))).name == "Ada"


async def test_a_key_that_an_expression_gives_comes_back(database: Any) -> None:
    author = await Author.objects.acreate(pk=Value(40) + Value(2), name="Ada")
    assert author.__dict__["id"] == 42
    assert (await Author.objects.aget(pk=42)).name == "Ada"


def test_an_update_takes_saved_instances_and_those_for_relations_only(library: Any) -> None:
    with pytest.raises(ValueError, match=r"Unsaved model instance .* cannot be used in an ORM query"):
        Book.objects.update(author=Author(name="New"))
    with pytest.raises(TypeError, match=r"Tried to update field query.Book.pages with a model instance, <Author"):
        Book.objects.update(pages=Author(name="New"))
