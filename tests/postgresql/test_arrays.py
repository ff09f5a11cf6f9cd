"""ArrayField: values there and back, lookups, transforms, validation."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from orm import models
from orm.errors import DataError, FieldError, ImproperlyConfigured, ValidationError
from orm.models import Count, F, Func, IntegerField, JSONField, Value
from orm.postgresql import ArrayAgg, ArrayField, ArraySubquery
from orm.postgresql.arrays import IndexTransform, SliceTransform
from orm.postgresql.validators import ArrayMaxLengthValidator, ArrayMinLengthValidator
from orm_postgresql.values import read_array
from tests.postgresql.models import Post

pytestmark = pytest.mark.only(backend="postgresql")

NOON = datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.UTC)


async def three() -> list[Post]:
    return await Post.objects.abulk_create(
        [
            Post(title="a", tags=["x", "y"], scores=[1, 2, 3]),
            Post(title="b", tags=["y"], scores=[]),
            Post(title="c", tags=[], scores=None),
        ]
    )


async def titles(queryset: Any) -> list[str]:
    return [title async for title in queryset.order_by("title").values_list("title", flat=True)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tags", ["plain", 'with "quotes"', "comma, brace}", "back\\slash", "", "NULL", "ünï"]),
        ("tags", []),
        ("scores", [1, None, -3]),
        ("prices", [Decimal("1.10"), Decimal("-2.00")]),
        ("grid", [[1, 2], [3, 4]]),
        ("words", [["one", 'two "2"'], ["", "NULL"]]),
        ("moments", [NOON]),
        ("documents", [{"a": [1, None]}, "text", 3]),
        ("documents", [[1, [2]], [], {"a": 1}]),
    ],
)
async def test_an_array_comes_back_as_it_was_saved(database: Any, name: str, value: list[Any]) -> None:
    made = await Post.objects.acreate(title="t", **{name: value})
    assert getattr(await Post.objects.aget(pk=made.pk), name) == value


async def test_arrays_are_written_by_every_kind_of_write(database: Any) -> None:
    posts = await three()
    assert [p.tags async for p in Post.objects.order_by("title")] == [["x", "y"], ["y"], []]
    for post in posts:
        post.tags = [*post.tags, "new"]
        post.documents = [{"n": 1}]
    await Post.objects.abulk_update(posts, ["tags", "documents"])
    assert [p.tags async for p in Post.objects.order_by("title")] == [["x", "y", "new"], ["y", "new"], ["new"]]
    await Post.objects.filter(title="a").aupdate(tags=("one",))
    assert (await Post.objects.aget(title="a")).tags == ["one"]


async def test_arrays_of_arrays_are_written_by_every_kind_of_write(database: Any) -> None:
    post = await Post.objects.acreate(title="a", words=[["x", "y"]])
    await Post.objects.abulk_create([Post(title="b", words=[["z"]])])
    assert await titles(Post.objects.filter(words=[["z"]])) == ["b"]
    assert await titles(Post.objects.filter(words__contains=[["y"]])) == ["a"]
    post.words = [["p"], ["q"]]
    await Post.objects.abulk_update([post], ["words"])
    await Post.objects.filter(title="b").aupdate(words=[["r", "s"]])
    assert [p.words async for p in Post.objects.order_by("title")] == [[["p"], ["q"]], [["r", "s"]]]


async def test_lookups_of_arrays(database: Any) -> None:
    await three()
    posts = Post.objects
    assert await titles(posts.filter(tags__contains=["y"])) == ["a", "b"]
    assert await titles(posts.filter(tags__contains=[])) == ["a", "b", "c"]
    assert await titles(posts.filter(tags__contained_by=["y", "z"])) == ["b", "c"]
    assert await titles(posts.filter(tags__overlap=["x", "z"])) == ["a"]
    assert await titles(posts.filter(tags=["x", "y"])) == ["a"]
    assert await titles(posts.filter(tags=[])) == ["c"]
    assert await titles(posts.exclude(tags=["x", "y"])) == ["b", "c"]
    assert await titles(posts.filter(scores__isnull=True)) == ["c"]
    assert await titles(posts.filter(tags__in=[["x", "y"], []])) == ["a", "c"]
    assert await titles(posts.filter(scores__gt=[1])) == ["a"]
    assert await titles(posts.filter(tags__len=0)) == ["c"]
    assert await titles(posts.filter(scores__len__gte=0)) == ["a", "b"]


async def test_elements_and_slices(database: Any) -> None:
    await three()
    posts = Post.objects
    assert await titles(posts.filter(tags__0="y")) == ["b"]
    assert await titles(posts.filter(tags__0__startswith="x")) == ["a"]
    assert await titles(posts.filter(scores__0_2=[1, 2])) == ["a"]
    assert [row async for row in posts.order_by("title").values_list("tags__0", flat=True)] == ["x", "y", None]
    await Post.objects.acreate(title="d", grid=[[1, 2], [3, 4]])
    assert await titles(posts.filter(grid__1__0=3)) == ["d"]
    with pytest.raises(FieldError):
        posts.filter(tags__0_x=1)


async def test_expressions_inside_arrays(database: Any) -> None:
    await three()
    await Post.objects.filter(title="a").aupdate(likes=2)
    assert await titles(Post.objects.filter(scores__contains=[F("likes")])) == ["a"]
    assert await titles(Post.objects.filter(scores=[1, Value(2), 3])) == ["a"]
    others = Post.objects.filter(title="b").values_list("tags")
    assert await titles(Post.objects.filter(tags__overlap=others)) == ["a", "b"]
    await Post.objects.filter(title="b").aupdate(body="x")
    assert await titles(Post.objects.filter(tags__overlap=Post.objects.values("body"))) == ["a"]


async def test_a_subquery_as_an_array(database: Any) -> None:
    await three()
    found = await Post.objects.annotate(
        others=ArraySubquery(Post.objects.order_by("-title").values("title")),
    ).afirst()
    assert found is not None and found.others == ["c", "b", "a"]


def test_the_size_of_an_array_is_told_in_words() -> None:
    with pytest.raises(ValidationError) as caught:
        ArrayMinLengthValidator(2)(["a"])
    assert caught.value.messages == ["List contains 1 item, it should contain no fewer than 2."]
    with pytest.raises(ValidationError) as caught:
        ArrayMaxLengthValidator(1)(["a", "b"])
    assert caught.value.messages == ["List contains 2 items, it should contain no more than 1."]


def test_validation_names_the_element() -> None:
    field = Post._meta.get_field("tags")
    with pytest.raises(ValidationError) as caught:
        field.clean(["x" * 50], None)
    assert "Item 1 in the array did not validate" in str(caught.value)
    with pytest.raises(ValidationError, match="no more than 4"):
        Post._meta.get_field("scores").clean([1, 2, 3, 4, 5], None)
    with pytest.raises(ValidationError, match="same length"):
        Post._meta.get_field("grid").clean([[1], [1, 2]], None)


async def test_what_is_no_list_is_refused_before_any_sql(database: Any) -> None:
    with pytest.raises(TypeError, match="Post.tags"):
        Post.objects.filter(tags__contains="x")
    with pytest.raises(TypeError, match="Post.tags"):
        await Post.objects.acreate(title="t", tags="x")


def test_declarations_that_can_not_work_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="shared"):
        ArrayField(models.IntegerField(), default=[])
    with pytest.raises(ImproperlyConfigured, match="related"):
        ArrayField(models.ForeignKey("x.Y", on_delete=models.CASCADE))


async def test_a_name_of_an_array_is_sliced_as_the_array(database: Any) -> None:
    await three()
    parts = Post.objects.filter(title="a").values_list(F("scores")[:2], F("scores")[1:], F("scores")[:3][1], flat=False)
    assert [tuple(map(list, row)) async for row in parts] == [([1, 2], [2, 3], [2])]
    assert await titles(Post.objects.filter(tags=F("tags")[:1])) == ["b", "c"]


async def test_an_element_groups_rows(database: Any) -> None:
    await three()
    rows = Post.objects.filter(tags__0__isnull=False).values("tags__0").annotate(n=Count("pk")).order_by("tags__0")
    assert [row async for row in rows] == [{"tags__0": "x", "n": 1}, {"tags__0": "y", "n": 1}]


async def test_an_array_is_one_of_a_list_with_a_column_in_it(database: Any) -> None:
    await three()
    assert await titles(Post.objects.filter(tags__in=[F("tags")])) == ["a", "b", "c"]
    assert await titles(Post.objects.filter(tags__in=[["y"], F("tags")], title="b")) == ["b"]


async def test_a_list_is_the_default_of_an_array_over_no_rows(database: Any) -> None:
    for given in (["none"], Value(["none"])):
        assert await Post.objects.aaggregate(all=ArrayAgg("title", default=given)) == {"all": ["none"]}


async def test_json_is_gathered_in_arrays(database: Any) -> None:
    await Post.objects.acreate(title="a", documents=[{"n": 1}])
    found = await Post.objects.aaggregate(all=ArrayAgg(Value({"k": [1]}, JSONField())))
    assert found == {"all": [{"k": [1]}]}


async def test_places_of_elements_are_whole_numbers(database: Any) -> None:
    with pytest.raises(TypeError, match="whole number"):
        IndexTransform("1] OR [1", IntegerField(), F("scores"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="whole number"):
        SliceTransform(1, "2] --", F("scores"))  # type: ignore[arg-type]


async def test_a_plain_number_is_an_integer_to_a_function(database: Any) -> None:
    await three()
    length: Any = Func("tags", 1, function="ARRAY_LENGTH", output_field=IntegerField())
    assert [n async for n in Post.objects.order_by("title").values_list(length, flat=True)] == [2, 1, None]


def test_the_error_of_an_element_tells_what_was_wrong() -> None:
    with pytest.raises(ValidationError) as caught:
        ArrayField(models.CharField(max_length=2)).clean(["abc"], None)
    (error,) = caught.value.error_list
    assert (error.code, error.params) == ("item_invalid", {"nth": 1, "value": "abc", "limit_value": 2, "show_value": 3})


def test_a_check_tells_what_is_wrong_with_the_elements() -> None:
    (found,) = ArrayField(models.CharField(max_length=-1), name="tags").check()
    assert found.id == "postgres.E001" and "max_length" in found.msg


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("{}", []),
        ("{a,NULL}", ["a", None]),
        (r'{"NULL","a,b","{","\"","\\","",a b}', ["NULL", "a,b", "{", '"', "\\", "", "a b"]),
        ("{{a,b},{c,d}}", [["a", "b"], ["c", "d"]]),
        ("[2:3]={a,b}", ["a", "b"]),
    ],
)
def test_an_array_that_the_driver_gives_as_text(text: str, items: list[Any]) -> None:
    assert read_array(text) == items


@pytest.mark.parametrize("text", ["", "{", "}", "{a", "a}", '{"a}', "{a}{b}"])
def test_what_is_no_array_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        read_array(text)


def test_the_field_of_the_elements_belongs_to_the_same_model() -> None:
    field = Post._meta.get_field("scores")
    assert field.base_field.model is Post
