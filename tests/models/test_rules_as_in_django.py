"""Constraints and indexes that can't be, in Django's words, and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from orm.models import CheckConstraint, Deferrable, F, Index, Q, UniqueConstraint
from orm.models.functions import Lower
from orm.postgresql import ExclusionConstraint

any_unique: Any = UniqueConstraint  # for what a type checker would not let pass
any_index: Any = Index
DEFERRED = Deferrable.DEFERRED


@pytest.mark.parametrize(
    ("declare", "error", "message"),
    [
        (lambda: any_unique(fields=["a"]), ValueError, "A unique constraint must be named."),
        (
            lambda: UniqueConstraint(name="x"),
            ValueError,
            "At least one field or expression is required to define a unique constraint.",
        ),
        (
            lambda: UniqueConstraint("a", fields=["b"], name="x"),
            ValueError,
            "UniqueConstraint.fields and expressions are mutually exclusive.",
        ),
        (
            lambda: UniqueConstraint(fields=["a"], condition=5, name="x"),
            ValueError,
            "UniqueConstraint.condition must be a Q instance.",
        ),
        (
            lambda: UniqueConstraint(fields=["a"], condition=Q(b=1), deferrable=DEFERRED, name="x"),
            ValueError,
            "UniqueConstraint with conditions cannot be deferred.",
        ),
        (
            lambda: UniqueConstraint(fields=["a"], include=["b"], deferrable=DEFERRED, name="x"),
            ValueError,
            "UniqueConstraint with include fields cannot be deferred.",
        ),
        (
            lambda: UniqueConstraint(fields=["a"], opclasses=["b"], deferrable=DEFERRED, name="x"),
            ValueError,
            "UniqueConstraint with opclasses cannot be deferred.",
        ),
        (
            lambda: UniqueConstraint(Lower("a"), deferrable=DEFERRED, name="x"),
            ValueError,
            "UniqueConstraint with expressions cannot be deferred.",
        ),
        (
            lambda: any_unique(fields=["a"], deferrable="later", name="x"),
            TypeError,
            "UniqueConstraint.deferrable must be a Deferrable instance.",
        ),
        (
            lambda: any_unique(fields=["a"], include="b", name="x"),
            TypeError,
            "UniqueConstraint.include must be a list or tuple.",
        ),
        (
            lambda: any_unique(fields=["a"], nulls_distinct="no", name="x"),
            TypeError,
            "UniqueConstraint.nulls_distinct must be a bool.",
        ),
        (
            lambda: CheckConstraint(condition=5, name="x"),
            TypeError,
            "CheckConstraint.condition must be a Q instance or boolean expression.",
        ),
        (lambda: any_index(fields="a"), ValueError, "Index.fields must be a list or tuple."),
        (lambda: any_index(fields=["a"], include="b", name="x"), ValueError, "Index.include must be a list or tuple."),
        (lambda: Index(Lower("a")), ValueError, "An index must be named to use expressions."),
        (lambda: Index(fields=["a"], opclasses=["b"]), ValueError, "An index must be named to use opclasses."),
        (lambda: Index(fields=["a"], condition=Q(b=1)), ValueError, "An index must be named to use condition."),
        (lambda: Index(fields=["a"], include=["b"]), ValueError, "A covering index must be named."),
    ],
)
def test_what_can_not_be(declare: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        declare()


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        (
            CheckConstraint(condition=Q(a__gt=F("b")), name="ck"),
            "<CheckConstraint: condition=(AND: ('a__gt', F(b))) name='ck'>",
        ),
        (
            UniqueConstraint(
                fields=["a"], condition=Q(c=1), include=["b"], opclasses=["o"], nulls_distinct=False, name="n",
                violation_error_code="c", violation_error_message="m",
            ),
            "<UniqueConstraint: fields=('a',) name='n' condition=(AND: ('c', 1)) include=('b',) opclasses=['o'] "
            "nulls_distinct=False violation_error_code='c' violation_error_message='m'>",
        ),
        (
            UniqueConstraint(fields=["a"], deferrable=Deferrable.IMMEDIATE, name="n"),
            "<UniqueConstraint: fields=('a',) name='n' deferrable=Deferrable.IMMEDIATE>",
        ),
        (UniqueConstraint(Lower("a"), name="n"), "<UniqueConstraint: expressions=(Lower(F(a)),) name='n'>"),
        (Index(fields=["a", "-b"], name="x"), "<Index: fields=['a', '-b'] name='x'>"),
        (
            Index(fields=["a"], condition=Q(b=1), include=["c"], opclasses=["o"], db_tablespace="t", name="z"),
            "<Index: fields=['a'] name='z' db_tablespace='t' condition=(AND: ('b', 1)) include=('c',) opclasses=['o']>",
        ),
        (
            ExclusionConstraint(name="x", expressions=[("a", "&&"), (F("b"), "=")]),
            "<ExclusionConstraint: index_type='GIST' expressions=[('a', '&&'), (F(b), '=')] name='x'>",
        ),
    ],
)  # fmt: skip
def test_how_it_is_shown(rule: object, shown: str) -> None:
    assert repr(rule) == shown


def test_directions_of_an_index() -> None:
    assert Index(fields=["-a", "b"]).fields_orders == [("a", "DESC"), ("b", "")]
