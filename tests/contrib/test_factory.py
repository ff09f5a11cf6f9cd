"""Factories of factory_boy make rows in both colours, with what they need, inside the caller's transaction."""

from __future__ import annotations

import asyncio
from typing import Any

import factory
import pytest

import orm
from orm.contrib.auth.models import Group, Permission, User
from orm.contrib.contenttypes.models import ContentType
from orm.errors import SynchronousOnlyOperation
from orm.testing.factory import ModelFactory


class TypeFactory(ModelFactory[ContentType]):
    class Meta:
        model = ContentType
        get_or_create = ("app_label", "model")

    app_label = "shop"
    model = "order"


class PermissionFactory(ModelFactory[Permission]):
    class Meta:
        model = "auth.Permission"

    name = factory.Sequence(lambda number: f"permission {number}")
    codename = factory.LazyAttribute(lambda made: f"{made.content_type.model}.{made.name}")
    content_type = factory.SubFactory(TypeFactory)


class GroupFactory(ModelFactory[Group]):
    class Meta:
        model = Group

    name = factory.Sequence(lambda number: f"group {number}")

    @factory.post_generation
    def permissions(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create:
            self.permissions.add(*(extracted or [PermissionFactory()]))


class Names:
    @staticmethod
    async def following() -> str:
        await asyncio.sleep(0)
        return f"user {await User.objects.acount()}"


class UserFactory(ModelFactory[User]):
    class Meta:
        model = User

    username = factory.LazyFunction(Names.following)

    @factory.post_generation
    async def groups(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        await self.groups.aadd(*(extracted or [await GroupFactory.acreate()]))


async def test_an_object_comes_with_what_it_needs() -> None:
    made = await PermissionFactory.acreate(content_type__model="invoice")
    found = await Permission.objects.select_related("content_type").aget()
    assert (found.pk, found.content_type.model) == (made.pk, "invoice")
    assert found.codename == f"invoice.{found.name}"


async def test_a_batch_is_made_one_after_the_other() -> None:
    names = [made.name for made in await PermissionFactory.acreate_batch(3)]
    assert len(set(names)) == 3
    assert await Permission.objects.acount() == 3


async def test_a_row_that_is_there_is_taken() -> None:
    first, second = await TypeFactory.acreate(), await TypeFactory.acreate()
    assert first.pk == second.pk


async def test_a_blocking_hook_runs() -> None:
    group = await GroupFactory.acreate()
    assert await group.permissions.acount() == 1
    chosen = await PermissionFactory.acreate_batch(2)
    assert await (await GroupFactory.acreate(permissions=chosen)).permissions.acount() == 2


async def test_an_awaitable_hook_and_an_awaitable_declaration_run() -> None:
    user = await UserFactory.acreate()
    assert user.username == "user 0"
    assert await user.groups.acount() == 1
    assert await Permission.objects.acount() == 1


async def test_what_is_built_is_not_written() -> None:
    assert GroupFactory.build().pk is None
    assert await Group.objects.acount() == 0


async def test_what_is_made_goes_with_the_transaction() -> None:
    with pytest.raises(RuntimeError):
        async with orm.atomic():
            await UserFactory.acreate()
            assert await User.objects.acount() == 1
            raise RuntimeError
    assert await User.objects.acount() == 0


async def test_a_name_that_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="nmae"):
        await GroupFactory.acreate(nmae="x")


async def test_a_key_without_a_value_is_refused() -> None:
    class Keyed(ModelFactory[Group]):
        class Meta:
            model = Group
            get_or_create = ("name",)

    with pytest.raises(TypeError, match="Keyed.Meta.get_or_create names 'name', of which there is no value"):
        await Keyed.acreate()


@pytest.mark.only(colour="awaitable")
async def test_the_blocking_form_names_the_awaitable_one() -> None:
    with pytest.raises(SynchronousOnlyOperation, match=r"Use `?await GroupFactory.acreate\(\)"):
        GroupFactory()


@pytest.mark.only(colour="awaitable")
async def test_an_awaitable_hook_runs_on_the_callers_loop() -> None:
    loops = []

    class Noted(ModelFactory[Group]):
        class Meta:
            model = Group

        name = "noted"

        @factory.post_generation
        async def note(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
            loops.append(asyncio.get_running_loop())

    await Noted.acreate()
    assert loops == [asyncio.get_running_loop()]
