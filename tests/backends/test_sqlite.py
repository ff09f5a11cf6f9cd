"""SQLite passes the conformance suite, in a file and in memory, and keeps its own promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from orm.db.contract import Backend
from orm.testing.conformance import ConnectionConformance, DialectConformance, ModelConformance
from orm_sqlite import backend as sqlite


class File:
    @pytest.fixture
    def backend(self) -> Backend:
        return sqlite

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'conformance.sqlite3'}"


class Memory:
    @pytest.fixture
    def backend(self) -> Backend:
        return sqlite

    @pytest.fixture
    def url(self) -> str:
        return "sqlite://:memory:?name=conformance"


class TestConnections(File, ConnectionConformance): ...


class TestConnectionsInMemory(Memory, ConnectionConformance): ...


class TestDialect(File, DialectConformance): ...


class TestModels(File, ModelConformance): ...
