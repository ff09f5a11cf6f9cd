"""A backend of somebody else, written from the contract alone, passes the conformance suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from orm.db.contract import Backend
from orm.testing.conformance import ConnectionConformance, DialectConformance, ModelConformance
from tests.backends.duckdb_backend import backend as duckdb


class File:
    @pytest.fixture
    def backend(self) -> Backend:
        return duckdb

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"duckdb:///{tmp_path / 'conformance.duckdb'}"


class TestConnections(File, ConnectionConformance): ...


class TestDialect(File, DialectConformance): ...


class TestModels(File, ModelConformance): ...
