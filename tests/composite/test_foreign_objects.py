"""References by several columns at once: assigned, loaded, joined, prefetched and guarded."""

from __future__ import annotations

from typing import Any

import pytest

from orm import models
from orm.errors import ProtectedError
from orm.models.relations.forward import ForwardOneDescriptor
from tests.composite.models import Badge, Circle, Membership, Note, Tenant, User
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


async def test_conditions_compare_the_columns_without_a_join(database: Any, queries: Queries) -> None:
    tenants, made = await users()
    for number, one in enumerate(made):
        await Note.objects.acreate(text=f"n{number}", user=one)
    await Note.objects.acreate(text="half", tenant=tenants[0])

    async def texts(*args: Any, **kwargs: Any) -> list[str]:
        return [note.text async for note in Note.objects.filter(*args, **kwargs).order_by("pk")]

    key = (tenants[0].pk, 2)
    with queries as counted:
        assert await texts(user=made[1]) == await texts(user=key) == ["n1"]
        assert await texts(user__in=[made[0], made[3]]) == ["n0", "n3"]
        assert await texts(user__in=User.objects.filter(name__startswith="b")) == ["n2", "n3"]
        assert await texts(user=User.objects.filter(name="b1")[:1]) == ["n2"]
        assert await texts(user__gt=key) == ["n2", "n3"]
        assert await texts(user__lte=made[1]) == ["n0", "n1"]
        assert await texts(user__isnull=True) == await texts(user=None) == ["half"]
        assert await texts(~models.Q(user=made[1])) == ["n0", "n2", "n3", "half"]
        assert await texts(user__in=[]) == []
    assert not any("JOIN" in sql for sql in counted)
    assert await User.objects.filter(notes__user=made[2]).acount() == 1
    assert await User.objects.exclude(notes__user__in=[made[2]]).acount() == 3


@pytest.mark.parametrize(
    ("lookup", "value", "said"),
    [
        ("user", 1, "'exact' lookup of 'user' must have 2 elements"),
        ("user", (1, 2, 3), "'exact' lookup of 'user' must have 2 elements"),
        ("user__in", (1, 2), "'in' lookup of 'user' must have 2 elements each"),
        ("user__gt", 1, "'gt' lookup of 'user' must have 2 elements"),
        ("user__lt", User.objects.all()[:1], "'lt' doesn't support multi-column subqueries"),
        ("user__isnull", User.objects.all(), "'isnull' doesn't support multi-column subqueries"),
        ("user", Tenant(pk=1), 'Must be "User" instance'),
        ("user", User(), "Unsaved model instance"),
    ],
)
def test_what_is_no_such_row_is_refused(lookup: str, value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Note.objects.filter(**{lookup: value})


async def test_update_sets_every_column(database: Any) -> None:
    tenants, made = await users()
    await Note.objects.acreate(text="x", user=made[0])
    assert await Note.objects.aupdate(user=made[3], text="y") == 1
    note = await Note.objects.aget()
    assert (note.text, note.tenant_id, note.user_number) == ("y", tenants[1].pk, 2)
    await Note.objects.aupdate(user=None)
    note = await Note.objects.aget()
    assert (note.tenant_id, note.user_number) == (None, None)
    with pytest.raises(ValueError, match="Unsaved model instance"):
        await Note.objects.aupdate(user=User())
    with pytest.raises(TypeError, match="an instance of User"):
        await Note.objects.aupdate(user=5)


async def test_rows_found_through_it_know_their_instance(database: Any, queries: Queries) -> None:
    _, made = await users()
    await made[0].notes.acreate(text="x")
    found = await made[0].notes.aget()
    with queries as counted:
        assert found.user is made[0]
    assert len(counted) == 0


async def test_many_to_many_through_several_columns(database: Any, queries: Queries) -> None:
    tenants, made = await users()
    circles = [await Circle.objects.acreate(name=name, tenant=tenants[0]) for name in ("c", "d")]
    await Membership.objects.acreate(user=made[0], circle=circles[0])
    await Membership.objects.acreate(user=made[1], circle=circles[0])
    await Membership.objects.acreate(user=made[0], circle=circles[1])
    # Of another tenant, so that neither its user nor its circle is meant.
    await Membership.objects.acreate(tenant=tenants[1], user_number=1, circle_number=circles[0].pk)
    assert [user.name async for user in circles[0].members.order_by("name")] == ["a1", "a2"]
    assert [circle.name async for circle in made[0].circles.order_by("name")] == ["c", "d"]
    assert await made[2].circles.acount() == 0
    assert await Circle.objects.filter(members__name="a2").acount() == 1
    assert await Circle.objects.exclude(members__name="a2").acount() == 1
    with queries as counted:
        read = list(await Circle.objects.prefetch_related("members").order_by("name"))
        assert [sorted([user.name for user in circle.members.all()]) for circle in read] == [["a1", "a2"], ["a1"]]
        people = list(await User.objects.prefetch_related("circles").order_by("name"))
        assert [len(user.circles.all()) for user in people] == [2, 1, 0, 0]
    assert len(counted) == 4


async def test_rows_of_the_join_model_are_made_by_the_program(database: Any) -> None:
    tenants, made = await users()
    circle = await Circle.objects.acreate(name="c", tenant=tenants[0])
    with pytest.raises(NotImplementedError, match="refers by several columns"):
        await circle.members.aadd(made[0])
    with pytest.raises(NotImplementedError, match="refers by several columns"):
        await circle.members.aclear()
    with pytest.raises(NotImplementedError, match="refers by several columns"):
        await circle.members.aset([made[0]])
    with pytest.raises(NotImplementedError, match="not cut for each parent"):
        await Circle.objects.prefetch_related(models.Prefetch("members", User.objects.all()[:1]))


def test_relations_say_which_way_they_go() -> None:
    user = Note._meta.get_field("user")
    (step,) = user.path_infos
    assert (step.from_opts, step.to_opts, step.m2m, step.direct) == (Note._meta, User._meta, False, True)
    assert [field.name for field in step.target_fields] == ["tenant", "number"]
    (back,) = user.reverse_path_infos
    assert (back.from_opts, back.to_opts, back.m2m, back.direct) == (User._meta, Note._meta, True, False)
    assert back == user.remote_field.path_infos[0]
    assert [(step.from_opts, step.to_opts) for step in Circle._meta.get_field("members").path_infos] == [
        (Circle._meta, Membership._meta), (Membership._meta, User._meta),
    ]  # fmt: skip
    assert user.get_joining_fields()[0] == user.get_reverse_joining_fields()[0][::-1]
    tenant = Note._meta.get_field("tenant")
    assert tenant.get_joining_fields() == ((tenant, Tenant._meta.pk),)


def test_a_descriptor_of_an_applications_own_keeps_what_the_relation_does() -> None:
    class Own(ForwardOneDescriptor):
        def __set__(self, instance: Any, value: Any) -> None:
            raise AttributeError(f"{self.name} is for reading")

    own = Own(Note._meta.get_field("user"))
    assert isinstance(own, Own)
    with pytest.raises(AttributeError, match="user is for reading"):
        own.__set__(Note(), None)
    user = User(tenant_id=1, number=2)
    note = Note(user=user)
    assert own.__get__(note) is user
    note.user_number = 3
    assert not own.is_cached(note)


def test_the_librarys_own_descriptor_reads_every_column_too() -> None:
    descriptor = ForwardOneDescriptor(Note._meta.get_field("user"))
    user = User(tenant_id=1, number=2)
    assert descriptor.__get__(Note(user=user)) is user


async def test_deletions_follow_and_heed_foreign_objects(database: Any) -> None:
    _, made = await users()
    await Note.objects.acreate(text="x", user=made[0])
    await Badge.objects.acreate(holder=made[1])
    assert (await made[0].adelete())[0] == 2
    with pytest.raises(ProtectedError):
        await made[1].adelete()
    await Badge.objects.all().adelete()
    assert (await Tenant.objects.all().adelete())[0] == 5


def test_a_foreign_object_that_refers_to_nothing_is_refused_where_it_is_declared() -> None:
    with pytest.raises(ValueError, match="same non-zero length"):
        models.ForeignObject("User", models.CASCADE, ["a"], ["a", "b"])
    with pytest.raises(NotImplementedError, match="meanings of their own"):
        models.ForeignObject("User", models.SET_NULL, ["a"], ["a"])
