"""Columns whose DEFAULT the database computes: what an unsaved instance holds, and what saving gives back."""

from __future__ import annotations

import datetime
import pickle
from decimal import Decimal

import pytest

import orm
from orm import models
from orm.errors import FieldError, ImproperlyConfigured
from orm.models import Count, F, Value
from orm.models.functions import Lower, Now
from orm.sql.calls import DatabaseDefault
from tests.conftest import Run
from tests.counting import Queries
from tests.saving.models import Stub, StubNote, Ticket

COMPUTED = {
    "code": "50% 'a'",
    "weight": 3.0,
    "price": Decimal("2.50"),
    "open": True,
    "left": 7,
    "plain": 3,
}


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def columns(ticket: Ticket) -> dict[str, object]:
    return {name: value for name, value in vars(ticket).items() if name != "_state"}


def held(ticket: Ticket) -> dict[str, object]:
    return {name: vars(ticket)[name] for name in COMPUTED}


async def test_creating_gives_back_what_the_database_computed(database: Run, queries: Queries) -> None:
    before = now() - datetime.timedelta(minutes=1)
    with queries as sent:
        ticket = await Ticket.objects.acreate(title="one")
    assert len(sent) == 1
    assert "RETURNING" in sent[0]
    assert held(ticket) == COMPUTED
    assert before < ticket.made < now() + datetime.timedelta(minutes=1)
    assert columns(await Ticket.objects.aget(pk=ticket.pk)) == columns(ticket)


async def test_unsaved_instances_hold_the_expression(database: Run) -> None:
    ticket = Ticket(title="x")
    assert isinstance(ticket.made, DatabaseDefault)
    assert isinstance(ticket.weight, DatabaseDefault)
    assert ticket.plain == 3
    await ticket.afull_clean()
    assert isinstance(pickle.loads(pickle.dumps(ticket)).made, DatabaseDefault)
    await ticket.asave()
    assert held(ticket) == COMPUTED
    ticket.title = "again"
    await ticket.asave()
    assert held(await Ticket.objects.aget()) == COMPUTED


async def test_given_values_win(database: Run) -> None:
    moment = datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    ticket = await Ticket.objects.acreate(made=moment, weight=9.0, left=None, open=False)
    assert (ticket.made, ticket.weight, ticket.left, ticket.open, ticket.code) == (moment, 9.0, None, False, "50% 'a'")
    fresh = await Ticket.objects.aget()
    assert (fresh.made, fresh.weight, fresh.left, fresh.open, fresh.code) == (moment, 9.0, None, False, "50% 'a'")


async def test_bulk_create_of_all_kinds(database: Run) -> None:
    moment = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)
    tickets = [Ticket(title="a"), Ticket(title="b", made=moment), Ticket(title="c"), Ticket(title="d", weight=1.0)]
    made = await Ticket.objects.abulk_create(tickets)
    assert made == tickets
    assert [ticket.weight for ticket in tickets] == [3.0, 3.0, 3.0, 1.0]
    assert all(isinstance(ticket.made, datetime.datetime) for ticket in tickets)
    for ticket in tickets:
        assert columns(await Ticket.objects.aget(title=ticket.title)) == columns(ticket)
    assert len(await Ticket.objects.abulk_create([Ticket(title=str(n)) for n in range(1500)])) == 1500
    assert await Ticket.objects.filter(weight=3.0).acount() == 1503


async def test_bulk_create_is_all_or_nothing(database: Run) -> None:
    twice = [Ticket(pk=900_000), Ticket(pk=900_000, weight=1.0)]
    with pytest.raises(orm.errors.IntegrityError):
        await Ticket.objects.abulk_create(twice)
    assert await Ticket.objects.acount() == 0


async def test_beside_another_expression(database: Run) -> None:
    ticket = await Ticket.objects.acreate(title=Lower(Value("TITLE")))
    assert held(ticket) == COMPUTED
    assert (await Ticket.objects.aget()).title == "title"


async def test_saving_with_a_key_and_putting_a_default_back(database: Run) -> None:
    ticket = Ticket(pk=900_001, title="keyed")
    await ticket.asave()
    assert (await Ticket.objects.aget(pk=900_001)).weight == 3.0
    fresh = await Ticket.objects.aget(pk=900_001)
    fresh.weight = 8.0
    await fresh.asave()
    fresh.weight = Ticket().weight
    await fresh.asave()
    await fresh.arefresh_from_db(fields=["weight"])
    assert fresh.weight == 3.0


async def test_get_or_create_and_update_or_create(database: Run) -> None:
    ticket, created = await Ticket.objects.aget_or_create(title="once")
    assert (created, held(ticket)) == (True, COMPUTED)
    again, created = await Ticket.objects.aupdate_or_create(title="once", defaults={"weight": 4.0})
    assert (created, again.pk, again.weight) == (False, ticket.pk, 4.0)


async def test_a_key_the_database_computes(database: Run) -> None:
    with pytest.raises(ValueError, match="unsaved related object"):
        await StubNote(stub=Stub()).asave()
    stub = Stub()
    await stub.asave()
    assert stub.key == "key-1"
    assert isinstance(stub.made, datetime.datetime)
    note = await StubNote.objects.acreate(stub=stub)
    assert note.stub_id == "key-1"
    assert await Stub.objects.aaggregate(n=Count("pk")) == {"n": 1}


def test_columns_and_rows_are_refused(database: Run) -> None:
    with pytest.raises(ImproperlyConfigured, match="db_default"):
        models.IntegerField(db_default=F("other") + 1)
    with pytest.raises(ImproperlyConfigured, match="db_default"):
        models.IntegerField(db_default=Count("*"))
    field = models.IntegerField(db_default=models.Subquery(Ticket.objects.values("left")[:1]))
    field.set_attributes_from_name("n")
    with pytest.raises(FieldError, match="db_default"):
        orm.sql.ddl.column_definition(field, orm.db.databases["default"].dialect)


def test_the_text_of_the_schema(database: Run) -> None:
    dialect = orm.db.databases["default"].dialect
    field = models.DateTimeField(db_default=Now())
    field.set_attributes_from_name("made")
    assert f"DEFAULT ({dialect.now()})" in orm.sql.ddl.column_definition(field, dialect)
