"""What is written into a migration's file makes the same again: expressions, conditions, validators, functions."""

from __future__ import annotations

import enum
import functools
import re
from typing import Any, Optional

import pytest

import orm.models.functions as functions
from orm import migrations, models
from orm.migrations.describing import opened
from orm.migrations.model_state import ModelState
from orm.migrations.writer import MigrationWriter, OperationWriter
from orm.models import Case, Deferrable, F, Func, Q, UniqueConstraint, Value, When
from orm.models.apps import Apps
from orm.models.fields.validators import (
    DecimalValidator,
    EmailValidator,
    MaxLengthValidator,
    MinValueValidator,
    RegexValidator,
    StepValueValidator,
    URLValidator,
    int_list_validator,
    validate_ipv46_address,
    validate_slug,
)
from orm.postgresql.ranges import RangeOperators
from orm.postgresql.search import SearchVector
from orm.structures.lazy import SimpleLazyObject
from tests.case_names import case_name


class Padded(Func):
    """A function of a program's own, whose arguments are not those it passes on."""

    function = "LPAD"

    def __init__(self, expression: Any, width: int, **extra: Any) -> None:
        super().__init__(expression, Value(width), Value("-"), **extra)


@functools.cache
def remembered() -> int:
    return 3


class Size(enum.Enum):
    """A choice that is not one of the library's."""

    SMALL = "s"


def again(value: object) -> tuple[Any, str]:
    """What a file's text makes, by the imports it says it needs; and the text."""
    text, imports = MigrationWriter.serialize(value)
    names: dict[str, Any] = {}
    exec("\n".join(imports), names)
    return eval(text, names), text


EXPRESSIONS = [
    Case(When(a=1, then=2), When(Q(b=2) | ~Q(c=F("d")), then=F("c")), default=3, output_field=models.IntegerField()),
    functions.Cast("a", models.CharField(max_length=3)),
    functions.Collate("a", "nocase"),
    functions.Concat("a", Value("-"), "b"),
    functions.Extract("a", "year"),
    functions.JSONObject(a="b", c=Value(1)),
    functions.LPad("a", 3, Value("x")),
    functions.Left("a", 3),
    functions.Lower("a"),
    functions.Repeat("a", 3),
    functions.Replace("a", Value("x"), Value("y")),
    functions.Right("a", 3),
    functions.Round("a", precision=2),
    functions.Substr("a", 2, 3),
    functions.Trunc("a", "day", output_field=models.DateTimeField()),
    functions.TruncDate("a"),
    Padded("a", 5),
    SearchVector("a", "b", config="english", weight="A"),
    -F("a") % 2,
]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=repr)
def test_an_expression(expression: Any) -> None:
    made, text = again(expression)
    assert made == expression
    assert MigrationWriter.serialize(made)[0] == text


VALIDATORS = [
    DecimalValidator(3, 2),
    EmailValidator("no", allowlist=["here"]),
    MaxLengthValidator(limit_value=3),
    MinValueValidator(2, message="no"),
    RegexValidator(re.compile("^a", re.IGNORECASE), "bad", code="c"),
    StepValueValidator(3, offset=1),
    URLValidator(schemes=["ftp"]),
    int_list_validator(sep="-"),
    validate_slug,
]


@pytest.mark.parametrize("validator", VALIDATORS, ids=case_name)
def test_a_validator_as_it_was_made(validator: Any) -> None:
    assert again(validator)[0] == validator


def test_a_validator_is_the_same_however_it_was_told() -> None:
    assert MigrationWriter.serialize(MinValueValidator(2, message="no"))[0] == (
        "orm.models.fields.validators.MinValueValidator(2, message='no')"
    )
    assert MinValueValidator(2) == MinValueValidator(limit_value=2)
    assert opened(RegexValidator(re.compile(r"\d"))) == opened(RegexValidator(r"\d"))
    assert opened(RegexValidator(re.compile(r"\d", re.IGNORECASE))) != opened(RegexValidator(r"\d"))


def test_functions_by_where_they_are_offered() -> None:
    assert MigrationWriter.serialize(validate_ipv46_address)[0] == "orm.models.fields.validators.validate_ipv46_address"
    assert MigrationWriter.serialize(migrations.RunPython.noop)[0] == "migrations.RunPython.noop"


def test_members_of_enums_by_name_and_texts_of_the_librarys_as_texts() -> None:
    assert MigrationWriter.serialize(Deferrable.DEFERRED)[0] == "models.Deferrable['DEFERRED']"
    assert MigrationWriter.serialize(Size.SMALL)[0] == "tests.migration_files.test_writing.Size['SMALL']"
    assert MigrationWriter.serialize(RangeOperators.EQUAL)[0] == "'='"


def test_a_lazy_object_as_what_it_stands_for() -> None:
    assert MigrationWriter.serialize(SimpleLazyObject(lambda: "z"))[0] == "'z'"


def test_options_in_alphabetical_order() -> None:
    text, _ = MigrationWriter.serialize(models.DecimalField(max_digits=5, decimal_places=2, default=1))
    assert text == "models.DecimalField(decimal_places=2, default=1, max_digits=5)"


def test_rules_are_the_same_in_lists_and_tuples() -> None:
    assert UniqueConstraint(fields=["a"], name="u", include=["b"]) == UniqueConstraint(
        fields=("a",), name="u", include=("b",), condition=None
    )
    assert models.Index("a", name="i") == models.Index(F("a"), name="i")


def test_a_list_of_nothing_has_two_lines_as_every_other_list() -> None:
    written, _ = OperationWriter(
        migrations.CreateModel("Proxy", fields=[], options={"proxy": True}, bases=("a.b",))
    ).serialize()
    assert "fields=[\n            ],\n" in written


def test_options_are_written_in_one_order_whatever_the_class_says_first() -> None:
    """A set's order differs from process to process, and with it the files."""
    options = {"indexes": [], "get_latest_by": "id", "ordering": ["id"], "db_table": "t", "verbose_name": "x"}
    meta = type("Meta", (), {"app_label": "mt", "apps": Apps(), **options})
    declare: Any = type(models.Model)
    thing = declare("Thing", (models.Model,), {"__module__": __name__, "Meta": meta})
    said = list(ModelState.from_model(thing).options)
    assert said[:4] == ["verbose_name", "db_table", "ordering", "get_latest_by"]


def test_a_manager_made_of_a_queryset_is_written_as_programs_import_that() -> None:
    assert MigrationWriter.serialize(models.QuerySet.as_manager()) == (
        "models.QuerySet.as_manager()",
        {"from orm import models"},
    )


def test_a_function_that_remembers_its_results_is_written_as_the_function() -> None:
    assert MigrationWriter.serialize(remembered) == (f"{__name__}.remembered", {f"import {__name__}"})


@pytest.mark.parametrize("value", [Optional[int], int | str, slice(1), 1j])  # noqa: UP045
def test_what_has_no_source_is_refused_in_a_sentence(value: object) -> None:
    with pytest.raises(ValueError, match="Cannot serialize"):
        MigrationWriter.serialize(value)
