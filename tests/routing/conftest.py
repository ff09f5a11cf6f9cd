"""A second database beside the default one: a SQLite file, whatever the first is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import orm
from tests.conftest import Run
from tests.routing import models


@pytest.fixture
def other(database: Run, tmp_path: Path) -> Iterator[None]:
    """The alias ``other``, with the tables and no rows; no router is left behind."""
    orm.configure({"default": database.url, "other": f"sqlite:///{tmp_path / 'other.db'}"})
    orm.create_tables(models.Label, models.Artist, models.Album, using="other")
    yield
    orm.configure({"default": database.url}, database_routers=[])
