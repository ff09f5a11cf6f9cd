"""Fields that override ``get_db_prep_value``: their columns are compared to what it makes of a value, as in Django."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm.db.registry import databases
from orm.models import Case, Count, Exists, F, Lookup, Max, OuterRef, Q, QuerySet, Value, When
from orm.models.functions import Cast, Upper
from orm.postgresql import ArrayField
from orm.sql.lookups import GreaterThan
from tests.extending.models import BackwardsField, Box, Coded, Shelf, Tag


class Listing(orm.models.Model):
    texts = ArrayField(BackwardsField(max_length=20), null=True)

    class Meta:
        app_label = "prepared"


class Defaulting(orm.models.Model):
    given = BackwardsField(max_length=20, db_default="abc")
    computed = BackwardsField(max_length=20, db_default=Upper(Value("abc")))

    class Meta:
        app_label = "prepared"


@pytest.fixture
def rows(database: Any) -> None:
    """Four rows and one without values; the columns of the texts hold cba, dcb, edc."""
    texts = ("abc", "bcd", "cde", "abc")
    for number, text in enumerate(texts, 1):
        Coded.objects.create(pk=number, text=text, number=number)
    Coded.objects.create(pk=5)


async def keys(queryset: QuerySet[Any]) -> list[Any]:
    return [key async for key in queryset.order_by("pk").values_list("pk", flat=True)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"text": "abc"}, [1, 4]),
        ({"text": None}, [5]),
        ({"text__in": ["abc", "bcd"]}, [1, 2, 4]),
        ({"text__in": ["abc", None]}, [1, 4]),
        ({"text__in": []}, []),
        ({"text__in": [F("other"), "bcd"]}, [1, 2, 4]),
        ({"text__gt": "bcd"}, [3]),
        ({"text__gte": "bcd"}, [2, 3]),
        ({"text__lt": "bcd"}, [1, 4]),
        ({"text__lte": "bcd"}, [1, 2, 4]),
        ({"text__range": ("abc", "cde")}, [1, 2, 3, 4]),
        ({"text__range": ("aaz", "zzc")}, []),
        ({"number": 1}, [1]),
        ({"number__gt": 2}, [3, 4]),
        ({"number__lt": 2.5}, [1, 2]),
        ({"number__in": [1, 3]}, [1, 3]),
        ({"number__range": (2, 3)}, [2, 3]),
        ({"number": 10**25}, []),
    ],
    ids=str,
)
async def test_a_comparison_finds_what_was_stored(rows: None, condition: dict[str, Any], found: list[int]) -> None:
    assert await keys(Coded.objects.filter(**condition)) == found
    assert await keys(Coded.objects.exclude(**condition)) == [key for key in range(1, 6) if key not in found]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"text__startswith": "c"}, [1, 4]),
        ({"text__endswith": "a"}, [1, 4]),
        ({"text__contains": "cb"}, [1, 2, 4]),
        ({"text__iexact": "CBA"}, [1, 4]),
        ({"text__regex": "^c"}, [1, 4]),
        ({"text__startswith": "a"}, []),
    ],
    ids=str,
)
async def test_a_pattern_is_matched_with_what_the_column_holds(
    rows: None, condition: dict[str, Any], found: list[int]
) -> None:
    assert await keys(Coded.objects.filter(**condition)) == found


async def test_another_column_is_compared_as_it_is(rows: None) -> None:
    assert await keys(Coded.objects.filter(text=F("other"))) == [1, 4]
    assert await keys(Coded.objects.filter(number__gt=F("number") - 1)) == [1, 2, 3, 4]


async def test_a_value_is_prepared_by_its_own_field(rows: None) -> None:
    assert await keys(Coded.objects.filter(text=Value("cba"))) == [1, 4]
    assert await keys(Coded.objects.filter(text=Value("abc", output_field=BackwardsField()))) == [1, 4]


async def test_a_lookup_that_is_no_comparison_gets_the_prepared_value(rows: None) -> None:
    class Differs(Lookup):
        lookup_name = "differs"

        def as_sql(self, compiler: Any, connection: Any) -> Any:
            lhs, lhs_params = self.process_lhs(compiler, connection)
            rhs, rhs_params = self.process_rhs(compiler, connection)
            return f"{lhs} <> {rhs}", [*lhs_params, *rhs_params]

    BackwardsField.register_lookup(Differs)
    try:
        assert await keys(Coded.objects.filter(text__differs="cba")) == [2, 3]
    finally:
        BackwardsField._unregister_lookup(Differs)


async def test_conditions_anywhere_in_a_query_find_what_was_stored(rows: None) -> None:
    coded = Coded.objects.all()
    assert await keys(coded.filter(Q(text="abc") | Q(number=2))) == [1, 2, 4]
    assert await keys(coded.filter(~Q(text="abc") & ~Q(number=2))) == [3, 5]
    assert (await coded.aget(text="bcd")).pk == 2
    assert await coded.aaggregate(found=Count("pk", filter=Q(text="abc"))) == {"found": 2}
    assert await keys(coded.filter(text__in=coded.filter(number=1).values("text"))) == [1, 4]
    assert await keys(coded.annotate(greatest=Max("text")).filter(greatest__in=["abc"])) == [1, 4]
    assert await keys(coded.annotate(hit=Case(When(text="abc", then=1), default=0)).filter(hit=1)) == [1, 4]
    assert await keys(coded.filter(GreaterThan(F("number"), 2))) == [3, 4]


async def test_what_is_written_is_prepared_once(rows: None) -> None:
    assert not (await Coded.objects.aget_or_create(text="cde", defaults={"number": 9}))[1]
    assert await Coded.objects.filter(text="cde").aupdate(text="new", number=8) == 1
    assert await Coded.objects.abulk_update([Coded(pk=2, text="two", number=7)], ["text", "number"]) == 1
    assert await keys(Coded.objects.filter(text="new", number=8)) == [3]
    assert await keys(Coded.objects.filter(text="two", number=7)) == [2]
    assert (await Coded.objects.filter(text="two").adelete())[0] == 1


async def test_what_is_prepared_for_saving_only_is_compared_as_it_is_given(rows: None) -> None:
    assert await keys(Coded.objects.filter(sealed="x")) == []
    assert await keys(Coded.objects.filter(sealed="x!")) == [1, 2, 3, 4, 5]


async def shelves() -> tuple[Shelf, Shelf]:
    first, second = [await Shelf.objects.acreate(code=code, name=code.upper()) for code in ("abc", "bcd")]
    await Box.objects.acreate(pk=1, shelf=first, label="one")
    await Box.objects.acreate(pk=2, shelf_id="bcd", label="two")
    await Box.objects.acreate(pk=3, label="three")
    return first, second


async def test_a_foreign_key_stores_and_compares_as_the_key_it_refers_to(database: Any) -> None:
    first, second = await shelves()
    boxes = Box.objects.all()
    for condition in ({"shelf": first}, {"shelf": "abc"}, {"shelf_id__in": ["abc"]}, {"shelf__code": "abc"}):
        assert await keys(boxes.filter(**condition)) == [1]
    assert await keys(boxes.filter(shelf__in=[first, second])) == [1, 2]
    assert await keys(boxes.filter(shelf__gt="abc")) == [2]
    assert await keys(boxes.exclude(shelf=first)) == [2, 3]
    assert [box.pk async for box in first.boxes.all()] == [1]
    assert await keys(Shelf.objects.filter(boxes__in=[1, 2])) == ["abc", "bcd"]
    assert await keys(Shelf.objects.filter(Exists(boxes.filter(shelf=OuterRef("pk"))))) == ["abc", "bcd"]


async def test_related_rows_are_loaded_by_such_a_key(database: Any) -> None:
    await shelves()
    for boxes in (Box.objects.select_related("shelf"), Box.objects.prefetch_related("shelf")):
        assert [box.shelf and box.shelf.code async for box in boxes.order_by("pk")] == ["abc", "bcd", None]
    found = Shelf.objects.prefetch_related("boxes").order_by("name")
    assert [[box.label for box in shelf.boxes.all()] async for shelf in found] == [["one"], ["two"]]
    assert sorted(await Shelf.objects.ain_bulk(["abc", "xyz"])) == ["abc"]


async def test_many_to_many_rows_hold_such_keys(database: Any) -> None:
    first = (await shelves())[0]
    tag = await Tag.objects.acreate()
    await tag.shelves.aadd(first, "bcd")
    assert sorted(await keys(tag.shelves.all())) == ["abc", "bcd"]
    assert await keys(Tag.objects.filter(shelves=first)) == [tag.pk]
    assert await keys(Tag.objects.exclude(shelves__in=["bcd"])) == []
    await tag.shelves.aset(["abc"])
    assert await keys(tag.shelves.all()) == ["abc"]
    await tag.shelves.aremove("abc")
    assert not await tag.shelves.aexists()


async def test_rows_with_such_a_key_are_saved_and_deleted(database: Any) -> None:
    first, second = await shelves()
    first.name = "first"
    await first.asave()
    await first.arefresh_from_db()
    assert first.name == "first"
    assert await Box.objects.filter(pk=3).aupdate(shelf=second) == 1
    assert await Box.objects.abulk_update([Box(pk=1, shelf_id="bcd")], ["shelf"]) == 1
    assert (await second.adelete())[0] == 4
    assert (await Shelf.objects.filter(code="abc").adelete())[0] == 1


def test_a_field_that_overrides_nothing_costs_no_call(database: Any) -> None:
    dialect = databases["default"].dialect
    name, text = Shelf._meta.get_field("name"), Coded._meta.get_field("text")
    assert name.compares_prepared and dialect.comparison_adapter(name) is dialect.adapter(name)
    assert not text.compares_prepared and not Box._meta.get_field("shelf").compares_prepared


@pytest.mark.only(backend="postgresql")
async def test_elements_of_an_array_are_prepared_as_their_field_says(database: Any) -> None:
    async with orm.schema_editor() as editor:
        await editor.acreate_model(Listing)
    try:
        await Listing.objects.acreate(texts=["abc", None])
        await Listing.objects.abulk_create([Listing(texts=["xyz"])])
        stored = Listing.objects.order_by("pk").values_list(Cast("texts", orm.models.TextField()), flat=True)
        assert await stored == ["{cba,NULL}", "{zyx}"]
        assert await Listing.objects.order_by("pk").values_list("texts", flat=True) == [["abc", None], ["xyz"]]
        for condition in (
            {"texts": ["abc", None]},
            {"texts__contains": ["abc"]},
            {"texts__contains": [Value("cba")]},
            {"texts__overlap": ["abc", "other"]},
            {"texts__0": "abc"},
            {"texts__0__in": ["abc"]},
            {"texts__in": [["abc", None]]},
        ):
            assert await Listing.objects.filter(**condition).acount() == 1, condition
        assert await Listing.objects.filter(texts=["xyz"]).aupdate(texts=["new"]) == 1
        assert await Listing.objects.filter(texts__contained_by=["new"]).acount() == 1
    finally:
        async with orm.schema_editor() as editor:
            await editor.adelete_model(Listing)


async def test_a_default_of_the_database_is_what_saving_would_store(database: Any) -> None:
    """And what a new row holds of what the database computes is read as from any query."""
    async with orm.schema_editor() as editor:
        await editor.acreate_model(Defaulting)
    try:
        made = await Defaulting.objects.acreate()
        read = await Defaulting.objects.aget()
        assert (made.given, made.computed) == (read.given, read.computed) == ("abc", "CBA")
        many = (await Defaulting.objects.abulk_create([Defaulting()]))[0]
        assert many.computed == "CBA"
        assert await Defaulting.objects.filter(given="abc").acount() == 2
    finally:
        async with orm.schema_editor() as editor:
            await editor.adelete_model(Defaulting)


async def test_a_value_beside_an_expression_is_prepared_once(database: Any) -> None:
    """An expression in one column writes the row by another way, which prepared the others' values twice."""
    await Coded.objects.acreate(pk=1, text="abc", number=Value(2) + 1)
    await Coded.objects.abulk_create([Coded(pk=2, text="abc", number=Value(2) + 1), Coded(pk=3, text="abc", number=3)])
    await Coded.objects.aget_or_create(pk=4, defaults={"text": "abc", "number": Value(2) + 1})
    assert [text async for text in Coded.objects.order_by("pk").values_list("text", flat=True)] == ["abc"] * 4
    assert await keys(Coded.objects.filter(text="abc")) == [1, 2, 3, 4]
