"""``unique_for_date``, ``unique_for_month`` and ``unique_for_year``: what is said of a value on the same date."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

import orm
from orm.errors import FieldDoesNotExist, ValidationError
from tests.saving.models import Post

DAY = datetime.date(2020, 2, 3)
AT = datetime.datetime(2020, 2, 3, 23, 30, tzinfo=datetime.UTC)


async def problems(post: Post, exclude: set[str] | None = None) -> dict[str, list[str]]:
    """Return what validation says of the fields, by name."""
    try:
        await post.avalidate_unique(exclude)
    except ValidationError as error:
        return error.message_dict
    return {}


def like_the_first(**values: Any) -> Post:
    return Post(**{"title": "a", "slug": "b", "teaser": "c", "number": 1, "posted": DAY, "at": AT, **values})


async def test_each_is_unique_for_its_part_of_the_date(database: Any) -> None:
    await like_the_first().asave()
    title = {"title": ["Title must be unique for Posted date."]}
    teaser = {"teaser": ["First line must be unique for Posted month."]}
    slug = {"slug": ["Slug must be unique for Posted year."]}
    number = {"number": ["Twice a day."]}
    assert await problems(like_the_first()) == {**title, **slug, **teaser, **number}
    assert await problems(like_the_first(posted=DAY.replace(day=4), at=None)) == {**slug, **teaser}
    assert await problems(like_the_first(posted=DAY.replace(year=2021), at=None)) == teaser
    assert await problems(like_the_first(posted=DAY.replace(month=5), number=2)) == slug
    assert await problems(like_the_first(title="x", slug="x", teaser="x", number=2)) == {}


async def test_without_a_date_nothing_is_taken(database: Any) -> None:
    await like_the_first(posted=None).asave()
    assert await problems(like_the_first(posted=None, at=None)) == {}


async def test_a_field_left_out_is_not_looked_at_and_neither_is_one_whose_date_is(database: Any) -> None:
    await like_the_first().asave()
    assert set(await problems(like_the_first(), {"title", "at"})) == {"slug", "teaser"}
    assert set(await problems(like_the_first(), {"posted"})) == {"number"}


async def test_no_value_is_a_value(database: Any) -> None:
    await like_the_first(slug=None).asave()
    assert "slug" in await problems(like_the_first(slug=None))


async def test_the_row_itself_takes_nothing(database: Any) -> None:
    post = like_the_first()
    await post.asave()
    assert await problems(post) == {}
    await post.afull_clean()


async def test_the_day_of_a_moment_is_that_of_the_current_zone(database: Any) -> None:
    await like_the_first().asave()
    next_day = AT + datetime.timedelta(hours=1)  # still the same one in New York
    assert "number" not in await problems(like_the_first(at=next_day))
    with orm.timezone("America/New_York"):
        assert "number" in await problems(like_the_first(at=next_day))


async def test_a_model_may_word_the_error_itself(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def worded(post: Any, lookup_type: str, field_name: str, unique_for: str) -> ValidationError:
        return ValidationError(f"{field_name}: once a {lookup_type} ({unique_for})")

    monkeypatch.setattr(Post, "date_error_message", worded)
    await like_the_first().asave()
    assert (await problems(like_the_first()))["title"] == ["title: once a date (posted)"]


async def test_full_clean_says_it_with_a_code_and_parameters(database: Any) -> None:
    await like_the_first().asave()
    post = like_the_first(slug="x", teaser="x", number=2)
    with pytest.raises(ValidationError) as caught:
        await post.afull_clean()
    (error,) = caught.value.error_dict["title"]
    assert error.code == "unique_for_date"
    assert error.params == {
        "model": post, "model_name": "Post", "lookup_type": "date", "field": "title", "field_label": "Title",
        "date_field": "posted", "date_field_label": "Posted",
    }  # fmt: skip


async def test_a_date_field_that_is_none_is_named(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Post._meta.get_field("title"), "unique_for_date", "publised")
    with pytest.raises(FieldDoesNotExist, match="publised"):
        await like_the_first().avalidate_unique()
