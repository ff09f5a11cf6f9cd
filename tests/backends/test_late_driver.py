"""A driver whose module is imported for the first connection, and by whom."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from orm.bridge import drive
from orm.db.contract import LateDriver
from orm.db.url import DatabaseURL

MODULE = """
import threading
from orm.db.contract import Driver

imported_by = threading.get_ident()

class AwaitableDriver(Driver):
    awaitable = True

    async def connect(self, url):
        return imported_by
"""


@pytest.fixture
def late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LateDriver:
    name = f"driver_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return LateDriver(name)


def test_a_worker_thread_imports_it_where_a_loop_waits(late: LateDriver) -> None:
    assert asyncio.run(late.connect(DatabaseURL.parse("sqlite://:memory:"))) != threading.get_ident()


def test_blocking_code_imports_it_itself(late: LateDriver) -> None:
    assert drive(late.connect(DatabaseURL.parse("sqlite://:memory:"))) == threading.get_ident()


def test_it_is_imported_once(late: LateDriver) -> None:
    first = drive(late.connect(DatabaseURL.parse("sqlite://:memory:")))
    assert asyncio.run(late.connect(DatabaseURL.parse("sqlite://:memory:"))) == first
