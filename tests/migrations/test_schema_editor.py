"""The schema editor: each change, seen in the database and in the rows that were there."""

from __future__ import annotations

from typing import Any

import pytest

import orm
from orm import models
from orm.errors import DataError, IntegrityError
from orm.models.apps import Apps
from orm.sql import ddl
from orm.sql.json import KT
from tests.conftest import Run
from tests.migrations.things import field, model


async def afetch(sql: str) -> list[tuple[Any, ...]]:
    async with orm.databases["default"].connection() as connection:
        return [tuple(row) for row in await connection.afetch(sql)]


async def test_a_table_comes_with_its_keys_and_indexes_and_goes(database: Run) -> None:
    apps = Apps()
    author = model("Author", apps, name=models.CharField(max_length=20, unique=True))
    book = model(
        "Book", apps, author=models.ForeignKey(author, models.CASCADE), tags=models.ManyToManyField("mt.Book"),
        meta={"indexes": [models.Index(fields=["author"], name="mt_by_author")]},
    )  # fmt: skip
    async with orm.schema_editor() as editor:
        await editor.acreate_model(book)
        await editor.acreate_model(author)
    writer = await author.objects.acreate(name="Ada")
    first = await book.objects.acreate(author=writer)
    await first.tags.aadd(first)
    with pytest.raises(IntegrityError):
        await book.objects.acreate(author_id=77)
    async with orm.schema_editor() as editor:
        await editor.adelete_model(author)
        await editor.adelete_model(book)


async def test_a_column_added_to_rows_gets_its_default_and_keeps_none(database: Run) -> None:
    thing = model("Thing", name=models.TextField())
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
    await thing.objects.acreate(name="one")
    async with orm.schema_editor() as editor:
        await editor.aadd_field(thing, field(models.IntegerField(default=7), "size", thing))
        await editor.aadd_field(thing, field(models.TextField(null=True), "note", thing))
        await editor.aadd_field(thing, field(models.TextField(db_default="x"), "mark", thing))  # of which it knows none
    assert await afetch("SELECT name, size, note, mark FROM mt_thing") == [("one", 7, None, "x")]
    with pytest.raises(IntegrityError):
        await afetch("INSERT INTO mt_thing (name, note) VALUES ('two', 'n') RETURNING name")


async def test_a_type_changes_and_rows_stay(database: Run) -> None:
    thing = model("Thing", size=models.TextField(), kept=models.IntegerField(null=True))
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
    await thing.objects.acreate(size="41")
    new = field(models.IntegerField(db_index=True), "amount", thing)
    async with orm.schema_editor() as editor:
        await editor.aalter_field(thing, thing._meta.get_field("size"), new)
        thing = model("Thing", amount=models.IntegerField(db_index=True), kept=models.IntegerField(null=True))
        await editor.aalter_field(
            thing, thing._meta.get_field("kept"), field(models.IntegerField(default=3), "kept", thing)
        )
    assert await afetch("SELECT amount + 1, kept FROM mt_thing") == [(42, 3)]
    with pytest.raises(IntegrityError):
        await afetch("INSERT INTO mt_thing (amount, kept) VALUES (1, NULL) RETURNING id")


async def test_constraints_come_and_go(database: Run) -> None:
    thing = model("Thing", size=models.IntegerField(), name=models.TextField())
    check = models.CheckConstraint(condition=models.Q(size__lt=10), name="mt_small")
    unique = models.UniqueConstraint(fields=["name"], name="mt_named")
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
        await editor.aadd_constraint(thing, check)
    thing._meta.constraints = [check]
    async with orm.schema_editor() as editor:
        await editor.aadd_constraint(thing, unique)
    thing._meta.constraints = [check, unique]
    await thing.objects.acreate(size=1, name="a")
    for size, name in ((10, "b"), (2, "a")):
        with pytest.raises(IntegrityError):
            await thing.objects.acreate(size=size, name=name)
    async with orm.schema_editor() as editor:
        await editor.aremove_constraint(thing, check)
    thing._meta.constraints = [unique]
    await thing.objects.acreate(size=10, name="b")
    with pytest.raises(IntegrityError):
        await thing.objects.acreate(size=10, name="b")


async def test_unique_together_changes(database: Run) -> None:
    thing = model("Thing", a=models.IntegerField(), b=models.IntegerField())
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
        await editor.aalter_unique_together(thing, [], [("a", "b")])
    thing._meta.unique_together = (("a", "b"),)
    await thing.objects.acreate(a=1, b=1)
    with pytest.raises(IntegrityError):
        await thing.objects.acreate(a=1, b=1)
    async with orm.schema_editor() as editor:
        await editor.aalter_unique_together(thing, [("a", "b")], [])
    await thing.objects.acreate(a=1, b=1)


@pytest.mark.only(backend="postgresql")
async def test_unique_together_that_is_not_there_is_refused(database: Run) -> None:
    thing = model("Thing", a=models.IntegerField())
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
    with pytest.raises(ValueError, match=r"wrong number \(0\)"):
        async with orm.schema_editor() as editor:
            await editor.aalter_unique_together(thing, [("a",)], [("id",)])


async def test_a_rebuild_makes_the_index_of_a_group_once(database: Run) -> None:
    thing = model("Thing", first=models.IntegerField(), second=models.IntegerField(), note=models.TextField(null=True))
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
        await editor.aalter_index_together(thing, (), [("first", "second")])
    thing._meta.index_together = (("first", "second"),)
    async with orm.schema_editor() as editor:
        await editor.aalter_field(
            thing, thing._meta.get_field("note"), field(models.TextField(default=""), "note", thing)
        )
    async with orm.schema_editor() as editor:
        await editor.aalter_index_together(thing, [("first", "second")], ())  # SchemaMismatch unless there is just one


@pytest.mark.only(backend="sqlite")
async def test_a_rebuild_keeps_what_only_the_database_knows(database: Run) -> None:
    apps = Apps()
    thing = model("Thing", apps, size=models.IntegerField(), name=models.TextField())
    part = model("Part", apps, thing=models.ForeignKey(thing, models.CASCADE))
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
        await editor.acreate_model(part)
    first = await thing.objects.acreate(size=1, name="a")
    await part.objects.acreate(thing=first)
    async with orm.databases["default"].connection() as connection:
        await connection.aexecute("CREATE INDEX mt_own ON mt_thing (size, name)")
        await connection.aexecute("CREATE VIEW mt_view AS SELECT name, size FROM mt_thing")
        await connection.aexecute(
            "CREATE TRIGGER mt_trigger AFTER INSERT ON mt_thing BEGIN DELETE FROM mt_part WHERE thing_id = 99; END"
        )
    async with orm.schema_editor() as editor:
        new = field(models.BigIntegerField(null=True), "amount", thing)
        await editor.aalter_field(thing, thing._meta.get_field("size"), new)
    names = {name for (name,) in await afetch("SELECT name FROM sqlite_master WHERE sql LIKE '%amount%'")}
    assert {"mt_own", "mt_view", "mt_thing"} <= names
    assert await afetch("SELECT * FROM mt_view") == [("a", 1)]
    assert await afetch("SELECT count(*) FROM sqlite_master WHERE name = 'mt_trigger'") == [(1,)]
    assert await afetch("SELECT \"table\" FROM pragma_foreign_key_list('mt_part')") == [("mt_thing",)]
    with pytest.raises(IntegrityError):
        await part.objects.acreate(thing_id=99)


async def test_a_name_with_quotes_is_a_name(database: Run) -> None:
    table = "mt_a\"b%c'); DROP TABLE mt_x; --"
    thing = model("Thing", size=models.IntegerField(db_column='s"i%ze'), meta={"db_table": table})
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
        await editor.aadd_field(thing, field(models.TextField(default="it's 100%"), "note", thing))
        await editor.aalter_field(
            thing,
            thing._meta.get_field("size"),
            field(models.TextField(db_column='t"w%o', db_index=True), "size", thing),
        )
        await editor.aalter_db_table(thing, table, 'mt_"')
    assert await afetch('SELECT count(*) FROM "mt_"""') == [(0,)]


async def test_statements_can_be_collected(database: Run) -> None:
    thing = model("Thing", name=models.CharField(max_length=9, db_index=True))
    async with orm.schema_editor(collect_sql=True) as editor:
        await editor.acreate_model(thing)
    assert editor.collected_sql[0].startswith("CREATE TABLE")
    assert all(statement.endswith(";") for statement in editor.collected_sql)
    name = ddl.name_of("mt_thing", ["name"], ddl.PLAIN_INDEX, orm.databases["default"].dialect)
    assert f'CREATE INDEX "{name}" ON "mt_thing" ("name");' in editor.collected_sql


async def test_a_failure_leaves_nothing(database: Run) -> None:
    thing = model("Thing", name=models.TextField())
    with pytest.raises(RuntimeError):
        async with orm.schema_editor() as editor:
            await editor.acreate_model(thing)
            raise RuntimeError
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)


@pytest.mark.only(backend="postgresql")
async def test_tables_of_another_schema(database: Run) -> None:
    apps = Apps()
    customer = model(
        "Customer", apps, name=models.CharField(max_length=20, unique=True),
        meta={"db_table": '"mt_sales"."customer"'},
    )  # fmt: skip
    order = model(
        "Order", apps, customer=models.ForeignKey(customer, models.CASCADE), meta={"db_table": 'mt_sales"."order'}
    )
    near = model("Near", apps, size=models.IntegerField())
    async with orm.databases["default"].connection() as connection:
        await connection.aexecute("DROP SCHEMA IF EXISTS mt_sales CASCADE")
        await connection.aexecute("CREATE SCHEMA mt_sales")
    async with orm.schema_editor() as editor:
        for one in (customer, order, near):
            await editor.acreate_model(one)
        await editor.aadd_field(order, field(models.ForeignKey(near, models.CASCADE, null=True), "near", order))
    ada = await customer.objects.acreate(name="Ada")
    await order.objects.acreate(customer=ada)
    assert await order.objects.filter(customer__name="Ada").aupdate(customer=ada) == 1
    assert await afetch("SELECT tablename FROM pg_tables WHERE schemaname = 'mt_sales' ORDER BY 1") == [
        ("customer",),
        ("order",),
    ]
    async with orm.schema_editor() as editor:
        await editor.adelete_model(near)  # that a table out of sight refers to
        await editor.adelete_model(order)
        await editor.adelete_model(customer)
    assert await afetch("SELECT tablename FROM pg_tables WHERE schemaname = 'mt_sales'") == []


async def test_keys_of_json_values_may_be_indexed(database: Run) -> None:
    apps = Apps()
    page = model(
        "Page", apps, data=models.JSONField(),
        meta={"indexes": [models.Index(KT("data__lang"), name="mt_by_lang")]},
    )  # fmt: skip
    async with orm.schema_editor() as editor:
        await editor.acreate_model(page)
    await page.objects.acreate(data={"lang": "it"})
    assert await page.objects.annotate(lang=KT("data__lang")).filter(lang="it").acount() == 1
    async with orm.schema_editor() as editor:
        await editor.adelete_model(page)


async def test_a_column_of_json_takes_nothing_else(database: Run) -> None:
    page = model("Page", data=models.JSONField(null=True))
    async with orm.schema_editor() as editor:
        await editor.acreate_model(page)
    await page.objects.acreate(data={"lang": "it"})
    await page.objects.acreate(data=None)
    with pytest.raises((IntegrityError, DataError)):  # PostgreSQL's type says it, and on SQLite a check
        async with orm.schema_editor() as editor:
            await editor.aexecute("UPDATE mt_page SET data = 'no json'")
    async with orm.schema_editor() as editor:
        await editor.aalter_field(page, page._meta.get_field("data"), field(models.TextField(null=True), "data", page))
    async with orm.schema_editor() as editor:
        await editor.aexecute("UPDATE mt_page SET data = 'no json'")
        await editor.adelete_model(page)


async def test_a_check_and_an_index_may_ask_for_one_of_several(database: Run) -> None:
    among = models.Q(size__in=[1, 2]) | models.Q(name__in=["x", "it's"])
    thing = model(
        "Thing", size=models.IntegerField(null=True), name=models.TextField(),
        meta={
            "constraints": [models.CheckConstraint(condition=among, name="mt_among")],
            "indexes": [models.Index(fields=["name"], name="mt_some", condition=models.Q(size__in=[1, 2]))],
        },
    )  # fmt: skip
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
    await thing.objects.acreate(size=2, name="z")
    await thing.objects.acreate(size=7, name="it's")
    with pytest.raises(IntegrityError):
        await thing.objects.acreate(size=7, name="z")


async def test_a_computed_column_may_come_to_nothing(database: Run) -> None:
    double = models.GeneratedField(expression=models.F("size") * 2, output_field=models.IntegerField(), db_persist=True)
    thing = model("Thing", size=models.IntegerField(null=True), double=double)
    async with orm.schema_editor() as editor:
        await editor.acreate_model(thing)
    assert (await thing.objects.acreate(size=None)).double is None
    assert (await thing.objects.acreate(size=4)).double == 8
