"""Several databases and no router: an instance refers to rows of its own database, and a new one joins that."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm.models import Prefetch
from tests.routing.models import Album, Artist, Label, Portrait

APART = pytest.raises(ValueError, match=r"Cannot assign .*: the current database router prevents this relation")


async def test_a_relation_is_assigned_within_one_database(other: None) -> None:
    here: Any = await Artist.objects.acreate(name="here")
    there = await Artist.objects.using("other").acreate(name="there")
    album: Any = await Album.objects.acreate(title="x", artist=here)
    with APART:
        album.artist = there
    assert album.artist_id == here.pk


async def test_a_new_instance_joins_the_database_of_what_it_refers_to(other: None) -> None:
    there = await Artist.objects.using("other").acreate(name="there")
    album = Album(title="x", artist=there)
    assert album._state.db == "other"
    await album.asave()
    assert await Album.objects.using("other").acount() == 1


async def test_what_is_referred_to_joins_the_database_of_the_instance(other: None) -> None:
    there = await Artist.objects.using("other").acreate(name="there")
    album = await Album.objects.using("other").acreate(title="x", artist=there)
    new = album.artist = Artist(name="new")
    assert new._state.db == "other"


def test_what_is_assigned_from_the_far_side_is_what_the_error_names(other: None) -> None:
    here, there = Artist(name="here"), Portrait()
    here._state.db, there._state.db = "default", "other"
    with pytest.raises(ValueError, match=r"Cannot assign \"<Portrait"):
        here.portrait = there
    assert there.artist_id is None


async def test_rows_are_added_within_one_database(other: None) -> None:
    here: Any = await Artist.objects.acreate(name="here")
    there = await Artist.objects.using("other").acreate(name="there")
    album = await Album.objects.using("other").acreate(title="x", artist=there)
    with APART:
        await here.albums.aadd(album)
    with APART:
        await here.albums.aset([album])
    assert await Album.objects.using("other").filter(artist=there).acount() == 1


async def test_many_to_many_relations_stay_within_one_database(other: None) -> None:
    here: Any = await Artist.objects.acreate(name="here")
    album = await Album.objects.acreate(title="x", artist=here)
    label = await Label.objects.using("other").acreate(name="there")
    apart = pytest.raises(ValueError, match='instance is on database "default", value is on database "other"')
    with apart:
        await album.labels.aadd(label)
    with apart:
        await album.labels.aset([label])
    assert await album.labels.acount() == 0


async def test_what_is_chained_to_prefetched_rows_asks_the_database_they_are_from(other: None) -> None:
    there = await Label.objects.using("other").acreate(name="there")
    album = await Album.objects.using("other").acreate(title="x")
    await album.labels.aadd(there)
    for wanted in ("labels", Prefetch("labels", Label.objects.filter(name="there"))):
        found: Any = await Album.objects.using("other").prefetch_related(wanted).aget()
        assert found.labels.all().db == "other"
        assert await found.labels.all().filter(name="there").acount() == 1
    apart: Any = (
        await Album.objects.using("other").prefetch_related(Prefetch("labels", Label.objects.using("default"))).aget()
    )
    assert (apart.labels.all().db, [*apart.labels.all()]) == ("default", [])


async def test_routers_are_told_which_instance_a_key_is_checked_for(other: None) -> None:
    asked: list[Any] = []

    class Router:
        def db_for_read(self, model: Any, **hints: Any) -> None:
            asked.append((model, hints))

    there = await Artist.objects.using("other").acreate(name="there")
    album = await Album.objects.using("other").acreate(title="x", artist_id=there.pk)
    orm.configure(database_routers=[Router()])
    await album.afull_clean(validate_unique=False, validate_constraints=False)
    assert asked == [(Artist, {"instance": album})]
