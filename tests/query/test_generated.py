"""Functions made at run time: a traceback through one shows its lines."""

from __future__ import annotations

import traceback
from typing import Any

import orm
from orm.errors import UnreadableValue
from orm.models import CharField
from orm.models.signals import post_init
from orm.sql.generated import define
from tests.conftest import Run
from tests.query.models import Author, Book


def failing(*args: Any) -> Any:
    raise ZeroDivisionError


def shown(error: BaseException | None) -> str:
    assert error is not None
    return "".join(traceback.format_exception(error))


def test_lines_are_shown() -> None:
    first = define("f", ["def f(x):", "    return x / 0  # first"], {}, "a test")
    second = define("f", ["def f(x):", "    return x / 0  # second"], {}, "a test")
    for function, mark in ((first, "# first"), (second, "# second"), (first, "# first")):
        try:
            function(1)
        except ZeroDivisionError as error:
            assert f"return x / 0  {mark}" in shown(error)
            assert "/a test" in shown(error)
        else:
            raise AssertionError("it divides by zero")


async def test_a_row_that_cant_be_made(database: Run, monkeypatch: Any) -> None:
    monkeypatch.setattr(Author._meta.get_field("name"), "get_prep_value", failing)
    orm.configure()  # what was compiled before is forgotten
    try:
        await Author.objects.acreate(name=3)
    except ZeroDivisionError as error:
        assert "p0(x0)" in shown(error)
    else:
        raise AssertionError("it was written")


async def test_an_object_that_cant_be_made(library: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(CharField, "from_db_value", failing, raising=False)
    orm.configure()
    try:
        await Author.objects.aget(name="Ada")
    except UnreadableValue as error:
        assert "d['name'] = " in shown(error.__cause__)
    else:
        raise AssertionError("it was read")


def test_the_initialiser() -> None:
    try:
        Author._meta.initialiser(None)
    except AttributeError as error:
        assert "_held_ = _self_.__dict__" in shown(error)
    else:
        raise AssertionError("None is no instance")


async def test_somebody_who_listens_to_another_model_changes_nothing(library: Any) -> None:
    def hear(**named: Any) -> None:
        """Listen."""

    post_init.connect(hear, sender=Book)
    try:
        assert Book._meta.has_custom_init
        assert not Author._meta.has_custom_init
    finally:
        post_init.disconnect(hear, sender=Book)


async def test_rows_that_are_made_by_from_db_know_their_database(library: Any) -> None:
    def hear(**named: Any) -> None:
        """Listen."""

    post_init.connect(hear, sender=Author)
    try:
        author = await Author.objects.only("name").order_by("pk").afirst()
        assert author is not None
        assert author._state.db == "default"
        author.name = "other"
        with orm.capture_queries() as queries:
            await author.asave()
        assert len(queries) == 1
    finally:
        post_init.disconnect(hear, sender=Author)
