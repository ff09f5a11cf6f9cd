"""What a package's tests expect of pytest: the project set up, databases made for the tests, and marks and fixtures
under the names that pytest-django gives them. It uses what ``django.test`` documents, so it serves under Django too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import django
import pytest

django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.test import TestCase
from django.test.runner import DiscoverRunner
from django.test.utils import CaptureQueriesContext


@pytest.fixture(scope="session")
def django_test_environment() -> None:
    """What is connected before the tables are made asks for this."""


@pytest.fixture(scope="session", autouse=True)
def databases(django_test_environment: None) -> Iterator[None]:
    """Databases for the tests, dropped when they end."""
    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    made = runner.setup_databases()
    yield
    runner.teardown_databases(made)
    runner.teardown_test_environment()


@pytest.fixture(autouse=True)
def rows(request: pytest.FixtureRequest) -> Iterator[None]:
    """No rows of a test are left: its transaction is rolled back, or its tables are emptied."""
    mark = request.node.get_closest_marker("django_db")
    if mark is None or (request.cls is not None and issubclass(request.cls, TestCase)):
        yield
    elif mark.kwargs.get("transaction"):
        yield
        call_command("flush", verbosity=0, interactive=False)
    else:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)


@contextmanager
def counted(allowed: Callable[[int], bool]) -> Iterator[None]:
    """Fail where the number of statements sent meanwhile is not allowed."""
    with CaptureQueriesContext(connection) as captured:
        yield
    statements = [each["sql"] for each in captured.captured_queries]
    assert allowed(len(statements)), "\n".join(statements)


@pytest.fixture
def django_assert_num_queries() -> Callable[[int], AbstractContextManager[None]]:
    """``with django_assert_num_queries(3):`` so many statements are sent."""
    return lambda number: counted(number.__eq__)


@pytest.fixture
def django_assert_max_num_queries() -> Callable[[int], AbstractContextManager[None]]:
    """``with django_assert_max_num_queries(3):`` so many are sent at most."""
    return lambda number: counted(number.__ge__)
