"""Alarms that a signal's exception kept from being cancelled: they must not end what others do with the connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orm.bridge import run
from orm.bridge.clock import clock
from orm.db.limits import patiently, within
from tests.db.test_exception_sweep import Injected, Injector

SECONDS = 3600.0
"""The limit: these tests ring the alarms themselves."""


class Sign:
    """Stands for a connection: notes that it is told to end something."""

    def __init__(self) -> None:
        self.told = False

    def interrupt(self) -> None:
        self.told = True

    def terminate(self) -> None:
        self.told = True

    async def work(self) -> None:
        """What is done with it."""


def broken_off(limited: Callable[..., Any], sign: Sign, at: int) -> tuple[int, Injected | None]:
    """Do limited work that ends at one line (0: nowhere); return how many there were, and the exception."""
    injector = Injector(at)
    try:
        with injector:
            run(limited(SECONDS, sign, sign.work()))
    except Injected as error:
        return injector.count, error
    return injector.count, None


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # one that was made at the line that is hit
@pytest.mark.parametrize("limited", [within, patiently])
def test_work_that_was_broken_off_at_any_line_is_not_ended_later(limited: Callable[..., Any]) -> None:
    broken_off(limited, Sign(), 0)
    lines, _ = broken_off(limited, Sign(), 0)
    assert lines > 15
    wrong = []
    for at in range(1, lines + 1):
        before = {alarm for _, _, alarm in clock._alarms}
        sign = Sign()
        _, error = broken_off(limited, sign, at)
        for _, _, alarm in list(clock._alarms):
            if alarm not in before:
                alarm.ring()
        if sign.told:
            wrong.append(at)
        del error  # held until here, with its frames, as by whoever handles it
    assert wrong == []
