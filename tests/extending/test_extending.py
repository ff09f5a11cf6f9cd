"""What a package may put in the place of the library's own: descriptors, iterables, methods, subqueries' templates."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models import Count, IntegerField, Manager, OuterRef, QuerySet, Subquery
from orm.models.collector_blocking import Collector
from orm.models.relations.reverse_many import create_reverse_many_to_one_manager
from tests.extending.models import Club, Diary, Meeting, Owner, Pet, Sign


async def pets() -> Owner:
    owner = await Owner.objects.acreate(name="Ada")
    for name in ("Rex", "Tom"):
        await Pet.objects.acreate(name=name, owner=owner)
    return owner


async def test_a_descriptor_sees_what_is_given_and_what_is_read(database: Any) -> None:
    sign = await Sign.objects.acreate(text="stop")
    assert sign.text == "STOP"
    await Sign.objects.aupdate(text="go")
    assert (await Sign.objects.aget()).text == "GO"
    await sign.arefresh_from_db()
    assert sign.text == "GO"
    assert [one.text for one in await Sign.objects.all()] == ["GO"]


async def test_a_descriptor_sees_what_is_loaded_later(database: Any) -> None:
    await Sign.objects.acreate(text="stop")
    await Sign.objects.aupdate(text="go")
    sign = await Sign.objects.only("number").aget()
    assert sign.get_deferred_fields() == {"text"}
    await sign.arefresh_from_db(fields=["text"])
    assert sign.text == "GO"


async def test_an_iterable_makes_the_results(database: Any) -> None:
    await pets()
    ordered = Pet.pairs.order_by("name")
    assert [(n, pet.name) for n, pet in await ordered] == [(0, "Rex"), (1, "Tom")]
    assert (await ordered.afirst())[1].name == "Rex"
    assert (await Pet.pairs.aget(name="Tom"))[1].name == "Tom"
    assert [n async for n, _ in ordered.aiterator()] == [0, 1]
    assert await ordered.values_list("name", flat=True) == ["Rex", "Tom"]


async def test_an_iterable_may_ask_the_database(database: Any) -> None:
    await pets()
    assert await Pet.looking.order_by("name") == [("Rex", 2), ("Tom", 2)]


async def test_an_iterable_does_not_change_other_querysets_of_the_model(database: Any) -> None:
    await pets()
    await Pet.pairs.aget(name="Tom")
    assert (await Pet.objects.aget(name="Tom")).name == "Tom"


async def test_a_queryset_may_fetch_in_its_own_way(database: Any) -> None:
    await pets()
    await Pet.objects.aget(name="Rex")  # what other querysets know of this question is not used
    assert await Pet.names.order_by("-name") == ["Tom", "Rex"]
    assert await Pet.names.aget(name="Rex") == "Rex"
    assert await Pet.names.order_by("name").afirst() == "Rex"
    with pytest.raises(Pet.DoesNotExist):
        await Pet.names.aget(name="none")


async def test_a_foreign_key_may_look_among_other_rows(database: Any) -> None:
    owner = await pets()
    assert (await (await Pet.objects.aget(name="Rex")).owner).name == "Ada"
    await Owner.objects.filter(pk=owner.pk).aupdate(name="xavier")
    pet = await Pet.objects.aget(name="Rex")
    with pytest.raises(Owner.DoesNotExist):
        await pet.owner


async def test_a_manager_of_ones_own_on_the_other_side_of_a_foreign_key(database: Any) -> None:
    class NamedManager(Manager[Pet]):
        def shouted(self) -> list[str]:
            return [name.upper() for name in ("rex", "tom")]

    owner = await pets()
    manager = object.__new__(create_reverse_many_to_one_manager(NamedManager, Owner.pets.rel))
    manager.instance = owner
    assert manager.shouted() == ["REX", "TOM"]
    assert await manager.acount() == 2


async def test_join_rows_are_made_by_the_join_models_manager(database: Any) -> None:
    await pets()
    club = await Club.objects.acreate(name="dogs")
    await club.pets.aadd(await Pet.objects.aget(name="Rex"))
    assert (await Meeting.objects.aget()).place == "the park"


async def test_a_subquery_in_a_template(database: Any) -> None:
    class HowMany(Subquery):
        template = "(SELECT COUNT(*) FROM (%(subquery)s) AS %(name)s)"
        output_field = IntegerField()  # type: ignore[assignment]

    await pets()
    rows = Pet.objects.filter(owner=OuterRef("pk")).order_by().values("pk")
    assert [one.n for one in await Owner.objects.annotate(n=HowMany(rows, name="found"))] == [2]
    assert [one.n for one in await Owner.objects.annotate(n=HowMany(rows, name="other") + 1)] == [3]
    with pytest.raises(TypeError, match="nmae"):
        HowMany(rows, nmae="found")


@pytest.fixture
def patched(request: pytest.FixtureRequest) -> list[Any]:
    """What was told to a ``save_base()`` that was put on a model twice after the class was made."""
    told: list[Any] = []
    original = Diary.save_base

    def patch(number: int, before: Any) -> Any:
        def save_base(self: Any, *args: Any, **kwargs: Any) -> None:
            told.append((number, kwargs["update_fields"]))
            before(self, *args, **kwargs)

        return save_base

    def restore() -> None:
        del Diary.save_base, Diary.asave_base  # type: ignore[attr-defined]
        Diary._meta.__dict__.pop("overrides_save_base", None)

    Diary.save_base = patch(1, original)  # type: ignore[method-assign]
    Diary.save_base = patch(2, Diary.save_base)  # type: ignore[method-assign]
    Diary._meta.__dict__.pop("overrides_save_base", None)
    request.addfinalizer(restore)
    return told


async def test_a_patched_save_base_is_what_saving_calls(database: Any, patched: list[Any]) -> None:
    diary = await Diary.objects.acreate(text="a")
    diary.text = "b"
    await diary.asave(update_fields=["text"])
    part = await Diary.objects.only("text").aget()
    part.text = "c"
    await part.asave()
    told = [(1, None), (1, frozenset({"text"})), (1, frozenset({"text"}))]
    assert [one for one in patched if one[0] == 1] == told
    assert [one[1] for one in patched if one[0] == 2] == [one[1] for one in told]
    assert (await Diary.objects.aget()).text == "c"


async def test_a_deletion_by_hand(database: Any) -> None:
    owner = await pets()
    await Diary.objects.acreate(text="a")
    collector = Collector("default")
    await collector.acollect([owner])
    await collector.acollect(await Diary.objects.all())
    assert collector.data[Diary]
    assert (await collector.adelete())[0] == 4
    assert not await Pet.objects.aexists()


def test_an_instance_knows_what_it_has_loaded() -> None:
    owner = Owner(pk=3, name="Ada")
    pet, field = Pet(name="Rex", owner=owner), Pet._meta.get_field("owner")
    assert field.is_cached(pet)
    assert field.get_cached_value(pet) is owner
    pet.owner_id = 4
    assert not field.is_cached(pet)
    assert field.get_cached_value(pet, default=None) is None
    with pytest.raises(KeyError):
        field.get_cached_value(pet)
    field.set_cached_value(pet, Owner(pk=4))
    assert pet.owner.pk == 4
    field.delete_cached_value(pet)
    assert not field.is_cached(pet)


def test_a_query_can_be_read_and_not_changed() -> None:
    rows = Pet.objects.annotate(n=Count("clubs")).extra(select={"one": "1"}).filter(name="x")
    query = rows[1:3].query
    assert (query.low_mark, query.high_mark, query.is_sliced, query.can_filter()) == (1, 3, True, False)
    assert (list(query.annotation_select), list(query.extra)) == (["n", "one"], ["one"])
    assert (query.has_filters(), query.is_empty(), query.distinct, query.combinator) == (True, False, False, None)
    assert Pet.objects.none().query.is_empty()
    assert Pet.objects.union(Pet.objects.all()).query.combinator == "union"
    with pytest.raises(AttributeError):
        query.low_mark = 2  # type: ignore[misc]
    with pytest.raises(NotImplementedError, match="methods of a queryset"):
        type(query)(Pet)  # type: ignore[arg-type]


def test_a_queryset_takes_its_query_and_its_hints(database: Any) -> None:
    hints: dict[str, Any] = {"instance": Owner()}
    rows: Any = QuerySet(Pet, Pet.objects.filter(name="x").query, using="default", hints=hints)
    assert str(rows.query) == str(Pet.objects.filter(name="x").query)
    assert rows._hints is hints
