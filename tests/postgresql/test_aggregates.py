"""Aggregates that PostgreSQL alone has."""

from __future__ import annotations

from typing import Any

import pytest

from orm.models import F, Q, Value
from orm.postgresql import (
    ArrayAgg,
    BitAnd,
    BitOr,
    BoolAnd,
    BoolOr,
    Corr,
    CovarPop,
    JSONBAgg,
    RandomUUID,
    RegrCount,
    RegrSlope,
    StringAgg,
    TransactionNow,
)
from orm.structures.deprecation import RemovedInDjango61Warning
from tests.postgresql.models import Post

pytestmark = pytest.mark.only(backend="postgresql")


async def three() -> None:
    for title, likes, published in (("a", 1, True), ("b", 3, False), ("c", 7, True)):
        await Post.objects.acreate(title=title, likes=likes, rating=likes * 2.0, published=published, tags=[title])


async def one(aggregate: Any) -> Any:
    return (await Post.objects.aaggregate(found=aggregate))["found"]


async def test_arrays_json_and_texts_in_an_order(database: Any) -> None:
    await three()
    assert await one(ArrayAgg("title", order_by="-title")) == ["c", "b", "a"]
    with pytest.warns(RemovedInDjango61Warning, match="Use order_by instead"):
        assert await one(ArrayAgg("likes", ordering=F("likes").desc())) == [7, 3, 1]
    assert await one(ArrayAgg("published", distinct=True, order_by="published")) == [False, True]
    assert await one(ArrayAgg("title", filter=Q(published=True), order_by="title")) == ["a", "c"]
    assert await one(JSONBAgg("title", order_by="title")) == ["a", "b", "c"]
    assert await one(StringAgg("title", ", ", order_by="title")) == "a, b, c"
    assert await one(StringAgg("title", Value("'; --"), order_by="title")) == "a'; --b'; --c"


async def test_nothing_gives_none_or_the_default(database: Any) -> None:
    assert await one(ArrayAgg("title")) is None
    assert await one(ArrayAgg("title", default=Value([], output_field=Post._meta.get_field("tags")))) == []
    assert await one(StringAgg("title", ",", default=Value("none"))) == "none"


async def test_bits_truths_and_statistics(database: Any) -> None:
    await three()
    assert await one(BitAnd("likes")) == 1
    assert await one(BitOr("likes")) == 7
    assert await one(BoolAnd("published")) is False
    assert await one(BoolOr("published")) is True
    assert await one(Corr("rating", "likes")) == pytest.approx(1)
    assert await one(CovarPop("rating", "likes", sample=True)) == pytest.approx(18.666666)
    assert await one(RegrSlope("rating", "likes")) == pytest.approx(2)
    assert await one(RegrCount("rating", "likes")) == 3


async def test_an_array_for_each_group(database: Any) -> None:
    await three()
    groups = Post.objects.values("published").annotate(titles=ArrayAgg("title", order_by="title")).order_by("published")
    assert [g["titles"] async for g in groups] == [["b"], ["a", "c"]]


async def test_random_uuids_and_the_moment_of_the_transaction_are_there(database: Any) -> None:
    await three()
    found = await Post.objects.annotate(u=RandomUUID(), now=TransactionNow()).afirst()
    assert found is not None
    assert found.u.version == 4
    assert found.now is not None


def test_an_order_and_its_older_name_exclude_each_other() -> None:
    with pytest.raises(TypeError, match="older name"):
        ArrayAgg("title", ordering="title", order_by="title")
    with pytest.raises(TypeError, match="order_by"):
        BitAnd("likes", order_by="likes")
