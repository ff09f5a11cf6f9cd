"""Where a newcomer begins: an empty folder, and a database of the newcomer's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The variables that the commands see; the page's own database, or a new one of the server at hand."""
    plain = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PYTHONPATH")}
    if request.param == "sqlite":
        yield plain
        return
    url: str = request.getfixturevalue("postgresql_url")
    place, _, _ = url.rpartition("/")
    name = f"duotone_newcomer_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield {**plain, "DATABASE_URL": f"{place}/{name}"}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder whose ``.venv`` is that of this run, so that nothing is installed for each test."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path
