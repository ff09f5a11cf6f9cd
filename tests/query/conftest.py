"""Fixtures of the query tests."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.conftest import Run
from tests.query import library as rows


@pytest.fixture
def library(database: Run) -> ModuleType:
    """The book trade of ``tests/query/library.py``, stored; gives that module, to compute expectations from."""
    rows.save()
    return rows
