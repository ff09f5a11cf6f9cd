"""Every test here runs on PostgreSQL, in both colours; the extensions it needs are made once."""

from __future__ import annotations

import psycopg
import pytest

EXTENSIONS = ("hstore", "pg_trgm", "unaccent", "btree_gist")


@pytest.fixture(scope="session", autouse=True)
def extensions(postgresql_url: str) -> None:
    """The extensions, or a skip where the server does not have them."""
    with psycopg.connect(postgresql_url, autocommit=True) as session:
        for name in EXTENSIONS:
            try:
                session.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
            except psycopg.errors.FeatureNotSupported:
                pytest.skip(f"the server does not have the extension {name}")
