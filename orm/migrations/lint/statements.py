"""What statements of ``RunSQL`` do to a live database, told from their words.

Statements are taken apart by sqlparse, comments and texts left out; each rule is one pattern. What no pattern knows is
not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import sqlparse

NAME = r'("[^"]+"|[\w.]+)'
TABLE = rf"(?:IF (?:NOT )?EXISTS )?(?:ONLY )?{NAME}"

VOLATILE = r"gen_random_uuid|uuid_\w+|random|clock_timestamp|nextval"
"""Functions that give each row a value of its own."""

_SPACE = re.compile(r"\s+")
_TEXTS = re.compile(r"'(?:[^']|'')*'")

RULES: tuple[tuple[str, str], ...] = (
    ("index-blocks-writes", rf"CREATE INDEX (?!CONCURRENTLY).*?\bON (?:ONLY )?{NAME}"),
    ("unique-blocks", rf"CREATE UNIQUE INDEX (?!CONCURRENTLY).*?\bON (?:ONLY )?{NAME}"),
    ("index-drop-blocks", r"DROP INDEX (?!CONCURRENTLY)"),
    ("locks-table", r"REINDEX (?!.*\bCONCURRENTLY\b)"),
    ("locks-table", r"(?:VACUUM \(?FULL|CLUSTER\b|LOCK\b|REFRESH MATERIALIZED VIEW (?!CONCURRENTLY))"),
    ("locks-table", rf"ALTER TABLE {TABLE} .*\bDETACH PARTITION (?!.*\b(?:CONCURRENTLY|FINALIZE)\b)"),
    ("table-rewrite", rf"ALTER TABLE {TABLE} .*\b(?:SET (?:TABLESPACE|LOGGED|UNLOGGED|ACCESS METHOD))\b"),
    ("table-rewrite", rf"ALTER TABLE {TABLE} .*\bALTER (?:COLUMN )?{NAME} (?:SET DATA )?TYPE\b"),
    ("table-rewrite", rf"ALTER TABLE {TABLE} .*\bADD (?:COLUMN )?{NAME} (?:big|small)?serial\b"),
    ("table-rewrite", rf"ALTER TABLE {TABLE} .*\bADD (?:COLUMN ).*\b(?:STORED|AS IDENTITY)\b"),
    (
        "table-rewrite",
        rf"ALTER TABLE {TABLE} .*\bADD (?:COLUMN ).*\bDEFAULT \(?(?:{VOLATILE})\(",
    ),
    ("not-null-scans", rf"ALTER TABLE {TABLE} .*\bSET NOT NULL\b"),
    ("exclusion-blocks", rf"ALTER TABLE {TABLE} .*\bADD .*\bEXCLUDE\b"),
    ("unique-blocks", rf"ALTER TABLE {TABLE} .*\bADD (?:CONSTRAINT {NAME} )?(?:UNIQUE|PRIMARY KEY)(?! USING INDEX)"),
    (
        "foreign-key-scans",
        rf"ALTER TABLE {TABLE} .*\bADD (?:CONSTRAINT {NAME} )?FOREIGN KEY\b(?!.*\bNOT VALID\b)",
    ),
    ("foreign-key-scans", rf"ALTER TABLE {TABLE} .*\bADD (?:COLUMN ).*\bREFERENCES\b"),
    ("check-scans", rf"ALTER TABLE {TABLE} .*\bADD (?:CONSTRAINT {NAME} )?CHECK\b(?!.*\bNOT VALID\b)"),
    ("required-column", rf"ALTER TABLE {TABLE} .*\bADD (?:COLUMN )(?!.*\bDEFAULT\b).*\bNOT NULL\b"),
    ("column-in-use", rf"ALTER TABLE {TABLE} .*\bDROP COLUMN\b"),
    ("renamed-in-use", rf"ALTER TABLE {TABLE} .*\bRENAME (?!CONSTRAINT)"),
    ("table-in-use", rf"DROP TABLE {TABLE}"),
    ("rows-lost", rf"TRUNCATE (?:TABLE )?{TABLE}"),
    ("rows-lost", r"DROP (?:SCHEMA|DATABASE)\b"),
    ("rows-hidden", rf"ALTER TABLE {TABLE} .*\bENABLE ROW LEVEL SECURITY"),
    ("all-rows-at-once", rf"(?:UPDATE|DELETE FROM) {TABLE}(?!.*\bWHERE\b)"),
    ("enum-value", r"ALTER TYPE .*\bRENAME VALUE\b"),
    ("json-text", rf"(?:ALTER|CREATE) TABLE {TABLE} .*\bjson\b"),
    ("naive-time", rf"(?:ALTER|CREATE) TABLE {TABLE} .*\btimestamp\b(?! with time zone)"),
    ("small-key", rf"CREATE TABLE {TABLE} .*\b(?:small)?serial\b"),
)

ALWAYS = frozenset({"json-text", "naive-time", "small-key"})
"""What is said of new tables too."""

OUTSIDE = re.compile(
    r"(?:CREATE|DROP|REINDEX|REFRESH|ALTER).*\bCONCURRENTLY\b|VACUUM\b|ALTER TYPE .*\bADD VALUE\b", re.I
)
"""What the database refuses inside a transaction, or only lets be used after it."""

_COMPILED = [(code, re.compile(pattern, re.IGNORECASE)) for code, pattern in RULES]
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


def created(statement: str) -> str | None:
    """The table that a statement creates."""
    found = _CREATED.match(statement)
    return _plain(found[1]) if found else None


def judge(statement: str, new: set[str]) -> Iterator[str]:
    """The codes of what is wrong with a statement; ``new`` are tables that nobody uses yet."""
    for code, pattern in _COMPILED:
        found = pattern.match(statement)
        if found is None:
            continue
        table = _plain(found[1]) if pattern.groups and found[1] else ""
        if table not in new or code in ALWAYS:
            yield code


def _plain(name: str) -> str:
    return name.rpartition(".")[2].strip('"')
