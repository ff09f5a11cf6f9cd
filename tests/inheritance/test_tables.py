"""Rows that lie in several tables: written, read, changed and deleted, as one."""

from __future__ import annotations

from typing import Any

import pytest

from orm.errors import ProtectedError, ValidationError
from orm.models import Count, F, TextField
from orm.models.signals import pre_delete
from orm.sql.handwritten import RawSQL
from tests.counting import Queries
from tests.inheritance.models import (
    Bird,
    Body,
    Eager,
    Eagle,
    FlyingFish,
    Hall,
    Listed,
    Named,
    Owner,
    Place,
    Priced,
    Restaurant,
    Review,
    Tag,
    Trattoria,
    Ware,
)


async def test_a_row_in_three_tables(database: Any) -> None:
    made = await Trattoria.objects.acreate(name="Da Ada", stars=3, gnocchi=True)
    assert made.pk == made.id == made.place_ptr_id == made.restaurant_ptr_id
    read = await Trattoria.objects.aget(name="Da Ada")
    assert (read.pk, read.name, read.stars, read.gnocchi) == (made.pk, "Da Ada", 3, True)
    assert read == made and (await Place.objects.aget(pk=made.pk)) != made
    assert await Place.objects.acount() == await Restaurant.objects.acount() == 1
    read.name, read.stars = "Da Bea", 4
    await read.asave()
    assert await Place.objects.acount() == 1
    assert (await Restaurant.objects.aget(pk=made.pk)).name == "Da Bea"
    assert (await Listed.objects.aget()).stars == 4


async def test_sql_written_by_hand_may_speak_of_a_parents_columns(database: Any) -> None:
    await Restaurant.objects.acreate(name="Ada's", stars=3)
    read = await Restaurant.objects.annotate(said=RawSQL("name || %s", ["!"], TextField())).aget()
    assert read.said == "Ada's!"


async def test_a_parents_row_gets_a_child(database: Any) -> None:
    place = await Place.objects.acreate(name="Inn")
    restaurant = Restaurant(place_ptr=place, stars=1)
    restaurant.name = place.name
    await restaurant.asave()
    assert await Place.objects.acount() == 1
    assert (await (await Place.objects.aget()).restaurant).stars == 1
    with pytest.raises(Restaurant.DoesNotExist):
        await Restaurant.objects.aget(name="None")
    assert not hasattr(await Place.objects.acreate(name="Bare"), "hall")


async def test_a_deferred_key_of_a_parent_is_that_of_the_child(database: Any, queries: Queries) -> None:
    made = await Trattoria.objects.acreate(name="a")
    with queries as counted:
        read = await Trattoria.objects.only("gnocchi").aget()
        assert read.id == read.place_ptr_id == made.pk
    assert len(counted) == 1


async def test_deferred_values_are_loaded_by_the_classs_own_refresh(database: Any, queries: Queries) -> None:
    await Place.objects.acreate(name="a", address="b", code="c")
    read = await Eager.objects.only("owner").aget()
    with queries as counted:
        assert await read.name == "a"
        assert (read.address, read.code) == ("b", "c")
    assert len(counted) == 1


async def test_update_fields_reach_every_table_and_no_other(database: Any, queries: Queries) -> None:
    made = await Trattoria.objects.acreate(name="a", stars=1)
    made.name, made.stars, made.gnocchi = "b", 2, True
    with queries as counted:
        await made.asave(update_fields=["name", "gnocchi"])
    assert sum(sql.startswith("UPDATE") for sql in counted) == 2
    read = await Trattoria.objects.aget()
    assert (read.name, read.stars, read.gnocchi) == ("b", 1, True)
    await Trattoria.objects.all().adelete()
    with pytest.raises(Trattoria.NotUpdated):
        await read.asave(update_fields=["name"])


async def test_names_at_every_level(database: Any) -> None:
    owner = await Owner.objects.acreate(name="Ada")
    tag = await Tag.objects.acreate(word="new")
    made = await Trattoria.objects.acreate(name="a", stars=2, owner=owner, chef=owner)
    await made.tags.aadd(tag)
    await Trattoria.objects.acreate(name="b", stars=3)
    await Review.objects.acreate(text="good", place=made, restaurant=made)
    for condition in (
        {"owner": owner}, {"owner__name": "Ada"}, {"chef__name": "Ada"}, {"reviews__text": "good"}, {"tags": tag},
        {"praise__text": "good"}, {"id": made.id}, {"place_ptr": made.id}, {"restaurant_ptr__stars": 2},
        {"stars__lt": 3}, {"restaurant_ptr__place_ptr__name": "a"}, {"pk__in": [made.pk]},
    ):  # fmt: skip
        assert [one.pk async for one in Trattoria.objects.filter(**condition)] == [made.pk], condition
    assert await Place.objects.filter(restaurant__trattoria__gnocchi=False).acount() == 2
    assert await Owner.objects.filter(places__restaurant__stars=2).acount() == 1
    assert await Trattoria.objects.exclude(reviews__text="good").acount() == 1
    assert [one.name async for one in Trattoria.objects.order_by("-name")] == ["b", "a"]
    assert [row async for row in Trattoria.objects.order_by("id").values_list("name", "stars")] == [("a", 2), ("b", 3)]
    counted = await Trattoria.objects.annotate(number=Count("reviews")).order_by("name")
    assert [(one.name, one.number) for one in counted] == [("a", 1), ("b", 0)]


async def test_select_related_and_loading_across_tables(database: Any, queries: Queries) -> None:
    owner = await Owner.objects.acreate(name="Ada")
    await Trattoria.objects.acreate(name="a", stars=2, owner=owner)
    await Place.objects.acreate(name="b")
    with queries as counted:
        places = await Place.objects.select_related("restaurant__trattoria", "owner")
        first = places[0]
        assert first.restaurant.name == "a" and first.restaurant.trattoria.stars == 2
        assert first.owner.name == "Ada" and first.restaurant.place_ptr is first
        assert not hasattr(places[1], "restaurant")
    assert len(counted) == 1
    with queries as counted:
        read = await Trattoria.objects.select_related("owner").aget()
        assert read.owner.name == "Ada"
        only = await Trattoria.objects.only("name").aget()
        deferred = await Trattoria.objects.defer("name").aget()
    assert len(counted) == 3
    loaded = {"restaurant_ptr_id", "name"}
    assert only.get_deferred_fields() == {field.attname for field in Trattoria._meta.concrete_fields} - loaded
    assert await only.stars == 2
    assert await deferred.name == "a"
    await Place.objects.aupdate(name="z")
    await deferred.arefresh_from_db()
    assert deferred.name == "z"


async def test_updates_find_their_tables(database: Any) -> None:
    for number in range(3):
        await Trattoria.objects.acreate(name=f"n{number}", stars=number)
    assert await Trattoria.objects.filter(stars__gt=0).aupdate(name="x", stars=9, gnocchi=True) == 2
    assert await Restaurant.objects.filter(name="x").aupdate(stars=F("stars") + 1) == 2
    assert await Trattoria.objects.filter(name="n0").aupdate(address="here") == 1
    rows = Trattoria.objects.order_by("pk").values_list("name", "address", "stars", "gnocchi")
    assert list(await rows) == [("n0", "here", 0, False), ("x", "", 10, True), ("x", "", 10, True)]
    found = list(await Trattoria.objects.order_by("pk"))
    for number, one in enumerate(found):
        one.name, one.gnocchi = f"m{number}", number == 1
    assert await Trattoria.objects.abulk_update(found, ["name", "gnocchi"]) == 3
    rows = Trattoria.objects.order_by("pk").values_list("name", "gnocchi")
    assert list(await rows) == [("m0", False), ("m1", True), ("m2", False)]


async def test_bulk_update_by_the_key_alone_writes_every_table(database: Any) -> None:
    made = await Trattoria.objects.acreate(name="before", stars=1)
    only = Trattoria(pk=made.pk, name="after", stars=2, gnocchi=True)
    assert await Trattoria.objects.abulk_update([only], ["name", "stars", "gnocchi"]) == 1
    assert await Trattoria.objects.values_list("name", "stars", "gnocchi") == [("after", 2, True)]


async def test_bulk_create_in_every_table(database: Any, queries: Queries) -> None:
    given = [Trattoria(name=f"n{number}", stars=number) for number in range(50)]
    with queries as counted:
        await Trattoria.objects.abulk_create(given)
    assert sum(sql.startswith("INSERT") for sql in counted) == 3
    assert all(one.pk == one.id and not one._state.adding for one in given)
    read = {one.pk: (one.name, one.stars) for one in await Trattoria.objects.all()}
    assert read == {one.pk: (one.name, one.stars) for one in given}


async def test_deletes_take_every_table(database: Any) -> None:
    made = await Trattoria.objects.acreate(name="a")
    await Review.objects.acreate(text="x", place=made)
    deleted = await made.adelete()
    labels = {model._meta.label: 1 for model in (Trattoria, Restaurant, Place, Review)}
    assert deleted == (4, labels)
    assert made.pk is None
    await Trattoria.objects.acreate(name="b")
    await Hall.objects.acreate(name="c", number="C")
    assert (await Restaurant.objects.all().adelete())[0] == 3
    assert await Place.objects.acount() == 1
    assert (await Place.objects.all().adelete())[0] == 2
    assert await Hall.objects.acount() == 0


async def test_a_child_is_deleted_without_a_look_for_other_children(database: Any, queries: Queries) -> None:
    made = await Trattoria.objects.acreate(name="a")
    with queries as counted:
        await made.adelete()
    assert not [sql for sql in counted if sql.startswith("SELECT")]


async def test_the_parts_of_a_deleted_parent_go_unseen(database: Any, queries: Queries) -> None:
    await Eagle.objects.acreate(name="a", span=2)
    bird = await Bird.objects.aget()
    with queries as counted:
        assert await bird.adelete() == (2, {Eagle._meta.label: 1, Bird._meta.label: 1})
    assert not [sql for sql in counted if sql.startswith("SELECT")]
    assert await Eagle.objects.acount() == 0


async def test_parents_go_in_the_order_in_which_they_are_named(database: Any) -> None:
    ware = await Ware.objects.acreate(name="a")
    assert list((await ware.adelete())[1]) == [Ware._meta.label, Named._meta.label, Priced._meta.label]


async def test_a_key_of_its_own(database: Any) -> None:
    hall = await Hall.objects.acreate(name="Big", number="B1")
    assert (hall.pk, hall.place_id, hall.id) == ("B1", hall.id, hall.id)
    assert (await Hall.objects.aget(pk="B1")).name == "Big"
    hall.name = "Bigger"
    await hall.asave()
    assert await Place.objects.acount() == 1
    place = await Place.objects.aget()
    assert (await place.as_hall).number == "B1" and place.name == "Bigger"


async def test_two_parents(database: Any) -> None:
    ware = await Ware.objects.acreate(name="nail", price=3, weight=1)
    await Priced.objects.acreate(price=1)
    await Ware.objects.acreate(name="bolt", price=7, weight=2)
    assert [row async for row in Ware.objects.order_by("name").values_list("name", "price", "weight")] == [
        ("bolt", 7, 2),
        ("nail", 3, 1),
    ]
    assert await Ware.objects.filter(price__gt=1, name="nail").aget() == ware
    assert (await ware.adelete())[0] == 3
    assert (await Named.objects.acount(), await Priced.objects.acount()) == (1, 2)


async def test_relations_through_a_child(database: Any) -> None:
    owner = await Owner.objects.acreate(name="Ada")
    made = await Restaurant.objects.acreate(name="a", owner=owner)
    await made.reviews.acreate(text="x")
    assert await made.reviews.acount() == 1
    tag = await Tag.objects.acreate(word="w")
    await made.tags.aset([tag])
    read = await Restaurant.objects.prefetch_related("reviews", "tags", "owner").aget()
    assert ([one.text for one in read.reviews.all()], [one.word for one in read.tags.all()]) == (["x"], ["w"])
    assert read.owner.name == "Ada"
    assert [one.name async for one in owner.places.all()] == ["a"]
    assert not isinstance(await (await owner.places.aget()).restaurant, Place.DoesNotExist | ProtectedError)


async def test_validation_looks_at_every_table(database: Any) -> None:
    made = Restaurant(name="a")
    left_out = ["owner", "chef", "address"]
    await made.afull_clean(exclude=left_out)
    await made.asave()
    await made.afull_clean(exclude=left_out)
    await Place.objects.filter(pk=made.pk).aupdate(code="X")
    with pytest.raises(ValidationError) as caught:
        await Restaurant(name="b", code="X").afull_clean(exclude=left_out)
    assert caught.value.message_dict == {"code": ["Place with this Code already exists."]}
    made.code = "X"
    await made.afull_clean(exclude=left_out)


async def test_keep_parents(database: Any) -> None:
    made = await Trattoria.objects.acreate(name="a", stars=2)
    await Review.objects.acreate(text="x", place_id=made.id)
    assert await made.adelete(keep_parents=True) == (1, {Trattoria._meta.label: 1})
    assert (await Restaurant.objects.aget()).stars == 2
    assert await Review.objects.acount() == 1


async def test_signals_of_every_table_and_the_parents_part(database: Any) -> None:
    made = await Trattoria.objects.acreate(name="a", stars=2)
    heard: list[Any] = []

    def hear(sender: Any, instance: Any, **_: Any) -> None:
        heard.append((sender.__name__, type(instance).__name__, instance.pk, instance.name))

    pre_delete.connect(hear)
    try:
        await made.adelete()
    finally:
        pre_delete.disconnect(hear)
    assert sorted(heard) == [(name, name, heard[0][2], "a") for name in ("Place", "Restaurant", "Trattoria")]


async def test_a_link_gives_the_parents_part_without_a_query(database: Any, queries: Queries) -> None:
    await Trattoria.objects.acreate(name="a", stars=2)
    read = await Trattoria.objects.aget()
    with queries as counted:
        restaurant = await read.restaurant_ptr
        place = await restaurant.place_ptr
    assert counted == []
    assert (type(restaurant), restaurant.stars, type(place), place.name) == (Restaurant, 2, Place, "a")
    assert place == await Place.objects.aget()


async def test_a_table_that_is_reached_by_two_ways_is_written_once(database: Any, queries: Queries) -> None:
    with queries as counted:
        fish = await FlyingFish.objects.acreate(name="f", wings=4, fins=5)
    assert sum(sql.startswith("INSERT") for sql in counted) == 4
    assert await Body.objects.acount() == 1
    read = await FlyingFish.objects.aget(wings=4, fins=5)
    assert (read.pk, read.winged_id, read.finned_id, read.name) == (fish.pk, fish.pk, fish.pk, "f")
    read.name = "g"
    await read.asave()
    assert (await Body.objects.aget()).name == "g"
    assert (await read.adelete())[0] == 4


async def test_an_insert_is_forced_into_the_tables_named(database: Any, queries: Queries) -> None:
    with queries as counted:
        await Trattoria(id=71, name="a").asave(force_insert=(Place,))
    assert [sql.split()[0] for sql in counted] == ["INSERT", "INSERT", "INSERT"]
    with queries as counted:
        await Hall(id=72, name="b", number="b").asave(force_insert=True)
    assert [sql.split()[0] for sql in counted] == ["UPDATE", "INSERT", "INSERT"]
    with pytest.raises(TypeError, match="must be a base of Trattoria"):
        await Trattoria(name="a").asave(force_insert=(Hall,))
    with pytest.raises(TypeError, match="must be a bool or tuple"):
        await Trattoria(name="a").asave(force_insert=[Place])  # type: ignore[arg-type]


@pytest.mark.only(backend="postgresql")
async def test_rows_of_a_parents_table_are_locked_by_its_link(database: Any) -> None:
    locked = Trattoria.objects.select_for_update(of=("self", "restaurant_ptr__place_ptr"))
    assert str(locked.query).endswith('FOR UPDATE OF "inheritance_trattoria", "inheritance_place"')


async def test_what_a_parents_part_has_loaded_is_loaded_for_the_child(database: Any, queries: Queries) -> None:
    ada = await Owner.objects.acreate(name="Ada")
    await Trattoria.objects.acreate(name="a", owner=ada)
    place: Any = await Place.objects.aget(name="a")
    assert await place.owner == ada
    trattoria = await (await place.restaurant).trattoria
    with queries as counted:
        assert trattoria.owner is place.owner
    assert not counted
    other = await Owner.objects.acreate(name="Bob")
    child = await (await Place.objects.aget(name="a")).restaurant  # type: ignore[attr-defined]
    child.owner_id = other.pk
    assert await child.owner == other
