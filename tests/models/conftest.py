"""Models declared inside tests go into a registry of their own, so that tests don't meet each other's models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orm.models.apps import Apps
from orm.models.options import Options


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Apps]:
    """An empty registry of models for each test."""
    own = Apps()
    monkeypatch.setattr(Options, "default_apps", own)
    yield own
