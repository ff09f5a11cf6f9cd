"""What is different from Django: answers that a setting decides, and what there is beside Django's names.

``python -m orm.compat.django.listing`` writes ``page()`` into the documentation, so that it says what the code does.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator

import orm
from orm import models
from orm.compat.django.answers import ANSWERS
from orm.config import KNOWN
from orm.query.queryset_blocking import QuerySet
from orm.records import NamedTuple

HEAD = """# What is different from Django

Written by `python -m orm.compat.django.listing`; do not edit.

Names, lookups, options and rules are Django's, and [legacy scripts](legacy.md) run unchanged. Four things are
different: a few answers, some rows, what waits, and what there is besides.

## Answers

Native code means one thing on every database, and says at once what is wrong. A program written for Django expects
Django's answer on the database at hand. Each such difference is a setting: it has its native value in a program
that imports `orm`, Django's in one that imports `django`, and `orm.configure()` takes either.

| setting | native | under `import django` | what differs |
|---|---|---|---|
"""
BETWEEN = """
### Between databases

A few answers are the database's own, in native code and in Django's alike. `row` has 4 in `integer` and nothing in
`smallint`, `empty` has nothing in either.

| asked | SQLite | PostgreSQL |
|---|---|---|
"""
WAITING = """
## What waits

Every method that asks the database has both forms, `save()` and `asave()`, and neither is the other in a thread:
each has a driver of its own. In Django the awaitable forms of the ORM run the blocking ones in a thread, and
transactions have none.

| | Django | here |
|---|---|---|
| transaction in async code | `sync_to_async` around a function | `async with atomic():`, and `@atomic` on `async def` |
| related row in async code | `sync_to_async(lambda: book.author)()` | `await book.author` |
| a blocking call on the loop's thread | `SynchronousOnlyOperation` | the same, and it names the awaitable form |
| `await queryset` | an error | the list of its results |
| a connection | one for each thread | a pool for each loop and one for blocking code, with a limit |
| who closes it | the request's end, or you | nobody need: its loop's end, or the process's |
| `on_commit` | blocking functions | functions of both kinds |

## What there is besides
"""
ROWS = """
## Rows

Everywhere, in native and in legacy programs, a query means what it says where Django's SQL means something else:

| question | Django | here |
|---|---|---|
"""
METHODS = "| method of a query | |\n|---|---|\n"
NAMES = "\n| of `orm.models` | |\n|---|---|\n"
PROGRAM = "\n| of `orm` | |\n|---|---|\n"

DJANGOS_METHODS = frozenset({
    "aggregate", "alias", "all", "annotate", "as_manager", "bulk_create", "bulk_update", "complex_filter",
    "contains", "count", "create", "dates", "datetimes", "db", "defer", "delete", "difference", "distinct",
    "earliest", "exclude", "exists", "explain", "extra", "filter", "first", "get", "get_or_create", "in_bulk",
    "intersection", "iterator", "last", "latest", "none", "only", "order_by", "ordered", "prefetch_related",
    "query", "raw", "reverse", "select_for_update", "select_related", "union", "update", "update_or_create",
    "using", "values", "values_list",
})  # fmt: skip
"""What Django documents of a QuerySet (https://docs.djangoproject.com/en/5.2/ref/models/querysets/)."""
OWN_PARTS = frozenset({"NOT_TWINNED", "embedded", "fetch_all", "in_its_order", "query_structure", "value_type"})
"""What other parts of the library ask of a QuerySet."""
BESIDE_MODELS = (
    "CTE", "Excluded", "Matched", "NotMatched", "Rows", "GenerateSeries", "JSONElements", "JSONItems", "TableFunction",
)  # fmt: skip
BESIDE = (
    "configure", "create_tables", "drop_tables", "schema_editor", "migrate", "independent", "carry", "batch",
    "run_in_transaction", "listen", "notify", "capture_queries", "ReplicaRouter", "register_backend",
)  # fmt: skip


class Question(NamedTuple):
    """A question that Django answers in another way: what is asked, and both answers."""

    asked: str
    django: str
    here: str

    def __str__(self) -> str:
        return "".join(f"| {part} " for part in (self.asked, self.django, self.here)) + "|\n"


QUESTIONS = (
    Question(
        '`exclude(title=F("tags__label"))`, `~Q(computed=F("books__pages"))`: a value across many rows',
        "a row as often as it has such rows, those that meet the condition left out",
        "each row once that has none meeting it",
    ),
    Question(
        "`Q(a) ^ Q(b)` and `querysets ^ …` across a relation that may be missing",
        "rows without it are lost",
        "they are there",
    ),
    Question(
        "`a \\| b`, `a & b` where `b` counts or groups across many rows",
        "rows as often as `b` has joined some",
        "each row once; `a` counts what is its own",
    ),
    Question(
        "a window beside conditions or counts across many rows",
        "it sees a row as often as others are joined to it, or the database refuses",
        "`NotSupportedError` says how to ask",
    ),
    Question(
        "`values(big=Q(…)).annotate(…).filter(Q(n=…) \\| Q(big=True))`",
        "a group for each value that `big` compares",
        "one for each `big`",
    ),
    Question(
        '`union().order_by("id").values_list("title")`: a column that is not among the chosen ones',
        "rows hold it as well",
        "rows hold what was chosen",
    ),
    Question(
        "`union().select_for_update()` on PostgreSQL",
        "the rows, which nothing locks",
        "`NotSupportedError`",
    ),
    Question(
        '`union().values("other")` of parts that chose their columns',
        "the columns that the parts chose, under whatever name",
        "`NotSupportedError` names those there are",
    ),
    Question(
        '`TruncMonth("at")` compared, shifted, truncated again, or stored as a datetime',
        "midnight in UTC, or a datetime without a zone",
        "the zone's midnight; its date is the zone's",
    ),
    Question(
        '`TruncHour`, `datetimes("at", "hour")` in the hour that comes twice',
        "the two are one",
        "two, told apart by `fold`",
    ),
    Question(
        '`update(title=F("author__name"))`',
        "`FieldError`",
        "the row's own, by a subquery",
    ),
    Question(
        "`Sum` of whole numbers on PostgreSQL",
        "`Decimal` where the column is a bigint",
        "`int`",
    ),
    Question(
        "truth values in `JSONObject`, JSON `range`, decimals divided, on SQLite",
        "0 and 1; nothing is in it; `10 / 4` is 2",
        "as on PostgreSQL",
    ),
    Question(
        "`cursor.executemany()` of which a row fails, on SQLite",
        "the rows before it stay",
        "none of its rows stays",
    ),
    Question(
        "`bulk_create(ignore_conflicts=True)` of rows that break a CHECK or NOT NULL, on SQLite",
        "they are left out without a word",
        "`IntegrityError`, as on PostgreSQL",
    ),
    Question(
        "a `Decimal` or an aware datetime as a parameter of SQL written by hand, on SQLite",
        "texts, `'1.50'` and one with its offset, which compare with stored values as texts do",
        "the number, and the moment as columns hold it",
    ),
    Question(
        "`delete()` across a nullable foreign key that cascades",
        "the rows referred to go first, with their signals, where they were reached first",
        "rows that refer to others go before these",
    ),
    Question(
        "`on_commit()` after `savepoint()`, which is then rolled back to",
        "the function is called",
        "it is forgotten, as in a nested block",
    ),
    Question(
        "`data__0` where the JSON is a number, a text or a truth value, on PostgreSQL",
        "that value",
        "NULL, as on SQLite",
    ),
)


class Row(NamedTuple):
    """A line of a table: the names it is about, and a sentence."""

    names: str
    sentence: str

    def __str__(self) -> str:
        return f"| {self.names} | {self.sentence} |\n"


class Differing(NamedTuple):
    """What a query gives on each database: the ``repr`` of its answer, or the name of the error it raises."""

    asked: str
    sqlite: str
    postgresql: str

    def __str__(self) -> str:
        asked = self.asked.replace("|", "\\|")
        return f"| `{asked}` | `{self.sqlite}` | `{self.postgresql}` |\n"


DATABASES = (
    Differing('row.annotate(x=F("integer") / 0).get().x', "None", "DataError"),
    Differing('row.annotate(x=Mod("integer", 0)).get().x', "None", "DataError"),
    Differing("row.annotate(x=Ln(Value(0.0))).get().x", "None", "DataError"),
    Differing("row.annotate(x=Sqrt(Value(-1.0))).get().x", "None", "DataError"),
    Differing('row.annotate(x=Greatest("integer", "smallint")).get().x', "None", "4"),
    Differing('row.annotate(x=Least("integer", "smallint")).get().x', "None", "4"),
    Differing('(row | empty).order_by("integer")[0].integer', "None", "4"),
    Differing('(row | empty).order_by("-integer")[0].integer', "4", "None"),
    Differing('(row | empty).order_by(F("integer").asc(nulls_last=True))[0].integer', "4", "4"),
    Differing(
        "(row | empty).annotate(x=Case(When(integer=4, then=Value(None, JSONField())), default=Value(1, JSONField())))"
        '.order_by("x")[0].x',
        "1",
        "None",
    ),
    Differing('row.update(char=Repeat(Value("x"), 201))', "1", "DataError"),
    Differing('row.update(integer=F("integer") + 2**40)', "1", "DataError"),
    Differing("row.annotate(x=Cast(Value(True), TextField())).get().x", "'1'", "'true'"),
)
"""What ``tests/query/test_databases_differ.py`` asks. The last that orders by a column is how both are told the same.
Values of JSON are ordered as texts on one database, by their kinds on the other, on which JSON's null comes first."""


def own_methods() -> list[str]:
    """The methods of a query that Django has not, by the blocking form's name."""
    public = [name for name in dir(QuerySet) if not name.startswith("_")]
    return [
        name
        for name in public
        if name not in DJANGOS_METHODS | OWN_PARTS and not (name.startswith("a") and name[1:] in public)
    ]


def page() -> str:
    """Return the page."""
    parts = (
        HEAD, *_answers(), BETWEEN, *map(str, DATABASES), ROWS, *map(str, QUESTIONS), WAITING, "\n", METHODS,
        *_of(QuerySet, own_methods(), "()"), NAMES, *_of(models, BESIDE_MODELS), PROGRAM, *_of(orm, BESIDE),
    )  # fmt: skip
    return "".join(parts)


def _answers() -> Iterator[str]:
    for name, answer in ANSWERS.items():
        yield f"| `{name}` | {KNOWN[name][1]} | {answer.legacy} | {answer.differs} |\n"


def _of(owner: object, names: Iterable[str], call: str = "") -> Iterator[str]:
    for name in names:
        forms = [name, f"a{name}"] if hasattr(owner, f"a{name}") else [name]
        yield str(Row(", ".join(f"`{form}{call}`" for form in forms), _first_sentence(getattr(owner, name))))


def _first_sentence(documented: object) -> str:
    paragraph = " ".join((inspect.getdoc(documented) or "").partition("\n\n")[0].split()).replace("::", ":")
    return paragraph.replace("``", "`").replace("|", "\\|")
