"""The answers that native code and a program written for Django get: each a setting, and each tried both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import orm
from orm import models
from orm.compat.django import differences
from orm.compat.django.answers import LEGACY_ANSWERS
from orm.errors import FieldError, IntegrityError, InvalidValue, TransactionManagementError, ValidationError
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
