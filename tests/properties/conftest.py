"""Properties run on each database; the colours meet inside them, where one writes and the other reads."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "databases",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("databases")


class Waiter(Protocol):
    """Runs a coroutine on the test's own event loop and returns its result."""

    def __call__(self, coroutine: Coroutine[Any, Any, Any]) -> Any: ...


@pytest.fixture
def wait() -> Iterator[Waiter]:
    """``wait(coroutine)``: the awaitable colour, on one loop for all examples of a property."""
    with asyncio.Runner() as runner:
        yield runner.run
