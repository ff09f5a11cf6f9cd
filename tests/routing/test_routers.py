"""``database_routers`` in Django's form: every way to read and to write goes where the routers say."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm.compat.django.router import ConnectionRouter
from orm.compat.django.settings import LegacySettings
from orm.db.routing import routes
from orm.errors import ConnectionDoesNotExist, ImproperlyConfigured
from orm.models.schema import tables_of
from tests.conftest import Run
from tests.routing.models import Album, Artist, Label


class LabelsElsewhere:
    """One model's rows live in another database."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "other" if model is Label else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool | None:
        return (db == "other") == (model_name == "label") if app_label == "routing" else None


class Split:
    """Reads there, writes here, as with a replica; notes what it was asked with."""

    def __init__(self) -> None:
        self.hints: list[dict[str, Any]] = []

    def db_for_read(self, model: Any, **hints: Any) -> str:
        self.hints.append(hints)
        return "other"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        self.hints.append(hints)
        return "default"

    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        return True


async def test_every_operation_of_a_model_goes_where_its_router_says(other: None) -> None:
    orm.configure(database_routers=[LabelsElsewhere()])
    async with orm.capture_queries() as queries:
        label = await Label.objects.acreate(name="Ace")
        await Label.objects.abulk_create([Label(name="Bis")])
        label.name = "Ace of"
        await label.asave()
        await label.arefresh_from_db()
        assert await Label.objects.acount() == 2
        assert (await Label.objects.aget(name="Bis")).name == "Bis"
        assert await Label.objects.filter(name="Bis").aupdate(name="Bis!") == 1
        await Label.objects.abulk_update([label], ["name"])
        found, created = await Label.objects.aget_or_create(name="Cat")
        assert created
        found, created = await Label.objects.aupdate_or_create(name="Cat", defaults={"name": "Dog"})
        assert not created
        assert sorted([one.name async for one in Label.objects.aiterator()]) == ["Ace of", "Bis!", "Dog"]
        assert len(await Label.objects.raw("SELECT * FROM routing_label")) == 3
        assert await Label.objects.filter(name="Dog").aexplain()
        await Label.objects.filter(name="Bis!").adelete()
        await found.adelete()
        assert await Label.objects.aexists()
    assert {query.alias for query in queries} == {"other"}
    assert label._state.db == "other"
    assert Label.objects.db == Label.objects.filter(name="x").db == "other"
    await Artist.objects.acreate(name="Ada")
    assert await Artist.objects.using("default").acount() == 1
    assert await Label.objects.using("default").acount() == 0


async def test_reads_and_writes_apart(other: None) -> None:
    await Artist.objects.using("other").acreate(pk=1, name="copy")
    await Artist.objects.acreate(pk=1, name="original")
    router = Split()
    orm.configure(database_routers=[router])
    artist = await Artist.objects.aget(pk=1)
    assert (artist.name, artist._state.db) == ("copy", "other")
    assert await Artist.objects.filter(name="original").acount() == 0
    async with orm.capture_queries() as queries:
        artist.name = "changed"
        await artist.asave()
    assert [query.alias for query in queries] == ["default"]
    assert router.hints[-1] == {"instance": artist}
    assert artist._state.db == "default"
    assert (await Artist.objects.using("default").aget()).name == "changed"
    found, created = await Artist.objects.aget_or_create(name="changed")
    assert (found._state.db, created) == ("default", False)
    assert await Artist.objects.filter(name="copy").aupdate(name="nobody") == 0
    assert Artist.objects.db == "other"
    assert Artist.objects.select_for_update().db == "default"
    assert await Artist.objects.filter(name="copy").adelete() == (0, {})
    await artist.arefresh_from_db()
    assert artist.name == "copy"
    assert router.hints[-1] == {"instance": artist}


async def test_a_transaction_is_not_left(other: None) -> None:
    orm.configure(database_routers=[Split()])
    async with orm.atomic():
        artist = await Artist.objects.acreate(name="new")
        async with orm.capture_queries() as queries:
            assert (await Artist.objects.aget()).name == "new"
            assert [one.name async for one in Artist.objects.aiterator()] == ["new"]
            assert await artist.albums.acount() == 0
            assert len(await Artist.objects.raw("SELECT * FROM routing_artist")) == 1
            assert await Artist.objects.prefetch_related("albums")
        assert {query.alias for query in queries} == {"default"}
        assert Artist.objects.db == "default"
        assert await Artist.objects.using("other").acount() == 0
    assert await Artist.objects.acount() == 0
    async with orm.atomic("other"):
        assert await Artist.objects.acount() == 0
        await Artist.objects.acreate(name="newer")
    assert await Artist.objects.using("default").acount() == 2


async def test_reads_in_a_transaction_go_where_routers_say_as_in_django(other: None) -> None:
    orm.configure(database_routers=[Split()], reads_join_transactions=False)
    async with orm.atomic():
        await Artist.objects.acreate(name="new")
        assert Artist.objects.db == "other"
        assert await Artist.objects.acount() == 0


async def test_related_rows_are_read_and_written_where_routers_say(other: None) -> None:
    for alias in ("default", "other"):
        ada = await Artist.objects.using(alias).acreate(pk=1000, name=f"Ada {alias}")
        await Album.objects.using(alias).acreate(pk=1000, title=f"first {alias}", artist=ada)
        await Label.objects.using(alias).acreate(pk=1000, name=f"Ace {alias}")
    router = Split()
    orm.configure(database_routers=[router])
    artist = await Artist.objects.aget()
    async with orm.capture_queries() as queries:
        assert [album.title for album in await artist.albums.all()] == ["first other"]
        assert router.hints[-1] == {"instance": artist}
        album = await Album.objects.prefetch_related("artist", "labels").aget()
        assert (await album.artist).name == "Ada other"
        album = await Album.objects.aget()
        assert (await album.artist).name == "Ada other"
        assert (await Album.objects.only("pk").aget()).pk == 1000
    assert {query.alias for query in queries} == {"other"}
    async with orm.capture_queries() as queries:
        created = await artist.albums.acreate(title="second")
        await album.labels.aadd(1000)
        await artist.albums.aadd(album)
        await album.labels.aset([])
        await artist.albums.aset([created])
    assert {query.alias for query in queries} == {"default"}
    assert await Album.objects.using("default").filter(artist=1000).acount() == 1
    assert await Album.objects.using("default").filter(labels=1000).acount() == 0


async def test_relations_that_are_not_allowed(other: None) -> None:
    orm.configure(database_routers=[LabelsElsewhere()])
    here = await Artist.objects.acreate(name="here")
    there = await Artist.objects.using("other").acreate(name="there")
    album = await Album.objects.acreate(title="x", artist=here)
    with pytest.raises(ValueError, match="current database router prevents this relation"):
        album.artist = there
    new = Album(title="joins the database of what it refers to", artist=there)
    assert new._state.db == "other"
    await new.asave()
    assert await Album.objects.using("other").acount() == 1
    label = await Label.objects.acreate(name="elsewhere")
    with pytest.raises(ValueError, match="instance is on database .*, value is on database"):
        await album.labels.aadd(label)


async def test_explicit_choices_win(other: None) -> None:
    orm.configure(database_routers=[LabelsElsewhere()])
    label = Label(name="Ace")
    await label.asave(using="default")
    assert label._state.db == "default"
    assert await Label.objects.using("default").acount() == 1
    assert await Label.objects.acount() == 0
    await label.adelete(using="default")
    assert await Label.objects.using("default").acount() == 0
    await Label.objects.db_manager("default").acreate(name="Bis")
    assert await Label.objects.using("default").acount() == 1


async def test_awaitable_questions_are_asked_where_something_waits(other: None) -> None:
    class Looks:
        """A router that asks a database before it answers: a coroutine serves both colours."""

        async def adb_for_read(self, model: Any, **hints: Any) -> str | None:
            if model is not Label:
                return None
            return "other" if await Artist.objects.aexists() else "default"

    await Label.objects.using("other").acreate(name="there")
    orm.configure(database_routers=[Looks()])
    assert await Label.objects.acount() == 0
    await Artist.objects.acreate(name="Ada")
    assert await Label.objects.acount() == 1
    assert (await Label.objects.aget())._state.db == "other"
    assert Label.objects.db == "default"


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [f"{__name__}.LabelsElsewhere", LabelsElsewhere, LabelsElsewhere()])
def test_forms_of_a_router(other: None, form: Any) -> None:
    orm.configure(database_routers=[form])
    assert Label.objects.db == "other"
    assert Artist.objects.db == "default"


def test_the_first_that_answers_decides(other: None) -> None:
    orm.configure(database_routers=[LabelsElsewhere(), Split()])
    assert routes.to_write(Label) == "other"
    assert routes.to_write(Artist) == "default"
    assert Artist.objects.db == "other"


def test_an_unknown_alias_is_named(other: None) -> None:
    class Wrong:
        def db_for_read(self, model: Any, **hints: Any) -> str:
            return "othre"

    orm.configure(database_routers=[Wrong()])
    with pytest.raises(ConnectionDoesNotExist, match="othre"):
        Label.objects.count()


async def coroutine(self: Any, model: Any, **hints: Any) -> str:
    return "other"


class Named:
    """A router with one method."""

    def __init__(self, name: str, method: Any) -> None:
        setattr(self, name, method)


@pytest.mark.parametrize(
    ("router", "message"),
    [
        ("nowhere.at.all", "can't be imported"),
        ("Router", "can't be imported"),
        (object(), "none of a router's methods"),
        (Named("db_for_read", coroutine), "adb_for_read"),
        (Named("adb_for_read", print), "write async def"),
    ],
)
def test_what_is_no_router_is_refused(other: None, router: Any, message: str) -> None:
    orm.configure(database_routers=[router])
    with pytest.raises(ImproperlyConfigured, match=message):
        Label.objects.count()


def test_a_program_written_for_django_may_have_a_router_with_no_methods(database: Run) -> None:
    before = orm.settings.strict_models
    orm.configure(strict_models=False, database_routers=[object()])
    try:
        assert Label.objects.db == "default"
        assert routes.allow_migrate("default", "routing") is True
    finally:
        orm.configure(strict_models=before, database_routers=[])


def test_without_routers_nothing_is_asked(database: Run) -> None:
    orm.configure(database_routers=[])
    assert Label.objects.db == "default"
    assert not routes.active
    Label.objects.count()
    assert not routes.active


def test_tables_are_made_where_they_belong(other: None) -> None:
    orm.configure(database_routers=[LabelsElsewhere()])
    here, there = tables_of((), "default"), tables_of((), "other")
    assert Label in there and Label not in here
    assert Artist in here and Artist not in there
    assert routes.allow_migrate("other", "another app") is True


def test_legacy_settings_hand_routers_on(other: None, tmp_path: Any) -> None:
    LegacySettings().configure(
        DATABASES={
            alias: {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / alias} for alias in ("default", "x")
        },
        DATABASE_ROUTERS=[f"{__name__}.LabelsElsewhere"],
        USE_TZ=True,
        TIME_ZONE="UTC",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    assert Label.objects.db == "other"


async def test_raw_takes_the_database_that_runs_it(other: None) -> None:
    await Artist.objects.using("other").acreate(name="Only there")
    sql = "SELECT * FROM routing_artist"
    assert [artist.name for artist in await Artist.objects.raw(sql, using="other")] == ["Only there"]
    assert await Artist.objects.raw(sql) == []
    assert (await Artist.objects.using("default").raw(sql, using="other"))[0]._state.db == "other"


async def test_routers_are_asked_where_rows_of_the_join_model_go(other: None) -> None:
    asked: list[Any] = []

    class Asked:
        def db_for_write(self, model: Any, **hints: Any) -> None:
            asked.append(model)

    album, label = await Album.objects.acreate(title="x"), await Label.objects.acreate(name="y")
    orm.configure(database_routers=[Asked()])
    await album.labels.aadd(label)
    await album.labels.aremove(label)
    assert set(asked) == {Album._meta.get_field("labels").remote_field.through}


def test_a_router_of_routers_asks_those_it_was_given(database: Run) -> None:
    orm.configure(database_routers=[])
    given = ConnectionRouter([LabelsElsewhere()])
    assert (given.db_for_read(Label), given.db_for_write(Artist)) == ("other", "default")
    assert not given.allow_migrate_model("default", Label)
    given.routers = [Split]
    assert (given.db_for_read(Artist), ConnectionRouter().db_for_read(Artist)) == ("other", "default")
