"""Finds every expression there is, learns how to call it, and says what became of a hostile text given to it.

Nothing here is a list of what to try: classes are found in the library's modules, parameters in their signatures, and
values for the others by trying until the database answers. What is never made by hand by a user is named in
``INTERNAL``; whatever else can't be called is a failure of the test, which then has to be taught how.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import orm
from orm.errors import (
    ConnectionDoesNotExist,
    DatabaseError,
    FieldDoesNotExist,
    FieldError,
    ProgrammingError,
    UnsendableText,
)
from orm.models import Case, CharField, Count, Exists, F, Q, QuerySet, Value
from orm.sql.functions import RowNumber
from orm.sql.json import is_special
from orm.sql.windows import Window
from tests.counting import Queries
from tests.query.models import Everything, Tag

REFUSALS = (ValueError, TypeError, FieldError, FieldDoesNotExist, ConnectionDoesNotExist)

TEXTS = [
    "'", "''", '"', "`", "\\", "\\'", "x'", "x' OR '1'='1", "x') UNION SELECT name FROM query_tag --",
    'x"; DROP TABLE query_tag; --', "year' FROM CURRENT_DATE); --", ";", "--", "/*", "*/", "%", "%s", "%%",
    "%(x)s", "%1", "{", "}", "{0}", "{x}", "{{", "$1", "?", ":x", "$$", "E'\\x27'", "\x00", "a\x00b", "\n", "\r",
    "\t", "\x1a", "\u202e", "\u2028", "\ud800", "é", "😀", "x" * 100_000, "", " ", "(", ")", "x)", "(SELECT 1)",
    "1", "-1", "[0]", "__", "_", "a__b", "a__", "NULL", "year", "-",
]  # fmt: skip

ALWAYS = ["'", "x') UNION SELECT name FROM query_tag --", "%s", "\x00", "\ud800", "{x}", "x" * 100_000, ""]
"""One of each kind of text, that everything is given; of the others each parameter gets some."""


def some_texts(number: int, texts: Sequence[str] = TEXTS) -> list[str]:
    """Return the texts for the ``number``-th of many classes: those for all, and a third of the others in turn."""
    return [text for place, text in enumerate(texts) if text in ALWAYS or place % 3 == number % 3]


# -- what there is -----------------------------------------------------------------------------------------------------

INTERNAL = {
    "what is made when a query is resolved or compiled": {
        "AdaptedSlot", "AddedCondition", "AsCompared", "AsMoment", "Beyond", "Col", "Column", "CombinedExpression",
        "ComparedSlot", "ConvertedSlot", "DatabaseDefault", "DoomedKeys", "Excluded", "ExcludedColumn", "KeyPath",
        "Limit", "NothingNode", "Null", "OfType", "Outer", "OwnJoin", "Position", "RangeSlot", "Ref", "Row", "Sliced",
        "Slot", "Star", "StoredSlot", "SubSelect", "Where",
    },
    "bases that stand for nothing alone": {
        "Aggregate", "Combinable", "Expression", "Func", "InZone", "Node", "OfOneType", "SearchQueryCombinable",
        "SearchVectorCombinable", "StatAggregate", "Transform", "TruncateTransform", "TupleLookup", "WindowFrame",
    },
    "made by an operator or a lookup's name": {
        "ArrayLen", "ArrayLiteral", "ByHand", "CombinedSearchQuery", "CombinedSearchVector", "HStoreKey", "HStoreKeys",
        "HStoreValues", "IndexTransform", "IsEmpty", "ListItem", "LowerInclusive", "LowerInfinite",
        "NegatedSearchQuery", "SliceTransform", "Unaccent", "UpperInclusive", "UpperInfinite",
    },
    "part of what a model declares": {
        "OpClass", "Operation",
    },
    "part of a function's call that a program writes": {
        "OrderByList",
    },
}  # fmt: skip


def modules(package: str = "orm") -> Iterator[Any]:
    """Yield every module of the library."""
    root = importlib.import_module(package)
    yield root
    for found in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def classes(base: type) -> list[type]:
    """Return every public class below ``base`` that the library defines, by name."""
    found: dict[str, type] = {}
    list(modules())
    waiting = [base]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls.__module__.startswith("orm.") and not cls.__name__.startswith("_"):
            found[f"{cls.__module__}.{cls.__name__}"] = cls
    return [found[name] for name in sorted(found)]


# -- how it is called --------------------------------------------------------------------------------------------------


@dataclass
class Call:
    """A way to call something that works: arguments, and what is done with the result."""

    target: Callable[..., Any]
    use: Callable[[Any], Any]
    args: list[Any]
    kwargs: dict[str, Any] = field(default_factory=dict)

    def run(self, args: list[Any] | None = None, kwargs: dict[str, Any] | None = None) -> Any:
        """Call it, with other arguments if any are given, and ask the database."""
        made = self.target(*(self.args if args is None else args), **(self.kwargs if kwargs is None else kwargs))
        used = self.use(made)
        return list(used) if isinstance(used, QuerySet) else used


COLUMNS = ("text", "integer", "float", "datetime", "date", "json", "decimal", "boolean", "duration")
VALUES: list[Any] = [
    *COLUMNS, F("text"), F("integer"), 1, CharField(max_length=20), Q(integer__gte=0), Count("pk"), RowNumber(),
    Everything.objects.values("text")[:1], {}, ["pk"], None,
]  # fmt: skip
MIXED: list[Any] = ["text", "integer", "json", "datetime", 1, 2, CharField(max_length=20), "C", "year", Q(integer=1)]


class Key(NamedTuple):
    """What into() fills."""

    id: int


def rows() -> Any:
    """Return the rows that expressions are tried on."""
    return Everything.objects.order_by("pk")


def uses() -> list[Callable[[Any], Any]]:
    """Return what can be done with an expression."""
    return [
        lambda made: rows().annotate(x=made).values_list("x", flat=True),
        lambda made: [rows().aggregate(x=made)],
        lambda made: rows().filter(made).values_list("pk", flat=True),
        lambda made: rows().order_by(made).values_list("pk", flat=True),
        lambda made: rows().annotate(x=Window(made, order_by="pk")).values_list("x", flat=True),
        lambda made: rows().annotate(x=Window(Count("pk"), order_by="pk", frame=made)).values_list("x", flat=True),
        lambda made: rows().annotate(x=Case(made, default=Value("no"))).values_list("x", flat=True),
        lambda made: rows().annotate(x=Exists(Tag.objects.filter(pk=made))).values_list("x", flat=True),
    ]


def a_row() -> Any:
    """Return an instance that is in the database."""
    return Everything.objects.get()


def as_it_is(made: Any) -> Any:
    """Use what a method gives: rows are fetched, and anything else is an answer."""
    return made


def parameters(target: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return what something is called with, without ``self``."""
    return list(inspect.signature(target).parameters.values())


def find_call(target: Callable[..., Any], ways: list[Callable[[Any], Any]]) -> Call | None:
    """Return a call that the database answers, found by trying."""
    needed = [
        p for p in parameters(target) if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    keywords = [p.name for p in parameters(target) if p.default is p.empty and p.kind == p.KEYWORD_ONLY]
    several = any(p.kind == p.VAR_POSITIONAL for p in parameters(target))
    optional = sum(p.kind == p.POSITIONAL_OR_KEYWORD for p in parameters(target)) - len(needed)
    for count in range(len(needed), len(needed) + (4 if several else min(optional, 2) + 1)):
        mixed = itertools.product(MIXED, repeat=count) if count <= 2 else ()
        for args in itertools.chain(([value] * count for value in VALUES), mixed):
            for given in itertools.product(VALUES, repeat=len(keywords)):
                for use in ways:
                    call = Call(target, use, list(args), dict(zip(keywords, given, strict=True)))
                    if outcome("", call.run).error is None:
                        return call
            if not args:
                break
    return None


def variations(call: Call, text: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the call with a text in the place of each parameter, one at a time, by the parameter's name."""
    position = 0
    for parameter in parameters(call.target):
        name = parameter.name
        if name in HANDWRITTEN:
            position += 1
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) and position < len(
            call.args
        ):
            yield name, partial(call.run, [*call.args[:position], text, *call.args[position + 1 :]])
            position += 1
        elif parameter.kind == parameter.VAR_POSITIONAL:
            yield f"*{name}", partial(call.run, [*call.args, text])
            for place in range(position, len(call.args)):
                yield (
                    f"*{name} in place {place}",
                    partial(call.run, [*call.args[:place], text, *call.args[place + 1 :]]),
                )
        elif parameter.kind == parameter.VAR_KEYWORD:
            yield f"**{name}", partial(call.run, None, {**call.kwargs, text: 1})
            yield f"**{name} as F", partial(call.run, None, {**call.kwargs, text: F("text")})
        else:
            yield name, partial(call.run, None, {**call.kwargs, name: text})
            yield f"{name} as a list", partial(call.run, None, {**call.kwargs, name: [text]})


HANDWRITTEN = frozenset({"sql", "raw_query", "translations", "select", "where"})
"""Parameters that are SQL written by hand, which is the programmer's own."""
CHECKED_BY_THE_DATABASE = frozenset({"collation", "config", "tables"})
"""Names that only the database knows: bound, or checked and quoted; it says itself what it has not got."""


# -- what becomes of a text --------------------------------------------------------------------------------------------


class Undo(Exception):
    """Rolls back what a call may have written."""


@dataclass
class Outcome:
    """What a call with a text did: refused it before any SQL, or sent some."""

    text: str
    sent: list[str]
    error: BaseException | None = None
    answer: Any = None

    @property
    def refused(self) -> bool:
        """Whether the text was refused as it has to be."""
        return isinstance(self.error, UnsendableText) or (not self.sent and isinstance(self.error, REFUSALS))

    @property
    def kind(self) -> tuple[bool, bool]:
        """What a statement may depend on: whether an option is on, and whether JSON has several forms of a key."""
        return bool(self.text), is_special([self.text])

    @property
    def shown(self) -> str:
        """The outcome for people."""
        error = f"{type(self.error).__name__}: {str(self.error)[:120]}"
        return f"{self.text[:40]!r}: {error} after {len(self.sent)} statements"


def outcome(text: str, run: Callable[[], Any]) -> Outcome:
    """Run a call in a block of its own, which is rolled back, and say what happened."""
    answer: Any = None
    with Queries() as sent:
        try:
            with orm.atomic():
                answer = run()
                raise Undo
        except Undo:
            return Outcome(text, list(sent), None, answer)
        except Exception as error:  # judged by faults()
            return Outcome(text, list(sent), error)


def faults(outcomes: list[Outcome], by_database: bool = False, identifiers: bool = False) -> list[str]:
    """Return what is wrong: errors that are no refusal, statements that a text has changed, rows of another table.

    ``by_database``: the text is a name that only the database knows, and stands in the statement as such or bound.
    ``identifiers``: it names a column of the result, and so stands in the statement where it is an identifier.
    A value of a type that the place can't have is the database's to refuse, if it refuses every text alike.
    """
    wrong = ["rows of another table came back"] if any("canary" in str(o.answer) for o in outcomes) else []
    taken = [o for o in outcomes if not o.refused]
    if by_database:
        return wrong + [o.shown for o in taken if o.error is not None and not isinstance(o.error, DatabaseError)]
    if identifiers:
        taken = [o for o in taken if o.error is not None or not o.text.isidentifier()]
    refusals = {(type(o.error), tuple(o.sent)) for o in taken}
    of_type = len(refusals) == 1 and all(isinstance(o.error, ProgrammingError) for o in taken)
    if not of_type:
        wrong += [o.shown for o in taken if o.error is not None]
    for kind in {o.kind for o in taken}:
        sent = {tuple(o.sent): o.text[:40] for o in taken if o.kind == kind}
        if len(sent) > 1:
            wrong.append(f"the statement depends on the text: {list(sent.items())[:2]}"[:600])
    return wrong
