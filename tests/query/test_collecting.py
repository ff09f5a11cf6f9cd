"""The cycle collector waits while a large result becomes objects, and is as it was afterwards."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from orm.bridge import collecting
from orm.query import plan, queryset
from tests.query.models import Counter


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_waits_inside_and_runs_afterwards() -> None:
    paused = collecting.Paused()
    with paused:
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_last_of_several_blocks_lets_it_run_again() -> None:
    paused = collecting.Paused()
    paused.__enter__()
    with paused:
        paused.__exit__(None, None, None)
        assert not gc.isenabled()
    assert gc.isenabled()


def test_one_that_the_program_has_turned_off_stays_off() -> None:
    gc.disable()
    with collecting.Paused():
        pass
    assert not gc.isenabled()


def test_a_child_process_does_not_inherit_the_wait() -> None:
    paused = collecting.Paused()
    paused.__enter__()
    paused.start_over_in_child()
    assert gc.isenabled()
    with paused:
        assert not gc.isenabled()


async def test_it_runs_again_after_a_large_result_and_after_an_error(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "OBJECTS_AT_ONCE", 2)
    monkeypatch.setattr(queryset, "WORTH_A_PAUSE", 2)
    await Counter.objects.acopy_in([(f"k{n}",) for n in range(5)], fields=["key"])
    assert len(await Counter.objects.order_by("key")) == 5
    assert gc.isenabled()

    def fail(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(queryset.AwaitableQuerySet, "_hydrated", fail)
    with pytest.raises(ZeroDivisionError):
        await Counter.objects.order_by("key")
    assert gc.isenabled()


async def test_it_waits_for_plain_values_too(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tuple for each row is an object that it would look at."""
    waits: list[bool] = []
    hydrated = queryset.AwaitableQuerySet._hydrated

    def watched(*given: Any) -> list[Any]:
        waits.append(not gc.isenabled())
        return hydrated(*given)

    monkeypatch.setattr(queryset, "WORTH_A_PAUSE", 2)
    monkeypatch.setattr(queryset.AwaitableQuerySet, "_hydrated", watched)
    await Counter.objects.acopy_in([(f"k{n}",) for n in range(3)], fields=["key"])
    await Counter.objects.values_list("key")
    await Counter.objects.values_list("key")[:2]
    assert waits == [True, False]


def test_ctrl_c_while_it_is_entered_leaves_the_collector_running(monkeypatch: pytest.MonkeyPatch) -> None:
    paused = collecting.Paused()
    disable = gc.disable

    def disable_and_press() -> None:
        disable()
        signal.raise_signal(signal.SIGINT)

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        monkeypatch.setattr(gc, "disable", disable_and_press)
        with pytest.raises(KeyboardInterrupt):
            paused.__enter__()
    finally:
        signal.signal(signal.SIGINT, handler)
    assert gc.isenabled()
    monkeypatch.undo()
    with paused:
        assert not gc.isenabled()
    assert gc.isenabled()
