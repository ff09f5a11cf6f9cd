"""Changes that give their rows, upserts with expressions and conditions, and rows inserted from a query."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import FieldError, IntegrityError
from orm.models import Count, Excluded, F, Q, Value
from orm.models.functions import Concat, Lower
from orm.models.signals import post_delete
from tests.query import library as L
from tests.query.models import Author, Book, Counter, Review, Tag


async def stored() -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await Counter.objects.order_by("key").values_list("key", "value")]


# -- returning ---------------------------------------------------------------------------------------------------------


async def test_update_gives_the_changed_rows(counters: list[Counter]) -> None:
    rows = await Counter.objects.filter(value__gt=2).returning("pk", "key", "value").aupdate(value=F("value") * 10)
    assert sorted(row.value for row in rows) == [30, 40]
    assert sorted(rows) == sorted((counter.pk, counter.key, counter.value * 10) for counter in counters[3:])
    assert await stored() == [("k0", 0), ("k1", 1), ("k2", 2), ("k3", 30), ("k4", 40)]


async def test_update_gives_instances(counters: list[Counter]) -> None:
    found = await Counter.objects.filter(key="k3").returning().aupdate(value=7, note="seven")
    assert [(type(one), one.pk, one.value, one.note) for one in found] == [(Counter, counters[3].pk, 7, "seven")]
    found[0].note = "saved"
    await found[0].asave()
    assert (await Counter.objects.aget(key="k3")).note == "saved"


async def test_no_row_and_nothing_to_set(counters: list[Counter]) -> None:
    assert await Counter.objects.filter(value=99).returning("pk").aupdate(value=1) == []
    assert await Counter.objects.filter(pk__in=[]).returning("pk").aupdate(value=1) == []
    assert await Counter.objects.returning("pk").aupdate() == []
    assert await Counter.objects.none().returning("pk").adelete() == []


async def test_update_across_a_relation(library: Any) -> None:
    rows = await Book.objects.filter(author__name="Ada").returning("title", "author_id").aupdate(pages=1)
    ada = await Author.objects.aget(name="Ada")
    expected = [book.title for book in L.books if book.author is not None and book.author.name == "Ada"]
    assert sorted(rows) == sorted((title, ada.pk) for title in expected)


async def test_delete_gives_what_the_rows_were(counters: list[Counter]) -> None:
    rows = await Counter.objects.filter(value__lt=2).returning("key", "value").adelete()
    assert sorted(rows) == [("k0", 0), ("k1", 1)]
    found = await Counter.objects.filter(key="k2").returning().adelete()
    assert [(one.pk, one.note) for one in found] == [(counters[2].pk, "n2")]
    assert await stored() == [("k3", 3), ("k4", 4)]


async def test_delete_takes_what_depends_on_the_rows(library: Any) -> None:
    rows = await Author.objects.filter(name="Ada").returning("name").adelete()
    assert rows == [("Ada",)]
    assert not await Book.objects.filter(author__name="Ada").aexists()


async def test_delete_sends_its_signals(counters: list[Counter]) -> None:
    heard: list[str] = []

    def listen(instance: Any, **named: Any) -> None:
        heard.append(instance.key)

    post_delete.connect(listen, sender=Counter)
    try:
        assert await Counter.objects.filter(key="k1").returning("key").adelete() == [("k1",)]
    finally:
        post_delete.disconnect(listen, sender=Counter)
    assert heard == ["k1"]


async def test_bulk_create_gives_the_new_rows(database: Any) -> None:
    given = [Counter(key=f"new {n}", value=n) for n in range(3)]
    rows = await Counter.objects.returning("key", "value", "pk").abulk_create(given, batch_size=2)
    assert rows == [(f"new {n}", n, given[n].pk) for n in range(3)]
    assert None not in [counter.pk for counter in given]
    found = await Counter.objects.returning().abulk_create([Counter(key="instance", note="x")])
    assert [(type(one), one.key, one.note) for one in found] == [(Counter, "instance", "x")]


async def test_bulk_create_gives_the_rows_that_were_written(counters: list[Counter]) -> None:
    given = [Counter(key=key, value=3) for key in ("k1", "k4", "new")]
    rows = await Counter.objects.returning("key", "value").abulk_create(
        given,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields={"value": F("value") + Excluded("value")},
        update_condition=Q(value__lt=4),
    )
    assert sorted(rows) == [("k1", 4), ("new", 3)]
    rest = [Counter(key="k1"), Counter(key="newer")]
    assert await Counter.objects.returning("key").abulk_create(rest, ignore_conflicts=True) == [("newer",)]


async def test_bulk_create_gives_rows_in_the_order_of_its_objects(database: Any) -> None:
    keys = [1001, None, 1000, None]
    given = [Counter(pk=key, key=f"k{number}") for number, key in enumerate(keys)]
    rows = await Counter.objects.returning("key", "pk").abulk_create(given)
    assert rows == [(one.key, one.pk) for one in given]


async def test_bulk_create_gives_what_expressions_made(database: Any) -> None:
    given = [Counter(key="plain", value=1), Counter(key="computed", value=Value(3) + 4)]
    assert await Counter.objects.returning("key", "value").abulk_create(given) == [("plain", 1), ("computed", 7)]


async def test_bulk_update_gives_the_written_rows(counters: list[Counter]) -> None:
    for counter in counters:
        counter.value += 10
    rows = await Counter.objects.returning("pk", "value").abulk_update(counters[:3], ["value"], batch_size=2)
    assert sorted(rows) == [(counter.pk, counter.value) for counter in counters[:3]]
    among = Counter.objects.filter(key__in=["k3", "k0"]).returning("key")
    assert sorted(await among.abulk_update(counters[2:], ["value"])) == [("k3",)]
    counters[4].value = F("value") * 5
    assert await Counter.objects.returning("value").abulk_update(counters[4:], ["value"]) == [(20,)]


async def test_bulk_writes_of_nothing_give_nothing(database: Any) -> None:
    assert await Counter.objects.returning("pk").abulk_create([]) == []
    assert await Counter.objects.returning("pk").abulk_update([], ["value"]) == []


async def test_what_returning_refuses(counters: list[Counter]) -> None:
    with pytest.raises(FieldError, match="own table"):
        Book.objects.returning("author__name")
    with pytest.raises(FieldError, match="nothing_like_it"):
        Counter.objects.returning("nothing_like_it")
    with pytest.raises(TypeError, match="slice"):
        await Counter.objects.all()[:2].returning("pk").aupdate(value=1)
    with pytest.raises(TypeError, match="limit"):
        await Counter.objects.all()[:2].returning("pk").adelete()


# -- upsert ------------------------------------------------------------------------------------------------------------


def new(**values: int) -> list[Counter]:
    return [Counter(key=key, value=value, note="new") for key, value in values.items()]


async def test_expressions_on_both_rows(counters: list[Counter]) -> None:
    for _ in range(2):  # the second time nothing is compiled
        await Counter.objects.abulk_create(
            new(k1=10, k3=20, k9=30),
            update_conflicts=True,
            unique_fields=["key"],
            update_fields={"value": F("value") + Excluded("value"), "note": Excluded("note"), "left": 5},
        )
    expected = [("k0", 0), ("k1", 21), ("k2", 2), ("k3", 43), ("k4", 4), ("k9", 60)]
    assert await stored() == expected
    assert (await Counter.objects.aget(key="k1")).left == 5
    assert (await Counter.objects.aget(key="k0")).left is None


async def test_a_condition_says_which_rows_are_updated(counters: list[Counter]) -> None:
    rows = new(k1=10, k3=2, k9=30)
    await Counter.objects.abulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["value"],
        update_condition=Q(value__lt=Excluded("value")),
    )
    assert await stored() == [("k0", 0), ("k1", 10), ("k2", 2), ("k3", 3), ("k4", 4), ("k9", 30)]
    pks = dict([row async for row in Counter.objects.values_list("key", "pk")])
    assert [(row.key, row.pk) for row in rows] == [("k1", pks["k1"]), ("k3", None), ("k9", pks["k9"])], (
        "of those written"
    )
    for wanted in (["k0", "k1"], ["k2"]):
        await Counter.objects.abulk_create(
            new(k0=7, k1=7, k2=7),
            update_conflicts=True,
            unique_fields=["key"],
            update_fields={"value": F("value") + 100},
            update_condition=Q(key__in=wanted) & ~Q(note="nothing"),
        )
    assert (await stored())[:3] == [("k0", 100), ("k1", 110), ("k2", 102)]


async def test_keys_come_back_from_an_upsert(counters: list[Counter]) -> None:
    rows = new(k1=10, k9=30)
    await Counter.objects.abulk_create(
        rows, update_conflicts=True, unique_fields=["key"], update_fields={"value": F("value") - Excluded("value")}
    )
    assert rows[0].pk == counters[1].pk
    assert (await Counter.objects.aget(key="k9")).pk == rows[1].pk


async def test_no_keys_come_back_where_nothing_tells_whose_they_are(counters: list[Counter]) -> None:
    rows = new(k1=10, k3=1, k9=30)
    await Counter.objects.abulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields={"key": Concat(F("key"), Value(" again"))},
        update_condition=Q(key="k1"),
    )
    assert [row.pk for row in rows] == [None] * 3
    assert await Counter.objects.filter(key__in=["k1 again", "k3", "k9"]).acount() == 3


async def test_rows_alike_get_the_keys_of_their_own_rows(counters: list[Counter]) -> None:
    """Rows with NULL in a unique column are no conflict: all are inserted, and come back in their order."""
    await Counter.objects.acreate(key="there", left=2, right=3)
    alike, left_alone = [Counter(key=f"u{n}", left=1) for n in range(3)], Counter(key="x", left=2, right=3)
    await Counter.objects.abulk_create(
        [*alike, left_alone],
        update_conflicts=True,
        unique_fields=["left", "right"],
        update_fields=["value"],
        update_condition=Q(value=-1),
    )
    assert left_alone.pk is None
    for counter in alike:
        assert (await Counter.objects.aget(pk=counter.pk)).key == counter.key


async def test_an_expression_whose_row_a_condition_left_alone_is_kept(counters: list[Counter]) -> None:
    given = [Counter(key=Lower(Value("K0")), value=9), Counter(key="k1", value=9)]
    await Counter.objects.abulk_create(
        given,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["value"],
        update_condition=Q(value__gt=0),
    )
    assert [one.pk for one in given] == [None, counters[1].pk]
    assert await stored() == [("k0", 0), ("k1", 9), ("k2", 2), ("k3", 3), ("k4", 4)]
    assert isinstance(given[0].key, Lower)


async def test_expressions_go_with_conflicts(counters: list[Counter]) -> None:
    rows = [Counter(key="k1", value=Value(3) + 4), Counter(key="k9", value=9)]
    await Counter.objects.abulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields={"value": F("value") + Excluded("value")},
        update_condition=Q(value__lt=100),
    )
    assert (rows[0].pk, rows[1].pk is None) == (counters[1].pk, False)
    await Counter.objects.abulk_create([Counter(key="k2", value=Value(1) + 1)], ignore_conflicts=True)
    assert await stored() == [("k0", 0), ("k1", 8), ("k2", 2), ("k3", 3), ("k4", 4), ("k9", 9)]


async def test_a_conflict_elsewhere_is_an_error(counters: list[Counter]) -> None:
    with pytest.raises(IntegrityError):
        await Counter.objects.abulk_create(
            [Counter(pk=counters[0].pk, key="k1")],
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields={"key": Excluded("key")},
        )
    assert len(await stored()) == 5


async def test_what_an_upsert_refuses(counters: list[Counter]) -> None:
    async def upsert(**options: Any) -> None:
        given = {"update_conflicts": True, "unique_fields": ["key"], "update_fields": ["value"], **options}
        await Counter.objects.abulk_create(new(k1=1), **given)

    with pytest.raises(ValueError, match="update_condition"):
        await upsert(update_conflicts=False, update_fields=None, unique_fields=None, update_condition=Q(value=1))
    with pytest.raises(ValueError, match="update_condition"):
        await upsert(
            update_conflicts=False, ignore_conflicts=True, update_fields=None, unique_fields=None,
            update_condition=Q(value=1),
        )  # fmt: skip
    with pytest.raises(FieldError, match="no column"):
        await upsert(update_fields={"value": Excluded("value__abs")})
    with pytest.raises(FieldError):
        await upsert(update_fields={"value": Excluded("nothing")})
    with pytest.raises(FieldError, match="Aggregate"):
        await upsert(update_fields={"value": Count("pk")})
    with pytest.raises(FieldError, match="relations"):
        await Book.objects.abulk_create(
            [Book(title="x", author_id=1)], update_conflicts=True, unique_fields=["pk"], update_fields=["title"],
            update_condition=Q(author__name="Ada"),
        )  # fmt: skip
    assert (await stored())[1] == ("k1", 1)


# -- from a query ------------------------------------------------------------------------------------------------------


async def test_rows_of_a_query_are_inserted(library: Any) -> None:
    books = Book.objects.filter(pages__gt=100)
    expected = sorted((book.title, book.pages) for book in L.books if book.pages > 100)
    assert await Counter.objects.ainsert_from(books.values(key=F("title"), value=F("pages"))) == len(expected)
    assert sorted(await stored()) == expected


async def test_fields_are_named_apart_and_rows_come_back(library: Any) -> None:
    counted = Author.objects.annotate(n=Count("books")).filter(n__gt=1).order_by("name").values_list("name", "n")
    rows = await Counter.objects.returning("key", "value").ainsert_from(counted, fields=["key", "value"])
    assert sorted(rows) == sorted([tuple(row) async for row in counted])
    assert rows


async def test_rows_that_exist_are_left_out(counters: list[Counter]) -> None:
    copies = Counter.objects.filter(value__gt=2).values_list("key", Value(9))
    with pytest.raises(IntegrityError):
        await Counter.objects.ainsert_from(copies, fields=["key", "value"])
    assert await Counter.objects.ainsert_from(copies, fields=["key", "value"], ignore_conflicts=True) == 0
    await Tag.objects.acreate(name="k7")
    tags = Tag.objects.values_list("name", Value("from a tag"), Value(1))
    assert await Counter.objects.ainsert_from(tags, fields=["key", "note", "value"], ignore_conflicts=True) == 1
    assert (await Counter.objects.aget(key="k7")).note == "from a tag"


async def test_rows_of_a_union_are_inserted_where_each_field_has_its_column(library: Any) -> None:
    union = Tag.objects.values_list("name", Value(1)).union(Author.objects.values_list("name", Value(2)))
    with pytest.raises(TypeError, match="union that is inserted from needs columns for note, too"):
        await Counter.objects.ainsert_from(union, fields=["key", "value"])
    tags = Tag.objects.values_list("name", Value(1), Value("a tag"))
    union = tags.union(Author.objects.values_list("name", Value(2), Value("an author")))
    assert await Counter.objects.ainsert_from(union, fields=["key", "value", "note"]) == await union.acount()
    assert sorted(await stored()) == sorted([(name, value) async for name, value, _ in union])


async def test_what_inserting_from_a_query_refuses(counters: list[Counter]) -> None:
    with pytest.raises(TypeError, match="queryset"):
        await Counter.objects.ainsert_from([Counter(key="x")])
    with pytest.raises(TypeError, match="queryset"):
        await Counter.objects.ainsert_from([Counter(key="x")], fields=["key"])
    with pytest.raises(TypeError, match="chosen"):
        await Counter.objects.ainsert_from(Counter.objects.all())
    with pytest.raises(TypeError, match="two columns"):
        await Counter.objects.ainsert_from(Counter.objects.values_list("key", "note"), fields=["key", "key"])
    with pytest.raises(TypeError, match="list of names"):
        await Counter.objects.ainsert_from(Counter.objects.values("key"), fields="key")
    with pytest.raises(FieldError, match="nothing"):
        await Counter.objects.ainsert_from(Counter.objects.values("key"), fields=["nothing"])
    assert len(await stored()) == 5


async def test_rows_are_deleted_by_what_they_are_joined_to_alone(counters: list[Counter]) -> None:
    await Tag.objects.abulk_create([Tag(name=counters[0].key), Tag(name=counters[3].key)])
    joined = Counter.objects.join("tagged", Tag.objects.values("name"), {"key": "name"})
    left = sorted(one.key for one in counters if one not in (counters[0], counters[3]))
    await joined.adelete()
    assert sorted(key for key, _ in await stored()) == left


async def test_rows_are_deleted_by_what_some_of_them_refer_to(library: Any) -> None:
    chosen = [one for one in L.reviews if (one.book.editor and one.book.editor.name == "Camus") or one.stars == 3]
    assert any(one.book.editor is None for one in chosen)
    found = Review.objects.filter(Q(book__editor__name="Camus") | Q(stars=3))
    assert (await found.adelete())[0] == len(chosen)
    assert await Review.objects.acount() == len(L.reviews) - len(chosen)


async def test_there_is_no_excluded_row_but_in_an_upsert(database: Any) -> None:
    refused = pytest.raises(FieldError, match=r"Excluded\('value'\) .* only in bulk_create\(update_conflicts=True\)")
    with refused:
        Counter.objects.filter(value=Excluded("value"))
    with refused:
        Counter.objects.annotate(x=Excluded("value"))
    with refused:
        await Counter.objects.aupdate(value=Excluded("value"))
    with refused:
        await Counter.objects.acreate(key="k", value=Excluded("value"))


async def test_rows_of_another_query_that_are_there_already_are_refused(counters: Any) -> None:
    again = Counter.objects.filter(key="k1").values("key")
    with pytest.raises(IntegrityError):
        await Counter.objects.returning("key").ainsert_from(again, fields=["key"])
    assert await Counter.objects.returning("key").ainsert_from(again, fields=["key"], ignore_conflicts=True) == []
