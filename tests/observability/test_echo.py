"""``echo``: what the statements of a program are, on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import orm
from orm.config import from_surroundings
from orm.errors import DatabaseError, ImproperlyConfigured
from tests.conftest import Run
from tests.query.models import Country


@pytest.fixture(autouse=True)
def quiet_again() -> Iterator[None]:
    yield
    orm.configure(echo=False)


async def test_a_statement_is_shown_with_its_values_and_its_colour(
    database: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    orm.configure(echo=True)
    await Country.objects.filter(name="Chile").acount()
    shown = capsys.readouterr().err
    assert shown.startswith(f"[default · {database.colour} · ")
    assert "SELECT COUNT(*)" in shown
    assert "'Chile'" in shown


async def test_a_statement_that_fails_is_shown_too(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    orm.configure(echo=True)
    with pytest.raises(DatabaseError):
        await Country.objects.raw("SELECT * FROM nowhere_at_all")
    assert " · failed] SELECT * FROM nowhere_at_all" in capsys.readouterr().err


async def test_values_of_megabytes_are_cut(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    orm.configure(echo=True)
    await Country.objects.filter(name="x" * 1_000_000).acount()
    shown = capsys.readouterr().err
    assert len(shown) < 4_000
    assert "characters)" in shown


async def test_it_can_be_switched_off_again(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    orm.configure(echo=True)
    orm.configure(echo=False)
    await Country.objects.acount()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("spelled", "wanted"), [("1", True), ("true", True), ("", False), ("0", False)])
def test_the_environment_switches_it_on(monkeypatch: pytest.MonkeyPatch, spelled: str, wanted: bool) -> None:
    monkeypatch.setenv("ORM_ECHO", spelled)
    monkeypatch.delitem(orm.settings.__dict__, "echo", raising=False)
    assert from_surroundings()["echo"] is wanted


def test_an_environment_that_says_neither_yes_nor_no_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORM_ECHO", "verbose")
    with pytest.raises(ImproperlyConfigured, match="ORM_ECHO"):
        from_surroundings()
