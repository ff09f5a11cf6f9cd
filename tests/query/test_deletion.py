"""on_delete: each rule on its own, together, and over several levels."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm.errors import IntegrityError, ProtectedError, RestrictedError
from tests.query import library as L
from tests.query.models import (
    STAND_IN,
    Author,
    Book,
    Cascading,
    CascadingDeeper,
    Defaulting,
    Indifferent,
    Nulling,
    Owner,
    Protecting,
    Restricting,
    Review,
    Setting,
    Stock,
)


async def test_cascade_deletes_what_refers_to_the_row(database: Any) -> None:
    owner, other = await Owner.objects.acreate(name="a"), await Owner.objects.acreate(name="b")
    for who in (owner, owner, other):
        await Cascading.objects.acreate(owner=who)
    assert await owner.adelete() == (3, {"query.Cascading": 2, "query.Owner": 1})
    assert await Cascading.objects.acount() == 1


async def test_cascade_over_two_levels(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    middle = await Cascading.objects.acreate(owner=owner)
    for _ in range(3):
        await CascadingDeeper.objects.acreate(cascading=middle)
    assert await owner.adelete() == (5, {"query.CascadingDeeper": 3, "query.Cascading": 1, "query.Owner": 1})
    assert await CascadingDeeper.objects.acount() == 0


async def test_cascade_from_a_queryset(database: Any) -> None:
    for name in "abc":
        owner = await Owner.objects.acreate(name=name)
        await Cascading.objects.acreate(owner=owner)
    total, by_model = await Owner.objects.exclude(name="b").adelete()
    assert (total, by_model) == (4, {"query.Cascading": 2, "query.Owner": 2})
    assert await Owner.objects.values_list("name", flat=True) == ["b"]


async def test_cascade_removes_many_to_many_rows(library: Any) -> None:
    book = await Book.objects.aget(pk=L.ROAD.pk)
    _, by_model = await book.adelete()
    assert by_model == {"query.Book": 1, "query.Review": 3, "query.Book_tags": 3}
    assert await Book.tags.through.objects.filter(book_id=L.ROAD.pk).acount() == 0


async def test_cascade_of_a_whole_tree_of_models(library: Any) -> None:
    ada = await Author.objects.aget(name="Ada")
    await ada.adelete()
    assert not await Book.objects.filter(author_id=L.ADA.pk).aexists()
    assert await Review.objects.acount() == len([r for r in L.reviews if r.book.author is not L.ADA])
    assert await Stock.objects.acount() == sum(len(b.stores) for b in L.books if b.author is not L.ADA)
    assert await Book.objects.filter(pk=L.QUOTED.pk, editor=None).aexists()


async def test_protect_keeps_the_row_referred_to(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    guard = await Protecting.objects.acreate(owner=owner)
    with pytest.raises(ProtectedError, match="Owner") as caught:
        await owner.adelete()
    assert caught.value.protected_objects == {guard}
    assert await Owner.objects.acount() == 1


async def test_protect_stops_the_cascade_before_anything_is_deleted(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    await Cascading.objects.acreate(owner=owner)
    await Protecting.objects.acreate(owner=owner)
    with pytest.raises(ProtectedError):
        await Owner.objects.all().adelete()
    assert (await Owner.objects.acount(), await Cascading.objects.acount()) == (1, 1)


async def test_protect_lets_go_once_the_referring_row_is_gone(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    guard = await Protecting.objects.acreate(owner=owner)
    await guard.adelete()
    await owner.adelete()
    assert await Owner.objects.acount() == 0


async def test_restrict_keeps_the_row_referred_to(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    guard = await Restricting.objects.acreate(owner=owner)
    with pytest.raises(RestrictedError) as caught:
        await owner.adelete()
    assert caught.value.restricted_objects == {guard}


async def test_restrict_allows_what_goes_in_the_same_cascade(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    group = await Cascading.objects.acreate(owner=owner)
    await Restricting.objects.acreate(owner=owner, cascading=group)
    await owner.adelete()
    assert (await Owner.objects.acount(), await Restricting.objects.acount()) == (0, 0)


async def test_restrict_refuses_when_the_referring_row_stays(database: Any) -> None:
    owner, other = await Owner.objects.acreate(name="a"), await Owner.objects.acreate(name="b")
    group = await Cascading.objects.acreate(owner=other)
    await Restricting.objects.acreate(owner=owner, cascading=group)
    with pytest.raises(RestrictedError):
        await owner.adelete()
    assert await Owner.objects.acount() == 2


async def test_set_null(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    row = await Nulling.objects.acreate(owner=owner)
    assert await owner.adelete() == (1, {"query.Owner": 1})
    await row.arefresh_from_db()
    assert row.owner_id is None


async def test_set_default(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    row = await Defaulting.objects.acreate(owner=owner)
    await owner.adelete()
    await row.arefresh_from_db()
    assert row.owner_id is None


async def test_set_to_what_a_function_gives(database: Any) -> None:
    owner, heir = await Owner.objects.acreate(name="a"), await Owner.objects.acreate(name="heir")
    row = await Setting.objects.acreate(owner=owner)
    STAND_IN["pk"] = heir.pk
    try:
        await owner.adelete()
    finally:
        STAND_IN.clear()
    await row.arefresh_from_db()
    assert row.owner_id == heir.pk


async def test_do_nothing_leaves_it_to_the_database(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    await Indifferent.objects.acreate(owner=owner)
    with pytest.raises(IntegrityError):
        async with orm.atomic():
            await owner.adelete()
    assert await Owner.objects.acount() == 1


async def test_deletion_is_all_or_nothing(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    await Cascading.objects.acreate(owner=owner)
    await Indifferent.objects.acreate(owner=owner)
    with pytest.raises(IntegrityError):
        await owner.adelete()
    assert (await Owner.objects.acount(), await Cascading.objects.acount()) == (1, 1)


async def test_deleting_a_row_without_dependants_is_one_statement(database: Any, queries: Any) -> None:
    deeper = await CascadingDeeper.objects.acreate(
        cascading=await Cascading.objects.acreate(owner=await Owner.objects.acreate(name="a"))
    )
    with queries as counted:
        await deeper.adelete()
    assert len([sql for sql in counted if sql.upper().startswith("DELETE")]) == 1
    assert len([sql for sql in counted if sql.upper().startswith("SELECT")]) == 0


async def test_a_deleted_object_has_no_key(database: Any) -> None:
    owner = await Owner.objects.acreate(name="a")
    await owner.adelete()
    assert owner.pk is None


async def test_delete_many_at_once(database: Any) -> None:
    owners = await Owner.objects.abulk_create([Owner(name=str(n)) for n in range(1500)])
    await Cascading.objects.abulk_create([Cascading(owner=owner) for owner in owners])
    assert await Owner.objects.all().adelete() == (3000, {"query.Cascading": 1500, "query.Owner": 1500})


async def test_rows_that_are_told_apart_by_some_fields_alone_are_not_deleted(library: Any) -> None:
    for rows, said in (
        (Author.objects.all().distinct("name"), r"after \.distinct\(\*fields\)"),
        (Author.objects.all().values("name"), r"after \.values\(\) or \.values_list\(\)"),
        (Author.objects.all().values_list("name"), r"after \.values\(\) or \.values_list\(\)"),
    ):
        with pytest.raises(TypeError, match=said):
            await rows.adelete()
