"""What a dialect promises: values, conditions, functions and statements that mean the same on every database."""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orm import errors
from orm.db.contract import Connection
from orm.sql import types
from orm.sql.dialect import NewKey
from orm.sql.types import BIGINT, BOOLEAN, DATE, DATETIME, DECIMAL, DURATION, FLOAT, INTEGER, JSON, TEXT, TIME
from orm.testing.conformance.harness import Conformance, Room, case, each
from orm.testing.conformance.values import SAMPLES, UTC, D, Sample

MOMENTS = (
    datetime.datetime(2024, 2, 29, 23, 45, 59, 123456, tzinfo=UTC),
    datetime.datetime(2023, 12, 31, 23, 30, tzinfo=UTC),
    datetime.datetime(2021, 1, 3, 0, 0, 0, 1, tzinfo=UTC),
    datetime.datetime(2024, 10, 27, 0, 30, 10, tzinfo=UTC),
    datetime.datetime(2024, 10, 27, 1, 30, 10, tzinfo=UTC),
)
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu")

PARTS: dict[str, Callable[[Any], int]] = {
    "year": lambda m: m.year,
    "iso_year": lambda m: m.isocalendar()[0],
    "quarter": lambda m: (m.month + 2) // 3,
    "month": lambda m: m.month,
    "week": lambda m: m.isocalendar()[1],
    "week_day": lambda m: m.isoweekday() % 7 + 1,
    "iso_week_day": lambda m: m.isoweekday(),
    "day": lambda m: m.day,
}
TIME_PARTS: dict[str, Callable[[Any], int]] = {
    "hour": lambda m: m.hour,
    "minute": lambda m: m.minute,
    "second": lambda m: m.second,
    "microsecond": lambda m: m.microsecond,
}

NAMES = ["Ada", "ada lovelace", "ADA", "100%", "100", "a_b", "axb", "a\\b", "[ab]*", "aab", "Ärger", "ärger", "", "x?y"]
NEEDLES = ["ada", "Ada", "%", "_", "a_b", "\\", "[ab]", "*", "?", "ä", "Ä", ""]
MATCHES: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, needle: needle in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "icontains": lambda text, needle: needle.lower() in text.lower(),
    "istartswith": lambda text, needle: text.lower().startswith(needle.lower()),
    "iendswith": lambda text, needle: text.lower().endswith(needle.lower()),
    "iexact": lambda text, needle: text.lower() == needle.lower(),
}


class DialectConformance(Conformance):
    """The dialect's answers, tried on the database."""

    # -- values -----------------------------------------------------------------------------------------------------

    @each(*SAMPLES)
    async def test_values_come_back_equal(self, room: Room, sample: Sample) -> None:
        connection, table = await _filled(room, sample)
        found = await room.fetch(connection, f"SELECT v FROM {table} ORDER BY id")
        values = [room.convert(sample.type, row[0]) for row in found]
        assert values == [*sample.values, None]
        for value, given in zip(values, sample.values, strict=False):
            assert isinstance(value, type(given))
            if isinstance(given, bool):
                assert type(value) is bool
            if isinstance(given, (datetime.datetime, decimal.Decimal)):
                assert str(value) == str(given), "the zone or the number of decimal places differs"

    @each(*SAMPLES)
    async def test_values_are_found_by_equality(self, room: Room, sample: Sample) -> None:
        if sample.type.kind == "json":
            pytest.skip("JSON compares by json_exact")
        connection, table = await _filled(room, sample)
        for number, value in enumerate(sample.values):
            found = await room.fetch(connection, f"SELECT id FROM {table} WHERE v = %s", room.adapt(sample.type, value))
            assert found == [(number,)], value

    @each(*[sample for sample in SAMPLES if sample.ordered])
    async def test_values_are_ordered(self, room: Room, sample: Sample) -> None:
        connection, table = await _filled(room, sample)
        found = await room.fetch(connection, f"SELECT id FROM {table} WHERE v IS NOT NULL ORDER BY v DESC")
        assert [row[0] for row in found] == list(reversed(range(len(sample.values))))
        middle = len(sample.values) // 2
        param = room.adapt(sample.type, sample.values[middle])
        found = await room.fetch(connection, f"SELECT COUNT(*) FROM {table} WHERE v < %s", param)
        assert found == [(middle,)]

    @each(*SAMPLES)
    async def test_membership_in_one_list(self, room: Room, sample: Sample) -> None:
        pattern = room.dialect.membership("v", sample.type)
        if pattern is None:
            pytest.skip("each item has a place of its own")
        connection, table = await _filled(room, sample)
        sql = f"SELECT id FROM {table} WHERE {pattern.sql.replace('{lhs}', 'v')} ORDER BY id"
        wanted = [number for number in range(len(sample.values)) if number % 2 == 0]
        found = await room.fetch(connection, sql, pattern.adapter([sample.values[number] for number in wanted]))
        assert [row[0] for row in found] == wanted
        assert await room.fetch(connection, sql, pattern.adapter([])) == []

    @each(*SAMPLES)
    async def test_rows_as_arrays(self, room: Room, sample: Sample) -> None:
        rows = room.dialect.array_rows([INTEGER, sample.type])
        if rows is None:
            pytest.skip("rows are written one by one")
        connection, _ = await _filled(room, sample)
        table = await room.table(connection, _columns(room, sample))
        values = [room.adapt(sample.type, value) for value in [*sample.values, None]]
        numbers = list(range(len(values)))
        insert = f"INSERT INTO {table} (id, v) SELECT * FROM {rows}"
        assert await room.execute(connection, insert, numbers, values) == len(values)
        found = await room.fetch(connection, f"SELECT v FROM {table} ORDER BY id")
        assert [room.convert(sample.type, row[0]) for row in found] == [*sample.values, None]
        if room.capabilities.update_from:
            update = f"UPDATE {table} SET v = given.v FROM {rows} AS given(k, v) WHERE {table}.id = given.k"
            assert await room.execute(connection, update, numbers, values[::-1]) == len(values)
            found = await room.fetch(connection, f"SELECT v FROM {table} ORDER BY id")
            assert [room.convert(sample.type, row[0]) for row in found] == [None, *reversed(sample.values)]

    @each(*SAMPLES)
    async def test_values_as_a_table(self, room: Room, sample: Sample) -> None:
        room.need("update_from")
        connection, table = await _filled(room, sample)
        first = f"({room.dialect.parameter(INTEGER)}, {room.dialect.parameter(sample.type)})"
        rows = room.dialect.value_table([first, *["(%s, %s)"] * len(sample.values)], "given", ["k", "v"])
        values = [room.adapt(sample.type, value) for value in reversed([*sample.values, None])]
        params = [item for pair in enumerate(values) for item in pair]
        update = f"UPDATE {table} SET v = given.v FROM {rows} WHERE {table}.id = given.k"
        await room.execute(connection, update, *params)
        found = await room.fetch(connection, f"SELECT v FROM {table} ORDER BY id")
        assert [room.convert(sample.type, row[0]) for row in found] == [None, *reversed(sample.values)]

    @case
    async def test_naive_datetimes_while_zones_are_off(self, room: Room) -> None:
        zone, types.default_zone = types.default_zone, None
        try:
            moment = datetime.datetime(2024, 2, 29, 12, 30, 0, 5)
            sample = Sample("naive", DATETIME, [moment])
            connection, table = await _filled(room, sample)
            found = await room.fetch(connection, f"SELECT v FROM {table} WHERE v = %s", room.adapt(DATETIME, moment))
            assert [room.convert(DATETIME, row[0]) for row in found] == [moment]
        finally:
            types.default_zone = zone

    @case
    async def test_decimals_are_summed_exactly(self, room: Room) -> None:
        sample = next(sample for sample in SAMPLES if sample.name == "decimal")
        connection = await room.connect()
        table = await room.table(connection, _columns(room, sample))
        for number in range(100):
            await _insert(room, connection, table, number, sample, D("0.1000"))
        total = await room.fetch(connection, f"SELECT SUM(v) FROM {table}")
        assert room.convert(sample.type, total[0][0]) == D("10.0000")

    # -- conditions -------------------------------------------------------------------------------------------------

    @each(*MATCHES)
    async def test_patterns(self, room: Room, lookup: str) -> None:
        connection, table = await _texts(room, NAMES)
        pattern = room.dialect.pattern(lookup, TEXT)
        for needle in NEEDLES:
            sql = f"SELECT v FROM {table} WHERE {pattern.sql.replace('{lhs}', 'v')}"
            found = await room.fetch(connection, sql, pattern.adapter(needle))
            assert sorted(row[0] for row in found) == sorted(n for n in NAMES if MATCHES[lookup](n, needle)), needle

    @each(*MATCHES)
    async def test_patterns_that_are_expressions(self, room: Room, lookup: str) -> None:
        connection, table = await _texts(room, NAMES)
        needles = await room.table(connection, "w varchar(40)")
        for needle in NEEDLES:
            await room.execute(connection, f"INSERT INTO {needles} (w) VALUES (%s)", needle)
        condition = room.dialect.pattern_expression(lookup, "v", "w")
        found = await room.fetch(connection, f"SELECT v, w FROM {table} CROSS JOIN {needles} WHERE {condition}")
        wanted = [(name, needle) for name in NAMES for needle in NEEDLES if MATCHES[lookup](name, needle)]
        if not lookup.startswith("iexact"):
            assert sorted(found) == sorted(wanted)

    @each("regex", "iregex")
    async def test_regular_expressions(self, room: Room, lookup: str) -> None:
        try:
            pattern = room.dialect.pattern(lookup, TEXT)
        except errors.NotSupportedError:
            pytest.skip("no regular expressions")
        connection, table = await _texts(room, NAMES)
        for expression in ("^ada", "a.b$", "[0-9]+", "^$"):
            sql = f"SELECT v FROM {table} WHERE {pattern.sql.replace('{lhs}', 'v')}"
            found = await room.fetch(connection, sql, pattern.adapter(expression))
            flags = re.IGNORECASE if lookup == "iregex" else 0
            assert sorted(row[0] for row in found) == sorted(n for n in NAMES if re.search(expression, n, flags))

    # -- dates ------------------------------------------------------------------------------------------------------

    @each(*PARTS, *TIME_PARTS)
    async def test_extract(self, room: Room, part: str) -> None:
        connection = await room.connect()
        take = {**PARTS, **TIME_PARTS}[part]
        for moment in MOMENTS:
            for zone in ZONES:
                sql = room.dialect.extract(part, room.literal(DATETIME), DATETIME, zone)
                found = await room.value(connection, sql, INTEGER, room.adapt(DATETIME, moment))
                assert found == take(moment.astimezone(ZoneInfo(zone))), (moment, zone)
            if part in PARTS:
                sql = room.dialect.extract(part, room.literal(DATE), DATE, None)
                assert await room.value(connection, sql, INTEGER, room.adapt(DATE, moment.date())) == take(moment)
            else:
                sql = room.dialect.extract(part, room.literal(TIME), TIME, None)
                assert await room.value(connection, sql, INTEGER, room.adapt(TIME, moment.time())) == take(moment)

    @case
    async def test_extract_epoch(self, room: Room) -> None:
        connection = await room.connect()
        sql = room.dialect.extract("epoch", room.literal(DATETIME), DATETIME, "Asia/Kathmandu")
        for moment in MOMENTS:
            found = await room.value(connection, sql, BIGINT, room.adapt(DATETIME, moment))
            assert found == int(moment.timestamp())

    @each("year", "quarter", "month", "week", "day", "hour", "minute", "second")
    async def test_truncate(self, room: Room, part: str) -> None:
        connection = await room.connect()
        for moment in MOMENTS:
            for zone in ZONES:
                sql = room.dialect.truncate(part, room.literal(DATETIME), DATETIME, zone)
                found = await room.value(connection, sql, DATETIME, room.adapt(DATETIME, moment))
                assert found == _cut(part, moment.astimezone(ZoneInfo(zone))), (moment, zone)
            if part in PARTS:
                sql = room.dialect.truncate(part, room.literal(DATE), DATE, None)
                found = await room.value(connection, sql, DATE, room.adapt(DATE, moment.date()))
                assert found == _cut(part, moment.replace(tzinfo=None)).date()

    @each("date", "time")
    async def test_date_and_time_of_a_datetime(self, room: Room, part: str) -> None:
        connection = await room.connect()
        sql_type = DATE if part == "date" else TIME
        for moment in MOMENTS:
            for zone in ZONES:
                sql = room.dialect.truncate(part, room.literal(DATETIME), DATETIME, zone)
                found = await room.value(connection, sql, sql_type, room.adapt(DATETIME, moment))
                assert found == getattr(moment.astimezone(ZoneInfo(zone)), part)()

    @case
    async def test_arithmetic_of_dates(self, room: Room) -> None:
        connection = await room.connect()
        early, late = MOMENTS[1], MOMENTS[0]
        duration = datetime.timedelta(days=3, hours=5, microseconds=7)
        cases: list[tuple[str, Any, types.SQLType, Any, types.SQLType, Any, types.SQLType]] = [
            ("-", late, DATETIME, early, DATETIME, late - early, DURATION),
            ("-", late.date(), DATE, early.date(), DATE, late.date() - early.date(), DURATION),
            ("+", late, DATETIME, duration, DURATION, late + duration, DATETIME),
            ("-", late, DATETIME, duration, DURATION, late - duration, DATETIME),
            ("+", duration, DURATION, late, DATETIME, late + duration, DATETIME),
            ("+", duration, DURATION, duration, DURATION, duration * 2, DURATION),
        ]
        for operator, lhs, lhs_type, rhs, rhs_type, expected, result_type in cases:
            sql = room.dialect.combine(
                operator, room.literal(lhs_type), room.literal(rhs_type), lhs_type.kind, rhs_type.kind
            )
            found = await room.value(connection, sql, result_type, room.adapt(lhs_type, lhs), room.adapt(rhs_type, rhs))
            assert found == expected, (operator, lhs, rhs)

    @case
    async def test_arithmetic_of_numbers(self, room: Room) -> None:
        connection = await room.connect()
        for operator, lhs, rhs, expected in [
            ("+", 7, 2, 9), ("-", 7, 2, 5), ("*", 7, 2, 14), ("%%", 7, 2, 1), ("^", 7, 2, 49),
            ("&", 6, 3, 2), ("|", 6, 3, 7), ("#", 6, 3, 5), ("<<", 3, 2, 12), (">>", 12, 2, 3),
        ]:  # fmt: skip
            sql = room.dialect.combine(operator, room.literal(INTEGER), room.literal(INTEGER), "integer", "integer")
            assert await room.value(connection, sql, FLOAT, lhs, rhs) == expected, operator
        half = room.dialect.combine("/", room.literal(DECIMAL), room.literal(DECIMAL), "decimal", "decimal")
        found = await room.value(connection, half, DECIMAL, room.adapt(DECIMAL, D(5)), room.adapt(DECIMAL, D(2)))
        assert found == D("2.5")

    # -- JSON -------------------------------------------------------------------------------------------------------

    @case
    async def test_json(self, room: Room) -> None:
        dialect = room.dialect
        sample = next(sample for sample in SAMPLES if sample.name == "json")
        connection = await room.connect()
        table = await room.table(connection, _columns(room, sample))
        document = {"name": "Ada", "age": 36, "tags": ["x", {"deep": None}], "on": True, 'it\'s "quoted"': 1}
        await _insert(room, connection, table, 1, sample, document)
        try:
            dialect.json_path(False)
        except errors.NotSupportedError:
            pytest.skip("no JSON paths")

        async def ask(sql: str, *params: object) -> Any:
            return (await room.fetch(connection, f"SELECT {sql} FROM {table}", *params))[0][0]

        async def value(path: list[str | int], *, as_text: bool, special: bool = False) -> Any:
            sql = dialect.json_value("v", "%s", as_text=as_text, special=special)
            return await ask(sql, *[dialect.json_path(special)(path)] * sql.count("%s"))

        assert await value(["name"], as_text=True) == "Ada"
        assert await value(["age"], as_text=True) == "36"
        assert await value(["on"], as_text=True) == "true"
        assert await value(["tags", 0], as_text=True) == "x"
        assert await value(["nothing"], as_text=True) is None
        values: list[tuple[list[str | int], bool, Any]] = [
            (["name"], False, "Ada"),
            (["tags", 1], False, {"deep": None}),
            (["on"], False, True),
            (["age"], False, 36),
            (['it\'s "quoted"'], True, 1),
        ]
        for path, special, expected in values:
            assert room.convert(JSON, await value(path, as_text=False, special=special)) == expected
        keys: list[tuple[list[str | int], bool, bool]] = [
            (["tags", 1, "deep"], False, True),
            (["tags", 1, "no"], False, False),
            (["no"], False, False),
            (['it\'s "quoted"'], True, True),
        ]
        for path, special, expected in keys:
            sql = dialect.json_exists("v", "%s", special=special)
            assert bool(await ask(sql, dialect.json_path(special)(path))) is expected
        for key, expected in (("name", True), ('it\'s "quoted"', True), ("no", False)):
            assert bool(await ask(dialect.json_has_key("v", "%s"), key)) is expected
        for every, names, expected in ((True, ["name", "no"], False), (False, ["name", "no"], True)):
            sql, adapter = dialect.json_has_keys("v", "%s", every=every)
            assert bool(await ask(sql, adapter(names))) is expected
        same = dialect.json_exact("v", room.literal(JSON))
        assert await ask(same, room.adapt(JSON, dict(reversed(document.items()))))
        assert not await ask(same, room.adapt(JSON, {**document, "age": 37}))

    @case
    async def test_json_contains(self, room: Room) -> None:
        try:
            sql = room.dialect.json_contains(room.literal(JSON), room.literal(JSON))
        except errors.NotSupportedError:
            pytest.skip("no search in JSON")
        connection = await room.connect()
        for whole, part, expected in [
            ({"a": 1, "b": [1, 2]}, {"b": [2]}, True), ({"a": 1}, {"a": True}, False), ([1, 2], [2, 1, 1], True),
            ([1, 2], 2, True), ({"a": {"b": 1}}, {"b": 1}, False), ({"a": 1}, {}, True), ([[1]], [1], False),
        ]:  # fmt: skip
            found = await room.value(connection, sql, BOOLEAN, room.adapt(JSON, whole), room.adapt(JSON, part))
            assert found is expected, (whole, part)

    # -- statements -------------------------------------------------------------------------------------------------

    @case
    async def test_names_are_quoted(self, room: Room) -> None:
        connection = await room.connect()
        name = room.dialect.quote('select "x" %s; --')
        table = await room.table(connection, f"{name} integer")
        await room.execute(connection, f"INSERT INTO {table} ({name}) VALUES (%s)", 1)
        assert await room.fetch(connection, f"SELECT {name} FROM {table}") == [(1,)]
        for wrong in ("", "a\x00b"):
            with pytest.raises(errors.SuspiciousOperation):
                room.dialect.quote(wrong)

    @case
    async def test_string_literals(self, room: Room) -> None:
        connection = await room.connect()
        for text in ("it's", "100% %s", "back\\slash", ""):
            assert await room.fetch(connection, f"SELECT {room.dialect.string_literal(text)}") == [(text,)]

    @case
    async def test_limit_and_offset(self, room: Room) -> None:
        connection, table = await _texts(room, list("abcde"))
        for limit, offset, expected in [(2, None, "ab"), (2, 1, "bc"), (None, 3, "de"), (0, 0, "")]:
            clause = room.dialect.limit(None if limit is None else "%s", None if offset is None else "%s")
            params = [number for number in (limit, offset) if number is not None]
            found = await room.fetch(connection, f"SELECT v FROM {table} ORDER BY v {clause}", *params)
            assert "".join(row[0] for row in found) == expected

    @case
    async def test_conflicts(self, room: Room) -> None:
        connection = await room.connect()
        table = await room.table(connection, "id integer NOT NULL PRIMARY KEY, v varchar(40)")
        insert = f"INSERT INTO {table} (id, v) VALUES (%s, %s)"
        await room.execute(connection, insert, 1, "old")
        if room.capabilities.ignore_conflicts:
            ignore = room.dialect.on_conflict_ignore([])
            await room.execute(connection, f"{insert} {ignore}", 1, "ignored")
            assert await room.fetch(connection, f"SELECT id, v FROM {table}") == [(1, "old")]
        if room.capabilities.upsert:
            value = f"v = {room.dialect.excluded('v')}"
            update = room.dialect.on_conflict_update(["id"], [value], None)
            await room.execute(connection, f"{insert} {update}", 1, "new")
            assert await room.fetch(connection, f"SELECT id, v FROM {table}") == [(1, "new")]
            update = room.dialect.on_conflict_update(["id"], [value], f"{table}.v = 'old'")
            await room.execute(connection, f"{insert} {update}", 1, "newer")
            assert await room.fetch(connection, f"SELECT id, v FROM {table}") == [(1, "new")]

    @case
    async def test_writes_are_told_from_reads(self, room: Room) -> None:
        room.need("one_writer")
        writes = room.dialect.writes
        connection, table = await _texts(room, ["a"])
        for sql in (
            f"INSERT INTO {table} (v) VALUES ('b')",
            f"-- SELECT\n/* SELECT */ update {table} SET v = 'c'",
            f"WITH given AS (SELECT 'b' AS v) DELETE FROM {table} WHERE v IN (SELECT v FROM given)",
            f"SELECT ';' AS \";\"; DELETE FROM {table}",
            f"DROP TABLE {table}",
        ):
            assert writes(sql), sql
            await connection.execute_script(sql)
        for sql in (
            "SELECT 'a; DELETE FROM t'",
            "/* DELETE */ SELECT 1 -- ; DROP TABLE t",
            'WITH given AS (SELECT 1 AS "DELETE") SELECT * FROM given',
            room.dialect.version_query,
        ):
            assert not writes(sql), sql
            await room.fetch(connection, sql)

    @case
    async def test_generated_keys(self, room: Room) -> None:
        room.need("returning")
        connection = await room.connect()
        key = types.SQLType("bigint")
        key.auto = True  # type: ignore[attr-defined]
        kind, clause = room.dialect.column_type(key), room.dialect.generated_key_clause(key)
        table = await room.table(connection, f"id {kind} NOT NULL PRIMARY KEY {clause}, v varchar(40)")
        insert = f"INSERT INTO {table} (v) VALUES (%s) RETURNING id"
        first, second = await room.fetch(connection, insert, "a"), await room.fetch(connection, insert, "b")
        assert second[0][0] > first[0][0]
        await room.execute(connection, f"DELETE FROM {table}")
        assert await room.fetch(connection, insert, "c") > second, "a key was given twice"
        default = await room.fetch(connection, f"INSERT INTO {table} {room.dialect.default_row()} RETURNING v")
        assert default == [(None,)]

    @case
    async def test_keys_come_back_as_the_dialect_says(self, room: Room) -> None:
        way = room.capabilities.new_key
        if way is NewKey.RETURNING:
            pytest.skip("as rows of the INSERT")
        connection = await room.connect()
        key = types.SQLType("bigint")
        key.auto = True  # type: ignore[attr-defined]
        kind, clause = room.dialect.column_type(key), room.dialect.generated_key_clause(key)
        table = await room.table(connection, f"id {kind} NOT NULL PRIMARY KEY {clause}, v varchar(40)")
        sql, _ = room.finish(f"INSERT INTO {table} (v) VALUES (%s)", ["a"])
        query = room.dialect.new_key_query() if way is NewKey.QUERY else None
        keys = [await connection.insert(sql, [value], query) for value in ("a", "b")]
        assert await room.fetch(connection, f"SELECT v, id FROM {table} ORDER BY v") == [("a", keys[0]), ("b", keys[1])]

    @case
    async def test_tables_are_emptied(self, room: Room) -> None:
        connection, table = await _texts(room, ["a", "b"])
        for statement in room.dialect.empty_tables([table]):
            await room.execute(connection, statement)
        assert await room.fetch(connection, f"SELECT COUNT(*) FROM {table}") == [(0,)]

    @case
    async def test_explain(self, room: Room) -> None:
        connection, table = await _texts(room, ["a"])
        assert await room.fetch(connection, f"{room.dialect.explain(None, {})} SELECT v FROM {table}")
        with pytest.raises(ValueError):
            room.dialect.explain("nonsense", {})

    @case
    async def test_constants_and_casts(self, room: Room) -> None:
        connection = await room.connect()
        dialect = room.dialect
        assert await room.value(connection, dialect.true(), BOOLEAN) is True
        assert await room.value(connection, dialect.false(), BOOLEAN) is False
        assert await room.value(connection, dialect.cast("'12'", INTEGER), INTEGER) == 12
        assert await room.value(connection, dialect.cast("12", TEXT), TEXT) == "12"
        assert await room.fetch(connection, f"SELECT {dialect.random()} IS NOT NULL") in ([(True,)], [(1,)])
        assert await room.fetch(connection, dialect.version_query)


def _columns(room: Room, sample: Sample) -> str:
    return f"id integer NOT NULL PRIMARY KEY, v {room.dialect.column_type(sample.type)}"


async def _insert(room: Room, connection: Connection, table: str, number: int, sample: Sample, value: object) -> None:
    sql = f"INSERT INTO {table} (id, v) VALUES (%s, %s)"
    await room.execute(connection, sql, number, room.adapt(sample.type, value))


async def _filled(room: Room, sample: Sample) -> tuple[Connection, str]:
    connection = await room.connect()
    table = await room.table(connection, _columns(room, sample))
    for number, value in enumerate([*sample.values, None]):
        await _insert(room, connection, table, number, sample, value)
    return connection, table


async def _texts(room: Room, texts: list[str]) -> tuple[Connection, str]:
    connection = await room.connect()
    table = await room.table(connection, f"v {room.dialect.column_type(TEXT)}")
    for text in texts:
        await room.execute(connection, f"INSERT INTO {table} (v) VALUES (%s)", text)
    return connection, table


def _cut(part: str, moment: datetime.datetime) -> datetime.datetime:
    if part in ("hour", "minute", "second"):
        rest = datetime.timedelta(
            minutes=moment.minute if part == "hour" else 0,
            seconds=moment.second if part != "second" else 0,
            microseconds=moment.microsecond,
        )
        return moment - rest if moment.tzinfo is None else moment.astimezone(UTC) - rest
    moment = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if part == "week":
        return moment - datetime.timedelta(days=moment.weekday())
    months = {"year": 1, "quarter": (moment.month - 1) // 3 * 3 + 1, "month": moment.month}
    return moment if part == "day" else moment.replace(month=months[part], day=1)
