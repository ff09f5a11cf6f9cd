"""PostgreSQL passes the conformance suite, and keeps its own promises."""

from __future__ import annotations

import pytest

from orm.db.contract import Backend
from orm.testing.conformance import ConnectionConformance, DialectConformance, ModelConformance
from orm_postgresql import backend as postgresql


class Server:
    @pytest.fixture
    def backend(self) -> Backend:
        return postgresql

    @pytest.fixture
    def url(self, postgresql_url: str) -> str:
        return postgresql_url


class TestConnections(Server, ConnectionConformance): ...


class TestDialect(Server, DialectConformance): ...


class TestModels(Server, ModelConformance): ...
