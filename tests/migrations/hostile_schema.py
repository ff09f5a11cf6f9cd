"""Finds everything a schema is declared with, and says what a hostile text given to it does to the statements.

As with expressions (``tests/query/hostile.py``), nothing here lists what to try: fields, indexes, constraints,
operations, Meta's options and the schema editor's methods are found in the library, their parameters in signatures. A
schema has no bound values, so a text may stand in a statement, but only as a whole quoted name or literal: with those
taken out, as the database reads them, the statements for all texts are the same.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orm import models
from orm.db.registry import databases
from orm.errors import DatabaseError, ImproperlyConfigured, NotSupportedError, SuspiciousOperation, UnsendableText
from orm.migrations import operations
from orm.migrations.operation import AwaitableOperation
from orm.migrations.operations.objects import Removal
from orm.migrations.state import ProjectState
from orm.models import F, Q, Value
from orm.models.composite import CompositePrimaryKey
from orm.models.constraints import BaseConstraint
from orm.models.fields.base import Field
from orm.models.functions import Lower
from orm.models.indexes import Index
from orm.models.meta import META_DEFAULTS
from orm.models.schema_editor_blocking import SchemaEditor
from orm.postgresql.arrays import ArrayField
from orm.postgresql.operations import CreateCollation, RemoveCollation
from orm.postgresql.ranges import IntegerRangeField, RangeOperators
from tests.query.hostile import ALWAYS, REFUSALS, Outcome, classes, outcome

TEXTS = [
    *ALWAYS, '"', "\\", "\\'", 'x"; DROP TABLE mt_canary; --', "x'); DROP TABLE mt_canary; --", "$$", "%%s",
    "1", "a\nb",
]  # fmt: skip

SOME = ["'", "%%s"]
"""What is tried where there is no time for all: one that ends a literal, and one that looks like a placeholder."""
APP = "mt"
INTERNAL = {
    "a base, which is no column, index, constraint or operation by itself": {
        "AwaitableOperation", "BaseConstraint", "CollationOperation",
        "Field", "FieldGivenOperation", "FieldOperation", "ForeignObject",
        "IndexOperation", "ModelOperation", "ModelOptionOperation", "Operation", "AlterTogetherOptionOperation",
        "PostgresIndex", "RangeField", "RelatedField", "RemovalByName",
    },
    "made by the library": {"OrderWrt"},
    "SQL, functions and operations written by hand": {"RunPython", "RunSQL", "SeparateDatabaseAndState"},
    "run outside of transactions, which a test of its own does": {
        "AddIndexConcurrently", "BesideWriters", "RemoveIndexConcurrently",
    },
    "runs outside of transactions; what it sends is a queryset's UPDATE": {"Backfill"},
    "a base of what the database has beside tables": {"DatabaseObject", "Removal"},
}  # fmt: skip
WRITTEN_BY_HAND = {"query": "CreateView", "body": "CreateTrigger", "condition": "CreateTrigger"}
"""Parameters that are SQL, and whose."""
OR_BY_HAND = {"using": "CreatePolicy", "check": "CreatePolicy"}
"""Parameters of which a text is SQL, and what is no text is not."""
INSTEAD = {"values": ("since", "until"), "default": ("since", "until")}
"""Parameters that stand in the place of others."""
ON_THE_SERVER_ONLY = {
    "AddPartition", "CreatePartitionedModel", "CreatePolicy", "EnableRowSecurity", "RemovePartition", "RemovePolicy",
    "RemoveCollation",
}  # fmt: skip
NAMED_INTERNAL = frozenset[str]().union(*INTERNAL.values())
EXTENSIONS = {"BloomIndex": "bloom", "HStoreField": "hstore"}
"""What needs more of the server than every server has."""


def taught(name: str) -> Any:
    """Return what a parameter without a default is given, anew each time; no text, so that each can be replaced."""
    values: dict[str, Callable[[], Any]] = {
        "body": lambda: {"sqlite": "SELECT 1", "postgresql": "RETURN NEW;"},
        "events": lambda: ["UPDATE"],
        "partition_by": lambda: ("RANGE", ["id"]),
        "query": lambda: "SELECT 1 AS one",
        "timing": lambda: "AFTER",
        "base_field": lambda: models.CharField(max_length=10),
        "code": lambda: None,
        "condition": lambda: Q(number__gt=0),
        "constraint": lambda: models.CheckConstraint(condition=Q(number__gt=0), name="mt_positive"),
        "decimal_places": lambda: 2,
        "expression": lambda: Lower("name"),
        "expressions": lambda: [("number", RangeOperators.EQUAL)],
        "field": lambda: models.CharField(max_length=10, default=""),
        "fields": lambda: ["number"],
        "index": lambda: models.Index(fields=["number"], name="mt_made_index"),
        "index_together": lambda: [("name", "number")],
        "managers": list,
        "max_digits": lambda: 5,
        "max_length": lambda: 20,
        "model_name": lambda: "thing",
        "name": lambda: "mt_made",
        "new_name": lambda: "mt_new",
        "old_name": lambda: "name",
        "on_delete": lambda: models.CASCADE,
        "options": dict,
        "order_with_respect_to": lambda: None,
        "output_field": lambda: models.CharField(max_length=20),
        "primary_key": lambda: True,
        "db_persist": lambda: True,
        "table": lambda: "mt_other",
        "table_comment": lambda: "what it is",
        "to": lambda: "mt.canary",
        "unique_together": lambda: [("name", "number")],
    }
    return values[name]()


SPECIAL: dict[str, dict[str, Callable[[], Any]]] = {
    "AlterConstraint": {"name": lambda: "mt_rule"},
    "AlterField": {"name": lambda: "name", "field": lambda: models.CharField(max_length=30, default="")},
    "CompositePrimaryKey": {},
    "CreateModel": {"fields": lambda: [("id", models.BigAutoField(primary_key=True))], "name": lambda: "Made"},
    "ExclusionConstraint": {"index_type": lambda: "gist", "expressions": lambda: [("span", RangeOperators.OVERLAPS)]},
    "GistIndex": {"fields": lambda: ["span"]},
    "SpGistIndex": {"fields": lambda: ["span"]},
    "GinIndex": {"fields": lambda: ["words"]},
    "CreateCollation": {"name": lambda: "mt_collation", "locale": lambda: "C"},
    "RemoveCollation": {"name": lambda: "mt_collation", "locale": lambda: "C"},
    "CreateView": {"name": lambda: "mt_view"},
    "RemoveView": {"name": lambda: "mt_view"},
    "CreatePartitionedModel": {
        "name": lambda: "Made",
        "fields": lambda: [("id", models.BigAutoField(primary_key=True))],
    },
    **{name: {"using": lambda: Q(number__gt=0)} for name in ("CreatePolicy", "RemovePolicy")},
    **{
        name: {"model_name": lambda: "parted", "since": lambda: "!", "until": lambda: "~"}
        for name in ("AddPartition", "RemovePartition")
    },
    "CreateExtension": {"name": lambda: "btree_gist"},
    "RemoveConstraint": {"name": lambda: "mt_rule"},
    "RemoveField": {"name": lambda: "name"},
    "RemoveIndex": {"name": lambda: "mt_index"},
    "RenameIndex": {"old_name": lambda: "mt_index"},
    "ValidateConstraint": {"name": lambda: "mt_rule"},
    "RenameModel": {"old_name": lambda: "Thing", "new_name": lambda: "Fresh"},
}
"""What some classes need in the place of the usual."""
WANTED = {
    "AutoField": ["primary_key"],
    "BigAutoField": ["primary_key"],
    "CharField": ["max_length"],
    "CheckConstraint": ["condition"],
    "DecimalField": ["max_digits", "decimal_places"],
    "ForeignKey": ["on_delete"],
    "GeneratedField": ["db_persist"],
    "OneToOneField": ["on_delete"],
    "SlugField": ["max_length"],
    "SmallAutoField": ["primary_key"],
    "UniqueConstraint": ["fields", "name"],
}
"""Which parameters with a default have to be given all the same."""
POSITIONAL = {"CompositePrimaryKey": ("id", "name")}
OPERATIONS_ON_MODELS = {"name": lambda: "Thing"}


# -- what there is -----------------------------------------------------------------------------------------------------


def parts(base: type, backend: str) -> list[type]:
    """Return the classes below ``base`` that a schema is declared with on this database."""
    found = [cls for cls in classes(base) if cls.__name__ not in NAMED_INTERNAL and cls.__name__ not in EXTENSIONS]
    if backend == "postgresql":
        return found
    return [
        cls
        for cls in found
        if not cls.__module__.startswith("orm.postgresql") and cls.__name__ not in ON_THE_SERVER_ONLY
    ]


def parameters(cls: type) -> dict[str, inspect.Parameter]:
    """Return the named parameters of a class, with those that its bases take."""
    found: dict[str, inspect.Parameter] = {}
    for owner in cls.__mro__:
        if "__init__" in vars(owner) and owner is not object:
            signature = list(inspect.signature(vars(owner)["__init__"]).parameters.values())[1:]
            for parameter in signature:
                if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                    found.setdefault(parameter.name, parameter)
            if not any(parameter.kind == parameter.VAR_KEYWORD for parameter in signature):
                break
    return found


def needed(cls: type) -> dict[str, Any]:
    """Return arguments with which something of the class can be made."""
    special = SPECIAL.get(cls.__name__, {})
    if issubclass(cls, AwaitableOperation):
        special = {**(OPERATIONS_ON_MODELS if "model_name" not in parameters(cls) else {}), **special}
    given: dict[str, Any] = {
        name: taught(name)
        for name, parameter in parameters(cls).items()
        if parameter.default is parameter.empty and name not in special
    }
    given.update((name, make()) for name, make in special.items() if name in parameters(cls))
    if issubclass(cls, Index):
        given = {"fields": ["number"], "name": "mt_made", **given}
    given.update((name, taught(name)) for name in WANTED.get(cls.__name__, ()))
    return given


def forms(text: str) -> Iterator[tuple[str, Any]]:
    """Yield what may hold a text, where a parameter takes more than texts."""
    yield "a text", text
    yield "a list", [text]
    yield "a mapping", {text: text}
    yield "pairs", [(text, text)]
    yield "a value", Value(text)
    yield "a function", Lower(Value(text))
    yield "a column", F(text)
    yield "a condition", Q(name=text)
    yield "a pattern", Q(name__contains=text)
    yield "a path", Q(**{text: 1})


FORMS = [form for form, _ in forms("")]


# -- what it becomes ---------------------------------------------------------------------------------------------------


def base_operations() -> list[Any]:
    """Return what makes the tables that everything is tried on."""
    partitioned: list[Any] = []
    key = ("id", models.BigAutoField(primary_key=True))
    fields = [key, ("name", models.CharField(max_length=20, default="")), ("number", models.IntegerField(default=0))]
    if databases["default"].backend.name == "postgresql":
        fields += [("span", IntegerRangeField(null=True)), ("words", ArrayField(models.TextField(), null=True))]
        parted = [("id", models.CharField(max_length=200, primary_key=True))]
        for name, kind in (("Parted", "RANGE"), ("Listed", "LIST")):
            partitioned.append(operations.CreatePartitionedModel(name, parted, partition_by=(kind, ["id"])))
    rule = models.CheckConstraint(condition=Q(number__gte=0), name="mt_rule")
    return [
        *partitioned,
        operations.CreateModel("Canary", [key]),
        operations.CreateModel("Thing", fields),
        operations.AddIndex("thing", models.Index(fields=["name"], name="mt_index")),
        operations.AddConstraint("thing", rule),
    ]


def base_state() -> ProjectState:
    """Return the models that everything is tried on."""
    state = ProjectState()
    for operation in base_operations():
        operation.state_forwards(APP, state)
    return state


def apply(made: Sequence[Any], state: ProjectState) -> None:
    """Run operations on a state."""
    with SchemaEditor(databases["default"]) as editor:
        for operation in made:
            after = state.clone()
            operation.state_forwards(APP, after)
            operation.database_forwards(APP, editor, state, after)
            state = after


MAKERS: dict[str, Any] = {
    "RemoveCollation": CreateCollation,
    "RemovePartition": operations.AddPartition,
    "RemovePolicy": operations.CreatePolicy,
    "RemoveTrigger": operations.CreateTrigger,
    "RemoveView": operations.CreateView,
}
"""What makes the thing that each of these drops."""


def placed(part: Any) -> list[Any]:
    """Return operations that put a field, an index or a constraint into a table, or the operation itself."""
    if isinstance(part, (Removal, RemoveCollation)):
        args, options = part._constructor_args
        return [MAKERS[type(part).__name__](*args, **options), part]
    if isinstance(part, AwaitableOperation):
        return [part]
    if isinstance(part, Index):
        return [operations.AddIndex("thing", part)]
    if isinstance(part, BaseConstraint):
        return [operations.AddConstraint("thing", part)]
    name = models.CharField(max_length=20)
    if isinstance(part, CompositePrimaryKey):
        return [operations.CreateModel("Made", [("pk", part), ("id", models.BigIntegerField()), ("name", name)])]
    key = [] if part.primary_key else [("id", models.BigAutoField(primary_key=True))]
    return [operations.CreateModel("Made", [*key, ("name", name), ("made", part)])]


def whole(cls: type) -> list[Any]:
    """Return operations with a part of the class as it is without any hostile text."""
    return placed(cls(*POSITIONAL.get(cls.__name__, ()), **needed(cls)))


@dataclass(frozen=True)
class Try:
    """One parameter of one class, in one form; called with a text it gives operations."""

    label: str
    form: str
    make: Callable[[Any], list[Any]]

    def __call__(self, text: str) -> list[Any]:
        """Return operations with the text in its place."""
        return self.make(dict(forms(text))[self.form])


def tries_of(cls: type) -> Iterator[Try]:
    """Yield each parameter of the class, in each form; what all fields and indexes take, of one of each."""
    inherited: set[str] = set()
    if issubclass(cls, Field) and cls is not models.CharField:
        inherited = {name for name in parameters(Field) if not (cls is models.ForeignKey and name.startswith("db_"))}
    elif issubclass(cls, Index) and cls is not Index:
        inherited = set(parameters(Index))
    arguments = POSITIONAL.get(cls.__name__, ())
    above = {base.__name__ for base in cls.__mro__}
    inherited |= {name for name, owner in WRITTEN_BY_HAND.items() if owner in above}
    for name in parameters(cls).keys() - inherited:

        def make(value: Any, name: str = name) -> list[Any]:
            given = {**needed(cls), name: value}
            if name in INSTEAD and "AddPartition" in above:
                given = {key: one for key, one in given.items() if key not in INSTEAD[name]}
                given["model_name"] = "listed"
            return placed(cls(*arguments, **given))

        by_hand = OR_BY_HAND.get(name) in above
        yield from (
            Try(f"{cls.__name__}({name}={form})", form, make)
            for form in FORMS if not (by_hand and form == "a text")
        )  # fmt: skip
    if issubclass(cls, (Index, BaseConstraint)):
        named = {name: value for name, value in needed(cls).items() if name not in ("fields", "expressions")}
        yield from (
            Try(f"{cls.__name__}({form})", form, lambda value: placed(cls(value, **named)))  # type: ignore[call-arg]
            for form in FORMS
        )


def tries_of_options() -> Iterator[Try]:
    """Yield the same for Meta's options."""
    for name in META_DEFAULTS:

        def make(value: Any, name: str = name) -> list[Any]:
            fields = [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=5))]
            return [operations.CreateModel("Made", fields, {name: value})]

        yield from (Try(f"Meta.{name} = {form}", form, make) for form in FORMS)


def tries_of_columns() -> Iterator[Try]:
    """Yield a column of a hostile name in everything that speaks of columns."""

    def make(text: Any) -> list[Any]:
        fields = [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=20, db_column=text)),
            ("made", models.GeneratedField(
                expression=Lower("name"), output_field=models.CharField(max_length=20), db_persist=True)),
            ("canary", models.ForeignKey("mt.canary", models.CASCADE, db_column=f"{text}!")),
        ]  # fmt: skip
        options = {
            "indexes": [models.Index(Lower("name"), name="mt_i", condition=Q(name__gt="%s"))],
            "constraints": [models.CheckConstraint(condition=Q(name__contains="%s"), name="mt_c"),
                            models.UniqueConstraint(fields=["name"], include=["canary"], name="mt_u")],
            "unique_together": {("name", "canary")},
        }  # fmt: skip
        return [
            operations.CreateModel("Made", fields, options),
            operations.AlterField("made", "name", models.CharField(max_length=30, db_column=text)),
            operations.RenameField("made", "name", "renamed"),
        ]

    yield Try("a column's name", "a text", make)


def faults(outcomes: Sequence[Outcome]) -> list[str]:
    """Return what is wrong: errors that are no refusal, and statements that a text has changed."""
    wrong: list[str] = []
    seen: dict[tuple[bool, tuple[str, ...]], str] = {}
    for one in outcomes:
        if isinstance(one.error, DECLARED_WRONG) or misplaced(one.error):
            continue
        if one.error is None:
            seen.setdefault((bool(one.text), skeletons(one.sent)), one.text[:40])
        elif not isinstance(one.error, DatabaseError) or "syntax" in str(one.error):
            wrong.append(one.shown)
    if len(seen) > len({empty for empty, _ in seen}):
        wrong.append(f"the statements depend on the text: {list(seen.items())[:2]}"[:900])
    return wrong


DECLARED_WRONG = (*REFUSALS, ImproperlyConfigured, NotSupportedError, SuspiciousOperation, LookupError, UnsendableText)
"""What refuses a declaration: also a model, an index and a constraint that are not there."""


def misplaced(error: BaseException | None) -> bool:
    """Whether something that is no text at all stood where a text is meant."""
    return isinstance(error, AttributeError) and not str(error).startswith("'str'")


QUOTED = r"""(?P<literal>\bE'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')|(?P<name>"(?:[^"]|"")*")"""
QUOTED_WITH_ESCAPES = r"""(?P<literal>'(?:[^'\\]|''|\\.)*')|(?P<name>"(?:[^"]|"")*")"""
"""What servers read as quoted: those whose plain literals know no backslashes, and those set so that they do."""
CHANGES = ("CREATE", "ALTER", "DROP", "COMMENT", "INSERT", "UPDATE")


def skeletons(statements: Sequence[str]) -> tuple[str, ...]:
    """Return the statements that change the schema, without what is quoted, in each way that servers read quotes."""
    readings = (QUOTED, QUOTED_WITH_ESCAPES) if databases["default"].backend.name == "postgresql" else (QUOTED,)
    return tuple(
        re.sub(r"\bEliteral", "literal", re.sub(quoted, lambda match: str(match.lastgroup), one, flags=re.S | re.I))
        for quoted in readings
        for one in statements
        if one.startswith(CHANGES)
    )


def judged(tried: Try, texts: Sequence[str]) -> list[str]:
    """Return what is wrong with what comes of each text, each in a block of its own that is rolled back."""
    found = faults([outcome(text, lambda text=text: apply(tried(text), base_state())) for text in texts])
    return [f"{tried.label}: {fault}" for fault in found]
