"""``DiscoverRunner``: finds tests of unittest, and runs them on test databases. What the command ``test`` uses.

The names of its methods are Django's, so that a project's own runner can inherit it. What this module refuses: tests in
several processes, and databases that are kept for the next run.
"""

from __future__ import annotations

import random
import sys
import unittest
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

from orm.commands import call_command
from orm.db.registry import databases
from orm.testing.cases import SimpleTestCase, TestCase
from orm.testing.scratch import scratch_databases


class DiscoverRunner:
    """Runs the tests that are found by label, or below a folder.

    Parameters: those of the command ``test``, which documents them.
    """

    test_suite = unittest.TestSuite
    test_runner = unittest.TextTestRunner
    test_loader = unittest.defaultTestLoader
    reorder_by: Sequence[type[unittest.TestCase]] = (TestCase, SimpleTestCase)
    """Kinds of tests, those that are run first coming first: what commits comes after what is rolled back."""

    def __init__(
        self,
        pattern: str | None = None,
        top_level: str | None = None,
        verbosity: int = 1,
        interactive: bool = True,
        failfast: bool = False,
        keepdb: bool = False,
        reverse: bool = False,
        debug_mode: bool = False,
        tags: Sequence[str] | None = None,
        exclude_tags: Sequence[str] | None = None,
        test_name_patterns: Sequence[str] | None = None,
        buffer: bool = False,
        shuffle: int | bool = False,
        parallel: int = 0,
        **kwargs: object,
    ) -> None:
        if parallel not in (0, 1):
            raise NotImplementedError("Tests are run in one process: leave --parallel out.")
        if keepdb:
            raise NotImplementedError("Test databases are made anew for each run: leave --keepdb out.")
        self.pattern = pattern or "test*.py"
        self.top_level = top_level
        self.verbosity = verbosity
        self.interactive = interactive
        self.failfast = failfast
        self.reverse = reverse
        self.debug_mode = debug_mode
        self.tags = set(tags or ())
        self.exclude_tags = set(exclude_tags or ())
        self.test_name_patterns = [each if "*" in each else f"*{each}*" for each in test_name_patterns or ()]
        self.buffer = buffer
        self.shuffle = shuffle

    def log(self, msg: str, level: int | None = None) -> None:
        """Say something, where that is wanted."""
        if self.verbosity >= 1:
            print(msg)

    # -- which tests ---------------------------------------------------------------------------------------------------

    def build_suite(self, test_labels: Sequence[str] | None = None, **kwargs: object) -> unittest.TestSuite:
        """Return the tests that labels name (dotted names, or folders), all below this folder without any."""
        loader = self.test_loader
        loader.testNamePatterns = self.test_name_patterns or None
        found = [test for label in test_labels or (".",) for test in _tests_in(self._load(loader, label))]
        chosen = [test for test in dict.fromkeys(found) if self._is_chosen(test)]
        self.log(f"Found {len(chosen)} test(s).")
        return self.test_suite(self._in_order(chosen))

    def _load(self, loader: unittest.TestLoader, label: str) -> unittest.TestSuite:
        folder = Path(label)
        if not folder.is_dir() and not _is_package(label):
            return loader.loadTestsFromName(label)
        if not folder.is_dir():
            folder = Path(str(import_module(label).__file__)).parent
        top = self.top_level
        if top is None:
            outer = folder.resolve()
            while (outer / "__init__.py").exists():
                outer = outer.parent
            top = str(outer)
        return loader.discover(str(folder), pattern=self.pattern, top_level_dir=top)

    def _is_chosen(self, test: object) -> bool:
        method = getattr(test, getattr(test, "_testMethodName", ""), None)
        tags = {*getattr(test, "tags", ()), *getattr(method, "tags", ())}
        failed = type(test).__module__ == "unittest.loader"  # stands for a module that could not be imported
        return failed or ((not self.tags or bool(tags & self.tags)) and not tags & self.exclude_tags)

    def _in_order(self, tests: list[object]) -> list[Any]:
        classes: dict[type, list[Any]] = {}
        for test in tests:
            classes.setdefault(type(test), []).append(test)
        groups = list(classes.items())
        if self.shuffle is not False:
            seed = random.randrange(10**10) if self.shuffle is True or self.shuffle is None else self.shuffle
            self.log(f"Using shuffle seed: {seed}")
            generator = random.Random(seed)
            generator.shuffle(groups)
            for _, members in groups:
                generator.shuffle(members)
        if self.reverse:
            groups = [(kind, members[::-1]) for kind, members in groups[::-1]]
        groups.sort(key=lambda group: self._rank(group[0]))
        return [test for _, members in groups for test in members]

    def _rank(self, kind: type) -> int:
        for place, base in enumerate(self.reorder_by):
            if issubclass(kind, base) and not (base is SimpleTestCase and _commits(kind)):
                return place
        return len(self.reorder_by) + (0 if issubclass(kind, SimpleTestCase) else 1)

    # -- what they run on ----------------------------------------------------------------------------------------------

    def get_databases(self, suite: unittest.TestSuite) -> dict[str, bool]:
        """Return the aliases of the databases that the tests use."""
        wanted: set[str] = set()
        for test in _tests_in(suite):
            named = getattr(test, "databases", ())
            wanted.update(databases if named == "__all__" else named)
        return {alias: False for alias in databases if alias in wanted}

    def setup_test_environment(self, **kwargs: object) -> None:
        """Prepare what is not the databases; here nothing."""

    def teardown_test_environment(self, **kwargs: object) -> None:
        """Take that back."""

    def setup_databases(self, *, aliases: Sequence[str] | None = None, **kwargs: object) -> ExitStack:
        """Make the test databases, and return what ``teardown_databases()`` takes."""
        stack = ExitStack()
        for alias in databases if aliases is None else aliases:
            self._tell("Creating", alias)
            stack.callback(self._tell, "Destroying", alias)
        stack.enter_context(scratch_databases())
        return stack

    def teardown_databases(self, old_config: Any, **kwargs: object) -> None:
        """Drop the test databases."""
        old_config.close()

    def _tell(self, action: str, alias: str) -> None:
        if self.verbosity >= 1:
            sys.stderr.write(f"{action} test database for alias {alias!r}...\n")

    def run_checks(self, databases: object) -> None:
        """Run the system checks."""
        call_command("check", verbosity=self.verbosity)

    # -- the run -------------------------------------------------------------------------------------------------------

    def run_suite(self, suite: unittest.TestSuite, **kwargs: object) -> unittest.TestResult:
        """Run the tests and return what unittest says of them."""
        runner = self.test_runner(verbosity=self.verbosity, failfast=self.failfast, buffer=self.buffer)
        return runner.run(suite)

    def suite_result(self, suite: unittest.TestSuite, result: Any, **kwargs: object) -> int:
        """Return how many tests did not do as they should."""
        return len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)

    def run_tests(self, test_labels: Sequence[str] | None, **kwargs: object) -> int:
        """Run the tests that labels name, on databases of their own; return how many failed."""
        self.setup_test_environment()
        try:
            suite = self.build_suite(test_labels)
            wanted = self.get_databases(suite)
            config = self.setup_databases(aliases=list(wanted)) if wanted else None
            try:
                self.run_checks(list(wanted))
                return self.suite_result(suite, self.run_suite(suite))
            finally:
                if config is not None:
                    self.teardown_databases(config)
        finally:
            self.teardown_test_environment()


def _is_package(label: str) -> bool:
    try:
        return hasattr(import_module(label), "__path__")
    except ImportError:
        return False


def _commits(kind: type) -> bool:
    return hasattr(kind, "reset_sequences") and not issubclass(kind, TestCase)


def _tests_in(suite: object) -> Iterator[object]:
    if isinstance(suite, unittest.TestSuite):
        for each in suite:
            yield from _tests_in(each)
    else:
        yield suite


__all__ = ["DiscoverRunner"]
