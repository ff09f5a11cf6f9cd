"""How many Python calls single rows take in blocking code on SQLite, as docs/decisions/0006 counts them.

A column takes none of its own where its values are of the usual type, so the numbers are the same for any plain model.
"""

from __future__ import annotations

import sys
from types import FrameType, FunctionType
from typing import Any

import pytest

import orm
from tests.saving.models import Login, Room

NOT_OURS = {"refuse_other_loops", "in_trio_run"}
"""Only where trio is imported, as it is with the tests."""

pytestmark = pytest.mark.only(backend="sqlite", colour="blocking")


def calls(work: FunctionType) -> list[str]:
    """Return what a function calls, by name, when it has run before."""
    work()
    work()
    seen: list[str] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code is not work.__code__ and frame.f_code.co_name not in NOT_OURS:
            seen.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return seen


def test_a_row_that_is_made(database: Any) -> None:
    numbers = iter(range(9))
    with orm.atomic():
        assert len(calls(lambda: Room.objects.create(number=(n := next(numbers)), name=f"{n}", closed=True))) <= 16


def test_a_row_that_is_saved(database: Any) -> None:
    room = Room.objects.create(number=1, name="a")
    with orm.atomic():
        assert len(calls(lambda: room.save())) <= 12
        assert len(calls(lambda: room.save(update_fields=["number", "closed"]))) <= 12


def test_a_row_that_is_deleted(database: Any) -> None:
    Login.objects.bulk_create([Login(name=f"{n}", email=f"{n}", active=True) for n in range(9)])
    rows = iter(list(Login.objects.all()))
    with orm.atomic():
        assert len(calls(lambda: next(rows).delete())) <= 12


def test_a_row_that_is_read(database: Any) -> None:
    key = Room.objects.create(number=1, name="a").pk
    assert len(calls(lambda: Room.objects.get(pk=key))) <= 10
