"""The pytest plugin: fixtures ``orm_database``, ``orm_rollback``, ``orm_on_commit`` and ``assert_num_queries``.

It is loaded wherever the library is installed, so it imports nothing of it before a fixture is used. It configures no
database and creates no table unless ``orm_database`` is asked for: else that is the test suite's own affair.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from orm.testing.counting import NumQueries
    from orm.testing.rollback_blocking import CommitHooks

MARKER = "orm_databases"
TEST_DATABASES = pytest.StashKey[Any]()
"""Where the run keeps the URLs of its test databases, by alias."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", f"{MARKER}(*aliases): the databases that orm_rollback covers; 'default' alone without it"
    )


@pytest.fixture(scope="session")
def orm_database(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Test databases beside the configured ones, with their tables, dropped at the end; their URLs by alias.

    Under pytest-xdist each worker has its own. Ask for it from an ``autouse`` fixture of the session, or wherever.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    with import_module("orm.testing.scratch").scratch_databases(f"_{worker}" if worker else "") as urls:
        request.config.stash[TEST_DATABASES] = urls
        try:
            yield urls
        finally:
            del request.config.stash[TEST_DATABASES]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Refuse a test once something has led its queries away from the test databases."""
    urls = item.config.stash.get(TEST_DATABASES, None)
    if urls is not None:
        import_module("orm.testing.scratch").refuse_configured(urls)


@pytest.fixture
def orm_rollback(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Undo all that the test does to the database, in blocking and async code, on any loop and thread.

    Fixtures that make rows ask for it, or it is asked for first: ``pytestmark = pytest.mark.usefixtures(...)``.
    """
    marker = request.node.get_closest_marker(MARKER)
    with import_module("orm.testing.rollback").rolled_back(*(marker.args if marker else ())) as blocks:
        yield blocks


@pytest.fixture
def orm_on_commit(orm_rollback: object) -> CommitHooks:
    """The ``on_commit`` functions the test's code has registered: ``callbacks``, ``run()`` and ``await arun()``."""
    hooks: CommitHooks = import_module("orm.testing.rollback_blocking").CommitHooks(orm_rollback)
    return hooks


@pytest.fixture
def assert_num_queries() -> Callable[..., NumQueries]:
    """``with assert_num_queries(2):`` or ``async with``: exactly so many queries run inside."""
    function: Callable[..., NumQueries] = import_module("orm.testing.counting").assert_num_queries
    return function
