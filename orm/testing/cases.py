"""Test cases of unittest under Django's names: ``SimpleTestCase``, ``TransactionTestCase``, ``TestCase``.

``TestCase`` undoes what a test did by a rollback, ``TransactionTestCase`` empties the tables, ``SimpleTestCase`` may
use no database. What they stand on is ``orm.testing.rollback``: code of both colours, on any loop, task and thread,
sees what the test did. Tests may be coroutines. What this module leaves to others: which databases there are, see
``scratch``.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import sys
import unittest
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar, Literal

from orm.bridge.crossing import call
from orm.bridge.drive import drive
from orm.db.integrity_blocking import check_references
from orm.db.registry import DEFAULT_DB_ALIAS, databases
from orm.db.transactions.ending import log_failed_hook
from orm.db.transactions.public import get_rollback, transaction_block
from orm.late import LateLogger
from orm.migrations.running_blocking import announce_migrated
from orm.models.emptying_blocking import empty
from orm.serializers.loading import Load
from orm.testing.assertions import Assertions
from orm.testing.counting import NumQueries
from orm.testing.rollback import rolled_back, rolled_back_part

logger = LateLogger("orm.test")

__unittest = True  # unittest leaves the frames of such modules out of what it shows


class DatabaseOperationForbidden(AssertionError):
    """A test uses a database that its class does not name."""


class SimpleTestCase(Assertions):
    """Tests that use no database, or only those that ``databases`` names and that they leave as they were."""

    databases: ClassVar[Collection[str] | Literal["__all__"]] = frozenset()
    _refused = (
        "Database queries to {alias!r} are not allowed in SimpleTestCase subclasses. Either subclass TestCase or "
        "TransactionTestCase to ensure proper test isolation or add {alias!r} to {cls}.databases to silence this "
        "failure."
    )

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.databases = cls._checked_databases()
        for alias in databases:
            if alias not in cls.databases:
                cls.enterClassContext(databases[alias].execute_wrapper(cls._refusal(alias)))

    @classmethod
    def _checked_databases(cls) -> frozenset[str]:
        if cls.databases == "__all__":
            return frozenset(databases)
        for alias in cls.databases:
            if alias not in databases:
                raise unittest.TestCase.failureException(
                    f"{cls.__module__}.{cls.__qualname__}.databases refers to {alias!r}, and there is no such "
                    f"database; there are: {', '.join(databases)}."
                )
        return frozenset(cls.databases)

    @classmethod
    def _refusal(cls, alias: str) -> Callable[..., Any]:
        text = cls._refused.format(alias=alias, cls=f"{cls.__module__}.{cls.__qualname__}")

        def refuse(*args: object) -> Any:
            raise DatabaseOperationForbidden(text)

        return refuse

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test between what its class does before and after it."""
        if result is None:
            result = self.defaultTestResult()
        method = getattr(self, self._testMethodName)
        if _is_skipped(self, method):
            return super().run(result)
        self._make_blocking(method)
        stack = ExitStack()
        try:
            stack.enter_context(self._surroundings())
        except Exception:
            result.startTest(self)
            result.addError(self, sys.exc_info())
            result.stopTest(self)
            return result
        super().run(result)
        try:
            stack.close()
        except Exception:
            result.addError(self, sys.exc_info())
        return result

    def debug(self) -> None:
        """Run the test without collecting what fails."""
        method = getattr(self, self._testMethodName)
        if _is_skipped(self, method):
            super().debug()
            return
        self._make_blocking(method)
        with self._surroundings():
            super().debug()

    def _make_blocking(self, method: object) -> None:
        if inspect.iscoroutinefunction(method):

            @functools.wraps(method)
            def run(*args: object, **kwargs: object) -> Any:
                return asyncio.run(method(*args, **kwargs))

            setattr(self, self._testMethodName, run)

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        """What is done before and after each test."""
        yield

    def assertNumQueries(
        self,
        num: int,
        func: Callable[..., object] | None = None,
        *args: object,
        using: str = DEFAULT_DB_ALIAS,
        **kwargs: object,
    ) -> Any:
        """Assert that a call, or a ``with`` block, runs so many statements on a database."""
        context = NumQueries(num, using)
        if func is None:
            return context
        with context:
            func(*args, **kwargs)
        return None


def _is_skipped(test: unittest.TestCase, method: object) -> bool:
    return bool(getattr(type(test), "__unittest_skip__", False) or getattr(method, "__unittest_skip__", False))


class TransactionTestCase(SimpleTestCase):
    """Tests that commit: after each the tables of ``databases`` are emptied, with the rows that migrations made.

    ``fixtures`` are loaded before each test. With ``reset_sequences`` keys begin at 1 before each.
    """

    databases: ClassVar[Collection[str] | Literal["__all__"]] = frozenset({DEFAULT_DB_ALIAS})
    fixtures: ClassVar[Sequence[str] | None] = None
    reset_sequences: ClassVar[bool] = False
    serialized_rollback: ClassVar[bool] = False
    available_apps: ClassVar[Sequence[str] | None] = None
    _refused = (
        "Database queries to {alias!r} are not allowed in this test. Add {alias!r} to {cls}.databases to ensure proper "
        "test isolation and silence this failure."
    )

    @classmethod
    def setUpClass(cls) -> None:
        for option in ("serialized_rollback", "available_apps"):
            if getattr(cls, option):
                raise NotImplementedError(
                    f"{cls.__qualname__}.{option} is not offered: all tables are emptied, and rows that migrations "
                    "made are not made again. Make what a test needs in setUp(), or name fixtures."
                )
        super().setUpClass()

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        with super()._surroundings():
            try:
                if self.reset_sequences:
                    self._empty()  # which begins the keys anew
                self._load_fixtures()
                yield
            finally:
                self._empty()

    @classmethod
    def _aliases(cls) -> list[str]:
        """Return one alias of each of the databases: where another's stands in for it, that is left alone."""
        first = {databases[alias].url: alias for alias in reversed(list(databases)) if alias in cls.databases}
        return [alias for alias in databases if alias in first.values()]

    @classmethod
    def _load_fixtures(cls) -> None:
        for alias in cls._aliases() if cls.fixtures else ():
            Load(alias).load(*cls.fixtures or ())

    def _empty(self) -> None:
        for alias in self._aliases():
            empty(alias)
            announce_migrated(alias)


class TestCase(TransactionTestCase):
    """Tests in a transaction that is rolled back, one for each test inside one for the class.

    The rows that ``setUpTestData()`` makes are there for every test of the class. What it sets as attributes of the
    class is copied for each test, so that tests don't share changes. ``fixtures`` are loaded once for the class.
    """

    @classmethod
    def setUpTestData(cls) -> None:
        """Make the rows that all tests of the class begin with."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        if cls.reset_sequences:
            return  # each test says that it can't be
        if aliases := cls._aliases():
            cls.enterClassContext(rolled_back(*aliases))
        cls._load_fixtures()
        before = dict(vars(cls))
        cls.setUpTestData()
        for name, value in list(vars(cls).items()):
            if before.get(name, _ABSENT) is not value:
                setattr(cls, name, _Kept(name, value))

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        if self.reset_sequences:
            raise TypeError("reset_sequences cannot be used on TestCase instances")
        with SimpleTestCase._surroundings(self), ExitStack() as stack:
            for alias in self._aliases():
                stack.enter_context(rolled_back_part(alias))
            yield
            for alias in self._aliases():
                block = transaction_block(alias)
                if block is not None and not block.closed and not get_rollback(alias):
                    check_references(None, alias)  # a model of a test's own may have no table

    @classmethod
    @contextmanager
    def captureOnCommitCallbacks(cls, *, using: str = DEFAULT_DB_ALIAS, execute: bool = False) -> Iterator[list[Any]]:
        """Collect the ``on_commit`` functions that are registered inside; they are in the list when it ends.

        Parameters: with ``execute`` they are called then, and so are those they register in turn.
        """
        callbacks: list[Callable[[], Any]] = []
        block = transaction_block(using)
        hooks = [] if block is None else block.hooks
        start = len(hooks)
        try:
            yield callbacks
        finally:
            while start < len(hooks):
                fn, robust = hooks[start]
                start += 1
                callbacks.append(fn)
                if execute:
                    _call(fn, robust)


def _call(fn: Callable[[], object], robust: bool) -> None:
    try:
        drive(call(fn))
    except Exception as error:
        if not robust:
            raise
        log_failed_hook(logger, fn, "on_commit()", error)


_ABSENT = object()


class _Kept:
    """An object that ``setUpTestData()`` kept: each test gets a copy of its own, all copied together."""

    def __init__(self, name: str, value: object) -> None:
        self.name = name
        self.value = value

    def __get__(self, test: Any, owner: type) -> Any:
        if test is None:
            return self.value
        memo = vars(test).setdefault("_copies", {})
        copied = copy.deepcopy(self.value, memo)
        setattr(test, self.name, copied)
        return copied
