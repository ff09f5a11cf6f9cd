"""Internet addresses: a text for programs, PostgreSQL's own type in its columns, one spelling everywhere."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from orm.db.registry import databases
from orm.errors import DataError
from orm.models import CharField, Count, F, Value
from orm.models.functions import Concat
from tests.conftest import Run
from tests.query.models import Machine

ADDRESSES = ["10.0.0.1", "10.0.0.20", "2001:db8::1", "::ffff:192.0.2.1"]


async def made() -> list[Machine]:
    return await Machine.objects.abulk_create([Machine(name=f"m{at}", address=one) for at, one in enumerate(ADDRESSES)])


async def test_an_address_comes_back_as_the_text_it_is(database: Run) -> None:
    await made()
    assert [one.address async for one in Machine.objects.order_by("pk")] == ADDRESSES


async def test_addresses_are_stored_in_one_spelling(database: Run) -> None:
    await Machine.objects.acreate(name="m", address="2001:0DB8:0::0001")
    assert (await Machine.objects.aget(address="2001:DB8::0:1")).address == "2001:db8::1"


@pytest.mark.parametrize(
    ("lookup", "value", "found"),
    [
        ("exact", "10.0.0.20", ["m1"]), ("in", ["10.0.0.1", "2001:DB8::1"], ["m0", "m2"]), ("in", [], []),
        ("startswith", "10.0", ["m0", "m1"]), ("istartswith", "2001:DB8", ["m2"]), ("endswith", ".1", ["m0", "m3"]),
        ("contains", "0.0.2", ["m1"]), ("iexact", "2001:DB8::1", ["m2"]), ("regex", r"^10\.", ["m0", "m1"]),
    ],
)  # fmt: skip
async def test_addresses_are_found_by_value_and_by_their_text(
    database: Run, lookup: str, value: Any, found: list[str]
) -> None:
    await made()
    rows = Machine.objects.filter(**{f"address__{lookup}": value})
    assert [one.name async for one in rows.order_by("name")] == found


async def test_many_addresses_are_changed_at_once(database: Run) -> None:
    machines = await made()
    for at, one in enumerate(machines):
        one.address = f"192.0.2.{at}"
    assert await Machine.objects.abulk_update(machines, ["address"]) == 4
    assert [one.address async for one in Machine.objects.order_by("name")] == [f"192.0.2.{at}" for at in range(4)]


async def test_an_object_of_ipaddress_is_taken(database: Run) -> None:
    machine = await Machine.objects.acreate(name="m", address=ipaddress.ip_address("192.0.2.7"))
    await machine.arefresh_from_db()
    assert machine.address == "192.0.2.7"


async def test_no_address_is_null(database: Run) -> None:
    await Machine.objects.acreate(name="m", address="")
    assert (await Machine.objects.aget(address__isnull=True)).address is None


async def test_an_address_is_joined_to_texts_without_a_network(database: Run) -> None:
    await made()
    joined = Concat(F("name"), Value("@"), F("address"), output_field=CharField())
    assert (
        await Machine.objects.annotate(at=joined).order_by("pk").values_list("at", flat=True).afirst() == "m0@10.0.0.1"
    )


async def test_addresses_are_grouped(database: Run) -> None:
    await made()
    assert await Machine.objects.aaggregate(n=Count("address", distinct=True)) == {"n": 4}


@pytest.mark.only(backend="postgresql")
async def test_postgresql_keeps_them_as_inet(database: Run) -> None:
    assert Machine._meta.get_field("address").db_type(databases["default"].dialect) == "inet"


@pytest.mark.only(backend="postgresql")
async def test_what_is_no_address_is_refused_before_it_is_sent(database: Run) -> None:
    with pytest.raises(DataError, match="'nonsense' does not appear to be an IPv4 or IPv6 address") as caught:
        await Machine.objects.acreate(name="m", address="nonsense")
    assert isinstance(caught.value, ValueError)
