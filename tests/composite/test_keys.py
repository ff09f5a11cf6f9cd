"""A primary key of several columns: saved, compared, ordered, chosen and deleted by."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

import orm
from orm import models
from orm.errors import FieldError, IntegrityError, ValidationError
from orm.models import Count, F, OuterRef
from tests.composite.models import Tenant, User


async def users() -> tuple[Any, list[Any]]:
    """Two tenants, each with users 1 and 2."""
    tenants = [await Tenant.objects.acreate(name=name) for name in "ab"]
    made = [
        await User.objects.acreate(tenant=tenant, number=number, name=f"{tenant.name}{number}")
        for tenant in tenants
        for number in (1, 2)
    ]
    return tenants, made


async def test_rows_are_saved_and_found_by_tuples(database: Any) -> None:
    tenants, made = await users()
    assert made[0].pk == (tenants[0].pk, 1)
    read = await User.objects.aget(pk=made[1].pk)
    assert read == made[1] and hash(read) == hash(made[1]) and read.name == "a2"
    read.name = "x"
    await read.asave()
    assert await User.objects.acount() == 4
    await read.arefresh_from_db()
    assert (await User.objects.aget(pk=list(read.pk))).name == "x"
    with pytest.raises(User.DoesNotExist):
        await User.objects.aget(pk=(tenants[0].pk, 9))
    with pytest.raises(IntegrityError):
        await User(pk=read.pk, name="y").asave(force_insert=True)
    fresh = User(pk=(tenants[1].pk, 7), name="z", joined=datetime.date(2024, 1, 2))
    await fresh.asave()
    assert (fresh.tenant_id, fresh.number) == (tenants[1].pk, 7)


async def found(queryset: Any) -> list[str]:
    return [one.name async for one in queryset.order_by("pk")]


async def test_a_key_is_compared_with_tuples_and_instances(database: Any) -> None:
    _, made = await users()
    keys = [one.pk for one in made]
    assert await found(User.objects.filter(pk__in=[keys[0], keys[3]])) == ["a1", "b2"]
    assert await found(User.objects.exclude(pk=keys[0])) == ["a2", "b1", "b2"]
    assert await found(User.objects.filter(pk__in=[])) == []
    assert await found(User.objects.filter(pk__gt=keys[1])) == ["b1", "b2"]
    assert await found(User.objects.filter(pk__lte=keys[1])) == ["a1", "a2"]
    assert await found(User.objects.filter(pk=made[2])) == ["b1"]


async def test_a_key_is_compared_with_subqueries(database: Any) -> None:
    await users()
    assert await found(User.objects.filter(pk__in=User.objects.filter(number=2))) == ["a2", "b2"]
    assert await found(User.objects.filter(pk__in=User.objects.filter(number=2).values("pk"))) == ["a2", "b2"]
    assert await found(User.objects.filter(pk__in=User.objects.values("tenant_id", "number")[:9])) != []
    assert await found(User.objects.filter(models.Exists(User.objects.filter(pk=OuterRef("pk"), number=1)))) == [
        "a1",
        "b1",
    ]


async def test_rows_are_ordered_by_all_columns_of_the_key(database: Any) -> None:
    await users()
    assert [one.name async for one in User.objects.order_by("-pk")] == ["b2", "b1", "a2", "a1"]


def test_a_key_is_compared_with_nothing_but_tuples_of_its_length() -> None:
    with pytest.raises(ValueError, match="must have 2 elements"):
        User.objects.filter(pk=(1, 2, 3))
    with pytest.raises(ValueError, match="must be a tuple or a list"):
        User.objects.filter(pk=1)


async def test_a_key_is_a_value_of_results(database: Any) -> None:
    _, made = await users()
    keys = [one.pk for one in made]
    assert list(await User.objects.order_by("pk").values_list("pk", flat=True)) == keys
    assert list(await User.objects.order_by("pk").values_list("pk", "name"))[0] == (keys[0], "a1")
    assert (await User.objects.order_by("pk").values("name", "pk").afirst()) == {"name": "a1", "pk": keys[0]}


async def test_rows_are_found_by_their_keys(database: Any) -> None:
    _, made = await users()
    keys = [one.pk for one in made]
    assert await User.objects.ain_bulk([keys[1]]) == {keys[1]: made[1]}
    assert await User.objects.filter(pk__in=keys[:2]).aexists()
    assert await User.objects.acontains(made[0])
    assert await (User.objects.filter(pk=keys[0]) | User.objects.filter(pk=keys[1])).acount() == 2


async def test_rows_with_such_a_key_are_counted_and_reached_over_relations(database: Any) -> None:
    tenants, _ = await users()
    assert (await Tenant.objects.annotate(number=Count("users")).order_by("pk").afirst()).number == 2
    counted = await User.objects.annotate(others=Count("tenant__users")).order_by("pk")
    assert [one.others for one in counted] == [2, 2, 2, 2]
    assert [one.name async for one in tenants[1].users.order_by("number")] == ["b1", "b2"]


async def test_columns_and_relations_beside_the_key_are_loaded_as_asked(database: Any) -> None:
    _, made = await users()
    only = await User.objects.only("name").aget(pk=made[0].pk)
    assert only.get_deferred_fields() == {"joined"}
    assert (await User.objects.select_related("tenant").aget(pk=made[0].pk)).tenant.name == "a"


async def test_changes_by_the_key(database: Any) -> None:
    tenants, made = await users()
    assert await User.objects.filter(pk=made[0].pk).aupdate(name="u") == 1
    assert await User.objects.filter(tenant__name="b").aupdate(name="v") == 2
    for number, one in enumerate(made):
        one.name = f"n{number}"
    assert await User.objects.abulk_update(made, ["name"]) == 4
    assert [one.name async for one in User.objects.order_by("pk")] == ["n0", "n1", "n2", "n3"]
    await User.objects.abulk_create([User(tenant=tenants[0], number=number, name="k") for number in (7, 8)])
    assert await User.objects.acount() == 6
    assert (await made[0].adelete())[0] == 1
    assert (await User.objects.filter(tenant__name="b", number=1).adelete())[0] == 1
    assert (await tenants[0].adelete())[0] == 4
    assert [one.name async for one in User.objects.all()] == ["n3"]


def test_a_key_that_is_none_is_refused_where_it_is_declared() -> None:
    with pytest.raises(ValueError, match="at least two fields"):
        models.CompositePrimaryKey("id")
    with pytest.raises(ValueError, match="unique strings"):
        models.CompositePrimaryKey("id", "id")
    with pytest.raises(ValueError, match="cannot have a default"):
        models.CompositePrimaryKey("a", "b", default=(1, 2))
    with pytest.raises(orm.errors.ImproperlyConfigured, match="must be named 'pk'"):

        class Wrong(models.Model):
            a = models.IntegerField()
            b = models.IntegerField()
            key = models.CompositePrimaryKey("a", "b")


async def test_a_key_of_several_columns_is_no_value_of_an_expression(database: Any) -> None:
    with pytest.raises(ValueError, match="Max expression does not support composite primary keys"):
        await User.objects.aaggregate(models.Max("pk"))
    with pytest.raises(FieldError, match="Composite primary keys expressions are not allowed"):
        await User.objects.aupdate(name=models.F("pk"))


async def test_the_first_of_groups_by_key_is_the_first_by_key(database: Any) -> None:
    tenant = await Tenant.objects.acreate(name="t")
    for number in (2, 1):
        await User.objects.acreate(tenant=tenant, number=number, name="u")
    groups = User.objects.values("pk").annotate(notes=models.Count("notes"))
    assert await groups.afirst() == {"pk": (tenant.pk, 1), "notes": 0}
    with pytest.raises(TypeError, match="on an unordered queryset performing aggregation"):
        await User.objects.values("tenant").annotate(most=models.Max("number")).afirst()


async def test_a_taken_key_of_several_columns_is_told_before_other_values(database: Any) -> None:
    tenant = await Tenant.objects.acreate(name="t")
    await User.objects.acreate(tenant=tenant, number=1, name="u")
    with pytest.raises(ValidationError) as refused:
        await User(tenant=tenant, number=1, name="u").afull_clean(exclude={"joined"})
    assert refused.value.messages == ["User with this Tenant and Number already exists."]
    assert [one.code for one in refused.value.error_dict["__all__"]] == ["unique_together"]


async def test_a_key_is_no_value_of_one_column(database: Any) -> None:
    with pytest.raises(ValueError, match="CompositePrimaryKey cannot be used as a lookup value"):
        User.objects.filter(name__gt=F("pk"))


async def test_rows_are_ordered_by_the_key_as_an_expression(database: Any) -> None:
    _, made = await users()
    expected = sorted(user.pk for user in made)
    assert [user.pk async for user in User.objects.order_by(F("pk"))] == expected
    assert [user.pk async for user in User.objects.order_by(F("pk").desc(nulls_last=True))] == expected[::-1]


async def test_parts_of_a_key_may_be_expressions(database: Any) -> None:
    _, made = await users()
    tenant, number = made[1].pk
    one_more = (tenant, models.Value(number - 1) + 1)
    assert (await User.objects.aget(pk=one_more)).name == "a2"
    found = User.objects.filter(pk__in=[one_more, made[3].pk, (tenant, None)])
    assert [one.name async for one in found.order_by("pk")] == ["a2", "b2"]
    assert await User.objects.filter(pk=(tenant, F("number"))).acount() == 2


async def test_a_key_with_none_in_it_is_that_of_no_row(database: Any) -> None:
    _, made = await users()
    assert await User.objects.filter(pk__in=[(None, 1), (1, None)]).acount() == 0
    assert await User.objects.exclude(pk__in=[(None, 1), made[0].pk]).acount() == 3


async def test_what_no_key_can_be_compared_to(database: Any) -> None:
    for conditions, message in (
        ({"pk": 1}, "'exact' lookup of 'pk' must be a tuple or a list"),
        ({"pk__gt": (1, 2, 3)}, "'gt' lookup of 'pk' must have 2 elements"),
        ({"pk__in": 1}, "'in' lookup of 'pk' must be a tuple or a list"),
        ({"pk__in": (1, 2)}, "'in' lookup of 'pk' must be a collection of tuples or lists"),
        ({"pk__in": [(1, 2, 3)]}, "'in' lookup of 'pk' must have 2 elements each"),
        ({"pk__in": User.objects.values("pk", "name")}, r"must have 2 selected fields \(received 3\)"),
        ({"pk": models.Q(number=1)}, "only supports OuterRef and QuerySet objects"),
        ({"name": models.Case(models.When(name="", then="pk"))}, "When expression does not support composite"),
        ({"name": models.Case(default="pk")}, "Case expression does not support composite"),
    ):
        for _ in range(2):  # as a new query, and as one whose shape is known
            with pytest.raises(ValueError, match=message):
                await User.objects.filter(**conditions)
    inner = User.objects.filter(pk=OuterRef("number")).values("number")
    with pytest.raises(ValueError, match="only work with composite expressions"):
        await User.objects.filter(number=models.Subquery(inner))


async def test_a_key_is_an_annotation(database: Any) -> None:
    _, made = await users()
    known = User.objects.annotate(key=F("pk"), twice=F("number") * 2)
    assert [(one.key, one.twice) async for one in known.order_by("pk")] == [(one.pk, one.number * 2) for one in made]
    shown = known.order_by("-key").values_list("twice", "key", "name")
    assert list(await shown) == [(one.number * 2, one.pk, one.name) for one in reversed(made)]
    assert list(await known.order_by("key").values_list("key", flat=True)) == [one.pk for one in made]
    assert (await known.values("key", "twice").aget(key=made[1].pk)) == {"key": made[1].pk, "twice": 4}
