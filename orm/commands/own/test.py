"""``test``: find and run the tests of a project, on databases made for them."""

from __future__ import annotations

import sys
from typing import Any

from orm.commands.base import BaseCommand, CommandParser
from orm.config import settings
from orm.structures.loading import import_string


class Command(BaseCommand):
    """Runs tests."""

    help = "Discover and run tests in the specified modules or the current directory."
    requires_system_checks: Any = []
    """They are run on the test databases."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take labels, and how the tests are found and run."""
        add = parser.add_argument
        add("args", metavar="test_label", nargs="*", help="Modules, classes, tests or folders.")
        add("--noinput", "--no-input", action="store_false", dest="interactive", help="Ask nothing.")
        add("--testrunner", help="The class that runs them.")
        add("--failfast", action="store_true", help="Stop after the first failure.")
        add("-t", "--top-level-directory", dest="top_level", help="Where packages are looked for.")
        add("-p", "--pattern", default="test*.py", help="Which files hold tests.")
        add("--keepdb", action="store_true", help="Keep the test databases for the next run.")
        add("--shuffle", nargs="?", type=int, default=False, metavar="SEED", help="Run the tests in another order.")
        add("-r", "--reverse", action="store_true", help="Run the tests in reverse order.")
        add("--debug-mode", action="store_true", help="Have settings.DEBUG on.")
        add("--parallel", type=int, default=0, metavar="N", help="Not offered above 1.")
        add("--tag", action="append", dest="tags", help="Run only tests with this tag; may be repeated.")
        add("--exclude-tag", action="append", dest="exclude_tags", help="Leave out tests with this tag.")
        add("-b", "--buffer", action="store_true", help="Show the output of failing tests only.")
        add("-k", action="append", dest="test_name_patterns", help="Run only tests whose name has this in it.")

    def handle(self, *test_labels: str, **options: Any) -> None:
        """Run the tests; ends the process with status 1 where one failed."""
        runner = import_string(options.pop("testrunner") or settings.test_runner)(**options)
        if runner.run_tests(test_labels):
            sys.exit(1)
