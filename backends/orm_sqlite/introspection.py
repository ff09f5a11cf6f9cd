"""What a SQLite database holds. PRAGMAs say most of it; names and texts of constraints are only in CREATE TABLE.

The statement is cut into tokens and clauses, not interpreted: what is looked for are CONSTRAINT, UNIQUE, CHECK, PRIMARY
KEY, COLLATE and AUTOINCREMENT, at the level of the table or of one column.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from orm.db.introspection import BrokenKeys, ColumnInfo, ConstraintInfo, Fetch, Introspection, TableInfo

# Texts, which ``re`` compiles once they are used: most programs look at no table.
_TOKEN = (
    r"""(?P<space>\s+|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))|(?P<text>'(?:[^']|'')*')"""
    r"""|(?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|(?P<word>[^\W\d]\w*|\d[\w.]*)|(?P<mark>.)"""
)
_JSON_CHECK = r"CHECK\s*\(+\s*JSON_VALID\s*\("
_TABLE_CLAUSES = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
_TYPES: dict[str, str] = {
    "bool": "BooleanField",
    "boolean": "BooleanField",
    "smallint": "SmallIntegerField",
    "smallinteger": "SmallIntegerField",
    "tinyint": "SmallIntegerField",
    "int2": "SmallIntegerField",
    "mediumint": "IntegerField",
    "int8": "BigIntegerField",
    "int": "IntegerField",
    "integer": "IntegerField",
    "bigint": "BigIntegerField",
    "biginteger": "BigIntegerField",
    "smallint unsigned": "PositiveSmallIntegerField",
    "integer unsigned": "PositiveIntegerField",
    "bigint unsigned": "PositiveBigIntegerField",
    "real": "FloatField",
    "double": "FloatField",
    "double precision": "FloatField",
    "float": "FloatField",
    "numeric": "DecimalField",
    "decimal": "DecimalField",
    "char": "CharField",
    "varchar": "CharField",
    "nvarchar": "CharField",
    "nchar": "CharField",
    "character": "CharField",
    "character varying": "CharField",
    "text": "TextField",
    "clob": "TextField",
    "blob": "BinaryField",
    "date": "DateField",
    "datetime": "DateTimeField",
    "timestamp": "DateTimeField",
    "time": "TimeField",
    "json": "JSONField",
    "uuid": "UUIDField",
}


class Token(NamedTuple):
    """A piece of SQL: ``kind`` is text, name, word or mark; ``value`` has the quotes taken off a name."""

    kind: str
    value: str
    start: int
    end: int

    def says(self, word: str) -> bool:
        """Whether this is a keyword."""
        return self.kind == "word" and self.value.upper() == word


class Clause(NamedTuple):
    """A constraint as CREATE TABLE has it: at the level of the table (no ``column``) or of one column."""

    kind: str
    name: str | None
    columns: tuple[str, ...]
    text: str
    in_column: bool
    condition: str = ""
    """What a check asks of each row."""


_SAME = {
    "int": "integer",
    "int2": "smallint",
    "int8": "bigint",
    "boolean": "bool",
    "numeric": "decimal",
    "double": "real",
    "double precision": "real",
    "float": "real",
    "timestamp": "datetime",
    "nvarchar": "varchar",
    "character varying": "varchar",
    "clob": "text",
}
"""Names of types that keep values alike (https://www.sqlite.org/datatype3.html, "Determination Of Column Affinity")."""
_WHOLE = frozenset({"integer", "bigint", "smallint"})
_SHADOWS = ["config", "content", "data", "docsize", "idx", "segdir", "segments", "stat", "node", "parent", "rowid"]
"""What the tables are called in which a full-text index or an R-tree keeps what it knows, after its own name
(https://www.sqlite.org/vtab.html, "Shadow Tables").
"""


class SQLiteIntrospection(Introspection):
    """Reads SQLite."""

    async def tables(self, fetch: Fetch) -> list[TableInfo]:
        rows = await fetch(
            "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view') AND name <> 'sqlite_sequence' "
            "ORDER BY name",
            (),
        )
        virtual = [name for name, _, sql in rows if re.match(r"CREATE\s+VIRTUAL\b", sql or "", re.IGNORECASE)]
        shadows = {f"{name}_{end}" for name in virtual for end in _SHADOWS}
        return [TableInfo(name, "shadow table" if name in shadows else kind) for name, kind, _ in rows]

    async def columns(self, fetch: Fetch, table: str) -> list[ColumnInfo]:
        rows = await fetch('SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', (table,))
        statement = await _statement(fetch, table)
        definitions = column_definitions(statement)
        single_key = sum(1 for row in rows if row[4]) == 1
        found = [
            _column(row, definitions.get(row[0].lower(), []), single_key, statement) for row in rows if row[5] != 1
        ]
        checks = [clause for clause in clauses_of(statement) if clause.kind == "check"]
        json = {
            one.columns[0]
            for one in checks
            if len(one.columns) == 1 and re.search(_JSON_CHECK, one.text, re.IGNORECASE)
        }
        return [column._replace(json=True) if column.name in json else column for column in found]

    async def constraints(self, fetch: Fetch, table: str) -> Mapping[str, ConstraintInfo]:
        statement = await _statement(fetch, table)
        clauses = list(clauses_of(statement))
        found: dict[str, ConstraintInfo] = {}
        unnamed = 0
        backed = set()  # the columns of unique clauses, whose automatic index is told by the clause
        for clause in clauses:
            if clause.kind not in ("unique", "check"):
                continue
            if clause.kind == "unique":
                backed.add(clause.columns)
            name = clause.name
            if name is None:
                unnamed += 1
                name = f"__unnamed_constraint_{unnamed}__"
            found[name] = ConstraintInfo(
                clause.columns,
                unique=clause.kind == "unique",
                check=clause.kind == "check",
                definition=clause.text,
                condition=clause.condition,
            )
        await self._add_indexes(fetch, table, found, backed)
        await self._add_keys(fetch, table, found, clauses)
        return found

    async def _add_indexes(
        self, fetch: Fetch, table: str, found: dict[str, ConstraintInfo], backed: set[tuple[str, ...]]
    ) -> None:
        rows = await fetch(
            'SELECT l.name, l."unique", l.origin, l.partial, m.sql FROM pragma_index_list(?) AS l '
            "LEFT JOIN sqlite_master AS m ON m.type = 'index' AND m.name = l.name ORDER BY l.seq DESC",
            (table,),
        )
        for name, unique, origin, _partial, sql in rows:
            inside = await fetch('SELECT cid, name, "desc" FROM pragma_index_xinfo(?) WHERE "key" = 1', (name,))
            columns = tuple(row[1] for row in inside if row[1] is not None)
            if origin == "pk" or (origin == "u" and columns in backed):
                continue
            expressions = any(row[0] == -2 for row in inside)
            found[name] = ConstraintInfo(
                tuple(row[1] for row in inside),
                unique=bool(unique),
                index=True,
                orders=tuple("DESC" if row[2] else "ASC" for row in inside),
                type="idx",
                definition=sql or "",
                condition=_condition(sql or ""),
                expressions=expressions,
                parts=tuple(_ordered_by(sql or "")),
            )

    async def _add_keys(
        self, fetch: Fetch, table: str, found: dict[str, ConstraintInfo], clauses: list[Clause]
    ) -> None:
        key = await _key_of(fetch, table)
        if key:
            name = next((clause.name for clause in clauses if clause.kind == "primary" and clause.name), "__primary__")
            found[name] = ConstraintInfo(key, primary_key=True)
        names = {clause.columns: clause.name for clause in clauses if clause.kind == "foreign"}
        rows = await fetch(
            'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq', (table,)
        )
        keys: dict[int, list[Any]] = {}
        for number, other, near, far in rows:
            keys.setdefault(number, [other, [], []])
            keys[number][1].append(near)
            keys[number][2].append(far)
        for number, (other, near, far) in keys.items():
            if None in far:
                far = await _key_of(fetch, other)
            name = names.get(tuple(near)) or f"fk_{number}"
            found[name] = ConstraintInfo(tuple(near), foreign_key=(other, tuple(far)))

    async def broken_keys(self, fetch: Fetch, table: str | None) -> BrokenKeys | None:
        of, params = ("", ()) if table is None else ("(?)", (table,))
        rows = await fetch(f'SELECT "table", rowid, parent, fkid FROM pragma_foreign_key_check{of}', params)
        if not rows:
            return None
        broken: str = rows[0][0]
        _, number, referred, which = rows[0]
        count = sum(row[0] == broken for row in rows)
        pairs = await fetch(
            'SELECT "from", "to" FROM pragma_foreign_key_list(?) WHERE id = ? ORDER BY seq', (broken, which)
        )
        columns, referred_columns = zip(*pairs, strict=True)
        if None in referred_columns:
            referred_columns = await _key_of(fetch, referred)
        key = await _key_of(fetch, broken)
        row: Sequence[Any] = ("?",) * (len(key) + len(columns))
        if number is not None:  # else it is a table without row numbers, and which row it is is not told
            names = ", ".join(map(_quoted, (*key, *columns)))
            [row] = await fetch(f"SELECT {names} FROM {_quoted(broken)} WHERE rowid = ?", (number,))
        size = len(key)
        return BrokenKeys(broken, count, tuple(row[:size]), columns, tuple(row[size:]), referred, referred_columns)

    async def referring(self, fetch: Fetch, table: str) -> list[tuple[str, str]]:
        rows = await fetch(
            "SELECT DISTINCT m.name FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS k "
            "WHERE m.type = 'table' AND lower(k.\"table\") = lower(?) AND m.name <> ?",
            (table, table),
        )
        return [(row[0], "") for row in rows]

    async def attached(self, fetch: Fetch, table: str) -> list[tuple[str, str, str]]:
        rows = await fetch(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND lower(tbl_name) = lower(?) "
            "AND type IN ('index', 'trigger')",
            (table,),
        )
        return [(kind, name, sql) for kind, name, sql in rows]

    def normal_type(self, text: str) -> str:
        # "unsigned" only says what a CHECK keeps; tables from before it was said have the same columns.
        normal = super().normal_type(text).removesuffix(" unsigned")
        name, bracket, sizes = normal.partition("(")
        return _SAME.get(name.strip(), name) + bracket + sizes

    def normal_reference(self, text: str) -> str:
        # Whole numbers are kept alike, whatever width is declared; Django's keys are integer, what refers to them
        # bigint.
        normal = self.normal_type(text)
        return "integer" if normal in _WHOLE else normal

    def field_type(self, column: ColumnInfo) -> tuple[str, Mapping[str, object]]:
        base = re.sub(r"\s*\(.*\)", "", column.type).strip().lower()
        if column.primary_key and base in ("integer", "bigint", "smallint"):
            return ("AutoField" if base != "bigint" else "BigAutoField"), {}
        if column.json:
            return "JSONField", {}
        if base == "char" and column.size == 32:
            return "UUIDField", {}
        name = _TYPES.get(base, "TextField")
        options: dict[str, Any] = {}
        if name == "CharField" and column.size is not None:
            options["max_length"] = column.size
        if name == "DecimalField" and column.precision is not None:
            options.update(max_digits=column.precision, decimal_places=column.scale or 0)
        return name, options


async def _key_of(fetch: Fetch, table: str) -> tuple[str, ...]:
    rows = await fetch("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,))
    return tuple(row[0] for row in rows)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def _statement(fetch: Fetch, table: str) -> str:
    rows = await fetch("SELECT sql FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)", (table,))
    return str(rows[0][0] or "") if rows else ""


def _column(row: Any, definition: list[Token], single_key: bool, statement: str) -> ColumnInfo:
    name, declared, notnull, default, pk, hidden = row
    numbers = re.search(r"\(\s*(\d+)\s*(?:,\s*(\d+))?\s*\)", declared)
    decimal = declared.lower().startswith(("decimal", "numeric"))
    collation = next((after.value for before, after in itertools.pairwise(definition) if before.says("COLLATE")), None)
    generated = _generated(definition, statement) if hidden in (2, 3) else None
    return ColumnInfo(
        name,
        re.sub(r"\s*GENERATED ALWAYS\s*$", "", declared, flags=re.IGNORECASE),
        not notnull and not (pk and declared.upper() == "INTEGER" and single_key),
        default=default,
        collation=collation,
        primary_key=bool(pk) and single_key,
        generated=generated,
        stored=hidden == 3,
        identity=bool(pk) and single_key and declared.upper() == "INTEGER",
        size=int(numbers[1]) if numbers and not decimal else None,
        precision=int(numbers[1]) if numbers and decimal else None,
        scale=int(numbers[2] or 0) if numbers and decimal else None,
    )


def _generated(definition: list[Token], statement: str) -> str:
    """The expression of ``AS (...)``."""
    for place, token in enumerate(definition):
        if token.says("AS") and place + 1 < len(definition) and definition[place + 1].value == "(":
            inside = list(_parenthesis(definition, place + 1))
            return _written(inside[1:-1], statement)
    return ""


def _written(pieces: Sequence[Token], sql: str) -> str:
    """Pieces as the statement has them, comments left out."""
    parts: list[str] = []
    for before, token in zip([None, *pieces], pieces, strict=False):
        if before is not None and before.end < token.start:
            parts.append(" ")
        parts.append(sql[token.start : token.end])
    return "".join(parts)


def _ordered_by(sql: str) -> Iterator[str]:
    """What a CREATE INDEX orders by, each part without its direction."""
    for part in parts_of(sql):
        yield _written(part[:-1] if part[-1].says("ASC") or part[-1].says("DESC") else part, sql)


def _condition(sql: str) -> str:
    found = re.search(r"\)\s*WHERE\s+(.*)$", sql, re.IGNORECASE | re.DOTALL)
    return found[1] if found else ""


# -- CREATE TABLE, cut into clauses ------------------------------------------------------------------------------------


def tokens(sql: str) -> Iterator[Token]:
    """Yield the pieces of a statement, blanks and comments left out."""
    for match in re.finditer(_TOKEN, sql, re.DOTALL):
        kind = match.lastgroup or ""
        if kind == "space":
            continue
        value = match[0]
        if kind == "name":
            quote = value[0]
            value = value[1:-1] if quote == "[" else value[1:-1].replace(quote * 2, quote)
        yield Token(kind, value, match.start(), match.end())


def _parenthesis(pieces: list[Token], start: int) -> Iterator[Token]:
    """Yield the tokens from an opening parenthesis to its closing one."""
    depth = 0
    for token in pieces[start:]:
        yield token
        if token.kind == "mark" and token.value in "()":
            depth += 1 if token.value == "(" else -1
            if depth == 0:
                return


def parts_of(sql: str) -> list[list[Token]]:
    """Return the comma-separated parts of a CREATE TABLE: columns and constraints."""
    pieces = list(tokens(sql))
    start = next((at for at, token in enumerate(pieces) if token.value == "(" and token.kind == "mark"), None)
    if start is None:
        return []
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in list(_parenthesis(pieces, start))[1:-1]:
        if token.kind == "mark":
            if token.value == "," and depth == 0:
                parts.append([])
                continue
            depth += {"(": 1, ")": -1}.get(token.value, 0)
        parts[-1].append(token)
    return [part for part in parts if part]


def _is_constraint(part: list[Token]) -> bool:
    return part[0].kind == "word" and part[0].value.upper() in _TABLE_CLAUSES


def column_definitions(sql: str) -> dict[str, list[Token]]:
    """Return each column's tokens, by its name in lower case."""
    return {part[0].value.lower(): part[1:] for part in parts_of(sql) if not _is_constraint(part)}


def clauses_of(sql: str) -> Iterator[Clause]:
    """Yield the constraints a CREATE TABLE holds."""
    known = {part[0].value.lower(): part[0].value for part in parts_of(sql) if not _is_constraint(part)}
    for part in parts_of(sql):
        if _is_constraint(part):
            clause = _table_clause(part, known, sql)
            if clause is not None:
                yield clause
        else:
            yield from _column_clauses(part, known, sql)


def _table_clause(part: list[Token], known: Mapping[str, str], sql: str) -> Clause | None:
    name, rest = (part[1].value, part[2:]) if part[0].says("CONSTRAINT") else (None, part)
    kind = rest[0].value.lower()
    opening = next((at for at, token in enumerate(rest) if token.value == "("), None)
    if opening is None:
        return None
    condition = _written(list(_parenthesis(rest, opening))[1:-1], sql) if kind == "check" else ""
    text = sql[part[0].start : part[-1].end]
    return Clause(kind, name, _named_columns(rest, opening, known), text, False, condition)


def _named_columns(rest: list[Token], opening: int, known: Mapping[str, str]) -> tuple[str, ...]:
    """The columns named in a parenthesis, each once."""
    inside = (token.value.lower() for token in _parenthesis(rest, opening) if token.kind in ("name", "word"))
    return tuple(dict.fromkeys(known[name] for name in inside if name in known))


def _column_clauses(part: list[Token], known: Mapping[str, str], sql: str) -> Iterator[Clause]:
    column = part[0].value
    name: str | None = None
    depth = 0
    for place, token in enumerate(part):
        if token.kind == "mark":
            depth += {"(": 1, ")": -1}.get(token.value, 0)
        if depth or place == 0:
            continue
        if token.says("CONSTRAINT"):
            name = part[place + 1].value
        elif token.says("UNIQUE") or token.says("PRIMARY") or token.says("REFERENCES"):
            kind = "foreign" if token.says("REFERENCES") else token.value.lower()
            yield Clause(kind, name, (column,), sql[token.start : token.end], True)
            name = None
        elif token.says("CHECK"):
            inside = list(_parenthesis(part, place + 1))
            columns = _named_columns(part, place + 1, known) or (column,)
            text, condition = sql[token.start : inside[-1].end], _written(inside[1:-1], sql)
            yield Clause("check", name, columns, text, True, condition)
            name = None
