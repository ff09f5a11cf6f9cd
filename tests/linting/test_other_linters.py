"""What other linters of migrations object to, this one objects to: a statement for each of their rules that is about
a database in use. docs/migrations.md has the same list, and why the rest does not apply.
"""

from __future__ import annotations

import pytest

from orm import migrations as m
from tests.linting.test_lint import found

RULES: dict[str, dict[str, tuple[str, str]]] = {
    "squawk": {
        "adding-field-with-default": ("ALTER TABLE mt_item ADD COLUMN made uuid DEFAULT my_own()", "table-rewrite"),
        "adding-foreign-key-constraint": (
            "ALTER TABLE mt_item ADD CONSTRAINT k FOREIGN KEY (size) REFERENCES mt_owner (id)", "foreign-key-scans",
        ),
        "adding-not-nullable-field": ("ALTER TABLE mt_item ALTER COLUMN free SET NOT NULL", "not-null-scans"),
        "adding-required-field": ("ALTER TABLE mt_item ADD COLUMN more int NOT NULL", "required-column"),
        "adding-serial-primary-key-field": ("ALTER TABLE mt_item ADD COLUMN no serial PRIMARY KEY", "table-rewrite"),
        "ban-alter-domain-with-add-constraint": (
            "ALTER DOMAIN word ADD CONSTRAINT some CHECK (value <> '')", "check-scans",
        ),
        "ban-char-field": ("ALTER TABLE mt_item ADD COLUMN code char(3)", "padded-text"),
        "ban-concurrent-index-creation-in-transaction": (
            "CREATE INDEX CONCURRENTLY x ON mt_item (size)", "needs-no-transaction",
        ),
        "ban-create-domain-with-constraint": ("CREATE DOMAIN word AS text CHECK (value <> '')", "domain-check"),
        "ban-drop-column": ("ALTER TABLE mt_item DROP COLUMN size", "column-in-use"),
        "ban-drop-database": ("DROP DATABASE shop", "rows-lost"),
        "ban-drop-schema": ("DROP SCHEMA shop CASCADE", "rows-lost"),
        "ban-drop-table": ("DROP TABLE mt_item", "table-in-use"),
        "ban-truncate-cascade": ("TRUNCATE mt_item CASCADE", "rows-lost"),
        "ban-uncommitted-transaction": ("BEGIN", "ends-transaction"),
        "changing-column-type": ("ALTER TABLE mt_item ALTER COLUMN size TYPE text", "table-rewrite"),
        "constraint-missing-not-valid": ("ALTER TABLE mt_item ADD CONSTRAINT c CHECK (size > 0)", "check-scans"),
        "disallowed-unique-constraint": ("ALTER TABLE mt_item ADD CONSTRAINT u UNIQUE (size)", "unique-blocks"),
        "identifier-too-long": (f"CREATE INDEX {'x' * 64} ON mt_item (size)", "name-too-long"),
        "prefer-big-int": ("CREATE TABLE mt_new (id serial PRIMARY KEY)", "small-key"),
        "prefer-bigint-over-int": ("CREATE TABLE mt_new (id int PRIMARY KEY)", "small-key"),
        "prefer-bigint-over-smallint": ("CREATE TABLE mt_new (id smallint PRIMARY KEY)", "small-key"),
        "prefer-timestamptz": ("ALTER TABLE mt_item ADD COLUMN seen timestamp", "naive-time"),
        "prefer-repack": ("VACUUM FULL mt_item", "locks-table"),
        "renaming-column": ("ALTER TABLE mt_item RENAME COLUMN size TO girth", "renamed-in-use"),
        "renaming-table": ("ALTER TABLE mt_item RENAME TO mt_thing", "renamed-in-use"),
        "ban-set-schema": ("ALTER TABLE mt_item SET SCHEMA other", "renamed-in-use"),
        "require-concurrent-index-creation": ("CREATE INDEX x ON mt_item (size)", "index-blocks-writes"),
        "require-concurrent-index-deletion": ("DROP INDEX mt_item_name", "index-drop-blocks"),
        "require-concurrent-partition-detach": ("ALTER TABLE mt_item DETACH PARTITION mt_old", "locks-table"),
        "require-concurrent-reindex": ("REINDEX TABLE mt_item", "locks-table"),
        "transaction-nesting": ("COMMIT", "ends-transaction"),
        "ban-alter-generated-expression": ("ALTER TABLE mt_item ALTER COLUMN x SET EXPRESSION AS (1)", "table-rewrite"),
    },
    "strong_migrations": {
        "removing a column": ("ALTER TABLE mt_item DROP COLUMN size", "column-in-use"),
        "changing the type of a column": ("ALTER TABLE mt_item ALTER size SET DATA TYPE bigint", "table-rewrite"),
        "renaming a column": ("ALTER TABLE mt_item RENAME size TO girth", "renamed-in-use"),
        "renaming a table": ("ALTER TABLE mt_item RENAME TO mt_thing", "renamed-in-use"),
        "renaming a schema": ("ALTER SCHEMA mt RENAME TO other", "renamed-in-use"),
        "creating a table with the force option": ("DROP TABLE IF EXISTS mt_item", "table-in-use"),
        "adding an auto-incrementing column": ("ALTER TABLE mt_item ADD COLUMN no bigserial", "table-rewrite"),
        "adding a stored generated column": (
            "ALTER TABLE mt_item ADD COLUMN x int GENERATED ALWAYS AS (size + 1) STORED", "table-rewrite",
        ),
        "adding a check constraint": ("ALTER TABLE mt_item ADD CHECK (size > 0)", "check-scans"),
        "backfilling data": ("UPDATE mt_item SET size = 1", "all-rows-at-once"),
        "adding an index non-concurrently": ("CREATE INDEX x ON mt_item (size)", "index-blocks-writes"),
        "removing an index non-concurrently": ("DROP INDEX mt_item_name", "index-drop-blocks"),
        "adding a reference": ("ALTER TABLE mt_item ADD COLUMN o bigint REFERENCES mt_owner (id)", "foreign-key-scans"),
        "adding a foreign key": (
            "ALTER TABLE mt_item ADD FOREIGN KEY (size) REFERENCES mt_owner (id)", "foreign-key-scans",
        ),
        "adding a unique constraint": ("ALTER TABLE mt_item ADD UNIQUE (size)", "unique-blocks"),
        "adding an exclusion constraint": (
            "ALTER TABLE mt_item ADD CONSTRAINT e EXCLUDE USING gist (size WITH =)", "exclusion-blocks",
        ),
        "adding a json column": ("ALTER TABLE mt_item ADD COLUMN data json", "json-text"),
        "setting NOT NULL on an existing column": ("ALTER TABLE mt_item ALTER free SET NOT NULL", "not-null-scans"),
        "adding a column with a volatile default value": (
            "ALTER TABLE mt_item ADD COLUMN made uuid DEFAULT gen_random_uuid()", "table-rewrite",
        ),
        "renaming an enum value": ("ALTER TYPE colour RENAME VALUE 'a' TO 'b'", "enum-value"),
        "keeping non-unique indexes to three columns or less": (
            "CREATE INDEX CONCURRENTLY x ON mt_item (name, size, note, price)", "wide-index",
        ),
    },
    "eugene": {
        "E1 validating a new constraint": ("ALTER TABLE mt_item ADD CONSTRAINT c CHECK (size > 0)", "check-scans"),
        "E2 validating NOT NULL": ("ALTER TABLE mt_item ALTER COLUMN free SET NOT NULL", "not-null-scans"),
        "E3 adding a json column": ("ALTER TABLE mt_item ADD COLUMN data json", "json-text"),
        "E4 more statements after a lock on the table": (
            "ALTER TABLE mt_item ADD COLUMN x int; UPDATE mt_item SET size = 1 WHERE size > 0", "lock-kept",
        ),
        "E5 change of type with a rewrite": ("ALTER TABLE mt_item ALTER size TYPE bigint", "table-rewrite"),
        "E6 creating an index": ("CREATE INDEX x ON mt_item (size)", "index-blocks-writes"),
        "E7 creating a unique constraint": ("ALTER TABLE mt_item ADD UNIQUE (size)", "unique-blocks"),
        "E8 creating an exclusion constraint": (
            "ALTER TABLE mt_item ADD EXCLUDE USING gist (size WITH =)", "exclusion-blocks",
        ),
        "E10 rewriting a table": ("ALTER TABLE mt_item SET UNLOGGED", "table-rewrite"),
        "E11 adding a serial or generated column": ("ALTER TABLE mt_item ADD COLUMN no serial", "table-rewrite"),
        "E14 a primary key on the way of an index": ("ALTER TABLE mt_item ADD PRIMARY KEY (size)", "unique-blocks"),
    },
    "Atlas": {
        "DS101 a schema is dropped": ("DROP SCHEMA shop", "rows-lost"),
        "DS102 a table is dropped": ("DROP TABLE mt_item", "table-in-use"),
        "DS103 a column is dropped": ("ALTER TABLE mt_item DROP COLUMN size", "column-in-use"),
        "MF101 a unique index over rows that are there": ("CREATE UNIQUE INDEX x ON mt_item (size)", "unique-blocks"),
        "MF103 a required column": ("ALTER TABLE mt_item ADD COLUMN more int NOT NULL", "required-column"),
        "MF104 NULL becomes NOT NULL": ("ALTER TABLE mt_item ALTER COLUMN free SET NOT NULL", "not-null-scans"),
        "BC101 a table is renamed": ("ALTER TABLE mt_item RENAME TO mt_thing", "renamed-in-use"),
        "BC102 a column is renamed": ("ALTER TABLE mt_item RENAME COLUMN size TO girth", "renamed-in-use"),
        "PG101 no CONCURRENTLY": ("CREATE INDEX x ON mt_item (size)", "index-blocks-writes"),
        "PG103 CONCURRENTLY in a transaction": ("DROP INDEX CONCURRENTLY mt_item_name", "needs-no-transaction"),
        "PG104 a primary key is added": ("ALTER TABLE mt_item ADD PRIMARY KEY (size)", "unique-blocks"),
        "PG105 a unique constraint is added": ("ALTER TABLE mt_item ADD UNIQUE (size)", "unique-blocks"),
        "PG301 a type with a rewrite": ("ALTER TABLE mt_item ALTER COLUMN size TYPE text", "table-rewrite"),
        "PG302 a volatile default": ("ALTER TABLE mt_item ADD COLUMN a text DEFAULT random()", "table-rewrite"),
        "PG303 NOT NULL with a scan": ("ALTER TABLE mt_item ALTER COLUMN free SET NOT NULL", "not-null-scans"),
        "PG305 a check with a scan": ("ALTER TABLE mt_item ADD CONSTRAINT c CHECK (size > 0)", "check-scans"),
        "PG306 a foreign key with a scan": (
            "ALTER TABLE mt_item ADD FOREIGN KEY (size) REFERENCES mt_owner (id)", "foreign-key-scans",
        ),
        "PG307 a column REFERENCES": ("ALTER TABLE mt_item ADD o int REFERENCES mt_owner (id)", "foreign-key-scans"),
    },
}  # fmt: skip
CASES = [(tool, rule, *case) for tool, rules in RULES.items() for rule, case in rules.items()]


@pytest.mark.parametrize(("tool", "rule", "sql", "code"), CASES, ids=[f"{tool}: {rule}" for tool, rule, *_ in CASES])
def test_what_another_linter_objects_to(tool: str, rule: str, sql: str, code: str) -> None:
    assert code in {finding.code for finding in found([m.RunSQL(sql, "")])}
