"""What helps to test: queries counted, tests rolled back, cases, databases, factories, a pytest plugin, conformance.

The plugin (``orm.testing.plugin``) is found by pytest itself, wherever the library is installed, so names are imported
when they are first asked for. ``orm.testing.conformance`` is for whoever brings a backend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orm.late import late_names

if TYPE_CHECKING:
    from orm.testing.cases import SimpleTestCase, TestCase, TransactionTestCase
    from orm.testing.counting import assert_num_queries
    from orm.testing.rollback import rolled_back
    from orm.testing.scratch import scratch_databases
else:
    _HOMES = {
        "SimpleTestCase": "orm.testing.cases",
        "TestCase": "orm.testing.cases",
        "TransactionTestCase": "orm.testing.cases",
        "assert_num_queries": "orm.testing.counting",
        "rolled_back": "orm.testing.rollback",
        "scratch_databases": "orm.testing.scratch",
    }
    __getattr__, __dir__ = late_names(__name__, _HOMES)

__all__ = [
    "SimpleTestCase",
    "TestCase",
    "TransactionTestCase",
    "assert_num_queries",
    "rolled_back",
    "scratch_databases",
]
