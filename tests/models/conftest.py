"""Models declared inside tests go into a registry of their own, so that tests don't meet each other's models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orm.models import options
from orm.models.apps import Apps


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Apps]:
    """An empty registry of models for each test."""
    own = Apps()
    monkeypatch.setattr(options, "default_apps", own)
    yield own
