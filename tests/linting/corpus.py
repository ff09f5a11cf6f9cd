"""Migrations that are safe on a database in use, and such that are not, with the code of what is wrong with each."""

from __future__ import annotations

from typing import Any

from orm import migrations as m
from orm import models
from orm.models import F, Q
from orm.models.functions import Lower, Now
from orm.postgresql import ExclusionConstraint, RandomUUID, RangeOperators
from orm.postgresql import operations as pg
from tests.query.models import Author

Case = tuple[str, list[Any], bool]


def noop(apps: Any, editor: Any) -> None:
    """Nothing."""


def uses_today(apps: Any, editor: Any) -> None:
    Author.objects.update(age=1)


def uses_then(apps: Any, editor: Any) -> None:
    apps.get_model("mt", "Item").objects.update(size=1)


def add(name: str, field: Any) -> Any:
    return m.AddField("Item", name, field)


def alter(name: str, field: Any) -> Any:
    return m.AlterField("Item", name, field)


def sql(text: Any, back: Any = "") -> Any:
    return m.RunSQL(text, back)


def new(*operations: Any) -> list[Any]:
    return [
        m.CreateModel("New", [("id", models.BigAutoField(primary_key=True)), ("n", models.IntegerField())]),
        *operations,
    ]


INDEX = models.Index(fields=["size"], name="mt_item_size")
CHECK = models.CheckConstraint(condition=Q(size__lt=5), name="mt_item_less")
NAMED = models.CheckConstraint(condition=Q(name__isnull=False), name="mt_item_named")
UNIQUE = models.UniqueConstraint(fields=["size"], name="mt_item_one")

FRESH: list[Case] = [
    ("a table", new(), True),
    ("an index on a new table", new(m.AddIndex("New", models.Index(fields=["n"], name="i"))), True),
    ("a check on a new table", new(m.AddConstraint("New", models.CheckConstraint(condition=Q(n=1), name="c"))), True),
    ("unique on a new table", new(m.AddConstraint("New", models.UniqueConstraint(fields=["n"], name="u"))), True),
    ("a required column in a new table", new(m.AddField("New", "k", models.IntegerField(default=0))), True),
    ("a key from a new table", new(m.AddField("New", "o", models.ForeignKey("mt.Owner", models.CASCADE))), True),
    ("a type changed in a new table", new(m.AlterField("New", "n", models.TextField())), True),
    ("not null in a new table", new(m.AlterField("New", "n", models.IntegerField(unique=True))), True),
    ("a column renamed in a new table", new(m.RenameField("New", "n", "k")), True),
    ("a column dropped from a new table", new(m.RemoveField("New", "n")), True),
    ("a new table renamed", new(m.RenameModel("New", "Newer")), True),
    ("a new table deleted", new(m.DeleteModel("New")), True),
    ("unique_together in a new table", new(m.AlterUniqueTogether("New", {("id", "n")})), True),
    ("row security on a new table", new(m.EnableRowSecurity("New")), True),
    ("a renamed new table changed", new(m.RenameModel("New", "Newer"), m.RemoveField("Newer", "n")), True),
    ("an index on a table that SQL made", [sql("CREATE TABLE t (id bigint); CREATE INDEX i ON t (id)")], True),
    ("SQL on a new table", new(sql("ALTER TABLE mt_new ADD CONSTRAINT c CHECK (n > 1)")), True),
    ("a text key", [m.CreateModel("New", [("id", models.CharField(max_length=9, primary_key=True))])], True),
    ("an unindexed key with an index of several", [
        m.CreateModel("New", [
            ("id", models.BigAutoField(primary_key=True)),
            ("owner", models.ForeignKey("mt.Owner", models.CASCADE, db_index=False)),
        ], {"indexes": [models.Index(fields=["owner", "id"], name="i")]}),
    ], True),
]  # fmt: skip

SAFE: list[Case] = [
    *FRESH,
    ("a nullable column", [add("k", models.IntegerField(null=True))], True),
    ("a nullable text", [add("k", models.TextField(null=True, blank=True))], True),
    ("a default in the database", [add("k", models.IntegerField(default=1, db_default=1))], True),
    ("a default of the moment", [add("k", models.DateTimeField(db_default=Now()))], True),
    ("a nullable default in the database", [add("k", models.TextField(null=True, db_default="x"))], True),
    ("a virtual relation", [add("k", models.ManyToManyField("mt.Owner", related_name="+"))], True),
    ("a key that the database does not hold", [
        add("k", models.ForeignKey("mt.Owner", models.CASCADE, null=True, db_constraint=False, db_index=False,
                                   related_name="+")),
        ], True),
    ("NULL allowed", [alter("name", models.CharField(max_length=50, null=True))], True),
    ("a longer text", [alter("name", models.CharField(max_length=80))], True),
    ("a text of any length", [alter("name", models.TextField())], True),
    ("unlimited varchar", [alter("name", models.CharField())], True),
    ("more digits", [alter("price", models.DecimalField(max_digits=12, decimal_places=2))], True),
    ("a label", [alter("name", models.CharField(max_length=50, verbose_name="Name"))], True),
    ("choices", [alter("size", models.IntegerField(choices=[(1, "one")]))], True),
    ("a default of Python's", [alter("size", models.IntegerField(default=7))], True),
    ("a default of the database's", [alter("size", models.IntegerField(db_default=7))], True),
    ("unique no more", [alter("code", models.IntegerField())], True),
    ("an index no more", [alter("tag", models.TextField())], True),
    ("not null that a check proves", [alter("note", models.TextField())], True),
    ("on_delete", [alter("owner", models.ForeignKey("mt.Owner", models.PROTECT))], True),
    ("a field renamed over its column", [
        m.AlterField("Item", "named", models.IntegerField(db_column="kept")), m.RenameField("Item", "named", "other"),
    ], True),
    ("an index beside writers", [pg.AddIndexConcurrently("Item", INDEX)], False),
    ("an index dropped beside writers", [pg.RemoveIndexConcurrently("Item", "mt_item_name")], False),
    ("an index renamed", [m.RenameIndex("Item", "mt_item_n", old_name="mt_item_name")], True),
    ("a check for rows to come", [pg.AddConstraintNotValid("Item", CHECK)], True),
    ("a check validated", [pg.ValidateConstraint("Item", "mt_item_noted")], True),
    ("a check validated outside transactions", [
        pg.AddConstraintNotValid("Item", CHECK), pg.ValidateConstraint("Item", "mt_item_less"),
    ], False),
    ("a constraint dropped", [m.RemoveConstraint("Item", "mt_item_noted")], True),
    ("a field out of the state", [
        m.SeparateDatabaseAndState(state_operations=[m.RemoveField("Item", "size")]),
    ], True),
    ("a column dropped after it left the state", [
        m.SeparateDatabaseAndState(state_operations=[m.DeleteModel("Spare")]),
    ], True),
    ("options", [m.AlterModelOptions("Item", {"ordering": ["name"]})], True),
    ("a comment", [m.AlterModelTableComment("Item", "things")], True),
    ("a backfill", [m.Backfill("Item", {"size": F("size") + 1})], False),
    ("rows by a function", [m.RunPython(uses_then, noop)], True),
    ("a view", [m.CreateView("mt_view", "SELECT 1")], True),
    ("a trigger", [m.CreateTrigger("Item", "t", timing="BEFORE", events=["INSERT"], body="RETURN NEW")], True),
    ("an extension", [pg.TrigramExtension()], True),
    ("a collation", [pg.CreateCollation("c", "de")], True),
    ("SQL: an index beside writers", [sql("CREATE INDEX CONCURRENTLY i ON mt_item (size)")], False),
    ("SQL: a check for rows to come", [sql("ALTER TABLE mt_item ADD CONSTRAINT c CHECK (size > 1) NOT VALID")], True),
    ("SQL: validated", [sql("ALTER TABLE mt_item VALIDATE CONSTRAINT c")], True),
    ("SQL: a key for rows to come", [
        sql("ALTER TABLE mt_item ADD CONSTRAINT c FOREIGN KEY (owner_id) REFERENCES mt_owner NOT VALID"),
    ], True),
    ("SQL: unique through an index", [sql("ALTER TABLE mt_item ADD CONSTRAINT c UNIQUE USING INDEX i")], True),
    ("SQL: a view filled anew beside readers", [sql("REFRESH MATERIALIZED VIEW CONCURRENTLY v")], True),
    ("SQL: a longer text", [sql("ALTER TABLE mt_item ALTER COLUMN name TYPE character varying (80)")], True),
    ("SQL: a text of any length", [sql("ALTER TABLE mt_item ALTER name SET DATA TYPE text")], True),
    ("SQL: not null that a check proves", [sql("ALTER TABLE mt_item ALTER COLUMN note SET NOT NULL")], True),
    ("SQL: a block", [sql("DO $$ BEGIN IF true THEN ALTER TABLE mt_item ADD COLUMN k int; END IF; END $$")], True),
    ("SQL: the body of a function", [
        sql("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; DROP TABLE mt_item; $$"),
    ], True),
    ("SQL: a nullable column", [sql("ALTER TABLE mt_item ADD COLUMN k integer")], True),
    ("SQL: a column with a default", [sql("ALTER TABLE mt_item ADD COLUMN k integer DEFAULT 1 NOT NULL")], True),
    ("SQL: some rows", [sql("UPDATE mt_item SET size = 1 WHERE id = 3")], True),
    ("SQL: words in a text", [sql("INSERT INTO mt_log VALUES ('DROP TABLE mt_item')")], True),
    ("SQL: words in a comment", [sql("-- TRUNCATE mt_item\nSELECT 1")], True),
    ("SQL: jsonb and timestamptz", [sql("CREATE TABLE t (a jsonb, b timestamp with time zone, c timestamptz)")], True),
    ("SQL: a partition taken off beside readers", [
        sql("ALTER TABLE mt_item DETACH PARTITION p CONCURRENTLY"),
    ], False),
    ("SQL: a new value of an enum", [sql("ALTER TYPE mood ADD VALUE 'happy'")], False),
    ("SQL: a default of the moment", [sql("ALTER TABLE mt_item ADD COLUMN k timestamptz DEFAULT now()")], True),
    ("SQL: a default in words", [sql("ALTER TABLE mt_item ADD COLUMN k text DEFAULT 'f(x)'")], True),
    ("SQL: a default with a type", [sql("ALTER TABLE mt_item ADD COLUMN k jsonb DEFAULT '{}'::jsonb")], True),
    ("SQL: text of any length", [sql("ALTER TABLE mt_item ADD COLUMN k character varying(9)")], True),
    ("SQL: not null that a check proves", [
        sql("ALTER TABLE mt_item ADD CONSTRAINT c CHECK (size IS NOT NULL) NOT VALID"),
        sql("ALTER TABLE mt_item VALIDATE CONSTRAINT c"),
        sql("ALTER TABLE mt_item ALTER COLUMN size SET NOT NULL"),
    ], False),
    ("SQL: a savepoint", [sql("SAVEPOINT a; ROLLBACK TO SAVEPOINT a")], True),
    ("SQL: rows of a table without a lock", [sql("INSERT INTO mt_item SELECT * FROM mt_old")], True),
    ("SQL: rows of a new table", [
        sql("CREATE TABLE t (id bigint); ALTER TABLE t ADD COLUMN k text; UPDATE t SET k = 'a' WHERE id > 1"),
    ], True),
    ("SQL: a block of PL/pgSQL", [sql("DO $$ BEGIN PERFORM 1; END $$; SELECT 1")], True),
    ("SQL: a key of 64 bits", [sql("CREATE TABLE t (id bigint PRIMARY KEY, n integer)")], True),
    ("SQL: a domain without a check", [sql("CREATE DOMAIN d AS text")], True),
    ("SQL: a transaction of one's own", [sql("BEGIN; SELECT 1; COMMIT")], False),
    ("an index of three columns", new(m.AddIndex("New", models.Index(fields=["n", "id", "-n"], name="i"))), True),
    ("SQL: reindexed beside writers", [sql("REINDEX INDEX CONCURRENTLY mt_item_name")], False),
    ("a column that may be NULL, without the word", [sql("ALTER TABLE mt_item ADD more int")], True),
    ("a constraint beside a column, for rows to come", [sql(
        "ALTER TABLE mt_item ADD CONSTRAINT r FOREIGN KEY (size) REFERENCES mt_owner (id) NOT VALID")], True),
    ("three columns in an index by hand", [sql("CREATE INDEX CONCURRENTLY x ON mt_item (name, size, note)")], False),
    ("one expression of four columns", [sql(
        "CREATE INDEX CONCURRENTLY x ON mt_item (concat(name, note, tag, free))")], False),
]  # fmt: skip

UNSAFE: list[tuple[str, list[Any], bool, str]] = [
    ("an index", [m.AddIndex("Item", INDEX)], True, "index-blocks-writes"),
    ("an index of an expression", [m.AddIndex("Item", models.Index(Lower("name"), name="i"))], True,
     "index-blocks-writes"),
    ("an index outside transactions", [m.AddIndex("Item", INDEX)], False, "index-blocks-writes"),
    ("an index dropped", [m.RemoveIndex("Item", "mt_item_name")], True, "index-drop-blocks"),
    ("beside writers in a transaction", [pg.AddIndexConcurrently("Item", INDEX)], True, "needs-no-transaction"),
    ("dropped beside them in one", [pg.RemoveIndexConcurrently("Item", "mt_item_name")], True, "needs-no-transaction"),
    ("a check", [m.AddConstraint("Item", CHECK)], True, "check-scans"),
    ("a check on null", [m.AddConstraint("Item", NAMED)], True, "check-scans"),
    ("unique", [m.AddConstraint("Item", UNIQUE)], True, "unique-blocks"),
    ("an exclusion", [m.AddConstraint("Item", ExclusionConstraint(
        name="x", expressions=[("size", RangeOperators.EQUAL)]))], True, "exclusion-blocks"),
    ("validated in the same transaction", [
        pg.AddConstraintNotValid("Item", CHECK), pg.ValidateConstraint("Item", "mt_item_less"),
    ], True, "lock-kept"),
    ("rows changed under a lock", [add("k", models.IntegerField(null=True)), m.RunPython(uses_then, noop)], True,
     "lock-kept"),
    ("a backfill in a transaction", [m.Backfill("Item", {"size": 1})], True, "needs-no-transaction"),
    ("a required column", [add("k", models.IntegerField(default=0))], True, "required-column"),
    ("a required text", [add("k", models.TextField(default=""))], True, "required-column"),
    ("a required column once", [m.AddField("Item", "k", models.IntegerField(default=0), preserve_default=False)], True,
     "required-column"),
    ("a default of each row", [add("k", models.UUIDField(db_default=RandomUUID()))], True, "table-rewrite"),
    ("a stored column", [add("k", models.GeneratedField(
        expression=F("size") + 1, output_field=models.IntegerField(), db_persist=True))], True, "table-rewrite"),
    ("an indexed column", [add("k", models.IntegerField(null=True, db_index=True))], True, "index-blocks-writes"),
    ("a unique column", [add("k", models.IntegerField(null=True, unique=True))], True, "unique-blocks"),
    ("a slug", [add("k", models.SlugField(null=True))], True, "index-blocks-writes"),
    ("a key", [add("k", models.ForeignKey("mt.Owner", models.CASCADE, null=True, related_name="+"))], True,
     "foreign-key-scans"),
    ("a key's index", [add("k", models.ForeignKey("mt.Owner", models.CASCADE, null=True, db_constraint=False,
                                                  related_name="+"))], True, "index-blocks-writes"),
    ("a key without an index", [add("k", models.ForeignKey(
        "mt.Owner", models.CASCADE, null=True, db_index=False, related_name="+"))], True, "unindexed-foreign-key"),
    ("a column that checks", [add("k", models.PositiveIntegerField(null=True))], True, "check-scans"),
    ("a column dropped", [m.RemoveField("Item", "size")], True, "column-in-use"),
    ("a join table dropped", [m.RemoveField("Item", "tags")], True, "table-in-use"),
    ("a column renamed", [m.RenameField("Item", "size", "length")], True, "renamed-in-use"),
    ("another column name", [alter("size", models.IntegerField(db_column="length"))], True, "renamed-in-use"),
    ("a table renamed", [m.RenameModel("Item", "Thing")], True, "renamed-in-use"),
    ("a table's name", [m.AlterModelTable("Item", "things")], True, "renamed-in-use"),
    ("a table dropped", [m.DeleteModel("Spare")], True, "table-in-use"),
    ("a wider number", [alter("size", models.BigIntegerField())], True, "table-rewrite"),
    ("a number of a text", [alter("name", models.IntegerField())], True, "table-rewrite"),
    ("a shorter text", [alter("name", models.CharField(max_length=20))], True, "table-rewrite"),
    ("a limit where there was none", [alter("note", models.CharField(max_length=20, null=True))], True,
     "table-rewrite"),
    ("other places", [alter("price", models.DecimalField(max_digits=12, decimal_places=3))], True, "table-rewrite"),
    ("another collation", [alter("name", models.CharField(max_length=50, db_collation="C"))], True, "table-rewrite"),
    ("not null", [alter("free", models.TextField(default=""))], True, "not-null-scans"),
    ("made unique", [alter("size", models.IntegerField(unique=True))], True, "unique-blocks"),
    ("made indexed", [alter("size", models.IntegerField(db_index=True))], True, "index-blocks-writes"),
    ("made positive", [alter("size", models.PositiveIntegerField())], True, "check-scans"),
    ("made a key", [alter("size", models.ForeignKey("mt.Owner", models.CASCADE, db_column="size", related_name="+"))],
     True, "foreign-key-scans"),
    ("unique together", [m.AlterUniqueTogether("Item", {("name", "size")})], True, "unique-blocks"),
    ("an order", [m.AlterOrderWithRespectTo("Item", "owner")], True, "required-column"),
    ("row security", [m.EnableRowSecurity("Item")], True, "rows-hidden"),
    ("a partition dropped", [m.RemovePartition("Item", "p", default=True)], True, "rows-lost"),
    ("no way back for a function", [m.RunPython(uses_then)], True, "irreversible"),
    ("no way back for SQL", [m.RunSQL("SELECT 1")], True, "irreversible"),
    ("models of today", [m.RunPython(uses_today, noop)], True, "imports-models"),
    ("a small key", [m.CreateModel("New", [("id", models.AutoField(primary_key=True))])], True, "small-key"),
    ("an unindexed key", [m.CreateModel("New", [
        ("id", models.BigAutoField(primary_key=True)),
        ("owner", models.ForeignKey("mt.Owner", models.CASCADE, db_index=False)),
    ])], True, "unindexed-foreign-key"),
    ("SQL: an index", [sql("CREATE INDEX i ON mt_item (size)")], True, "index-blocks-writes"),
    ("SQL: a unique index", [sql("create unique index if not exists i on mt_item (size)")], True, "unique-blocks"),
    ("SQL: an index dropped", [sql("DROP INDEX i")], True, "index-drop-blocks"),
    ("SQL: beside writers in a transaction", [sql("CREATE INDEX CONCURRENTLY i ON mt_item (size)")], True,
     "needs-no-transaction"),
    ("SQL: reindexed", [sql("REINDEX TABLE mt_item")], True, "locks-table"),
    ("SQL: packed", [sql("VACUUM FULL mt_item")], False, "locks-table"),
    ("SQL: clustered", [sql("CLUSTER mt_item USING i")], True, "locks-table"),
    ("SQL: locked", [sql("LOCK TABLE mt_item")], True, "locks-table"),
    ("SQL: a materialized view read anew", [sql("REFRESH MATERIALIZED VIEW v")], True, "locks-table"),
    ("SQL: a partition taken off", [sql("ALTER TABLE mt_item DETACH PARTITION p")], True, "locks-table"),
    ("SQL: moved", [sql("ALTER TABLE mt_item SET TABLESPACE fast")], True, "table-rewrite"),
    ("SQL: a type", [sql("ALTER TABLE mt_item ALTER COLUMN size TYPE bigint")], True, "table-rewrite"),
    ("SQL: a type in other words", [sql("ALTER TABLE mt_item ALTER size SET DATA TYPE bigint")], True, "table-rewrite"),
    ("SQL: a serial", [sql("ALTER TABLE mt_item ADD COLUMN k bigserial")], True, "table-rewrite"),
    ("SQL: a default of each row", [sql("ALTER TABLE mt_item ADD COLUMN k uuid DEFAULT gen_random_uuid()")], True,
     "table-rewrite"),
    ("SQL: not null", [sql("ALTER TABLE mt_item ALTER COLUMN size SET NOT NULL")], True, "not-null-scans"),
    ("SQL: an exclusion", [sql("ALTER TABLE mt_item ADD CONSTRAINT c EXCLUDE USING gist (size WITH =)")], True,
     "exclusion-blocks"),
    ("SQL: unique", [sql("ALTER TABLE mt_item ADD CONSTRAINT c UNIQUE (size)")], True, "unique-blocks"),
    ("SQL: a primary key", [sql("ALTER TABLE mt_item ADD PRIMARY KEY (size)")], True, "unique-blocks"),
    ("SQL: a key", [sql("ALTER TABLE mt_item ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES b")], True,
     "foreign-key-scans"),
    ("SQL: a check", [sql("ALTER TABLE mt_item ADD CONSTRAINT c CHECK (size > 1)")], True, "check-scans"),
    ("SQL: a required column", [sql("ALTER TABLE mt_item ADD COLUMN k integer NOT NULL")], True, "required-column"),
    ("SQL: a column dropped", [sql("ALTER TABLE IF EXISTS mt_item DROP COLUMN size")], True, "column-in-use"),
    ("SQL: renamed", [sql('ALTER TABLE "mt_item" RENAME COLUMN size TO k')], True, "renamed-in-use"),
    ("SQL: a table dropped", [sql("DROP TABLE mt_item")], True, "table-in-use"),
    ("SQL: emptied", [sql("TRUNCATE TABLE mt_item CASCADE")], True, "rows-lost"),
    ("SQL: a schema dropped", [sql("DROP SCHEMA old CASCADE")], True, "rows-lost"),
    ("SQL: all rows", [sql("UPDATE mt_item SET size = 1")], True, "all-rows-at-once"),
    ("SQL: all rows deleted", [sql("DELETE FROM mt_item")], True, "all-rows-at-once"),
    ("SQL: the second of two", [sql("SELECT 1; DROP TABLE mt_item")], True, "table-in-use"),
    ("SQL: with parameters", [sql([("UPDATE mt_item SET size = %s", [1])])], True, "all-rows-at-once"),
    ("SQL: an enum's value renamed", [sql("ALTER TYPE mood RENAME VALUE 'a' TO 'b'")], True, "enum-value"),
    ("SQL: a value in a transaction", [sql("ALTER TYPE mood ADD VALUE 'a'")], True, "needs-no-transaction"),
    ("SQL: a default of a function of one's own", [sql("ALTER TABLE mt_item ADD COLUMN k text DEFAULT mine()")], True,
     "table-rewrite"),
    ("SQL: another expression", [sql("ALTER TABLE mt_item ALTER COLUMN k SET EXPRESSION AS (size + 1)")], True,
     "table-rewrite"),
    ("SQL: a unique column", [sql("ALTER TABLE mt_item ADD COLUMN k integer UNIQUE")], True, "unique-blocks"),
    ("SQL: a column that is a primary key", [sql("ALTER TABLE mt_item ADD COLUMN k uuid PRIMARY KEY")], True,
     "unique-blocks"),
    ("SQL: a domain's check", [sql("ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 1)")], True, "check-scans"),
    ("SQL: a domain that checks", [sql("CREATE DOMAIN d AS integer CHECK (VALUE > 1)")], True, "domain-check"),
    ("SQL: moved to another schema", [sql("ALTER TABLE mt_item SET SCHEMA old")], True, "renamed-in-use"),
    ("SQL: a schema renamed", [sql("ALTER SCHEMA shop RENAME TO store")], True, "renamed-in-use"),
    ("SQL: a transaction's end", [sql("SELECT 1; COMMIT")], True, "ends-transaction"),
    ("SQL: a transaction in one", [sql("BEGIN; SELECT 1")], True, "ends-transaction"),
    ("SQL: rows changed under a lock", [
        sql("ALTER TABLE mt_item ADD COLUMN k integer; UPDATE mt_item SET k = 1 WHERE size > 1"),
    ], True, "lock-kept"),
    ("SQL: validated under a lock", [
        sql("ALTER TABLE mt_item ADD CONSTRAINT c CHECK (size > 1) NOT VALID; "
            "ALTER TABLE mt_item VALIDATE CONSTRAINT c"),
    ], True, "lock-kept"),
    ("SQL: not null that another check proves", [
        sql("ALTER TABLE mt_item ADD CONSTRAINT c CHECK (code IS NOT NULL) NOT VALID"),
        sql("ALTER TABLE mt_item VALIDATE CONSTRAINT c"),
        sql("ALTER TABLE mt_item ALTER COLUMN size SET NOT NULL"),
    ], False, "not-null-scans"),
    ("an index of four columns", [m.AddIndex("Item", models.Index(fields=["size", "code", "tag", "id"], name="i"))],
     True, "wide-index"),
    ("SQL: a padded text", [sql("ALTER TABLE mt_item ADD COLUMN k char(9)")], True, "padded-text"),
    ("SQL: a name that is cut", [sql(f"CREATE TABLE {'n' * 64} (id bigint)")], True, "name-too-long"),
    ("SQL: a small key", [sql("CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")], True,
     "small-key"),
    ("SQL: json", [sql("ALTER TABLE mt_item ADD COLUMN k json")], True, "json-text"),
    ("SQL: a time without a zone", [sql("CREATE TABLE t (a timestamp)")], True, "naive-time"),
    ("SQL: a column dropped in a block", [
        sql("DO $do$ BEGIN IF true THEN ALTER TABLE mt_item DROP COLUMN size; END IF; END $do$"),
    ], True, "column-in-use"),
    ("SQL: a text made a number", [sql("ALTER TABLE mt_item ALTER name TYPE integer USING name::integer")], True,
     "table-rewrite"),
    ("SQL: a shorter text", [sql("ALTER TABLE mt_item ALTER name TYPE varchar(20)")], True, "table-rewrite"),
    ("SQL: a small serial", [sql("CREATE TABLE t (id serial PRIMARY KEY)")], True, "small-key"),
    ("a required column, without the word", [sql("ALTER TABLE mt_item ADD more int NOT NULL")], True,
     "required-column"),
    ("a column that refers to rows, without the word", [sql(
        "ALTER TABLE mt_item ADD o int REFERENCES mt_owner (id)")], True, "foreign-key-scans"),
    ("a wide index by hand", [sql(
        "CREATE INDEX CONCURRENTLY x ON mt_item USING btree (name, size, note, tag)")], False, "wide-index"),
]  # fmt: skip

OF_VERSION: list[tuple[str, list[Any], tuple[int, int], str]] = [
    ("an index beside writers", [pg.AddIndexConcurrently("Item", INDEX)], (14, 2), "index-corrupts"),
    ("unique beside writers", [m.BesideWriters(m.AddConstraint("Item", UNIQUE))], (14, 0), "index-corrupts"),
    ("SQL: an index beside writers", [sql("CREATE INDEX CONCURRENTLY i ON mt_item (size)")], (14, 3), "index-corrupts"),
    ("SQL: taken off beside readers", [sql("ALTER TABLE mt_item DETACH PARTITION p CONCURRENTLY")], (13, 9),
     "newer-server"),
    ("SQL: NULL is like NULL", [
        sql("CREATE UNIQUE INDEX CONCURRENTLY i ON mt_item (size) NULLS NOT DISTINCT"),
    ], (14, 9), "newer-server"),
    ("NULL is like NULL", [m.BesideWriters(m.AddConstraint("Item", models.UniqueConstraint(
        fields=["note"], name="c", nulls_distinct=False)))], (14, 9), "newer-server"),
    ("a virtual column", [add("k", models.GeneratedField(
        expression=F("size") + 1, output_field=models.IntegerField(), db_persist=False))], (17, 5), "newer-server"),
]  # fmt: skip
"""What is wrong on a server of one version, and right on version 18."""
