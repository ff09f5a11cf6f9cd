"""Values and how they are given: texts of times, functions among conditions, querysets made by their parts."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from orm import models
from orm.errors import ValidationError
from orm.models.managers import Manager
from orm.sql.aggregates import Avg, Sum
from tests.documented.models import Cash, Page, Payment, Topic, User


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (models.TimeField(), "5:30", datetime.time(5, 30)),
        (models.DateTimeField(), "2020-1-2 3:04", datetime.datetime(2020, 1, 2, 3, 4)),
        (models.DateTimeField(), "2020-1-2", datetime.datetime(2020, 1, 2)),
    ],
)
def test_moments_are_read_without_leading_zeros(field: Any, text: str, value: Any) -> None:
    assert field.to_python(text).replace(tzinfo=None) == value


@pytest.mark.parametrize(("text", "days"), [("1 day", 1), ("2 days, 0:00:00", 2), ("P3D", 3), ("4 00:00:00", 4)])
def test_a_length_of_time_is_read_in_its_usual_forms(text: str, days: int) -> None:
    assert models.DurationField().to_python(text) == datetime.timedelta(days=days)


def test_a_text_that_is_no_length_of_time_is_invalid() -> None:
    with pytest.raises(ValidationError, match="has an invalid format"):
        models.DurationField().to_python("3 days 4:05")


def test_none_is_no_boolean() -> None:
    with pytest.raises(ValidationError, match="“None” value must be either True or False"):
        models.BooleanField().to_python(None)
    assert models.BooleanField(null=True).to_python(None) is None


async def test_a_function_among_the_conditions_gives_a_new_rows_value(database: Any) -> None:
    user, created = await User.objects.aget_or_create(name=lambda: "Ada")
    assert (user.name, created) == ("Ada", True)


async def test_the_key_may_be_among_what_is_updated(database: Any) -> None:
    topic = await Topic.objects.acreate(word="sea")
    changed, created = await Topic.objects.aupdate_or_create(word="sea", defaults={"pk": topic.pk + 1, "word": "land"})
    assert (changed.pk, created) == (topic.pk + 1, False)
    assert await Topic.objects.acount() == 2


class Shown(models.QuerySet[Any]):
    def __init__(self, note: str = "", model: Any = None, query: Any = None, using: Any = None, hints: Any = None):
        super().__init__(model=model, query=query, using=using, hints=hints)


async def test_a_queryset_with_a_signature_of_its_own_serves_managers(database: Any) -> None:
    manager: Any = Manager.from_queryset(Shown)()
    manager.model = Topic
    await Topic.objects.acreate(word="sea")
    assert await manager.acount() == 1
    assert await Shown(model=Topic, query=Topic.objects.filter(word="land").query).acount() == 0


async def test_validation_asks_the_default_manager_whether_a_value_is_taken(database: Any) -> None:
    await Page.every.acreate(title="One", public=False)
    await Page(title="One").avalidate_unique()


def test_a_manager_says_whose_and_which_it_is() -> None:
    assert str(Page.every) == "documented.Page.every"
    assert Manager().model is None


def test_a_relations_error_is_named_by_its_place() -> None:
    assert Page.topic.RelatedObjectDoesNotExist.__qualname__ == "Page.topic.RelatedObjectDoesNotExist"


async def test_a_sum_is_read_as_the_fields_values_are(database: Any) -> None:
    await Payment.objects.acreate(amount=Cash(3))
    await Payment.objects.acreate(amount=Cash(4))
    assert await Payment.objects.aaggregate(total=Sum("amount"), mean=Avg("amount")) == {"total": Cash(7), "mean": 3.5}
