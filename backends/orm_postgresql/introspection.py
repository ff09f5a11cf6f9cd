"""What a PostgreSQL database holds, from its catalogues; only what the search path shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orm.db.introspection import ColumnInfo, ConstraintInfo, Fetch, FunctionDefault, Introspection, TableInfo

_KINDS = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}
_TYPES: dict[str, str] = {
    "boolean": "BooleanField",
    "smallint": "SmallIntegerField",
    "integer": "IntegerField",
    "bigint": "BigIntegerField",
    "real": "FloatField",
    "double precision": "FloatField",
    "numeric": "DecimalField",
    "character varying": "CharField",
    "character": "CharField",
    "text": "TextField",
    "bytea": "BinaryField",
    "date": "DateField",
    "timestamp with time zone": "DateTimeField",
    "timestamp without time zone": "DateTimeField",
    "time without time zone": "TimeField",
    "time with time zone": "TimeField",
    "interval": "DurationField",
    "inet": "GenericIPAddressField",
    "json": "JSONField",
    "jsonb": "JSONField",
    "uuid": "UUIDField",
}
_OWN_TYPES: dict[str, str] = {
    "int4range": "IntegerRangeField",
    "int8range": "BigIntegerRangeField",
    "numrange": "DecimalRangeField",
    "daterange": "DateRangeField",
    "tstzrange": "DateTimeRangeField",
    "tsrange": "DateTimeRangeField",
    "tsvector": "SearchVectorField",
    "tsquery": "SearchQueryField",
    "hstore": "HStoreField",
}
"""Types for which ``orm.postgresql`` has fields."""
_CAST = r"""::[\w" .(),\[\]]+$"""
_AUTO = {"SmallIntegerField": "SmallAutoField", "IntegerField": "AutoField", "BigIntegerField": "BigAutoField"}

_SCHEMAS = (
    "SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1"
)
_TABLES = """
SELECT c.relname, CASE WHEN c.relispartition THEN 'partition' ELSE c.relkind::text END,
       COALESCE(obj_description(c.oid, 'pg_class'), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND pg_table_is_visible(c.oid) ORDER BY c.relname
"""
_THIS = "c.relname = $1::text AND pg_table_is_visible(c.oid) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
_COLUMNS = f"""
SELECT a.attname,
       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)
            ELSE format_type(a.atttypid, a.atttypmod) END,
       NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
       CASE WHEN co.collname = 'default' THEN NULL ELSE co.collname END, COALESCE(col_description(c.oid, a.attnum), ''),
       a.attidentity::text, a.attgenerated::text,
       COALESCE((SELECT i.indkey::int2[] = ARRAY[a.attnum] FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
                FALSE),
       CASE WHEN t.typtype = 'd' THEN format_type(a.atttypid, NULL) ELSE '' END,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e
             WHERE e.enumtypid = CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid END ORDER BY e.enumsortorder)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN pg_collation co ON co.oid = a.attcollation
WHERE {_THIS} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_CONSTRAINTS = f"""
SELECT k.conname, k.contype::text, pg_get_constraintdef(k.oid), k.condeferrable, k.convalidated,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(num, place)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.place),
       CASE WHEN f.oid IS NULL OR pg_table_is_visible(f.oid) THEN f.relname
            ELSE (SELECT '"' || n.nspname || '"."' || f.relname || '"' FROM pg_namespace n WHERE n.oid = f.relnamespace)
       END,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(num, place)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.place),
       COALESCE(pg_get_expr(k.conbin, k.conrelid), '')
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class f ON f.oid = k.confrelid
WHERE {_THIS} AND k.contype IN ('c', 'f', 'p', 'u', 'x') ORDER BY k.oid
"""
_INDEXES = f"""
SELECT x.relname, i.indisunique, i.indisprimary, i.indisvalid, am.amname, pg_get_indexdef(x.oid),
       COALESCE(pg_get_expr(i.indpred, i.indrelid), ''), i.indexprs IS NOT NULL,
       ARRAY(SELECT COALESCE(a.attname::text, '') FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u(num, place)
             LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.num ORDER BY u.place),
       i.indnkeyatts,
       ARRAY(SELECT CASE WHEN o & 1 = 1 THEN 'DESC' ELSE 'ASC' END FROM unnest(i.indoption::int2[]) AS o),
       COALESCE(x.reloptions, ARRAY[]::text[]),
       ARRAY(SELECT o.opcname::text FROM unnest(i.indclass::oid[]) WITH ORDINALITY AS u(num, place)
             JOIN pg_opclass o ON o.oid = u.num
             WHERE EXISTS (SELECT FROM pg_opclass other WHERE other.oid = ANY (i.indclass) AND NOT other.opcdefault)
             ORDER BY u.place),
       ARRAY(SELECT pg_get_indexdef(x.oid, part, true) FROM generate_series(1, i.indnkeyatts) AS part ORDER BY part)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_am am ON am.oid = x.relam
WHERE {_THIS} AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x'))
ORDER BY x.oid
"""
_REFERRING = f"""
SELECT CASE WHEN pg_table_is_visible(o.oid) THEN o.relname ELSE '"' || n.nspname || '"."' || o.relname || '"' END,
       k.conname
FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid JOIN pg_class o ON o.oid = k.conrelid
JOIN pg_namespace n ON n.oid = o.relnamespace WHERE {_THIS} AND k.contype = 'f' AND k.conrelid <> k.confrelid
ORDER BY o.relname, k.conname
"""
_TRIGGERS = f"""
SELECT t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE {_THIS} AND NOT t.tgisinternal ORDER BY t.tgname
"""


class PostgreSQLIntrospection(Introspection):
    """Reads PostgreSQL 12 and later."""

    own_module = "orm.postgresql"
    own_names = frozenset({"ArrayField", "RandomUUID", "TransactionNow", *_OWN_TYPES.values()})
    default_functions = {
        "now()": "TransactionNow",
        "current_timestamp": "TransactionNow",
        "transaction_timestamp()": "TransactionNow",
        "statement_timestamp()": "Now",
        "gen_random_uuid()": "RandomUUID",
    }

    async def schemas(self, fetch: Fetch) -> list[str]:
        return [name for (name,) in await fetch(_SCHEMAS, ())]

    async def tables(self, fetch: Fetch) -> list[TableInfo]:
        rows = await fetch(_TABLES, ())
        return [TableInfo(name, _KINDS.get(kind, str(kind)), comment) for name, kind, comment in rows]

    async def columns(self, fetch: Fetch, table: str) -> list[ColumnInfo]:
        return [_column(row) for row in await fetch(_COLUMNS, (table,))]

    async def constraints(self, fetch: Fetch, table: str) -> Mapping[str, ConstraintInfo]:
        found: dict[str, ConstraintInfo] = {}
        for row in await fetch(_CONSTRAINTS, (table,)):
            name, kind, definition, deferrable, valid, columns, other, far, condition = row
            found[name] = ConstraintInfo(
                tuple(columns),
                primary_key=kind == "p",
                unique=kind in "pu",
                foreign_key=(other, tuple(far)) if kind == "f" else None,
                check=kind == "c",
                index=kind == "x",
                type="exclusion" if kind == "x" else "",
                definition=definition,
                condition=condition,
                deferrable=deferrable,
                valid=valid,
            )
        for row in await fetch(_INDEXES, (table,)):
            name, unique, primary, valid, method, definition, condition, expressions, *of_columns = row
            columns, keys, orders, options, classes, parts = of_columns
            found[name] = ConstraintInfo(
                tuple(column or None for column in columns[:keys]),
                primary_key=primary,
                unique=unique,
                index=True,
                orders=tuple(orders) if method == "btree" else (),
                included=tuple(columns[keys:]),
                options=tuple(options),
                classes=tuple(classes),
                type="idx" if method == "btree" and not options else method,
                definition=definition,
                condition=condition,
                expressions=expressions,
                valid=valid,
                parts=tuple(parts),
            )
        return found

    async def referring(self, fetch: Fetch, table: str) -> list[tuple[str, str]]:
        return [(other, name) for other, name in await fetch(_REFERRING, (table,))]

    async def attached(self, fetch: Fetch, table: str) -> list[tuple[str, str, str]]:
        return [("trigger", name, sql) for name, sql in await fetch(_TRIGGERS, (table,))]

    def field_type(self, column: ColumnInfo) -> tuple[str, Mapping[str, object]]:
        base = re.sub(r"\(.*?\)", "", column.type).strip()
        base = "interval" if base.startswith("interval ") else base  # "day to second" and its like
        name = _TYPES.get(base) or _OWN_TYPES.get(base.rpartition(".")[2], "TextField")
        if column.identity and name in _AUTO:
            return _AUTO[name], {}
        options: dict[str, Any] = {}
        if name == "CharField" and column.size is not None:
            options["max_length"] = column.size
        if name == "DecimalField" and column.precision is not None:
            options.update(max_digits=column.precision, decimal_places=column.scale or 0)
        return name, options

    def element(self, column: ColumnInfo) -> ColumnInfo | None:
        found = re.fullmatch(r"(.*?)(?:\[\])+", column.type)
        return None if found is None else _sized(ColumnInfo(column.name, found[1], False, choices=column.choices))

    def default_value(self, text: str) -> str | bool | FunctionDefault | None:
        # What a value is cast to is the column's type, which the field says as well.
        return super().default_value(re.sub(_CAST, "", text))

    def normal_type(self, text: str) -> str:
        text = super().normal_type(text)
        for short, long in _SHORT:
            text = re.sub(rf"^{short}(?![a-z0-9_ ]|\(\d+\) with)", long, text)
        return text


_SHORT = (
    ("varchar", "character varying"),
    ("char", "character"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("time", "time without time zone"),
    ("bool", "boolean"),
    ("int", "integer"),
    ("decimal", "numeric"),
)


def _column(row: Any) -> ColumnInfo:
    name, kind, null, default, collation, comment, identity, generated, key, domain, labels = row
    column = ColumnInfo(
        name,
        kind,
        null,
        default=None if generated else default,
        collation=collation,
        comment=comment,
        primary_key=key,
        generated=default if generated else None,
        stored=generated == "s",
        identity=bool(identity) or (default or "").startswith("nextval("),
        choices=tuple(labels),
        domain=domain,
    )
    return _sized(column)


def _sized(column: ColumnInfo) -> ColumnInfo:
    """Return the column with the sizes that its type says."""
    numbers = re.search(r"\((\d+)(?:,(\d+))?\)", column.type)
    if numbers is None:
        return column
    if column.type.startswith("numeric"):
        return column._replace(precision=int(numbers[1]), scale=int(numbers[2] or 0))
    return column._replace(size=int(numbers[1]))
