"""The blocking twins: all there, all fresh, and none of the coroutines behind them ever suspends on its own."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import inspect
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import orm
from orm.bridge.drive import drive
from orm.compat.django.connections import connection
from orm.contrib.admin_log.models import LogEntry
from orm.contrib.auth.models import Group, Permission, User
from orm.contrib.caching.table_blocking import DatabaseCache
from orm.contrib.contenttypes import ContentType
from orm.contrib.sites.models import Site
from orm.db.opened import Opened
from orm.db.opened_blocking import OpenedConnection
from orm.errors import NotSupportedError
from orm.files import ContentFile, InMemoryStorage
from orm.migrations.executor_blocking import MigrationExecutor
from orm.migrations.loader_blocking import MigrationLoader
from orm.migrations.migration_blocking import Migration
from orm.migrations.operations import CreateModel
from orm.migrations.recorder_blocking import MigrationRecorder
from orm.migrations.state import ProjectState
from orm.models.apps import Apps
from orm.models.collector_blocking import Collector
from orm.models.dispatch_blocking import Signal
from orm.serializers import DeserializedObject
from orm.serializers.batches_blocking import Batch
from orm.testing.rollback_blocking import CommitHooks
from tests.architecture.sources import ROOT, sources
from tests.contenttypes import models as g
from tests.query import library as L
from tests.query import models as m


def test_twins_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "orm.bridge.generate", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def twinned_classes() -> Iterator[tuple[type[Any], type[Any]]]:
    """Each ``AwaitableX`` with the ``X`` generated from it."""
    for source in sources():
        if not source.module.endswith("_blocking"):
            continue
        blocking = importlib.import_module(source.module)
        awaitable = importlib.import_module(source.module.removesuffix("_blocking"))
        for name, cls in vars(blocking).items():
            origin = getattr(awaitable, f"Awaitable{name}", None)
            if inspect.isclass(cls) and cls.__module__ == source.module and origin is not None:
                yield origin, cls


def awaitable_methods(cls: type[Any]) -> list[str]:
    """Public coroutine and asynchronous generator methods, inherited ones too."""
    return [
        name
        for name, value in inspect.getmembers(cls)
        if not name.startswith("_")
        and name not in getattr(cls, "NOT_TWINNED", ())
        and (inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value))
    ]


def test_there_are_twins() -> None:
    assert {"QuerySet", "Model"} <= {twin.__name__ for _, twin in twinned_classes()}


def test_every_awaitable_method_has_a_blocking_twin_with_the_same_parameters() -> None:
    for origin, twin in twinned_classes():
        for name in awaitable_methods(origin):
            blocking = getattr(twin, name[1:], None)
            assert blocking is not None, f"{twin.__name__} has no {name[1:]}"
            assert not inspect.iscoroutinefunction(blocking)
            ours = [(p.name, p.kind, p.default) for p in inspect.signature(getattr(origin, name)).parameters.values()]
            theirs = [(p.name, p.kind, p.default) for p in inspect.signature(blocking).parameters.values()]
            assert ours == theirs, f"{twin.__name__}.{name[1:]}"


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[None]:
    """The book trade in a database of its own, over the blocking SQLite driver."""
    orm.configure(databases={"default": f"sqlite:///{tmp_path / 'driven.sqlite3'}"})
    orm.create_tables(
        *[
            value
            for value in (*vars(m).values(), *vars(g).values(), ContentType, Permission, Group, User, Site, LogEntry)
            if isinstance(value, type)
            and issubclass(value, orm.models.Model)
            and value.__module__
            in (m.__name__, g.__name__, *(cls.__module__ for cls in (ContentType, User, Site, LogEntry)))
        ]
    )
    L.save()
    yield
    orm.databases["default"].close()


def driven(made: Any) -> Any:
    """Drive a coroutine or an asynchronous generator to its end; BridgeError when it suspends."""
    if inspect.isasyncgen(made) or hasattr(made, "__anext__"):

        async def collect() -> list[Any]:
            return [item async for item in made]

        return drive(collect())
    return drive(made)


def new(**values: Any) -> Any:
    return m.Counter(key=str(datetime.datetime.now()), **values)


def stored() -> Any:
    counter = new()
    counter.save()
    return counter


def collected() -> Any:
    collector = Collector("default")
    collector.collect([stored()])
    return collector


def author() -> Any:
    return m.Author.objects.get(name="Ada")


def book() -> Any:
    return m.Book.objects.get(pk=L.NOTES.pk)


def kinds() -> Any:
    ContentType.objects.clear_cache()
    ContentType.objects.get_or_create(app_label="query", model="book")
    return ContentType.objects


def stone() -> Any:
    kinds()
    return g.Stone.objects.create(name="flint")


def somebody() -> Any:
    orm.configure(site_id=1)
    ContentType.objects.clear_cache()
    Site.objects.clear_cache()
    Site.objects.get_or_create(pk=1, domain="example.org", name="x")
    kind = ContentType.objects.get_for_model(User)
    user = User.objects.create_user("ada", password="lovelace")
    group = Group.objects.create(name="g")
    group.permissions.add(Permission.objects.create(name="Can count", codename="count", content_type=kind))
    user.groups.add(group)
    return user


def noted() -> Any:
    """A user's changes, to be noted."""
    user = somebody()
    return LogEntry.objects, user.pk, ContentType.objects.get_for_model(User)


def note_one() -> Any:
    entries, user, kind = noted()
    return entries.alog_action(user, kind.pk, user, "ada", 2, ["Changed name."])


def note_several() -> Any:
    entries, user, _ = noted()
    return entries.alog_actions(user, User.objects.all(), 2, "Changed.")


def listened() -> Any:
    signal = Signal()
    signal.connect(dict, weak=False)  # takes any named arguments
    return signal


# How to call each awaitable public method; one that is not named here fails the test below, so nothing is left out.
def filled_batch() -> Any:
    """A batch of objects with an object in it."""
    batch = Batch("default")
    batch.add(DeserializedObject(m.Author(name="x"), {}))
    return batch


def scan() -> Any:
    """The file of an instance that will not be saved, in memory."""

    class Scanned(orm.models.Model):
        scan = orm.models.FileField(storage=InMemoryStorage())

        class Meta:
            app_label = "scanned"
            apps = Apps()

    return Scanned(scan=ContentFile(b"x", name="x.txt")).scan


async def merged() -> None:
    """A merge as far as it goes on SQLite, which has none."""
    with contextlib.suppress(NotSupportedError):
        gone = [orm.models.Matched().delete()]
        await m.Counter.objects.amerge(m.Tag.objects.all(), on={"key": "name"}, when=gone)


async def flushed_batch() -> None:
    async with orm.batch() as batch:
        await m.Tag(name="gathered").asave()
        await batch.aflush()


PARTS_OF_QUERYSET = {"Copying", "Reading", "Writing"}


def cached() -> DatabaseCache:
    """A cache with its table, and numbers under two versions of a key."""
    cache = DatabaseCache("cached_rows", {})
    orm.create_tables(cache.cache_model_class)
    cache.set("n", 1)
    cache.set("n", 1, version=2)
    return cache


OF_CACHES: dict[str, tuple[Any, ...]] = {
    "aadd": ("k", 1), "aget": ("k",), "aset": ("k", 1), "atouch": ("k",), "adelete": ("k",), "aclear": (),
    "aget_or_set": ("k", 1), "ahas_key": ("k",), "aincr": ("n",), "adecr": ("n",), "aget_many": (["k"],),
    "aset_many": ({"k": 1},), "adelete_many": (["k"],), "aincr_version": ("n",), "adecr_version": ("n", 1, 2),
    "aclose": (),
}  # fmt: skip

CALLS: dict[str, Any] = {
    **{
        f"DatabaseCache.{name}": lambda name=name, given=given: getattr(cached(), name)(*given)
        for name, given in OF_CACHES.items()
    },
    "Collector.acollect": lambda: Collector("default").acollect([stored()]),
    "Collector.adelete": lambda: collected().adelete(),
    "LegacyCursor.aexecute": lambda: connection.cursor().aexecute("SELECT %s", [1]),
    "LegacyCursor.aexecutemany": lambda: connection.cursor().aexecutemany("SELECT %s", []),
    "LegacyCursor.acallproc": lambda: connection.cursor().acallproc("json_each", ["[1]"]),
    "LegacyCursor.afetchone": lambda: connection.cursor().execute("SELECT 1").afetchone(),
    "LegacyCursor.afetchmany": lambda: connection.cursor().execute("SELECT 1").afetchmany(),
    "LegacyCursor.afetchall": lambda: connection.cursor().execute("SELECT 1").afetchall(),
    "FieldFile.acommit": lambda: scan().acommit(),
    "FieldFile.adelete": lambda: scan().adelete(save=False),
    "FieldFile.asave": lambda: scan().asave("y.txt", ContentFile(b"y"), save=False),
    "QuerySet.aaggregate": lambda: m.Book.objects.aaggregate(n=orm.models.Count("pk")),
    "QuerySet.abulk_create": lambda: m.Counter.objects.abulk_create([new(value=1)]),
    "QuerySet.abulk_update": lambda: m.Counter.objects.abulk_update([stored()], ["value"]),
    "QuerySet.acontains": lambda: m.Book.objects.acontains(m.Book(pk=L.NOTES.pk)),
    "QuerySet.acount": lambda: m.Book.objects.acount(),
    "QuerySet.acreate": lambda: m.Author.objects.acreate(name="x"),
    "QuerySet.adelete": lambda: m.Author.objects.filter(name="Ada").adelete(),
    "QuerySet.aearliest": lambda: m.Book.objects.aearliest("pk"),
    "WriteBatch.aflush": flushed_batch,
    "QuerySet.apage": lambda: m.Book.objects.apage(size=2),
    "Copying.apage": lambda: m.Book.objects.apage(size=3),
    "QuerySet.acopy_in": lambda: m.Counter.objects.acopy_in([("copied",)], fields=["key"]),
    "Copying.acopy_in": lambda: m.Counter.objects.acopy_in([m.Counter(key="copied, too")]),
    "QuerySet.acopy_out_csv": lambda: m.Book.objects.acopy_out_csv(),
    "Copying.acopy_out_csv": lambda: m.Book.objects.filter(pages__gt=1).acopy_out_csv(io.StringIO()),
    "QuerySet.aarrow": lambda: m.Book.objects.aarrow(),
    "QuerySet.apolars": lambda: m.Book.objects.apolars(),
    "Copying.aarrow": lambda: m.Book.objects.values("title").aarrow(),
    "Copying.apolars": lambda: m.Book.objects.values("title").apolars(),
    "Reading.aarrow": lambda: m.Author.objects.aarrow(),
    "Reading.apolars": lambda: m.Author.objects.apolars(),
    "Reading.apage": lambda: m.Book.objects.select_related("author").apage(size=2),
    "QuerySet.aexists": lambda: m.Book.objects.aexists(),
    "QuerySet.aexplain": lambda: m.Book.objects.aexplain(),
    "QuerySet.afetch_all": lambda: m.Book.objects.prefetch_related("tags", "author").afetch_all(),
    "QuerySet.afirst": lambda: m.Book.objects.afirst(),
    "QuerySet.aget": lambda: m.Book.objects.select_related("author").aget(pk=L.NOTES.pk),
    "QuerySet.aget_or_create": lambda: m.Counter.objects.aget_or_create(key="new"),
    "QuerySet.ain_bulk": lambda: m.Book.objects.ain_bulk(),
    "QuerySet.aiterator": lambda: m.Book.objects.prefetch_related("tags").aiterator(chunk_size=2),
    "QuerySet.alast": lambda: m.Book.objects.alast(),
    "QuerySet.ainsert_from": lambda: m.Tag.objects.ainsert_from(m.Author.objects.values("name")),
    "QuerySet.amerge": merged,
    "QuerySet.alatest": lambda: m.Book.objects.alatest("pk"),
    "QuerySet.aupdate": lambda: m.Book.objects.aupdate(pages=1),
    "QuerySet.aupdate_or_create": lambda: m.Counter.objects.aupdate_or_create(key="new", defaults={"value": 2}),
    "Model.adelete": lambda: m.Author.objects.get(name="Ada").adelete(),
    "Model.arefresh_from_db": lambda: m.Author.objects.get(name="Ada").arefresh_from_db(),
    "Model.asave": lambda: m.Author(name="x").asave(),
    "Model.asave_base": lambda: m.Author(name="x").asave_base(raw=True),
    "DeserializedObject.asave": lambda: DeserializedObject(m.Author(name="x"), {}).asave(),
    "DeserializedObject.asave_deferred_fields": lambda: DeserializedObject(m.Author(name="x")).asave_deferred_fields(),
    "Batch.aadd": lambda: Batch("default").aadd(DeserializedObject(m.Author(name="x"), {})),
    "Batch.aflush": lambda: filled_batch().aflush(),
    "Model.afull_clean": lambda: m.Author(name="x").afull_clean(exclude=["age", "born", "rating", "country"]),
    "Model.avalidate_unique": lambda: m.Tag(name="x").avalidate_unique(),
    "Model.avalidate_constraints": lambda: m.Tag(name="x").avalidate_constraints(),
    "RawQuerySet.aiterator": lambda: m.Author.objects.raw("SELECT * FROM query_author").aiterator(),
    "RawQuerySet.afetch_all": lambda: m.Author.objects.raw("SELECT * FROM query_author").afetch_all(),
    "Returning.adelete": lambda: m.Author.objects.filter(name="Ada").returning("pk").adelete(),
    "Returning.ainsert_from": lambda: m.Tag.objects.returning("pk").ainsert_from(m.Author.objects.values("name")),
    "Returning.abulk_create": lambda: m.Counter.objects.returning("pk").abulk_create([new(value=1)]),
    "Returning.abulk_update": lambda: m.Counter.objects.returning("pk").abulk_update([stored()], ["value"]),
    "Returning.aupdate": lambda: m.Book.objects.returning("pk").aupdate(pages=1),
    "RelatedManager.aadd": lambda: author().books.aadd(m.Book.objects.first()),
    "RelatedManager.aclear": lambda: author().edited.aclear(),
    "RelatedManager.acreate": lambda: author().books.acreate(title="x"),
    "RelatedManager.aget_or_create": lambda: author().books.aget_or_create(title="x"),
    "RelatedManager.aremove": lambda: author().edited.aremove(*author().edited.all()),
    "RelatedManager.aset": lambda: author().edited.aset([m.Book.objects.first()]),
    "RelatedManager.aupdate_or_create": lambda: author().books.aupdate_or_create(title="x", defaults={"pages": 2}),
    "Account.acheck_password": lambda: somebody().acheck_password("lovelace"),
    "Accounts.aget_by_natural_key": lambda: User.objects.aget_by_natural_key(somebody().username),
    "Users.aget_by_natural_key": lambda: User.objects.aget_by_natural_key(somebody().username),
    "Users.acreate_user": lambda: User.objects.acreate_user("grace", password="x"),
    "Users.acreate_superuser": lambda: User.objects.acreate_superuser("grace", password="x"),
    "Groups.aget_by_natural_key": lambda: (somebody(), Group.objects.aget_by_natural_key("g"))[1],
    "Permissions.aget_by_natural_key": lambda: (
        somebody(),
        Permission.objects.aget_by_natural_key("count", "auth", "user"),
    )[1],
    "Rights.aget_all_permissions": lambda: somebody().aget_all_permissions(),
    "Rights.aget_group_permissions": lambda: somebody().aget_group_permissions(),
    "Rights.aget_user_permissions": lambda: somebody().aget_user_permissions(),
    "Rights.ahas_module_perms": lambda: somebody().ahas_module_perms("auth"),
    "Rights.ahas_perm": lambda: somebody().ahas_perm("auth.count"),
    "Rights.ahas_perms": lambda: somebody().ahas_perms(["auth.count"]),
    "Rights.aread_permissions": lambda: somebody().aread_permissions("all"),
    "LogEntries.alog_action": note_one,
    "LogEntries.alog_actions": note_several,
    "Sites.aget_by_natural_key": lambda: (somebody(), Site.objects.aget_by_natural_key("example.org"))[1],
    "Sites.aget_current": lambda: (somebody(), Site.objects.aget_current())[1],
    "ContentTypes.aget_by_natural_key": lambda: kinds().aget_by_natural_key("query", "book"),
    "ContentTypes.aget_for_id": lambda: kinds().aget_for_id(kinds().get_for_model(m.Book).pk),
    "ContentTypes.aget_for_model": lambda: kinds().aget_for_model(m.Book),
    "ContentTypes.aget_for_models": lambda: kinds().aget_for_models(m.Book, m.Author),
    "ObjectsOfType.aget_object_for_this_type": lambda: (
        kinds().get_for_model(m.Author).aget_object_for_this_type(name="Ada")
    ),
    "GenericRelatedManager.aadd": lambda: stone().tags.aadd(g.Tagged(word="x"), bulk=False),
    "GenericRelatedManager.aclear": lambda: stone().tags.aclear(),
    "GenericRelatedManager.acreate": lambda: stone().tags.acreate(word="x"),
    "GenericRelatedManager.aget_or_create": lambda: stone().tags.aget_or_create(word="x"),
    "GenericRelatedManager.aremove": lambda: stone().tags.aremove(*stone().tags.all()),
    "GenericRelatedManager.aset": lambda: stone().tags.aset([]),
    "GenericRelatedManager.aupdate_or_create": lambda: stone().tags.aupdate_or_create(word="x", defaults={}),
    "ManyRelatedManager.aadd": lambda: book().tags.aadd(m.Tag.objects.get(name="unused")),
    "ManyRelatedManager.aclear": lambda: book().tags.aclear(),
    "ManyRelatedManager.acreate": lambda: book().tags.acreate(name="new"),
    "ManyRelatedManager.aget_or_create": lambda: book().tags.aget_or_create(name="new"),
    "ManyRelatedManager.aremove": lambda: book().tags.aremove(*book().tags.all()),
    "ManyRelatedManager.aset": lambda: book().tags.aset([m.Tag.objects.get(name="unused")]),
    "ManyRelatedManager.aupdate_or_create": lambda: book().tags.aupdate_or_create(name="new", defaults={}),
    "Signal.asend": lambda: listened().asend(sender=None),
    "Signal.asend_robust": lambda: listened().asend_robust(sender=None),
    "CommitHooks.arun": lambda: CommitHooks([]).arun(),
    "Database.aclose": lambda: orm.databases["default"].aclose(),
}


async def opened_connection(name: str) -> Any:
    """Each method of a connection that has just been opened, on one out of the pool."""
    database: Any = orm.databases["default"]
    pool, entry = await database.acquire("a connection that has just been opened")
    try:
        await getattr(OpenedConnection(Opened(database, pool, entry.connection)), name)("SELECT 1")
    finally:
        pool.release(entry)


def connection_block(name: str) -> Any:
    """Each method of a ``connection()`` block, inside one."""
    arguments: dict[str, tuple[Any, ...]] = {
        "afetch": ("SELECT 1",),
        "aexecute": ("UPDATE query_book SET pages = 1",),
        "aexecute_many": ("UPDATE query_book SET pages = ?", [(1,), (2,)]),
        "aexecute_script": ("UPDATE query_book SET pages = 1; SELECT 1",),
        "astream": ("SELECT * FROM query_book",),
    }

    async def use() -> Any:
        async with orm.databases["default"].connection() as block:
            made = getattr(block, name)(*arguments[name])
            return await made if inspect.iscoroutine(made) else [row async for row in made]

    return use()


MIGRATING = {"Migration", "MigrationExecutor", "MigrationLoader", "MigrationRecorder", "Operation"}


def migrating(cls: str, name: str) -> Any:
    """Each method of what runs migrations, over one migration that makes a table."""
    model = CreateModel("Thing", [("id", orm.models.BigAutoField(primary_key=True))])
    migration = type("Migration", (Migration,), {"operations": [model], "initial": True})("0001_initial", "twins")
    database = orm.databases["default"]
    recorder, loader = MigrationRecorder(database), MigrationLoader(database, load=False)
    loader.disk_migrations["twins", "0001_initial"] = migration
    loader.graph.add_node(("twins", "0001_initial"), migration)
    executor = MigrationExecutor(database, loader=loader)
    arguments: dict[str, tuple[Any, ...]] = {
        "arecord_applied": ("twins", "0001_initial"),
        "arecord_unapplied": ("twins", "0001_initial"),
        "acheck_consistent_history": (database,),
        "acollect_sql": ([(migration, False)],),
        "amigrate": ([],),
        "arecord_migration": (migration,),
        "adetect_soft_applied": (ProjectState(), migration),
    }

    async def use() -> None:
        await recorder.aensure_schema()
        await executor.aapply_migration(ProjectState(), migration)
        await executor.aunapply_migration(ProjectState(), migration)
        async with orm.schema_editor() as editor:
            state = await migration.aapply(ProjectState(), editor)
            await model.adatabase_backwards("twins", editor, state, ProjectState())
            await model.adatabase_forwards("twins", editor, ProjectState(), state)
            await migration.aunapply(ProjectState(), editor)
        things = {"MigrationRecorder": recorder, "MigrationLoader": loader, "MigrationExecutor": executor}
        if cls in things and name not in ("aapply_migration", "aunapply_migration"):
            await getattr(things[cls], name)(*arguments.get(name, ()))
        await recorder.aflush()

    return use()


def schema_change(name: str) -> Any:
    """Each change the schema editor makes, inside one, on a table of its own."""
    registry = Apps()
    options = type("Meta", (), {"app_label": "twins", "apps": registry})
    size = orm.models.IntegerField()
    thing: Any = type(orm.models.Model)(
        "Thing", (orm.models.Model,), {"__module__": __name__, "Meta": options, "size": size}
    )
    added = orm.models.IntegerField(default=1)
    added.set_attributes_from_name("added")
    changed = orm.models.TextField()
    changed.set_attributes_from_name("size")
    check = orm.models.CheckConstraint(condition=orm.models.Q(size__gt=0), name="twins_check")
    index = orm.models.Index(fields=["size"], name="twins_index")
    arguments: dict[str, tuple[Any, ...]] = {
        "aexecute": ("SELECT 1",),
        "aadd_field": (thing, added),
        "aremove_field": (thing, size),
        "aalter_field": (thing, size, changed),
        "aadd_constraint": (thing, check),
        "aremove_constraint": (thing, check),
        "aadd_index": (thing, index),
        "aremove_index": (thing, index),
        "arename_index": (thing, index, orm.models.Index(fields=["size"], name="twins_other")),
        "aalter_unique_together": (thing, [], [("size",)]),
        "aalter_index_together": (thing, [], [("size",)]),
        "aalter_db_table": (thing, "twins_thing", "twins_other"),
        "aalter_db_table_comment": (thing, "", "a comment"),
    }

    async def use() -> None:
        async with orm.schema_editor() as editor:
            await editor.acreate_model(thing)
            if name in arguments:
                await getattr(editor, name)(*arguments[name])
            else:
                assert name in ("acreate_model", "adelete_model")
            if name == "aalter_db_table":
                thing._meta.db_table = "twins_other"
            await editor.adelete_model(thing)

    return use()


def everything() -> list[tuple[str, str]]:
    return sorted((twin.__name__, name) for origin, twin in twinned_classes() for name in awaitable_methods(origin))


TABLES = {"aarrow": "pyarrow", "apolars": "polars"}
"""What needs a package of its own."""


@pytest.mark.parametrize(("cls", "name"), everything(), ids=lambda part: str(part))
def test_never_suspends_over_a_blocking_driver(rows: None, cls: str, name: str) -> None:
    if cls == "ConnectionBlock":
        driven(connection_block(name))
        return
    if cls == "OpenedConnection":
        driven(opened_connection(name))
        return
    if cls in MIGRATING:
        driven(migrating(cls, name))
        return
    if cls == "SchemaEditor":
        driven(schema_change(name))
        return
    if name in TABLES:
        pytest.importorskip(TABLES[name])
    whole = "QuerySet" if cls in PARTS_OF_QUERYSET and f"{cls}.{name}" not in CALLS else cls
    assert f"{whole}.{name}" in CALLS, f"say in CALLS how to call {cls}.{name}"
    driven(CALLS[f"{whole}.{name}"]())


def test_relations_and_transactions_never_suspend(rows: None) -> None:
    async def use() -> None:
        async with orm.atomic():
            book = await m.Book.objects.aget(pk=L.NOTES.pk)
            author = await book.author
            async with orm.atomic():
                await author.books.acreate(title="x")
                await book.tags.aadd(await m.Tag.objects.aget(name="unused"))
                await book.tags.aset([await m.Tag.objects.aget(name="novel")])
                await book.tags.aremove(await m.Tag.objects.aget(name="novel"))
                await book.tags.aclear()
        assert [b.title async for b in author.books.all()]

    drive(use())
