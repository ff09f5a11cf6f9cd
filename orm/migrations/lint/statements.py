"""What statements of ``RunSQL`` do to a live database, told from their words.

Statements are taken apart by sqlparse, comments and texts left out; each rule is one pattern. What no pattern knows is
not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from orm.late import sqlparse
from orm.migrations.lint.fields import CORRUPTS

NAME = r'((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))*)'
TABLE = rf"(?:IF (?:NOT )?EXISTS )?(?:ONLY )?{NAME}"
ADDED = r"ADD (?:COLUMN )?(?!(?:CONSTRAINT|CHECK|UNIQUE|PRIMARY KEY|FOREIGN KEY|EXCLUDE)\b)(?:IF NOT EXISTS )?"
"""A new column; the word COLUMN may be left out."""

STABLE = (
    r"now|transaction_timestamp|statement_timestamp|timezone|date_trunc|make_\w+|to_\w+|lower|upper|concat|md5|"
    r"jsonb?_build_\w+|array_\w+|current_setting|coalesce|nullif|greatest|least|cast|numeric|decimal|varchar|interval|"
    r"int4range|int8range|numrange|tsrange|tstzrange|daterange|point|box"
)
"""Functions (and types with a size) of which all rows get the same value. Those of one's own are taken for volatile,
as the server does unless they say otherwise."""

_SPACE = re.compile(r"\s+")
_TEXTS = re.compile(r"'(?:[^']|'')*'")

PLAIN = r"(?:(?!\b(?:CHECK|REFERENCES|CONSTRAINT|UNIQUE|PRIMARY)\b).)*?"
"""The words of a column before what it has to keep."""

RULES: tuple[tuple[str, str], ...] = (
    ("index-blocks-writes", rf"CREATE INDEX (?!CONCURRENTLY).*?\bON (?!ONLY\b){NAME}"),  # ONLY: no partition's rows
    ("unique-blocks", rf"CREATE UNIQUE INDEX (?!CONCURRENTLY).*?\bON (?!ONLY\b){NAME}"),
    ("wide-index", rf"CREATE INDEX (?:CONCURRENTLY )?.*?\bON (?:ONLY )?{NAME} ?(?:USING \w+ ?)?\((?:[^,()]+,){{3}}"),
    ("index-drop-blocks", r"DROP INDEX (?!CONCURRENTLY)"),
    ("locks-table", r"REINDEX (?!.*\bCONCURRENTLY\b)"),
    (
        "locks-table",
        r"(?:VACUUM (?:FULL\b|\([^)]*\bFULL\b)|CLUSTER\b|LOCK\b|REFRESH MATERIALIZED VIEW (?!CONCURRENTLY))",
    ),
    ("locks-table", rf"ALTER TABLE {TABLE} DETACH PARTITION (?!.*\b(?:CONCURRENTLY|FINALIZE)\b)"),
    ("table-rewrite", r"ALTER TABLE ALL IN TABLESPACE"),
    ("table-rewrite", rf"ALTER TABLE {TABLE} (?:SET (?:TABLESPACE|LOGGED|UNLOGGED|ACCESS METHOD))\b"),
    ("table-rewrite", rf"ALTER TABLE {TABLE} ALTER (?:COLUMN )?{NAME} (?:SET DATA )?TYPE\b"),
    ("table-rewrite", rf"ALTER TABLE {TABLE} {ADDED}{NAME} (?:big|small)?serial\b"),
    ("table-rewrite", rf"ALTER TABLE {TABLE} {ADDED}.*\b(?:STORED|AS IDENTITY)\b"),
    (
        "table-rewrite",
        rf"ALTER TABLE {TABLE} {ADDED}{NAME} {PLAIN}\bDEFAULT\b{PLAIN}(?<![\w.])(?!(?:{STABLE})\()[\w.]+\(",
    ),
    ("table-rewrite", rf"ALTER TABLE {TABLE} .*\bSET EXPRESSION\b"),
    ("not-null-scans", rf"ALTER TABLE {TABLE} ALTER (?:COLUMN )?{NAME} SET NOT NULL\b"),
    ("exclusion-blocks", rf"ALTER TABLE {TABLE} ADD (?:CONSTRAINT {NAME} )?EXCLUDE\b"),
    ("unique-blocks", rf"ALTER TABLE {TABLE} ADD (?:CONSTRAINT {NAME} )?(?:UNIQUE|PRIMARY KEY)(?! USING INDEX)"),
    ("unique-blocks", rf"ALTER TABLE {TABLE} {ADDED}[^,]*\b(?:UNIQUE|PRIMARY KEY)\b"),
    (
        "foreign-key-scans",
        rf"ALTER TABLE {TABLE} ADD (?:CONSTRAINT {NAME} )?FOREIGN KEY\b(?!.*\bNOT VALID\b)",
    ),
    ("foreign-key-scans", rf"ALTER TABLE {TABLE} {ADDED}.*\bREFERENCES\b"),
    ("check-scans", rf"ALTER TABLE {TABLE} ADD (?:CONSTRAINT {NAME} )?CHECK\b(?!.*\bNOT VALID\b)"),
    ("check-scans", r"ALTER DOMAIN .*\bADD (?:CONSTRAINT .*\b)?(?:CHECK|NOT NULL)\b(?!.*\bNOT VALID\b)"),
    ("domain-check", r"CREATE DOMAIN .*\b(?:CHECK|NOT NULL)\b"),
    (
        "required-column",
        rf"ALTER TABLE {TABLE} {ADDED}(?!.*\b(?:DEFAULT|GENERATED|(?:big|small)?serial)\b).*\bNOT NULL\b",
    ),
    ("column-in-use", rf"ALTER TABLE {TABLE} DROP (?!CONSTRAINT\b)"),
    ("renamed-in-use", rf"ALTER TABLE {TABLE} RENAME (?!CONSTRAINT)"),
    ("renamed-in-use", rf"ALTER TABLE {TABLE} SET SCHEMA\b"),
    ("renamed-in-use", r"ALTER (?:SCHEMA|(?:MATERIALIZED )?VIEW|TYPE|DOMAIN|FUNCTION) .*\bRENAME TO\b"),
    ("object-in-use", rf"DROP (?:MATERIALIZED )?VIEW {TABLE}"),
    ("object-in-use", r"DROP (?:TYPE|DOMAIN|FUNCTION|SEQUENCE|EXTENSION|OPERATOR|COLLATION)\b.*\bCASCADE\b"),
    ("table-in-use", rf"DROP TABLE {TABLE}"),
    ("rows-lost", rf"TRUNCATE (?:TABLE )?{TABLE}"),
    ("rows-lost", r"DROP (?:SCHEMA|DATABASE)\b"),
    ("rows-hidden", rf"ALTER TABLE {TABLE} (?:ENABLE|FORCE) ROW LEVEL SECURITY"),
    ("rows-shown", rf"ALTER TABLE {TABLE} (?:DISABLE|NO FORCE) ROW LEVEL SECURITY"),
    ("trigger-off", rf"ALTER TABLE {TABLE} DISABLE (?:TRIGGER|RULE)\b"),
    ("trigger-off", r"SET (?:LOCAL |SESSION )?session_replication_role ?(?:=|TO) ?(?:replica|'')"),
    ("partition-scans", rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?[^ ]+ ATTACH PARTITION {NAME}"),
    ("all-rows-at-once", rf"(?:WITH .*\) ?)?(?:UPDATE|DELETE FROM) {TABLE}(?!.*\bWHERE\b)"),
    ("enum-value", r"ALTER TYPE .*\bRENAME VALUE\b"),
    ("json-text", rf"(?:ALTER|CREATE) TABLE {TABLE} .*\bjson\b"),
    ("naive-time", rf"(?:ALTER|CREATE) TABLE {TABLE} .*\btimestamp\b(?!(?: ?\(\d\))? with time zone)"),
    ("padded-text", rf"(?:ALTER|CREATE) TABLE {TABLE} .*\b(?:char|character|bpchar)\b ?(?:\(|,|\)|NULL|NOT|DEFAULT|$)"),
    ("small-key", rf"CREATE TABLE {TABLE} .*\b(?:small)?serial\b"),
    ("small-key", rf"CREATE TABLE {TABLE} .*\b(?:int|integer|int4|int2|smallint)\b[^,]*\bPRIMARY KEY\b"),
)

ALWAYS = frozenset({"json-text", "naive-time", "padded-text", "small-key"})
"""What is said of new tables too."""

OUTSIDE = re.compile(r"(?:CREATE|DROP|REINDEX|ALTER).*\bCONCURRENTLY\b|VACUUM\b|ALTER TYPE .*\bADD VALUE\b", re.I)
"""What the database refuses inside a transaction, or only lets be used after it."""

ENDS = re.compile(r"(?:BEGIN|START TRANSACTION|COMMIT|END|ABORT|ROLLBACK)\b(?! TO\b)", re.I)
"""What begins or ends a transaction by itself."""
READS_ROWS = re.compile(
    rf"(?:WITH .*\) ?)?(?:UPDATE|DELETE|INSERT INTO .*\bSELECT|MERGE|COPY|ALTER TABLE {TABLE} VALIDATE)\b", re.I
)
"""What takes as long as there are rows."""
NEWER: tuple[tuple[tuple[int, int], str], ...] = (
    ((14, 0), r"ALTER TABLE .*\bDETACH PARTITION .*\b(?:CONCURRENTLY|FINALIZE)\b"),
    ((15, 0), r"(?:ALTER|CREATE) .*\bNULLS NOT DISTINCT\b"),
    ((15, 0), r"MERGE\b"),
    ((17, 0), r"ALTER TABLE .*\bSET EXPRESSION\b"),
    ((18, 0), r"(?:ALTER|CREATE) TABLE .*\bVIRTUAL\b"),
)
"""What a server understands from a version on."""
_NAME_BYTES = 63

_COMPILED = [(code, re.compile(pattern, re.IGNORECASE)) for code, pattern in RULES]
_NEWER = [(version, re.compile(pattern, re.IGNORECASE)) for version, pattern in NEWER]
_CONCURRENT_BUILD = re.compile(r"(?:CREATE (?:UNIQUE )?INDEX|REINDEX .*) CONCURRENTLY\b", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"]|"")*)"|([A-Za-z_][\w$]*)')
_NOT_NULL = re.compile(rf"ALTER TABLE {TABLE} ALTER (?:COLUMN )?{NAME} SET NOT NULL\Z", re.IGNORECASE)
_TYPE = re.compile(rf"ALTER TABLE {TABLE} ALTER (?:COLUMN )?{NAME} (?:SET DATA )?TYPE ([\w ]+(?:\([\d, ]+\))?)\Z", re.I)
_BLOCK = re.compile(r"DO\b[^$]*\$(\w*)\$(.*)\$\1\$", re.IGNORECASE)
_WITHIN = re.compile(r";|\b(?:BEGIN|THEN|ELSE|LOOP)\b", re.IGNORECASE)
_PROOF = re.compile(
    rf"ALTER TABLE {TABLE} ADD CONSTRAINT {NAME} CHECK \(\(?{NAME} IS NOT NULL\)?\) NOT VALID\Z", re.IGNORECASE
)
_VALIDATED = re.compile(rf"ALTER TABLE {TABLE} VALIDATE CONSTRAINT {NAME}\Z", re.IGNORECASE)
_LAST = re.compile(r'"[^"]+"|\w+')
_ALTERED = re.compile(rf"ALTER TABLE {TABLE}", re.IGNORECASE)
_VIEW = re.compile(rf"CREATE (?:OR REPLACE )?(?:MATERIALIZED )?VIEW {TABLE}", re.IGNORECASE)
_BOUNDED = re.compile(
    rf"ALTER TABLE {TABLE} ADD CONSTRAINT {NAME} CHECK \((?P<said>.*)\)(?P<later> NOT VALID)?\Z", re.IGNORECASE
)
_ATTACHED = re.compile(
    rf"ALTER TABLE {TABLE} ATTACH PARTITION {NAME} (?:FOR VALUES (?P<how>FROM|IN|WITH)|DEFAULT)", re.IGNORECASE
)
_DIVIDED = re.compile(rf"CREATE TABLE {TABLE} .*PARTITION BY (?:RANGE|LIST) ?\((?P<keys>[^()]*)\)\Z", re.IGNORECASE)
_COLUMN = r'("[^"]+"|[A-Za-z_]\w*)'
_LEFT = rf"{_COLUMN}\)*(?:::[\w ]+)?\)* ?"
_LOWER = re.compile(rf"{_LEFT}(?:>|BETWEEN\b)|<=? ?\(*{_COLUMN}", re.IGNORECASE)
_UPPER = re.compile(rf"{_LEFT}(?:<(?!>)|BETWEEN\b)|(?<!<)>=? ?\(*{_COLUMN}", re.IGNORECASE)
_LISTED = re.compile(rf"{_LEFT}(?:=|IN\b)", re.IGNORECASE)
_BOUNDS = {"FROM": (_LOWER, _UPPER), "IN": (_LISTED,)}
"""What checks say of one column at least that spare the server from looking at the rows of a new partition."""
_CREATED = re.compile(rf"CREATE (?:UNLOGGED |TEMP(?:ORARY)? )?TABLE {TABLE}", re.IGNORECASE)


def statements_of(sql: Any) -> Iterator[str]:
    """Each statement in one line, without comments and without what is in quotes."""
    texts: Iterable[Any] = [sql] if isinstance(sql, str) else sql
    for text in texts:
        written = text[0] if isinstance(text, (list, tuple)) else text
        for one in sqlparse.split(sqlparse.format(written, strip_comments=True)):
            line = _SPACE.sub(" ", _TEXTS.sub("''", one)).strip().rstrip(";").strip()
            if line:
                yield line
            if found := _BLOCK.match(line):  # which runs at once, where the body of a function does not
                inside = (part.strip() for part in _WITHIN.split(found[2]))
                yield from (part for part in inside if part and not ENDS.match(part))


def actions(statement: str) -> Iterator[str]:
    """An ALTER TABLE with each of its actions alone; any other statement as it is."""
    found = _ALTERED.match(statement)
    if found is None:
        yield statement
        return
    depth, start = 0, found.end()
    for place, sign in enumerate(statement[start:] + ",", start=start):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            yield f"{statement[: found.end()]} {statement[start:place].strip()}"
            start = place + 1


def view_of(statement: str) -> str | None:
    """The view that a statement creates."""
    found = _VIEW.match(statement)
    return _plain(found[1]) if found else None


def created(statement: str) -> str | None:
    """The table that a statement creates."""
    found = _CREATED.match(statement)
    return _plain(found[1]) if found else None


def altered(statement: str) -> str | None:
    """The table that a statement alters."""
    found = _ALTERED.match(statement)
    return _plain(found[1]) if found else None


def judge(statement: str, new: set[str]) -> Iterator[tuple[str, str]]:
    """The codes of what is wrong with a statement, each with its table; ``new`` are tables that nobody uses yet."""
    for code, pattern in _COMPILED:
        found = pattern.match(statement)
        if found is None:
            continue
        table = _plain(found[1]) if pattern.groups and found[1] else ""
        if table not in new or code in ALWAYS:
            yield code, table


def of_version(statement: str, version: tuple[int, ...]) -> Iterator[str]:
    """The codes of what is wrong with a statement on a server of some version, as ``(14, 2)``, if that is known."""
    if not version:
        return
    if any(version < since and pattern.match(statement) for since, pattern in _NEWER):
        yield "newer-server"
    if CORRUPTS[0] <= version < CORRUPTS[1] and _CONCURRENT_BUILD.match(statement):
        yield "index-corrupts"


def too_long(statement: str) -> bool:
    """Whether a statement has a name that the server would cut."""
    return any(len((one[1] or one[2] or "").encode()) > _NAME_BYTES for one in _QUOTED.finditer(statement))


def retyped(statement: str) -> tuple[str, str, str] | None:
    """Table, column and new type, where that is all that a statement changes, and nothing is converted."""
    found = _TYPE.match(statement)
    if found is None:
        return None
    sql_type = re.sub("(?i)character varying", "varchar", found[3]).replace(" ", "")
    return _plain(found[1]), _plain(found[2]), sql_type


def not_null(statement: str) -> tuple[str, str] | None:
    """Table and column, where all that a statement says is NOT NULL."""
    found = _NOT_NULL.match(statement)
    return None if found is None else (_plain(found[1]), _plain(found[2]))


class Proofs:
    """Which columns checks have shown to hold no NULL, among those that statements made and validated."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], str] = {}
        self.shown: set[tuple[str, str]] = set()
        self.bounds: dict[tuple[str, str], str] = {}
        self.bounded: dict[str, list[str]] = {}
        """What each validated check says of a table."""
        self.keys: dict[str, str] = {}
        """The first column of what divides a table, where that is known."""

    def hear(self, statement: str) -> None:
        """Remember what a statement shows."""
        if found := _DIVIDED.match(statement):
            self.keys[_plain(found[1])] = _plain(found["keys"].split(",")[0])
        if found := _BOUNDED.match(statement):
            place = _plain(found[1]), _plain(found[2])
            if found["later"]:
                self.bounds[place] = found["said"]
            else:
                self.bounded.setdefault(place[0], []).append(found["said"])
        elif (found := _VALIDATED.match(statement)) and (_plain(found[1]), _plain(found[2])) in self.bounds:
            place = _plain(found[1]), _plain(found[2])
            self.bounded.setdefault(place[0], []).append(self.bounds[place])
        if found := _PROOF.match(statement):
            self.made[_plain(found[1]), _plain(found[2])] = _plain(found[3])
        elif (found := _VALIDATED.match(statement)) and (_plain(found[1]), _plain(found[2])) in self.made:
            self.shown.add((_plain(found[1]), self.made[_plain(found[1]), _plain(found[2])]))

    def spare(self, statement: str) -> bool:
        """Whether a statement only says what has been shown."""
        return not_null(statement) in self.shown

    def bound(self, statement: str) -> bool:
        """Whether a check that has been shown says what a table's rows have to be, that becomes a partition."""
        found = _ATTACHED.match(statement)
        patterns = _BOUNDS.get((found["how"] or "").upper()) if found else None
        if found is None or patterns is None:
            return False
        # Either of two that are joined with OR may hold, so that neither is shown.
        texts = [text for text in self.bounded.get(_plain(found[2]), ()) if not re.search(r"\bOR\b", text, re.I)]
        shown = [
            {_plain(name) for text in texts for groups in pattern.findall(text) for name in _names(groups)}
            for pattern in patterns
        ]
        key = self.keys.get(_plain(found[1]))
        columns = set.intersection(*shown)
        return bool(columns) if key is None else key in columns


def _names(groups: str | tuple[str, ...]) -> Iterator[str]:
    """The names that a pattern of one or several groups found."""
    yield from filter(None, (groups,) if isinstance(groups, str) else groups)


def _plain(name: str) -> str:
    """A name without its schema and quotes."""
    return str(_LAST.findall(name)[-1]).strip('"')
