"""``get_internal_type()`` of a class of the application says whose column a field has."""

from __future__ import annotations

from typing import Any

import pytest

from orm import models
from orm_postgresql import backend as postgresql
from orm_sqlite import backend as sqlite


class Card(models.Field[Any]):
    def get_internal_type(self) -> str:
        return "CharField"


class Sealed:
    def get_internal_type(self) -> str:
        return "TextField"


class SealedNumber(Sealed, models.PositiveIntegerField):  # type: ignore[type-arg,misc]
    """A number that is kept as some text."""


class Code(models.CharField):  # type: ignore[type-arg]
    def get_internal_type(self) -> str:
        return "BigIntegerField"


class Price(models.FloatField):  # type: ignore[type-arg]
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.max_digits, self.decimal_places = 7, 2

    def get_internal_type(self) -> str:
        return "DecimalField"


CASES = [
    (Card(max_length=7), "varchar(7)", "varchar(7)"),
    (SealedNumber(), "text", "text"),
    (Code(max_length=9), "bigint", "bigint"),
    (Price(), "decimal(7, 2)", "numeric(7, 2)"),
]


@pytest.mark.parametrize(("field", "on_sqlite", "on_postgresql"), CASES, ids=["text", "sealed number", "code", "price"])
def test_the_column_is_that_of_the_class_it_names(field: Any, on_sqlite: str, on_postgresql: str) -> None:
    assert field.db_type(sqlite.dialect) == on_sqlite
    assert field.db_type(postgresql.dialect) == on_postgresql
    assert field.column_check('"c"', postgresql.dialect) is None


def test_a_class_that_names_its_own_base_has_its_own_column() -> None:
    class Word(models.CharField):  # type: ignore[type-arg]
        def get_internal_type(self) -> str:
            return "CharField"

    assert Word(max_length=3).internal_field() is None
    assert models.CharField(max_length=3).internal_field() is None
