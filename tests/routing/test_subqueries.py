"""A query inside another runs where the other does: one that names a database is refused on any other."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from orm import models
from tests.routing.models import Album, Artist

ELSEWHERE = pytest.raises(ValueError, match=r"across different databases.*'other' by using\(\).*runs on 'default'")


async def rows_are_refused(queryset: Any) -> None:
    with ELSEWHERE:
        await queryset.acount()
    with ELSEWHERE:
        await queryset.all()
    with ELSEWHERE:
        async for _ in queryset.aiterator():
            raise AssertionError("a row was given")


async def test_in_a_condition(other: None) -> None:
    artists = Artist.objects.using("other")
    await rows_are_refused(Album.objects.filter(artist__in=artists))
    await rows_are_refused(Album.objects.exclude(artist__in=artists))
    await rows_are_refused(Album.objects.filter(artist=artists.values("pk")[:1]))


async def test_as_an_expression(other: None) -> None:
    albums = Album.objects.using("other").filter(artist=models.OuterRef("pk"))
    await rows_are_refused(Artist.objects.filter(models.Exists(albums)))
    await rows_are_refused(Artist.objects.annotate(title=models.Subquery(albums.values("title")[:1])))
    with ELSEWHERE:
        await Artist.objects.aaggregate(n=models.Count("pk", filter=models.Exists(albums)))


async def test_in_a_union(other: None) -> None:
    await rows_are_refused(Artist.objects.union(Artist.objects.using("other")))


async def test_in_a_write(other: None) -> None:
    artists = Artist.objects.using("other")
    with ELSEWHERE:
        await Artist.objects.ainsert_from(artists.values("name"))
    with ELSEWHERE:
        await Album.objects.filter(artist__in=artists).aupdate(title="x")
    with ELSEWHERE:
        await Album.objects.filter(artist__in=artists).adelete()
    with ELSEWHERE:
        await Artist.objects.aupdate(name=models.Subquery(artists.values("name")[:1]))


async def test_joined(other: None) -> None:
    artists = Artist.objects.using("other")
    with ELSEWHERE:
        await Album.objects.join("a", artists.values("id"), {"artist_id": "id"})
    with ELSEWHERE:
        await Album.objects.with_cte(models.CTE("a", artists.values("id")), {"artist_id": "id"})


async def test_below_a_query_that_names_none(other: None) -> None:
    artists = Artist.objects.filter(pk__in=Artist.objects.using("other"))
    await rows_are_refused(Album.objects.filter(artist__in=artists))


async def test_two_that_name_different_databases_are_refused_at_once(other: None) -> None:
    albums = Album.objects.filter(artist__in=Artist.objects.using("other"))
    with pytest.raises(ValueError, match="across different databases"):
        albums.filter(artist__in=Artist.objects.using("default"))
    with pytest.raises(ValueError, match="across different databases"):
        Album.objects.filter(pk__in=albums.using("default"))


async def test_a_query_asked_before_on_its_own_database(other: None) -> None:
    """What it compiled to there is not used here."""
    albums = Album.objects.filter(artist__in=Artist.objects.using("other"))
    artist = await Artist.objects.using("other").acreate(name="Ada")
    await Album.objects.using("other").acreate(title="Notes", artist=artist)
    for _ in range(2):
        assert [album.title for album in await albums.using("other")] == ["Notes"]
        await rows_are_refused(albums)
    assert await albums.using("other").acount() == 1


async def test_get_asked_again_and_again(other: None) -> None:
    albums = Album.objects.filter(artist__in=Artist.objects.using("other"))
    for _ in range(3):
        with ELSEWHERE:
            await albums.aget(title="Notes")


async def test_a_pickled_query_keeps_its_database(other: None) -> None:
    albums = Album.objects.filter(artist__in=Artist.objects.using("other"))
    restored = Album.objects.all()
    restored.query = pickle.loads(pickle.dumps(albums.query))
    await rows_are_refused(restored)


async def test_one_that_names_the_same_database(other: None) -> None:
    artist = await Artist.objects.acreate(name="Ada")
    await Album.objects.acreate(title="Notes", artist=artist)
    assert await Album.objects.filter(artist__in=Artist.objects.using("default")).acount() == 1
    assert await Album.objects.using("default").filter(artist__in=Artist.objects.using("default")).acount() == 1


async def test_the_rows_of_a_relation_go_where_the_query_goes(other: None) -> None:
    """As in Django: the instance says where they are from, not the program."""
    artist: Any = await Artist.objects.using("other").acreate(name="Ada")
    assert await Album.objects.filter(pk__in=artist.albums.all()).acount() == 0
    with ELSEWHERE:
        await Album.objects.filter(pk__in=artist.albums.all().using("other")).acount()
