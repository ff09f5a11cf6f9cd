"""Validation against rows, constraints in the database, signals around saving, overridden forms, tables made twice."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm import models
from orm.errors import FieldError, FieldFetchBlocked, IntegrityError, ValidationError
from orm.models.functions import Lower
from orm.models.signals import post_delete, post_save, pre_delete, pre_save
from tests.saving.models import Careful, Husband, Login, Loud, Parcel, Quiet, Room, Wife


async def test_full_clean_collects_errors_by_field(database: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        await Room(number="x", name="far too long a name", floor=None).afull_clean()
    assert caught.value.message_dict == {
        "number": ["“x” value must be an integer."],
        "name": ["Ensure this value has at most 10 characters (it has 19)."],
        "floor": ["This field cannot be null."],
    }


async def test_constraints_on_expressions_are_checked_ahead(database: Any) -> None:
    ada = await Login.objects.acreate(name="Ada", email="ada@x.org")
    await ada.afull_clean()  # its own row is no other
    with pytest.raises(ValidationError) as caught:
        await Login(name="b", email="ADA@x.org").afull_clean()
    assert caught.value.message_dict == {"__all__": ["Taken."]}
    with pytest.raises(ValidationError, match="saving_login_name"):
        await Login(name="aDA", email="b@x.org").afull_clean()
    await Login(name="aDA", email="b@x.org", active=False).afull_clean()  # the condition is not met
    await Login(name="b", email="ADA@x.org").afull_clean(exclude=["email"])
    await Login.objects.acreate(name=None, email=None)
    await Login(name=None, email=None).avalidate_constraints()  # NULL equals nothing


async def test_rules_of_generated_columns_are_checked_by_what_they_are_computed_from(database: Any) -> None:
    await Parcel.objects.acreate(weight=2, count=3)
    own = await Parcel.objects.acreate(weight=5, count=5)
    taken = {
        "__all__": ["Constraint “saving_parcel_twice” is violated."],
        "total": ["Parcel with this Total already exists."],
    }
    with pytest.raises(ValidationError) as caught:
        await Parcel(weight=1, count=4).afull_clean()
    assert caught.value.message_dict == taken
    own.weight = 0  # what it holds as its total is of before this
    with pytest.raises(ValidationError) as caught:
        await own.afull_clean()
    assert caught.value.message_dict == taken
    await own.afull_clean(exclude=["weight"])
    own.weight = 98
    with pytest.raises(ValidationError, match="saving_parcel_light"):
        await own.afull_clean()
    own.weight = 6
    await own.afull_clean()


async def test_full_clean_converts(database: Any) -> None:
    room = Room(number="7", name="a")
    await room.afull_clean()
    assert room.number == 7


async def test_unique_fields_are_looked_up(database: Any) -> None:
    room = await Room.objects.acreate(number=1, name="a")
    await room.afull_clean()
    with pytest.raises(ValidationError) as caught:
        await Room(number=1, name="a").afull_clean()
    assert caught.value.message_dict == {
        "name": ["Room with this Name already exists."],
        "__all__": ["Room with this Number and Floor already exists."],
    }
    await Room(number=1, name="a").afull_clean(exclude=["name", "floor"])
    await Room(number=1, name="a").afull_clean(validate_unique=False)


async def test_constraints_are_checked_ahead(database: Any) -> None:
    await Room.objects.acreate(number=1, name="a", note="x")
    with pytest.raises(ValidationError, match="saving_low"):
        await Room(number=2, name="b", floor=100).avalidate_constraints()
    await Room(number=2, name="b", floor=100, closed=True).avalidate_constraints()
    with pytest.raises(ValidationError, match="Noted"):
        await Room(number=2, name="b", note="x").avalidate_constraints()
    await Room(number=2, name="b").avalidate_constraints()
    await Room(number=2, name="b", note="x").afull_clean(validate_constraints=False)


@pytest.mark.parametrize(
    "condition",
    [
        models.Q(number=models.F("floor") + 1),
        models.Q(number__range=(models.F("floor"), 1)),
        models.Q(number=models.Value(1)),
        models.Q(name=Lower("name")),
        models.Q(name__regex="^b"),
        models.Q(pk__gt=5),
        models.Case(models.When(number__gt=1, then=False), default=True, output_field=models.BooleanField()),
    ],
    ids=str,
)
async def test_a_check_that_python_can_not_make_is_made_by_the_database(database: Any, condition: Any) -> None:
    rule = models.CheckConstraint(condition=condition, name="rule")
    await rule.avalidate(Room, Room(pk=9, number=1, name="b"), frozenset(), "default")
    with pytest.raises(ValidationError, match="Constraint “rule” is violated"):
        await rule.avalidate(Room, Room(pk=3, number=2, name="A"), frozenset(), "default")
    await rule.avalidate(Room, Room(pk=3, number=2, name="A"), frozenset({"number", "name", "id", "pk"}), "default")


async def test_of_whom_a_condition_makes_unique_the_database_is_asked(database: Any) -> None:
    rule = models.UniqueConstraint(fields=["note"], condition=models.Q(number=models.F("floor") + 1), name="rule")
    await Room.objects.acreate(number=1, name="a", note="x")
    await rule.avalidate(Room, Room(number=2, name="b", note="x"), frozenset(), "default")
    with pytest.raises(ValidationError, match="Constraint “rule” is violated"):
        await rule.avalidate(Room, Room(number=6, floor=5, name="b", note="x"), frozenset(), "default")


async def test_the_database_keeps_the_rules(database: Any) -> None:
    await Room.objects.acreate(number=1, name="a", note="x")
    for values in (
        {"number": 2, "name": "b", "floor": 100},
        {"number": 2, "name": "b", "note": "x"},
        {"number": 1, "name": "b"},
        {"number": 2, "name": "a"},
        {"number": -1, "name": "b"},
    ):
        with pytest.raises(IntegrityError):
            await Room.objects.acreate(**values)
    await Room.objects.acreate(number=2, name="b")
    await Room.objects.acreate(number=3, name="c")
    assert await Room.objects.acount() == 3


async def test_clean_may_block(database: Any) -> None:
    await Careful.objects.acreate(name="a")
    careful = Careful(name="b")
    await careful.afull_clean()
    assert careful.name == "b1"


async def test_an_overridden_form_runs_once_from_both(database: Any) -> None:
    loud, quiet = Loud(name="a"), Quiet(name="A")
    await loud.asave()
    await quiet.asave()
    assert (loud.name, quiet.name) == ("a!", "a")
    loud = await Loud.objects.acreate(name="b")
    quiet = await Quiet.objects.acreate(name="B")
    assert (loud.name, quiet.name) == ("b!", "b")


async def test_signals_around_saving_and_deleting(database: Any) -> None:
    heard: list[Any] = []

    def note(sender: Any, signal: Any, instance: Any, **named: Any) -> None:
        heard.append((signal.name, sender, instance.pk is not None, named.get("created"), named.get("update_fields")))

    signals = [pre_save, post_save, pre_delete, post_delete]
    for signal in signals:
        signal.connect(note, sender=Loud)
    try:
        loud = Loud(name="a")
        await loud.asave()
        await loud.asave(update_fields=["name"])
        await Quiet(name="b").asave()
        await loud.adelete()
    finally:
        for signal in signals:
            signal.disconnect(note, sender=Loud)
    names = frozenset({"name"})
    assert heard == [
        ("pre_save", Loud, False, None, None),
        ("post_save", Loud, True, True, None),
        ("pre_save", Loud, True, None, names),
        ("post_save", Loud, True, False, names),
        ("pre_delete", Loud, True, None, None),
        ("post_delete", Loud, True, None, None),
    ]


async def test_a_failing_receiver_stops_the_save(database: Any) -> None:
    def refuse(**named: Any) -> None:
        raise ValueError("not today")

    pre_save.connect(refuse, sender=Quiet)
    try:
        with pytest.raises(ValueError, match="not today"):
            await Quiet(name="a").asave()
    finally:
        pre_save.disconnect(refuse, sender=Quiet)
    assert not await Quiet.objects.aexists()


async def test_related_rows_may_be_saved_after_they_were_assigned(database: Any) -> None:
    husband = Husband()
    wife = Wife(husband=husband)
    with pytest.raises(ValueError, match="unsaved related object 'husband'"):
        await wife.asave()
    await husband.asave()
    await wife.asave()
    assert (await Wife.objects.values_list("husband", flat=True).aget()) == husband.pk


async def test_tables_in_a_cycle_can_be_made_again(database: Any) -> None:
    await orm.acreate_tables(Husband, Wife)
    husband = await Husband.objects.acreate()
    wife = await Wife.objects.acreate(husband=husband)
    husband.wife = wife
    await husband.asave()
    assert await Husband.objects.filter(wife=wife).acount() == 1


async def test_a_deferred_column_is_not_written(database: Any, queries: Any) -> None:
    await Room.objects.acreate(number=1, name="a", note="x")
    room = await Room.objects.only("name").aget()
    await Room.objects.aupdate(note="y")
    room.name = "b"
    with queries as counted:
        await room.asave()
    assert len(counted) == 1
    fresh = await Room.objects.aget()
    assert (fresh.name, fresh.note) == ("b", "y")


def test_a_deferred_column_is_read_for_a_copy_of_the_row(database: Any) -> None:
    """Whatever a query for it raises has nothing to do with how the row is put together."""
    Room.objects.create(number=1, name="a", note="x")
    room = Room.objects.only("number").get()
    room.name = "b"
    Room.objects.bulk_create([room], ignore_conflicts=True)
    assert room.note == "x"
    gone = Room.objects.only("number", "name").get()
    Room.objects.all().delete()
    with pytest.raises(Room.DoesNotExist) as caught:
        Room.objects.bulk_create([gone])
    assert not isinstance(caught.value.__context__, KeyError)


async def test_refresh_that_is_refused(database: Any) -> None:
    room = await Room.objects.acreate(number=1, name="a")
    with pytest.raises(FieldError, match="nmae"):
        await room.arefresh_from_db(fields=["nmae"])
    with pytest.raises(TypeError, match="list of names"):
        await room.arefresh_from_db(fields="name")
    await Room.objects.all().adelete()
    with pytest.raises(Room.DoesNotExist):
        await room.arefresh_from_db()


async def test_forced_statements(database: Any) -> None:
    room = Room(pk=5, number=1, name="a")
    with pytest.raises(Room.NotUpdated):
        await room.asave(force_update=True)
    with pytest.raises(Room.NotUpdated):
        await room.asave(update_fields=["name"])
    with pytest.raises(ValueError, match="both insert and updating"):
        await room.asave(force_insert=True, force_update=True)
    with pytest.raises(ValueError, match="no primary key"):
        await Room(number=1, name="a").asave(force_update=True)
    with pytest.raises(ValueError, match="Did you mean 'name'"):
        await room.asave(update_fields=["nmae"])
    with pytest.raises(TypeError, match="list of names"):
        await room.asave(update_fields="name")
    await room.asave(force_insert=True)
    with pytest.raises(IntegrityError):
        await Room(pk=5, number=2, name="b").asave(force_insert=True)


async def test_a_deferred_column_that_update_fields_names_is_loaded_first(database: Any) -> None:
    await Room.objects.acreate(number=1, name="a", note="kept")
    room = await Room.objects.only("name").aget()
    room.name = "b"
    await room.asave(update_fields=["name", "note"])
    assert await Room.objects.values_list("name", "note").aget() == ("b", "kept")
    assert room.get_deferred_fields() == {"number", "floor", "closed"}
    room = await Room.objects.only("name").fetch_mode("raise").aget()
    with pytest.raises(FieldFetchBlocked, match="Room.note"):
        await room.asave(update_fields=["note"])


def test_an_instance_of_a_row_takes_a_value_for_each_column_that_is_named() -> None:
    assert Room.from_db("default", ["id", "name"], [1, "a"]).get_deferred_fields() == {
        "number", "floor", "closed", "note",
    }  # fmt: skip
    with pytest.raises(ValueError, match="a value for each name, not 1 for 2"):
        Room.from_db("default", ["id", "name"], [1])
    with pytest.raises(FieldError, match="Room has no column that is called 'nmae'"):
        Room.from_db("default", ["nmae"], [1])
