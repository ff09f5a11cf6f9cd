"""Writes that a batch gathers: as few statements, in an order that foreign keys allow, seen by every query inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.errors import IntegrityError, ObjectNotUpdated, TransactionManagementError
from orm.models import F
from orm.models.signals import post_save
from tests.counting import Queries
from tests.saving.models import Egg, Hen, Leaf, Node, Reading, Room, Slot, Tree


@pytest.fixture
def saved_ones(database: Any) -> Iterator[list[tuple[str, bool]]]:
    """What post_save said, as it came."""
    heard: list[tuple[str, bool]] = []

    def hear(sender: Any, instance: Any, created: bool, **rest: Any) -> None:
        heard.append((instance.name, created))

    post_save.connect(hear, sender=Tree)
    yield heard
    post_save.disconnect(hear, sender=Tree)


def written(counted: Queries) -> list[str]:
    """The first words of the statements that were sent."""
    return [sql.split()[0] for sql in counted]


async def test_many_saves_are_few_statements(database: Any, queries: Queries) -> None:
    with queries as counted:
        async with orm.batch():
            trees = [await Tree.objects.acreate(name=f"t{n}") for n in range(8)]
            for number in range(8):
                await Leaf(tree=trees[number], name=f"l{number}").asave()
            assert trees[0].pk is None
    assert written(counted) == ["INSERT", "INSERT"]
    assert [tree.pk for tree in trees] == [tree.pk for tree in await Tree.objects.order_by("name")]
    assert sorted([row async for row in Leaf.objects.values_list("name", "tree__name")]) == [
        (f"l{n}", f"t{n}") for n in range(8)
    ]
    assert all(not tree._state.adding for tree in trees)


async def test_rows_are_inserted_after_those_they_refer_to(database: Any) -> None:
    async with orm.batch():
        leaf = Leaf(name="leaf", tree=Tree(name="tree"))
        root = Node(name="root")
        child = Node(name="child", parent=root)
        grandchild = Node(name="grandchild", parent=child)
        await root.asave()
        await child.asave()
        await grandchild.asave()
        await leaf.tree.asave()
        await leaf.asave()
    assert leaf.tree_id == leaf.tree.pk is not None
    assert (await Node.objects.aget(name="grandchild")).parent_id == child.pk == grandchild.parent_id
    assert (await Node.objects.aget(name="child")).parent_id == root.pk


async def test_given_keys_that_refer_to_each_other_come_in_order(database: Any) -> None:
    async with orm.batch():
        await Leaf.objects.acreate(name="leaf", tree_id=70)
        await Tree.objects.acreate(pk=70, name="tree")
    assert (await Leaf.objects.select_related("tree").aget()).tree.name == "tree"


async def test_every_query_inside_sees_what_was_saved(database: Any) -> None:
    async with orm.batch():
        tree = await Tree.objects.acreate(name="one")
        assert await Tree.objects.acount() == 1
        assert tree.pk is not None
        tree.name = "two"
        await tree.asave()
        assert await Tree.objects.filter(name="two").aexists()
        await tree.adelete()
        assert not [one async for one in Tree.objects.aiterator()]
        await Tree.objects.acreate(name="three")
        await Tree.objects.aupdate(name=F("name"))
        async with orm.atomic():
            assert [one.name async for one in Tree.objects.all()] == ["three"]


async def test_an_instance_is_written_as_it_was_when_it_was_saved(database: Any) -> None:
    async with orm.batch():
        tree = Tree(name="saved")
        await tree.asave()
        tree.name = "changed and not saved"
    assert (await Tree.objects.aget()).name == "saved"
    async with orm.batch():
        tree.name = "first"
        await tree.asave()
        tree.name = "second"
        await tree.asave()
    assert (await Tree.objects.aget()).name == "second"


async def test_updates_of_one_table_are_one_statement(database: Any, queries: Queries) -> None:
    trees = await Tree.objects.abulk_create([Tree(name=f"t{n}") for n in range(4)])
    with queries as counted:
        async with orm.batch():
            for tree in trees:
                tree.name += "!"
                await tree.asave()
    assert written(counted) == ["UPDATE"]
    assert sorted([one.name async for one in Tree.objects.all()]) == ["t0!", "t1!", "t2!", "t3!"]


async def test_a_row_that_is_gone_is_inserted_as_by_save(database: Any, saved_ones: list[tuple[str, bool]]) -> None:
    here, gone = await Tree.objects.abulk_create([Tree(name="here"), Tree(name="gone")])
    await Tree.objects.filter(pk=gone.pk).adelete()
    async with orm.batch():
        await here.asave()
        await gone.asave()
    assert saved_ones == [("here", False), ("gone", True)]
    assert await Tree.objects.filter(pk=gone.pk).aexists()
    await Tree.objects.filter(pk=gone.pk).adelete()
    with pytest.raises(ObjectNotUpdated, match="is gone"):
        async with orm.batch():
            await gone.asave(update_fields=["name"])


async def test_deletions_of_one_table_go_together(database: Any, queries: Queries) -> None:
    trees = await Tree.objects.abulk_create([Tree(name=f"t{n}") for n in range(4)])
    await Leaf.objects.abulk_create([Leaf(name=tree.name, tree=tree) for tree in trees])
    with queries as counted:
        async with orm.batch() as batch:
            assert [await tree.adelete() for tree in trees[:3]] == [(1, {"saving.Tree": 1})] * 3
    assert written(counted).count("DELETE") == 2
    assert batch.deleted == {"saving.Tree": 3, "saving.Leaf": 3}
    assert [tree.pk for tree in trees[:3]] == [None] * 3
    assert [one.name async for one in Leaf.objects.all()] == ["t3"]


async def test_what_a_deletion_frees_can_be_taken_again(database: Any) -> None:
    slot = await Slot.objects.acreate(number=1)
    async with orm.batch():
        await slot.adelete()
        other = await Slot.objects.acreate(number=1)
        other.number = 2
        await other.asave()
        await Slot.objects.acreate(number=1)
    assert sorted([one.number async for one in Slot.objects.all()]) == [1, 2]


async def test_what_a_deletion_frees_can_be_taken_by_a_row_that_is_there(database: Any) -> None:
    gone, kept = await Slot.objects.acreate(number=1), await Slot.objects.acreate(number=2)
    async with orm.batch():
        await gone.adelete()
        kept.number = 1
        await kept.asave()
    assert [slot.number async for slot in Slot.objects.all()] == [1]


async def test_what_a_deletion_takes_along_can_be_taken_again(database: Any) -> None:
    room = await Room.objects.acreate(name="cold", number=1)
    await Reading.objects.acreate(name="first", room=room)
    async with orm.batch():
        await room.adelete()
        await Reading.objects.acreate(name="first")
    assert [reading.room_id async for reading in Reading.objects.all()] == [None]


async def test_signals_are_sent_when_rows_were(database: Any, saved_ones: list[tuple[str, bool]]) -> None:
    async with orm.batch():
        tree = await Tree.objects.acreate(name="a")
        assert saved_ones == []
        assert await Tree.objects.acount() == 1
        assert saved_ones == [("a", True)]
        tree.name = "b"
        await tree.asave()
    assert saved_ones == [("a", True), ("b", False)]


async def test_what_receivers_save_is_sent_too(database: Any) -> None:
    async def plant(sender: Any, instance: Any, created: bool, **rest: Any) -> None:
        await Leaf(name=f"of {instance.name}", tree=instance).asave()

    post_save.connect(plant, sender=Tree)
    try:
        async with orm.batch():
            await Tree(name="t").asave()
    finally:
        post_save.disconnect(plant, sender=Tree)
    assert (await Leaf.objects.aget()).name == "of t"


async def test_nothing_is_done_when_the_block_fails(database: Any, queries: Queries) -> None:
    with queries as counted, pytest.raises(KeyError):
        async with orm.batch():
            await Tree(name="t").asave()
            raise KeyError
    assert written(counted) == []
    with pytest.raises(IntegrityError):
        async with orm.batch():
            await Tree(name="t").asave()
            await Slot(number=1).asave()
            await Slot(number=1).asave()
    assert not await Tree.objects.aexists()
    assert not await Slot.objects.aexists()


async def test_expressions_and_unsure_saves_are_done_at_once(database: Any) -> None:
    async with orm.batch():
        tree = await Tree.objects.acreate(name="t")
        slot = Slot(pk=5, number=1)
        await slot.asave()  # UPDATE, then INSERT
        assert tree.pk is not None
        slot.number = F("number") + 1
        await slot.asave()
    assert (await Slot.objects.aget()).number == 2


async def test_rows_that_refer_to_each_other_get_what_may_be_null_last(database: Any, queries: Queries) -> None:
    with queries as counted:
        async with orm.batch():
            pairs = [(Node(name=f"parent {n}"), Node(name=f"child {n}")) for n in range(3)]
            for parent, child in pairs:
                await parent.asave()
                child.parent = parent
                await child.asave()
                parent.parent = child
                await parent.asave()
    assert written(counted).count("INSERT") == 1
    assert len([sql for sql in counted if "UPDATE" in sql]) == 1
    for parent, child in pairs:
        assert (parent.parent_id, child.parent_id) == (child.pk, parent.pk)
        assert (await Node.objects.aget(pk=parent.pk)).parent_id == child.pk
        assert (await Node.objects.aget(pk=child.pk)).parent_id == parent.pk


async def test_rows_that_can_not_do_without_each_other_are_refused(database: Any) -> None:
    with pytest.raises(ValueError, match="refer to each other.*none of the keys may be NULL"):
        async with orm.batch():
            hen, egg = Hen(), Egg()
            await hen.asave()
            egg.hen = hen
            await egg.asave()
            hen.egg = egg
            await hen.asave()


async def test_what_was_saved_can_be_deleted(database: Any) -> None:
    async with orm.batch() as batch:
        tree = await Tree.objects.acreate(name="felled")
        assert await tree.adelete() == (1, {"saving.Tree": 1})
        await Tree.objects.acreate(name="left")
    assert (tree.pk, batch.deleted["saving.Tree"]) == (None, 1)
    assert [tree.name async for tree in Tree.objects.all()] == ["left"]


async def test_what_was_never_saved_can_not_be_deleted(database: Any) -> None:
    with pytest.raises(ValueError, match="can't be deleted because its id attribute is set to None"):
        async with orm.batch():
            await Tree(name="seed").adelete()


@pytest.mark.only(colour="awaitable")
async def test_a_batch_that_is_let_go_of_is_undone(database: Any) -> None:
    batch = orm.batch()
    await batch.__aenter__()
    await Tree(name="t").asave()
    assert await Tree.objects.aexists()
    await Tree(name="gathered").asave()
    del batch
    assert not await Tree.objects.aexists()


async def test_unsaved_related_instances_are_refused_as_ever(database: Any) -> None:
    with pytest.raises(ValueError, match="unsaved related object 'tree'"):
        async with orm.batch():
            await Leaf(name="l", tree=Tree(name="t")).asave()


async def test_a_block_inside_writes_at_once_and_is_undone_alone(database: Any) -> None:
    async with orm.batch():
        await Tree(name="kept").asave()
        with pytest.raises(KeyError):
            async with orm.atomic():
                await Tree(name="undone").asave()
                raise KeyError
        with pytest.raises(KeyError):
            async with orm.batch():
                await Tree(name="never sent").asave()
                raise KeyError
        async with orm.batch():
            await Tree(name="kept, too").asave()
    assert sorted([one.name async for one in Tree.objects.all()]) == ["kept", "kept, too"]


async def test_outside_of_the_block_writes_are_as_ever(database: Any) -> None:
    async with orm.batch():
        with orm.independent():
            assert not await Tree.objects.aexists()
    tree = await Tree.objects.acreate(name="t")
    assert tree.pk is not None
    with pytest.raises(TransactionManagementError, match="durable"):
        async with orm.atomic(), orm.batch(durable=True):
            pass
