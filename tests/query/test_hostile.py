"""Nothing a caller names becomes SQL text, whatever class, method or parameter takes it (see ``hostile.py``)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest

import orm
from orm.models import CTE, Exists, F, JSONElements, JSONItems, Matched, QuerySet, Rows, TableFunction, TextField, Value
from orm.sql.calls import Func
from orm.sql.expressions import CombinedExpression
from orm.sql.handwritten import RawSQL
from orm.sql.lookups import Lookup
from orm.sql.nodes import Node
from tests.query import hostile
from tests.query.hostile import (
    INTERNAL,
    TEXTS,
    Call,
    as_it_is,
    classes,
    faults,
    find_call,
    outcome,
    some_texts,
    uses,
    variations,
)
from tests.query.models import Everything, Tag

NAMED_INTERNAL = frozenset[str]().union(*INTERNAL.values())


def expressions(backend: str) -> list[type]:
    """Return the classes that a user makes expressions of on this database."""
    found = [cls for cls in classes(Node) if cls.__name__ not in NAMED_INTERNAL and not issubclass(cls, Lookup)]
    return [cls for cls in found if backend == "postgresql" or not cls.__module__.startswith("orm.postgresql")]


@pytest.fixture
def row(database: Any) -> Iterator[Any]:
    """A row to ask about, and one of another table that must never come back."""
    if database.backend == "postgresql":
        with psycopg.connect(database.url, autocommit=True) as session:
            session.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            session.execute("CREATE EXTENSION IF NOT EXISTS pgcrypto")  # SHA1
    Tag.objects.create(name="canary")
    Everything.objects.create(text="abc", integer=1, float=1.5, json={"a": 1}, boolean=True)
    yield database
    assert Tag.objects.count() == 1
    assert Everything.objects.count() == 1


@pytest.fixture
def loose_strings(row: Any) -> Iterator[Any]:
    """The row, on a server that reads a backslash in a plain string as an escape."""
    name = row.url.rsplit("/", 1)[-1].split("?")[0]
    with psycopg.connect(row.url, autocommit=True) as session:
        session.execute(f'ALTER DATABASE "{name}" SET standard_conforming_strings = off')
    mark = "&" if "?" in row.url else "?"
    orm.configure(databases={"default": f"{row.url}{mark}application_name=loose"})  # connections of its own
    yield row
    with psycopg.connect(row.url, autocommit=True) as session:
        session.execute(f'ALTER DATABASE "{name}" RESET standard_conforming_strings')
    orm.configure(databases={"default": row.url})


def judged(call: Call, texts: Sequence[str] = TEXTS, identifiers: Sequence[str] = ()) -> list[str]:
    """Return what is wrong with the outcomes of a call with each text in each parameter.

    ``identifiers`` are the parameters that name what the statement calls so.
    """
    outcomes: dict[str, list[hostile.Outcome]] = {}
    for text in texts:
        for name, run in variations(call, text):
            outcomes.setdefault(name, []).append(outcome(text, run))
    return [
        f"{name}: {fault}"
        for name, found in outcomes.items()
        for fault in faults(
            found, name.split()[0] in hostile.CHECKED_BY_THE_DATABASE, name.startswith("**") or name in identifiers
        )
    ]


def test_expressions(row: Any) -> None:
    judge_expressions(row.backend, TEXTS)


def judge_expressions(backend: str, texts: Sequence[str]) -> None:
    """Try every class with each text in each parameter."""
    wrong: dict[str, Any] = {}
    for number, cls in enumerate(expressions(backend)):
        call = find_call(cls, uses())
        if call is None:
            wrong[cls.__qualname__] = "no call of it was found: teach hostile.VALUES or hostile.uses() one"
            continue
        found = judged(call, some_texts(number, texts))
        if found:
            wrong[cls.__qualname__] = found
    assert not wrong, "\n".join(f"{name}: {fault}" for name, fault in wrong.items())


@pytest.mark.only(backend="postgresql")
def test_expressions_where_backslashes_escape(loose_strings: Any) -> None:
    shown = RawSQL("current_setting('standard_conforming_strings')", (), output_field=TextField())
    assert Tag.objects.annotate(shown=shown).get().shown == "off"
    judge_expressions(loose_strings.backend, [text for text in TEXTS if "\\" in text or "'" in text])
    test_lookups_with_expressions(loose_strings)


FUNCTION_NAMES = ("coalesce", "pg_catalog.lower", "ORM_POWER", "_f", "f$1", "größe")
NO_FUNCTION_NAMES = [text for text in TEXTS if not text.isidentifier()] + ["lower\n", "lower(", "a.", ".a", "a b"]


@pytest.mark.parametrize("name", NO_FUNCTION_NAMES)
def test_a_function_is_named_by_a_name(name: str) -> None:
    with pytest.raises((ValueError, TypeError), match="is no name of a function"):
        Func(F("text"), function=name)


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_functions_of_any_schema_are_taken(name: str) -> None:
    assert Func(F("text"), function=name).extra["function"] == name


OPERATORS = ("-", "?", "||", "%%", "<->", "@>", "AT TIME ZONE")
NO_OPERATORS = [text for text in TEXTS if text not in OPERATORS]


@pytest.mark.parametrize("text", [*NO_OPERATORS, "+ --", "+--", "/*", "%", "%s", "UNION SELECT name FROM tag --", ""])
def test_an_operator_is_made_of_signs_or_known_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no operator"):
        CombinedExpression(F("integer"), text, F("integer"))


@pytest.mark.parametrize("operator", OPERATORS)
def test_operators_of_a_database_are_taken(operator: str) -> None:
    assert CombinedExpression(F("integer"), operator, F("integer")).connector == operator


def test_lookups_with_expressions(row: Any) -> None:
    """A pattern that is an expression is escaped in the statement."""
    for text in ("a\\b", "a%b", "a_b", "'", "\\'", "\\"):
        Everything.objects.update(text=f"x{text}y", char=text)
        for name in ("contains", "icontains"):
            assert Everything.objects.filter(**{f"text__{name}": F("char")}).count() == 1, (text, name)
            assert Everything.objects.filter(**{f"text__{name}": Value(text)}).count() == 1, (text, name)
        Everything.objects.update(text="xaQby")
        assert not Everything.objects.filter(text__contains=F("char")).exists(), text


# -- lookups, by the names that a filter may end in --------------------------------------------------------------------


def lookup_names() -> list[str]:
    """Return every path of a column and a lookup or transform that its type has."""
    found = [(field.name, name) for field in Everything._meta.concrete_fields for name in field.lookups()]
    return [f"{column}__{name}" for column, name in found]


def filtered(**kwargs: Any) -> Any:
    """Return the keys of rows, filtered."""
    return Everything.objects.filter(**kwargs).values_list("pk", flat=True)


@pytest.mark.parametrize("several", [False, True], ids=["one", "list"])
def test_lookups(row: Any, several: bool) -> None:
    wrong: dict[str, Any] = {}
    for number, path in enumerate(lookup_names()):
        texts = some_texts(number) if path.startswith(("text", "json")) else TEXTS[number % 8 :: 8]
        if path.endswith("regex"):  # a pattern of 100,000 characters takes PostgreSQL half a minute to read
            texts = [text[:1_000] for text in texts]
        given = [(text, {path: [text, text] if several else text}) for text in texts]
        outcomes = [outcome(text, Call(filtered, list, [], kwargs).run) for text, kwargs in given]
        # What is no regular expression is said by the database alone; the text is bound.
        found = faults(outcomes, by_database=path.endswith("regex"))
        if found:
            wrong[path] = found
    assert not wrong, "\n".join(f"{name}: {fault}" for name, fault in wrong.items())


MATCHES: dict[str, Callable[[str, str], bool]] = {
    "exact": lambda text, given: text == given,
    "in": lambda text, given: text in given,
    "contains": lambda text, given: given in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "iexact": lambda text, given: text.casefold() == given.casefold(),
}


def test_lookups_find_exactly_the_right_rows(database: Any) -> None:
    """Every text is in a row of its own, and each lookup finds those that Python says, of every text."""
    texts = [text for text in TEXTS if "\0" not in text and "\ud800" not in text]
    Everything.objects.bulk_create([Everything(text=text, json={"is": text}) for text in texts])
    for name, matches in MATCHES.items():
        for text in texts:
            if (name == "iexact" and not text.isascii()) or (
                len(text) > 10_000 and name not in {"exact", "in", "contains"}
            ):
                continue
            found = Everything.objects.filter(**{f"text__{name}": [text] if name == "in" else text})
            expected = {other for other in texts if (other == text if name == "in" else matches(other, text))}
            assert set(found.values_list("text", flat=True)) == expected, (name, text)
    for text in texts:
        assert Everything.objects.filter(json__is=text).values_list("text", flat=True).get() == text
        assert Everything.objects.exclude(text=text).count() == len(texts) - 1


# -- methods -----------------------------------------------------------------------------------------------------------


def methods() -> list[str]:
    """Return the names of a queryset's public methods that blocking code calls."""
    return [
        name
        for name, function in inspect.getmembers(QuerySet, inspect.isfunction)
        if not name.startswith("_") and not inspect.iscoroutinefunction(function) and name not in NO_METHODS
    ]


NO_METHODS = {
    "as_manager": "makes a class",
    "embedded": "how a queryset becomes part of another",
    "query_structure": "how a queryset becomes part of another",
    "tag": "its text is a comment, without what would end one: tests/observability/test_tags.py",
}
IDENTIFIERS = {"join": ["name"], "merge": ["name"]}
TAUGHT_KEYWORDS: dict[str, dict[str, Any]] = {"merge": {"on": {"id": "id"}, "when": [Matched().nothing()]}}
ONLY_ON = {"merge": "postgresql"}
TAUGHT: dict[str, Callable[[], list[Any]]] = {
    "bulk_update": lambda: [[hostile.a_row()], ["text"]],
    "contains": lambda: [hostile.a_row()],
    "copy_in": lambda: [[{"text": "x"}]],
    "extra": lambda: [{"one": "1"}],
    "fetch_mode": lambda: ["one"],
    "into": lambda: [hostile.Key],
    "join": lambda: ["others", Tag.objects.values("id"), {"pk": "id"}],
    "merge": lambda: [Tag.objects.values("id")],
    "with_cte": lambda: [CTE("others", Tag.objects.values("id")), {"pk": "id"}],
}


OF_ALL_ROWS = {"merge", "copy_in"}
"""Methods that no queryset has which was ordered."""


def test_methods(row: Any) -> None:
    wrong: dict[str, Any] = {}
    for name in methods():
        queryset = Everything.objects.all() if name in OF_ALL_ROWS else Everything.objects.order_by("pk")
        method = getattr(queryset, name)
        if ONLY_ON.get(name, row.backend) != row.backend:
            continue
        if name in TAUGHT:
            call: Call | None = Call(method, as_it_is, TAUGHT[name](), TAUGHT_KEYWORDS.get(name, {}))
        else:
            call = find_call(method, [as_it_is])
        if call is None:
            wrong[name] = "no call of it was found: teach hostile.VALUES one"
            continue
        found = judged(call, identifiers=IDENTIFIERS.get(name, ()))
        if found:
            wrong[name] = found
    assert not wrong, "\n".join(f"{name}: {fault}" for name, fault in wrong.items())


# -- sources -----------------------------------------------------------------------------------------------------------


def called_source(cls: type, text: str) -> list[Callable[[], Any]]:
    """Return ways to make a source with a text in it: as a value, where there may be a document, as a name."""
    ways: list[Callable[[], Any]] = [lambda: list(cls({text: TextField()}, [("a",)]))]
    if cls is Rows:
        ways.append(lambda: list(cls({"a": TextField()}, [(text,)])))
        ways.append(lambda: list(cls({"a": TextField()}, [{text: "a"}])))
        return ways
    wanted = len([p for p in inspect.signature(cls.__init__).parameters.values() if p.default is p.empty]) - 1
    ways = [lambda: list(Everything.objects.filter(Exists(cls(*[text] * wanted))))]
    if issubclass(cls, (JSONElements, JSONItems)):
        ways.append(lambda: list(cls([text]) if cls is JSONElements else cls({text: text})))
    return ways


def test_sources_take_hostile_names_as_names_or_refuse_them(row: Any) -> None:
    wrong: dict[str, Any] = {}
    found = [cls for cls in classes(QuerySet) if issubclass(cls, (Rows, TableFunction)) and cls is not TableFunction]
    assert len(found) >= 4
    for cls in found:
        for place in range(len(called_source(cls, ""))):
            outcomes = [outcome(text, called_source(cls, text)[place]) for text in TEXTS]
            judged_so = faults(outcomes, identifiers=True)
            if judged_so:
                wrong[f"{cls.__name__} {place}"] = judged_so
    assert not wrong, "\n".join(f"{name}: {fault}" for name, fault in wrong.items())


def test_a_text_in_given_rows_comes_back(database: Any) -> None:
    texts = [text for text in TEXTS if "\0" not in text and "\ud800" not in text]
    assert list(Rows({"a": TextField()}, [(text,) for text in texts]).values_list("a", flat=True)) == texts
    for text in texts:
        assert JSONElements([text]).filter(value=text).count() == 1


@pytest.mark.parametrize("name", [text for text in TEXTS if not text.isidentifier()])
def test_names_of_functions(name: str) -> None:
    with pytest.raises(ValueError, match="name of a function"):
        type("Named", (TableFunction,), {"function": name, "columns": {"a": TextField()}})


# -- keywords ----------------------------------------------------------------------------------------------------------


def test_keywords_that_nobody_knows_are_refused(row: Any) -> None:
    taken: list[str] = []
    for cls in expressions(row.backend):
        call = find_call(cls, uses())
        assert call is not None, cls
        if cls.__name__ in {"Q", "When", "JSONObject"}:  # whose keywords are lookups, and keys
            continue
        try:
            cls(*call.args, **call.kwargs, distnct=True)
        except TypeError:
            continue
        taken.append(cls.__name__)
    assert not taken


def test_a_class_that_pastes_its_text_is_found(row: Any) -> None:
    """The test of the test: the hole that Trunc once had."""

    class Pasted(Func):
        def __init__(self, expression: Any, kind: str = "year") -> None:
            super().__init__(expression)
            self.kind = kind

        def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
            sql, params = compiler.compile(self.source_expressions[0])
            return f"COALESCE({sql}, '{self.kind}')", params

    call = find_call(Pasted, uses())
    assert call is not None
    found = judged(call)
    assert any("depends on the text" in fault for fault in found)
    assert any("after 1 statements" in fault for fault in found)
