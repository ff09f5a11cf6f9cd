"""Fixtures of the query tests."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.conftest import Run, Server
from tests.query import library as rows


@pytest.fixture
def library(database: Run, server: Server) -> ModuleType:
    """The book trade of ``tests/query/library.py``, stored; gives that module, to compute expectations from."""
    server.fill(rows)
    return rows
