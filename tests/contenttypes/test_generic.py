"""Rows that refer to rows of any model: assigned, loaded, queried, prefetched and deleted."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from orm.contrib.contenttypes import ContentType, GenericPrefetch
from orm.errors import FieldError
from orm.models import Count
from orm.models.signals import post_delete
from tests.contenttypes.models import (
    Animal,
    Beast,
    Gem,
    Keeper,
    Lion,
    Note,
    Noted,
    Post,
    Reply,
    Stone,
    Tagged,
    Valued,
)
from tests.counting import Queries


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Each test begins with an empty table."""
    ContentType.objects.clear_cache()
    yield
    ContentType.objects.clear_cache()


async def test_content_types_are_made_and_remembered(database: Any, queries: Queries) -> None:
    kind = await ContentType.objects.aget_for_model(Animal)
    assert (kind.app_label, kind.model, kind.model_class(), kind.name) == ("contenttypes", "animal", Animal, "animal")
    with queries as counted:
        assert await ContentType.objects.aget_for_model(Animal(name="x")) == kind
        assert await ContentType.objects.aget_for_id(kind.pk) == kind
        assert await ContentType.objects.aget_by_natural_key(*kind.natural_key()) == kind
        assert await ContentType.objects.aget_for_model(Beast) == kind
    assert counted == []
    assert (await ContentType.objects.aget_for_model(Beast, for_concrete_model=False)).model == "beast"
    several = await ContentType.objects.aget_for_models(Animal, Stone, Lion)
    assert [several[model].model for model in (Animal, Stone, Lion)] == ["animal", "stone", "lion"]
    lion = await Lion.objects.acreate(name="Leo")
    assert await several[Lion].aget_object_for_this_type(name="Leo") == lion
    assert [one async for one in several[Animal].get_all_objects_for_this_type()] == [await Animal.objects.aget()]
    gone = await ContentType.objects.acreate(app_label="no", model="where")
    assert gone.model_class() is None and str(gone) == "where"


async def test_an_assigned_row_is_referred_to(database: Any) -> None:
    stone = await Stone.objects.acreate(name="flint")
    tag = Tagged(word="hard", target=stone)
    assert tag.target is stone
    await tag.asave()
    read = await Tagged.objects.aget()
    assert (read.object_id, (await read.content_type).model) == (stone.pk, "stone")
    assert await read.target == stone
    other = await Animal.objects.acreate(name="Leo")
    read.target = other
    await read.asave()
    assert await (await Tagged.objects.aget()).target == other
    await Tagged.objects.abulk_create([Tagged(word="a", target=stone), Tagged(word="b", target=other)])
    assert {one.word: await one.target async for one in Tagged.objects.exclude(word="hard")} == {"a": stone, "b": other}
    with pytest.raises(ValueError, match="unsaved related object 'target'. Save"):
        await Tagged(word="x", target=Stone(name="new")).asave()


async def test_refreshing_forgets_the_row_referred_to(database: Any) -> None:
    stone = await Stone.objects.acreate(name="flint")
    tag = await Tagged.objects.acreate(word="hard", target=stone)
    await tag.arefresh_from_db(fields=["word"])
    assert tag.target is stone
    await tag.arefresh_from_db(fields=["target"])
    assert (await tag.target) == stone and tag.target is not stone
    tag = await Tagged.objects.defer("word").aget()
    before = await tag.target
    await tag.arefresh_from_db()
    assert (await tag.target) is not before


async def test_a_missing_row_is_asked_for_once(database: Any, queries: Queries) -> None:
    stone = await Stone.objects.acreate(name="flint")
    await Tagged.objects.acreate(word="hard", target=stone)
    await Tagged.objects.aupdate(object_id=stone.pk + 1)
    tag = await Tagged.objects.aget()
    assert (await tag.target) is None
    with queries as counted:
        assert tag.target is None
    assert counted == []


async def test_content_types_of_several_models_are_made_with_one_statement_each(
    database: Any, queries: Queries
) -> None:
    with queries as counted:
        await ContentType.objects.aget_for_models(Animal, Stone, Lion, Beast)
    assert len(counted) == 4


async def test_one_queryset_for_each_model(database: Any) -> None:
    await Tagged.objects.acreate(word="hard", target=await Stone.objects.acreate(name="flint"))
    given = [Stone.objects.all(), Stone.objects.filter(name="flint")]
    with pytest.raises(ValueError, match="Only one queryset is allowed for each content type"):
        await Tagged.objects.prefetch_related(GenericPrefetch("target", given))


async def test_nothing_and_rows_that_are_gone(database: Any) -> None:
    assert Note(text="x").about is None
    beast = await Beast.objects.acreate(name="B")
    note = await Note.objects.acreate(text="x", about=beast)
    read = await Note.objects.aget(pk=note.pk)
    assert type(await read.about) is Beast
    await Animal.objects.all().adelete()
    assert await (await Note.objects.aget(pk=note.pk)).about is None
    read.about = None
    assert (read.kind_id, read.key, read.about) == (None, None, None)


async def test_the_other_side_is_a_manager(database: Any) -> None:
    animal, stone = await Animal.objects.acreate(name="Leo"), await Stone.objects.acreate(name="flint")
    big = await animal.tags.acreate(word="big")
    assert big.target is animal
    await stone.tags.acreate(word="hard")
    assert [one.word async for one in animal.tags.all()] == ["big"]
    made, created = await animal.tags.aget_or_create(word="wild")
    assert created and await made.target == animal
    assert (await animal.tags.aget_or_create(word="wild")) == (made, False)
    assert (await animal.tags.aupdate_or_create(word="wild", defaults={"word": "tame"}))[1] is False
    await animal.tags.aadd(Tagged(word="new"), bulk=False)
    assert [one.word async for one in animal.tags.all()] == ["big", "new", "tame"]
    await animal.tags.aremove(big)
    await animal.tags.aset([await animal.tags.aget(word="tame")])
    assert [one.word async for one in Tagged.objects.all()] == ["hard", "tame"]
    with pytest.raises(ValueError, match="isn't saved"):
        await animal.tags.aadd(Tagged(word="no"))
    await stone.tags.aadd(await Tagged.objects.aget(word="tame"))
    assert await animal.tags.acount() == 0 and await stone.tags.acount() == 2
    await stone.tags.aclear()
    assert await Tagged.objects.acount() == 0
    unsaved = Stone(name="new")
    assert await unsaved.tags.all() == []
    with pytest.raises(ValueError, match="save it first"):
        await unsaved.tags.acreate(word="no")


async def test_queries_compare_the_content_type(database: Any) -> None:
    animal, stone = await Animal.objects.acreate(name="Leo"), await Stone.objects.acreate(name="flint")
    assert animal.pk == stone.pk or (await Stone.objects.filter(pk=stone.pk).aupdate(id=animal.pk)) == 1
    stone = await Stone.objects.aget()
    await animal.tags.acreate(word="big")
    await stone.tags.acreate(word="hard")
    ContentType.objects.clear_cache()
    assert [one.word async for one in animal.tags.all()] == ["big"]
    assert await Animal.objects.filter(tags__word="big").acount() == 1
    assert await Animal.objects.filter(tags__word="hard").acount() == 0
    assert await Animal.objects.exclude(tags__word="big").acount() == 0
    assert await Animal.objects.exclude(tags__word="hard").acount() == 1
    tag = await Tagged.objects.aget(word="big")
    assert await Animal.objects.filter(tags=tag).acount() == await Animal.objects.filter(tags__in=[tag]).acount() == 1
    assert await Animal.objects.exclude(tags=tag).acount() == 0
    assert await Animal.objects.filter(tags__isnull=True).acount() == 0
    assert [one.word async for one in Tagged.objects.filter(animal__name="Leo")] == ["big"]
    assert (await Animal.objects.annotate(number=Count("tags")).aget()).number == 1
    lion = await Lion.objects.acreate(name="L")
    await lion.tags.acreate(word="royal")
    assert await Lion.objects.filter(tags__word="royal").aget() == lion
    with pytest.raises(FieldError, match="does not generate an automatic reverse relation"):
        Tagged.objects.filter(target=animal)


async def test_prefetching_in_both_directions(database: Any, queries: Queries) -> None:
    keeper = await Keeper.objects.acreate(name="K")
    for number in range(3):
        animal = await Animal.objects.acreate(name=f"a{number}")
        stone = await Stone.objects.acreate(name=f"s{number}", keeper=keeper)
        await animal.tags.acreate(word=f"w{number}")
        await stone.tags.acreate(word=f"x{number}")
    with queries as counted:
        found = list(await Tagged.objects.prefetch_related("target__tags"))
        assert [(await one.target).name for one in found] == ["a0", "a1", "a2", "s0", "s1", "s2"]
        assert [[tag.word for tag in one.target.tags.all()] for one in found][::3] == [["w0"], ["x0"]]
    assert len(counted) == 5
    with queries as counted:
        found = list(await Animal.objects.order_by("name").prefetch_related("tags"))
        assert [[tag.word for tag in one.tags.all()] for one in found] == [["w0"], ["w1"], ["w2"]]
    assert len(counted) == 2
    chosen = GenericPrefetch("target", [Stone.objects.select_related("keeper"), Animal.objects.only("name")])
    assert len(pickle.loads(pickle.dumps(chosen)).querysets) == 2
    with queries as counted:
        found = list(await Tagged.objects.prefetch_related(chosen))
        assert [one.target.keeper.name for one in found[3:]] == ["K"] * 3
    assert len(counted) == 3
    with pytest.raises(TypeError, match="must be a QuerySet"):
        GenericPrefetch("target", ["wrong"])


async def test_deleting_takes_what_refers_to_it(database: Any) -> None:
    animal, stone = await Animal.objects.acreate(name="Leo"), await Stone.objects.acreate(name="flint")
    lion = await Lion.objects.acreate(name="L")
    for one in (animal, stone, lion):
        await one.tags.acreate(word=one.name)
    labels = {Tagged._meta.label: 1, Animal._meta.label: 1}
    assert await animal.adelete() == (2, labels)
    assert [one.word async for one in Tagged.objects.all()] == ["L", "flint"]
    await lion.adelete()
    assert (await Stone.objects.all().adelete())[0] == 2
    assert await Tagged.objects.acount() == 0


async def test_what_no_constraint_binds_goes_after_what_it_refers_to(database: Any) -> None:
    stone = await Stone.objects.acreate(name="flint")
    await stone.tags.acreate(word="hard")
    gone: list[str] = []

    def note(sender: Any, **details: Any) -> None:
        gone.append(sender.__name__)

    post_delete.connect(note)
    try:
        counts = (await stone.adelete())[1]
    finally:
        post_delete.disconnect(note)
    assert gone == ["Stone", "Tagged"]
    assert list(counts) == [Stone._meta.label, Tagged._meta.label]


async def test_what_refers_to_a_deleted_row_goes_unseen(database: Any, queries: Queries) -> None:
    stone = await Stone.objects.acreate(name="flint")
    await stone.tags.acreate(word="hard")
    with queries as counted:
        assert (await stone.adelete())[0] == 2
    assert {sql.split()[0] for sql in counted} == {"DELETE"}


async def test_deleting_a_child_leaves_what_refers_to_its_parents_type(database: Any) -> None:
    lion = await Lion.objects.acreate(name="L")
    await lion.tags.acreate(word="wild")
    await Tagged.objects.acreate(word="tame", target=await Animal.objects.aget(pk=lion.pk))
    await lion.adelete()
    assert [one.word async for one in Tagged.objects.all()] == ["tame"]


async def test_a_relation_by_a_text_meets_keys_that_are_numbers(database: Any) -> None:
    noted, other = await Noted.objects.acreate(name="a"), await Noted.objects.acreate(name="b")
    await noted.notes.acreate(text="x")
    assert [one.name async for one in Noted.objects.filter(notes__text="x")] == ["a"]
    assert [one.name async for one in Noted.objects.exclude(notes__text="x")] == ["b"]
    assert [one.text async for one in Note.objects.filter(noted__name="a")] == ["x"]
    counted = Noted.objects.annotate(n=Count("notes")).order_by("name").values_list("n", flat=True)
    assert await counted == [1, 0]
    assert (await other.adelete())[0] == 1


async def test_the_order_of_rows_that_refer_to_one(database: Any) -> None:
    post, other = [await Post.objects.acreate(title=title) for title in "ab"]
    made = [await Reply.objects.acreate(text=text, to=post) for text in "xyz"]
    await Reply.objects.acreate(text="w", to=other)
    keys = [one.pk for one in made]
    assert list(await post.get_reply_order()) == keys
    await post.aset_reply_order([keys[2], keys[0], keys[1]])
    assert [one.text async for one in post.answers.all()] == ["z", "x", "y"]
    assert await made[2].aget_next_in_order() == made[0]


async def test_rows_whose_reference_is_in_a_parents_table(database: Any) -> None:
    gem, plain = [await Gem.objects.acreate(name=name) for name in ("ruby", "glass")]
    await gem.worth.acreate(word="dear", value=9)
    assert [one.name async for one in Gem.objects.filter(worth__value=9)] == ["ruby"]
    assert [one.name async for one in Gem.objects.filter(worth__word="dear")] == ["ruby"]
    assert [one.name async for one in Gem.objects.exclude(worth__value=9)] == ["glass"]
    assert [one.value async for one in Valued.objects.filter(gem__name="ruby")] == [9]
    assert [one.value async for one in gem.worth.all()] == [9] and await plain.worth.acount() == 0
    assert (await gem.adelete())[0] == 3
