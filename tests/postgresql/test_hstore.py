"""HStoreField: values there and back, and its lookups."""

from __future__ import annotations

from typing import Any

import pytest

from orm.compat.django.connections import connection
from orm.errors import ValidationError
from tests.postgresql.models import Post

pytestmark = pytest.mark.only(backend="postgresql")


async def titles(queryset: Any) -> list[str]:
    return [title async for title in queryset.order_by("title").values_list("title", flat=True)]


@pytest.mark.parametrize(
    "value",
    [{}, {"a": "b", "n": None}, {'k"=>"': 'v\\"', "": "", "NULL": "NULL", "ü, ": "line\nline"}],
)
async def test_an_hstore_comes_back_as_it_was_saved(database: Any, value: dict[str, str | None]) -> None:
    made = await Post.objects.acreate(title="t", extra=value)
    assert (await Post.objects.aget(pk=made.pk)).extra == value
    made.extra = {**value, "more": "1"}
    await Post.objects.abulk_update([made], ["extra"])
    assert (await Post.objects.aget(extra=made.extra)).pk == made.pk


async def test_keys_and_values_become_text(database: Any) -> None:
    made = await Post.objects.acreate(title="t", extra={1: 2})
    assert (await Post.objects.aget(pk=made.pk)).extra == {"1": "2"}


async def test_lookups_of_hstores(database: Any) -> None:
    for title, extra in (("a", {"k": "v", "l": None}), ("b", {"k": "w"}), ("c", {}), ("d", None)):
        await Post.objects.acreate(title=title, extra=extra)
    posts = Post.objects
    assert await titles(posts.filter(extra__contains={"k": "v"})) == ["a"]
    assert await titles(posts.filter(extra__contained_by={"k": "w", "z": "1"})) == ["b", "c"]
    assert await titles(posts.filter(extra__has_key="k")) == ["a", "b"]
    assert await titles(posts.filter(extra__has_keys=["k", "l"])) == ["a"]
    assert await titles(posts.filter(extra__has_any_keys=["l", "z"])) == ["a"]
    assert await titles(posts.filter(extra__k="w")) == ["b"]
    assert await titles(posts.filter(extra__k__startswith="v")) == ["a"]
    assert await titles(posts.filter(extra__keys=["k"])) == ["b"]
    assert await titles(posts.filter(extra__values__contains=["v"])) == ["a"]
    assert await titles(posts.filter(extra__has_key="' OR 1=1 --")) == []
    assert await titles(posts.filter(**{"extra__'; DROP": "x"})) == []


def test_validation_wants_texts() -> None:
    with pytest.raises(ValidationError, match="not a string"):
        Post._meta.get_field("extra").clean({"a": 1}, None)


async def test_a_cursor_gives_an_hstore_as_a_dict(database: Any) -> None:
    await Post.objects.acreate(title="t", extra={"a": "b", "n": None})
    with connection.cursor() as cursor:
        await cursor.aexecute(f'SELECT title, extra, NULL::hstore, tags FROM "{Post._meta.db_table}"')
        assert await cursor.afetchall() == [("t", {"a": "b", "n": None}, None, [])]
