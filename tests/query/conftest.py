"""Fixtures of the query tests."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.conftest import Run, Server
from tests.query import library as rows
from tests.query.models import Counter


@pytest.fixture
def library(database: Run, server: Server) -> ModuleType:
    """The book trade of ``tests/query/library.py``, stored; gives that module, to compute expectations from."""
    server.fill(rows)
    return rows


@pytest.fixture
def counters(database: Run) -> list[Counter]:
    """Five rows with the values 0 to 4."""
    return Counter.objects.bulk_create([Counter(key=f"k{n}", value=n, note=f"n{n}") for n in range(5)])
