"""References by several columns at once: assigned, loaded, joined, prefetched and guarded."""

from __future__ import annotations

from typing import Any

import pytest

from orm import models
from orm.errors import ProtectedError
from tests.composite.models import Badge, Note, Tenant, User
from tests.composite.test_keys import users
from tests.counting import Queries


async def test_assigning_sets_every_column(database: Any) -> None:
    tenants, made = await users()
    note = Note(text="x", user=made[3])
    assert (note.tenant_id, note.user_number, note.user) == (tenants[1].pk, 2, made[3])
    await note.asave()
    read = await Note.objects.aget()
    assert await read.user == made[3]
    read.user_number = 1
    assert await read.user == made[2]
    read.user = None
    assert (read.tenant_id, read.user_number, read.user) == (None, None, None)
    with pytest.raises(ValueError, match='must be a "User" instance'):
        note.user = tenants[0]
    with pytest.raises(Badge.holder.RelatedObjectDoesNotExist):
        Badge().holder


async def test_joins_compare_every_column(database: Any, queries: Queries) -> None:
    _, made = await users()
    for number, one in enumerate(made):
        await Note.objects.acreate(text=f"n{number}", user=one)
    assert [one.text async for one in Note.objects.filter(user__name="b1")] == ["n2"]
    assert [one.text async for one in Note.objects.filter(user=made[1])] == ["n1"]
    assert [one.name async for one in User.objects.filter(notes__text="n3")] == ["b2"]
    assert await User.objects.exclude(notes__text="n3").acount() == 3
    with queries as counted:
        found = list(await Note.objects.select_related("user").order_by("text"))
        assert [one.user.name for one in found] == ["a1", "a2", "b1", "b2"]
    assert len(counted) == 1
    with queries as counted:
        found = list(await Note.objects.prefetch_related("user__notes").order_by("text"))
        assert [one.user.name for one in found] == ["a1", "a2", "b1", "b2"]
        assert [[note.text for note in one.user.notes.all()] for one in found] == [["n0"], ["n1"], ["n2"], ["n3"]]
    assert len(counted) == 3
    assert (await User.objects.annotate(many=models.Count("notes")).aget(pk=made[0].pk)).many == 1


async def test_the_other_side_is_a_manager(database: Any) -> None:
    _, made = await users()
    note = await made[0].notes.acreate(text="x")
    assert await (await Note.objects.aget()).user == made[0]
    await made[1].notes.aadd(note)
    assert await made[0].notes.acount() == 0 and await made[1].notes.acount() == 1


async def test_deleting(database: Any) -> None:
    _, made = await users()
    await Note.objects.acreate(text="x", user=made[0])
    await Badge.objects.acreate(holder=made[1])
    assert (await made[0].adelete())[0] == 2
    with pytest.raises(ProtectedError):
        await made[1].adelete()
    await Badge.objects.all().adelete()
    assert (await Tenant.objects.all().adelete())[0] == 5


def test_declarations() -> None:
    with pytest.raises(ValueError, match="same non-zero length"):
        models.ForeignObject("User", models.CASCADE, ["a"], ["a", "b"])
    with pytest.raises(NotImplementedError, match="meanings of their own"):
        models.ForeignObject("User", models.SET_NULL, ["a"], ["a"])
