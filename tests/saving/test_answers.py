"""The answers that native code and a program written for Django get: each a setting, and each tried both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import orm
from orm import models
from orm.compat.django import differences
from orm.compat.django.answers import LEGACY_ANSWERS
from orm.db.registry import databases
from orm.errors import (
    DatabaseError,
    FieldError,
    IntegrityError,
    InvalidValue,
    NestedDurableBlock,
    TransactionManagementError,
    ValidationError,
)
from tests.conftest import Run
from tests.saving.models import Reading

PAGE = Path(__file__).resolve().parents[2] / "docs" / "django-differences.md"


@pytest.fixture
def as_django(database: Run) -> Iterator[None]:
    """Settings as the legacy import makes them."""
    before = {name: getattr(orm.settings, name) for name in LEGACY_ANSWERS}
    orm.configure(**LEGACY_ANSWERS)
    yield
    orm.configure(**before)


def test_the_documentation_says_what_the_code_does() -> None:
    assert PAGE.read_text(encoding="utf-8") == differences.page(), "run python -m orm.compat.django.listing"


def test_every_method_that_django_does_not_have_is_explained() -> None:
    for name in differences.own_methods():
        assert f"`{name}()`" in differences.page()
    rows = [line for line in differences.page().splitlines() if line.startswith("| `")]
    assert [line for line in rows if line.endswith("|  |")] == []


# -- values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2.9, Decimal("2.9")])
async def test_a_number_that_is_not_whole_is_refused(database: Any, count: Any) -> None:
    with pytest.raises(ValueError, match="expected a whole number"):
        await Reading.objects.acreate(name="a", count=count)


@pytest.mark.parametrize("count", [2.9, Decimal("2.9")])
async def test_a_number_that_is_not_whole_is_cut_as_in_django(as_django: None, count: Any) -> None:
    made = await Reading.objects.acreate(name="a", count=count)
    await made.arefresh_from_db()
    assert made.count == 2


async def test_an_empty_text_is_no_key(database: Any) -> None:
    with pytest.raises(ValueError, match="room"):
        await Reading.objects.acreate(name="a", room_id="")


async def test_an_empty_text_is_no_room_as_in_django(as_django: None) -> None:
    made = await Reading.objects.acreate(name="a", room_id="")
    await made.arefresh_from_db()
    assert made.room_id is None


async def test_a_date_may_leave_out_zeros(database: Any) -> None:
    made = await Reading.objects.acreate(name="a", taken="2020-1-2")
    await made.arefresh_from_db()
    assert made.taken == date(2020, 1, 2)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"tag": "not-a-uuid"}, "“not-a-uuid” is not a valid UUID"),
        ({"taken": "31/12/2020"}, "“31/12/2020” value has an invalid date format"),
        ({"taken": "2020-02-31"}, "2020-02-31"),
        ({"size": "n/a"}, "“n/a” value must be a decimal number"),
    ],
)
async def test_what_can_not_be_read_is_invalid(database: Any, condition: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        await Reading.objects.filter(**condition).afirst()
    with pytest.raises(InvalidValue) as caught:
        await Reading.objects.acreate(name="a", **condition)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).startswith(f"saving.Reading.{next(iter(condition))}: ")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda rows: rows.filter(count="x"), "Field 'count' expected a number but got 'x'."),
        (lambda rows: rows.filter(tag="x"), "['“x” is not a valid UUID.']"),
        (lambda rows: rows.filter(room=""), "Field 'id' expected a number but got ''."),
        (lambda rows: rows.filter(room_id=""), "Field 'id' expected a number but got ''."),
        (lambda rows: rows.filter(nam="x"), "Cannot resolve keyword 'nam' into field. Choices are: "),
        (lambda rows: rows.filter(name__lik="x"), "Unsupported lookup 'lik' for CharField or join on the field not "),
        (lambda rows: rows.filter(name__isnull="x"), "The QuerySet value for an isnull lookup must be True or False."),
        (lambda rows: rows.filter(count__gt=None), "Cannot use None as a query value"),
        (lambda rows: rows.only("nam"), "Reading has no field named 'nam'"),
        (lambda rows: rows.prefetch_related("nam"), "Cannot find 'nam' on Reading object, 'nam' is an invalid "),
        (
            lambda rows: rows.annotate(name=models.Count("pk")),
            "The annotation 'name' conflicts with a field on the model.",
        ),
        (lambda rows: rows.using("other"), "The connection 'other' doesn't exist."),
        (lambda rows: rows.model(nam="x"), "Reading() got unexpected keyword arguments: 'nam'"),
        (lambda rows: rows.model._meta.get_field("nam"), "Reading has no field named 'nam'"),
        (lambda rows: rows.get(name="none"), "Reading matching query does not exist."),
        (lambda rows: rows.order_by(3), "Invalid order_by arguments: [3]"),
        (lambda rows: rows.aggregate(x=models.F("count")), "x is not an aggregate expression"),
        (
            lambda rows: rows.filter(count=models.OuterRef("pk")),
            "This queryset contains a reference to an outer query ",
        ),
        (lambda rows: rows.filter(count=[1]), "Field 'count' expected a number but got [1]."),
        (
            lambda rows: rows.annotate(x=models.F("taken") + models.F("count")),
            "Cannot infer type of '+' expression involving these types: DateField, IntegerField. You must set "
            "output_field.",
        ),
        (lambda rows: rows.prefetch_related(models.Prefetch("room", rows.values())), "Prefetch querysets cannot use "),
    ],
)
def test_an_error_says_what_django_says_and_notes_the_rest(
    as_django: None, ask: Callable[[Any], Any], said: str
) -> None:
    with pytest.raises(Exception) as caught:
        list(ask(Reading.objects.all()))
    assert str(caught.value).startswith(said)
    assert str(caught.value) == said or said.endswith(" ")
    assert not isinstance(caught.value, InvalidValue)


def test_what_may_have_been_meant_is_a_note(as_django: None) -> None:
    with pytest.raises(FieldError) as caught:
        Reading.objects.filter(nam="x")
    assert "Did you mean 'name'?" not in str(caught.value)
    assert "Did you mean 'name'?" in caught.value.__notes__[0]


def test_what_may_have_been_meant_is_in_the_text(database: Any) -> None:
    with pytest.raises(FieldError, match="Did you mean 'name'?"):
        Reading.objects.filter(nam="x")


# -- text and decimals ------------------------------------------------------------------------------------------


async def test_text_is_matched_with_its_case(database: Any) -> None:
    await Reading.objects.abulk_create([Reading(name="Abc"), Reading(name="aBC")])
    for lookup, text in (("contains", "Ab"), ("startswith", "A"), ("endswith", "BC")):
        assert await Reading.objects.filter(**{f"name__{lookup}": text}).acount() == 1


async def test_text_is_matched_as_the_database_does_in_django(as_django: None, database: Run) -> None:
    await Reading.objects.abulk_create([Reading(name="Abc"), Reading(name="aBC"), Reading(name="a%")])
    many = 2 if database.backend == "sqlite" else 1
    for lookup, text in (("contains", "Ab"), ("startswith", "A"), ("endswith", "BC")):
        found = many + 1 if many == 2 and lookup == "startswith" else many
        assert await Reading.objects.filter(**{f"name__{lookup}": text}).acount() == found
    assert await Reading.objects.filter(name__contains="%").acount() == 1
    assert await Reading.objects.filter(name__icontains="aB").acount() == 2
    assert await Reading.objects.filter(name__startswith=orm.models.F("name")).acount() == 3


async def test_a_decimal_is_stored_with_the_places_of_its_column(database: Any) -> None:
    await Reading.objects.acreate(name="a", size=Decimal("4.98"))
    assert await Reading.objects.filter(size=Decimal("5.0")).acount() == 1


async def test_a_decimal_is_stored_as_the_database_does_in_django(as_django: None, database: Run) -> None:
    await Reading.objects.acreate(name="a", size=Decimal("4.98"))
    stored = Decimal("4.98") if database.backend == "sqlite" else Decimal("5.0")
    assert await Reading.objects.filter(size=stored).acount() == 1
    assert (await Reading.objects.aget()).size == Decimal("5.0")
    await Reading.objects.aupdate(size=Decimal("4.65"))  # as a float it is a little more
    assert (await Reading.objects.aget()).size == Decimal("4.6" if database.backend == "sqlite" else "4.7")


# -- blocks and state ------------------------------------------------------------------------------------------


async def leave_a_doomed_block() -> None:
    await Reading.objects.acreate(name="first")
    async with orm.atomic():
        await Reading.objects.acreate(name="second")
        with pytest.raises(IntegrityError):
            await Reading.objects.acreate(name="first")


async def test_a_doomed_block_says_so_when_it_is_left(database: Any) -> None:
    with pytest.raises(TransactionManagementError, match="nothing of it was saved"):
        await leave_a_doomed_block()
    assert await Reading.objects.acount() == 1


async def test_a_doomed_block_is_rolled_back_in_silence_in_django(as_django: None) -> None:
    await leave_a_doomed_block()
    assert await Reading.objects.acount() == 1


async def fail(way: str) -> None:
    """Fail in the database, or as if, in one of ``WITHOUT_A_MODEL`` or ``THROUGH_A_MODEL``."""
    if way == "raw":
        await Reading.objects.raw("SELECT nothing FROM nowhere")
    elif way == "query":
        await Reading.objects.extra(where=["nothing = 1"]).acount()
    elif way == "own SQL":
        async with databases["default"].connection() as connection:
            await connection.aexecute("INSERT INTO nowhere VALUES (1)")
    elif way == "many":
        async with databases["default"].connection() as connection:
            await connection.aexecute_many("INSERT INTO nowhere VALUES (1)", [(), ()])
    elif way == "rollback":
        async with databases["default"].connection() as connection:
            await connection.aexecute("INSERT OR ROLLBACK INTO saving_reading SELECT * FROM saving_reading")
    elif way == "save":
        await Reading(name="first").asave()
    elif way == "update":
        await Reading.objects.aupdate(name="first")
    elif way == "bulk_create":
        await Reading.objects.abulk_create([Reading(name="third"), Reading(name="first")])
    else:
        await Reading(pk=99, name="third").asave(force_update=True)


WITHOUT_A_MODEL = ["raw", "query", "own SQL", "many"]
THROUGH_A_MODEL = ["save", "update", "bulk_create", "a row that is gone"]


async def go_on_after(way: str) -> list[str]:
    """Catch an error inside a block; return what is there after the block."""
    await Reading.objects.acreate(name="first")
    async with orm.atomic():
        await Reading.objects.acreate(name="second")
        with pytest.raises(DatabaseError):
            await fail(way)
    return [each.name async for each in Reading.objects.order_by("name")]


@pytest.mark.parametrize("way", WITHOUT_A_MODEL)
async def test_an_error_that_no_model_wrote_dooms_a_block(database: Any, way: str) -> None:
    with pytest.raises(TransactionManagementError, match="nothing of it was saved"):
        await go_on_after(way)


@pytest.mark.parametrize("way", WITHOUT_A_MODEL)
async def test_an_error_that_no_model_wrote_ends_a_block_where_it_ends_the_transaction_in_django(
    as_django: None, database: Run, way: str
) -> None:
    assert await go_on_after(way) == (["first", "second"] if database.backend == "sqlite" else ["first"])


@pytest.mark.parametrize("way", THROUGH_A_MODEL)
async def test_a_failed_write_of_a_model_dooms_a_block_in_django(as_django: None, database: Run, way: str) -> None:
    assert await go_on_after(way) == ["first"]


@pytest.mark.only(backend="sqlite")
async def test_an_error_that_ends_the_transaction_dooms_a_block_in_django_too(as_django: None, database: Run) -> None:
    assert await go_on_after("rollback") == ["first"]


async def test_what_is_not_updated_has_a_class_of_its_own(database: Any) -> None:
    with pytest.raises(Reading.NotUpdated):
        await Reading(pk=99, name="x").asave(force_update=True)
    with pytest.raises(NestedDurableBlock):
        async with orm.atomic(), orm.atomic(durable=True):
            pass


async def test_programs_see_the_classes_of_django(as_django: None, database: Any) -> None:
    with pytest.raises(DatabaseError) as unmet:
        await Reading(pk=99, name="x").asave(update_fields=["name"])
    with pytest.raises(RuntimeError) as nested:
        async with orm.atomic(), orm.atomic(durable=True):
            pass
    assert (unmet.type, nested.type) == (DatabaseError, RuntimeError)


async def test_the_state_is_made_when_it_is_looked_at(database: Any) -> None:
    await Reading.objects.acreate(name="a")
    (found,) = await Reading.objects.all()
    assert "_state" not in vars(found)
    assert found._state.db == "default"
    assert "_state" in vars(found)


async def test_the_state_stands_in_every_instance_in_django(as_django: None) -> None:
    await Reading.objects.acreate(name="a")
    for found in [*(await Reading.objects.all()), await Reading.objects.aget(), await Reading.objects.afirst()]:
        assert (vars(found)["_state"].adding, vars(found)["_state"].db) == (False, "default")
    (joined,) = await Reading.objects.select_related("room")
    assert "_state" in vars(joined)


def test_a_length_of_a_foreign_key_is_refused_or_means_nothing(database: Any) -> None:
    options: dict[str, Any] = {"max_length": 5}
    with pytest.raises(TypeError, match="its length is that of the key it refers to"):
        models.ForeignKey("self", models.CASCADE, **options)
    orm.configure(strict_models=False)
    models.ForeignKey("self", models.CASCADE, **options)


# -- writes that are refused for their values ----------------------------------------------------------------------


@pytest.mark.parametrize("way", ["create", "save", "update", "bulk_create", "bulk_update"])
@pytest.mark.parametrize("django", [False, True])
async def test_a_refused_value_ends_the_block_in_django_alone(
    database: Any, request: pytest.FixtureRequest, django: bool, way: str
) -> None:
    if django:
        request.getfixturevalue("as_django")
    with suppress(TransactionManagementError):
        async with orm.atomic():
            with pytest.raises(ValueError, match="count"):
                match way:
                    case "create":
                        await Reading.objects.acreate(name="a", count="x")
                    case "save":
                        await Reading(pk=1, name="a", count="x").asave()
                    case "update":
                        await Reading.objects.aupdate(count="x")
                    case "bulk_create":
                        await Reading.objects.abulk_create([Reading(name="a", count="x"), Reading(name="b")])
                    case "bulk_update":
                        await Reading.objects.abulk_update([Reading(pk=1, count="x")], ["count"])
            await Reading.objects.acreate(name="later")
    assert await Reading.objects.acount() == (0 if django else 1)


async def test_a_block_is_entered_again_as_in_django(as_django: None) -> None:
    block = orm.atomic()
    async with block:
        await Reading.objects.acreate(name="outer")
        with pytest.raises(LookupError):
            async with block:
                await Reading.objects.acreate(name="inner")
                raise LookupError
        async with block:
            await Reading.objects.acreate(name="again")
    assert [row.name async for row in Reading.objects.order_by("name")] == ["again", "outer"]


# -- what fields read -----------------------------------------------------------------------------------------------


def test_a_moment_that_is_read_stays_naive_as_in_django(as_django: None) -> None:
    read = models.DateTimeField().to_python
    assert read("2020-01-02 03:04") == datetime(2020, 1, 2, 3, 4)
    assert read(datetime(2020, 1, 2)).tzinfo is None
    assert read("2020-01-02 03:04+02:00").utcoffset() == timedelta(hours=2)


def test_a_moment_that_is_read_is_aware(database: Run) -> None:
    assert models.DateTimeField().to_python("2020-01-02 03:04") == datetime(2020, 1, 2, 3, 4, tzinfo=UTC)


def test_bytes_are_no_text(database: Run) -> None:
    with pytest.raises(ValidationError, match="is not valid"):
        models.CharField().to_python(b"a")


def test_bytes_are_text_as_in_django(as_django: None) -> None:
    assert models.CharField().to_python(b"a") == "b'a'"


def test_a_truth_value_is_a_uuid_as_in_django(as_django: None) -> None:
    assert models.UUIDField().to_python(True) == UUID(int=1)


def test_what_is_no_address_is_said_with_its_protocol() -> None:
    with pytest.raises(ValidationError) as caught:
        models.GenericIPAddressField().to_python("10:11")
    assert caught.value.messages == ["Enter a valid IPv6 address."]


def test_bytes_are_no_address(database: Run) -> None:
    with pytest.raises(ValidationError, match="value is not valid"):
        models.GenericIPAddressField().to_python(b"::1")
